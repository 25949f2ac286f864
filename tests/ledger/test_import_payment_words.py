"""What a payment is called, and its day: means of payment are payments, in whatever words."""

import doctest

import pytest

from ledger.importing import Imported, import_ledger
from ledger.importing.maps import map_tables

INVOICE = "invoice_id,customer_id,issue_date,due_date,amount,currency\nA,C1,2024-01-10,2024-02-09,100.00,EUR\n"
MEANS = (
    "EFT|SEPA|Cash receipt|wire|Lockbox|direct debit|card|ACH|cheque|Lastschrift|Überweisung|virement|bonifico"
    "|SEPA-Lastschrift|Check #1234|Credit Card (Visa)|przelew bankowy|iDEAL|Pix"
)
DAYS = "Zahlungseingang|Wertstellung|Encaissé le|Cobrado el|Data accredito|Ontvangen op|Recebido em|Data wpływu"


@pytest.fixture
def load(tmp_path):
    """Import one invoice with payments: their header and lines."""

    def run(*lines: str) -> Imported:
        (tmp_path / "invoices.csv").write_text(INVOICE)
        (tmp_path / "payments.csv").write_text("\n".join(lines) + "\n")
        return import_ledger(tmp_path)

    return run


@pytest.mark.parametrize("word", MEANS.split("|"))
def test_means_of_payment_are_payments(load, word):
    """Alone, together and with a number."""
    imported = load("payment_id,invoice_id,date,amount,kind", f"1,A,2024-02-01,40.00,{word}")
    assert (imported.rejected, imported.ledger.payments["kind"].tolist()) == (0, ["cash"])


@pytest.mark.parametrize("word", ["ACH return", "card refund", "SEPA-Rücklastschrift", "NSF check 12"])
def test_a_means_of_payment_that_goes_back_takes_back(load, word):
    """The same words with one for what goes back."""
    imported = load(
        "payment_id,invoice_id,date,amount,kind", "1,A,2024-02-01,40.00,card", f"2,A,2024-02-02,40.00,{word}"
    )
    assert (imported.rejected, imported.ledger.open_amount().tolist()) == (0, [10_000])


@pytest.mark.parametrize("number", ["", "R1"])
def test_a_reversal_that_names_nothing_takes_back_the_payment_of_its_amount(load, number):
    """The latest one of the customer by that day, not a smaller one; another amount is rejected."""
    lines = (
        "p1,A,C1,2024-02-01,40.00,card",
        "p2,A,C1,2024-02-05,25.00,card",
        f"{number},,C1,2024-02-08,40.00,reversal",
    )
    imported = load("payment_id,invoice_id,customer_id,date,amount,kind", *lines)
    assert (imported.rejected, imported.ledger.open_amount().tolist()) == (0, [7_500])
    assert imported.ledger.open_amount("2024-02-07").tolist() == [3_500]
    assert any("of the same amount of its customer" in warning for warning in imported.warnings)
    other = load("payment_id,invoice_id,customer_id,date,amount,kind", *lines[:2], "R1,,C1,2024-02-08,41.00,reversal")
    assert other.rejects["rule"].tolist() == ["nothing_to_take_back"]


@pytest.mark.parametrize("heading", DAYS.split("|"))
def test_the_day_of_a_payment_has_many_names(load, heading):
    """In the languages of the headers."""
    imported = load(f"payment_id,invoice_id,{heading},amount", "1,A,2024-02-01,40.00")
    assert imported.ledger.payments["received_date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-02-01"]


def test_means_of_payment_in_the_invoice_table_are_payments(tmp_path):
    """A type of the invoices' own column."""
    lines = "invoice_id,customer_id,issue_date,due_date,amount,type,applies_to\n"
    lines += "A,C1,2024-01-10,2024-02-09,100.00,Invoice,\nP,C1,2024-02-01,,-40.00,Wire transfer 4711,A\n"
    (tmp_path / "invoices.csv").write_text(lines)
    imported = import_ledger(tmp_path / "invoices.csv")
    assert imported.ledger.open_amount().tolist() == [6_000]


def test_examples_of_words_together_are_true():
    """Those of the docstring."""
    result = doctest.testmod(map_tables)
    assert (result.failed, result.attempted > 1) == (0, True)
