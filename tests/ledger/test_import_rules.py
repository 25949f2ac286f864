"""Every rule of the import, one small file each."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.importing import Imported, import_ledger

HEADER = "invoice_id,customer_id,issue_date,due_date,amount,currency,clear_date"
GOOD = "G1,C1,2024-01-10,2024-02-09,100.00,EUR,2024-02-20"


@pytest.fixture
def load(tmp_path):
    """Import tables given as text, by name; a single one is the invoice file."""

    def run(invoices: str, *, map_text: str | None = None, rates: str | None = None, **others) -> Imported:
        tables = {name: others.pop(name) for name in list(others) if name in TABLES}
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        for name, text in {"invoices": invoices, **tables}.items():
            (folder / f"{name}.csv").write_text(text)
        if map_text is not None:
            (tmp_path / "map.toml").write_text(map_text)
            others["mapping"] = tmp_path / "map.toml"
        if rates is not None:
            (tmp_path / "rates.csv").write_text(rates)
            others["rates"] = tmp_path / "rates.csv"
        return import_ledger(folder if tables else folder / "invoices.csv", **others)

    return run


TABLES = ("payments", "customers", "contacts", "promises", "disputes")


def rows(*lines: str, header: str = HEADER) -> str:
    """Return a table as text."""
    return "\n".join([header, *lines]) + "\n"


def rules(imported: Imported) -> list[tuple[int, str, str]]:
    """Return row, column and rule of the rejects."""
    frame = imported.rejects
    return list(zip(frame["row"], frame["column"], frame["rule"], strict=True))


def adds_up(imported: Imported, total: str) -> None:
    """Check the control total, and that the rejects' amounts are part of it."""
    assert imported.amount_imported + imported.amount_rejected == Decimal(total)
    assert sum(imported.rejects["amount"].dropna(), Decimal(0)) == imported.amount_rejected
    assert imported.rows == imported.imported + imported.rejected
    assert "adds up" in imported.summary()
    imported.ledger.validate()


def payments(imported: Imported) -> list[tuple]:
    """Return the ledger's payments: invoice, received, applied, amount, kind."""
    frame = imported.ledger.payments.sort_values(["received_date", "amount", "payment_id"])
    return [
        (
            None if pd.isna(row.invoice_id) else row.invoice_id,
            f"{row.received_date:%Y-%m-%d}",
            None if pd.isna(row.applied_date) else f"{row.applied_date:%Y-%m-%d}",
            row.amount,
            row.kind,
        )
        for row in frame.itertuples()
    ]


