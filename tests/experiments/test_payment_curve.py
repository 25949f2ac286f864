import numpy as np
import pandas as pd

from experiments.comparing.payment_curve import DAYS, apart, observed_curve, paid_shares, simulated_curve
from tests.handmade import handmade, invoice, payment

ZERO = int(np.flatnonzero(DAYS == 0)[0])


def ledger_of(late: list[int | None], as_of: str = "2024-12-31", customers: int = 25):
    """Return a ledger with an invoice for each number of days late; None for one still open, due 10 days ago."""
    end = pd.Timestamp(as_of)
    invoices, payments = [], []
    for k, days in enumerate(late):
        due = end - pd.Timedelta(days=10 if days is None else 100)
        issue = due - pd.Timedelta(days=30)
        invoices.append(invoice(f"i{k}", f"{issue:%F}", f"{due:%F}", 100, customer_id=f"c{k % customers}"))
        if days is not None:
            payments.append(payment(f"i{k}", f"{due + pd.Timedelta(days=days):%F}", 100))
    return handmade(as_of, invoices, payments)


def test_shares_by_hand():
    """Without censoring the share paid; open ones are followed as far as they go (Kaplan–Meier by hand)."""
    start = pd.Timestamp("2024-01-01")
    plain = paid_shares(ledger_of([-5] * 20 + [0] * 40 + [7] * 40), start)[0]
    assert plain[ZERO - 6] == 0
    assert np.isclose(plain[ZERO - 5], 0.2)
    assert np.isclose(plain[ZERO], 0.6)
    censored = paid_shares(ledger_of([0] * 40 + [20] * 40 + [None] * 20), start)[0]
    assert np.isclose(censored[ZERO + 19], 0.4)
    assert np.isclose(censored[ZERO + 20], 1.0)  # all who were followed so far
    assert np.isnan(censored[ZERO + 21 :]).all()  # nobody left to follow


def test_only_what_was_issued_after_the_day_counts():
    """A day after all issues leaves nothing to say."""
    assert np.isnan(paid_shares(ledger_of([0] * 50), pd.Timestamp("2024-12-31"))).all()


def test_the_interval_holds_the_estimate_and_widens_with_unlike_customers():
    """Customers who pay alike leave no doubt; one in five who pays otherwise does."""
    alike = observed_curve(ledger_of([0] * 100 + [5] * 100), 0.95).set_index("day").loc[3]
    late = [5 if k % 5 == 0 else 0 for k in range(160)]
    unlike = observed_curve(ledger_of(late), 0.95).set_index("day").loc[3]
    assert alike["low"] <= alike["mean"] <= alike["high"]
    assert unlike["low"] <= unlike["mean"] <= unlike["high"]
    assert unlike["high"] - unlike["low"] > alike["high"] - alike["low"] + 0.2


def test_few_customers_leave_a_curve_without_bounds():
    """Nineteen: the estimate stands alone, for resamples of so few spread too little."""
    curve = observed_curve(ledger_of([0] * 40 + [5] * 40, customers=19), 0.95)
    assert curve["mean"].notna().all()
    assert curve[["low", "high"]].isna().all(axis=None)


def test_the_largest_gap_is_found_with_its_sign():
    """Simulated minus observed, in points."""
    observed = observed_curve(ledger_of([0] * 50 + [5] * 50), 0.95)
    simulated = simulated_curve([paid_shares(ledger_of([2] * 50 + [5] * 50), pd.Timestamp("2024-01-01"))[0]] * 2, 0.95)
    assert apart(pd.concat([observed, simulated])) == (-50.0, 0)
    assert apart(observed) is None
