"""What a talk today would bring, and one later: the valuation of `models.planning.talk_value` on a run's own state.

An invoice that was unpaid on the last evening known, x days past due, is unpaid t days on with chance

    S(t) = exp(−frailty · (H[x + t] − H[x] + A·(G[x + t] − G[x])))

in the terms of `payment`. A talk after k days adds w = extra · E[x + k] to A from then on. None of the cash comes after
the write-off: of its day a planner knows what the house's policy says, one age for all or the share that stands at each
age, and never the day that was drawn. A later talk is about the invoices for which the strategy still asks for calls
then. A planner that knows the thresholds, and the day of the write-off with them, has S(t) = 1 while H + A·G < target,
else 0.
"""

from dataclasses import dataclass

import numpy as np

from ledger.arrays import Floats, Ints
from models.planning.protocol import Outlook, Prospects
from models.planning.talk_value import Grid
from sim.planners import prospects_kernels
from sim.planners.prospects_kernels import Believed, Later, Talks

_COARSE = (0, 1, 2, 3, 4, 5, 7, 9, 13, 18, 26, 36, 50)  # grid points, in mean promise lengths
_FINE = 2  # days between grid points where the thresholds are known


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """The days that a planner looks at, and those of the talks that it weighs."""

    grid: Grid
    when: Later
    goodwill: float  # minor units that a talk costs

    @classmethod
    def of(cls, outlook: Outlook, step: int, standing: Floats, minor: int) -> "Ahead":
        """Return those of an outlook, given after how many days promises fall due on average.

        `standing` is the share not written off by days past due, empty where that is one age for all; `minor` are minor
        units per major unit.
        """
        days = np.arange(0, outlook.horizon + 1, _FINE) if outlook.foresight else step * np.array(_COARSE, np.int64)
        grid = Grid.of(days, outlook, standing)
        at = np.append(0, grid.at(np.array([delay for delay in outlook.delays if delay < outlook.horizon], np.int64)))
        return cls(grid=grid, when=Later(at, grid.at(grid.days[at] + step)), goodwill=outlook.goodwill * minor)


def prospects(today: int, seen: int, who: Ints, believed: Believed, ahead: Ahead) -> Prospects:
    """Return the prospects of these accounts.

    `seen` is the first day of whose payments nothing is known this morning.
    """
    later = ahead.when.at[1:]
    shape = len(who), len(later)
    out = Talks(np.zeros(len(who)), np.zeros(shape), np.zeros(shape), np.zeros(len(who)))
    prospects_kernels.prospects(today, seen, who, believed, ahead.grid, ahead.when, out)
    return Prospects(
        uplift=out.uplift - ahead.goodwill,
        later=out.later - ahead.goodwill * out.still_open * ahead.grid.on[later],
        still_open=out.still_open,
        spent=out.spent,
    )
