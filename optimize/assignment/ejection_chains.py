"""Annealing in which everybody is served at all times, and what yields is the capacity.

A move shifts one account, ejects another, or chains two ejections (Yagiura, Ibaraki and Glover 2004, An ejection chain
approach for the generalized assignment problem). The energy of a plan is the sum over accounts of the reduced cost of
their option, price times minutes less value, plus, for each resource, its price times the minutes left over, or its
penalty times the minutes too many. With penalties that are no less than the prices it is at least 0 where each account
takes its best-priced option, and the plan's cost above the dual bound when no minutes are exceeded. A move is taken as
soon as its energy rises by no more than a drawn threshold. Minutes cost little at first and then more and more, up to
their price and beyond, until all fits: so accounts first settle on options of low reduced cost, and loads are evened
out among these.
"""

from dataclasses import dataclass

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.effort import EFFORT
from optimize.assignment.ejection_chains_kernels import Candidates, ChainPlan, Weights, anneal_chains
from optimize.assignment.instance import Options


@dataclass(frozen=True, eq=False, kw_only=True)
class Field:
    """What may be chosen for whom, and at what heat: the candidates, from the options."""

    candidates: Candidates
    prices: Floats  # of a minute, 0 for the resource without limit; (resources + 1,)
    heat: float  # units of value
    option: Ints  # of each candidate, -1 to be left alone; (candidates,)
    whole: bool  # no option was left out
    integral: bool = False  # all values are whole numbers


@dataclass(eq=False, kw_only=True)
class ChainSearch:
    """The cheapest plan found so far, as candidate per account; none while `cost` is inf."""

    taken: Ints
    cost: float


def field_of(options: Options, prices: Floats, *, most: int) -> Field:
    """Return the `most` best-priced options of each account, and to be left alone where it may be or must."""
    resources, accounts = len(options.capacity), options.accounts
    reduced = prices[options.resource] * options.minutes - options.value
    picked, start = _least(options, reduced, most)
    heat = _heat(reduced[picked], start, options)
    idle = ~options.must_serve | (np.diff(start) == 0)
    owner = np.concatenate([np.repeat(np.arange(accounts), np.diff(start)), np.flatnonzero(idle)])
    none = np.full(int(idle.sum()), -1)
    nothing = np.zeros(len(none))
    option = np.concatenate([picked, none])
    cost = np.concatenate([-options.value[picked], nothing])
    all_reduced = np.concatenate([reduced[picked], nothing])
    order = np.lexsort((all_reduced, owner))
    room = np.append(options.capacity * (1 + EFFORT.overfilled), np.inf)
    candidates = Candidates(
        start=np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=accounts))]),
        resource=np.concatenate([options.resource[picked], none + 1 + resources])[order].astype(np.int64),
        cost=cost[order],
        reduced=all_reduced[order],
        minutes=np.concatenate([options.minutes[picked], none + 1.0])[order],
        capacity=room,
    )
    whole = len(picked) == len(options.value)
    integral = bool((options.value == np.round(options.value)).all())
    return Field(
        candidates=candidates,
        prices=np.append(prices, 0.0),
        heat=heat,
        option=option[order],
        whole=whole,
        integral=integral,
    )


def _least(options: Options, reduced: Floats, most: int) -> tuple[Ints, Ints]:
    """Return the numbers of each account's `most` options of least reduced cost, rising, and where each begin."""
    owner = options.owner()
    order = np.lexsort((reduced, owner))
    kept = np.arange(len(order)) - options.start[owner] < most
    count = np.bincount(owner[kept], minlength=options.accounts)
    return order[kept], np.concatenate([[0], np.cumsum(count)])


def _heat(reduced: Floats, start: Ints, options: Options) -> float:
    """Return by how much the second-best candidate is worse than the best, on average; positive."""
    several = np.flatnonzero(np.diff(start) > 1)
    if len(several):
        apart = float((reduced[start[several] + 1] - reduced[start[several]]).mean())
        if apart > 0:
            return apart
    return max(float(np.abs(options.value).mean()) * 1e-3, 1e-9) if len(options.value) else 1.0


def cycle(
    field: Field,
    begin: Ints,
    draws: np.random.Generator,
    tries: int,
    *,
    soft: float,
    heats: tuple[float, float],
) -> ChainSearch:
    """Anneal from a plan; loads cost little at first, and too many minutes more and more at last."""
    candidates, resources = field.candidates, len(field.candidates.capacity)
    accounts = len(begin)
    best = ChainSearch(taken=begin.copy(), cost=np.inf)
    plan = ChainPlan(
        taken=np.array(begin, np.int64),
        used=np.empty(resources),
        first=np.empty(resources, np.int64),
        after=np.empty(accounts, np.int64),
        before=np.empty(accounts, np.int64),
        energy=np.empty(resources),
    )
    least = field.prices + 0.02 * max(float(field.prices.mean()), 1e-6 * field.heat)
    over = least.copy()
    for step in range(2 * EFFORT.steps):
        if step >= EFFORT.steps and np.isfinite(best.cost):
            break
        slope = soft ** max(0.0, 1.0 - step / (EFFORT.firm * EFFORT.steps))
        weights = Weights(spare=slope * field.prices, over=slope * over)
        heat = field.heat * heats[0] * (heats[1] / heats[0]) ** min(step / EFFORT.steps, 1.0)
        moves = max(tries // EFFORT.steps, 1)
        best.cost = anneal_chains(candidates, weights, heat, moves, draws, best.cost, plan, best.taken)
        if slope >= 1.0:
            full = plan.used > candidates.capacity
            over = np.where(full, over * EFFORT.harder, over) if full.any() else np.maximum(over * EFFORT.softer, least)
    return best
