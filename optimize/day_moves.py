"""Compiled: fill one day's blocks at given prices, then exchange accounts while that brings more.

A place is one specialist in one block. Accounts are given best first, so that equal inputs in another order of rows
give the same plan.
"""

import numpy as np
from numba import njit

_TINY = 1e-12  # of the value of an account: a smaller gain is rounding


@njit(cache=True)
def cheapest(price, capacity, can, needs):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the lowest price of a minute in each block among those who can, shape (needs, blocks); inf for nobody."""
    out = np.full((len(needs), price.shape[1]), np.inf)
    for n in range(len(needs)):
        for s in range(len(can)):
            if (can[s] & needs[n]) == needs[n]:
                for b in range(price.shape[1]):
                    if capacity[s, b] > 0 and price[s, b] < out[n, b]:
                        out[n, b] = price[s, b]
    return out


@njit(cache=True)
def calling_today(uplift, later, still_open, spent, reach, minutes, price, need, out):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill in what a call brings rather than a later one; see `optimize.daily.calling_today`."""
    for a in range(len(uplift)):
        cost = np.inf  # of a talk, later
        for b in range(reach.shape[1]):
            if reach[a, b] > 0:
                cost = min(cost, price[need[a], b] * minutes[a, b] / reach[a, b])
        waiting = 0.0
        for k in range(later.shape[1]):
            if still_open[a, k] > 0 and cost < np.inf:
                waiting = max(waiting, later[a, k] - still_open[a, k] * cost)
        for b in range(reach.shape[1]):
            out[a, b] = reach[a, b] * (uplift[a] - spent[a] * waiting)


@njit(cache=True)
def reduced_values(value, minutes, need, price, out):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill in each account's best value less its minutes at the price, over blocks; -inf where nothing is allowed."""
    for a in range(len(value)):
        best = -np.inf
        for b in range(value.shape[1]):
            if value[a, b] > 0:
                best = max(best, value[a, b] - minutes[a, b] * price[need[a], b])
        out[a] = best


@njit(cache=True)
def fill(value, minutes, able, left, price, specialist, block):  # type: ignore[no-untyped-def]  # numba infers them
    """Put each account where its reduced value is greatest and there is room, the fullest such place first."""
    for paid in (True, False):  # first who is worth the price, then who still fits
        for a in range(len(value)):
            if specialist[a] >= 0:
                continue
            best, room, s_best, b_best = 0.0 if paid else -np.inf, np.inf, -1, -1
            for b in range(value.shape[1]):
                if value[a, b] <= 0:
                    continue
                for s in range(len(left)):
                    spare = left[s, b] - minutes[a, b]
                    if spare < 0 or not able[a, s]:
                        continue
                    reduced = value[a, b] - minutes[a, b] * price[s, b]
                    if reduced > best or (reduced == best and spare < room):
                        best, room, s_best, b_best = reduced, spare, s, b
            if s_best >= 0:
                specialist[a], block[a] = s_best, b_best
                left[s_best, b_best] -= minutes[a, b_best]


@njit(cache=True)
def exchange(value, minutes, able, left, price, specialist, block, steps, heat):  # type: ignore[no-untyped-def]  # numba infers them
    """Anneal: bring an account to another place, where a member makes room for it; end with the best plan met.

    In each of `steps` steps a random account is offered a random place. Where that is full, the member is ejected
    that costs least; it takes the account's old place if it fits there. Losses are accepted up to a random amount that
    falls from about `heat` to 0.
    """
    people, blocks = left.shape
    members = np.full((people * blocks, len(value)), -1)
    count, where = np.zeros(people * blocks, np.int64), np.full(len(value), -1)
    for a in range(len(value)):
        if specialist[a] >= 0:
            _enter(a, specialist[a] * blocks + block[a], members, count, where)
    offers, first = _offers(value, minutes, able, price, 3 * heat)
    best, now, kept, state = 0.0, 0.0, where.copy(), np.uint64(88172645463325252)
    for step in range(steps if len(offers) else 0):
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        number = np.int64((state >> np.uint64(33)) % np.uint64(len(offers)))
        j = np.searchsorted(first, number, "right") - 1
        to, old = offers[number], where[j]
        if to == old:
            continue
        out, gain = _ejected(j, to, old, value, minutes, able, left, members, count)
        luck = float((state >> np.uint64(11)) & np.uint64(0xFFFFF)) / 1048576.0
        if gain < -heat * (1.0 - step / steps) * luck * luck:
            continue
        if old >= 0:
            _leave(j, members, count, where)
            left[old // blocks, old % blocks] += minutes[j, old % blocks]
        if out >= 0:
            i = out % len(value)
            _leave(i, members, count, where)
            left[to // blocks, to % blocks] += minutes[i, to % blocks]
            if out >= len(value):
                _enter(i, old, members, count, where)
                left[old // blocks, old % blocks] -= minutes[i, old % blocks]
        _enter(j, to, members, count, where)
        left[to // blocks, to % blocks] -= minutes[j, to % blocks]
        now += gain
        if now > best + _TINY:
            best = now
            kept[:] = where
    for a in range(len(value)):
        specialist[a], block[a] = (kept[a] // blocks, kept[a] % blocks) if kept[a] >= 0 else (-1, -1)


@njit(cache=True)
def _offers(value, minutes, able, price, most):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the places of each account whose reduced value is at most `most` below its best, and where each begins."""
    people, blocks = price.shape
    offers, first, n = np.empty(len(value) * people * blocks, np.int64), np.zeros(len(value) + 1, np.int64), 0
    for a in range(len(value)):
        best = -np.inf
        for s in range(people):
            for b in range(blocks):
                if able[a, s] and value[a, b] > 0:
                    best = max(best, value[a, b] - minutes[a, b] * price[s, b])
        for s in range(people):
            for b in range(blocks):
                if able[a, s] and value[a, b] > 0 and value[a, b] - minutes[a, b] * price[s, b] >= best - most:
                    offers[n] = s * blocks + b
                    n += 1
        first[a + 1] = n
    return offers[:n], first


@njit(cache=True)
def _ejected(j, to, old, value, minutes, able, left, members, count):  # type: ignore[no-untyped-def]  # numba infers them
    """Return who makes room for account j in a place (-1: nobody need), and what all of that gains.

    The number of the ejected account is raised by the number of accounts where it takes j's old place.
    """
    blocks = left.shape[1]
    b, d = to % blocks, old % blocks
    gain = value[j, b] - (value[j, d] if old >= 0 else 0.0)
    short = minutes[j, b] - left[to // blocks, b]
    if short <= 0:
        return -1, gain
    best, out = -np.inf, -1
    for k in range(count[to]):
        i = members[to, k]
        if minutes[i, b] < short:
            continue
        loss = -value[i, b]
        if (
            old >= 0
            and able[i, old // blocks]
            and value[i, d] > 0
            and minutes[i, d] <= left[old // blocks, d] + minutes[j, d]
        ):
            loss += value[i, d]
            if loss > best:
                best, out = loss, i + len(value)
        elif loss > best:
            best, out = loss, i
    return (out, gain + best) if out >= 0 else (-1, -np.inf)


@njit(cache=True)
def _enter(a, to, members, count, where):  # type: ignore[no-untyped-def]  # numba infers them
    members[to, count[to]] = a
    count[to] += 1
    where[a] = to


@njit(cache=True)
def _leave(a, members, count, where):  # type: ignore[no-untyped-def]  # numba infers them
    place = where[a]
    for k in range(count[place]):
        if members[place, k] == a:
            count[place] -= 1
            members[place, k] = members[place, count[place]]
            break
    where[a] = -1
