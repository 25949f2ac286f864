"""Any payment-timing model makes the simulated customers pay as it says."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ledger import Ledger
from ledger.table.months import day_numbers
from models import PaymentTiming, fit
from models.history.weekdays import weekday
from sim import Run, from_ledger, simulate
from sim.portfolios.intents import TYPICAL, typical_invoices
from tests.handmade import handmade, invoice
from tests.portfolios import FIRST, LAST, portfolio

CUSTOMERS, AHEAD, GRACE = 120, 300, 120
RUNS = (1, 4)  # Tuesdays and Fridays


@cache
def history() -> Ledger:
    """Return nine months of customers who pay in two runs a week; terms differ within each customer."""
    days = np.arange(FIRST, LAST + 1)
    hazard = np.where(days < 0, 0.01, np.where(days == 0, 0.6, 0.05 + 0.05 * np.exp(-days / 10)))[None, :]
    truth = portfolio(
        CUSTOMERS,
        hazard,
        as_of="2024-01-02",
        weekdays=RUNS,
        rate=0.2,
        orders=2 * np.arange(CUSTOMERS + 1),
        lines=np.arange(2 * CUSTOMERS + 1),
        amount=10_000,
        term=np.tile((10, 30), CUSTOMERS),
    )
    return simulate(truth, "none", days=270, specialists=0).ledger


@dataclass(frozen=True)
class Renamed:
    """A model in the clothes of another, so that nothing is known of it but its predictions."""

    of: PaymentTiming
    name: str = "renamed"

    def knowing(self, ledger: Ledger) -> "Renamed":
        """Return the same."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return −log of the survival."""
        return self.of.cumulative_hazard(invoices, days)

    def survival(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the share still unpaid."""
        return np.exp(-self.cumulative_hazard(invoices, days))


@dataclass(frozen=True)
class Law:
    """A customer decides with a hazard by days past due and pays in the next run; or pays on the spot (`runs` all)."""

    runs: tuple[int, ...]
    name: str = "law"

    def knowing(self, ledger: Ledger) -> "Law":
        """Return the same."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return −log of the survival."""
        due, issue = day_numbers(invoices["due_date"])[:, None], day_numbers(invoices["issue_date"])[:, None]
        grid = np.arange(-60, 420)
        deciding = np.where(grid < 0, 0.02, np.where(grid == 0, 0.9, 0.08)) * (grid >= issue - due)
        paying = np.isin(weekday(due + grid), self.runs)
        decided = np.cumsum(deciding, axis=1)
        total = np.maximum.accumulate(np.where(paying, decided, 0.0), axis=1)
        when = np.asarray(days)
        return np.where(when < grid[0], 0.0, total[:, np.clip(when - grid[0], 0, len(grid) - 1)])

    def survival(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the share still unpaid."""
        return np.exp(-self.cumulative_hazard(invoices, days))


def ahead(timing: PaymentTiming) -> Run:
    """Return what customers who pay as the model says do without any contact."""
    return simulate(from_ledger(history(), timing), "none", days=AHEAD, specialists=0, seed=4)


def issued(run: Run) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Return the invoices issued in the run, up to some months before its end, and their days late."""
    invoices = run.ledger.invoices
    last = run.end - pd.Timedelta(days=GRACE)
    rows = invoices[(invoices["issue_date"] > run.start) & (invoices["issue_date"] <= last)]
    paid = run.ledger.payments.set_index("invoice_id")["received_date"].reindex(rows["invoice_id"]).to_numpy()
    late = (paid - rows["due_date"].to_numpy()) / np.timedelta64(1, "D")
    return rows, np.where(np.isnan(late), np.inf, late)


def test_simulated_days_late_are_those_that_the_model_predicts() -> None:
    """Share unpaid after each day late: within 4 binomial standard errors on 16 days, 1 seed in 1,000 would fail.

    What the seven typical invoices of a customer leave out adds at most half a point.
    """
    model = Law(RUNS)
    rows, late = issued(ahead(model))
    days = np.r_[-20:0:5, -2:8, 14, 30]
    predicted = model.survival(rows, days).mean(axis=0)
    simulated = (late[:, None] > days).mean(axis=0)
    error = np.sqrt(predicted * (1 - predicted) / len(rows))
    assert len(rows) > 2000
    assert (np.abs(simulated - predicted) < 4 * error + 0.005).all(), (simulated - predicted).round(4)


def test_a_model_without_weekdays_keeps_its_mean_and_the_customers_keep_their_payment_days() -> None:
    """Mean days late within 4.5 standard errors and a tenth of a day: 1 seed in 100,000; all pay in their runs."""
    model = Law(tuple(range(7)))
    run = ahead(model)
    rows, late = issued(run)
    grid = np.arange(-60, 60)
    mean = float((grid[0] + model.survival(rows, grid).sum(axis=1)).mean())
    assert abs(late.mean() - mean) < 4.5 * late.std() / np.sqrt(len(late)) + 0.1
    fresh = run.ledger.payments["received_date"]
    assert set(fresh[fresh > run.start].dt.dayofweek) == set(RUNS)


@pytest.mark.parametrize("day", [-5, -1, 0, 3, 10])
def test_kaplan_meier_gives_the_same_by_its_table_and_by_its_predictions(day: int) -> None:
    """Same draws, so only the two ways differ: no share by more than a point."""
    table, predictions = (_late(name) for name in ("table", "predictions"))
    assert abs((table <= day).mean() - (predictions <= day).mean()) < 0.01


@cache
def _late(way: str) -> npt.NDArray[np.float64]:
    model = fit(history())
    return issued(ahead(model if way == "table" else Renamed(model)))[1]


def test_typical_invoices_are_the_customers_own_on_every_weekday() -> None:
    """Terms and amounts from shortest to longest, the latest ones, due on seven weekdays, none issued later."""
    days = pd.date_range("2020-01-01", periods=40, freq="D")
    old = [invoice(f"o{day:%F}", f"{day:%F}", "2020-03-31", 500, customer_id="a") for day in days]
    new = [
        invoice(f"n{k}", f"{day:%F}", f"{day + pd.Timedelta(days=term):%F}", 10 * term, customer_id="a")
        for k, day in enumerate(pd.date_range("2024-06-01", periods=15))
        for term in (10, 30)
    ]
    only = invoice("only", "2020-01-01", "2020-03-01", 700, customer_id="b", currency="EUR")
    rows = [*old, *({**row, "invoice_id": f"{row['invoice_id']}-{k}"} for k, row in enumerate(new)), only]
    ledger = handmade("2024-06-30", rows, rates=[{"currency": "EUR", "rate": 1.1}])
    typical = typical_invoices(ledger, np.array([0, 1]))
    assert len(typical) == 2 * TYPICAL
    for customer, own in typical.groupby("customer_id"):
        assert set(own["due_date"].dt.dayofweek) == set(range(7))
        last = pd.Timestamp("2024-06-15" if customer == "a" else "2020-01-01")
        assert own["issue_date"].between(last - pd.Timedelta(days=21), last).all()
        terms = set((own["due_date"] - own["issue_date"]).dt.days)
        assert terms == ({10, 30} if customer == "a" else {60})
        assert set(own["amount"]) == ({100, 300} if customer == "a" else {700})
        assert set(own["currency"]) == ({"USD"} if customer == "a" else {"EUR"})
