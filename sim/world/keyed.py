"""Keyed randomness: every uniform is a hash of (seed, replication, purpose, entity, k).

There is no stream to share and no order to keep: the same key gives the same number on any worker, and a customer that
is added to a portfolio changes nobody else's draws. The mixing function is the finaliser of splitmix64 (Steele, Lea
and Flood, "Fast splittable pseudorandom number generators", 2014), applied twice.
"""

from enum import IntEnum
from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Bits, Floats
from ledger.splitmix_kernels import mix
from sim.world.keyed_kernels import uniforms


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
