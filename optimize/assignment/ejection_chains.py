"""Moves that keep every account served: a shift, an ejection, a chain of two ejections.

The energy of a plan is the sum over accounts of the reduced cost of their option, plus, for each resource, its price
times the minutes left over, or its penalty times the minutes too many. With penalties that are no less than the prices
it is at least 0 where each account takes its best-priced option, and the plan's cost above the dual bound when no
minutes are exceeded. A move is taken as soon as its energy rises by no more than a drawn threshold (annealing).

Yagiura, Ibaraki and Glover (2004), An ejection chain approach for the generalized assignment problem: the moves.
"""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit

NONE = 1e300


class Moves(NamedTuple):
    """The candidates of each account, by reduced cost, and the resources; resources without limit have inf minutes."""

    start: Ints  # candidates of account i: start[i]:start[i + 1]
    resource: Ints
    cost: Floats
    reduced: Floats  # cost plus price of the minutes, rising within an account
    minutes: Floats
    capacity: Floats


class ChainPlan(NamedTuple):
    """A plan in the making: everybody has a candidate; those on one resource form a ring."""

    taken: Ints  # candidate of each account
    used: Floats  # minutes of each resource
    first: Ints  # an account on the resource, -1 where there is none
    after: Ints
    before: Ints


class Weights(NamedTuple):
    """What a minute left over and a minute too many cost on each resource, and what its minutes cost now."""

    spare: Floats
    over: Floats
    now: Floats


@njit(cache=True)
def cost_of(moves: Moves, weights: Weights, k: int, used: float) -> float:
    """Return the energy of a resource of which so many minutes are used."""
    room: float = moves.capacity[k] - used
    if room < 0.0:
        return float(-room * weights.over[k])
    return float(room * weights.spare[k]) if weights.spare[k] > 0.0 else 0.0


@njit(cache=True)
def join(plan: ChainPlan, i: int, k: int) -> None:
    """Enter an account into the ring of a resource."""
    first, after, before = plan.first, plan.after, plan.before
    if first[k] < 0:
        first[k], after[i], before[i] = i, i, i
        return
    ahead = first[k]
    behind = before[ahead]
    after[behind], before[i], after[i], before[ahead] = i, behind, ahead, i


@njit(cache=True)
def leave(plan: ChainPlan, i: int, k: int) -> None:
    """Take an account out of the ring of a resource."""
    first, after, before = plan.first, plan.after, plan.before
    if after[i] == i:
        first[k] = -1
        return
    if first[k] == i:
        first[k] = after[i]
    after[before[i]], before[after[i]] = after[i], before[i]


@njit(cache=True)
def take_over(moves: Moves, plan: ChainPlan, taken: Ints) -> None:
    """Make the plan that of these candidates; minutes are summed anew."""
    plan.used[:], plan.first[:] = 0.0, -1
    plan.taken[:] = taken
    for i in range(len(taken)):
        k = moves.resource[taken[i]]
        plan.used[k] += moves.minutes[taken[i]]
        join(plan, i, k)


@njit(cache=True)
def put(moves: Moves, plan: ChainPlan, i: int, option: int) -> None:
    """Give an account another candidate."""
    old = plan.taken[i]
    left, right = moves.resource[old], moves.resource[option]
    plan.used[left] -= moves.minutes[old]
    plan.used[right] += moves.minutes[option]
    plan.taken[i] = option
    if left != right:
        leave(plan, i, left)
        join(plan, i, right)


@njit(cache=True)
def second(
    moves: Moves,
    plan: ChainPlan,
    weights: Weights,
    limit: float,
    so_far: float,
    where: Ints,
    left: Floats,
    found: Ints,
) -> float:
    """Eject another account from the resource into which the first ejected one came; see `eject`."""
    home, middle, here = where
    at_home, at_middle, at_here, top = left
    there = cost_of(moves, weights, home, at_home)
    given = cost_of(moves, weights, middle, at_middle)
    member = plan.first[here]
    while True:
        old = plan.taken[member]
        base = so_far - moves.reduced[old] + cost_of(moves, weights, here, at_here - moves.minutes[old])
        for q in range(moves.start[member], moves.start[member + 1]):
            rise = base + moves.reduced[q]
            if rise - top > limit:
                break
            k = moves.resource[q]
            if k == here:
                continue
            if k == home:
                rise += cost_of(moves, weights, k, at_home + moves.minutes[q])
            elif k == middle:
                rise += there - given + cost_of(moves, weights, k, at_middle + moves.minutes[q])
            else:
                rise += there - weights.now[k] + cost_of(moves, weights, k, plan.used[k] + moves.minutes[q])
            if rise <= limit:
                found[2], found[3] = member, q
                plan.first[here] = plan.after[member]
                return float(rise)
        member = plan.after[member]
        if member == plan.first[here]:
            return NONE


