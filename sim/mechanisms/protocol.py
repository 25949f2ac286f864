"""What a mechanism is: something that happens to receivables beside orders, payment and the ladder, in one file.

A mechanism is a class with a `name`, the rows of the table of assumptions that it reads, and `begin`: it prepares its
own columns of a run and returns itself ready to act, or None where it is off, so that it costs nothing. It acts at the
stages of the day for which it has a method (`STAGES`). Of several at one stage, the order is that of the registry.

What it may do: write its own columns, and change invoices by the verbs of `sim.world.verbs_kernels` alone, which keep
every law of a ledger. It inserts and deletes no invoice and sorts none. It draws by keys of its own (`Begun.draw`), so
that no other draw moves when it is added.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, Self

import numpy as np

from ledger.policy.strategy import Strategy
from ledger.table.calendar import Calendar
from models.assumed.assumptions import Assumptions
from sim.world.keyed import Purpose, key
from sim.world.layout import World
from sim.world.portfolio import Portfolio
from sim.world.state import Ladder


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What a mechanism is given once, on the evening of day 0."""

    portfolio: Portfolio
    strategy: Strategy
    world: World  # the arrays of this run
    ladder: Ladder
    calendar: Calendar
    assume: Assumptions
    seeds: tuple[int, int]  # seed and replication
    first: int  # the first working day; NEVER where there is none

    def draw(self, purpose: Purpose | str) -> np.uint64:
        """Return the key of one purpose in this run; a new mechanism's purposes are texts that nobody else uses."""
        return key(*self.seeds, purpose)


class Mechanism(Protocol):
    """Prepared for one run; which stages it acts at, its methods say."""

    name: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]  # rows of the table of assumptions

    @classmethod
    def begin(cls, begun: Begun) -> Self | None:
        """Return the mechanism ready to act on a run; None where it is off."""
        ...


STAGES: Final = {
    "morning": "before the ladder; takes the day",
    "spare": "takes accounts from those to be contacted; takes the day",
    "incoming": "sets the calls that come in today; takes the day",
    "contacted": "a batch of contacts has taken effect; takes the day, the batch and the number of contacts before it",
    "evening": "after the day's contacts; takes the day",
    "close": "after the last working day; takes the last day of the run",
}


def acting(mechanisms: tuple[Mechanism, ...], stage: str) -> tuple[tuple[str, Callable[..., Any]], ...]:
    """Return the names of those that act at a stage of `STAGES`, in order, with their methods."""
    return tuple((one.name, getattr(one, stage)) for one in mechanisms if hasattr(one, stage))
