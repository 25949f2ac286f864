"""A ledger as integer columns, and sums over them that are exact.

Sums are taken in minor units, as integers and per currency, and converted to the base currency last. So a figure does
not depend on the order of rows, on how many days were asked for at once, or on what happened later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
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


def summed(index: Ints, amounts: Ints, size: int) -> Ints:
    """Return the sum of the amounts at each index, exactly."""
    if float(np.abs(amounts).sum(dtype=np.float64)) < _EXACT:
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
    def of(cls, day: Ints, amount: Ints, currency: Ints, currencies: int) -> "Running":
        """Add up amounts by day and currency."""
        if not len(day):
            return cls(first=0, totals=np.zeros((currencies, 1), np.int64))
        first, span = int(day.min()), int(np.ptp(day)) + 2
        cells = summed(currency * span + (day - first + 1), amount, currencies * span)
        return cls(first=first, totals=np.cumsum(cells.reshape(currencies, span), axis=1))

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

    def running(self, rows: Flags | slice, day: Ints, amount: Ints, currency: Ints) -> Running:
        """Add up the chosen rows by day and currency."""
        return Running.of(day[rows], amount[rows], currency[rows], self.currencies)

    def evenings(self, ends: Ints) -> Iterator[Evening]:
        """Yield what was open on each evening; the days must ascend."""
        due, issue = self.due - self.first_due, self.issue - self.first_issue
        dues, issues = int(due.max(initial=0)) + 1, int(issue.max(initial=0)) + 1
        on_due, on_issue = self.currency * dues + due, self.currency * issues + issue
        row = np.concatenate([np.arange(len(self.issue), dtype=np.int32), self.applied_to.astype(np.int32)])
        amount = np.concatenate([self.amount, -self.applied_amount])
        opened, closing, again = np.flatnonzero(self.amount > 0), np.flatnonzero(self.settled < NEVER), self.reopened
        counted = np.concatenate([opened, closing, again.row, again.row])
        change = np.repeat(
            np.array([1, -1, -1, 1], np.int8), [len(opened), len(closing), len(again.row), len(again.row)]
        )
        money = _by_evening(ends, self.issue, self.applied)
        counts = _by_evening(ends, self.issue[opened], self.settled[closing], again.day, again.until)
        by_due, by_issue = np.zeros((self.currencies, dues), np.int64), np.zeros((self.currencies, issues), np.int64)
        count_by_due = np.zeros(dues, np.int64)
        for some, others in zip(money, counts, strict=True):
            at, value = row[some], amount[some]
            by_due = by_due + summed(on_due[at], value, by_due.size).reshape(by_due.shape)
            by_issue = by_issue + summed(on_issue[at], value, by_issue.size).reshape(by_issue.shape)
            count_by_due = count_by_due + summed(due[counted[others]], change[others].astype(np.int64), dues)
            yield Evening(by_due=by_due, by_issue=by_issue, count_by_due=count_by_due)


def _by_evening(ends: Ints, *days: Ints) -> list[Ints]:
    """Return for each evening the places, in the days put together, of those since the evening before."""
    small = np.uint16 if len(ends) < 65_535 else np.int64
    slot = np.concatenate([np.searchsorted(ends, each).astype(small) for each in days])
    order = np.argsort(slot, kind="stable")
    edges = np.searchsorted(slot[order], np.arange(len(ends) + 1))
    return [order[low:high] for low, high in pairwise(edges)]


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
    to, paid, applied, amount = entries.to, entries.paid, entries.applied, entries.amount
    on, cash = to >= 0, entries.kind == PAYMENT_KINDS.index("cash")
    write_off = entries.kind == PAYMENT_KINDS.index("write_off")
    settled = np.full(len(amount), -NEVER)
    np.maximum.at(settled, to[on], applied[on])
    full = summed(to[on], paid[on], len(amount)) == amount
    came = np.maximum(entries.received, entries.issue[to] if len(amount) else entries.received)
    last_cash = np.full(len(amount), -NEVER)
    np.maximum.at(last_cash, to[on & cash], came[on & cash])
    written = np.zeros(len(amount), bool)
    written[to[on & write_off]] = True
    back = np.zeros(len(amount), bool)
    back[to[on & (paid < 0)]] = True
    touched = np.flatnonzero(on)[back[to[on]]]
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
        applied_to=to[on],
        applied=applied[on],
        applied_amount=paid[on],
        applied_kind=entries.kind[on],
        received=entries.received,
        received_amount=paid,
        received_currency=entries.paid_currency,
        received_cash=cash,
        last_cash=last_cash,
        written_off=written,
        kinds=PAYMENT_KINDS,
    )


def _closings(
    row: Ints, day: Ints, amount: Ints, came: Ints, cash: Flags, *, write_off: Flags, invoiced: Ints
) -> Closings:
    """Return when invoices were settled in full, from all that was applied to them or taken back."""
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
