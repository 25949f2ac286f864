"""Plans in which everybody is served who must be: the generalised assignment problem, with some accounts optional.

Where capacity is scarce, greedy choices leave accounts without room. Here everybody has an option at all times, and
what yields is the capacity: annealing by shifts and ejection chains (`ejection_chains`) in which a minute too many
or too few on a resource costs little at first and then more and more, up to its price and beyond, until all fits. So
accounts first settle on options of low reduced cost, and loads are evened out among these. After that, a few resources
at a time are annealed again, the rest held fast, and the plan kept that costs less.
"""

import time
from dataclasses import dataclass

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from optimize.assignment import prices as dual
from optimize.assignment.ejection_chains import ChainPlan, Moves, Weights, anneal, least_options, take_over
from optimize.assignment.infeasibility import premiums, unservable
from optimize.assignment.instance import Options

NEAR = 8  # options of an account that are looked at first, those of least reduced cost
STEPS = 300  # temperatures of one annealing
TRIES, LEAST_TRIES, MOST_TRIES = 3000, 300_000, 1_500_000  # moves tried in one annealing: per account; limits
POOL, FEWEST, MOST = 10_000_000, 6, 20  # moves tried for the plans to cross; how many plans these are
HEATS = ((0.2, 0.2), (1.0, 0.1), (0.5, 0.15))  # first and last heat, in turn
SOFT, SOFT_AGAIN, FIRM = 0.01, 0.03, 0.7  # first slope of the loads' energy by the true one; when that is reached
HARDER, SOFTER = 1.07, 0.985  # penalties after a step in which a resource is overfull, or all fits
CROSS_TRIES, LEAST_CROSS = 1000, 20_000  # moves tried in one crossing: per account; at least
CROSSED, PATIENCE = 24_000_000, 8_000_000  # moves tried in all crossings; without a better plan
WIDE, LONGER = 0.004, 2.5  # share of the goal from which a plan is far from it; then patience is more
CROWD = 25  # accounts per resource above which moves take longer, and fewer are tried
SMALL = 30  # accounts below which fewer moves are tried
TEAM, FEW, LOCAL = 6, 0.1, 0.15  # resources let go in a crossing; where parents differ in so few, and how often else
TOLERANCE = 5e-11  # of its capacity, for rounding of sums of minutes
SPEED = 400_000  # moves tried per second, for plans with a time limit


@dataclass(frozen=True, eq=False, kw_only=True)
class Field:
    """Candidates, prices of the minutes, heat to begin with; `option` is -1 for a candidate that leaves one alone."""

    moves: Moves
    prices: Floats
    heat: float
    option: Ints
    whole: bool  # no option was left out
    integral: bool = False  # all values are whole numbers


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
    found, field = None, _field(options, prices, most=NEAR)
    if until is not None or not unservable(options, seed=seed):
        found = _search(field, draws, until, -enough)
        if found is None and not field.whole:
            field = _field(options, prices, most=len(options.value))
            found = _search(field, draws, until, -enough)
    if found is None and (until is None or time.perf_counter() < until):
        raised = premiums(options)
        field = _field(raised, dual.prices(raised, seed=seed), most=NEAR)
        found = _search(field, draws, until, -np.inf, share=0.1)
    return np.full(options.accounts, -1) if found is None else field.option[found]


def _field(options: Options, prices: Floats, *, most: int) -> Field:
    """Return the `most` best-priced options of each account, and to be left alone where it may be or must."""
    resources, accounts = len(options.capacity), options.accounts
    reduced = prices[options.resource] * options.minutes - options.value
    picked, start = least_options(options.start, reduced, most)
    heat = _heat(reduced[picked], start, options)
    idle = ~options.must_serve | (np.diff(start) == 0)
    owner = np.concatenate([np.repeat(np.arange(accounts), np.diff(start)), np.flatnonzero(idle)])
    none = np.full(int(idle.sum()), -1)
    nothing = np.zeros(len(none))
    option = np.concatenate([picked, none])
    cost = np.concatenate([-options.value[picked], nothing])
    all_reduced = np.concatenate([reduced[picked], nothing])
    order = np.lexsort((all_reduced, owner))
    room = np.append(options.capacity * (1 + TOLERANCE), np.inf)
    moves = Moves(
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
        moves=moves, prices=np.append(prices, 0.0), heat=heat, option=option[order], whole=whole, integral=integral
    )


