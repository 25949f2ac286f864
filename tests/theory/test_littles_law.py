"""Little's law: receivables = sales rate × mean time to pay.

Customers are alike and independent, so that one run holds as many samples as it has customers.
"""

import numpy as np
import pytest

from sim import Run, simulate
from tests.portfolios import FIRST, covers, flat, portfolio

WARM_UP, DAYS = 200, 300
CUSTOMERS, RATE, AMOUNT, TERM = 1000, 0.3, 10_000, 30


def humped() -> np.ndarray:
    """Return a hazard with early, on-time and late parts."""
    days = np.arange(FIRST, FIRST + flat(0).shape[1])
    return np.where(days < 0, 0.01, np.where(days == 0, 0.6, 0.05 + 0.08 * np.exp(-days / 20)))[None, :]


def mean_time_to_pay(hazard: np.ndarray, term: int) -> float:
    """Return E[T], T = 0 on the day of issue: the sum of the chances to be unpaid on the evenings from issue on."""
    return float(np.exp(-np.cumsum(hazard[0, -term - FIRST :])).sum())


def receivables(run: Run) -> np.ndarray:
    """Return each customer's open amount on the evening of every day, (customers, days + 1), from the ledger."""
    ledger = run.ledger
    change = np.zeros((run.portfolio.customers, run.days + 1))
    row = ledger.invoice_of_payment
    for customer, dates, amount, sign in (
        (ledger.customer_of_invoice, ledger.invoices["issue_date"], ledger.invoices["amount"], 1),
        (ledger.customer_of_invoice[row], ledger.payments["applied_date"], ledger.payments["amount"], -1),
    ):
        day = (dates - run.start).dt.days.to_numpy()
        np.add.at(change, (customer, day), sign * amount.to_numpy(float))
    return np.cumsum(change, axis=1)


@pytest.mark.parametrize(("hazard", "frailty"), [(flat(0.04), 1.0), (humped(), 1.0), (humped(), 0.6)])
def test_receivables_are_sales_rate_times_mean_time_to_pay(hazard: np.ndarray, frailty: float) -> None:
    """The mean AR of the stationary part covers λ·E[T]; the seed is fixed, 1 in 10,000 seeds would miss."""
    owners = portfolio(CUSTOMERS, hazard, rate=RATE, amount=AMOUNT, term=TERM, frailty=frailty)
    run = simulate(owners, "none", days=DAYS, specialists=0, every_day=True)
    level = receivables(run)[:, WARM_UP:].mean(axis=1)
    sales = RATE * AMOUNT
    expected = sales * mean_time_to_pay(frailty * hazard, TERM)
    assert covers(level, expected)
    assert not covers(level, expected + sales)  # it can tell one day from none


def test_each_customers_sales_rate_is_its_order_rate() -> None:
    """Orders per day cover the rate that was asked for; 1 in 10,000 seeds would miss."""
    owners = portfolio(CUSTOMERS, flat(0.04), rate=RATE)
    run = simulate(owners, "none", days=DAYS, specialists=0, every_day=True, seed=1)
    issued = np.bincount(run.ledger.customer_of_invoice, minlength=CUSTOMERS) / DAYS
    assert covers(issued, RATE)
    assert not covers(issued, 1.02 * RATE)