@pytest.mark.parametrize(
    ("line", "column", "rule", "value"),
    [
        (",C1,2024-01-10,2024-02-09,5.00,EUR,", "invoice_id", "missing_invoice_id", None),
        ("B,,2024-01-10,2024-02-09,5.00,EUR,", "customer_id", "missing_customer", None),
        ("B,C1,2024-01-10,2024-02-09,five,EUR,", "amount", "bad_amount", "five"),
        ("B,C1,2024-01-10,2024-02-09,,EUR,", "amount", "missing_amount", None),
        ("B,C1,2024-01-10,2024-02-09,0.00,EUR,", "amount", "zero_amount", "0.00"),
        ("B,C1,2024-01-10,2024-02-09,0.004,EUR,", "amount", "zero_amount", "0.004"),
        ("B,C1,2024-01-10,2024-02-09,5.00,EURO2,", "currency", "bad_currency", "EURO2"),
        ("B,C1,2024-01-10,2024-02-09,$ 5.00 USD,EUR,", "amount", "currency_mismatch", "$ 5.00 USD"),
        ("B,C1,2024-01-10,2024-02-09,5.00,USD,", "currency", "no_rate", "USD"),
        ("B,C1,,2024-02-09,5.00,EUR,", "issue_date", "missing_issue_date", None),
        ("B,C1,soon,2024-02-09,5.00,EUR,", "issue_date", "bad_date", "soon"),
        ("B,C1,1900-01-10,2024-02-09,5.00,EUR,", "issue_date", "date_out_of_range", "1900-01-10"),
        ("B,C1,2200-01-10,2200-02-09,5.00,EUR,", "issue_date", "date_out_of_range", "2200-01-10"),
        ("B,C1,2024-01-10,,5.00,EUR,", "due_date", "missing_due_date", None),
        ("B,C1,2024-01-10,2024-02-30,5.00,EUR,", "due_date", "bad_date", "2024-02-30"),
        ("B,C1,2024-01-10,2200-02-09,5.00,EUR,", "due_date", "date_out_of_range", "2200-02-09"),
        ("B,C1,2024-01-10,2024-01-09,5.00,EUR,", "due_date", "due_before_issue", "2024-01-09"),
        ("B,C1,2024-01-10,2024-02-09,5.00,EUR,paid", "clear_date", "bad_date", "paid"),
        ("B,C1,2024-01-10,2024-02-09,5.00,EUR,2200-01-01", "clear_date", "date_out_of_range", "2200-01-01"),
        ("B,C1,2024-01-10,2024-02-09,5.00", "", "wrong_columns", None),
        ("B,C1,2024-01-10,2024-02-09,1,234.00,EUR,", "", "wrong_columns", None),
    ],
)
def test_a_row_that_breaks_a_rule_is_rejected_by_name(load, line, column, rule, value):
    """With row number, column, value and rule; the good row stays."""
    imported = load(rows(GOOD, line))
    assert rules(imported) == [(3, column, rule)]
    given = imported.rejects["value"][0]
    assert (None if pd.isna(given) else given) == value
    assert (imported.imported, imported.rejected) == (1, 1)
    readable = rule not in ("bad_amount", "missing_amount", "wrong_columns")
    assert imported.amount_unreadable == (0 if readable else 1)
    total = Decimal(0) if not readable else imported.rejects["amount"][0]
    adds_up(imported, str(Decimal("100.00") + total))


def test_a_row_is_rejected_once_for_the_first_rule_it_breaks(load):
    """So that the amounts of the rejects add up."""
    imported = load(rows(GOOD, ",,soon,never,7.50,XX,paid"))
    assert len(imported.rejects) == 1
    adds_up(imported, "107.50")


def test_row_numbers_are_those_of_the_file(load):
    """Empty lines and line breaks within a cell count as a person sees them; the header is row 1."""
    imported = load(rows(GOOD, "", '"G\n2",C1,2024-01-10,2024-02-09,1.00,EUR,', "B,C1,2024-01-10,2024-02-09,x,EUR,"))
    assert rules(imported) == [(5, "amount", "bad_amount")]
    assert imported.accounts[0].skipped == 1


def test_a_settled_invoice_has_one_payment_and_an_open_one_none(load):
    """The plain form: an empty clearing date means open."""
    imported = load(rows(GOOD, "G2,C1,2024-01-10,2024-02-09,30.00,EUR,"))
    assert payments(imported) == [("G1", "2024-02-20", "2024-02-20", 10000, "cash")]
    assert imported.ledger.open_amount().tolist() == [0, 3000]
    assert imported.as_of == pd.Timestamp("2024-02-20")


def test_an_exact_repeat_is_rejected(load):
    """The same row twice."""
    imported = load(rows(GOOD, GOOD, GOOD))
    assert [rule for _, _, rule in rules(imported)] == ["duplicate_row"] * 2
    adds_up(imported, "300.00")


def test_rows_with_one_id_and_other_dates_are_documents_of_their_own(load):
    """Kept apart by what differs; rows that differ in neither dates nor amount repeat one another."""
    imported = load(rows("G1,C1,2024-01-12,2024-02-09,70.00,EUR,", GOOD))
    assert sorted(imported.ledger.invoices["invoice_id"]) == ["G1/2024-01-10", "G1/2024-01-12"]
    adds_up(imported, "170.00")
    again = load(rows(GOOD, GOOD.replace("2024-02-20", "2024-02-21")))
    assert [rule for _, _, rule in rules(again)] == ["duplicate_invoice"]


