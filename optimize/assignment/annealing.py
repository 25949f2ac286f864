"""A plan in the making: empty, given, or filled in order of reduced value; and annealing of it.

The reduced value of option o of account i is ``value[o] - price[resource[o]] * minutes[o]``. A move of annealing draws
an account and one of its options, uniformly, and gives it that option. Where its minutes are not free, one of up to
`looks` calls of that resource is ejected: the one with the least loss, which takes the best option that fits elsewhere
or the place that becomes free; an account that must be served takes one or stays. A move that changes the sum of values
by d is made when ``d >= temperature * log(u)``, u uniform on (0, 1) (Metropolis).
"""

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.annealing_kernels import Cooling, PlanState, anneal, fill_up
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.near_best import option_arrays


def empty_plan(options: Options) -> PlanState:
    """Return the state of a plan without any choice."""
    resources = len(options.capacity)
    return PlanState(
        chosen=np.full(options.accounts, -1),
        free=options.capacity * (1 + EFFORT.overfilled),
        members=np.empty(len(options.value), np.int64),
        first=np.concatenate([[0], np.cumsum(np.bincount(options.resource, minlength=resources))]),
        calls=np.zeros(resources, np.int64),
        place=np.zeros(options.accounts, np.int64),
    )


def place(options: Options, chosen: Ints, plan_out: PlanState) -> None:
    """Put choices, option per account or -1, into an empty plan."""
    who = np.flatnonzero(chosen >= 0)
    who = who[np.argsort(options.resource[chosen[who]], kind="stable")]
    where = options.resource[chosen[who]]
    number = np.bincount(where, minlength=len(plan_out.free))
    plan_out.chosen[who] = chosen[who]
    plan_out.free[:] -= np.bincount(where, options.minutes[chosen[who]], len(plan_out.free))
    plan_out.calls[:] += number
    plan_out.place[who] = plan_out.first[where] + np.arange(len(who)) - (np.cumsum(number) - number)[where]
    plan_out.members[plan_out.place[who]] = who


def greedy(options: Options, prices: Floats, plan_out: PlanState) -> None:
    """Give accounts without a choice what fits: those that must be served first, then by reduced value."""
    waiting = np.flatnonzero((plan_out.chosen < 0) & (np.diff(options.start) > 0))
    if not len(waiting):
        return
    reduced = options.value - options.minutes * prices[options.resource]
    nonempty = options.start[:-1][np.diff(options.start) > 0]
    best = np.full(options.accounts, -np.inf)
    best[np.diff(options.start) > 0] = np.maximum.reduceat(reduced, nonempty)
    order = waiting[np.lexsort((-best[waiting], ~options.must_serve[waiting]))]
    fill_up(order, reduced, option_arrays(options), plan_out)


def annealed(options: Options, *, ends: tuple[float, float], moves: int, seed: int, plan_out: PlanState) -> float:
    """Anneal a plan from the first temperature of `ends`, units of value, to the last; return what is gained."""
    return anneal(option_arrays(options), Cooling(*ends, moves, seed, EFFORT.looks), plan_out)
