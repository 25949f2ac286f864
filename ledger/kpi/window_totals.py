"""What a ledger says about a window of days: the sums that the KPIs are formulas of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.kpi.aging import by_bucket
from ledger.table.columns import NEVER, Columns, Evening, Running, summed
from ledger.table.months import month_ends


@dataclass(frozen=True, kw_only=True)
class WindowTotals:
    """Sums over the window from `start` to `end`, in base-currency major units; AR is what is open on an evening."""

    start: int
    end: int
    beginning_ar: float  # on the evening before `start`
    ar: float
    current_ar: float
    aging: Floats
    aging_invoices: Ints
    sales: float
    cash_applied: float
    cash_received: float
    cash_ever: float
    sales_ever: float
    settled_ever: bool  # an invoice in full, by whatever kind
    unapplied: float  # cash
    unapplied_credit: float  # of every other kind
    written_off: float
    quarter_beginning_ar: float  # of the three months ending on `end`
    quarter_sales: float
    monthly_sales: Floats  # months ending on `end`, latest first, back to the first invoice
    month_days: Ints
    open_by_month: Floats  # open on the evening of `end`, by month of issue
    age_by_month: Floats  # its amount-weighted mean age
    terms: float | None  # amount-weighted days from issue to due, of the window's sales
    mean_days_late: float | None

    @property
    def days(self) -> int:
        """Days in the window, both ends included."""
        return self.end - self.start + 1


@dataclass(frozen=True, kw_only=True)
class Flows:
    """Running totals that every window is read from."""

    sold: Running
    sold_terms: Running  # amount × days from issue to due
    applied: Running
    applied_cash: Running
    received: Running
    written_off: Running
    received_credit: Running  # of every other kind
    paid: Running  # amounts of paid invoices, on the day they were settled
    paid_late: Running  # the same × days late

    @classmethod
    def of(cls, book: Columns) -> "Flows":
        """Add up what was sold, settled and received, by day."""
        n, kinds = book.currencies, len(book.kinds)
        terms = book.amount * (book.due - book.issue)
        sold, sold_terms = Running.of(book.issue, book.currency, n, book.amount, terms)
        code = book.applied_kind * n + book.currency[book.applied_to]
        (by_kind,) = Running.of(book.applied, code, kinds * n, book.applied_amount)
        code = book.received_cash * n + book.received_currency
        (received,) = Running.of(book.received, code, 2 * n, book.received_amount)
        paid = np.flatnonzero((book.settled < NEVER) & (book.last_cash > -NEVER) & ~book.written_off)
        amount, late = book.amount[paid], (book.last_cash - book.due)[paid]
        in_full, in_full_late = Running.of(book.settled[paid], book.currency[paid], n, amount, amount * late)
        cash, write_off = (slice(k * n, k * n + n) for k in map(book.kinds.index, ("cash", "write_off")))
        every = by_kind.totals.reshape(kinds, n, -1).sum(axis=0)
        return cls(
            sold=sold,
            sold_terms=sold_terms,
            applied=Running(first=by_kind.first, totals=every),
            applied_cash=by_kind.of_currencies(cash),
            received=received.of_currencies(slice(n, None)),
            written_off=by_kind.of_currencies(write_off),
            received_credit=received.of_currencies(slice(n)),
            paid=in_full,
            paid_late=in_full_late,
        )


def window_totals(book: Columns, flows: Flows, starts: Sequence[int], ends: Sequence[int]) -> Iterator[WindowTotals]:
    """Yield the totals of each window; `ends` must ascend."""
    for start, end, evening in zip(starts, ends, book.evenings(np.asarray(ends, np.int64)), strict=True):
        yield _window(book, flows, evening, int(start), int(end))


def _window(book: Columns, flows: Flows, evening: Evening, start: int, end: int) -> WindowTotals:
    def amount(minor: Ints) -> float:
        return float(book.value(minor))

    def open_on(day: int) -> float:
        return amount(flows.sold.at(day) - flows.applied.at(day))

    sold = flows.sold.between(start, end)
    aging = book.value(by_bucket(evening.by_due, book.first_due, end))
    counts = by_bucket(evening.count_by_due, book.first_due, end)
    borders = _borders(end, min(book.first_issue, end) if len(book.issue) else end)
    opened, age = _open_by_month(book, evening, borders, end)
    before_quarter = int(month_ends(end, 4)[3])
    paid_then, late_then = _paid_then(book, start, end)
    paid = amount(flows.paid.between(start, end) + paid_then)
    paid_late = amount(flows.paid_late.between(start, end) + late_then)
    sales = amount(sold)
    return WindowTotals(
        start=start,
        end=end,
        beginning_ar=open_on(start - 1),
        ar=open_on(end),
        current_ar=float(aging[0]),
        aging=aging,
        aging_invoices=counts,
        sales=sales,
        cash_applied=amount(flows.applied_cash.between(start, end)),
        cash_received=amount(flows.received.between(start, end)),
        cash_ever=amount(flows.received.at(end)),
        sales_ever=amount(flows.sold.at(end)),
        settled_ever=book.first_settled <= end,
        unapplied=amount(flows.received.at(end) - flows.applied_cash.at(end)),
        unapplied_credit=amount(flows.received_credit.at(end) - (flows.applied.at(end) - flows.applied_cash.at(end))),
        written_off=amount(flows.written_off.between(start, end)),
        quarter_beginning_ar=open_on(before_quarter),
        quarter_sales=amount(flows.sold.between(before_quarter + 1, end)),
        monthly_sales=book.value(flows.sold.at(borders[:-1]) - flows.sold.at(borders[1:])),
        month_days=borders[:-1] - borders[1:],
        open_by_month=opened,
        age_by_month=age,
        terms=amount(flows.sold_terms.between(start, end)) / sales if sales > 0 else None,
        mean_days_late=paid_late / paid if paid > 0 else None,
    )


def _paid_then(book: Columns, start: int, end: int) -> tuple[Ints, Ints]:
    """Return the amounts per currency, and × days late, of invoices paid on the evening, reopened later."""
    then = book.reopened
    counts = (start <= then.day) & (then.day <= end) & (end < then.until) & (then.last_cash > -NEVER)
    then = then.of(counts & ~then.written_off)
    value, code = book.amount[then.row], book.currency[then.row]
    late = value * (then.last_cash - book.due[then.row])
    return summed(code, value, book.currencies), summed(code, late, book.currencies)


def _borders(end: int, first_issue: int) -> Ints:
    """Return the ends of months, latest first, down to the first that lies before the first invoice."""
    ends = month_ends(end, max(2, (end - first_issue) // 28 + 3))
    return ends[: max(2, int(np.argmax(ends < first_issue)) + 1)]


def _open_by_month(book: Columns, evening: Evening, borders: Ints, end: int) -> tuple[Floats, Floats]:
    """Return what is open by month of issue, and its mean age."""
    issue_days = book.first_issue + np.arange(evening.by_issue.shape[1])
    edges = np.clip(borders + 1 - book.first_issue, 0, len(issue_days))
    summed = [
        np.concatenate([np.zeros((book.currencies, 1), np.int64), np.cumsum(by_day, axis=1)], axis=1)[:, edges]
        for by_day in (evening.by_issue, evening.by_issue * np.maximum(end - issue_days, 0))
    ]
    opened, aged = (book.value(total[:, :-1] - total[:, 1:]) for total in summed)
    return opened, np.divide(aged, opened, out=np.zeros_like(aged), where=opened > 0)