def _heat(reduced: Floats, start: Ints, options: Options) -> float:
    """Return by how much the second-best candidate is worse than the best, on average; positive."""
    several = np.flatnonzero(np.diff(start) > 1)
    if len(several):
        apart = float((reduced[start[several] + 1] - reduced[start[several]]).mean())
        if apart > 0:
            return apart
    return max(float(np.abs(options.value).mean()) * 1e-3, 1e-9) if len(options.value) else 1.0


@dataclass(eq=False, kw_only=True)
class Search:
    """The cheapest plan found so far, as candidate per account; none while `cost` is inf."""

    taken: Ints
    cost: float


def _search(
    field: Field, draws: np.random.Generator, until: float | None, enough: float, share: float = 1.0
) -> Ints | None:
    """Anneal several times from the prices, then cross the plans; candidate per account, or None where nothing fits.

    `share` is that of the usual number of crossings; at a cost of `enough` nothing better is looked for.
    """
    accounts = max(len(field.moves.start) - 1, 1)
    crowd = max(1.0, accounts / len(field.moves.capacity) / CROWD) * max(1.0, SMALL / accounts)
    goal = max(_goal(field), enough)
    pool = _pool(field, draws, until, goal, crowd, share=share)
    if not pool:
        return None
    best = min(pool, key=lambda plan: plan.cost)
    most, patience = share * CROSSED / crowd, share * PATIENCE / crowd
    done = last = 0
    while best.cost > goal:
        more = LONGER if best.cost - goal > WIDE * abs(goal) else 1.0
        if done > min(most, last + more * patience) if until is None else time.perf_counter() > until:
            break
        done += _cross(field, pool, draws)
        before, best = best, min(pool, key=lambda plan: plan.cost)
        last = done if best.cost < before.cost else last
    return best.taken


