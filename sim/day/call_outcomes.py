"""Whom a call reaches, and how long calls take."""

import numpy as np

from ledger.arrays import Bits, Floats, Ints, SmallInts
from ledger.compiling import njit
from models.assumed.call_minutes import CallMinutes
from models.assumed.reach import SUREST
from sim.world.keyed import triangular_one, uniform


@njit(cache=True)
def chances(who: Ints, zone: SmallInts, factor: Floats, by_block: Floats) -> Floats:
    """Return the chance of reaching each of these customers in each block, at most `SUREST`, shape (who, blocks)."""
    out = np.empty((len(who), by_block.shape[1]))
    for i in range(len(who)):
        for b in range(by_block.shape[1]):
            out[i, b] = min(by_block[zone[who[i]], b] * factor[who[i]], SUREST)
    return out


def outcomes(
    keys: tuple[np.uint64, np.uint64], entity: Bits, call: SmallInts, chance: Floats, minutes: CallMinutes
) -> tuple[SmallInts, Ints]:
    """Return for each account's next call whether it reaches the right party (1 or 0), and its whole seconds."""
    reached, seconds = np.empty(len(entity), np.int32), np.empty(len(entity), np.int64)
    _outcomes(keys, entity, call, chance, minutes.talk, minutes.wrap, minutes.unreached, reached, seconds)
    return reached, seconds


def talk_seconds(key: np.uint64, entity: Bits, k: SmallInts, minutes: CallMinutes) -> Ints:
    """Return the whole seconds of talk and wrap-up of calls that came in."""
    seconds = np.empty(len(entity), np.int64)
    _talks(key, entity, k, minutes.talk, minutes.wrap, seconds)
    return seconds


@njit(cache=True)
def _talk(key, entity, k, talk, wrap):  # type: ignore[no-untyped-def]  # numba infers them
    minutes = triangular_one(uniform(key, entity, 3 * k), talk) + triangular_one(uniform(key, entity, 3 * k + 1), wrap)
    return max(int(round(60 * minutes)), 1)  # noqa: RUF046  # numba's round is a float


@njit(cache=True)
def _outcomes(keys, entity, call, chance, talk, wrap, unreached, reached, seconds):  # type: ignore[no-untyped-def]  # numba infers them
    for i in range(len(entity)):
        k = call[i]
        reached[i] = uniform(keys[0], entity[i], k) < chance[i]
        if reached[i]:
            seconds[i] = _talk(keys[1], entity[i], k, talk, wrap)
        else:
            spent = triangular_one(uniform(keys[1], entity[i], 3 * k + 2), unreached)
            seconds[i] = max(int(round(60 * spent)), 1)  # noqa: RUF046  # numba's round is a float


@njit(cache=True)
def _talks(key, entity, k, talk, wrap, seconds):  # type: ignore[no-untyped-def]  # numba infers them
    for i in range(len(entity)):
        seconds[i] = _talk(key, entity[i], k[i], talk, wrap)
