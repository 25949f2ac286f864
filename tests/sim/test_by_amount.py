"""Money comes in a run when it came in the ledger, where large invoices are paid at another time than small ones."""

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from models import fit
from models.families.decision_days import DecisionDays
from models.families.kaplan_meier import KaplanMeier
from models.history.main_payments import history
from models.history.weekdays import days_since
from sim import from_ledger, simulate
from sim.portfolios.by_amount import by_amount
from tests.handmade import handmade, invoice, payment

AS_OF = pd.Timestamp("2024-12-31")


def ledger_of(large_late: int, small_late: int, large: int = 100_000) -> Ledger:
    """Return forty customers who order weekly, in turn 10.00 and a larger amount, each paid so many days late."""
    invoices, payments = [], []
    for k, day in enumerate(pd.date_range("2024-01-01", AS_OF, freq="B")):
        for who in range(k % 5, 40, 5):
            big = (k // 5 + who) % 2 == 0
            due = day + pd.Timedelta(days=30)
            amount, late = (large, large_late) if big else (1_000, small_late)
            invoices.append(invoice(f"i{k}-{who}", f"{day:%F}", f"{due:%F}", amount, customer_id=f"c{who:02d}"))
            paid = due + pd.Timedelta(days=late)
            if paid <= AS_OF:
                payments.append(payment(f"i{k}-{who}", f"{paid:%F}", amount))
    return handmade(f"{AS_OF:%F}", invoices, payments)


def learned(ledger: Ledger) -> tuple[Floats, Ints, DecisionDays]:
    """Return hazards by row, each customer's row, and the days on which payments were decided."""
    timing, ids = fit(ledger), ledger.customers["customer_id"]
    assert isinstance(timing, KaplanMeier)
    decided = DecisionDays.of(history(ledger), days_since(timing.payment_weekdays(ids)))
    return -np.log1p(-timing.table), timing.row_of(ids), decided


def paid_by(ledger: Ledger, late: int, after: pd.Timestamp, until: pd.Timestamp) -> float:
    """Return the share of the money of some invoices that came at most so many days late."""
    rows = ((ledger.invoices["issue_date"] > after) & (ledger.invoices["issue_date"] <= until)).to_numpy()
    days = (ledger.settled_date - ledger.invoices["due_date"]).dt.days.to_numpy()[rows]
    amount = ledger.invoices["amount"].to_numpy()[rows]
    return float(amount[days <= late].sum() / amount.sum())


def test_large_invoices_that_are_paid_later_bring_their_money_later() -> None:
    """Half the invoices, 99 % of the money, come 12 days late: by day 6 clearly less than half of it is in.

    One hazard for all of a customer's invoices cannot tell which will be late; by number half are in by day 6.
    """
    ledger = ledger_of(12, 0)
    run = simulate(from_ledger(ledger), "none", days=120, specialists=0).ledger
    share = paid_by(run, 6, AS_OF, AS_OF + pd.Timedelta(days=60))
    assert share < 0.42
    assert paid_by(run, 20, AS_OF, AS_OF + pd.Timedelta(days=60)) > 0.85


def test_equal_amounts_change_nothing() -> None:
    """By amount and by number are then the same, to the last digit but two."""
    ledger = ledger_of(12, 0, large=1_000)
    hazard, kind, decided = learned(ledger)
    same = by_amount(hazard, kind, decided, ledger.invoices["amount"].to_numpy(float))
    assert np.allclose(same, hazard, rtol=1e-12)


def test_amounts_that_tell_nothing_move_little() -> None:
    """Amounts drawn apart from lateness move no span's hazard by more than 10 %, over 20 draws."""
    ledger = ledger_of(7, 7)
    hazard, kind, decided = learned(ledger)
    for seed in range(20):
        amount = np.random.default_rng(seed).lognormal(0, 1.2, len(ledger.invoices))
        moved = by_amount(hazard, kind, decided, amount)[hazard > 0] / hazard[hazard > 0]
        assert np.abs(np.log(moved)).max() < 0.1