def _pool(
    field: Field, draws: np.random.Generator, until: float | None, goal: float, crowd: float, *, share: float
) -> list[Search]:
    """Return plans annealed from the prices, each on its own; fewer once one costs no more than `goal`."""
    begin = field.moves.start[:-1]
    tries = int(np.clip(len(begin) * TRIES, LEAST_TRIES, MOST_TRIES) / crowd)
    plans = int(np.clip(share * POOL / crowd // tries, FEWEST, MOST))
    if until is not None:
        tries = int(np.clip((until - time.perf_counter()) * SPEED / (2 * plans), 10_000, tries))
    pool: list[Search] = []
    for k in range(plans if len(begin) else 0):
        late = until is not None and time.perf_counter() > until
        if late or (pool and pool[-1].cost <= goal) or (k >= FEWEST and not pool):
            break
        plan = _cycle(field, begin, draws, tries, soft=SOFT, heats=HEATS[k % len(HEATS)])
        if np.isfinite(plan.cost):
            pool.append(plan)
    return pool


def _cycle(
    field: Field,
    begin: Ints,
    draws: np.random.Generator,
    tries: int,
    *,
    soft: float,
    heats: tuple[float, float],
) -> Search:
    """Anneal from a plan; loads cost little at first, and too many minutes more and more at last."""
    moves, resources = field.moves, len(field.moves.capacity)
    accounts = len(begin)
    best = Search(taken=begin.copy(), cost=np.inf)
    plan = ChainPlan(
        taken=np.empty(accounts, np.int64),
        used=np.empty(resources),
        first=np.empty(resources, np.int64),
        after=np.empty(accounts, np.int64),
        before=np.empty(accounts, np.int64),
    )
    take_over(moves, plan, np.asarray(begin, np.int64))
    least = field.prices + 0.02 * max(float(field.prices.mean()), 1e-6 * field.heat)
    over = least.copy()
    for step in range(2 * STEPS):
        if step >= STEPS and np.isfinite(best.cost):
            break
        slope = soft ** max(0.0, 1.0 - step / (FIRM * STEPS))
        weights = Weights(spare=slope * field.prices, over=slope * over, now=np.empty(resources))
        heat = field.heat * heats[0] * (heats[1] / heats[0]) ** min(step / STEPS, 1.0)
        take_over(moves, plan, plan.taken.copy())
        best.cost = anneal(moves, plan, weights, heat, max(tries // STEPS, 1), draws, best.taken, best.cost)
        if slope >= 1.0:
            full = plan.used > moves.capacity
            over = np.where(full, over * HARDER, over) if full.any() else np.maximum(over * SOFTER, least)
    return best


def _cross(field: Field, pool: list[Search], draws: np.random.Generator) -> int:
    """Anneal the accounts that two plans of the pool serve differently; the child takes the place of a worse parent.

    Where the two hardly differ, the accounts of a few resources are let go as well. Returns the number of moves tried.
    """
    moves = field.moves
    resources = len(moves.capacity) - 1
    one, other = (pool[k] for k in draws.choice(len(pool), 2, replace=len(pool) < 2))
    free = one.taken != other.taken
    inside = np.zeros(resources + 1, np.bool_)
    inside[draws.permutation(resources)[: min(TEAM, resources)]] = True
    if free.sum() < FEW * len(free) or draws.random() < LOCAL:
        free = free | inside[moves.resource[one.taken]]
    who = np.flatnonzero(free)
    if not len(who):
        return LEAST_TRIES
    part, kept = _part(field, one.taken, free)
    begin = (np.cumsum(kept) - 1)[one.taken[who]]
    tries = max(len(who) * CROSS_TRIES, LEAST_CROSS)
    found = _cycle(part, begin, draws, tries, soft=SOFT_AGAIN, heats=HEATS[draws.integers(len(HEATS))])
    if np.isfinite(found.cost):
        taken = one.taken.copy()
        taken[who] = np.flatnonzero(kept)[found.taken]
        child = Search(taken=taken, cost=float(moves.cost[taken].sum()))
        worse = max(one, other, key=lambda plan: plan.cost)
        if child.cost < worse.cost and not any(np.array_equal(child.taken, plan.taken) for plan in pool):
            pool[next(k for k in range(len(pool)) if pool[k] is worse)] = child
    return tries


def _part(field: Field, taken: Ints, free: Flags) -> tuple[Field, Flags]:
    """Return the field of some accounts, in what minutes the others leave, and which candidates it has."""
    moves = field.moves
    kept = np.repeat(free, np.diff(moves.start))
    held = taken[~free]
    used = np.bincount(moves.resource[held], weights=moves.minutes[held], minlength=len(moves.capacity))
    part = Moves(
        start=np.concatenate([[0], np.cumsum(np.diff(moves.start)[free])]),
        resource=moves.resource[kept],
        cost=moves.cost[kept],
        reduced=moves.reduced[kept],
        minutes=moves.minutes[kept],
        capacity=moves.capacity - used,
    )
    return Field(moves=part, prices=field.prices, heat=field.heat, option=field.option[kept], whole=False), kept


def _goal(field: Field) -> float:
    """Return a cost at which the plan is known to be the best: with whole numbers, the next one above the bound."""
    moves = field.moves
    bound = float(moves.reduced[moves.start[:-1]].sum() - moves.capacity[:-1] @ field.prices[:-1])
    if field.integral:
        return float(np.ceil(bound - 1e-6 * max(abs(bound), 1.0))) + 0.5
    return bound + 1e-9 * abs(bound)
