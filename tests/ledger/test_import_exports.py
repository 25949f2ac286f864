"""Exports as people have them: what stands twice, stands for more, or is only half said is counted once and told."""

import tomllib

import pytest

from ledger import BadInput
from ledger.importing import import_ledger
from ledger.kpi.kpis import kpis

LINES = """\
Invoice No,Customer,Date,Due Date,Item,Line Amount,Invoice Total,Amount Due
I1,Fir,2024-05-01,2024-05-31,Widget,60.00,100.00,40.00
I1,Fir,2024-05-01,2024-05-31,Gadget,40.00,100.00,40.00
I2,Fir,2024-06-01,2024-07-01,Widget,60.00,60.00,60.00
I3,Ash,2024-06-01,2024-07-01,Nut,1.00,3.00,0.00
I3,Ash,2024-06-01,2024-07-01,Bolt,2.00,3.00,0.00
"""


@pytest.fixture
def load(tmp_path):
    """Return a function that imports a text as of 2024-06-30."""

    def load(text, **options):
        (tmp_path / "export.csv").write_text(text, encoding="utf-8")
        return import_ledger(tmp_path / "export.csv", as_of="2024-06-30", **options)

    return load


def lined(**columns):
    """Return a map that adds up lines."""
    return {"extends": "generic", "invoices": {"sum_lines": True, "columns": columns}}


def open_of(imported):
    """Return what is open by invoice, minor units."""
    ledger = imported.ledger
    return dict(zip(ledger.invoices["invoice_id"], ledger.open_amount().tolist(), strict=True))


def test_an_open_amount_that_all_lines_repeat_is_that_of_the_invoice(load):
    """I1 has 40 open of 60 + 40, on both lines; also where no line is smaller than that."""
    imported = load(LINES, mapping=lined(amount="Line Amount"))
    assert open_of(imported) == {"I1": 4_000, "I2": 6_000, "I3": 0}
    assert imported.ledger.invoices["amount"].tolist() == [10_000, 6_000, 300]


def test_open_amounts_of_lines_add_up_where_they_differ(load):
    """Both lines of I1 are open in full, and one of I3."""
    own = LINES.replace("60.00,100.00,40.00", "60.00,100.00,60.00").replace("2.00,3.00,0.00", "2.00,3.00,2.00")
    assert open_of(load(own, mapping=lined(amount="Line Amount"))) == {"I1": 10_000, "I2": 6_000, "I3": 200}


def test_amounts_that_are_the_same_on_all_lines_of_an_invoice_are_told(load):
    """They may be the invoice's own, and are added up only because the map says so."""
    said = "all lines of each of 2 invoices have the same amount"
    told = [warning for warning in load(LINES, mapping=lined(amount="Invoice Total")).warnings if said in warning]
    assert len(told) == 1
    assert "one_row_per_line = true" in told[0]
    assert not any(said in warning for warning in load(LINES, mapping=lined(amount="Line Amount")).warnings)


def test_what_a_report_calls_credited_is_no_cash(load):
    """250 invoiced, 50 credited, 200 open: nothing was paid; of the first invoice 400 were."""
    report = (
        "Posting Date,Customer,Voucher Type,Voucher No,Due Date,Invoiced Amount,Paid Amount,Credit Note,"
        "Outstanding Amount,0-30,31-60,61-90,91-Above\n"
        "2024-03-01,Acme,Sales Invoice,S1,2024-03-31,1000.0,400.0,0.0,600.0,0,0,0,600.0\n"
        "2024-06-01,Beta,Sales Invoice,S2,2024-07-01,250.0,0.0,50.0,200.0,200.0,0,0,0\n"
    )
    payments = load(report, preset="erpnext").ledger.payments
    assert payments[["invoice_id", "amount", "kind"]].to_numpy().tolist() == [
        ["S1", 40_000, "cash"],
        ["S2", 5_000, "credit_note"],
    ]


@pytest.mark.parametrize(("status", "said"), [("Partially paid", True), ("teilweise bezahlt", True), ("Open", False)])
def test_a_status_that_says_partly_paid_and_no_amount_is_told(load, status, said):
    """All of it counts as open."""
    imported = load(f"Invoice No,Customer,Date,Due Date,Amount,Status\n1,K,2024-05-01,2024-05-31,99.00,{status}\n")
    assert any("says partly paid, and no column says how much" in each for each in imported.warnings) == said
    assert open_of(imported) == {"1": 9_900}


def test_ids_that_all_end_in_point_nought_are_whole_numbers(load):
    """As a table with gaps writes them; an id among others that ends so keeps it."""
    head = "invoice_id,customer_id,issue_date,due_date,amount\n"
    rows = "1001.0,7.0,2024-05-01,2024-05-31,100.0\n{},7.0,2024-05-01,2024-05-31,50.0\n"
    imported = load(head + rows.format("1002.0"))
    assert open_of(imported) == {"1001": 10_000, "1002": 5_000}
    assert any("invoice_id: every id ends in .0" in warning for warning in imported.warnings)
    assert set(open_of(load(head + rows.format("1002.1")))) == {"1001.0", "1002.1"}