def test_a_broken_row_does_not_push_out_a_good_one_of_the_same_id(load):
    """Repeats are looked for among the rows that are otherwise good."""
    imported = load(rows("G1,C1,soon,2024-02-09,100.00,EUR,", GOOD))
    assert [rule for _, _, rule in rules(imported)] == ["bad_date"]
    assert imported.imported == 1


def test_a_repeat_under_another_id_is_kept_with_a_warning(load):
    """Same customer, amount, due and clearing date."""
    imported = load(rows(GOOD, GOOD.replace("G1", "G2")))
    assert imported.imported == 2
    assert any("1 invoice repeats customer" in warning for warning in imported.warnings)


def test_a_prepayment_is_kept_as_received_and_applied_on_the_issue_day(load):
    """Nothing is applied before its invoice is issued."""
    imported = load(rows("P,C1,2024-03-10,2024-04-09,10.00,EUR,2024-03-01", GOOD))
    assert ("P", "2024-03-01", "2024-03-10", 1000, "cash") in payments(imported)
    assert any("1 settlement came before" in warning for warning in imported.warnings)


def test_a_credit_note_settles_the_invoice_that_it_names(load):
    """A negative row with the id of its invoice."""
    header = HEADER + ",applies_to"
    imported = load(
        rows(GOOD + ",", "N1,C1,2024-02-01,,-30.00,EUR,,G1", "G2,C1,2024-01-10,2024-02-09,50.00,EUR,,", header=header)
    )
    assert payments(imported) == [
        ("G1", "2024-02-01", "2024-02-01", 3000, "credit_note"),
        ("G1", "2024-02-20", "2024-02-20", 7000, "cash"),
    ]
    adds_up(imported, "120.00")


def test_a_credit_note_without_an_invoice_stays_as_unapplied_credit(load):
    """Of its customer, from its own day on."""
    imported = load(rows(GOOD, "N1,C2,2024-02-01,,-30.00,EUR,"))
    assert (None, "2024-02-01", None, 3000, "credit_note") in payments(imported)
    assert imported.ledger.payments["customer_id"].tolist() == ["C1", "C2"]
    assert any("not applied to any invoice" in warning for warning in imported.warnings)
    adds_up(imported, "70.00")


def test_a_credit_note_cleared_with_an_invoice_settles_part_of_it(load):
    """Same customer and day: the rest of the invoice was cash."""
    imported = load(rows(GOOD, "N1,C1,2024-02-01,,-30.00,EUR,2024-02-20"))
    assert payments(imported) == [
        ("G1", "2024-02-01", "2024-02-20", 3000, "credit_note"),
        ("G1", "2024-02-20", "2024-02-20", 7000, "cash"),
    ]


def test_a_partly_paid_invoice_keeps_its_open_amount(load):
    """Open amount below the amount; the day of the paid part is the clearing date."""
    header = HEADER + ",open_amount"
    imported = load(rows("G1,C1,2024-01-10,2024-02-09,100.00,EUR,2024-02-20,25.00", header=header))
    assert imported.ledger.open_amount().tolist() == [2500]
    assert payments(imported) == [("G1", "2024-02-20", "2024-02-20", 7500, "cash")]


def test_a_settlement_without_a_day_is_taken_as_the_due_date(load):
    """No later than as_of, and said so."""
    header = "invoice_id,customer_id,issue_date,due_date,amount,open_amount"
    lines = ("A,C1,2024-01-10,2024-02-09,100.00,0", "B,C1,2024-03-01,2024-04-01,50.00,10.00")
    imported = load(rows(*lines, header=header), as_of="2024-03-15")
    assert payments(imported) == [
        ("A", "2024-02-09", "2024-02-09", 10000, "cash"),
        ("B", "2024-03-15", "2024-03-15", 4000, "cash"),
    ]
    assert any("2 settlements have no day" in warning for warning in imported.warnings)


@pytest.mark.parametrize(
    ("open_amount", "rule"),
    [
        ("abc", "bad_open_amount"),
        ("", "missing_open_amount"),
        ("100.01", "open_exceeds_amount"),
        ("-100.01", "open_exceeds_amount"),
    ],
)
def test_an_impossible_open_amount_is_rejected(load, open_amount, rule):
    """More than the invoice, below zero, or no number."""
    header = "invoice_id,customer_id,issue_date,due_date,amount,open_amount"
    lines = (f"A,C1,2024-01-10,2024-02-09,100.00,{open_amount}", "B,C1,2024-01-10,2024-02-09,50.00,50.00")
    assert rules(load(rows(*lines, header=header))) == [(2, "open_amount", rule)]


