"""Main payments and what they leave open, on ledgers written by hand and on drawn ones with a known truth."""

import numpy as np
import pandas as pd
import pytest

from ledger.table.columns import NEVER
from ledger.table.months import day_numbers
from ledger.table.tables import PAYMENT_KINDS
from models.evaluation.backtest import backtest
from models.families.part_payments import LAST, OpenAmounts, PartPayments, Rests
from models.history.main_payments import MainPayments, history, seen
from tests.handmade import handmade, invoice, payment
from tests.timings import constant

ISSUE, DUE, END = "2024-01-01", "2024-01-31", "2024-06-30"


def main_day(*payments, amount=1000):
    """Return days from due to the main payment of one invoice, None without one, and the share that it brought."""
    ledger = handmade(END, [invoice("i", ISSUE, DUE, amount)], list(payments))
    found, rests = MainPayments.of(ledger), Rests.of(ledger)
    day = int(found.received[0] - day_numbers(ledger.invoices["due_date"])[0]) if found.known[0] < NEVER else None
    return day, float(rests.share[0])


def test_a_bank_fee_leaves_the_invoice_paid() -> None:
    """98 % came: the day it came is the payment, whatever becomes of the rest."""
    assert main_day(payment("i", "2024-02-05", 980)) == (5, pytest.approx(0.98))


def test_the_first_payment_of_a_tenth_or_more_is_the_main_one() -> None:
    """Less than a tenth changes nothing; parts add up."""
    assert main_day(payment("i", "2024-02-05", 99))[0] is None
    assert main_day(payment("i", "2024-02-05", 100)) == (5, pytest.approx(0.1))
    assert main_day(payment("i", "2024-02-05", 60), payment("i", "2024-02-07", 60)) == (7, pytest.approx(0.12))
    assert main_day(payment("i", "2024-02-05", 500), payment("i", "2024-03-05", 500)) == (5, pytest.approx(0.5))


def test_a_deposit_is_not_the_main_payment() -> None:
    """What comes up to the issue day counts only as half or more; the balance is then the event."""
    deposit = payment("i", ISSUE, 300, received="2023-12-20")
    assert main_day(deposit)[0] is None
    assert main_day(deposit, payment("i", "2024-02-02", 700)) == (2, pytest.approx(1.0))
    assert main_day(payment("i", ISSUE, 600, received="2023-12-20"))[0] == -42


def test_credits_before_it_are_not_owed_and_credits_after_it_are_rest() -> None:
    """800 of 800 left after a credit note is all; a credit note on the same day or later settles the rest."""
    assert main_day(payment("i", "2024-01-20", 200, "credit_note"), payment("i", "2024-02-05", 800)) == (5, 1.0)
    assert main_day(payment("i", "2024-02-05", 800), payment("i", "2024-02-25", 200, "credit_note")) == (5, 0.8)
    assert main_day(payment("i", "2024-02-05", 980), payment("i", "2024-02-05", 20, "discount")) == (5, 0.98)


def test_little_cash_that_closes_the_invoice_is_its_payment() -> None:
    """95 % were credited; the 5 % that were left were paid."""
    paid = [payment("i", "2024-01-20", 950, "credit_note"), payment("i", "2024-02-05", 50)]
    assert main_day(*paid) == (5, 1.0)


def test_what_ends_an_invoice_otherwise_is_no_payment() -> None:
    """Written off or sold whole: censored on that day."""
    ledger = handmade(
        END,
        [invoice("i0", ISSUE, DUE, 1000), invoice("i1", ISSUE, DUE, 1000)],
        [payment("i0", "2024-02-10", 1000, "write_off"), payment("i1", "2024-02-12", 1000, "factoring")],
    )
    past = history(ledger)
    assert not past.paid.any()
    assert (past.end - past.due).tolist() == [10, 12]


def test_the_books_show_it_from_the_day_of_the_main_payment() -> None:
    """A rest that is settled later does not hide from anybody that the invoice was paid."""
    ledger = handmade(
        END, [invoice("i", ISSUE, DUE, 1000)], [payment("i", "2024-02-05", 900), payment("i", "2024-05-05", 100)]
    )
    assert seen(ledger).tolist() == day_numbers(ledger.payments["applied_date"])[:1].tolist()
    early = ledger.snapshot("2024-03-01")
    assert history(early).end.tolist() == history(ledger).end.tolist()


def _short_ledger(rng: np.random.Generator, hazard: float, count: int = 3000):
    """Return invoices of which three in ten are paid short by 5 %; such rests are settled at a constant hazard."""
    issued = rng.integers(0, 540, count)
    days = np.datetime64("2023-01-01") + issued
    invoices, payments = [], []
    for k in range(count):
        due = days[k] + 30
        invoices.append(invoice(f"i{k}", str(days[k]), str(due), 1000, customer_id=f"c{k % 10}"))
        paid = due + int(rng.integers(0, 10))
        if str(paid) > END:
            continue
        short = rng.random() < 0.3
        payments.append(payment(f"i{k}", str(paid), 950 if short else 1000))
        settled = paid + int(rng.geometric(-np.expm1(-hazard))) - 1
        if short and str(settled) <= END:
            kind = "credit_note" if rng.random() < 0.25 else "cash"
            payments.append(payment(f"i{k}", str(settled), 50, kind))
    return handmade(END, invoices, payments)


