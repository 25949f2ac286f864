"""On which weekdays a customer pays: many pay in runs on fixed days, few on weekends. Monday is 0."""

from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from models.history.main_payments import PaymentHistory

_RARE: Final = 0.25  # a weekday whose share is below this part of what is expected may be no payment day
_DOUBT: Final = 0.01  # ... if so few would be seen by chance at most this often
_PRIOR: Final = 10.0  # payment days that the portfolio's shares stand for


def weekday(day: Ints) -> Ints:
    """Return the weekday of days since 1970-01-01 (a Thursday)."""
    return np.asarray((day + 3) % 7)


def payment_weekdays(past: PaymentHistory, customers: int) -> tuple[Flags, Flags]:
    """Return the portfolio's payment weekdays (7,) and each customer's (customers, 7).

    What is counted is distinct payment days, for twenty invoices paid in one run are one piece of evidence. A weekday
    is dropped when its share is below a quarter of what is expected there (a seventh for the portfolio, the portfolio's
    share for a customer) and chance alone would leave it so rare at most one time in a hundred. A customer without
    enough evidence has the portfolio's days; one who does pay on a day that the portfolio lacks keeps it.
    """
    seen = past.paid & ~past.prepaid
    if not seen.any():
        return np.ones(7, bool), np.ones((customers, 7), bool)
    first = int(past.end[seen].min())
    span = int(past.end[seen].max()) - first + 1
    runs = np.unique(past.customer[seen] * span + (past.end[seen] - first))
    who, day = np.divmod(runs, span)
    counts = np.bincount(who * 7 + weekday(day + first), minlength=customers * 7).reshape(customers, 7)
    total = counts.sum(axis=0)
    portfolio = ~_rare(total[None, :], np.full(7, 1 / 7))[0]
    share = total / total.sum()
    shrunk = (counts + _PRIOR * share) / (counts.sum(axis=1, keepdims=True) + _PRIOR)
    own = np.where(portfolio, ~_rare(counts, share), shrunk >= _RARE / 7)
    return portfolio, np.where(own.any(axis=1, keepdims=True), own, portfolio)


def _rare(counts: Ints, expected: Floats) -> Flags:
    """Return which weekdays are rarer than expected beyond chance, by Chernoff's bound on the binomial tail."""
    n = counts.sum(axis=1, keepdims=True)
    q = counts / np.maximum(n, 1)
    p = np.clip(expected, 1e-12, 1 - 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        some = np.where(q > 0, q * np.log(q / p), 0.0)
        rest = np.where(q < 1, (1 - q) * np.log((1 - q) / (1 - p)), 0.0)
    return np.asarray((q < _RARE * p) & (np.exp(-n * (some + rest)) <= _DOUBT))


def days_since(allowed: Flags) -> Ints:
    """Return how many days ago, on each weekday, the last allowed one was (0 to 6); same shape as `allowed`."""
    since = np.zeros(allowed.shape, np.int64)
    for back in range(6, -1, -1):
        since = np.where(np.roll(allowed, back, axis=1), back, since)
    return since
