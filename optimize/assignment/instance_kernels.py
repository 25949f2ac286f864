"""Compiled: from a dense instance to the options that can matter; see `optimize.assignment.instance.Options.of`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Floats, Ints, SmallInts
from ledger.compiling import njit


class Dense(NamedTuple):
    """An instance as it is given: resource k is desk ``k // slots`` in slot ``k % slots``."""

    value: Floats  # (accounts, actions, resources)
    minutes: Floats  # flat, each dimension 1 or full
    steps: Ints  # between neighbours of an account, action, desk and slot in `minutes`, 0 along a dimension of 1; (4,)
    slots: int
    capacity: Floats  # minutes; (resources,)
    must: Flags  # (accounts,)


class Kept(NamedTuple):
    """Arrays of `Options`, with room for every entry of `Dense.value`."""

    start: Ints  # (accounts + 1,)
    resource: SmallInts  # (entries,), as the following
    value: Floats
    minutes: Floats
    origin: Ints


@njit(cache=True)
def compact(dense: Dense, kept_out: Kept) -> int:
    """Keep the options that can matter; return the first wrong entry of the values, or -1."""
    value, length, steps, slots, capacity, must = dense
    start, resource, kept_value, kept_minutes, origin = kept_out
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
                        return int((i * actions + a) * resources + k)
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
