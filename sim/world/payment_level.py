"""How quickly all customers pay of late: what their hazards are multiplied by, and how sure that is.

Invoices do not pay apart from one another: a recession, a holiday or another hand in the ledger slows or quickens all.
So the main payments of each of the last months are compared with those that the hazards expect of what was at risk.
A customer's month ends with its last payment day: who decides later pays in the next. (Invoices whose customer has
decided, but waits for its payment run, are among those at risk; so the sums are made equal.) The ratio is a level that
stands, walks or broke, weighted as that of orders is (`order_level`); without a trend, which would have no end. Beside
it each month to come has a factor of its own, as wide as the months that were seen.

A history of fewer than `FEWEST` months cannot tell a common cause from chance: then there is none.
"""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ledger.arrays import Flags, Floats
from ledger.table.months import month_ends
from models.history.main_payments import PaymentHistory
from models.history.weekdays import days_since, weekday
from sim.demand.order_level import Level, level
from sim.world.payment import chance_by_day

FEWEST: Final = 8  # months
_MOST: Final = 24


def payment_level(
    hazard: Floats,
    kind: npt.NDArray[np.integer[Any]],
    past: PaymentHistory,
    until: int,
    *,
    first_day: int,
    weekdays: Flags,
) -> Level | None:
    """Return the factor on all hazards of payment from the last day on; None where the history cannot tell.

    Parameters
    ----------
    hazard
        Daily hazard of deciding by kind and days past due, from `first_day` on.
    kind
        Row of each customer.
    past
        The history that it was learned from.
    until
        Its last day, days since 1970-01-01.
    first_day
        Days past due of the hazard's first column.
    weekdays
        Payment weekdays of each customer, (customers, 7).
    """
    edges = month_ends(until, _MOST + 1)[::-1]
    edges = edges[edges >= (past.issue.min() if len(past) else until) - 1]
    since = days_since(weekdays)
    total = chance_by_day(hazard)
    row, last, zero = kind[past.customer], total.shape[1] - 1, past.due + first_day
    paid, expected = np.empty((2, max(len(edges) - 1, 0)))
    for month, (after, end) in enumerate(pairwise(edges)):
        here = np.flatnonzero((past.issue <= end) & (past.end > after))
        begun, ended = (edge - since[past.customer[here], weekday(np.array(edge))] for edge in (after, end))
        upto, before = np.minimum(past.end[here], ended) + 1, np.maximum(past.issue[here], begun + 1)
        upto = np.maximum(upto, before)
        low, high = (np.clip(day - zero[here], 0, last) for day in (before, upto))
        expected[month] = (total[row[here], high] - total[row[here], low]).sum()
        paid[month] = (past.paid & (past.end > after) & (past.end <= end)).sum()
    known = expected > 0
    if known.sum() < FEWEST or not paid[known].any():
        return None
    paid, expected = paid[known], expected[known]
    return level(paid, expected * paid.sum() / expected.sum(), (0.0,))[0]


def level_in_words(told: Level | None) -> str:
    """Return in one sentence what the runs take from it, for the notes of a portfolio."""
    if told is None:
        return f"All customers' pace: the history is too short to tell (fewer than {FEWEST} months of payments)."
    return (
        f"All customers' pace: payments go on at {100 * told.expected:.0f} % of the history's hazard,"
        " with the doubt about it drawn in each replication."
    )
