"""Compiled: exchanges between two resources, after which both are filled anew from the accounts left alone.

Where a resource holds few calls, most of what a plan loses is minutes that no single call fills. So a move here swaps
two calls between resources, or shifts one, and then seeks in both the best exchange of up to two of their calls for up
to two of accounts without a choice: all combinations, by two pointers over options sorted by minutes.
"""

from typing import Any, NamedTuple

import numpy as np

from ledger.compiling import njit
from optimize.assignment.annealing import below, enter, journal_of, keep, leave, random_share, restore_best, touch


class Lists(NamedTuple):
    """Options by resource, by minutes within; those of k begin at ``first[k]``. `owner` is the account of an option."""

    first: Any
    by_minutes: Any
    owner: Any


class Pool(NamedTuple):
    """Options on one resource of accounts without a choice, by minutes.

    `top` and `second` are the two of most value among those up to an option, of two accounts (-1: none).
    """

    option: Any
    top: Any
    second: Any


class Log(NamedTuple):
    """Accounts and what they had, before each of ``size[0]`` changes."""

    account: Any
    had: Any
    size: Any


@njit(cache=True)
def change(i, o, columns, state, log):  # type: ignore[no-untyped-def]  # numba infers them
    """Give account i option o, or none (-1), and log what it had."""
    log.account[log.size[0]], log.had[log.size[0]] = i, state.chosen[i]
    log.size[0] += 1
    if state.chosen[i] >= 0:
        leave(i, columns, state)
    if o >= 0:
        enter(i, o, columns, state)


@njit(cache=True)
def undo(columns, state, log):  # type: ignore[no-untyped-def]  # numba infers them
    """Bring back what the log holds, last first."""
    for at in range(log.size[0] - 1, -1, -1):
        i = log.account[at]
        if state.chosen[i] >= 0:
            leave(i, columns, state)
        if log.had[at] >= 0:
            enter(i, log.had[at], columns, state)


@njit(cache=True)
def gather(k, lists, columns, state, pool):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill the pool of resource k; return how many options it has."""
    value, owner, size = columns.value, lists.owner, 0
    one, two = -1, -1
    for at in range(lists.first[k], lists.first[k + 1]):
        o = lists.by_minutes[at]
        if state.chosen[owner[o]] >= 0:
            continue
        if one < 0 or value[o] > value[one]:
            if one >= 0 and owner[o] != owner[one]:
                two = one
            one = o
        elif owner[o] != owner[one] and (two < 0 or value[o] > value[two]):
            two = o
        pool.option[size], pool.top[size], pool.second[size] = o, one, two
        size += 1
    return size


@njit(cache=True)
def best_in(room, size, lists, columns, pool):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the most value that up to two options of the pool bring in `room` minutes, and which two (-1: none)."""
    value, minutes, owner = columns.value, columns.minutes, lists.owner
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
def refill(k, price, lists, columns, state, pool, log):  # type: ignore[no-untyped-def]  # numba infers them
    """Make the best exchange of up to two calls of resource k for up to two of the pool; return what it gains.

    Minutes may be overdrawn before, never after: -inf where that cannot be reached.
    """
    value, minutes, members = columns.value, columns.minutes, state.members
    size, free, rich = gather(k, lists, columns, state, pool), state.free[k], 0.0
    for at in range(size):  # no option of the pool has a reduced value above `rich`
        o = pool.option[at]
        rich = max(rich, value[o] - price * minutes[o])
    gain, leaving, coming = -np.inf, (-1, -1), (-1, -1)
    begin, end = state.first[k], state.first[k] + state.count[k]
    for a in range(begin - 1, end):  # before the first stands nobody
        e = members[a] if a >= begin else -1
        if e >= 0 and columns.must[e]:
            continue
        cost, room = (value[state.chosen[e]], free + minutes[state.chosen[e]]) if e >= 0 else (0.0, free)
        for b in range(a, end if e >= 0 else a + 1):  # itself stands for nobody else
            e2 = members[b] if b > a else -1
            cost2, room2 = (
                (cost + value[state.chosen[e2]], room + minutes[state.chosen[e2]]) if e2 >= 0 else (cost, room)
            )
            if room2 < 0 or price * room2 - cost2 + 2 * rich <= gain or (e2 >= 0 and columns.must[e2]):
                continue
            found, one, two = best_in(room2, size, lists, columns, pool)
            if found - cost2 > gain:
                gain, leaving, coming = found - cost2, (e, e2), (one, two)
    for e in leaving:
        if e >= 0:
            change(e, -1, columns, state, log)
    for o in coming:
        if o >= 0:
            change(lists.owner[o], o, columns, state, log)
    return gain


