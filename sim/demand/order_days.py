"""The order days of a ledger: on which days each customer ordered, what, and how long each has been followed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.calendar import Calendar
from ledger.table.ledger import positions
from ledger.table.months import day_number, day_numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderDays:
    """Order days by customer and day, each with its lines (one per invoice); days since 1970-01-01.

    `first` is each customer's first order day in the whole ledger, `latest` its last one; NONE where it has none.
    """

    owner: Ints
    day: Ints
    lines: Ints  # order o consists of the lines `lines[o] .. lines[o+1]-1`
    amount: Ints  # of each line, base-currency minor units
    term: Ints  # of each line, days
    first: Ints
    latest: Ints
    begin: int  # the ledger's first issue day
    end: int  # the ledger's last day

    @property
    def total(self) -> Floats:
        """Return the amount of each order."""
        return np.add.reduceat(self.amount, self.lines[:-1]).astype(np.float64) if len(self.owner) else np.zeros(0)

    def after(self, day: int) -> "OrderDays":
        """Return only the order days after a day."""
        kept = np.flatnonzero(self.day > day)
        size = np.diff(self.lines)[kept]
        end = np.cumsum(size)
        line = np.repeat(self.lines[:-1][kept] - (end - size), size) + np.arange(int(size.sum()))
        return OrderDays(
            owner=self.owner[kept],
            day=self.day[kept],
            lines=np.r_[0, end].astype(np.int64),
            amount=self.amount[line],
            term=self.term[line],
            first=self.first,
            latest=self.latest,
            begin=self.begin,
            end=self.end,
        )


NONE = -(2**40)


def order_days(ledger: Ledger) -> OrderDays:
    """Return the order days of a ledger with at least one invoice."""
    invoices, customer = ledger.invoices, ledger.customer_of_invoice
    issue, due = day_numbers(invoices["issue_date"]), day_numbers(invoices["due_date"])
    identity = pd.util.hash_array(invoices["invoice_id"].to_numpy(dtype=object), categorize=False)
    order = np.lexsort((identity, issue, customer))
    customer, issue, due = customer[order], issue[order], due[order]
    amount = np.maximum(np.round((ledger.base_rate * invoices["amount"].to_numpy())[order]), 1).astype(np.int64)
    fresh = np.r_[True, (customer[1:] != customer[:-1]) | (issue[1:] != issue[:-1])]
    owner, day = customer[fresh], issue[fresh]
    first = np.full(len(ledger.customers), NONE)
    latest = first.copy()
    first[owner[::-1]] = day[::-1]
    latest[owner] = day
    return OrderDays(
        owner=owner,
        day=day,
        lines=np.r_[np.flatnonzero(fresh), len(customer)],
        amount=amount,
        term=due - issue,
        first=first,
        latest=latest,
        begin=int(issue.min()),
        end=day_number(ledger.as_of),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderExposure:
    """Days on which customers order, from the day `first` on, each counting with a weight.

    These are the working days of each customer's country, and weekends as far as the house invoices on them.
    """

    first: int
    country: Ints  # of each customer
    working: Floats  # (countries, days): orders of a weekday, 1 on average from Monday to Friday; 0 where none
    total: Floats  # (countries, days + 1): summed weights

    @classmethod
    def of(cls, ledger: Ledger, first: int, week: Floats) -> "OrderExposure":
        """Return the days from one to the ledger's last one, each counting as its weekday does (see `weekly`)."""
        codes = tuple(sorted(ledger.customers["country"].unique()))
        days = day_number(ledger.as_of) - first + 1
        calendar = Calendar(start=ledger.as_of - pd.Timedelta(days=days - 1), days=days, countries=codes, home=codes[0])
        working = np.array([open_days(calendar, code)[:days] for code in codes]) * week[calendar.weekday()[:days]]
        country = positions(ledger.customers["country"], pd.Series(codes, dtype=ledger.customers["country"].dtype))
        return cls(first=first, country=country, working=working, total=_summed(working))

    def weighted(self, weight: Floats) -> "OrderExposure":
        """Return the same with a weight for each day."""
        return OrderExposure(
            first=self.first, country=self.country, working=self.working, total=_summed(self.working * weight)
        )

    def between(self, after: Ints | int, until: Ints | int) -> Floats:
        """Return each customer's weight of the days after one day and up to another; 0 where that is not later."""
        days = self.total.shape[1] - 1
        low, high = (np.clip(np.asarray(day) - self.first + 1, 0, days) for day in (after, until))
        return np.asarray(np.maximum(self.total[self.country, high] - self.total[self.country, low], 0.0))


def weekly(days: OrderDays, after: int) -> Floats:
    """Return how many order days after a day fall on each weekday, Monday first, beside their sum over five."""
    counts = np.bincount((days.day[days.day > after] + 3) % 7, minlength=7).astype(np.float64)
    return np.asarray(counts / counts.sum() * 5) if counts.any() else np.r_[np.ones(5), np.zeros(2)]


def open_days(calendar: Calendar, country: str) -> Flags:
    """Return which days of a calendar are no bank holidays of the country: working days and weekends."""
    return calendar.working(country) | (calendar.weekday() >= 5)


def _summed(weight: Floats) -> Floats:
    return np.pad(np.cumsum(weight, axis=1), ((0, 0), (1, 0)))
