"""Currencies of rows: by column, by the amount's own sign, and of what is still open."""

import doctest

import pytest

from ledger import BadInput
from ledger.importing import import_ledger
from ledger.importing.words import affixes, signs

HEADER = "invoice_id,customer_id,issue_date,due_date,amount"


@pytest.fixture
def load(tmp_path):
    """Import amounts (and further cells), one invoice each, with a rate of .9 for the dollar."""

    def run(*cells: str, header: str = HEADER, **how):
        lines = [f"I{k},C,2024-01-10,2024-02-09,{cell}" for k, cell in enumerate(cells)]
        (tmp_path / "i.csv").write_text("\n".join([header, *lines]) + "\n")
        if (rates := how.pop("rates", None)) is not None:
            (tmp_path / "rates.csv").write_text(rates)
            how["rates"] = tmp_path / "rates.csv"
        return import_ledger(tmp_path / "i.csv", **how)

    return run


def outcome(imported):
    """Return amounts with their currencies, and the rules of the rejects."""
    invoices = imported.ledger.invoices
    pairs = zip(invoices["amount"], invoices["currency"], strict=True)
    return [f"{amount} {code}" for amount, code in pairs], imported.rejects["rule"].tolist()


def test_a_sign_in_the_cell_is_its_currency_and_never_the_base(load):
    """$1,000 beside euros are dollars without a rate."""
    found = outcome(load('"$1,000.00"', "€500.00", "€250.00", "£100.00"))
    assert found == (["50000 EUR", "25000 EUR"], ["no_rate", "no_rate"])


def test_dollars_of_other_countries_are_what_they_are(load):
    """A krone may be of four countries, so it asks."""
    imported = load('"US$1,000.00"', "A$500.00", "C$ 250.00", "kr 900.00", base_currency="USD")
    assert outcome(imported) == (["100000 USD"], ["no_rate", "no_rate", "ambiguous_currency"])


def test_the_base_currency_is_that_of_most_invoices_and_a_tie_is_told(load):
    """Not the first in the alphabet: of one row each the largest total, which is said, for it says little."""
    found = load('"US$1,000.00"', "A$500.00", "C$ 250.00", "kr 900.00")
    assert outcome(found) == (["100000 USD"], ["no_rate", "no_rate", "ambiguous_currency"])
    assert any("AUD, CAD, USD stand on 1 row each: the base currency is USD" in warning for warning in found.warnings)
    more = load("€500.00", "£1.00", "£1.00")
    assert more.ledger.base_currency == "GBP"
    assert not any("the base currency is" in warning for warning in more.warnings)


def test_a_base_currency_that_cannot_be_told_is_asked_for(load):
    """As many rows, and the same total in minor units."""
    with pytest.raises(BadInput, match="EUR, GBP stand on 1 row each"):
        load("€500.00", "£500.00")


def test_a_currency_with_a_rate_to_another_is_not_the_base(load):
    """Dollars are more, and converted: to euros."""
    found = load("$1.00", "$2.00", "€3.00", rates="currency,rate\nUSD,0.9\n")
    assert found.ledger.base_currency == "EUR"
    assert outcome(found)[1] == []


def test_a_shared_sign_follows_the_currency_column_or_the_files_currency(load):
    """$ beside AUD; kr in a ledger in Swedish crowns; and a sign in the column itself."""
    header = HEADER + ",currency"
    assert outcome(load("$1.50,AUD", "2.50,AUD", header=header)) == (["150 AUD", "250 AUD"], [])
    assert outcome(load("kr 1.50", "2.50 kr", base_currency="SEK")) == (["150 SEK", "250 SEK"], [])
    assert outcome(load("1.50,$", "A$2.50,$", header=header, base_currency="AUD")) == (["150 AUD", "250 AUD"], [])
    assert outcome(load("$1.50,EUR", "2.50,EUR", header=header)) == (["250 EUR"], ["currency_mismatch"])


def test_an_assumed_meaning_is_said(load):
    """$ as US dollars where nothing else tells."""
    assert any("by a sign that several share" in warning for warning in load("$1.50").warnings)
    warnings = load("$1.50", "€2.50", "€3.50", rates="currency,rate\nUSD,0.9\n").warnings
    assert any("1 amount is taken with the sign '$' as USD" in warning for warning in warnings)


def test_a_file_of_doubtful_amounts_is_refused_with_what_to_say(load):
    """The message tells which key of a map answers."""
    header = HEADER + ",open_amount"
    with pytest.raises(BadInput, match=r"nothing tells whether 1.234 is a thousand or a decimal.*say `decimal`"):
        load("1234.50,1.234", "2500.00,2.500", header=header, base_currency="EUR")


OPEN = HEADER + ",currency,open_amount"


def test_open_amounts_in_another_currency_than_their_invoices_are_refused_as_a_column(load):
    """100 dollars with 8,300 open show that the 4,150 open of 10,000 are no dollars either; what is settled stays."""
    imported = load("10000.00,USD,4150.00", "100.00,USD,8300.00", "50.00,USD,8300.00", "60.00,USD,0", header=OPEN)
    assert outcome(imported) == (["6000 USD"], ["open_in_other_currency"] * 3)


def test_open_amounts_that_all_stand_at_the_rate_are_in_the_base_currency(load):
    """Half of each dollar invoice, at a rate of .5: these are euros; one that is open in full says they are dollars."""
    rates = "currency,rate\nUSD,0.5\n"
    lines = ("100.00,USD,50.00", "80.00,USD,40.00", "60.00,USD,30.00", "10.00,EUR,5.00")
    found = outcome(load(*lines, header=OPEN, rates=rates, base_currency="EUR"))
    assert found == (["1000 EUR"], ["open_in_other_currency"] * 3)
    lines = ("100.00,USD,100.00", "80.00,USD,40.00", "60.00,USD,30.00", "10.00,EUR,5.00")
    assert outcome(load(*lines, header=OPEN, rates=rates, base_currency="EUR"))[1] == []


def test_erpnext_gives_open_amounts_in_the_accounts_currency(load):
    """Without its column a foreign invoice that is not settled is refused; with it, what agrees is taken."""
    header = "ID,Customer,Date,Payment Due Date,Grand Total,Currency,Outstanding Amount"
    lines = ("100.00,INR,40.00", "10000.00,USD,4150.00", "70.00,USD,0.00", "50.00,INR,0.00")
    rates = "currency,rate\nUSD,83\n"
    how = {"preset": "erpnext", "rates": rates, "base_currency": "INR"}
    assert outcome(load(*lines, header=header, **how)) == (
        ["10000 INR", "7000 USD", "5000 INR"],
        ["open_in_other_currency"],
    )
    lines = ("100.00,INR,40.00,INR", "10000.00,USD,4150.00,INR", "70.00,USD,50.00,USD")
    found = outcome(load(*lines, header=header + ",Party Account Currency", **how))
    assert found == (["10000 INR", "7000 USD"], ["open_in_other_currency"])


@pytest.mark.parametrize("module", [affixes, signs])
def test_examples_in_the_docstrings_run(module):
    """The documentation says what the code does."""
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