def test_a_known_hazard_of_rests_is_found_again() -> None:
    """Censored rests included; and the kinds that settle them. Both within four standard errors of 700 rests."""
    found = PartPayments.of(_short_ledger(np.random.default_rng(3), 0.02))
    settled = -np.expm1(-found.hazard[0].cumsum())
    for day in (10, 30, 90):
        assert settled[day] == pytest.approx(-np.expm1(-0.02 * (day + 1)), abs=4 * 0.5 / np.sqrt(700))
    assert found.kinds[0, PAYMENT_KINDS.index("credit_note")] == pytest.approx(0.25, abs=4 * 0.45 / np.sqrt(600))
    assert found.kinds.sum(axis=1) == pytest.approx([1, 1])
    assert (found.share < 1).mean() == pytest.approx(0.3, abs=4 * 0.46 / np.sqrt(2700))


def test_drawn_shares_are_the_customers_own_and_their_mean_is_the_expected_one() -> None:
    """One customer pays short always, one never; n ÷ (n + 2) of the draws are the customer's own."""
    invoices = [invoice(f"{c}{k}", ISSUE, DUE, 1000, customer_id=c) for c in "ab" for k in range(18)]
    ledger = handmade(
        END,
        invoices,
        [payment(row["invoice_id"], "2024-02-05", 1000 if row["customer_id"] == "b" else 900) for row in invoices],
    )
    found = PartPayments.of(ledger)
    uniform = (np.arange(10_000) + 0.5) / 10_000
    for customer, mean in ((0, 0.9 * 0.9 + 0.1 * 0.95), (1, 0.9 * 1.0 + 0.1 * 0.95)):
        who = np.full(len(uniform), customer)
        assert found.drawn(who, uniform).mean() == pytest.approx(mean, abs=1e-3)
        assert found.expected(who[:1]).main[0] == pytest.approx(mean)
    assert found.expected(np.array([-1])).main[0] == pytest.approx(0.95)


def test_what_was_never_settled_hardly_moves_and_what_always_was_does() -> None:
    """40 rests open for nine months, against 39 of 40 settled ten days later."""
    invoices = [invoice(f"i{k}", "2023-08-01", "2023-09-01", 1000) for k in range(40)]
    short = [payment(f"i{k}", "2023-09-05", 980) for k in range(40)]
    model = constant(0.05)
    never = OpenAmounts.of(handmade(END, invoices, short), model)
    ahead = np.diff(never.cumulative_hazard(np.arange(40), np.array([303, 333])))
    assert (ahead < 0.005).all()
    later = [payment(f"i{k}", "2023-09-15", 20) for k in range(1, 40)]
    always = PartPayments.of(handmade(END, invoices, [*short, *later]))
    assert -np.expm1(-always.hazard[0, :11].sum()) == pytest.approx(39 / 42, abs=0.01)


def test_invoices_without_a_main_payment_go_as_the_model_says() -> None:
    """Only rests are answered by the ledger."""
    ledger = handmade(
        END, [invoice("a", ISSUE, DUE, 1000), invoice("b", ISSUE, DUE, 1000)], [payment("a", "2024-02-05", 950)]
    )
    days = np.arange(151, 181)
    found = OpenAmounts.of(ledger, constant(0.05)).cumulative_hazard(np.array([0, 1]), days)
    assert np.diff(found[1]) == pytest.approx(np.full(29, 0.05))
    assert np.diff(found[0]).max() < 0.05


def test_expected_cash_is_that_of_main_payments_and_rests() -> None:
    """By hand: 80 % on day 2; of the rest a half on the day after each day still open, all of it cash."""
    invoices = [invoice(f"i{k}", ISSUE, DUE, 1000) for k in range(10)]
    parts = PartPayments.of(handmade(END, invoices, [payment(f"i{k}", "2024-02-02", 800) for k in range(10)]))
    shares = parts.expected(np.array([0]))
    assert shares.main[0] == pytest.approx(0.8)
    assert shares.rest[0].tolist() == pytest.approx([0, 0.2])
    cash = np.zeros((2, LAST + 1))
    cash[1] = 1 - 0.5 ** np.arange(LAST + 1)
    paid = np.array([[0.0, 0.0, 1.0, 1.0, 1.0]])
    came = type(shares)(main=shares.main, rest=shares.rest, cash=cash).received(paid)
    assert came[0] == pytest.approx([0, 0, 0.8, 0.9, 0.95])


def test_a_back_test_forecasts_the_cash_of_short_payers_short() -> None:
    """All pay a fifth less, five days late, and never the rest: the forecast of weekly cash is short by it too."""
    days = pd.bdate_range("2023-07-03", "2024-05-31")
    invoices = [
        invoice(f"i{k}", f"{day:%F}", f"{day + pd.Timedelta(days=14):%F}", 1000, customer_id=f"c{k % 15}")
        for k, day in enumerate(days.repeat(3))
    ]
    paid = [(row["invoice_id"], pd.Timestamp(row["due_date"]) + pd.Timedelta(days=5)) for row in invoices]
    payments = [payment(name, f"{day:%F}", 800) for name, day in paid if f"{day:%F}" <= END]
    found = backtest(handmade(END, invoices, payments), cut="2024-03-01", models=["kaplan_meier"], bootstrap=0)
    assert found.metrics.loc["kaplan_meier", "cash_error"] < 10
    assert found.observed > 0.8
