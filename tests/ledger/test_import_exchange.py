"""Payments in another currency than their invoice."""

import pytest

from ledger import BadInput, kpis
from ledger.importing import Imported, import_ledger

INVOICES = """invoice_id,customer_id,issue_date,due_date,amount,currency
F-1,Juniper,2024-01-10,2024-02-09,1000.00,USD
F-2,Juniper,2024-01-10,2024-02-09,500.00,EUR
"""


@pytest.fixture
def load(tmp_path):
    """Import invoices and payments given as text, with the base EUR and a rate for the dollar."""

    def run(payments: str, *, invoices: str = INVOICES, rates: str = "currency,rate\nUSD,0.90\n") -> Imported:
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / "invoices.csv").write_text(invoices)
        (tmp_path / "source" / "payments.csv").write_text(payments)
        (tmp_path / "rates.csv").write_text(rates)
        return import_ledger(tmp_path / "source", rates=tmp_path / "rates.csv", base_currency="EUR", as_of="2024-03-31")

    return run


def applied(imported: Imported) -> list[tuple]:
    """Return invoice, amount in minor units and currency of each payment."""
    frame = imported.ledger.payments.sort_values(["received_date", "amount"]).astype(object)
    frame = frame.where(frame["invoice_id"].notna(), None) if frame["invoice_id"].isna().any() else frame
    return list(zip(frame["invoice_id"], frame["amount"], frame["currency"], strict=True))


def test_a_payment_near_the_invoice_at_the_given_rates_settles_it(load):
    """920 EUR for 1,000 USD at .90: the invoice is closed, 20 EUR are a difference of rates and no credit."""
    imported = load(
        "payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,920.00,EUR\nP2,F-2,2024-02-20,500.00,EUR\n"
    )
    assert imported.rejected == 0
    assert sorted(applied(imported)) == [("F-1", -2_222, "USD"), ("F-1", 102_222, "USD"), ("F-2", 50_000, "EUR")]
    figures = kpis(imported.ledger, start="2024-02-01")
    assert (figures["ar_open"], figures["unapplied_cash"]) == (0, 0)
    assert figures["cash_collected"] == pytest.approx(1420.0, abs=0.01)
    payments = imported.ledger.payments.set_index("payment_id")
    assert payments.loc["P1/exchange", ["amount", "kind"]].tolist() == [-2_222, "exchange_difference"]
    assert any("1 payment is in another currency" in w and "+20.00 EUR" in w for w in imported.warnings)


def test_a_part_payment_in_another_currency_leaves_the_rest_open(load):
    """450 EUR are 500 USD at .90; what is left is far more than rates move."""
    imported = load("payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,450.00,EUR\n")
    assert applied(imported) == [("F-1", 50_000, "USD")]
    assert imported.ledger.open_amount().tolist() == [50_000, 50_000]
    assert any("exchange difference +0.00 EUR" in warning for warning in imported.warnings)


def test_the_last_of_several_payments_takes_up_the_difference(load):
    """400 USD and then 550 EUR (611.11 USD): 11.11 USD are no overpayment."""
    imported = load(
        "payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-18,400.00,USD\nP2,F-1,2024-02-20,550.00,EUR\n"
    )
    assert applied(imported) == [("F-1", 40_000, "USD"), ("F-1", -1_111, "USD"), ("F-1", 61_111, "USD")]
    assert any("+10.00 EUR" in warning for warning in imported.warnings)


def test_what_fell_short_at_the_rates_is_a_loss_and_no_cash(load):
    """880 EUR for 1,000 USD (900 EUR): closed, cash 880; the loss settles the rest on the same day."""
    imported = load("payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,880.00,EUR\n")
    assert applied(imported) == [("F-1", 2_222, "USD"), ("F-1", 97_778, "USD")]
    assert imported.ledger.payments["kind"].tolist() == ["cash", "exchange_difference"]
    assert kpis(imported.ledger, start="2024-02-01")["cash_collected"] == pytest.approx(880.0, abs=0.01)
    assert imported.ledger.open_amount().tolist() == [0, 50_000]


def test_a_stated_amount_differs_from_the_rates_as_cash(load):
    """690 EUR settle 760 USD (684 EUR) as stated: 690 came."""
    imported = load("payment_id,invoice_id,date,amount,currency,invoice_amount\nP1,F-1,2024-02-20,690.00,EUR,760.00\n")
    assert applied(imported) == [("F-1", -667, "USD"), ("F-1", 76_667, "USD")]
    assert imported.ledger.open_amount().tolist() == [24_000, 50_000]
    assert imported.ledger.snapshot("2024-02-19").open_amount().tolist() == [100_000, 50_000]


