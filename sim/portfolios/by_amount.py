"""Hazards that bring in a ledger's money as it came, not only its invoices.

Customers' hazards count invoices. Where large ones are paid sooner or later than small ones of the same customer, that
money comes at another time. So for each span of days past due the hazard is multiplied by

    (O ÷ E, by amount) ÷ (O ÷ E, by number)

with O what was decided to be paid in it and E what the hazards expect of the invoices that were at risk: the indirect
standardisation of demography. Its logarithm is shrunk by n/(n + 30), n the payments seen, less as unequal amounts tell
less (Kish's effective number).
"""

from itertools import pairwise
from typing import Final

import numpy as np

from ledger.arrays import Floats, Ints
from models.families.decision_days import DAYS, FIRST_DAY, DecisionDays

SPANS: Final = (-10_000, -14, -7, 0, 1, 4, 8, 15, 31, 61, 10_000)  # first days
PSEUDO: Final = 30.0  # payments


def by_amount(hazard: Floats, kind: Ints, decided: DecisionDays, amount: Floats) -> Floats:
    """Return the hazard, (kinds, days), scaled in each span of days past due.

    Parameters
    ----------
    hazard
        Daily hazard of deciding by kind and days past due, from `FIRST_DAY` on.
    kind
        Row of each customer.
    decided
        The history that it was learned from.
    amount
        Of each of its invoices.
    """
    chance = -np.expm1(-hazard)
    by_size = [decided.tables(kind, len(hazard), size) for size in (amount, None)]
    decisions = np.array([d.sum(axis=0) for d, _ in by_size])
    due = np.array([(chance * n).sum(axis=0) for _, n in by_size])
    seen = np.bincount(decided.paid_day, decided.paid_weight * amount[decided.payer], DAYS)
    squares = np.bincount(decided.paid_day, decided.paid_weight * amount[decided.payer] ** 2, DAYS)
    out = hazard.copy()
    for span in pairwise(SPANS):
        low, high = (int(np.clip(day - FIRST_DAY, 0, DAYS)) for day in span)
        paid, expected = decisions[:, low:high].sum(axis=1), due[:, low:high].sum(axis=1)
        if not paid.all() or not expected.all():
            continue
        number = seen[low:high].sum() ** 2 / squares[low:high].sum()
        by, plain = paid / expected
        out[:, low:high] *= (by / plain) ** (number / (number + PSEUDO))
    return out
