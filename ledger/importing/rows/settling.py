"""Who settles what: payments and credits applied to invoices, to the cent, none beyond an invoice's amount.

Invoices that share a number (instalments) lie on one *line*, in the order in which they fall due. What names them moves
a mark along that line: payments forward, money that goes back backward; a stretch of the line is what a payment pays.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ledger.arrays import Days, Flags, Ints
from ledger.importing.words.dates import UNREADABLE

CASH_UNSEEN = -1  # settled, the source says, but not by what: taken as cash
CREDIT_UNSEEN = -2  # settled beyond what the source says was paid: a credit that it does not show


@dataclass(frozen=True, kw_only=True, eq=False)
class Debits:
    """Invoices to be settled. Amounts in minor units."""

    amount: Ints
    settled: Ints  # what the source says has been settled by `cleared`, whoever paid it
    cash: Ints  # the part of `settled` that can be cash, by a stated paid amount
    cap: Ints  # the most that may be applied by name
    issued: Days
    due: Days
    cleared: Days  # not a time where `settled` is 0 or its day is unknown
    line: Ints  # invoices of one line share its number
    group: Ints  # rows of one clearing, -1 where none
    owner: Ints  # who owes it, in which currency
    tie: Ints  # rank by contents, so that the order of the rows does not matter


@dataclass(frozen=True, kw_only=True, eq=False)
class Credits:
    """Payments, credit notes and other credits, and what took them back (amounts below 0). Amounts in minor units."""

    amount: Ints
    received: Days
    applied: Days  # given day of application, else not a time
    line: Ints  # line of the invoice that it names, else -1
    also: tuple[Ints, ...]  # lines of the second, third … invoice that it names
    against: Ints  # invoice whose stated settlement it takes back, else -1
    group: Ints
    owner: Ints  # whose invoices it was used on, where only that is known; else -1
    cash: Flags
    tie: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """Amounts applied (below 0: taken back); `credit` is negative where the source does not show by what."""

    invoice: Ints
    credit: Ints
    amount: Ints
    since: Days  # no earlier than that day, where there is one

    def where(self, kept: Flags | Ints) -> "Pieces":
        """Return some of them."""
        return Pieces(**{name: getattr(self, name)[kept] for name in ("invoice", "credit", "amount", "since")})


def settle(debits: Debits, credits: Credits) -> tuple[Pieces, Ints]:
    """Apply credits to invoices: what names them, then their clearing, then their customer; the rest is unseen.

    Returns
    -------
    The amounts applied, and what is left of each credit, of its sign.
    """
    book = _Book(debits, credits)
    book.add(_by_name(debits, credits, credits.line, credits.amount))
    for line in credits.also:
        book.add(_by_name(replace(debits, cap=debits.cap - book.paid), credits, line, np.maximum(book.left, 0)))
    loose = np.where((credits.line < 0) & (credits.against < 0), book.left, 0)
    book.add(_by_clearing(debits, credits, book.due, loose))
    book.by_owner()
    rest = np.flatnonzero(book.due)
    cash = np.minimum(book.due, np.maximum(debits.cash - book.cash_paid, 0))[rest]
    unseen = np.concatenate([np.full(len(rest), CASH_UNSEEN), np.full(len(rest), CREDIT_UNSEEN)])
    amount = np.concatenate([cash, book.due[rest] - cash])
    book.add(_pieces(np.concatenate([rest, rest])[amount > 0], unseen[amount > 0], amount[amount > 0]))
    back = np.flatnonzero(credits.against >= 0)
    book.add(_pieces(credits.against[back], back, credits.amount[back]))
    return book.pieces(), book.left


class _Book:
    """What has been applied so far."""

    def __init__(self, debits: Debits, credits: Credits) -> None:
        self.debits, self.credits = debits, credits
        self.parts: list[Pieces] = []
        self.paid = np.zeros(len(debits.amount), np.int64)
        self.cash_paid = np.zeros(len(debits.amount), np.int64)
        self.left = credits.amount.copy()

    @property
    def due(self) -> Ints:
        """What the source says was settled, beyond what has been applied."""
        return np.asarray(np.maximum(self.debits.settled - self.paid, 0))

    def add(self, pieces: Pieces) -> None:
        """Take pieces into the account."""
        shown = pieces.credit >= 0
        np.add.at(self.paid, pieces.invoice, pieces.amount)
        np.subtract.at(self.left, pieces.credit[shown], pieces.amount[shown])
        cash = shown.copy()
        cash[shown] = self.credits.cash[pieces.credit[shown]]
        np.add.at(self.cash_paid, pieces.invoice[cash], pieces.amount[cash])
        self.parts.append(pieces)

    def pieces(self) -> Pieces:
        """Return all of them."""
        names = ("invoice", "credit", "amount", "since")
        return Pieces(**{name: np.concatenate([getattr(part, name) for part in self.parts]) for name in names})

    def by_owner(self) -> None:
        """Apply used credits within their customer: to what was stated as not paid first, latest to latest."""
        credits, debits = self.credits, self.debits
        if not (credits.owner >= 0).any():
            return
        short = debits.settled > debits.cash  # something else than cash must have settled the rest
        for kind in ("credit", "any", "cash"):
            cash_to_come = np.maximum(debits.cash - self.cash_paid, 0)
            room = {
                "credit": np.where(short, self.due - cash_to_come, 0),
                "any": np.where(short, 0, self.due),
                "cash": np.where(short, np.minimum(self.due, cash_to_come), 0),
            }[kind]
            able = (credits.owner >= 0) & ((kind == "any") | (credits.cash == (kind == "cash")))
            self.add(_by_owner(debits, credits, np.maximum(room, 0), np.where(able, np.maximum(self.left, 0), 0)))


def _by_name(debits: Debits, credits: Credits, line: Ints, amount: Ints) -> Pieces:
    """Apply what names an invoice in the order of its days; what goes back leaves the latest stretch of the line."""
    rows = np.flatnonzero((line >= 0) & (amount != 0))
    if not len(rows):
        return _pieces(rows, rows, rows)
    day = _days(credits, rows, line)
    order = np.lexsort((credits.tie[rows], amount[rows] < 0, day, line[rows]))
    rows, day = rows[order], day[order]
    inv = np.flatnonzero(np.isin(debits.line, line[rows]))
    inv = inv[np.lexsort((debits.tie[inv], debits.due[inv], debits.line[inv]))]
    lines = int(max(debits.line.max(), line.max())) + 1
    length = _total(debits.line[inv], debits.cap[inv], lines)
    start = np.cumsum(length) - length  # each line has its own stretch of one long line
    ends = start[debits.line[inv]] + _within(debits.cap[inv], debits.line[inv])
    mark = np.clip(_within(amount[rows], line[rows]), 0, length[line[rows]]) + start[line[rows]]
    before = np.where(np.diff(line[rows], prepend=-1) != 0, start[line[rows]], np.roll(mark, 1))
    low, high = np.minimum(before, mark), np.maximum(before, mark)
    first, last = np.searchsorted(ends, low, side="right"), np.searchsorted(ends, high, side="left")
    count = np.where(high > low, last - first + 1, 0)
    entry = np.repeat(np.arange(len(rows)), count)
    at = np.repeat(first, count) + np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)
    span = np.minimum(high[entry], ends[at]) - np.maximum(low[entry], ends[at] - debits.cap[inv][at])
    back = mark[entry] < before[entry]
    kept = span > 0
    since = np.where(back, day[entry], UNREADABLE)
    return _pieces(inv[at][kept], rows[entry][kept], np.where(back, -span, span)[kept], since[kept])


def _days(credits: Credits, rows: Ints, line: Ints) -> Days:
    """Return the day on which each row counts; what goes back no earlier than all that had come by its own day."""
    day = np.where(np.isnat(credits.applied), credits.received, credits.applied)[rows]
    back = credits.amount[rows] < 0
    if not back.any():
        return day
    touched = np.flatnonzero(np.isin(line[rows], line[rows][back]))
    touched = touched[np.lexsort((back[touched], credits.received[rows][touched], line[rows][touched]))]
    forward = np.where(back[touched], np.datetime64("1900-01-01"), day[touched])
    group = line[rows][touched]
    base = np.cumsum(np.diff(group, prepend=group[:1]) != 0) * np.int64(1_000_000)  # days are far fewer
    latest = np.maximum.accumulate(base + forward.astype("datetime64[D]").astype(np.int64)) - base
    latest_day = latest.astype("datetime64[D]")
    day = day.copy()
    day[touched] = np.where(back[touched], np.maximum(day[touched], latest_day), day[touched])
    return day


def _by_clearing(debits: Debits, credits: Credits, due: Ints, left: Ints) -> Pieces:
    """Let the credits of a clearing fill its invoices, the earliest issued first, as far as both reach.

    What goes back within the clearing was not there to settle them.
    """
    inv = np.flatnonzero((debits.group >= 0) & (due > 0))
    cre = np.flatnonzero((credits.group >= 0) & (left > 0))
    if not len(inv) or not len(cre):
        return _pieces(inv[:0], cre[:0], due[:0])
    groups = int(max(debits.group.max(), credits.group.max())) + 1
    back = np.flatnonzero((credits.group >= 0) & (left < 0))
    inv = inv[np.lexsort((debits.tie[inv], debits.issued[inv], debits.group[inv]))]
    cre = cre[np.lexsort((credits.tie[cre], credits.received[cre], credits.group[cre]))]
    less = _total(credits.group[back], left[back], groups)
    found = _filled(_Queue(inv, debits.group[inv], due[inv]), _Queue(cre, credits.group[cre], left[cre]), less)
    return replace(found, since=debits.cleared[found.invoice])


def _by_owner(debits: Debits, credits: Credits, due: Ints, left: Ints) -> Pieces:
    """Let a customer's credits fill what was settled after them: the latest credit meets the latest settlement."""
    inv, cre = np.flatnonzero(due > 0), np.flatnonzero(left > 0)
    if not len(inv) or not len(cre):
        return _pieces(inv[:0], cre[:0], due[:0])
    day = np.where(np.isnat(debits.cleared), debits.due, debits.cleared)
    inv = inv[np.lexsort((debits.tie[inv], -day[inv].astype(np.int64), debits.owner[inv]))]
    cre = cre[np.lexsort((credits.tie[cre], -credits.received[cre].astype(np.int64), credits.owner[cre]))]
    owners = int(max(debits.owner.max(), credits.owner.max())) + 1
    queues = _Queue(inv, debits.owner[inv], due[inv]), _Queue(cre, credits.owner[cre], left[cre])
    found = _filled(*queues, np.zeros(owners, int))
    later = credits.received[found.credit] > debits.cleared[found.invoice]  # false where the day is unknown
    return replace(found, since=debits.cleared[found.invoice]).where(~later)


