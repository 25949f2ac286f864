"""Contacts of a run: a day's in batches, and all of them as columns."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ledger.arrays import Flags, Ints, SmallInts


@dataclass(frozen=True, kw_only=True, slots=True)
class Contacts:
    """All contacts in order of day and kind, as columns; step -1: the customer rang, specialist -1: nobody."""

    customer: SmallInts
    lead: SmallInts
    began: Ints  # seconds since midnight of day 0
    step: SmallInts
    specialist: SmallInts
    talked: SmallInts
    seconds: SmallInts
    promised: Flags


class Batch(NamedTuple):
    """Contacts of one kind on one day, as columns; see `Contacts`."""

    who: Ints
    lead: Ints  # the invoice that each is about, -1 for none
    step: SmallInts
    talked: SmallInts
    began: Ints
    specialist: SmallInts
    seconds: Ints
    happened: Ints  # places of those that took effect: messages, calls answered, incoming calls taken
    promised: Flags  # filled in where one brought a promise


def messages_sent(who: Ints, lead: Ints, step: SmallInts, began: int) -> Batch:
    """Return messages sent at one moment, which need nobody's time."""
    n = len(who)
    nobody, none = np.full(n, -1, np.int32), np.zeros(n, np.int32)
    return Batch(who, lead, step, none, np.full(n, began), nobody, np.zeros(n, np.int64), np.arange(n), none > 0)


class ContactRecorder:
    """Contacts as they happen, a batch at a time."""

    _KINDS = (np.int32, np.int32, np.int64, np.int32, np.int32, np.int32, np.int32, np.bool_)

    def __init__(self) -> None:
        self.size = 0
        self._columns: tuple[list[npt.NDArray[Any]], ...] = tuple([] for _ in self._KINDS)

    def add(self, batch: Batch) -> None:
        """Add a batch."""
        self.size += len(batch.who)
        columns = (
            batch.who, batch.lead, batch.began, batch.step, batch.specialist, batch.talked, batch.seconds,
            batch.promised,
        )  # fmt: skip
        for batches, column, kind in zip(self._columns, columns, self._KINDS, strict=True):
            batches.append(np.asarray(column, kind))

    def frozen(self) -> Contacts:
        """Return all batches as columns, and forget them."""
        made = []
        for batches, kind in zip(self._columns, self._KINDS, strict=True):
            made.append(np.concatenate(batches) if batches else np.empty(0, kind))
            batches.clear()
        return Contacts(**dict(zip(Contacts.__dataclass_fields__, made, strict=True)))
