"""Compiled: the days on which the hazard of an invoice was another than its own; see `contacts_felt`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit

FAINT = 1e-3  # of the baseline hazard: what is less is not felt


class Heard(NamedTuple):
    """The contacts that covered each invoice, by invoice and day."""

    begin: Ints  # (invoices + 1,) where those of an invoice begin
    day: Ints
    extra: Floats  # added hazard at their moment


class Blocks(NamedTuple):
    """Spans of days of each invoice that say nothing of contacts: disputes and promises."""

    begin: Ints  # (invoices + 1,)
    first: Ints
    last: Ints


class FeltDays(NamedTuple):
    """Invoice, day, what is added to a relative hazard of 1, and what contacts alone add; sorted by invoice and day."""

    invoice: Ints
    day: Ints
    extra: Floats
    added: Floats


@njit
def felt_days(issue: Ints, end: Ints, heard: Heard, blocks: Blocks, decay: float) -> FeltDays:
    """Return every day of each invoice's life that is not an ordinary one: counted first, then filled in."""
    out = FeltDays(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    for _ in range(2):
        size = 0
        for i in range(len(issue)):
            size = _of_invoice(i, (issue[i], end[i]), heard, blocks, decay, size, out)
        if size != len(out.day):
            out = FeltDays(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size), np.empty(size))
    return out


@njit
def _of_invoice(
    i: int, life: tuple[int, int], heard: Heard, blocks: Blocks, decay: float, place: int, out: FeltDays
) -> int:
    """Write the days of one invoice from a place on, if there is room; return the next place."""
    j, last = heard.begin[i], heard.begin[i + 1]
    begin, end = blocks.begin[i], blocks.begin[i + 1]
    if j == last and begin == end:
        return place
    added = 0.0
    for day in range(life[0], life[1] + 1):
        while j < last and heard.day[j] < day:
            added += heard.extra[j]
            j += 1
        added *= decay
        left_out = False
        for k in range(begin, end):
            left_out |= blocks.first[k] <= day <= blocks.last[k]
        if left_out or added > FAINT:
            if place < len(out.day):
                out.invoice[place], out.day[place] = i, day
                out.extra[place], out.added[place] = -1.0 if left_out else added, added
            place += 1
    return place
