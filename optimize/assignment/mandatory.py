"""Plans in which everybody is served who must be: the generalised assignment problem, with some accounts optional.

Where capacity is scarce, greedy choices leave accounts without room. So several plans are annealed in which everybody
has an option at all times (`optimize.assignment.ejection_chains`). After that two of them are crossed: the accounts
that they serve differently are annealed again, the rest held fast, and the plan kept that costs less.
"""

import time

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from optimize.assignment import prices as dual
from optimize.assignment.effort import EFFORT
from optimize.assignment.ejection_chains import ChainSearch, Field, cycle, field_of
from optimize.assignment.ejection_chains_kernels import Candidates
from optimize.assignment.infeasibility import premiums, unservable
from optimize.assignment.instance import Options


def serve(
    options: Options, *, prices: Floats, seconds: float | None = None, enough: float = np.inf, seed: int = 0
) -> Ints:
    """Serve every account that must be served, and others where that is worth it, at the greatest value found.

    Parameters
    ----------
    options
        The instance.
    prices
        Value per minute of each resource, at least 0, from `optimize.assignment.prices`; shape (resources,).
    seconds
        Look for so long. Without it the work is fixed by the instance, and equal input gives equal output.
    enough
        Value of a plan from which on nothing better is looked for.
    seed
        Of the moves tried.

    Returns
    -------
    Ints
        Option number per account, -1 where it is left alone; shape (accounts,). No capacity is exceeded. Accounts
        that must be served have -1 only where no plan was found that serves them all: as few as were found, or all
        where nothing was.
    """
    until = None if seconds is None else time.perf_counter() + seconds
    draws = np.random.default_rng(seed)
    found, field = None, field_of(options, prices, most=EFFORT.nearest)
    if until is not None or not unservable(options, seed=seed):
        found = _search(field, draws, until, -enough)
        if found is None and not field.whole:
            field = field_of(options, prices, most=len(options.value))
            found = _search(field, draws, until, -enough)
    if found is None and (until is None or time.perf_counter() < until):
        raised = premiums(options)
        field = field_of(raised, dual.prices(raised, seed=seed), most=EFFORT.nearest)
        found = _search(field, draws, until, -np.inf, share=0.1)
    return np.full(options.accounts, -1) if found is None else field.option[found]


def _search(
    field: Field, draws: np.random.Generator, until: float | None, enough: float, share: float = 1.0
) -> Ints | None:
    """Anneal several times from the prices, then cross the plans; candidate per account, or None where nothing fits.

    `share` is that of the usual number of crossings; at a cost of `enough` nothing better is looked for.
    """
    accounts = max(len(field.candidates.start) - 1, 1)
    crowd = max(1.0, accounts / len(field.candidates.capacity) / EFFORT.crowd) * max(1.0, EFFORT.small / accounts)
    goal = max(_goal(field), enough)
    pool = _pool(field, draws, until, goal, crowd, share=share)
    if not pool:
        return None
    best = min(pool, key=lambda plan: plan.cost)
    most, patience = share * EFFORT.crossed / crowd, share * EFFORT.patience / crowd
    done = last = 0
    while best.cost > goal:
        more = EFFORT.longer if best.cost - goal > EFFORT.wide * abs(goal) else 1.0
        if done > min(most, last + more * patience) if until is None else time.perf_counter() > until:
            break
        done += _cross(field, pool, draws)
        before, best = best, min(pool, key=lambda plan: plan.cost)
        last = done if best.cost < before.cost else last
    return best.taken


def _pool(
    field: Field, draws: np.random.Generator, until: float | None, goal: float, crowd: float, *, share: float
) -> list[ChainSearch]:
    """Return plans annealed from the prices, each on its own; fewer once one costs no more than `goal`."""
    begin = field.candidates.start[:-1]
    tries = int(np.clip(len(begin) * EFFORT.tries, EFFORT.least_tries, EFFORT.most_tries) / crowd)
    plans = int(np.clip(share * EFFORT.pool / crowd // tries, EFFORT.fewest_plans, EFFORT.most_plans))
    if until is not None:
        tries = int(np.clip((until - time.perf_counter()) * EFFORT.speed / (2 * plans), 10_000, tries))
    pool: list[ChainSearch] = []
    for k in range(plans if len(begin) else 0):
        late = until is not None and time.perf_counter() > until
        if late or (pool and pool[-1].cost <= goal) or (k >= EFFORT.fewest_plans and not pool):
            break
        plan = cycle(field, begin, draws, tries, soft=EFFORT.softness, heats=EFFORT.heats[k % len(EFFORT.heats)])
        if np.isfinite(plan.cost):
            pool.append(plan)
    return pool


def _cross(field: Field, pool: list[ChainSearch], draws: np.random.Generator) -> int:
    """Anneal the accounts that two plans of the pool serve differently; the child takes the place of a worse parent.

    Where the two hardly differ, the accounts of a few resources are let go as well. Returns the number of moves tried.
    """
    candidates = field.candidates
    resources = len(candidates.capacity) - 1
    one, other = (pool[k] for k in draws.choice(len(pool), 2, replace=len(pool) < 2))
    free = one.taken != other.taken
    inside = np.zeros(resources + 1, np.bool_)
    inside[draws.permutation(resources)[: min(EFFORT.team, resources)]] = True
    if free.sum() < EFFORT.alike * len(free) or draws.random() < EFFORT.local:
        free = free | inside[candidates.resource[one.taken]]
    who = np.flatnonzero(free)
    if not len(who):
        return EFFORT.least_tries
    part, kept = _part(field, one.taken, free)
    begin = (np.cumsum(kept) - 1)[one.taken[who]]
    tries = max(len(who) * EFFORT.cross_tries, EFFORT.least_cross)
    found = cycle(
        part, begin, draws, tries, soft=EFFORT.softness_again, heats=EFFORT.heats[draws.integers(len(EFFORT.heats))]
    )
    if np.isfinite(found.cost):
        taken = one.taken.copy()
        taken[who] = np.flatnonzero(kept)[found.taken]
        child = ChainSearch(taken=taken, cost=float(candidates.cost[taken].sum()))
        worse = max(one, other, key=lambda plan: plan.cost)
        if child.cost < worse.cost and not any(np.array_equal(child.taken, plan.taken) for plan in pool):
            pool[next(k for k in range(len(pool)) if pool[k] is worse)] = child
    return tries


def _part(field: Field, taken: Ints, free: Flags) -> tuple[Field, Flags]:
    """Return the field of some accounts, in what minutes the others leave, and which candidates it has."""
    candidates = field.candidates
    kept = np.repeat(free, np.diff(candidates.start))
    held = taken[~free]
    used = np.bincount(candidates.resource[held], weights=candidates.minutes[held], minlength=len(candidates.capacity))
    part = Candidates(
        start=np.concatenate([[0], np.cumsum(np.diff(candidates.start)[free])]),
        resource=candidates.resource[kept],
        cost=candidates.cost[kept],
        reduced=candidates.reduced[kept],
        minutes=candidates.minutes[kept],
        capacity=candidates.capacity - used,
    )
    return Field(candidates=part, prices=field.prices, heat=field.heat, option=field.option[kept], whole=False), kept


def _goal(field: Field) -> float:
    """Return a cost at which the plan is known to be the best: with whole numbers, the next one above the bound."""
    candidates = field.candidates
    bound = float(candidates.reduced[candidates.start[:-1]].sum() - candidates.capacity[:-1] @ field.prices[:-1])
    if field.integral:
        return float(np.ceil(bound - 1e-6 * max(abs(bound), 1.0))) + 0.5
    return bound + 1e-9 * abs(bound)