@njit(cache=True)
def partner(o, j, regret, prices, columns, state, bits):  # type: ignore[no-untyped-def]  # numba infers them
    """Return a random account on the resource of option o, what it could have on resource j, and value and regret.

    One time in eight it is nobody (-1), and where the account has nothing on resource j the option is -1.
    """
    k = columns.resource[o]
    if state.count[k] == 0 or k == j or below(8, bits) == 0:
        return -1, -1, 0.0, regret
    e, back = state.members[state.first[k] + below(state.count[k], bits)], -1
    for other in range(columns.start[e], columns.start[e + 1]):
        if columns.resource[other] == j and (back < 0 or columns.value[other] > columns.value[back]):
            back = other
    if back < 0:
        return e, back, 0.0, regret
    mine = state.chosen[e]
    delta = columns.value[back] - columns.value[mine]
    return e, back, delta, regret + delta - columns.minutes[back] * prices[j] + columns.minutes[mine] * prices[k]


@njit(cache=True)
def accept(loses, gain, best, state, journal, log):  # type: ignore[no-untyped-def]  # numba infers them
    """Note a change that is kept; when it `loses` against the best state, that one is saved. Return the best gain."""
    if loses and gain >= best:
        best = gain
        keep(journal, state)
        for at in range(log.size[0] - 1, -1, -1):
            journal.saved[log.account[at]] = log.had[at]
    for at in range(log.size[0]):
        touch(log.account[at], journal)
    return best


@njit(cache=True)
def weave(columns, state, prices, lists, ends, moves, seed):  # type: ignore[no-untyped-def]  # numba infers them
    """Improve a plan by exchanges between two resources and filling both anew; return the gain of the best state.

    Acceptance is that of `optimize.assignment.annealing.anneal`; the state ends as the best one seen.
    """
    value, minutes, resource, start = columns.value, columns.minutes, columns.resource, columns.start
    widest = np.max(lists.first[1:] - lists.first[:-1]) + 1
    pool = Pool(np.empty(widest, np.int64), np.empty(widest, np.int64), np.empty(widest, np.int64))
    log = Log(np.empty(16, np.int64), np.empty(16, np.int64), np.zeros(1, np.int64))
    bits, movable = np.array([np.uint64(seed)]), np.flatnonzero(start[1:] > start[:-1])
    journal, gain, best = journal_of(state), 0.0, 0.0
    temperature, cooling = ends[0], (ends[1] / ends[0]) ** (256 / max(moves, 1))
    for step in range(moves if len(movable) > 0 else 0):
        if step % 256 == 255:
            temperature *= cooling
        i = movable[below(len(movable), bits)]
        o, old = start[i] + below(start[i + 1] - start[i], bits), state.chosen[i]
        if old < 0 or o == old:
            continue
        k, j, allowed = resource[o], resource[old], -temperature * np.log(random_share(bits))
        delta = value[o] - value[old]
        regret = delta - minutes[o] * prices[k] + minutes[old] * prices[j]
        e, back, more, regret = partner(o, j, regret, prices, columns, state, bits)
        if (e >= 0 and back < 0) or regret < -allowed - ends[0]:
            continue
        log.size[0] = 0
        change(i, -1, columns, state, log)
        if e >= 0:
            change(e, back, columns, state, log)
        change(i, o, columns, state, log)
        delta += more + refill(k, prices[k], lists, columns, state, pool, log)
        if delta > -np.inf and k != j:
            delta += refill(j, prices[j], lists, columns, state, pool, log)
        if not delta >= -allowed:
            undo(columns, state, log)
            continue
        best = accept(delta < 0, gain, best, state, journal, log)
        gain += delta
    if gain < best:
        restore_best(journal, columns, state)
    return max(gain, best)
