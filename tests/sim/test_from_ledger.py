"""A portfolio made from a ledger orders and pays as the ledger's customers did."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from sim import Run, from_ledger, simulate
from tests.handmade import handmade, invoice
from tests.portfolios import FIRST, LAST, portfolio

CUSTOMERS, YEAR, AHEAD = 150, 365, 240
TERMS = (10, 30, 45)


@cache
def history() -> Ledger:
    """Return a year and more of a portfolio whose truth is known: rates, amounts and terms differ by customer."""
    days = np.arange(FIRST, LAST + 1)
    hazard = np.where(days < 0, 0.01, np.where(days == 0, 0.4, 0.04 + 0.05 * np.exp(-days / 20)))[None, :]
    number = np.arange(CUSTOMERS)
    truth = portfolio(
        CUSTOMERS,
        hazard,
        as_of="2023-01-02",
        country="US",
        weekdays=(0, 1, 2, 3, 4),
        order_rate=0.05 + 0.3 * (number % 5) / 4,
        amount=10_000 * (1 + number % 7),
        term=np.array(TERMS)[number % 3],
    )
    return simulate(truth, "none", days=YEAR + 120, specialists=0).ledger


@cache
def ahead() -> Run:
    """Return what the portfolio made from that history does without any contact."""
    return simulate(from_ledger(history()), "none", days=AHEAD, specialists=0, seed=11)


def fresh(run: Run) -> pd.DataFrame:
    """Return the invoices issued in the run."""
    invoices = run.ledger.invoices
    return invoices[invoices["issue_date"] > run.start]


def last_year() -> pd.DataFrame:
    """Return the invoices of the ledger's last 365 days."""
    invoices = history().invoices
    return invoices[invoices["issue_date"] > history().as_of - pd.Timedelta(days=YEAR)]


def test_order_rates_are_reproduced() -> None:
    """Orders per working day agree, in all and by group of customers, within 4.5 Poisson standard errors."""
    old, new = last_year(), fresh(ahead())
    start = history().as_of.date()
    past = np.busday_count(start - pd.Timedelta(days=YEAR), start)
    future = np.busday_count(start, start + pd.Timedelta(days=AHEAD))
    for group in (None, 0, 1, 2, 3, 4):
        counts = []
        for invoices in (old, new):
            number = invoices["customer_id"].str[1:].astype(int)
            counts.append(len(invoices) if group is None else int((number % 5 == group).sum()))
        expected = counts[0] / past * future
        assert abs(counts[1] - expected) < 4.5 * np.sqrt(expected)  # 1 in 100,000 seeds would miss


def test_amounts_and_terms_are_each_customers_own() -> None:
    """Every invoice repeats amount and term of one of that customer's own."""
    for column in ("amount", "term"):
        seen = []
        for invoices in (last_year(), fresh(ahead())):
            term = (invoices["due_date"] - invoices["issue_date"]).dt.days
            seen.append(
                set(zip(invoices["customer_id"], invoices["amount"] if column == "amount" else term, strict=True))
            )
        assert seen[1] <= seen[0]
        assert len(seen[1]) >= 0.9 * len(seen[0])


def test_mean_amount_is_reproduced() -> None:
    """The mean order agrees within 4.5 standard errors of the run's."""
    old, new = last_year()["amount"], fresh(ahead())["amount"]
    assert abs(new.mean() - old.mean()) < 4.5 * new.std() / np.sqrt(len(new))


def days_late(ledger: Ledger, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """Return the days from due date to payment of invoices issued between two days; all have been paid or nearly."""
    invoices = ledger.invoices[(ledger.invoices["issue_date"] > first) & (ledger.invoices["issue_date"] <= last)]
    paid = ledger.payments.set_index("invoice_id")["received_date"].reindex(invoices["invoice_id"]).to_numpy()
    assert pd.notna(paid).mean() > 0.99
    return pd.Series((paid - invoices["due_date"].to_numpy()) / np.timedelta64(1, "D")).clip(upper=90)


@pytest.mark.parametrize("what", ["mean", "share_on_time", "share_over_14"])
def test_days_late_are_reproduced(what: str) -> None:
    """Mean days late and two shares agree: 4.5 standard errors of both samples, and what shrinkage may shift.

    Each customer's hazard leans on all customers' by two invoices' weight; that moves no share by more than 1.5 points
    and the mean by no more than half a day.
    """
    start, gone = history().as_of, pd.Timedelta(days=150)
    read = {"mean": lambda x: x, "share_on_time": lambda x: x <= 0, "share_over_14": lambda x: x > 14}[what]
    old = read(days_late(history(), start - pd.Timedelta(days=YEAR + 60), start - gone)).astype(float)
    new = read(days_late(ahead().ledger, start, start + pd.Timedelta(days=AHEAD) - gone)).astype(float)
    error = np.sqrt(old.var() / len(old) + new.var() / len(new))
    assert abs(new.mean() - old.mean()) < 4.5 * error + (0.5 if what == "mean" else 0.015)


def test_payment_weekdays_are_learned() -> None:
    """Customers who paid on working days only, do so again."""
    cash = ahead().ledger.payments
    assert (cash["received_date"].dt.dayofweek < 5).all()


def test_open_invoices_go_on_from_where_they_are() -> None:
    """What is open on day 0 is open in the run until it is paid; nothing is paid on or before day 0."""
    run = ahead()
    open_ids = set(history().invoices["invoice_id"][history().open_amount() > 0])
    paid = run.ledger.payments.set_index("invoice_id")["received_date"]
    assert len(open_ids) > 100
    assert all(paid[name] > run.start for name in open_ids if name in paid.index)
    assert np.mean([name in paid.index for name in open_ids]) > 0.99


def test_several_invoices_of_one_day_come_together_again() -> None:
    """An order day is repeated whole."""
    days = pd.date_range("2024-01-03", periods=20, freq="14D")
    rows = [
        invoice(f"i{k}{part}", f"{day:%F}", f"{day + pd.Timedelta(days=30):%F}", amount)
        for k, day in enumerate(days)
        for part, amount in (("a", 1000), ("b", 2000))
    ]
    run = simulate(from_ledger(handmade("2024-10-31", rows)), "none", days=200)
    amounts = fresh(run).groupby("issue_date")["amount"].sum()
    assert len(amounts) > 5
    assert (amounts % 3000 == 0).all()


def test_write_off_age_is_the_houses_own() -> None:
    """By which half of the ledger's own write-offs are made; the longest run where there is none."""
    from sim import Assumptions

    slow = portfolio(60, np.full((1, LAST - FIRST + 1), 0.01), rate=0.2, assumptions={"write_off_age": 100})
    written = simulate(slow, "none", days=300, specialists=0).ledger
    assert from_ledger(written).assumptions == Assumptions.default(write_off_age=100)
    assert from_ledger(history()).assumptions.write_off_age == 3650
