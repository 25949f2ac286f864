"""Kaplan–Meier by customer, shrunk to segment and portfolio: the first and most robust payment-timing model.

The hazard is a table: for a customer and a day relative to the due date, the probability that the customer decides that
day to pay an invoice still unpaid. What is *seen* is the next of the customer's payment weekdays. So each observed
payment is spread over the days since the payment day before it (`decision_days`), and moving a simulated decision to
the next payment day gives the observed delays back.

- An invoice is at risk from its issue date on (left truncation by its terms), to its payment or censoring. A censored
  one is at risk up to the last payment day on which it is known to be unpaid.
- Shrinkage at each day: ``h = (d + k × parent's h) ÷ (n + k)`` with k = 2 invoices, d payments out of n at risk.
  Customers with fewer than 5 invoices share their segment's row.
- The portfolio itself is shrunk, by the same k, to one hazard for all days; beyond 60 days late, where data thins out,
  by 50 to the pooled hazard of all those days, which also carries on where data ends (and past the table's last day).
- Earlier than any invoice was ever at risk the hazard is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from ledger.table.tables import TEXT
from models.families.decision_days import DAYS, FIRST_DAY, LAST_DAY, DecisionDays
from models.history.contacts_felt import ContactsFelt
from models.history.main_payments import PaymentHistory, history, seen
from models.history.weekdays import days_since, payment_weekdays, weekday
from models.timing import ByHazard, asked_on, unpaid_on

PSEUDO: Final = 2.0  # invoices that the parent's hazard stands for
LATE: Final = 60  # days past due from which the portfolio's hazard is pooled
LATE_PSEUDO: Final = 50.0
OWN_ROW: Final = 5  # invoices that a customer needs for a row of its own
_ROUNDS: Final = 1  # of telling the days of decision by the hazards of the segment
_CHUNK: Final = 4096  # customers


@dataclass(frozen=True, eq=False, kw_only=True)
class KaplanMeier(ByHazard):
    """Discrete-time hazards by customer; rows are the portfolio (0), the segments, then customers with history."""

    table: Floats  # (rows, DAYS): probability of deciding to pay on the day, given unpaid
    weekdays: Flags  # (rows, 7), Monday first
    customers: pd.Series  # ids
    rows: Ints  # row of each of `customers`
    name: str = "kaplan_meier"

    def row_of(self, customer_ids: Sequence[str] | pd.Series) -> Ints:
        """Return the row of `table` of each customer; 0, the portfolio's, for customers never seen."""
        found = positions(pd.Series(customer_ids, dtype=TEXT), self.customers)
        return np.where(found >= 0, self.rows[found], 0)

    def payment_weekdays(self, customer_ids: Sequence[str] | pd.Series) -> Flags:
        """Return (customers, 7): the weekdays on which each customer pays, Monday first; never all false."""
        return self.weekdays[self.row_of(customer_ids)]

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days).

        On the scale of observed payments: it rises on the customer's payment weekdays only, by all that the decisions
        since the payment day before add up to. 0 up to the last evening known unpaid.
        """
        return self._hazard(invoices, np.asarray(days, np.int64).reshape(1, -1))

    def hazard_until(self, invoices: pd.DataFrame, late: Ints) -> Floats:
        """Return the same for a day past due of each invoice's own, shape (invoices,)."""
        return self._hazard(invoices, late[:, None])[:, 0]

    def _hazard(self, invoices: pd.DataFrame, when: Ints) -> Floats:
        row = self.row_of(invoices["customer_id"])
        due = day_numbers(invoices["due_date"])[:, None]
        paid_by = when - self._since[row[:, None], weekday(due + when)]
        issue, unpaid = day_numbers(invoices["issue_date"])[:, None], unpaid_on(invoices)[:, None]
        unpaid_by = np.maximum(unpaid - self._since[row[:, None], weekday(unpaid)], issue - 1) - due
        total = self._upto(row[:, None], paid_by) - self._upto(row[:, None], unpaid_by)
        return np.maximum(total, 0.0)

    def knowing(self, ledger: Ledger) -> "RolledKaplanMeier":
        """Return the estimator rolled forward: a table for each week of what the ledger knows."""
        return RolledKaplanMeier(past=history(ledger), seen=seen(ledger), people=ledger.customers)

    @cached_property
    def _cumulated(self) -> Floats:
        return np.cumsum(-np.log1p(-self.table), axis=1)

    @cached_property
    def _since(self) -> Ints:
        return days_since(self.weekdays)

    def _upto(self, row: Ints, day: Ints) -> Floats:
        """Return the cumulative hazard of decisions up to the day, on from the table's end at its last rate."""
        inside = self._cumulated[row, np.clip(day - FIRST_DAY, 0, DAYS - 1)]
        beyond = np.maximum(day - LAST_DAY, 0) * -np.log1p(-self.table[row, -1])
        return np.where(day < FIRST_DAY, 0.0, inside + beyond)


