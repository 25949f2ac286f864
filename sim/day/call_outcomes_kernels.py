"""Whom a call reaches, and how long calls take, compiled."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Floats, Ints, SmallInts
from ledger.compiling import njit
from models.assumed.call_minutes import Triangle
from models.assumed.reach import SUREST
from sim.world.keyed_kernels import triangular_one, uniform


class Durations(NamedTuple):
    """Minutes of talk, of wrap-up after it, and of an attempt that reaches nobody."""

    talk: Triangle
    wrap: Triangle
    unreached: Triangle


@njit(cache=True)
def chances(who: Ints, zone: SmallInts, factor: Floats, by_block: Floats) -> Floats:
    """Return the chance of reaching each of these customers in each block, at most `SUREST`, shape (who, blocks)."""
    out = np.empty((len(who), by_block.shape[1]))
    for i in range(len(who)):
        for b in range(by_block.shape[1]):
            out[i, b] = min(by_block[zone[who[i]], b] * factor[who[i]], SUREST)
    return out


@njit(cache=True)
def talk_length(key: np.uint64, entity: np.uint64, k: int, minutes: Durations) -> int:
    """Return the whole seconds of a customer's k-th talk with its wrap-up, at least 1."""
    talk = triangular_one(uniform(key, entity, 3 * k), minutes.talk)
    wrap = triangular_one(uniform(key, entity, 3 * k + 1), minutes.wrap)
    return max(int(round(60 * (talk + wrap))), 1)  # noqa: RUF046  # numba's round is a float


@njit(cache=True)
def attempts(
    keys: tuple[np.uint64, np.uint64], entity: Bits, call: SmallInts, chance: Floats, minutes: Durations
) -> tuple[SmallInts, Ints]:
    """Return for each customer's call of a number whether it reaches anybody, and its whole seconds."""
    reached, seconds = np.empty(len(entity), np.int32), np.empty(len(entity), np.int64)
    for i in range(len(entity)):
        k = call[i]
        reached[i] = uniform(keys[0], entity[i], k) < chance[i]
        if reached[i]:
            seconds[i] = talk_length(keys[1], entity[i], k, minutes)
        else:
            spent = triangular_one(uniform(keys[1], entity[i], 3 * k + 2), minutes.unreached)
            seconds[i] = max(int(round(60 * spent)), 1)  # noqa: RUF046  # numba's round is a float
    return reached, seconds


@njit(cache=True)
def talk_lengths(key: np.uint64, entity: Bits, k: SmallInts, minutes: Durations) -> Ints:
    """Return the whole seconds of talks by customer and number."""
    seconds = np.empty(len(entity), np.int64)
    for i in range(len(entity)):
        seconds[i] = talk_length(key, entity[i], k[i], minutes)
    return seconds
