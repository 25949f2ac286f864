"""What a planner is given each morning, and what it answers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ledger import BadInput
from ledger.arrays import Bits, Floats, Ints, SmallInts


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """How far a planner looks, and what it holds against a talk.

    Parameters
    ----------
    horizon
        Days from today within which cash counts.
    discount
        Yearly rate: cash in a year is worth 1 ÷ (1 + rate) today.
    later_cash
        Worth of cash that comes after the horizon, as a share of its discounted amount, 0 to 1: 0 counts cash within
        the horizon alone, 1 the whole present value.
    goodwill
        Major units of the base currency that a talk costs in goodwill. No published figure exists.
    delays
        Days after which a talk might be held instead of today, ascending.
    foresight
        Know the thresholds, that is, the day of every payment with and without a talk.
    """

    horizon: int = 180
    discount: float = 0.10
    later_cash: float = 0.0
    goodwill: float = 0.0
    delays: tuple[int, ...] = (8, 16, 32)
    foresight: bool = False

    def __post_init__(self) -> None:
        """Check what the kernels rely on."""
        if self.horizon < 2:
            raise BadInput("must be at least 2 days", where="outlook", field="horizon", value=self.horizon)
        if self.discount < 0 or self.goodwill < 0:
            raise BadInput("discount and goodwill must not be negative", where="outlook")
        if not 0 <= self.later_cash <= 1:
            raise BadInput("must lie between 0 and 1", where="outlook", field="later_cash", value=self.later_cash)
        if list(self.delays) != sorted({*self.delays}) or min(self.delays, default=1) < 1:
            raise BadInput("must ascend from 1 day on", where="outlook", field="delays", value=self.delays)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospects:
    """What a talk (the right party answers) is believed to bring, by account; money in minor units, worth today.

    Parameters
    ----------
    uplift
        Cash within the horizon with a talk today less without any, less goodwill, shape (m,).
    later
        The same for a talk after each of the outlook's delays instead, where anything is open then, shape (m, delays).
    still_open
        Chance that something is still open then, so that the talk takes place, shape (m, delays).
    spent
        Share of a later talk's uplift that a talk today uses up: what it collects itself, and fatigue, shape (m,).
    """

    uplift: Floats
    later: Floats
    still_open: Floats
    spent: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkList:
    """The accounts to be called this morning, as columns of length m, and the desk of S specialists and B blocks.

    Parameters
    ----------
    day
        Day of the simulation.
    entity
        Stable random identity of each account (see `sim.world.keyed`).
    key
        Key of the planner's own draws.
    balance
        Chased balance, minor units.
    days_past_due
        Of the oldest chased invoice.
    at_risk
        Overdue minor units that are likely still unpaid 30 days from now if nobody calls.
    needs
        Bits that a specialist must have (language, authority to be firm).
    reach
        Probability that the right party answers in each block, shape (m, B).
    minutes
        Expected minutes of the attempt in each block, shape (m, B).
    can
        Bits that each specialist has, shape (S,).
    capacity
        Productive minutes of each specialist and block, shape (S, B).
    cost
        Cost of a productive minute, minor units: the team's mean, since rostered hours are paid whoever calls; 0 where
        no wage is known.
    prospects
        What talks would bring, for a planner with an `outlook`; else None.
    """

    day: int
    entity: Bits
    key: np.uint64
    balance: Ints
    days_past_due: SmallInts
    at_risk: Floats
    needs: Bits
    reach: Floats
    minutes: Floats
    can: Bits
    capacity: Floats
    cost: float = 0.0
    prospects: Prospects | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """For each account its specialist and block (-1: not today) and its place in that block's order."""

    specialist: SmallInts
    block: SmallInts
    place: Ints


class Planned(Protocol):
    """What the desk reads of a plan; `Plan` is one."""

    @property
    def specialist(self) -> SmallInts:
        """Specialist of each account, -1 for not today."""
        ...

    @property
    def block(self) -> SmallInts:
        """Block of each account."""
        ...

    @property
    def place(self) -> Ints:
        """Place of each account in its block's order."""
        ...


class Planner(Protocol):
    """Decides a morning's call list.

    A planner may have an attribute `outlook` (an `Outlook`): its work lists then come with `prospects`. It may have a
    method `begin()` that returns the planner of one run, which may remember one day's prices for the next; a planner
    without it must not remember anything, for it serves many runs.
    """

    @property
    def name(self) -> str:
        """The name under which results are reported."""
        ...

    def plan(self, work: WorkList) -> Planned:
        """Return who calls whom, in which block and order; every specialist's minutes must be respected."""
        ...


def outlook_of(planner: Planner) -> Outlook | None:
    """Return how far the planner looks; None for one that does without prospects."""
    return getattr(planner, "outlook", None)


def for_one_run(planner: Planner) -> Planner:
    """Return the planner of one run: a fresh one where it remembers."""
    begin = getattr(planner, "begin", None)
    return planner if begin is None else begin()