def test_a_report_in_another_language_than_its_preset_is_no_summary(load):
    """Its columns fit the generic map: that is said, and not that it holds no invoices."""
    aging = "N° facture,Code client,Date facture,Échéance,Non échu,1-30 jours\nF1,C1,2024-06-10,2024-07-10,450.00,\n"
    with pytest.raises(BadInput, match="fit preset generic"):
        load(aging, preset="sage")
    assert open_of(load(aging)) == {"F1": 45_000}


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_running_balance_is_not_what_is_open(load, newest_first):
    """A statement of account: taken as open amounts, INV1 would be owed after it was paid. A map leaves it out."""
    head, *rows = (
        "Customer,Date,Type,Number,Due Date,Amount,Balance",
        "C1,2024-05-01,Invoice,INV1,2024-05-31,100.00,100.00",
        "C1,2024-05-20,Payment,PAY1,,-100.00,0.00",
        "C1,2024-06-01,Invoice,INV2,2024-07-01,70.00,70.00",
        "C1,2024-06-05,Invoice,INV3,2024-07-05,30.00,100.00",
    )
    text = "\n".join([head, *(rows[::-1] if newest_first else rows)]) + "\n"
    with pytest.raises(BadInput, match=r"Balance: holds a running balance.*open_amount = \[\]"):
        load(text)
    left = load(text, mapping={"extends": "generic", "invoices": {"columns": {"open_amount": []}}})
    assert sum(open_of(left).values()) == 20_000
    assert kpis(left.ledger).values["unapplied_cash"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("cells", "role", "open_"),
    [
        (("119.00", "", "20.00"), "paid_amount", [0, 23_800, 3_950]),
        (("Yes", "No", "no"), "status", [0, 23_800, 5_950]),
        (("1", "0", "0"), "status", [0, 23_800, 5_950]),
        (("2024-06-02", "-", "3 June 2024"), "clear_date", [0, 23_800, 0]),
        (('"1,000,119.00"', "0.00", "-"), "paid_amount", [0, 23_800, 5_950]),
    ],
)
def test_a_column_called_paid_holds_what_its_cells_say(load, cells, role, open_):
    """Amounts, days, or yes and no; left unread, all would be open."""
    rows = ("1,A,2024-05-01,2024-05-31,119.00", "2,A,2024-05-03,2024-06-02,238.00", "3,B,2024-05-04,2024-06-03,59.50")
    lines = [f"{row},{cell}" for row, cell in zip(rows, cells, strict=True)]
    imported = load("\n".join(["Invoice,Customer,Date,Due,Gross,Paid", *lines]) + "\n")
    assert any(f"Paid is read as {role}, by its cells" in warning for warning in imported.warnings)
    assert list(open_of(imported).values()) == open_
    assert load("\n".join(["Invoice,Customer,Date,Due,Gross,Paid", *lines]) + "\n", mapping=used(imported)).rows == 3


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("Paid,Paid On", "1500.00,2024-06-03"),
        ("Received,Paid On", "1500.00,2024-06-03"),
        ("Payment,Payment Date", "1500.00,2024-06-03"),
        ("Payments,Payment Date", '"1,500.00",2024-06-03'),
        ("Bezahlt,Zahlungsdatum", '"1.500,00",03.06.2024'),
        ("Paid,Status", "1500.00,Part paid"),
    ],
)
def test_amounts_paid_count_before_a_day_or_a_status(load, columns, cells):
    """1,500 of 2,000 paid on a day leaves 500 open, as a column of paid amounts by any name."""
    imported = load(f"Invoice,Customer,Date,Due,Total,{columns}\n1,A,2024-05-01,2024-05-31,2000,{cells}\n")
    assert open_of(imported) == {"1": 50_000}
    assert any("is read as paid_amount, by its cells" in warning for warning in imported.warnings)


@pytest.mark.parametrize(
    ("columns", "cells", "told"),
    [
        ("Paid Amt,Paid On", "1500.00", "Paid Amt; it looks like paid_amount: without it every invoice with a day"),
        ("Payment,Paid On", "1501", "Payment; it looks like paid_amount: without it every invoice with a day"),
        ("Payment,Paid On", "Wire", "Payment"),
        ("Paid,Paid On", "yes", "Paid"),
        ("Paid,Balance Due", "1500.00", "Paid; it looks like paid_amount"),
    ],
)
def test_a_paid_column_that_is_not_used_is_told_as_what_it_is(load, columns, cells, told):
    """Never as its opposite; numbers of payments, ways to pay, and yes and no beside a day stay unused."""
    last = "0.00" if "Balance" in columns else "2024-06-03"
    imported = load(f"Invoice,Customer,Date,Due,Total,{columns}\n1,A,2024-05-01,2024-05-31,2000.00,{cells},{last}\n")
    assert any(f"not used: {told}" in warning for warning in imported.warnings)
    assert not any("open_amount" in warning for warning in imported.warnings)


def used(imported):
    """Return the map that an import used."""
    return tomllib.loads(imported.used_map)


def test_a_foreign_payment_that_is_partly_open_is_told(load):
    """920 EUR for 1,000 USD at .92, of which 184 EUR are open: 200 USD stay open, and 184 EUR are unapplied."""
    text = (
        "Invoice No,Type,Customer,Date,Due Date,Amount,Currency,Open,Applies to\n"
        "1,Invoice,K1,2024-04-01,2024-05-01,1000.00,USD,200.00,\n"
        "2,Payment,K1,2024-05-01,,-920.00,EUR,-184.00,1\n"
        "3,Invoice,K2,2024-04-01,2024-05-01,100.00,EUR,100.00,\n"
    )
    imported = load(text, mapping={"extends": "generic", "rates": {"USD": 0.92}})
    assert any("1 payment in another currency than the invoice, and partly open" in said for said in imported.warnings)
    assert open_of(imported) == {"1": 20_000, "3": 10_000}
    assert kpis(imported.ledger).values["unapplied_cash"] == pytest.approx(184)
