"""A ledger as integer columns, and sums over them that are exact.

Sums are taken in minor units, as integers and per currency, and converted to the base currency last. So a figure does
not depend on the order of rows, on how many days were asked for at once, or on what happened later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints
from ledger.table.currency import decimals
from ledger.table.ledger import Ledger, positions
from ledger.table.months import day_numbers
from ledger.table.tables import PAYMENT_KINDS, TEXT

NEVER = 2**40  # a day number that is never reached
_EXACT = 2.0**53  # the largest integer up to which float64 holds every integer
_CELLS = 2**21  # of sums by evening that are held at once


def summed(index: Ints, amounts: Ints, size: int) -> Ints:
    """Return the sum of the amounts at each index, exactly."""
    largest = max(-int(amounts.min(initial=0)), int(amounts.max(initial=0)))
    if largest * len(amounts) < _EXACT or float(np.abs(amounts).sum(dtype=np.float64)) < _EXACT:
        return np.bincount(index, weights=amounts, minlength=size).astype(np.int64)
    total = np.zeros(size, np.int64)
    np.add.at(total, index, amounts)
    return total


@dataclass(frozen=True, kw_only=True)
class Running:
    """What had been added up by each evening, per currency."""

    first: int
    totals: Ints  # (currencies, days + 1)

    @classmethod
    def of(cls, day: Ints, currency: Ints, currencies: int, *amounts: Ints) -> "list[Running]":
        """Add up each kind of amount by day and currency."""
        if not len(day):
            return [cls(first=0, totals=np.zeros((currencies, 1), np.int64)) for _ in amounts]
        first, span = int(day.min()), int(np.ptp(day)) + 2
        cell = currency * span + (day - (first - 1))
        sums = (summed(cell, each, currencies * span).reshape(currencies, span) for each in amounts)
        return [cls(first=first, totals=np.cumsum(each, axis=1)) for each in sums]

    def of_currencies(self, rows: slice) -> "Running":
        """Return the totals of some of the currencies, or of some groups of them."""
        return Running(first=self.first, totals=self.totals[rows])

    def at(self, day: int | Ints) -> Ints:
        """Return the totals on the evening of the day or days, per currency."""
        return self.totals[:, np.clip(np.asarray(day) - self.first + 1, 0, self.totals.shape[1] - 1)]

    def between(self, start: int, end: int) -> Ints:
        """Return what was added from the day `start` to the day `end`, both included."""
        return self.at(end) - self.at(start - 1)


@dataclass(frozen=True, kw_only=True)
class Evening:
    """What was open on one evening: minor units (currencies, days) by due and by issue day, and invoices by due day."""

    by_due: Ints
    by_issue: Ints
    count_by_due: Ints


@dataclass(frozen=True, kw_only=True)
class Closings:
    """Times in which invoices were settled in full, as it was known then."""

    row: Ints
    day: Ints
    until: Ints  # first evening on which that no longer held, NEVER where it still does
    last_cash: Ints  # as in `Columns`
    written_off: Flags

    def of(self, kept: Flags) -> "Closings":
        """Return some of them."""
        return Closings(**{each.name: getattr(self, each.name)[kept] for each in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Invoices and payments of a ledger as integers; days since 1970-01-01, minor units, codes of currencies."""

    rates: Floats  # base-currency minor units per minor unit of each currency
    scale: float  # base-currency minor units per major unit
    issue: Ints
    due: Ints
    amount: Ints
    currency: Ints
    settled: Ints  # day on which the invoice was settled in full, NEVER while open
    reopened: Closings  # settlements that were taken back later
    applied_to: Ints  # row of the invoice of each applied payment
    applied: Ints
    applied_amount: Ints
    applied_kind: Ints
    received: Ints  # of every payment, applied or not
    received_amount: Ints
    received_currency: Ints
    received_cash: Flags  # which are cash
    last_cash: Ints  # day the invoice's last cash came, not before issue; a large negative number where none
    written_off: Flags
    kinds: tuple[str, ...]

    @property
    def currencies(self) -> int:
        """Number of currencies."""
        return len(self.rates)

    @cached_property
    def first_issue(self) -> int:
        """Day of the first invoice; 0 where there is none."""
        return int(self.issue.min()) if len(self.issue) else 0

    @cached_property
    def first_due(self) -> int:
        """First due day; 0 where there is no invoice."""
        return int(self.due.min()) if len(self.due) else 0

    def value(self, minor: Ints) -> Floats:
        """Return integer totals per currency, shape (currencies, ...), as one amount in base-currency major units."""
        total = np.zeros(minor.shape[1:])
        for rate, amount in zip(self.rates, minor, strict=True):  # one by one: a fixed order, to the last digit
            total = total + rate * amount
        return np.asarray(total / self.scale)

    def of_kind(self, *kinds: str) -> Flags:
        """Return which applied payments are of these kinds."""
        return np.isin(self.applied_kind, [k for k, name in enumerate(self.kinds) if name in kinds])

    @cached_property
    def first_settled(self) -> int:
        """Day on which an invoice was first settled in full, for a while or for good; NEVER where none was."""
        standing = self.settled[self.amount > 0].min(initial=NEVER)
        return int(min(standing, self.reopened.day.min(initial=NEVER)))

    def evenings(self, ends: Ints) -> Iterator[Evening]:
        """Yield what was open on each evening; the days must ascend."""
        due, issue = self.due - self.first_due, self.issue - self.first_issue
        dues, issues = int(due.max(initial=0)) + 1, int(issue.max(initial=0)) + 1
        on_due, on_issue = self.currency * dues + due, self.currency * issues + issue
        paid_due, paid_issue = on_due[self.applied_to], on_issue[self.applied_to]
        by_due, by_issue = np.zeros(self.currencies * dues, np.int64), np.zeros(self.currencies * issues, np.int64)
        count, again = np.zeros(dues, np.int64), self.reopened
        at_once = max(_CELLS // max(len(by_due), len(by_issue)), 1)
        for first in range(0, len(ends), at_once):
            part = _Evenings(ends[first : first + at_once], after=int(ends[first - 1]) if first else -NEVER)
            issued, applied, one = part.of(self.issue), part.of(self.applied), np.ones(len(again.row), np.int64)
            dues_changed = part.summed(issued, on_due, self.amount, len(by_due))
            dues_changed -= part.summed(applied, paid_due, self.applied_amount, len(by_due))
            issues_changed = part.summed(issued, on_issue, self.amount, len(by_issue))
            issues_changed -= part.summed(applied, paid_issue, self.applied_amount, len(by_issue))
            counts_changed = part.summed(issued, due, (self.amount > 0).astype(np.int64), dues)
            counts_changed -= part.summed(part.of(self.settled), due, np.ones(len(due), np.int64), dues)
            counts_changed -= part.summed(part.of(again.day), due[again.row], one, dues)
            counts_changed += part.summed(part.of(again.until), due[again.row], one, dues)
            for more, by_issue_more, count_more in zip(dues_changed, issues_changed, counts_changed, strict=True):
                by_due, by_issue, count = by_due + more, by_issue + by_issue_more, count + count_more
                yield Evening(
                    by_due=by_due.reshape(self.currencies, dues),
                    by_issue=by_issue.reshape(self.currencies, issues),
                    count_by_due=count,
                )


class _Evenings:
    """Some evenings, in order, for sums over what happened from one to the next."""

    def __init__(self, ends: Ints, after: int) -> None:
        """Take the evenings, and the one after which the first of them begins."""
        self._first, self._last, self._number, self._after = int(ends[0]), int(ends[-1]), len(ends), after
        self._place = np.searchsorted(ends, np.arange(self._first, self._last + 2))

    def of(self, day: Ints) -> Ints:
        """Return for each day the place of the first evening that knows of it; their number where none of these is."""
        place = self._place[np.clip(day, self._first, self._last + 1) - self._first]
        return place if self._after == -NEVER else np.where(day > self._after, place, self._number)

    def summed(self, place: Ints, cell: Ints, amounts: Ints, cells: int) -> Ints:
        """Return the sums of the amounts by evening and cell, (evenings, cells)."""
        total = summed(place * cells + cell, amounts, (self._number + 1) * cells)
        return total[: self._number * cells].reshape(self._number, cells)


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Invoices and payments of a ledger as integers, row by row; days since 1970-01-01, minor units, codes."""

    rates: Floats  # base-currency minor units per minor unit of each currency
    scale: float  # base-currency minor units per major unit
    base: int  # code of the base currency
    issue: Ints
    due: Ints
    amount: Ints
    currency: Ints
    to: Ints  # row of the invoice of each payment, -1 where it is not applied
    received: Ints
    applied: Ints
    paid: Ints
    kind: Ints  # place in PAYMENT_KINDS
    paid_currency: Ints

    @classmethod
    def of(cls, ledger: Ledger) -> "Entries":
        """Return the rows of a ledger's invoices and payments."""
        invoices, payments = ledger.invoices, ledger.payments
        codes = sorted({ledger.base_currency, *invoices["currency"].unique(), *payments["currency"].unique()})
        currencies = pd.Series(codes, dtype=TEXT)
        kinds = payments["kind"].astype(pd.CategoricalDtype(list(PAYMENT_KINDS)))
        return cls(
            rates=ledger.to_base(currencies),
            scale=10.0 ** decimals(ledger.base_currency),
            base=codes.index(ledger.base_currency),
            issue=day_numbers(invoices["issue_date"]),
            due=day_numbers(invoices["due_date"]),
            amount=invoices["amount"].to_numpy(np.int64),
            currency=positions(invoices["currency"], currencies),
            to=ledger.invoice_of_payment,
            received=day_numbers(payments["received_date"]),
            applied=day_numbers(payments["applied_date"]),
            paid=payments["amount"].to_numpy(np.int64),
            kind=np.asarray(kinds.cat.codes, np.int64),
            paid_currency=positions(payments["currency"], currencies),
        )

    def joined(self, later: "Entries") -> "Entries":
        """Return these rows and later ones, whose `to` counts the invoices of both."""
        names = [each.name for each in fields(self) if each.name not in ("rates", "scale", "base")]
        both = {name: np.concatenate([getattr(self, name), getattr(later, name)]) for name in names}
        return Entries(rates=self.rates, scale=self.scale, base=self.base, **both)


_KNOWN: WeakKeyDictionary[Ledger, Columns] = WeakKeyDictionary()  # of each ledger as long as somebody holds it


def columns(ledger: Ledger) -> Columns:
    """Return the ledger's invoices and payments as integer columns; made once, and read, never written to."""
    if ledger not in _KNOWN:
        _KNOWN[ledger] = columns_of(Entries.of(ledger))
    return _KNOWN[ledger]


def columns_of(entries: Entries) -> Columns:
    """Return rows of invoices and payments with what follows from them: when invoices were settled, and by what."""
    amount, chosen = entries.amount, np.flatnonzero(entries.to >= 0)
    on: slice | Ints = slice(None) if len(chosen) == len(entries.to) else chosen
    to, paid, applied, kind = entries.to[on], entries.paid[on], entries.applied[on], entries.kind[on]
    cash, write_off = kind == PAYMENT_KINDS.index("cash"), kind == PAYMENT_KINDS.index("write_off")
    settled = np.full(len(amount), -NEVER)
    np.maximum.at(settled, to, applied)
    full = summed(to, paid, len(amount)) == amount
    came = np.maximum(entries.received[on], entries.issue[to])
    last_cash = np.full(len(amount), -NEVER)
    np.maximum.at(last_cash, to, np.where(cash, came, -NEVER))
    written = np.zeros(len(amount), bool)
    written[to[write_off]] = True
    back = np.zeros(len(amount), bool)
    back[to[paid < 0]] = True
    touched = np.flatnonzero(back[to])
    closings = _closings(
        to[touched],
        applied[touched],
        paid[touched],
        came[touched],
        cash[touched],
        write_off=write_off[touched],
        invoiced=amount,
    )
    standing = closings.of(closings.until == NEVER)
    last_cash[to[touched]], written[to[touched]] = -NEVER, False
    last_cash[standing.row], written[standing.row] = standing.last_cash, standing.written_off
    return Columns(
        rates=entries.rates,
        scale=entries.scale,
        issue=entries.issue,
        due=entries.due,
        amount=amount,
        currency=entries.currency,
        settled=np.where(full, settled, NEVER),
        reopened=closings.of(closings.until < NEVER),
        applied_to=to,
        applied=applied,
        applied_amount=paid,
        applied_kind=kind,
        received=entries.received,
        received_amount=entries.paid,
        received_currency=entries.paid_currency,
        received_cash=entries.kind == PAYMENT_KINDS.index("cash"),
        last_cash=last_cash,
        written_off=written,
        kinds=PAYMENT_KINDS,
    )


def _closings(
    row: Ints, day: Ints, amount: Ints, came: Ints, cash: Flags, *, write_off: Flags, invoiced: Ints
) -> Closings:
    """Return when invoices were settled in full, from all that was applied to them or taken back."""
    if not len(row):  # as a rule: nothing was ever taken back
        none, never = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        return Closings(row=none, day=none, until=none, last_cash=none, written_off=never)
    parts = {
        "amount": amount,
        "cash": np.where(cash, amount, 0),
        "written": np.where(write_off, amount, 0),
        "came": np.where(cash & (amount > 0), came, -NEVER),
    }
    days = (
        pd.DataFrame({"row": row, "day": day, **parts})
        .groupby(["row", "day"])
        .agg(amount=("amount", "sum"), cash=("cash", "sum"), written=("written", "sum"), came=("came", "max"))
    )
    by = days.groupby(level="row")
    total, came = by[["amount", "cash", "written"]].cumsum(), by["came"].cummax().to_numpy()
    rows, on = (days.index.get_level_values(name).to_numpy(np.int64) for name in ("row", "day"))
    until = np.where(np.append(rows[1:], -1)[: len(rows)] == rows, np.append(on[1:], NEVER)[: len(on)], NEVER)
    full = total["amount"].to_numpy() == invoiced[rows]
    return Closings(
        row=rows[full],
        day=on[full],
        until=until[full],
        last_cash=np.where(total["cash"].to_numpy() > 0, came, -NEVER)[full],
        written_off=(total["written"].to_numpy() > 0)[full],
    )