def test_a_credit_note_with_an_open_amount_keeps_only_the_open_part(load):
    """What was used is already in the open amounts of the invoices."""
    header = "invoice_id,customer_id,issue_date,due_date,amount,open_amount"
    lines = ("A,C1,2024-01-10,2024-02-09,100.00,40.00", "N,C1,2024-01-20,,-80.00,-20.00")
    imported = load(rows(*lines, header=header))
    assert imported.ledger.open_amount().tolist() == [6000 - 2000]
    assert (None, "2024-01-20", None, 2000, "credit_note") in payments(imported)
    adds_up(imported, "20.00")


def test_missing_due_dates_come_from_terms(load):
    """Of the row, else of the customer, else of the map; otherwise the row is rejected."""
    header = "invoice_id,customer_id,issue_date,due_date,amount,terms"
    lines = (
        "A,C1,2024-01-10,,1.00,Net 10",
        "B,C1,2024-01-10,,2.00,",
        "C,C2,2024-01-10,,3.00,",
        "D,C1,2024-01-10,2024-01-11,4.00,60",
    )
    customers = "customer_id,terms\nC1,20\nC2,\n"
    imported = load(rows(*lines, header=header), customers=customers)
    due = imported.ledger.invoices.set_index("invoice_id")["due_date"]
    assert due.dt.strftime("%m-%d").to_dict() == {"A": "01-20", "B": "01-30", "D": "01-11"}
    assert rules(imported) == [(4, "due_date", "missing_due_date")]
    mapped = load(rows(*lines, header=header), customers=customers, map_text='extends = "generic"\nterms = 30\n')
    assert mapped.rejected == 0
    assert any("3 due dates are missing" in warning for warning in mapped.warnings)


def test_discount_terms_are_taken_over(load):
    """2 % within 10 days, 30 net."""
    header = "invoice_id,customer_id,issue_date,amount,terms"
    imported = load(rows("A,C1,2024-01-10,1.00,2/10 net 30", "B,C1,2024-01-10,1.00,net 30", header=header))
    assert imported.ledger.invoices["discount_percent"].tolist()[0] == 2.0
    assert imported.ledger.invoices["discount_days"].tolist()[0] == 10
    assert imported.ledger.invoices["discount_days"].isna().tolist() == [False, True]


def test_currencies_need_a_rate_to_the_base(load):
    """The base is the currency that most rows have, unless asked."""
    lines = (GOOD, "U,C1,2024-01-10,2024-02-09,10.00,usd,", "Y,C1,2024-01-10,2024-02-09,1500,JPY,")
    imported = load(rows(*lines), rates="currency,rate\nUSD,0.9\nEUR,1\n", base_currency="EUR")
    assert rules(imported) == [(4, "currency", "no_rate")]
    assert imported.ledger.rates.to_dict("list") == {"currency": ["USD"], "rate": [0.9]}
    assert imported.ledger.base_currency == "EUR"
    yen = load(rows(*lines), rates="currency;rate\nUSD;0,9\nJPY;0,006\n", base_currency="EUR")
    assert yen.ledger.invoices["amount"].tolist() == [10000, 1000, 1500]


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ("code,value\nUSD,1\n", "needs the columns"),
        ("currency,rate\nUSD,zero\n", "above 0"),
        ("currency,rate\nUSD,-1\n", "above 0"),
        ("currency,rate\nUSD,1\nUSD,2\n", "twice"),
        ("currency,rate\nEUR,2\n", "base currency"),
        ("currency,rate\nE1,2\n", "ISO 4217"),
    ],
)
def test_a_wrong_table_of_rates_is_refused(load, rates, message):
    """Nothing is guessed about money."""
    with pytest.raises(BadInput, match=message):
        load(rows(GOOD), rates=rates)


