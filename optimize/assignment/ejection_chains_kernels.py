"""Compiled: moves that keep every account served; see `optimize.assignment.ejection_chains`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit

NONE = 1e300  # a rise of energy that no move has


class Candidates(NamedTuple):
    """The candidates of each account, by reduced cost, and the resources; resources without limit have inf minutes."""

    start: Ints  # candidates of account i: start[i]:start[i + 1]; (accounts + 1,)
    resource: Ints  # (candidates,)
    cost: Floats  # less the value; (candidates,)
    reduced: Floats  # cost plus price of the minutes, rising within an account; (candidates,)
    minutes: Floats  # (candidates,)
    capacity: Floats  # minutes; (resources,)


class ChainPlan(NamedTuple):
    """A plan in the making: everybody has a candidate; those on one resource form a ring."""

    taken: Ints  # candidate of each account; (accounts,)
    used: Floats  # minutes; (resources,)
    first: Ints  # an account on the resource, -1 where there is none; (resources,)
    after: Ints  # next account of the ring; (accounts,)
    before: Ints  # (accounts,)
    energy: Floats  # what the minutes of a resource cost now; (resources,)


class Weights(NamedTuple):
    """What a minute left over and a minute too many cost on each resource."""

    spare: Floats  # value per minute; (resources,)
    over: Floats  # (resources,)


class Chain(NamedTuple):
    """Resources of a chain of ejections, and minutes used after it: where the first left, where it came, the next."""

    home: int
    middle: int
    here: int
    at_home: float
    at_middle: float
    at_here: float
    top: float  # the most that a resource costs now


@njit(cache=True)
def cost_of(candidates: Candidates, weights: Weights, k: int, used: float) -> float:
    """Return the energy of a resource of which so many minutes are used."""
    room: float = candidates.capacity[k] - used
    if room < 0.0:
        return float(-room * weights.over[k])
    return float(room * weights.spare[k]) if weights.spare[k] > 0.0 else 0.0


@njit(cache=True)
def join(i: int, k: int, plan_out: ChainPlan) -> None:
    """Enter an account into the ring of a resource."""
    first, after, before = plan_out.first, plan_out.after, plan_out.before
    if first[k] < 0:
        first[k], after[i], before[i] = i, i, i
        return
    ahead = first[k]
    behind = before[ahead]
    after[behind], before[i], after[i], before[ahead] = i, behind, ahead, i


@njit(cache=True)
def leave(i: int, k: int, plan_out: ChainPlan) -> None:
    """Take an account out of the ring of a resource."""
    first, after, before = plan_out.first, plan_out.after, plan_out.before
    if after[i] == i:
        first[k] = -1
        return
    if first[k] == i:
        first[k] = after[i]
    after[before[i]], before[after[i]] = after[i], before[i]


@njit(cache=True)
def take_over(candidates: Candidates, plan_out: ChainPlan) -> None:
    """Make the rings and the minutes those of what is taken."""
    plan_out.used[:], plan_out.first[:] = 0.0, -1
    taken = plan_out.taken
    for i in range(len(taken)):
        k = candidates.resource[taken[i]]
        plan_out.used[k] += candidates.minutes[taken[i]]
        join(i, k, plan_out)


@njit(cache=True)
def put(i: int, option: int, candidates: Candidates, plan_out: ChainPlan) -> None:
    """Give an account another candidate."""
    old = plan_out.taken[i]
    left, right = candidates.resource[old], candidates.resource[option]
    plan_out.used[left] -= candidates.minutes[old]
    plan_out.used[right] += candidates.minutes[option]
    plan_out.taken[i] = option
    if left != right:
        leave(i, left, plan_out)
        join(i, right, plan_out)


@njit(cache=True)
def second(
    limit: float,
    so_far: float,
    chain: Chain,
    candidates: Candidates,
    weights: Weights,
    plan_out: ChainPlan,
    pairs_out: Ints,
) -> float:
    """Eject another account from the resource into which the first ejected one came; see `eject`."""
    home, middle, here, at_home, at_middle, at_here, top = chain
    there = cost_of(candidates, weights, home, at_home)
    given = cost_of(candidates, weights, middle, at_middle)
    member = plan_out.first[here]
    while True:
        old = plan_out.taken[member]
        base = so_far - candidates.reduced[old] + cost_of(candidates, weights, here, at_here - candidates.minutes[old])
        for q in range(candidates.start[member], candidates.start[member + 1]):
            rise = base + candidates.reduced[q]
            if rise - top > limit:
                break
            k = candidates.resource[q]
            if k == here:
                continue
            if k == home:
                rise += cost_of(candidates, weights, k, at_home + candidates.minutes[q])
            elif k == middle:
                rise += there - given + cost_of(candidates, weights, k, at_middle + candidates.minutes[q])
            else:
                rise += (
                    there
                    - plan_out.energy[k]
                    + cost_of(candidates, weights, k, plan_out.used[k] + candidates.minutes[q])
                )
            if rise <= limit:
                pairs_out[2], pairs_out[3] = member, q
                plan_out.first[here] = plan_out.after[member]
                return float(rise)
        member = plan_out.after[member]
        if member == plan_out.first[here]:
            return NONE


@njit(cache=True)
def eject(
    i: int,
    option: int,
    limit: float,
    top: float,
    candidates: Candidates,
    weights: Weights,
    plan_out: ChainPlan,
    pairs_out: Ints,
) -> float:
    """Return the rise of energy of the first way to give `i` that option, others making room; `NONE` if above `limit`.

    `pairs_out` gets up to two pairs of account and candidate that go with it; `top` is the most a resource costs now.
    """
    old = plan_out.taken[i]
    home, middle = candidates.resource[old], candidates.resource[option]
    at_home, at_middle = (
        plan_out.used[home] - candidates.minutes[old],
        plan_out.used[middle] + candidates.minutes[option],
    )
    base = candidates.reduced[option] - candidates.reduced[old] - plan_out.energy[home] - plan_out.energy[middle]
    there = cost_of(candidates, weights, home, at_home)
    member = plan_out.first[middle]
    while member >= 0:
        old = plan_out.taken[member]
        kept = at_middle - candidates.minutes[old]
        given = cost_of(candidates, weights, middle, kept)
        for q in range(candidates.start[member], candidates.start[member + 1]):
            so_far = base + candidates.reduced[q] - candidates.reduced[old] + given
            if so_far - top > limit:
                break
            k = candidates.resource[q]
            if k == middle:
                continue
            pairs_out[0], pairs_out[1], pairs_out[2] = member, q, -1
            if k == home:
                rise = so_far + cost_of(candidates, weights, k, at_home + candidates.minutes[q])
            else:
                so_far -= plan_out.energy[k]
                at_here = plan_out.used[k] + candidates.minutes[q]
                rise = so_far + there + cost_of(candidates, weights, k, at_here)
                if rise > limit and so_far <= limit and at_here > candidates.capacity[k] and plan_out.first[k] >= 0:
                    chain = Chain(home, middle, k, at_home, kept, at_here, top)
                    rise = second(limit, so_far, chain, candidates, weights, plan_out, pairs_out)
            if rise <= limit:
                plan_out.first[middle] = plan_out.after[member]
                return float(rise)
        member = plan_out.after[member]
        if member == plan_out.first[middle]:
            break
    return NONE


@njit(cache=True)
def shift(i: int, option: int, candidates: Candidates, weights: Weights, plan: ChainPlan) -> float:
    """Return the rise of energy when one account takes another candidate and nobody else moves."""
    old = plan.taken[i]
    left, right = candidates.resource[old], candidates.resource[option]
    rise = candidates.reduced[option] - candidates.reduced[old] - plan.energy[right]
    used = plan.used[right] + candidates.minutes[option]
    if left == right:
        return float(rise + cost_of(candidates, weights, right, used - candidates.minutes[old]))
    rise += cost_of(candidates, weights, right, used) - plan.energy[left]
    return float(rise + cost_of(candidates, weights, left, plan.used[left] - candidates.minutes[old]))


@njit(cache=True)
def fits(candidates: Candidates, plan: ChainPlan) -> bool:
    """Say whether no resource has too many minutes used."""
    overfull = 0
    for k in range(len(candidates.capacity)):
        overfull += plan.used[k] > candidates.capacity[k]
    return overfull == 0


@njit(cache=True)
def price(candidates: Candidates, weights: Weights, plan_out: ChainPlan) -> float:
    """Write what each resource costs now; return the most."""
    top = 0.0
    for k in range(len(candidates.capacity)):
        plan_out.energy[k] = cost_of(candidates, weights, k, plan_out.used[k])
        top = max(top, plan_out.energy[k])
    return top


@njit(cache=True)
def anneal_chains(
    candidates: Candidates,
    weights: Weights,
    temperature: float,
    tries: int,
    draws: np.random.Generator,
    least: float,
    plan_out: ChainPlan,
    best_out: Ints,
) -> float:
    """Try moves at one temperature; return the least cost of a plan that fits, `least` or what is found.

    The plan of that cost is written to `best_out`.
    """
    accounts = len(plan_out.taken)
    take_over(candidates, plan_out)
    pairs = np.empty(4, np.int64)
    top = price(candidates, weights, plan_out)
    for _ in range(tries):
        i = int(draws.random() * accounts)
        option = candidates.start[i] + int(draws.random() * (candidates.start[i + 1] - candidates.start[i]))
        if option == plan_out.taken[i]:
            continue
        limit = -temperature * np.log(1.0 - draws.random())
        pairs[0], pairs[2] = -1, -1
        rise = shift(i, option, candidates, weights, plan_out)
        k = candidates.resource[option]
        full = plan_out.used[k] + candidates.minutes[option] > candidates.capacity[k]
        if rise > limit and full and k != candidates.resource[plan_out.taken[i]]:
            rise = eject(i, option, limit, top, candidates, weights, plan_out, pairs)
        if rise > limit:
            continue
        put(i, option, candidates, plan_out)
        for pair in range(0, 4, 2):
            if pairs[pair] < 0:
                break
            put(pairs[pair], pairs[pair + 1], candidates, plan_out)
        top = price(candidates, weights, plan_out)
        if fits(candidates, plan_out):
            cost = 0.0
            for account in range(accounts):
                cost += candidates.cost[plan_out.taken[account]]
            if cost < least:
                least = cost
                best_out[:] = plan_out.taken
    return least
