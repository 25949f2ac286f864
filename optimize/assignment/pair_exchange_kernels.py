"""Compiled: exchanges between two resources, and filling both anew; see `optimize.assignment.pair_exchange`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Floats, Ints
from ledger.compiling import njit
from optimize.assignment.annealing_kernels import (
    Cooling,
    Journal,
    PlanState,
    below,
    enter,
    journal_of,
    keep,
    leave,
    random_share,
    restore_best,
    touch,
)
from optimize.assignment.price_kernels import OptionArrays


class Lists(NamedTuple):
    """Options by resource, and by minutes within; who they belong to."""

    by_minutes: Ints  # options, those of resource k from PlanState.first[k]; (options,)
    owner: Ints  # account of an option; (options,)


class Pool(NamedTuple):
    """Options on one resource of accounts without a choice, by minutes; (widest resource,).

    `top` and `second` are the two of most value among those up to an option, of two accounts (-1: none).
    """

    option: Ints
    top: Ints
    second: Ints


class Log(NamedTuple):
    """Accounts and what they had, before each of ``size[0]`` changes."""

    account: Ints  # (16,)
    had: Ints  # option, -1 for none; (16,)
    size: Ints  # (1,)


class Work(NamedTuple):
    """What a search changes on its way."""

    pool: Pool
    log: Log


class CallExchange(NamedTuple):
    """Account `e` (-1: nobody) takes option `back` (-1: it has none there); what changes in value and reduced value."""

    e: int
    back: int
    delta: float
    regret: float


@njit(cache=True)
def change(i: int, o: int, options: OptionArrays, plan_out: PlanState, log_out: Log) -> None:
    """Give account i option o, or none (-1), and log what it had."""
    log_out.account[log_out.size[0]], log_out.had[log_out.size[0]] = i, plan_out.chosen[i]
    log_out.size[0] += 1
    if plan_out.chosen[i] >= 0:
        leave(i, options, plan_out)
    if o >= 0:
        enter(i, o, options, plan_out)


@njit(cache=True)
def undo(log: Log, options: OptionArrays, plan_out: PlanState) -> None:
    """Bring back what the log holds, last first."""
    for at in range(log.size[0] - 1, -1, -1):
        i = log.account[at]
        if plan_out.chosen[i] >= 0:
            leave(i, options, plan_out)
        if log.had[at] >= 0:
            enter(i, log.had[at], options, plan_out)


@njit(cache=True)
def gather(k: int, lists: Lists, options: OptionArrays, plan: PlanState, pool_out: Pool) -> int:
    """Fill the pool of resource k; return how many options it has."""
    value, owner, size = options.value, lists.owner, 0
    one, two = -1, -1
    for at in range(plan.first[k], plan.first[k + 1]):
        o = lists.by_minutes[at]
        if plan.chosen[owner[o]] >= 0:
            continue
        if one < 0 or value[o] > value[one]:
            if one >= 0 and owner[o] != owner[one]:
                two = one
            one = o
        elif owner[o] != owner[one] and (two < 0 or value[o] > value[two]):
            two = o
        pool_out.option[size], pool_out.top[size], pool_out.second[size] = o, one, two
        size += 1
    return size


@njit(cache=True)
def best_in(room: float, size: int, lists: Lists, options: OptionArrays, pool: Pool) -> tuple[float, int, int]:
    """Return the most value that up to two options of the pool bring in `room` minutes, and which two (-1: none)."""
    value, minutes, owner = options.value, options.minutes, lists.owner
    gain, one, two = 0.0, -1, -1
    j = size - 1
    for at in range(size):
        o = pool.option[at]
        if minutes[o] > room:
            break
        if value[o] > gain:
            gain, one, two = value[o], o, -1
        while j >= 0 and minutes[pool.option[j]] + minutes[o] > room:
            j -= 1
        if j >= 0:
            other = pool.top[j] if owner[pool.top[j]] != owner[o] else pool.second[j]
            if other >= 0 and value[o] + value[other] > gain:
                gain, one, two = value[o] + value[other], o, other
    return gain, one, two


@njit(cache=True)
def refill(k: int, price: float, lists: Lists, options: OptionArrays, plan_out: PlanState, work_out: Work) -> float:
    """Make the best exchange of up to two calls of resource k for up to two of the pool; return what it gains.

    Minutes may be overdrawn before, never after: -inf where that cannot be reached.
    """
    value, minutes, members = options.value, options.minutes, plan_out.members
    pool, log = work_out
    size, free, rich = gather(k, lists, options, plan_out, pool), plan_out.free[k], 0.0
    for at in range(size):  # no option of the pool has a reduced value above `rich`
        o = pool.option[at]
        rich = max(rich, value[o] - price * minutes[o])
    gain, leaving, coming = -np.inf, (-1, -1), (-1, -1)
    begin, end = plan_out.first[k], plan_out.first[k] + plan_out.calls[k]
    for a in range(begin - 1, end):  # before the first stands nobody
        e = members[a] if a >= begin else -1
        if e >= 0 and options.must[e]:
            continue
        cost, room = (value[plan_out.chosen[e]], free + minutes[plan_out.chosen[e]]) if e >= 0 else (0.0, free)
        for b in range(a, end if e >= 0 else a + 1):  # itself stands for nobody else
            e2 = members[b] if b > a else -1
            cost2, room2 = (
                (cost + value[plan_out.chosen[e2]], room + minutes[plan_out.chosen[e2]]) if e2 >= 0 else (cost, room)
            )
            if room2 < 0 or price * room2 - cost2 + 2 * rich <= gain or (e2 >= 0 and options.must[e2]):
                continue
            found, one, two = best_in(room2, size, lists, options, pool)
            if found - cost2 > gain:
                gain, leaving, coming = found - cost2, (e, e2), (one, two)
    for e in leaving:
        if e >= 0:
            change(e, -1, options, plan_out, log)
    for o in coming:
        if o >= 0:
            change(lists.owner[o], o, options, plan_out, log)
    return gain


@njit(cache=True)
def partner(
    o: int, j: int, regret: float, prices: Floats, options: OptionArrays, plan: PlanState, bits_out: Bits
) -> CallExchange:
    """Return a random account on the resource of option o, what it could have on resource j, and value and regret.

    One time in eight it is nobody (-1), and where the account has nothing on resource j the option is -1.
    """
    k = options.resource[o]
    if plan.calls[k] == 0 or k == j or below(8, bits_out) == 0:
        return CallExchange(-1, -1, 0.0, regret)
    e, back = plan.members[plan.first[k] + below(plan.calls[k], bits_out)], -1
    for other in range(options.start[e], options.start[e + 1]):
        if options.resource[other] == j and (back < 0 or options.value[other] > options.value[back]):
            back = other
    if back < 0:
        return CallExchange(e, back, 0.0, regret)
    mine = plan.chosen[e]
    delta = options.value[back] - options.value[mine]
    regret = regret + delta - options.minutes[back] * prices[j] + options.minutes[mine] * prices[k]
    return CallExchange(e, back, delta, regret)


@njit(cache=True)
def accept(loses: bool, gain: float, best: float, log: Log, plan: PlanState, journal_out: Journal) -> float:
    """Note a change that is kept; when it `loses` against the best plan, that one is saved. Return the best gain."""
    if loses and gain >= best:
        best = gain
        keep(plan, journal_out)
        for at in range(log.size[0] - 1, -1, -1):
            journal_out.saved[log.account[at]] = log.had[at]
    for at in range(log.size[0]):
        touch(log.account[at], journal_out)
    return best


@njit(cache=True)
def weave(options: OptionArrays, lists: Lists, prices: Floats, cooling: Cooling, plan_out: PlanState) -> float:
    """Improve a plan by exchanges between two resources and filling both anew; return the gain of the best one.

    Acceptance is that of `anneal`; the plan ends as the best one seen.
    """
    value, minutes, resource, start = options.value, options.minutes, options.resource, options.start
    widest = np.max(plan_out.first[1:] - plan_out.first[:-1]) + 1
    pool = Pool(np.empty(widest, np.int64), np.empty(widest, np.int64), np.empty(widest, np.int64))
    log = Log(np.empty(16, np.int64), np.empty(16, np.int64), np.zeros(1, np.int64))
    work = Work(pool, log)
    bits, movable = np.array([np.uint64(cooling.seed)]), np.flatnonzero(start[1:] > start[:-1])
    journal, gain, best = journal_of(plan_out), 0.0, 0.0
    temperature, factor = cooling.hot, (cooling.cold / cooling.hot) ** (256 / max(cooling.moves, 1))
    for step in range(cooling.moves if len(movable) > 0 else 0):
        if step % 256 == 255:
            temperature *= factor
        i = movable[below(len(movable), bits)]
        o, old = start[i] + below(start[i + 1] - start[i], bits), plan_out.chosen[i]
        if old < 0 or o == old:
            continue
        k, j, allowed = resource[o], resource[old], -temperature * np.log(random_share(bits))
        delta = value[o] - value[old]
        regret = delta - minutes[o] * prices[k] + minutes[old] * prices[j]
        e, back, more, regret = partner(o, j, regret, prices, options, plan_out, bits)
        if (e >= 0 and back < 0) or regret < -allowed - cooling.hot:
            continue
        log.size[0] = 0
        change(i, -1, options, plan_out, log)
        if e >= 0:
            change(e, back, options, plan_out, log)
        change(i, o, options, plan_out, log)
        delta += more + refill(k, prices[k], lists, options, plan_out, work)
        if delta > -np.inf and k != j:
            delta += refill(j, prices[j], lists, options, plan_out, work)
        if not delta >= -allowed:
            undo(log, options, plan_out)
            continue
        best = accept(delta < 0, gain, best, log, plan_out, journal)
        gain += delta
    if gain < best:
        restore_best(journal, options, plan_out)
    return max(gain, best)
