"""Runs that go on from ledgers with short and part payments: the money comes as it came, and the rests stay."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.planner_study.cash_value import settlement
from ledger import Ledger, kpis
from ledger.table.columns import NEVER, columns
from models.families.part_payments import Rests
from models.history.main_payments import MainPayments
from sim import from_ledger, simulate
from tests.handmade import handmade, invoice, payment

START, END = "2024-01-01", "2024-12-31"


def paid_short(share: float, every: int, *, currency: str = "USD", then: str | None = None) -> Ledger:
    """Return four invoices of 10.00 a working day, paid five days late, every so-many-th of them by a share only.

    `then` names what settles the rest ten days later, if anything does.
    """
    invoices, payments = [], []
    for k, day in enumerate(pd.bdate_range(START, END).repeat(4)):
        due = day + pd.Timedelta(days=30)
        invoices.append(invoice(f"i{k}", f"{day:%F}", f"{due:%F}", 1000, customer_id=f"c{k % 12}", currency=currency))
        paid, rest = due + pd.Timedelta(days=5), due + pd.Timedelta(days=15)
        short = k % every == 0
        if f"{paid:%F}" <= END:
            amount = round(1000 * share) if short else 1000
            payments.append(payment(f"i{k}", f"{paid:%F}", amount, currency=currency))
        if then and short and f"{rest:%F}" <= END:
            payments.append(payment(f"i{k}", f"{rest:%F}", 1000 - round(1000 * share), then, currency=currency))
    rates = None if currency == "USD" else pd.DataFrame({"currency": [currency], "rate": [0.5]})
    ledger = handmade(END, invoices, payments, check=rates is None)
    return ledger if rates is None else replace(ledger, rates=rates.astype({"currency": "string"})).validate()


def cash(ledger: Ledger, after: str = END) -> int:
    """Return the cash received after a day, minor units."""
    rows = (ledger.payments["kind"] == "cash") & (ledger.payments["received_date"] > after)
    return int(ledger.payments["amount"][rows].sum())


def run(ledger: Ledger, strategy: str = "none", days: int = 91, **other):
    """Return a run on the ledger."""
    return simulate(from_ledger(ledger), strategy, days=days, **other)


@pytest.fixture(scope="module")
def full() -> Ledger:
    """All pay in full."""
    return paid_short(1.0, 10)


def test_where_all_pay_in_full_no_invoice_is_in_parts(full: Ledger) -> None:
    """Nothing is drawn, nothing is booked."""
    made = run(full)
    assert len(made.parts.invoice) == 0
    assert (made.amount == made.columns.amount).all()


@pytest.mark.parametrize(("share", "every"), [(0.98, 10), (0.98, 3), (0.70, 1)])
def test_short_payments_cost_their_rests_and_no_more(full: Ledger, share: float, every: int) -> None:
    """Of the cash of the twin that pays in full, the run brings all but the rests; orders and days are the same."""
    short = paid_short(share, every)
    whole, part = cash(run(full).ledger), cash(run(short).ledger)
    assert part / whole == pytest.approx(1 - (1 - share) / every, abs=0.004)
    went = run(short).ledger.validate()
    rests = Rests.of(went)
    assert np.nanmean(rests.share) == pytest.approx(1 - (1 - share) / every, abs=0.004)


def test_chasing_does_not_conjure_up_rests_that_nobody_pays() -> None:
    """One in ten is 2 % short: against the strategy that calls, none loses no DSO."""
    short = paid_short(0.98, 10)
    dso = [kpis(run(short, strategy).ledger)["dso"] for strategy in ("none", "friendly")]
    assert dso[0] == pytest.approx(dso[1], abs=0.05)


@pytest.mark.parametrize("kind", ["cash", "credit_note", "discount", "deduction"])
def test_rests_are_settled_as_they_were(kind: str) -> None:
    """After ten days, by the ledger's own kind; the books close."""
    short = paid_short(0.9, 2, then=kind)
    went = run(short).ledger.validate()
    new = went.payments[went.payments["received_date"] > END]
    rests = new[new["amount"] < 900]
    assert set(rests["kind"].astype(str)) == {kind}
    main, book = MainPayments.of(went), columns(went)
    simulated = np.arange(len(book.settled)) >= len(short.invoices)
    lag = (book.settled - main.known)[simulated & (main.cash == 900) & (book.settled < NEVER)]
    assert len(lag) > 50
    assert np.median(lag) == pytest.approx(10, abs=2)


def test_part_paid_invoices_that_are_open_go_on_as_rests() -> None:
    """The 30 % that are left of a year's invoices, never settled so far, bring next to nothing, and stay owed."""
    short = paid_short(0.70, 1)
    rests = Rests.of(short)
    owed = int(short.open_amount()[rests.open].sum())
    went = run(short).ledger
    still = int(went.open_amount()[: len(rests.open)][rests.open].sum())
    assert still > 0.98 * owed


def test_amounts_are_booked_in_the_invoices_own_currency() -> None:
    """Two euros to the base currency's one; a main payment leaves the same share."""
    short = paid_short(0.70, 1, currency="EUR")
    went = run(short).ledger.validate()
    known = went.payments[went.payments["received_date"] > END].merge(short.invoices, on="invoice_id")
    assert set(known["currency_x"]) == {"EUR"}
    assert set(known["amount_x"]) <= {700, 300}


def test_what_is_left_out_is_the_same_under_every_strategy_and_replicates_by_key() -> None:
    """Shares are drawn before the run."""
    short = paid_short(0.70, 3)
    portfolio = from_ledger(short)
    runs = [simulate(portfolio, name, days=60, seed=4) for name in ("none", "escalated", "none")]
    assert (runs[0].parts.invoice == runs[1].parts.invoice).all()
    assert (runs[0].amount == runs[1].amount).all()
    assert len(runs[0].parts.invoice) > 100
    assert (runs[0].parts.paid_on == runs[2].parts.paid_on).all()


def test_both_desks_agree_on_part_payments() -> None:
    """The event-by-event desk and the compiled one give the same ledger."""
    portfolio = from_ledger(paid_short(0.70, 3))
    fast, event = (simulate(portfolio, "escalated", days=60, desk=desk).ledger for desk in ("fast", "event"))
    pd.testing.assert_frame_equal(fast.payments, event.payments)


def test_the_cash_of_a_run_is_that_of_its_ledger() -> None:
    """Without discounting, main payments and rests that come as cash, and nothing else."""
    for then in ("cash", "credit_note"):
        made = run(paid_short(0.9, 2, then=then))
        assert settlement(made, 0.0).cash == pytest.approx(cash(made.ledger) / 100)
