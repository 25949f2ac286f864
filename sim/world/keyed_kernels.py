"""Compiled: uniforms by key, entity and number; see `keyed`."""

import math

import numpy as np

from ledger.arrays import Bits, Floats, SmallInts
from ledger.compiling import njit
from ledger.splitmix_kernels import mix

_S11 = np.uint64(11)
_UNIT = 2.0**-53


@njit
def uniform(key: np.uint64, entity: np.uint64, k: int) -> float:
    """Return the k-th uniform on (0, 1) of an entity under a key."""
    bits = mix(mix(key ^ entity) + np.uint64(k)) >> _S11
    return (float(bits) + 0.5) * _UNIT


@njit
def uniforms(key: np.uint64, entities: Bits, k: int) -> Floats:
    """Return the k-th uniform of every entity."""
    out = np.empty(len(entities))
    for i in range(len(entities)):
        out[i] = uniform(key, entities[i], k)
    return out


@njit
def child(entity: np.uint64, number: int) -> np.uint64:
    """Return the entity of a customer's n-th invoice (or an order's n-th line)."""
    return mix(entity ^ mix(np.uint64(number)))


@njit
def children(entity: Bits, count: int) -> Bits:
    """Return the first `count` children of every entity, one entity after the other."""
    out = np.empty(len(entity) * count, np.uint64)
    for i in range(len(entity)):
        for k in range(count):
            out[i * count + k] = child(entity[i], k)
    return out


@njit
def child_of_each(entity: Bits, number: SmallInts) -> Bits:
    """Return of each entity the child of its own number."""
    out = np.empty(len(entity), np.uint64)
    for i in range(len(entity)):
        out[i] = child(entity[i], number[i])
    return out


@njit
def triangular_one(u: float, shape: tuple[float, float, float]) -> float:
    """Return the u-quantile of a triangular distribution."""
    low, mode, high = shape
    if high <= low:
        return low
    if u < (mode - low) / (high - low):
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1 - u) * (high - low) * (high - mode))


@njit
def triangular(u: Floats, shape: tuple[float, float, float]) -> Floats:
    """Return the quantiles of a triangular distribution (low, mode, high)."""
    out = np.empty(len(u))
    for i in range(len(u)):
        out[i] = triangular_one(u[i], shape)
    return out
