"""Exchanges between two resources, after which both are filled anew from the accounts left alone.

Where a resource holds few calls, most of what a plan loses is minutes that no single call fills. So a move here swaps
two calls between resources, or shifts one, and then seeks in both the best exchange of up to two of their calls for up
to two of accounts without a choice: all combinations, by two pointers over options sorted by minutes. A move is looked
at when its change of reduced value, ``value - price * minutes`` summed, is not far below zero, for that is the most it
can bring; it is accepted as in `optimize.assignment.annealing`.
"""

import numpy as np

from ledger.arrays import Floats
from optimize.assignment.annealing_kernels import Cooling, PlanState
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.near_best import option_arrays
from optimize.assignment.pair_exchange_kernels import Lists, weave


def lists_of(options: Options) -> Lists:
    """Return the options by resource and by minutes within."""
    return Lists(by_minutes=np.lexsort((options.minutes, options.resource)), owner=options.owner())


def pair_exchanged(
    options: Options,
    lists: Lists,
    prices: Floats,
    *,
    ends: tuple[float, float],
    moves: int,
    seed: int,
    plan_out: PlanState,
) -> float:
    """Exchange calls from the first temperature of `ends`, units of value, to the last; return what is gained."""
    return weave(option_arrays(options), lists, prices, Cooling(*ends, moves, seed, EFFORT.looks), plan_out)
