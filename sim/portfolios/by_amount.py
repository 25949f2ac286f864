"""Hazards that bring in a ledger's money as it came, not only its invoices.

Customers' hazards count invoices. Where large ones are paid sooner or later than small ones of the same customer, that
money comes at another time. So for each span of days past due the hazard is multiplied by

    (O ÷ E, by amount) ÷ (O ÷ E, by number)

with O what was paid in it and E what the hazards expect of the invoices that were at risk: the indirect standardisation
of demography. Its logarithm is shrunk by n/(n + 30), n the payments seen, less as unequal amounts tell less (Kish's
effective number).
"""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ledger.arrays import Floats
from models.history.main_payments import PaymentHistory
from sim.world.payment import chance_by_day

SPANS: Final = (-10_000, -14, -7, 0, 1, 4, 8, 15, 31, 61, 10_000)  # first days
PSEUDO: Final = 30.0  # payments


def by_amount(
    hazard: Floats, kind: npt.NDArray[np.integer[Any]], past: PaymentHistory, amount: Floats, first_day: int
) -> Floats:
    """Return the hazard, (kinds, days), scaled in each span of days past due.

    Parameters
    ----------
    hazard
        Daily hazard of deciding by kind and days past due, from `first_day` on.
    kind
        Row of each customer.
    past
        The history that it was learned from.
    amount
        Of each of its invoices.
    """
    total = chance_by_day(hazard)
    row, last = kind[past.customer], total.shape[1] - 1
    enter, leave = past.issue - past.due - first_day, past.end - past.due - first_day + 1
    weight = np.stack([amount, np.ones(len(amount))])
    out = hazard.copy()
    for span in pairwise(SPANS):
        low, high = (int(np.clip(day - first_day, 0, last)) for day in span)
        expected = weight @ (total[row, np.clip(leave, low, high)] - total[row, np.clip(enter, low, high)])
        here = past.paid & (leave > low) & (leave <= high)
        if not here.any() or not expected.all():
            continue
        seen = amount[here].sum() ** 2 / (amount[here] ** 2).sum()
        by, number = (weight @ here) / expected
        out[:, low:high] *= (by / number) ** (seen / (seen + PSEUDO))
    return out
