"""Compiled: what a call today is worth rather than a later one, and where it can be made."""

import numpy as np

from ledger.compiling import njit


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
def values_today(uplift, later, still_open, spent, reach, minutes, price, need, out):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill in what a call brings rather than a later one; see `optimize.in_simulator.planner.calling_today`."""
    for a in range(len(uplift)):
        cost = np.inf  # of a talk, later
        for b in range(reach.shape[1]):
            if reach[a, b] > 0:
                cost = min(cost, price[need[a], b] * minutes[a, b] / reach[a, b])
        waiting = 0.0
        for k in range(later.shape[1] - 1, -1, -1):
            if still_open[a, k] > 0 and cost < np.inf:
                talk = later[a, k] - still_open[a, k] * cost + (1.0 - spent[a]) * waiting
                waiting = max(waiting, talk)
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
def places(value, minutes, able, price, spread):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the places open to each account as columns of `Options`: start, resource, value, minutes.

    A place is one specialist in one block, resource specialist · blocks + block. Kept are those whose reduced value is
    at most `spread` below the account's best.
    """
    people, blocks = price.shape
    most = len(value) * people * blocks
    start, resource = np.zeros(len(value) + 1, np.int64), np.empty(most, np.int32)
    worth, length, n = np.empty(most), np.empty(most), 0
    for a in range(len(value)):
        best = -np.inf
        for s in range(people):
            for b in range(blocks):
                if able[a, s] and value[a, b] > 0:
                    best = max(best, value[a, b] - minutes[a, b] * price[s, b])
        for s in range(people):
            for b in range(blocks):
                if able[a, s] and value[a, b] > 0 and value[a, b] - minutes[a, b] * price[s, b] >= best - spread:
                    resource[n], worth[n], length[n] = s * blocks + b, value[a, b], minutes[a, b]
                    n += 1
        start[a + 1] = n
    return start, resource[:n], worth[:n], length[:n]