def test_decimals_beyond_the_currency_are_rounded_half_to_even_and_counted(load):
    """The control total stays that of the file."""
    imported = load(rows("A,C1,2024-01-10,2024-02-09,0.105,EUR,", "B,C1,2024-01-10,2024-02-09,0.115,EUR,"))
    assert imported.ledger.invoices["amount"].tolist() == [10, 12]
    assert any("2 amounts have more decimals" in warning for warning in imported.warnings)
    adds_up(imported, "0.22")


def test_money_is_exact_to_the_last_cent(load):
    """No float anywhere: a million million minor units, and a sum of many."""
    imported = load(rows("A,C1,2024-01-10,2024-02-09,9999999999.99,EUR,", "B,C1,2024-01-10,2024-02-09,0.01,EUR,"))
    assert imported.ledger.invoices["amount"].tolist() == [999_999_999_999, 1]
    adds_up(imported, "10000000000.00")


def test_nothing_later_than_as_of_is_known(load):
    """Later invoices are rejected by name; invoices settled later are open."""
    lines = (GOOD, "L,C1,2024-02-11,2024-03-09,5.00,EUR,", "M,C1,2024-01-10,2024-02-09,7.00,EUR,2024-02-05")
    imported = load(rows(*lines), as_of="2024-02-10")
    assert rules(imported) == [(3, "issue_date", "after_as_of")]
    assert imported.ledger.open_amount().tolist() == [10000, 0]
    assert any("1 settlement is later than 2024-02-10" in warning for warning in imported.warnings)
    adds_up(imported, "112.00")


def test_as_of_may_lie_after_the_last_fact_or_in_the_future(load):
    """A day that is asked for counts."""
    assert load(rows(GOOD), as_of="2031-01-01").as_of == pd.Timestamp("2031-01-01")


def test_the_latest_fact_is_as_of_and_a_wild_date_is_not(load):
    """2200 and 1900 are no facts."""
    imported = load(rows(GOOD, "B,C1,2200-01-10,2024-02-09,5.00,EUR,"))
    assert imported.as_of == pd.Timestamp("2024-02-20")


# -- the payments table

PAID = "payment_id,invoice_id,customer_id,date,amount,kind"
PLAIN = "invoice_id,customer_id,issue_date,due_date,amount"
OWED = rows("A,C1,2024-01-10,2024-02-09,100.00", "B,C2,2024-01-15,2024-02-14,50.00", header=PLAIN)


def test_partial_payments_add_up(load):
    """Several rows for one invoice, of several kinds."""
    paid = rows("1,A,,2024-02-01,40.00,", "2,A,,2024-02-11,55.00,cash", "3,A,,2024-03-01,5.00,write-off", header=PAID)
    imported = load(OWED, payments=paid)
    assert [piece[3:] for piece in payments(imported)] == [(4000, "cash"), (5500, "cash"), (500, "write_off")]
    assert imported.ledger.open_amount().tolist() == [0, 5000]
    adds_up(imported, "250.00")


def test_an_overpayment_keeps_the_rest_as_unapplied_cash(load):
    """To the cent, the earliest payments first, counted in a warning."""
    imported = load(OWED, payments=rows("2,A,,2024-03-01,80.00,", "1,A,,2024-02-01,90.00,", header=PAID))
    assert payments(imported) == [
        ("A", "2024-02-01", "2024-02-01", 9000, "cash"),
        ("A", "2024-03-01", "2024-03-01", 1000, "cash"),
        (None, "2024-03-01", None, 7000, "cash"),
    ]
    assert imported.ledger.payments["payment_id"].is_unique
    assert any("1 payment is overpaid" in warning for warning in imported.warnings)


