"""Compiled: fill the day's blocks in a given order of accounts; see `sim.planners.greedy`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Floats, Ints, SmallInts
from ledger.compiling import njit


class DueAccounts(NamedTuple):
    """Accounts that may be called."""

    needs: Bits  # bits that a specialist must have; (accounts,)
    reach: Floats  # chance of an answer; (accounts, blocks)
    minutes: Floats  # expected length of a call; (accounts, blocks)


class FilledBlocks(NamedTuple):
    """Who calls an account, when, and as which call in the order given; -1: nobody."""

    specialist: SmallInts  # (accounts,)
    block: SmallInts  # (accounts,)
    place: Ints  # (accounts,)


@njit(cache=True)
def fill_blocks(order: Ints, calls: DueAccounts, can: Bits, left_out: Floats, placed_out: FilledBlocks) -> None:
    """Place the accounts in `order`; `can`, (specialists,), are bits, `left_out` minutes, (specialists, blocks)."""
    needs, reach, minutes = calls
    people, blocks = left_out.shape
    shortest = minutes.min()
    total = left_out.sum()
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
                    left_out[s, b] >= room
                    and (can[s] & needs[a]) == needs[a]
                    and (chosen < 0 or left_out[s, b] > left_out[chosen, b])
                ):
                    chosen = s
            if chosen >= 0:
                left_out[chosen, b] -= minutes[a, b]
                total -= minutes[a, b]
                placed_out.specialist[a], placed_out.block[a], placed_out.place[a] = chosen, b, turn
                break