def test_a_difference_is_counted_once_where_a_payment_pays_two_instalments(load):
    """920 EUR for instalments of 300 and 700 USD: 20 EUR beside the larger piece."""
    two = """invoice_id,customer_id,issue_date,due_date,amount,currency
F-1,Juniper,2024-01-10,2024-02-09,300.00,USD
F-1,Juniper,2024-01-10,2024-03-09,700.00,USD
"""
    imported = load("payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,920.00,EUR\n", invoices=two)
    assert kpis(imported.ledger, start="2024-02-01")["cash_collected"] == pytest.approx(920.0, abs=0.01)
    assert imported.ledger.open_amount().sum() == 0


def test_what_is_far_more_than_the_invoice_is_overpaid(load):
    """1,000 EUR are 1,111.11 USD: the rest is a credit of the customer, in the invoice's currency."""
    imported = load("payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,1000.00,EUR\n")
    assert imported.ledger.payments["amount"].sort_values().tolist() == [11_111, 100_000]
    assert kpis(imported.ledger)["unapplied_cash"] == pytest.approx(100.0, abs=0.01)


def test_a_stated_amount_in_the_invoices_currency_counts_over_the_rates(load):
    """It needs no rate of the payment's currency; empty cells fall back to the rates."""
    imported = load(
        "payment_id,invoice_id,date,amount,currency,invoice_amount\n"
        "P1,F-1,2024-02-20,700.00,CHF,760.00\nP2,F-1,2024-02-21,190.00,EUR,\n"
    )
    assert applied(imported) == [("F-1", 76_000, "USD"), ("F-1", 21_111, "USD")]  # no rate of CHF, no difference
    assert imported.ledger.open_amount().tolist() == [2_889, 50_000]


@pytest.mark.parametrize(
    ("stated", "rule"),
    [("much", "bad_amount"), ("0", "zero_amount"), ("-900", "wrong_sign"), ("500", "implausible_rate")],
)
def test_a_stated_amount_that_cannot_be_meant_is_rejected(load, stated, rule):
    """No number, nothing, the other sign, or a quarter away from the given rates."""
    imported = load(
        "payment_id,invoice_id,date,amount,currency,invoice_amount\n"
        f"P1,F-1,2024-02-20,900.00,EUR,{stated}\nP2,F-2,2024-02-20,500.00,EUR,\n"
    )
    assert imported.rejects[["row", "column", "rule"]].values.tolist() == [[2, "invoice_amount", rule]]
    assert imported.ledger.open_amount().tolist() == [100_000, 0]


def test_payments_of_an_invoice_without_a_rate_say_so(load):
    """The rate is lacking, not the invoice."""
    lines = "payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,920.00,EUR\n"
    with pytest.raises(BadInput, match="1 no_rate"):
        load(lines, rates="currency,rate\nCHF,1.05\n")


def test_a_payment_in_a_currency_without_a_rate_says_so(load):
    """Its invoice stays open."""
    imported = load(
        "payment_id,invoice_id,date,amount,currency\nP1,F-1,2024-02-20,900.00,CHF\nP2,F-2,2024-02-20,500.00,EUR\n"
    )
    assert imported.rejects[["row", "column", "rule"]].values.tolist() == [[2, "currency", "no_rate"]]
    assert imported.ledger.open_amount().tolist() == [100_000, 0]


def test_yen_for_euros_counts_in_the_currencies_own_minor_units(load):
    """50,000 yen at .006 are 300 EUR."""
    imported = load(
        "payment_id,invoice_id,date,amount,currency\nP1,F-2,2024-02-20,50000,JPY\n",
        rates="currency,rate\nUSD,0.9\nJPY,0.006\n",
    )
    assert applied(imported) == [("F-2", 30_000, "EUR")]


def test_a_payment_among_the_invoices_crosses_currencies_too(tmp_path):
    """920 EUR for 1,000 USD in one table; a credit note in another currency stays the customer's."""
    (tmp_path / "i.csv").write_text(
        "invoice_id,customer_id,issue_date,due_date,amount,currency,type,applies_to\n"
        "F-1,Juniper,2024-01-10,2024-02-09,1000.00,USD,invoice,\nF-2,Juniper,2024-01-10,2024-02-09,500.00,USD,invoice,\n"
        "P1,Juniper,2024-02-20,,-920.00,EUR,payment,F-1\nK1,Juniper,2024-02-20,,-100.00,EUR,credit note,F-2\n"
    )
    (tmp_path / "rates.csv").write_text("currency,rate\nUSD,0.90\n")
    imported = import_ledger(tmp_path / "i.csv", rates=tmp_path / "rates.csv", base_currency="EUR", as_of="2024-03-31")
    assert imported.ledger.open_amount().tolist() == [0, 50_000]
    figures = kpis(imported.ledger, start="2024-02-01")
    assert figures["cash_collected"] == pytest.approx(920.0, abs=0.01)
    assert (figures["unapplied_cash"], figures["unapplied_credit"]) == (0, 100)
    assert any("exchange difference +20.00 EUR" in warning for warning in imported.warnings)
