"""Payments are put on the days on which they may have been decided."""

import numpy as np
import pytest

from models.families.decision_days import DAYS, FIRST_DAY, DecisionDays
from models.history.main_payments import PaymentHistory


def test_a_payment_run_hides_the_day_of_decision_and_other_due_days_tell_it():
    """Who decides on the due date and pays on Fridays: most of each payment is put on the due date."""
    due = np.arange(19_000, 19_350, 3)
    friday = due + (1 - due) % 7  # 1970-01-02 was a Friday
    size = len(due)
    past = PaymentHistory(
        customer=np.zeros(size, np.int64),
        issue=due - 30,
        due=due,
        end=friday,
        paid=np.ones(size, np.bool_),
        prepaid=np.zeros(size, np.bool_),
    )
    since = np.array([[3, 4, 5, 6, 0, 1, 2]])
    decided = DecisionDays.of(past, since)
    row = np.zeros(1, np.int64)
    shares = []
    for _ in range(40):
        paid, at_risk = decided.tables(row, 1)
        shares.append(paid[0, -FIRST_DAY] / size)
        decided = decided.told_by(paid / np.maximum(at_risk, 1), row)
    assert paid.sum() == pytest.approx(size)
    assert shares[0] == pytest.approx(1 / 7, abs=0.02)
    assert shares[1] > 1.4 * shares[0]
    assert sorted(shares) == shares
    assert shares[-1] > 0.85
    assert paid.shape == (1, DAYS)