class _Queue(NamedTuple):
    """Invoices or credits in the order in which they are filled or used up, group by group."""

    row: Ints
    group: Ints
    amount: Ints


def _filled(owed: _Queue, credit: _Queue, less: Ints) -> Pieces:
    """Fill invoices with the credits of their group; `less` (0 or below), per group, is taken off the credits."""
    total_owed, total_credit = (_total(queue.group, queue.amount, len(less)) for queue in (owed, credit))
    reach = np.minimum(total_owed, np.maximum(total_credit + less, 0))
    base = np.cumsum(reach) - reach
    ends = [
        base[queue.group] + np.minimum(_within(queue.amount, queue.group), reach[queue.group])
        for queue in (owed, credit)
    ]
    points = np.unique(np.concatenate([[0], *ends]))
    start, amount = points[:-1], np.diff(points)
    invoice, by = (
        queue.row[np.searchsorted(end, start, side="right")] for queue, end in zip((owed, credit), ends, strict=True)
    )
    return _pieces(invoice, by, amount)


def _pieces(invoice: Ints, credit: Ints, amount: Ints, since: Days | None = None) -> Pieces:
    never = np.full(len(invoice), UNREADABLE, "datetime64[D]")
    return Pieces(invoice=invoice, credit=credit, amount=amount, since=never if since is None else since)


def _within(amount: Ints, group: Ints) -> Ints:
    """Return the running total inside each group; rows are sorted by group."""
    total = np.cumsum(amount)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    before = total[first] - amount[first]
    return total - np.repeat(before, np.diff(np.append(first, len(group))))


def _total(index: Ints, amount: Ints, size: int) -> Ints:
    total = np.zeros(size, np.int64)
    np.add.at(total, index, amount)
    return total


def known(days: Days, as_of: np.datetime64) -> Flags:
    """Return which of the days have come by the evening of `as_of`; not a time has not."""
    return ~np.isnat(days) & (days <= as_of)
