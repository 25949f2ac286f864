"""What a reader of a result should know besides it."""

from collections.abc import Iterable
from typing import Literal, Self

Level = Literal["note", "warning"]


class Note(str):
    """A sentence, and whether a result would be taken for more than it is without it.

    It is text like any other, and begins with "Warning: " where it is one.

    >>> Note("nothing was learned", level="warning")
    'Warning: nothing was learned'
    """

    __slots__ = ("level",)
    level: Level

    def __new__(cls, text: str, level: Level = "note") -> Self:
        """Return the note of a sentence."""
        note = super().__new__(cls, f"Warning: {text}" if level == "warning" else text)
        note.level = level
        return note

    def __reduce__(self) -> tuple[object, ...]:
        """Return how a note is made again in another process."""
        return type(self), (self.removeprefix("Warning: ") if self.level == "warning" else str(self), self.level)


def warnings_among(notes: Iterable[str]) -> tuple[Note, ...]:
    """Return the notes that are warnings; a plain text is none."""
    return tuple(note for note in notes if isinstance(note, Note) and note.level == "warning")
