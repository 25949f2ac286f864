"""Callbacks, compiled."""

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit
from sim.world.keyed_kernels import uniform
from sim.world.state import Accounts


@njit(cache=True)
def will_ring(
    today: int, tomorrow: int, who: Ints, share: Floats, key: np.uint64, acc: Accounts, window: int
) -> tuple[Ints, Ints]:
    """Return who of these will ring tomorrow, each with its share, and how many seconds after the shift's start."""
    caller, second = np.empty(len(who), np.int64), np.empty(len(who), np.int64)
    n = 0
    for k in range(len(who)):
        c = who[k]
        touch = acc.touches[c]
        if acc.callback[c] < today + 1 and uniform(key, acc.entity[c], 2 * touch) < share[k]:
            acc.callback[c] = tomorrow
            caller[n] = c
            second[n] = int(uniform(key, acc.entity[c], 2 * touch + 1) * window)
            n += 1
    return caller[:n], second[:n]