def test_cash_without_an_invoice_is_unapplied(load):
    """With its customer, or even without."""
    imported = load(
        OWED, payments=rows("1,,C1,2024-02-01,9.00,", "2,,,2024-02-02,8.00,", "3,A,,2024-02-03,1.00,", header=PAID)
    )
    assert [piece[0] for piece in payments(imported)] == [None, None, "A"]
    assert imported.rejected == 0


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ("9,Z,,2024-02-01,40.00,", "invoice_id", "unknown_invoice"),
        ("9,X,,2024-02-01,40.00,", "invoice_id", "rejected_invoice"),
        ("9,A,,2024-02-01,-40.00,", "amount", "negative_payment"),
        ("9,A,,2024-02-01,forty,", "amount", "bad_amount"),
        ("9,A,,,40.00,", "date", "missing_received_date"),
        ("9,A,,2024-02-31,40.00,", "date", "bad_date"),
        ("9,A,,1900-02-01,40.00,", "date", "date_out_of_range"),
        ("9,A,,2024-05-01,40.00,", "date", "after_as_of"),
        ("9,A,,2024-02-01,40.00,barter", "kind", "unknown_kind"),
        ("1,A,,2024-02-01,10.00,", "payment_id", "duplicate_payment"),
    ],
)
def test_a_payment_that_breaks_a_rule_is_rejected_by_name(load, line, column, rule):
    """As for invoices."""
    owed = OWED + "X,C1,2024-01-10,never,1.00\n"
    imported = load(owed, payments=rows("1,A,,2024-02-01,10.00,", line, header=PAID), as_of="2024-04-30")
    assert rules(imported)[-1] == (3, column, rule)
    assert imported.ledger.open_amount().sum() == 14000
    imported.ledger.validate()


@pytest.mark.parametrize(
    ("words", "kind", "settles"),
    [
        ("Überweisung Barzahlung virement transferencia bonifico overboeking transferência przelew", "cash", 1),
        ("Gutschrift avoir factura_rectificativa nota_credito creditnota nota_de_crédito korekta", "credit_note", 1),
        ("Ausbuchung Abschreibung odpis incobrable inesigibile afboeking incobrável", "write_off", 1),
        ("Skonto escompte descuento sconto korting desconto rabat", "discount", 1),
        ("Abzug déduction deducción detrazione aftrek dedução potrącenie", "deduction", 1),
        ("Rücklastschrift impayé devolución insoluto terugboeking estorno zwrot", "cash", -1),
    ],
)
def test_kinds_of_payments_are_known_in_eight_languages(load, words, kind, settles):
    """What goes back takes back what an earlier row brought."""
    back = settles < 0
    lines = []
    for k, word in enumerate(words.split()):
        lines += [f"{k}b,A,,2024-02-01,1.00,cash"] if back else []
        lines.append(f"{k}{'b' if back else ''},A,,2024-02-0{2 if back else 1},1.00,{word.replace('_', ' ')}")
    imported = load(OWED, payments=rows(*lines, header=PAID))
    assert rules(imported) == []
    found = imported.ledger.payments
    assert set(found["kind"]) == {kind}
    assert found["amount"].sum() == (0 if back else 100 * len(lines))


def test_a_map_says_what_a_kind_of_payment_means(load):
    """As a file; its words come to those that are known, and count before them; the map that was used shows them."""
    paid = rows(
        "1,A,,2024-02-01,10.00,Tausch", "2,A,,2024-02-02,5.00,Gutschrift", "3,A,,2024-02-03,1.00,Skonto", header=PAID
    )
    unsaid = load(OWED, payments=paid)
    assert rules(unsaid) == [(2, "kind", "unknown_kind")]
    said = "payments.csv, kind: 1 row has a kind that the map does not know: name them under [payments.kinds] in a map"
    assert f'{said}, such as cash = ["Tausch"]' in unsaid.warnings
    text = 'extends = "generic"\n[payments.kinds]\nwrite_off = "Tausch"\ncash = ["gutschrift"]\n'
    imported = load(OWED, payments=paid, map_text=text)
    assert imported.ledger.payments["kind"].tolist() == ["write_off", "cash", "discount"]
    shown = tomllib.loads(imported.used_map)["payments"]["kinds"]
    assert shown == {"write_off": ["Tausch"], "cash": ["Gutschrift"], "discount": ["Skonto"]}
    again = load(OWED, payments=paid, mapping=tomllib.loads(imported.used_map))
    assert again.ledger.fingerprint == imported.ledger.fingerprint


