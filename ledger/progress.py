"""How a long piece of work says how far it has come."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with the steps done, the steps in all (0: not known yet), and what is being done, in words for people."""


def silent(done: int, total: int, words: str) -> None:
    """Say nothing: the progress of work that nobody watches."""
