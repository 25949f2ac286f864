"""When payments may have been decided: invoices at risk and paid, by days past due.

What is *seen* of a customer who pays on Fridays is the Friday. It decided on one of the days since the payment day
before, not before issue: the payment is spread over these, evenly at first, then as the hazards found expect. For an
invoice due on Wednesday the Wednesday is likelier than its neighbours, as those tell that are due on other days. A
censored invoice is at risk up to the last payment day on which it is known to be unpaid.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from models.history.contacts_felt import ContactsFelt
from models.history.main_payments import PaymentHistory
from models.history.weekdays import weekday

FIRST_DAY: Final = -120  # days past due
LAST_DAY: Final = 400
DAYS: Final = LAST_DAY - FIRST_DAY + 1
_SURE: Final = 1 - 1e-9
_SELDOM: Final = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class DecisionDays:
    """Invoices as (row of the history, column of the table): where they enter, are paid in parts, or are censored."""

    customer: Ints
    entry: Ints
    payer: Ints  # row of the history of each part of a payment
    paid_day: Ints
    paid_weight: Floats
    told: Flags | None  # whether each of these parts counts as a payment; None: all do
    lost: Ints
    lost_day: Ints  # the first day on which it is no longer at risk
    felt: tuple[Ints, Ints, Floats] | None  # rows, columns, and what is added to a day at risk

    @classmethod
    def of(cls, past: PaymentHistory, since: Ints, felt: ContactsFelt | None = None) -> "DecisionDays":
        """Spread the payments of a history; `since` holds the days since each customer's last payment day by weekday.

        Days are at risk as much as is `felt` of contacts on them.
        """
        late, first = past.end - past.due, past.issue - past.due
        paid = past.paid & (late <= LAST_DAY)  # what is paid later is at risk on every day of the table
        before = 1 + since[past.customer, weekday(past.end - 1)]  # days since the payment day before
        length = np.where(paid, np.minimum(before, late - first + 1), 0)
        part = np.repeat(np.arange(len(past)), length)
        back = np.arange(len(part)) - np.repeat(np.cumsum(length) - length, length)
        unpaid_on = late - np.where(past.paid, 0, since[past.customer, weekday(past.end)])
        lost = np.flatnonzero(~paid)
        return cls(
            customer=past.customer,
            entry=_column(first),
            payer=part,
            paid_day=_column(late[part] - back),
            paid_weight=1.0 / length[part],
            told=None if felt is None else felt.told[part],
            lost=lost,
            lost_day=_column(np.maximum(unpaid_on + 1, first)[lost]),
            felt=None if felt is None else _felt_at_risk(past, length, unpaid_on, felt),
        )

    def told_by(self, hazard: Floats, row_of: Ints) -> "DecisionDays":
        """Return the same with each payment spread as hazards (rows, DAYS) expect, `row_of` each customer.

        The step of the self-consistent estimator of Turnbull (1976): the chance of a day, given that it is one of them.
        Days felt of contacts stay as much at risk as they were.
        """
        chance = hazard[row_of[self.customer[self.payer]], np.minimum(self.paid_day, DAYS - 1)]
        first = np.flatnonzero(np.diff(self.payer, prepend=-1))
        length = np.diff(np.append(first, len(chance)))
        unpaid = np.cumsum(np.log1p(-np.minimum(chance, _SURE)))  # days run back from that of the payment
        earlier = np.repeat(unpaid[first + length - 1], length) - unpaid
        weight = np.maximum(chance, _SELDOM) * np.exp(earlier)
        return replace(self, paid_weight=weight / np.repeat(np.add.reduceat(weight, first), length))

    def tables(self, group_of: Ints, groups: int, size: Floats | None = None) -> tuple[Floats, Floats]:
        """Return payments d and invoices at risk n, both (groups, DAYS); customers of group −1 count nowhere.

        Each invoice counts as one, or as its `size`.
        """

        def total(row: Ints, column: Ints, weights: Floats | None) -> Floats:
            if size is not None:
                weights = size[row] if weights is None else weights * size[row]
            group = group_of[self.customer[row]]
            kept = (group >= 0) & (column < DAYS)
            cells = group[kept] * DAYS + column[kept]
            chosen = None if weights is None else weights[kept]
            return np.bincount(cells, chosen, groups * DAYS).astype(np.float64).reshape(groups, DAYS)

        paid = total(self.payer, self.paid_day, self.paid_weight)
        at_risk = total(np.arange(len(self.entry)), self.entry, None)
        at_risk -= total(self.lost, self.lost_day, None)
        at_risk[:, 1:] -= paid[:, :-1]
        np.cumsum(at_risk, axis=1, out=at_risk)
        if self.told is not None:
            paid = total(self.payer, self.paid_day, self.paid_weight * self.told)
        if self.felt is not None:
            at_risk += total(*self.felt)
        return paid, np.maximum(at_risk, paid)


def _felt_at_risk(past: PaymentHistory, length: Ints, unpaid_on: Ints, felt: ContactsFelt) -> tuple[Ints, Ints, Floats]:
    """Return row, column and extra time at risk of each day felt; less where a payment may have been decided before."""
    i, late = felt.invoice, felt.day - past.due[felt.invoice]
    left = (past.end - past.due)[i] - late  # days to the payment
    spread = np.where(length[i] > 0, np.minimum((left + 1) / np.maximum(length[i], 1), 1.0), late <= unpaid_on[i])
    return i, _column(late), felt.extra * spread


def _column(day: Ints) -> Ints:
    """Return the table's column of a day relative to due; what is earlier counts on the first, later ones on none."""
    return np.clip(day - FIRST_DAY, 0, DAYS)
