"""Amounts and dates as people write them."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from ledger.importing.words.amounts import AmountColumn, exact_sum, to_minor
from ledger.importing.words.dates import DateColumn, choose_orders
from ledger.importing.words.marks import choose_marks
from ledger.importing.words.signs import agreed


def amounts(*cells: str | None, decimal: str = "auto", native: bool = False):
    """Read a column of amounts; unreadable cells are "?" and empty ones None."""
    column = AmountColumn.of(pa.array(cells, pa.string()), native=np.full(len(cells), native))
    reading = choose_marks({"amount": column.marks}, decimal)["amount"]
    found = column.read(reading)
    values = [Decimal(micro) / 1_000_000 for micro in found.micro.tolist()]
    marks = zip(values, found.unreadable.tolist(), found.empty.tolist(), strict=True)
    return ["?" if bad else None if empty else value for value, bad, empty in marks], (found, reading.doubt)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1,234,567.80", "1234567.80"),
        ("12,34,567.80", "1234567.80"),  # Indian grouping
        ("1 234.56", "1234.56"),
        ("1\u00a0234.56", "1234.56"),
        ("1\u202f234.56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1’234.56", "1234.56"),
        ("(12.50)", "-12.50"),
        ("12.50-", "-12.50"),
        ("-12.50", "-12.50"),
        ("\u221212.50", "-12.50"),
        ("+12.50", "12.50"),
        ("$1,000.00", "1000"),
        ("-$12.50", "-12.50"),
        ("$-12.50", "-12.50"),
        ("($12.50)", "-12.50"),
        ("€ 12.50", "12.50"),
        ("12.50 €", "12.50"),
        ("EUR 12.50", "12.50"),
        ("12.50 USD", "12.50"),
        ("US$ 12.50", "12.50"),
        ("R$ 12.50", "12.50"),
        ("12.50 zł", "12.50"),
        ("12.50 CR", "-12.50"),
        ("12.50 DR", "12.50"),
        ("CR 12.50", "-12.50"),
        ("Cr. 12.50", "-12.50"),
        ("DR 12.50", "12.50"),
        ("<12.50>", "-12.50"),
        ("'-12.50", "-12.50"),  # the guard that spreadsheets put before text
        ('="12.50"', "12.50"),
        ("\u201312.50", "-12.50"),
        ("12.50\u2212", "-12.50"),
        ("\uff0d12.50", "-12.50"),
        ("１２.50", "12.50"),
        ("١٢٫50", "12.50"),
        ("१२.50", "12.50"),
        ("1\u2009234.56", "1234.56"),
        ("5.-", "5"),  # Swiss: no cents
        ("5.–", "5"),
        ("Fr. 12.50", "12.50"),
        ("Fr.12.50", "12.50"),
        ("EUR12.50", "12.50"),
        ("12.50EUR", "12.50"),
        ("$ 12.50 USD", "12.50"),
        (".50", "0.50"),
        ("0012.50", "12.50"),
        ("999999999999.999999", "999999999999.999999"),
    ],
)
def test_an_amount_is_read_exactly(cell, value):
    """Separators, signs and currencies are understood; the last digit is kept."""
    (found, anchor), _ = amounts(cell, "0.01")
    assert found == Decimal(value)
    assert anchor == Decimal("0.01")


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "abc",
            "12.5.6",
            "1,23.4",
            "--5",
            "(-5)",
            "5 and 6",
            "1e5",
            "1,2345.00",
            "12-34",
            "1000000000000",
            "0x1F",
            "∞",
        ),
        *("1EUR234", "USD.50", "12.50 C", "20.00 H", "(12.50", "<12.50)", "CR 12.50 DR", "-12.50-", "€ 12.50 USD"),
        "12.50 %",
    ],
)
def test_what_is_no_amount_is_not_read(cell):
    """Text, doubled signs, odd groups and amounts beyond a million million are refused."""
    (found, _), _ = amounts(cell, "0.01")
    assert found == "?"


@pytest.mark.parametrize("cell", [None, "N/A", "null", "-", "NaN"])
def test_words_for_nothing_are_empty(cell):
    """They are missing rather than unreadable."""
    (found,), _ = amounts(cell)
    assert found is None


def test_a_decimal_comma_is_found_from_the_column():
    """One cell that leaves no doubt decides for 1.234, too."""
    values, (_, doubt) = amounts("1.234,56", "1.234", "12,5", "7-", "1.234.567,00")
    assert values == [Decimal("1234.56"), 1234, Decimal("12.5"), -7, 1234567]
    assert doubt is None


@pytest.mark.parametrize(("decimal", "value"), [(".", "1234"), (",", "1.234"), ("auto", "1234")])
def test_without_evidence_the_map_decides_and_says_so(decimal, value):
    """1,234 alone may be a thousand or one and a bit."""
    (found,), (_, doubt) = amounts("1,234", decimal=decimal)
    assert found == Decimal(value)
    assert doubt


@pytest.mark.parametrize("cells", [("1.234", "2.500", "7"), ("1,234", "2,500", "7")])
def test_three_digits_after_the_only_mark_are_thousands(cells):
    """Nobody writes three decimals of a currency that has two; said, for nothing proves it."""
    values, (_, doubt) = amounts(*cells)
    assert values == [1234, 2500, 7]
    assert "read as thousands" in doubt


@pytest.mark.parametrize("proof", ["0.125", "1234.567", "7.5", "7.12345", "1 234.567"])
def test_a_cell_that_can_only_be_a_decimal_proves_it_for_the_others(proof):
    """A leading zero, a thousand without a mark, one, two or five decimals."""
    values, (_, doubt) = amounts("1.234", proof)
    assert values[0] == Decimal("1.234")
    assert doubt is None


def test_what_could_be_both_is_refused_where_it_contradicts_itself():
    """1.234 and 2,500 in one column; or few cells with cents among many that would have to be rounded."""
    assert amounts("1.234", "2,500")[0] == ["?", "?"]
    values, (_, doubt) = amounts("7.50", "1.234", "2.500", "3.750")
    assert values == [Decimal("7.5"), "?", "?", "?"]
    assert "refused" in doubt


def test_a_column_follows_the_other_amount_columns_of_its_file():
    """1.234 beside 1.234,50 is a thousand; beside 1234.50 it is neither, and the map is asked."""
    three = np.zeros(2, bool)

    def together(*columns: tuple[str, str], thousandths=three):
        taken = {
            str(k): AmountColumn.of(pa.array(cells), native=np.zeros(2, bool), thousandths=thousandths)
            for k, cells in enumerate(columns)
        }
        readings = choose_marks({name: column.marks for name, column in taken.items()}, "auto")
        found = taken["1"].read(readings["1"])
        return [None if bad else micro for micro, bad in zip(found.micro.tolist(), found.unreadable, strict=True)]

    assert together(("1.234,50", "7,00"), ("1.234", "2.500")) == [1_234_000_000, 2_500_000_000]
    assert together(("1234.50", "7.00"), ("1.234", "2.500")) == [None, None]
    assert together(("1234.50", "7.00"), ("1,234", "2,500")) == [1_234_000_000, 2_500_000_000]
    assert together(("1234.50", "7.00"), ("1.234", "2.500"), thousandths=~three) == [1_234_000, 2_500_000]


def test_three_digits_are_decimals_of_a_currency_that_has_three():
    """1.234 dinars; beside euros in the same column nothing is sure."""
    cells = pa.array(["1.234", "2.500"])
    for three, expected in ((np.ones(2, bool), [1_234_000, 2_500_000]), (np.array([True, False]), [0, 0])):
        column = AmountColumn.of(cells, native=np.zeros(2, bool), thousandths=three)
        assert column.read(choose_marks({"a": column.marks}, "auto")["a"]).micro.tolist() == expected


@pytest.mark.parametrize("letters", ["DC", "SH"])
def test_a_letter_after_every_amount_is_debit_or_credit(letters):
    """In both letters of a pair; Soll and Haben."""
    debit, credit = letters
    assert amounts(f"10.00{debit}", f"4.00 {credit}", f"1.00{debit}")[0] == [10, -4, 1]
    assert amounts(f"10.00{debit}", f"4.00 {credit}", "1.00")[0] == ["?", "?", 1]
    assert amounts(f"10.00{credit}")[0] == ["?"]


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        *(("€ 1.00", "EUR"), ("1.00 eur", "EUR"), ("A$1.00", "AUD"), ("C$ 1.00", "CAD"), ("NZ$1.00", "NZD")),
        *(("US$1.00", "USD"), ("R$ 1.00", "BRL"), ("1.00 zł", "PLN"), ("1.00 Kč", "CZK"), ("Fr. 1.00", "CHF")),
        *(("$1.00", "$"), ("kr 1.00", "kr"), ("¥1.00", "¥"), ("£1.00", "£"), ("Rs. 1.00", "rs"), ("1.00", None)),
    ],
)
def test_a_cell_keeps_the_currency_that_it_names(cell, named):
    """A code, or the sign itself where several currencies share it."""
    _, (found, _) = amounts(cell)
    assert found.currency.to_pylist() == [named]


@pytest.mark.parametrize(
    ("names", "likely", "expected"),
    [
        (("$",), ("EUR",), "USD"),
        (("$",), ("AUD",), "AUD"),
        (("$", "CAD"), ("USD",), "CAD"),
        (("$", "EUR"), ("USD",), None),
        (("kr",), ("EUR",), None),
        (("kr",), ("EUR", "SEK"), "SEK"),
        (("¥",), (), None),
        (("£",), (), "GBP"),
        (("EUR", "USD"), ("EUR",), None),
    ],
)
def test_a_shared_sign_means_what_the_column_or_the_file_says(names, likely, expected):
    """Never the base currency only because it is the base."""
    assert agreed(names, *likely) == expected


def test_contradictory_decimal_signs_follow_the_majority():
    """The others cannot be read and are not guessed at."""
    values, (_, doubt) = amounts("1,234.50", "2,345.60", "1.234,50")
    assert values == [Decimal("1234.50"), Decimal("2345.60"), "?"]
    assert "decimal comma" in (doubt or "")


def test_numbers_of_a_workbook_have_a_decimal_point_whatever_the_map():
    """A map with a decimal comma does not turn 1234.567 into a million."""
    (found, scientific), _ = amounts("1234.567", "1e-5", decimal=",", native=True)
    assert found == Decimal("1234.567")
    assert scientific == Decimal("0.00001")


def test_noise_of_floating_point_is_rounded_off():
    """Digits beyond the sixth decimal are no information."""
    (found, half, up), (column, _) = amounts("129473.83000000002", "0.0000005", "0.0000015")
    assert (found, half, up) == (Decimal("129473.83"), 0, Decimal("0.000002"))
    assert column.noisy == 3


def test_minor_units_round_half_to_even_in_each_currency():
    """Two decimals for euro, none for yen, three for dinar."""
    micro = np.array([125_000, 135_000, -125_000, 2_500_000, 1_500_000, 1_000_500])
    currency = pa.array(["EUR", "EUR", "EUR", "JPY", "JPY", "KWD"])
    assert to_minor(micro, currency).tolist() == [12, 14, -12, 2, 2, 1000]


def test_a_sum_is_exact_beyond_64_bits():
    """A million amounts of a million million do not overflow."""
    assert exact_sum(np.full(20, 999_999_999_999_999_999)) == Decimal("19999999999999.99998")


def days(*cells: str | None, preset: str = "day_first"):
    """Read a column of dates as ISO text; unreadable cells are "?" and empty ones None."""
    column = DateColumn.of(pa.array(cells, pa.string()))
    orders, warnings = choose_orders({"due": column}, preset)
    order, trust = orders["due"]
    found, unreadable = column.read(order, trust_unclear=trust)
    texts = ["?" if bad else None if np.isnat(day) else str(day) for day, bad in zip(found, unreadable, strict=True)]
    return texts, warnings


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-03-05", "2024/3/5", "2024.03.05", "20240305", "2024-03-05T10:11:12Z", "2024-03-05 10:11", "45356"),
        *(
            "45356.0",
            "45356.75",
            "5-Mar-2024",
            "5 March 2024",
            "Mar 5, 2024",
            "March 5 2024",
            "5. März 2024",
            "05-MAR-24",
        ),
        *("Tuesday, March 5, 2024", "5/3/2024", "05.03.24", "05-03-2024", "05.03.2024 23:59"),
    ],
)
def test_a_date_is_read(cell):
    """ISO, serial numbers of Excel, names of months, day first."""
    assert days(cell)[0] == ["2024-03-05"]


@pytest.mark.parametrize(
    "cell", ["2024-02-30", "31/04/2024", "13/13/2024", "soon", "2024-13-01", "1234", "123456", "5 Foo 2024", "0/1/2024"]
)
def test_what_is_no_date_is_not_read(cell):
    """Days that the calendar lacks, and text."""
    assert days(cell)[0] == ["?"]


@pytest.mark.parametrize("cell", [None, "NULL", "00.00.0000", "0000-00-00", "NaT"])
def test_empty_dates_are_empty(cell):
    """As SAP and MySQL write them."""
    assert days(cell)[0] == [None]


def test_a_part_above_twelve_decides_for_the_column():
    """Day first or month first, whatever the preset."""
    assert days("01/02/2024", "25/02/2024", preset="month_first") == (["2024-02-01", "2024-02-25"], [])
    assert days("01/02/2024", "02/25/2024", preset="day_first") == (["2024-01-02", "2024-02-25"], [])


def test_without_evidence_the_preset_decides_and_says_so():
    """The same text is two days."""
    (found,), warnings = days("01/02/2024", preset="month_first")
    assert found == "2024-01-02"
    assert "nothing tells" in warnings[0]
    assert days("01/02/2024")[0] == ["2024-02-01"]
    assert days("02/02/2024")[1] == []  # both orders are the same day


def test_a_column_without_evidence_follows_the_other_columns():
    """One file has one way of writing dates."""
    issue, due = (DateColumn.of(pa.array([text])) for text in ("01/25/2024", "02/03/2024"))
    orders, warnings = choose_orders({"issue": issue, "due": due}, "day_first")
    assert orders == {"issue": ("month_first", True), "due": ("month_first", True)}
    assert warnings == []


def test_contradictory_evidence_leaves_only_what_is_unmistakable():
    """Dates of the other order and those that can be read both ways are refused."""
    found, warnings = days("25/01/2024", "01/25/2024", "03/04/2024", "2024-05-06")
    assert found == ["2024-01-25", "?", "?", "2024-05-06"]
    assert "1 cell can only be day first, 1 only month first" in warnings[0]


def test_a_stray_cell_does_not_overturn_a_column():
    """From 95 % of the telling cells on, the order is settled; the stray is refused."""
    found, warnings = days(*["25/01/2024"] * 40, "01/25/2024", "03/04/2024")
    assert found[-2:] == ["?", "2024-04-03"]
    assert "rejected" in warnings[0]
