"""A working day as it goes on: what each stage leaves for those after it."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ledger.arrays import Ints, SmallInts
from sim.day.contact_records import Batch
from sim.day.desk_kernels import CallLists, Incoming

DAY: Final = 86_400  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class CallAttempts:
    """A day's call lists, one after the other: whom each attempt is for, and whether it reaches anybody."""

    who: Ints
    reached: SmallInts
    lists: CallLists


def nobody_rings() -> Incoming:
    """Return the calls of a day on which none comes in."""
    none = np.empty(0, np.int64)
    return Incoming(none, none, none, none, none.astype(np.int32))


@dataclass(kw_only=True, slots=True)
class Today:
    """A working day. Days are counted from day 0; accounts are rows of the portfolio's customers."""

    day: int
    before: int  # the working day before it
    following: int  # the next one; NEVER after the last
    seen: int  # the first day of whose payments the collectors know nothing this morning
    messages: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # accounts to be sent one
    to_call: Ints = field(default_factory=lambda: np.empty(0, np.int64))  # accounts to be called
    incoming: Incoming = field(default_factory=nobody_rings)
    calls: CallAttempts | None = None  # as planned
    sent: Batch | None = None
    called: Batch | None = None
