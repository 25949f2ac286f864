"""Whom a call reaches, and how long calls take."""

import numpy as np

from ledger.arrays import Bits, Floats, Ints, SmallInts
from models.assumed.call_minutes import CallMinutes
from sim.day.call_outcomes_kernels import Durations, attempts, talk_lengths


def outcomes(
    keys: tuple[np.uint64, np.uint64], entity: Bits, call: SmallInts, chance: Floats, minutes: CallMinutes
) -> tuple[SmallInts, Ints]:
    """Return for each account's next call whether it reaches the right party (1 or 0), and its whole seconds."""
    return attempts(keys, entity, call, chance, _durations(minutes))


def talk_seconds(key: np.uint64, entity: Bits, k: SmallInts, minutes: CallMinutes) -> Ints:
    """Return the whole seconds of talk and wrap-up of calls that came in."""
    return talk_lengths(key, entity, k, _durations(minutes))


def _durations(minutes: CallMinutes) -> Durations:
    return Durations(minutes.talk, minutes.wrap, minutes.unreached)
