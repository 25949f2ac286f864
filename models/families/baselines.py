"""Two baselines that every model has to beat: the due date, and the customer's usual lateness.

Both know one day and no doubt: an invoice is unpaid until that day, and paid on it. A cumulative hazard must stay
finite, so "paid" means a survival of one in a million on the evening of that day, a millionth of that on the next, and
so on. So the answer stays valid for whoever asks later: an invoice unpaid after its day pays on the next one.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from ledger.table.tables import TEXT
from models.history.main_payments import history, seen
from models.timing import ByHazard, asked_on, unpaid_on

FLOOR: Final = 1e-6  # survival on the evening of the day that the model names
RATE: Final = -float(np.log(FLOOR))  # hazard of that day and of every later one
_SPAN: Final = 2**21  # more days than any calendar here has


def _cumulative(invoices: pd.DataFrame, days: npt.ArrayLike, named: Ints) -> Floats:
    """Return the cumulative hazard, (invoices, days), of paying on the named day relative to due, or the next day."""
    when = np.asarray(days, np.int64).reshape(1, -1)
    before = np.maximum(named - 1, unpaid_on(invoices) - day_numbers(invoices["due_date"]))
    return np.asarray(RATE * np.maximum(when - before[:, None], 0))


def _key(customer: Ints, day: Ints) -> Ints:
    """Return one number that sorts by customer and then by day."""
    return customer * _SPAN + day


@dataclass(frozen=True, kw_only=True)
class DueDate(ByHazard):
    """Every invoice is paid on its due date; one that is overdue when asked about, on the next day."""

    name: Literal["due_date"] = "due_date"

    def knowing(self, ledger: Ledger) -> "DueDate":  # noqa: ARG002  # nothing was learned
        """Return the same model."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return 0 before the due date (or the day after `asked_on`), at least −log `FLOOR` from then on."""
        return _cumulative(invoices, days, np.zeros(len(invoices), np.int64))


@dataclass(frozen=True, eq=False, kw_only=True)
class CustomerMean(ByHazard):
    """Every invoice is paid its customer's mean number of days late, rounded, of those paid by the evening asked on.

    A customer without a paid invoice by then has the mean of the portfolio; with none anywhere it is the due date.
    """

    customers: pd.Series  # ids
    own_known: Ints  # `_key` of the customer and the day on which each payment was in the books, ascending
    own_total: Ints  # (payments + 1,): days late added up in that order
    known: Ints  # the same for the portfolio: days
    total: Ints
    name: Literal["customer_mean"] = "customer_mean"

    @classmethod
    def of(cls, ledger: Ledger) -> "CustomerMean":
        """Learn from the paid invoices of a ledger."""
        past, known_on = history(ledger), seen(ledger)
        paid = np.flatnonzero(past.paid)
        late, known, owner = (past.end - past.due)[paid], known_on[paid], past.customer[paid]
        key = _key(owner, known)
        own, everyone = np.argsort(key, kind="stable"), np.argsort(known, kind="stable")
        return cls(
            customers=ledger.customers["customer_id"],
            own_known=key[own],
            own_total=np.r_[0, np.cumsum(late[own])],
            known=known[everyone],
            total=np.r_[0, np.cumsum(late[everyone])],
        )

    def knowing(self, ledger: Ledger) -> "CustomerMean":
        """Return the means of that ledger's history; each invoice has its own, up to its `asked_on`."""
        return CustomerMean.of(ledger)

    def mean_days_late(self, invoices: pd.DataFrame) -> Floats:
        """Return the mean days late that each invoice's customer is known for on `asked_on`, before rounding."""
        asked = asked_on(invoices)
        count = np.searchsorted(self.known, asked, side="right")
        everyone = self.total[count] / np.maximum(count, 1)
        who = positions(invoices["customer_id"].astype(TEXT), self.customers)
        low = np.searchsorted(self.own_known, _key(who, np.full_like(asked, -_SPAN // 2)))
        high = np.searchsorted(self.own_known, _key(who, asked), side="right")
        own = (self.own_total[high] - self.own_total[low]) / np.maximum(high - low, 1)
        return np.where((who >= 0) & (high > low), own, everyone)

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return 0 before the customer's day (or that after `asked_on`), at least −log `FLOOR` from then on."""
        return _cumulative(invoices, days, np.rint(self.mean_days_late(invoices)).astype(np.int64))


def fit_due_date(ledger: Ledger, *, seed: int = 0) -> DueDate:  # noqa: ARG001  # there is nothing to learn
    """Return the baseline that trusts due dates."""
    return DueDate()


def fit_customer_mean(ledger: Ledger, *, seed: int = 0) -> CustomerMean:  # noqa: ARG001  # nothing is drawn
    """Return the baseline that expects each customer's mean lateness."""
    return CustomerMean.of(ledger)
