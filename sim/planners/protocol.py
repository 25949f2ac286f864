"""What a planner is given each morning, and what it answers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkList:
    """The accounts to be called this morning, as columns of length m, and the desk of S specialists and B blocks.

    Parameters
    ----------
    day
        Day of the simulation.
    entity
        Stable random identity of each account (see `sim.keyed`).
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
    """

    day: int
    entity: npt.NDArray[np.uint64]
    key: np.uint64
    balance: npt.NDArray[np.int64]
    days_past_due: npt.NDArray[np.int32]
    at_risk: npt.NDArray[np.float64]
    needs: npt.NDArray[np.uint64]
    reach: npt.NDArray[np.float64]
    minutes: npt.NDArray[np.float64]
    can: npt.NDArray[np.uint64]
    capacity: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """For each account its specialist and block (-1: not today) and its place in that block's order."""

    specialist: npt.NDArray[np.int32]
    block: npt.NDArray[np.int32]
    place: npt.NDArray[np.int64]


class Planner(Protocol):
    """Decides a morning's call list."""

    @property
    def name(self) -> str:
        """The name under which results are reported."""
        ...

    def plan(self, work: WorkList) -> Plan:
        """Return who calls whom, in which block and order; every specialist's minutes must be respected."""
        ...
