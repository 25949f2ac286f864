"""Compiled: from a dense instance to the options that can matter."""

import numpy as np

from ledger.compiling import njit


@njit(cache=True)
def compact(value, lengths, given, filled):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill the arrays of `Options` from value (accounts, actions, resources); return the first wrong entry, or -1."""
    length, steps, slots = lengths
    capacity, must = given
    start, resource, kept_value, kept_minutes, origin = filled
    accounts, actions, resources = value.shape
    offset = np.empty(resources, np.int64)
    for k in range(resources):
        offset[k] = (k // slots) * steps[2] + (k % slots) * steps[3]
    made = 0
    for i in range(accounts):
        floor = -np.inf if must[i] else 0.0
        for k in range(resources):
            first, room = made, capacity[k]
            at = i * steps[0] + offset[k]
            for a in range(actions):
                worth = value[i, a, k]
                if not floor < worth < np.inf:
                    if not worth < np.inf:
                        return (i * actions + a) * resources + k
                    continue
                time = length[at + a * steps[1]]
                if time > room:
                    continue
                beaten = False
                for other in range(first, made):
                    beaten = beaten or (kept_value[other] >= worth and kept_minutes[other] <= time)
                if beaten:
                    continue
                kept = first  # drop what the new option beats
                for other in range(first, made):
                    if worth >= kept_value[other] and time <= kept_minutes[other]:
                        continue
                    kept_value[kept], kept_minutes[kept] = kept_value[other], kept_minutes[other]
                    origin[kept], resource[kept] = origin[other], k
                    kept += 1
                kept_value[kept], kept_minutes[kept] = worth, time
                origin[kept], resource[kept] = a * resources + k, k
                made = kept + 1
        start[i + 1] = made
    return -1