@njit(cache=True)
def eject(
    moves: Moves, plan: ChainPlan, weights: Weights, limit: float, i: int, option: int, top: float, found: Ints
) -> float:
    """Return the rise of energy of the first way to give `i` that option, others making room; `NONE` if above `limit`.

    `found` gets up to two pairs of account and candidate that go with it; `top` is the most that a resource costs now.
    """
    old = plan.taken[i]
    home, middle = moves.resource[old], moves.resource[option]
    at_home, at_middle = plan.used[home] - moves.minutes[old], plan.used[middle] + moves.minutes[option]
    base = moves.reduced[option] - moves.reduced[old] - weights.now[home] - weights.now[middle]
    there = cost_of(moves, weights, home, at_home)
    where, left = np.array([home, middle, 0]), np.array([at_home, 0.0, 0.0, top])
    member = plan.first[middle]
    while member >= 0:
        old = plan.taken[member]
        kept = at_middle - moves.minutes[old]
        given = cost_of(moves, weights, middle, kept)
        for q in range(moves.start[member], moves.start[member + 1]):
            so_far = base + moves.reduced[q] - moves.reduced[old] + given
            if so_far - top > limit:
                break
            k = moves.resource[q]
            if k == middle:
                continue
            found[0], found[1], found[2] = member, q, -1
            if k == home:
                rise = so_far + cost_of(moves, weights, k, at_home + moves.minutes[q])
            else:
                so_far -= weights.now[k]
                at_here = plan.used[k] + moves.minutes[q]
                rise = so_far + there + cost_of(moves, weights, k, at_here)
                if rise > limit and so_far <= limit and at_here > moves.capacity[k] and plan.first[k] >= 0:
                    where[2], left[1], left[2] = k, kept, at_here
                    rise = second(moves, plan, weights, limit, so_far, where, left, found)
            if rise <= limit:
                plan.first[middle] = plan.after[member]
                return float(rise)
        member = plan.after[member]
        if member == plan.first[middle]:
            break
    return NONE


@njit(cache=True)
def shift(moves: Moves, plan: ChainPlan, weights: Weights, i: int, option: int) -> float:
    """Return the rise of energy when one account takes another candidate and nobody else moves."""
    old = plan.taken[i]
    left, right = moves.resource[old], moves.resource[option]
    rise = moves.reduced[option] - moves.reduced[old] - weights.now[right]
    used = plan.used[right] + moves.minutes[option]
    if left == right:
        return float(rise + cost_of(moves, weights, right, used - moves.minutes[old]))
    rise += cost_of(moves, weights, right, used) - weights.now[left]
    return float(rise + cost_of(moves, weights, left, plan.used[left] - moves.minutes[old]))


@njit(cache=True)
def fits(moves: Moves, plan: ChainPlan) -> bool:
    """Say whether no resource has too many minutes used."""
    overfull = 0
    for k in range(len(moves.capacity)):
        overfull += plan.used[k] > moves.capacity[k]
    return overfull == 0


@njit(cache=True)
def price(moves: Moves, plan: ChainPlan, weights: Weights) -> float:
    """Write what each resource costs now; return the most."""
    top = 0.0
    for k in range(len(moves.capacity)):
        weights.now[k] = cost_of(moves, weights, k, plan.used[k])
        top = max(top, weights.now[k])
    return top


@njit(cache=True)
def anneal(
    moves: Moves,
    plan: ChainPlan,
    weights: Weights,
    temperature: float,
    tries: int,
    draws: np.random.Generator,
    best: Ints,
    least: float,
) -> float:
    """Try moves at one temperature; return the least cost of a plan that fits, `least` or what is found.

    The plan of that cost is written to `best`.
    """
    accounts = len(plan.taken)
    found = np.empty(4, np.int64)
    top = price(moves, plan, weights)
    for _ in range(tries):
        i = int(draws.random() * accounts)
        option = moves.start[i] + int(draws.random() * (moves.start[i + 1] - moves.start[i]))
        if option == plan.taken[i]:
            continue
        limit = -temperature * np.log(1.0 - draws.random())
        found[0], found[2] = -1, -1
        rise = shift(moves, plan, weights, i, option)
        k = moves.resource[option]
        full = plan.used[k] + moves.minutes[option] > moves.capacity[k]
        if rise > limit and full and k != moves.resource[plan.taken[i]]:
            rise = eject(moves, plan, weights, limit, i, option, top, found)
        if rise > limit:
            continue
        put(moves, plan, i, option)
        for pair in range(0, 4, 2):
            if found[pair] < 0:
                break
            put(moves, plan, found[pair], found[pair + 1])
        top = price(moves, plan, weights)
        if fits(moves, plan):
            cost = 0.0
            for account in range(accounts):
                cost += moves.cost[plan.taken[account]]
            if cost < least:
                least = cost
                best[:] = plan.taken
    return least


@njit(cache=True)
def least_options(start: Ints, reduced: Floats, most: int) -> tuple[Ints, Ints]:
    """Return the numbers of each account's `most` options of least reduced cost, rising, and where each begin."""
    accounts = len(start) - 1
    picked, begin = np.empty(len(reduced), np.int64), np.zeros(accounts + 1, np.int64)
    made = 0
    for i in range(accounts):
        order = np.argsort(reduced[start[i] : start[i + 1]], kind="mergesort")
        for k in range(min(most, len(order))):
            picked[made] = start[i] + order[k]
            made += 1
        begin[i + 1] = made
    return picked[:made], begin
