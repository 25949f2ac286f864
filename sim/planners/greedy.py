"""Fill the day's blocks in a given order of accounts."""

import numpy as np

from ledger.arrays import Ints
from ledger.compiling import njit
from sim.planners.protocol import Plan, WorkList


def fill(order: Ints, work: WorkList) -> Plan:
    """Give each account in turn the block in which it is most likely reached, with the least loaded able specialist.

    An account that fits nowhere is left for another day, and the next one is tried.
    """
    specialist = np.full(len(order), -1, np.int32)
    block = np.full(len(order), -1, np.int32)
    place = np.full(len(order), -1, np.int64)
    if len(order) and work.capacity.size:
        _fill(order, work.needs, work.reach, work.minutes, work.can, work.capacity.copy(), specialist, block, place)
    return Plan(specialist=specialist, block=block, place=place)


@njit(cache=True)
def _fill(order, needs, reach, minutes, can, left, specialist, block, place):  # type: ignore[no-untyped-def]  # numba infers them
    people, blocks = left.shape
    shortest = minutes.min()
    total = left.sum()
    tried = np.empty(blocks, np.bool_)
    for turn, a in enumerate(order):
        if total < shortest:
            break
        tried[:] = False
        for _ in range(blocks):
            b, best = -1, 0.0
            for k in range(blocks):
                if not tried[k] and reach[a, k] > best:
                    b, best = k, reach[a, k]
            if b < 0:
                break
            tried[b] = True
            chosen, room = -1, minutes[a, b]
            for s in range(people):
                if (
                    left[s, b] >= room
                    and (can[s] & needs[a]) == needs[a]
                    and (chosen < 0 or left[s, b] > left[chosen, b])
                ):
                    chosen = s
            if chosen >= 0:
                left[chosen, b] -= minutes[a, b]
                total -= minutes[a, b]
                specialist[a], block[a], place[a] = chosen, b, turn
                break