def test_where_no_payment_has_a_known_kind_the_message_names_the_key_of_the_map(load):
    """Nothing of the table could be read."""
    with pytest.raises(BadInput, match=r"its only row .*unknown_kind.*under \[payments.kinds\] in a map"):
        load(OWED, payments=rows("1,A,,2024-02-01,10.00,Tausch", header=PAID))


@pytest.mark.parametrize("place", ["[payments.kinds]", "[invoices.types]"])
def test_a_word_has_one_meaning(load, place):
    """A map that gives it two is refused; one that gives a known word another meaning is followed."""
    text = f'extends = "generic"\n{place}\ncash = ["Abono"]\ncredit_note = ["abono"]\n'
    with pytest.raises(BadInput, match=r"'(?i:abono)' stands under "):
        load(OWED, map_text=text)
    table = rows("R,C1,2024-01-10,2024-02-09,10.00,credit note", header=f"{HEADER.split(',currency')[0]},type")
    mine = 'extends = "generic"\n[invoices.types]\ninvoice = ["credit note"]\n'
    assert load(table, map_text=mine).ledger.invoices["amount"].tolist() == [1000]


def test_one_payment_for_several_invoices_keeps_its_id(load):
    """The same id on several rows is no repeat."""
    imported = load(OWED, payments=rows("1,A,,2024-02-01,40.00,", "1,B,,2024-02-01,50.00,", header=PAID))
    assert imported.rejected == 0
    assert sorted(imported.ledger.payments["payment_id"]) == ["1/1", "1/2"]


def test_payments_applied_later_than_as_of_are_unapplied_on_that_day(load):
    """Received is known, applied is not yet."""
    paid = "invoice_id,date,applied_date,amount\nA,2024-02-01,2024-02-20,10.00\nB,2024-02-01,2024-02-03,5.00\n"
    imported = load(OWED, payments=paid, as_of="2024-02-10")
    assert [piece[0] for piece in payments(imported)] == ["B", None]


def test_a_payments_table_that_is_all_wrong_is_refused_and_one_that_is_all_later_is_not(load):
    """A wrong map is an error; an early as_of is not."""
    with pytest.raises(BadInput, match="its only row cannot be imported: 1 unknown_invoice"):
        load(OWED, payments="invoice_id,date,amount\nZ,2024-02-01,10.00\n")
    imported = load(OWED, payments="invoice_id,date,amount\nA,2024-02-01,10.00\n", as_of="2024-01-20")
    assert imported.rejects["rule"].tolist() == ["after_as_of"]
    assert imported.ledger.open_amount().sum() == 15000


def test_payments_count_over_the_invoices_own_columns(load):
    """A difference is counted in a warning."""
    header = HEADER + ",open_amount"
    invoices = rows("A,C1,2024-01-10,2024-02-09,100.00,EUR,,70.00", header=header)
    imported = load(invoices, payments="invoice_id,date,amount\nA,2024-02-01,10.00\n")
    assert imported.ledger.open_amount().tolist() == [9000]
    assert any("differs from the payments table" in warning for warning in imported.warnings)


# -- the smaller tables


def test_customers_are_completed_from_the_other_tables(load):
    """The table's own word counts; what is missing is unknown rather than guessed."""
    customers = rows(
        "C1,retail,de,Europe/Berlin,Net 14,1000,2020-05-01,DE",
        "C1,again,,,,,,",
        "C9,,Germany,Mars,,,,",
        header="customer_id,segment,country,timezone,terms,credit_limit,since,language",
    )
    imported = load(OWED, customers=customers)
    table = imported.ledger.customers.set_index("customer_id")
    assert list(table.index) == ["C1", "C2", "C9"]
    assert table.loc["C1", ["segment", "country", "timezone", "language"]].tolist() == [
        "retail",
        "DE",
        "Europe/Berlin",
        "de",
    ]
    assert (table.loc["C1", "terms"], table.loc["C1", "credit_limit"]) == (14, 100_000)
    assert table.loc["C9", ["country", "timezone", "language"]].tolist() == ["DE", "Europe/Berlin", "en"]
    assert rules(imported) == [(3, "customer_id", "duplicate_customer")]


