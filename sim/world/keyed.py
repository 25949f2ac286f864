"""Keyed randomness: every uniform is a hash of (seed, replication, purpose, entity, k).

There is no stream to share and no order to keep: the same key gives the same number on any worker, and a customer that
is added to a portfolio changes nobody else's draws. The mixing function is the finaliser of splitmix64 (Steele, Lea
and Flood, "Fast splittable pseudorandom number generators", 2014), applied twice.
"""

import math
from enum import IntEnum
from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Bits, Floats, SmallInts
from ledger.compiling import njit
from ledger.splitmix_kernels import mix

_S11: Final = np.uint64(11)
_UNIT: Final = 2.0**-53


class Purpose(IntEnum):
    """What a draw decides. A new purpose takes a new number; numbers are never used again."""

    ORDER_TIME = 1
    ORDER_CHOICE = 2
    PAYMENT = 3
    DISPUTE = 4
    REACH = 5
    DURATION = 6
    PROMISE = 7
    CALLBACK = 8
    PLANNER = 9
    CUSTOMER = 10
    CATALOGUE = 11
    CALLBACK_DURATION = 12
    HOLDOUT = 13
    BELIEF = 14
    PART_PAYMENT = 15
    WRITE_OFF = 16
    ORDER_LEVEL = 17
    ORDER_RATE = 18
    NEWCOMER = 19
    ORDER_SAMPLE = 20
    PAYMENT_LEVEL = 21
    LIVE_PROMISE = 22
    ORDER_MONTH = 23
    ORDER_SEASON = 24
    PAYMENT_MONTH = 25


NOBODY: Final = np.uint64(0x6E6577)  # entity of what is drawn for all


@njit(cache=True)
def uniform(key: np.uint64, entity: np.uint64, k: int) -> float:
    """Return the k-th uniform on (0, 1) of an entity under a key."""
    bits = mix(mix(key ^ entity) + np.uint64(k)) >> _S11
    return (float(bits) + 0.5) * _UNIT


@njit(cache=True)
def uniforms(key: np.uint64, entities: Bits, k: int) -> Floats:
    """Return the k-th uniform of every entity."""
    out = np.empty(len(entities))
    for i in range(len(entities)):
        out[i] = uniform(key, entities[i], k)
    return out


@njit(cache=True)
def child(entity: np.uint64, number: int) -> np.uint64:
    """Return the entity of a customer's n-th invoice (or an order's n-th line)."""
    return mix(entity ^ mix(np.uint64(number)))


@njit(cache=True)
def children(entity: Bits, count: int) -> Bits:
    """Return the first `count` children of every entity, one entity after the other."""
    out = np.empty(len(entity) * count, np.uint64)
    for i in range(len(entity)):
        for k in range(count):
            out[i * count + k] = child(entity[i], k)
    return out


@njit(cache=True)
def child_of_each(entity: Bits, number: SmallInts) -> Bits:
    """Return of each entity the child of its own number."""
    out = np.empty(len(entity), np.uint64)
    for i in range(len(entity)):
        out[i] = child(entity[i], number[i])
    return out


def normals(key: np.uint64, entities: Bits, k: int) -> Floats:
    """Return a standard normal of every entity, from its uniforms 2k and 2k + 1 (Box and Muller)."""
    radius = np.sqrt(-2 * np.log(uniforms(key, entities, 2 * k)))
    return np.asarray(radius * np.cos(2 * np.pi * uniforms(key, entities, 2 * k + 1)))


def key(seed: int, replication: int, purpose: Purpose | str) -> np.uint64:
    """Return the 64-bit key of one purpose in one replication of a study; a text is a purpose of its own."""
    number = int(pd.util.hash_array(np.array([purpose], object))[0]) if isinstance(purpose, str) else int(purpose)
    with np.errstate(over="ignore"):
        state = np.uint64(0)
        for part in (seed, replication, number):
            state = mix.py_func(state ^ np.uint64(part & 0xFFFFFFFFFFFFFFFF))  # type: ignore[attr-defined]  # compiled
    return np.uint64(state)


def entities(ids: "pd.Series[str]") -> Bits:
    """Return a 64-bit entity for each id: a hash of its text, so that it does not depend on the row it stands in."""
    return pd.util.hash_array(ids.to_numpy(dtype=object), categorize=False)


@njit(cache=True)
def triangular_one(u: float, shape: tuple[float, float, float]) -> float:
    """Return the u-quantile of a triangular distribution."""
    low, mode, high = shape
    if high <= low:
        return low
    if u < (mode - low) / (high - low):
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1 - u) * (high - low) * (high - mode))


@njit(cache=True)
def triangular(u: Floats, shape: tuple[float, float, float]) -> Floats:
    """Return the quantiles of a triangular distribution (low, mode, high)."""
    out = np.empty(len(u))
    for i in range(len(u)):
        out[i] = triangular_one(u[i], shape)
    return out