@dataclass(frozen=True, eq=False, kw_only=True)
class RolledKaplanMeier(ByHazard):
    """The estimator as of each Sunday evening: an invoice is looked up in the last table before it is asked about."""

    past: PaymentHistory
    seen: Ints  # evening from which an invoice's end counts as known
    people: pd.DataFrame
    name: str = "kaplan_meier"

    def knowing(self, ledger: Ledger) -> "RolledKaplanMeier":
        """Return the estimator of what the ledger knows."""
        return RolledKaplanMeier(past=history(ledger), seen=seen(ledger), people=ledger.customers)

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days), by the tables of `KaplanMeier`."""
        evening = asked_on(invoices)
        sunday = evening - (weekday(evening) + 1) % 7
        made = np.empty((len(invoices), np.size(days)))
        for day in np.unique(sunday):
            asked = sunday == day
            made[asked] = hazards_by_customer(self._as_known(day), self.people).cumulative_hazard(invoices[asked], days)
        return made

    def _as_known(self, day: int) -> PaymentHistory:
        """Return the history as the books knew it on the evening of the day."""
        past, kept = self.past, self.past.issue <= day
        known = (self.seen <= day)[kept]
        return PaymentHistory(
            customer=past.customer[kept],
            issue=past.issue[kept],
            due=past.due[kept],
            end=np.where(known, past.end[kept], day),
            paid=past.paid[kept] & known,
            prepaid=past.prepaid[kept] & known,
        )


def fit_kaplan_meier(ledger: Ledger, *, seed: int = 0) -> KaplanMeier:  # noqa: ARG001  # nothing is drawn
    """Return the hazards by customer of a ledger that holds at least one invoice."""
    return hazards_by_customer(history(ledger), ledger.customers)


def hazards_by_customer(past: PaymentHistory, people: pd.DataFrame, felt: ContactsFelt | None = None) -> KaplanMeier:
    """Return the hazards by customer of a history; `people` are the customers that it numbers.

    With what was `felt` of contacts, they are those of the customers by themselves.
    """
    segment_of, segments = pd.factorize(people["segment"], sort=True)
    portfolio_days, own_days = payment_weekdays(past, len(people))
    counts = np.bincount(past.customer, minlength=len(people))
    own = np.flatnonzero(counts >= OWN_ROW)
    decided = DecisionDays.of(past, days_since(own_days), felt)

    first_own = 1 + len(segments)
    table = np.empty((first_own + len(own), DAYS))
    for round_ in range(1 + _ROUNDS):
        if round_:
            decided = decided.told_by(table[1:first_own], segment_of)
        table[0] = portfolio_hazard(*decided.tables(np.zeros(len(people), np.int64), 1))
        table[1:first_own] = _shrunk(*decided.tables(segment_of, len(segments)), table[:1])
    for low in range(0, len(own), _CHUNK):  # in parts, so that no second table of all customers is ever held
        part = own[low : low + _CHUNK]
        slot = np.full(len(people), -1)
        slot[part] = np.arange(len(part))
        rows = slice(first_own + low, first_own + low + len(part))
        table[rows] = _shrunk(*decided.tables(slot, len(part)), table[1 + segment_of[part]])
    row_of = 1 + segment_of
    row_of[own] = first_own + np.arange(len(own))
    return KaplanMeier(
        table=table,
        weekdays=np.concatenate([np.tile(portfolio_days, (first_own, 1)), own_days[own]]),
        customers=people["customer_id"],
        rows=row_of,
    )


def _shrunk(paid: Floats, at_risk: Floats, parent: Floats) -> Floats:
    return np.asarray((paid + PSEUDO * parent) / (at_risk + PSEUDO))


def portfolio_hazard(paid: Floats, at_risk: Floats, first: int = FIRST_DAY) -> Floats:
    """Return a portfolio's hazards from those paid and at risk on the days from `first` on, all (1, days).

    Shrunk as told above; 0 earlier than anything was at risk.
    """
    overall = (paid.sum() + 1.0) / (at_risk.sum() + 30.0)  # with no data at all: one payment in thirty days
    late = slice(LATE - first + 1, None)
    pooled = (paid[:, late].sum() + PSEUDO * overall) / (at_risk[:, late].sum() + PSEUDO)
    parent, pseudo = np.full(paid.shape, overall), np.full(paid.shape, PSEUDO)
    parent[:, late], pseudo[:, late] = pooled, LATE_PSEUDO
    hazard = (paid + pseudo * parent) / (at_risk + pseudo)
    return np.where(np.cumsum(at_risk, axis=1) > 1e-9, hazard, 0.0)
