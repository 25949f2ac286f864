"""Who settles what: payments and credits applied to invoices, to the cent, none beyond an invoice's amount."""

from dataclasses import dataclass

import numpy as np

from ledger.importing.cells import Flags, Ints
from ledger.importing.dates import Days


@dataclass(frozen=True, kw_only=True, eq=False)
class Debits:
    """Invoices to be settled. Amounts in minor units."""

    amount: Ints
    settled: Ints  # what the source says has been settled by `cleared`, whoever paid it
    cap: Ints  # the most that may be applied by name
    issued: Days
    cleared: Days  # not a time where `settled` is 0 or its day is unknown
    group: Ints  # rows of one clearing, -1 where none
    tie: Ints  # rank by contents, so that the order of the rows does not matter


@dataclass(frozen=True, kw_only=True, eq=False)
class Credits:
    """Payments, credit notes and other credits that can settle invoices. Amounts in minor units."""

    amount: Ints
    received: Days
    applied: Days  # given day of application, else not a time
    invoice: Ints  # row of the invoice that it names, else -1
    group: Ints
    tie: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """Amounts applied: `credit` is -1 where the source says that an invoice was settled, but not by what."""

    invoice: Ints
    credit: Ints
    amount: Ints


def settle(debits: Debits, credits: Credits) -> tuple[Pieces, Ints]:
    """Apply credits to invoices: first to the invoice that they name, then within their clearing, the rest is cash.

    Returns
    -------
    The amounts applied, and what is left of each credit.
    """
    named = _by_name(debits, credits)
    paid = _total(named.invoice, named.amount, len(debits.amount))
    left = credits.amount - _total(named.credit, named.amount, len(credits.amount))
    due = np.maximum(debits.settled - paid, 0)
    cleared = _by_clearing(debits, credits, due, np.where(credits.invoice < 0, left, 0))
    due -= _total(cleared.invoice, cleared.amount, len(due))
    left -= _total(cleared.credit, cleared.amount, len(left))
    rest = np.flatnonzero(due)
    cash = Pieces(invoice=rest, credit=np.full(len(rest), -1), amount=due[rest])
    return _joined(named, cleared, cash), left


def _by_name(debits: Debits, credits: Credits) -> Pieces:
    rows = np.flatnonzero(credits.invoice >= 0)
    day = np.where(np.isnat(credits.applied), credits.received, credits.applied)[rows]
    rows = rows[np.lexsort((credits.tie[rows], day, credits.invoice[rows]))]
    invoice, amount = credits.invoice[rows], credits.amount[rows]
    before = np.cumsum(amount) - amount
    first = np.flatnonzero(np.diff(invoice, prepend=-1))
    before -= np.repeat(before[first], np.diff(np.append(first, len(invoice))))
    applied = np.clip(debits.cap[invoice] - before, 0, amount)
    kept = applied > 0
    return Pieces(invoice=invoice[kept], credit=rows[kept], amount=applied[kept])


def _by_clearing(debits: Debits, credits: Credits, due: Ints, left: Ints) -> Pieces:
    """Let the credits of a clearing fill its invoices, the earliest issued first, as far as both reach."""
    inv = np.flatnonzero((debits.group >= 0) & (due > 0))
    cre = np.flatnonzero((credits.group >= 0) & (left > 0))
    groups = int(max(debits.group.max(initial=-1), credits.group.max(initial=-1))) + 1
    if not len(inv) or not len(cre):
        return Pieces(invoice=inv[:0], credit=cre[:0], amount=due[:0])
    inv = inv[np.lexsort((debits.tie[inv], debits.issued[inv], debits.group[inv]))]
    cre = cre[np.lexsort((credits.tie[cre], credits.received[cre], credits.group[cre]))]
    reach = np.minimum(
        _total(debits.group[inv], due[inv], groups),
        _total(credits.group[cre], left[cre], groups),
    )
    base = np.cumsum(reach) - reach  # each clearing has its own stretch of one long line
    ends = [
        base[group] + np.minimum(_within(amount, group), reach[group])
        for amount, group in ((due[inv], debits.group[inv]), (left[cre], credits.group[cre]))
    ]
    points = np.unique(np.concatenate([[0], *ends]))
    start, amount = points[:-1], np.diff(points)
    return Pieces(
        invoice=inv[np.searchsorted(ends[0], start, side="right")],
        credit=cre[np.searchsorted(ends[1], start, side="right")],
        amount=amount,
    )


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


def _joined(*parts: Pieces) -> Pieces:
    names = ("invoice", "credit", "amount")
    return Pieces(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def known(days: Days, as_of: np.datetime64) -> Flags:
    """Return which of the days have come by the evening of `as_of`; not a time has not."""
    return ~np.isnat(days) & (days <= as_of)