def test_contacts_promises_and_disputes_are_read(load):
    """Each with its rules; the ledger is valid."""
    imported = load(
        OWED,
        contacts="contact_id,customer_id,invoice_id,time,channel,outcome,minutes\n"
        "K1,C1,A,2024-02-12T09:30:00+01:00,Call,promise,4.5\n,C2,B,2024-02-15,email,,\nK3,C8,,2024-02-15,email,,\n"
        "K4,C1,,2024-02-15,fax,,\nK5,C1,,whenever,email,,\n"
        "K1,C1,,2024-02-15,email,,\nK6,C1,,2024-02-15 10:00,phone,sent,-1\n",
        promises="contact_id,invoice_id,made_on,due_on,amount\nK1,A,2024-02-12,2024-02-20,60.00\n"
        ",B,2024-02-16,2024-02-25,\nK9,B,2024-02-16,2024-02-25,\n",
        disputes="invoice_id,opened,resolved,reason,resolution\nB,2024-02-10,2024-02-18,Price,credited\nA,2024-02-11,,weather,\n"
        "Z,2024-02-11,,pricing,\nA,2024-02-13,2025-02-01,late,rejected\n",
        as_of="2024-03-31",
    )
    ledger = imported.ledger.validate()
    assert ledger.contacts.set_index("contact_id")["channel"].to_dict() == {
        "K1": "phone",
        "contact/1": "email",
        "promise/1": "phone",
    }
    assert ledger.contacts["time"].min() == pd.Timestamp("2024-02-12T08:30:00Z")
    assert sorted(ledger.promises["amount"]) == [5000, 6000]
    assert ledger.disputes["reason"].tolist() == ["pricing", "delivery"]
    assert ledger.disputes["resolved"].isna().tolist() == [False, True]
    found = set(zip(imported.rejects["table"], imported.rejects["row"], imported.rejects["rule"], strict=True))
    assert found == {
        ("contacts", 4, "unknown_customer"),
        ("contacts", 5, "unknown_channel"),
        ("contacts", 6, "bad_time"),
        ("contacts", 7, "duplicate_contact"),
        ("contacts", 8, "bad_minutes"),
        ("promises", 4, "unknown_contact"),
        ("disputes", 3, "unknown_reason"),
        ("disputes", 4, "unknown_invoice"),
    }


# -- writing


def test_a_ledger_is_written_with_its_rejects_and_its_account(load, tmp_path):
    """The folder reads back as the same ledger; a second import replaces it."""
    from ledger import read_ledger

    imported = load(rows(GOOD, "B,C1,2024-01-10,2024-02-09,five,EUR,"))
    out = imported.write(tmp_path / "out")
    assert read_ledger(out).fingerprint == imported.ledger.fingerprint
    assert (
        out / "rejects.csv"
    ).read_text() == "row,column,value,rule,amount,table\n3,amount,five,bad_amount,,invoices\n"
    about = pd.read_json(out / "import.json", typ="series")
    assert (about["imported"], about["rejected"], about["amount_imported"], about["as_of"]) == (
        1,
        1,
        100.0,
        "2024-02-20",
    )
    load(rows(GOOD)).write(out)
    assert len(pd.read_csv(out / "rejects.csv")) == 0


def test_a_write_that_fails_leaves_the_old_ledger(load, tmp_path, monkeypatch):
    """Whole or not at all."""
    out = load(rows(GOOD)).write(tmp_path / "out")
    before = sorted(path.name for path in out.iterdir())
    monkeypatch.setattr(pd.DataFrame, "to_parquet", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(Unavailable, match="disk full"):
        load(rows(GOOD, GOOD.replace("G1", "G2"))).write(out)
    assert sorted(path.name for path in out.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_with_other_files_is_not_overwritten(load, tmp_path):
    """A mistyped --out loses nothing."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    with pytest.raises(BadInput, match=r"has no ledger\.json"):
        load(rows(GOOD)).write(tmp_path / "photos")
    assert Path(tmp_path / "photos" / "cat.jpg").read_text() == "meow"
