# ruff: noqa: E501 - the samples have the long lines of real exports
"""What documents and settlements mean: money that goes back, whose it is, and what the source says was settled."""

import pandas as pd
import pytest

from ledger import BadInput, kpis
from ledger.importing import Imported, import_ledger

OWED = "invoice_id,customer_id,issue_date,due_date,amount\n"
PAID = "payment_id,invoice_id,customer_id,date,amount,kind\n"


@pytest.fixture
def load(tmp_path):
    """Import tables given as text; every import is a valid ledger in which all adds up."""

    def run(invoices: str, payments: str = "", *, mapped: str = "", preset: str = "generic", **options) -> Imported:
        for name, text in (("invoices", invoices), ("payments", payments)):
            (tmp_path / f"{name}.csv").unlink(missing_ok=True)
            if text:
                (tmp_path / f"{name}.csv").write_text(text)
        how = {"preset": preset}
        if mapped:
            (tmp_path / "map.toml").write_text(f'extends = "{preset}"\n{mapped}')
            how = {"mapping": tmp_path / "map.toml"}
        source = tmp_path if payments else tmp_path / "invoices.csv"
        imported = import_ledger(source, **how, **options)
        imported.ledger.validate()
        assert "adds up" in imported.summary()
        return imported

    return run


def opened(imported: Imported) -> dict[str, float]:
    """Return what is open of each invoice."""
    ledger = imported.ledger
    return dict(zip(ledger.invoices["invoice_id"], (ledger.open_amount() / 100).tolist(), strict=True))


def figures(imported: Imported, *names: str, end: str | None = None) -> list[float | None]:
    """Return figures of the whole history up to a day."""
    start = imported.ledger.invoices["issue_date"].min() - pd.Timedelta(days=400)
    found = kpis(imported.ledger, start=start, end=end)
    return [found[name] for name in names]


def unapplied(imported: Imported) -> tuple[float, float]:
    """Return unapplied cash and unapplied credits."""
    cash, credit = figures(imported, "unapplied_cash", "unapplied_credit")
    return cash, credit


def by_kind(imported: Imported) -> dict[str, float]:
    """Return the amounts of the payments by kind."""
    totals = imported.ledger.payments.groupby("kind", observed=True)["amount"].sum() / 100
    return {str(kind): float(total) for kind, total in totals.items()}


def rules(imported: Imported) -> list[tuple[str, int, str]]:
    """Return table, row and rule of the rejects."""
    frame = imported.rejects
    return list(zip(frame["table"], frame["row"], frame["rule"], strict=True))


def said(imported: Imported, words: str) -> bool:
    """Return whether a warning has the words."""
    return any(words in warning for warning in imported.warnings)


# -- money that goes back

ONE = OWED + "R1,Alder,2024-03-01,2024-03-31,1000.00\n"


def test_a_refund_reopens_the_invoice(load):
    """What was paid back is owed again, unless a credit note says otherwise."""
    paid = PAID + "P1,R1,Alder,2024-03-10,1000.00,payment\nP2,R1,Alder,2024-03-20,300.00,refund\n"
    imported = load(ONE, paid)
    assert opened(imported) == {"R1": 300.0}
    assert unapplied(imported) == (0.0, 0.0)
    assert figures(imported, "cash_collected") == [700.0]
    credited = load(ONE, paid + "K1,R1,Alder,2024-03-15,300.00,credit note\n")
    assert (opened(credited), unapplied(credited)) == ({"R1": 0.0}, (0.0, 0.0))
    assert by_kind(credited) == {"cash": 700.0, "credit_note": 300.0}


@pytest.mark.parametrize("row", ["C1-NSF,R1,,2024-04-08,-1000.00,", "C1-NSF,R1,,2024-04-08,1000.00,NSF",
                                 "C1,,,2024-04-08,-1000.00,", "C1,,,2024-04-08,1000.00,Rücklastschrift",
                                 "X,R1,Alder,2024-04-08,-1000.00,returned cheque"])  # fmt: skip
def test_a_returned_cheque_reopens_the_invoice_from_its_own_day_on(load, row):
    """By sign or by kind, by invoice or by the payment's id; before that day the invoice was paid."""
    imported = load(ONE, PAID + f"C1,R1,,2024-04-01,1000.00,\n{row}\n")
    assert imported.rejected == 0
    assert figures(imported, "ar_open", "cash_collected", end="2024-04-05") == [0.0, 1000.0]
    assert figures(imported, "ar_open", "cash_collected", "unapplied_cash") == [1000.0, 0.0, 0.0]
    assert imported.ledger.snapshot("2024-04-05").open_amount().tolist() == [0]


def test_what_is_paid_again_after_a_bounce_settles(load):
    """Open in between, and paid late."""
    paid = "C1,R1,,2024-03-20,1000.00,\nC2,R1,,2024-04-01,-1000.00,\nC3,R1,,2024-04-10,1000.00,\n"
    imported = load(ONE, PAID + paid)
    days = ("2024-03-25", "2024-04-05", "2024-04-10")
    assert [figures(imported, "ar_open", end=day) for day in days] == [[0.0], [1000.0], [0.0]]
    assert figures(imported, "mean_days_late", "unapplied_cash") == [10.0, 0.0]


@pytest.mark.parametrize("row", ["P2,R1,Alder,2024-03-20,-200.00,", "P2,R1,Alder,2024-03-20,200.00,refund",
                                 "P2,,Alder,2024-03-20,200.00,refund", "P1,,,2024-03-20,-200.00,"])  # fmt: skip
def test_a_refund_of_an_overpayment_leaves_nothing_unapplied(load, row):
    """It takes what the invoice did not need."""
    imported = load(ONE, PAID + f"P1,R1,Alder,2024-03-10,1200.00,\n{row}\n")
    assert (opened(imported), unapplied(imported)) == ({"R1": 0.0}, (0.0, 0.0))
    assert figures(imported, "unapplied_cash", end="2024-03-15") == [200.0]


def test_a_payment_of_several_invoices_that_bounces_reopens_all_of_them(load):
    """The reversal names the payment alone."""
    owed = ONE + "R2,Alder,2024-03-01,2024-03-31,500.00\n"
    paid = "P1,R1,,2024-03-10,1000.00,\nP1,R2,,2024-03-10,500.00,\nP1,,,2024-03-15,-1500.00,\n"
    imported = load(owed, PAID + paid)
    assert opened(imported) == {"R1": 1000.0, "R2": 500.0}
    part = load(owed, PAID + paid.replace("-1500.00", "-600.00"))
    assert sum(opened(part).values()) == 600.0
    beyond = load(owed, PAID + paid.replace("-1500.00", "-1600.00"))
    assert rules(beyond) == [("payments", 4, "negative_payment")]
    assert sum(opened(beyond).values()) == 0.0


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("P9,R1,Alder,2024-03-20,-40.00,", "negative_payment"),
        ("P9,,Alder,2024-03-20,-40.00,", "negative_payment"),
        ("P9,R1,Alder,2024-03-20,40.00,refund", "nothing_to_take_back"),
        ("P9,R1,Alder,2024-03-20,40.00,retention", "still_owed"),
    ],
)
def test_what_takes_back_nothing_is_rejected_by_name(load, row, rule):
    """It never becomes a credit, and nothing else moves."""
    owed = ONE + "B,Birch,2024-03-01,2024-03-31,70.00\n"
    imported = load(owed, PAID + f"P1,B,,2024-03-10,70.00,\n{row}\n")
    assert rules(imported) == [("payments", 3, rule)]
    assert (opened(imported), unapplied(imported)) == ({"R1": 1000.0, "B": 0.0}, (0.0, 0.0))


def test_of_a_payment_and_its_reversal_half_is_not_kept(load):
    """Where one cannot be read, the other would be wrong alone."""
    owed = ONE + "B,Birch,2024-03-01,2024-03-31,70.00\n"
    other = "P2,B,,2024-03-10,70.00,\n"
    lost = load(owed, PAID + other + "P1,R1,,2024-03-10,1000.00,\nP1,R1,,soon,-1000.00,\n")
    assert rules(lost) == [("payments", 3, "reversal_rejected"), ("payments", 4, "bad_date")]
    lost = load(owed, PAID + other + "P1,R1,,2024-03-10,1000.00,\nN1,R1,,soon,1000.00,NSF\n")
    assert rules(lost) == [("payments", 3, "reversal_rejected"), ("payments", 4, "bad_date")]
    lost = load(owed, PAID + other + "P1,R1,,soon,1000.00,\nP1,R1,,2024-03-12,-1000.00,\n")
    assert rules(lost) == [("payments", 3, "bad_date"), ("payments", 4, "payment_rejected")]
    assert opened(lost) == {"R1": 1000.0, "B": 0.0}
    later = load(owed, PAID + other + "P1,R1,,2024-03-10,1000.00,\nP1,R1,,2024-04-10,-1000.00,\n", as_of="2024-04-01")
    assert rules(later) == [("payments", 4, "after_as_of")]
    assert opened(later)["R1"] == 0.0


def test_a_reversal_among_the_invoices_takes_back_the_payment(load):
    """Payments with a minus, what takes them back with a plus or by type."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,type,applies_to\nR1,Alder,2024-03-01,2024-03-31,1000.00,invoice,\n"
    for last in ("C1-NSF,Alder,2024-04-08,,1000.00,payment,R1", "C1-NSF,Alder,2024-04-08,,-1000.00,NSF,R1"):
        imported = load(f"{head}C1,Alder,2024-04-01,,-1000.00,payment,R1\n{last}\n")
        assert imported.rejected == 0
        assert figures(imported, "ar_open", end="2024-04-05") == [0.0]
        assert figures(imported, "ar_open", "cash_collected", "unapplied_cash") == [1000.0, 0.0, 0.0]


def test_a_credit_note_with_a_plus_says_what_the_map_can_do(load):
    """Nothing it could take back: perhaps no sign says anything in this file."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,type\nR1,Alder,2024-03-01,2024-03-31,1000.00,invoice\n"
    text = head + "K1,Alder,2024-03-05,,300.00,credit note\nK2,Alder,2024-03-06,,-20.00,credit note\n"
    imported = load(text)
    assert rules(imported) == [("invoices", 3, "wrong_sign")]
    assert said(imported, "`signed = false`")
    assert not said(imported, "back what had been paid")
    assert unapplied(load(text, mapped="[invoices]\nsigned = false\n")) == (0.0, 320.0)


def test_where_no_credit_note_carries_a_minus_the_type_alone_says_what_it_is(load):
    """In German too; a map that says `signed = true` keeps to the signs."""
    text = (
        "Rechnungsnr,Kunde,Datum,Fällig,Betrag,Belegart\nR1,Alder,2024-03-01,2024-03-31,1000.00,Rechnung\n"
        "G1,Alder,2024-03-05,,300.00,Gutschrift\nR2,Alder,2024-03-02,2024-04-01,200.00,Rechnung\n"
    )
    imported = load(text)
    assert rules(imported) == []
    assert said(imported, "none carries a minus")
    assert figures(imported, "ar_open", "unapplied_credit") == [1200.0, 300.0]
    assert rules(load(text, mapped="[invoices]\nsigned = true\n")) == [("invoices", 3, "wrong_sign")]


SAP = "Company Code;Document Number;Fiscal Year;Customer;Document Type;Document Date;Net due date;Amount in doc. curr.;Document currency;Clearing date;Clearing Document;Invoice reference\n"


@pytest.mark.parametrize("reference", ["18001", ""])
def test_a_residual_item_leaves_the_invoice_open_by_it(load, reference):
    """Cleared with 600 of 1,000, and a debit of 400 under the number of the clearing."""
    text = SAP + (
        "1000;18001;2024;100200;RV;05.02.2024;06.03.2024;1.000,00;EUR;12.03.2024;14009;\n"
        "1000;14009;2024;100200;DZ;12.03.2024;12.03.2024;600,00-;EUR;12.03.2024;14009;\n"
        f"1000;14009;2024;100200;DZ;12.03.2024;06.03.2024;400,00;EUR;;;{reference}\n"
        "1000;18002;2024;100200;RV;05.03.2024;04.04.2024;50,00;EUR;;;\n"
    )
    imported = load(text, preset="sap")
    assert figures(imported, "ar_open", "cash_collected", "unapplied_cash") == [450.0, 600.0, 0.0]
    assert opened(imported) == {"18001": 400.0, "18002": 50.0}


def test_debits_and_refunds_cleared_with_payments_leave_no_unapplied_cash(load):
    """A payment undone by the same clearing, and an overpayment paid back."""
    text = SAP + (
        "1000;18002;2024;100200;RV;05.02.2024;04.03.2024;50,00;EUR;;;\n"
        "1000;14001;2024;100200;DZ;12.02.2024;12.02.2024;1.000,00-;EUR;20.02.2024;14002;\n"
        "1000;14002;2024;100200;DZ;20.02.2024;20.02.2024;1.000,00;EUR;20.02.2024;14002;\n"
        "1000;18003;2024;100300;RV;05.02.2024;04.03.2024;1.000,00;EUR;15.02.2024;14003;\n"
        "1000;14003;2024;100300;DZ;12.02.2024;12.02.2024;1.200,00-;EUR;15.02.2024;14003;\n"
        "1000;15001;2024;100300;ZP;15.02.2024;15.02.2024;200,00;EUR;15.02.2024;14003;\n"
    )
    imported = load(text, preset="sap")
    assert imported.rejected == 0
    assert figures(imported, "ar_open", "cash_collected", "unapplied_cash") == [50.0, 1000.0, 0.0]
    assert figures(imported, "unapplied_cash", end="2024-02-13") == [2200.0]


# -- whose invoice

TWO = OWED + "A1,Alder,2024-02-01,2024-03-01,500.00\nB1,Birch,2024-02-01,2024-03-01,100.00\n"


def test_a_payment_settles_nothing_that_another_customer_owes(load):
    """Where customer and number are both named, both must match; case and spaces do not matter."""
    imported = load(TWO, PAID + "P1,A1,Birch,2024-03-01,500.00,\nP2,B1,BIRCH ,2024-03-01,100.00,\n")
    assert rules(imported) == [("payments", 2, "customer_mismatch")]
    assert opened(imported) == {"A1": 500.0, "B1": 0.0}


def test_a_map_lets_parents_pay_for_subsidiaries(load):
    """Counted, and the payer keeps its name."""
    paid = PAID + "P1,A1,Birch,2024-03-01,600.00,\n"
    imported = load(TWO, paid, mapped="[invoices]\nacross_customers = true\n")
    assert opened(imported)["A1"] == 0.0
    assert said(imported, "1 payment settles what another customer owes")
    assert set(imported.ledger.payments["customer_id"]) == {"Birch"}


def test_a_credit_note_that_names_another_customers_invoice_stays_with_its_own(load):
    """Unapplied, and told."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,applies_to\n"
    imported = load(head + "A1,Alder,2024-02-01,2024-03-01,500.00,\nK1,Birch,2024-02-05,,-80.00,A1\n")
    assert (opened(imported), unapplied(imported)) == ({"A1": 500.0}, (0.0, 80.0))
    assert said(imported, "customer_mismatch")


def test_customers_that_the_invoices_never_name_are_not_compared(load):
    """A payments table with names beside invoices with numbers says nothing of customers."""
    imported = load(TWO, PAID + "P1,A1,Alder Wood Ltd,2024-03-01,500.00,\n")
    assert opened(imported)["A1"] == 0.0


SAME = (
    OWED
    + "1001,Alder,2024-02-01,2024-03-01,500.00\n1001,Birch,2024-02-02,2024-03-02,800.00\n1002,Birch,2024-02-02,2024-03-02,100.00\n"
)


@pytest.mark.parametrize("mapped", ["", '[invoices]\ndistinguish = ["customer_id"]\n'])
def test_one_number_of_two_customers_is_two_invoices_and_payments_find_theirs(load, mapped):
    """By number and customer, whether the map tells them apart or not."""
    imported = load(SAME, PAID + "P1,1001,Birch,2024-03-01,800.00,\n", mapped=mapped)
    assert opened(imported) == {"1001/Alder": 500.0, "1001/Birch": 0.0, "1002": 100.0}
    assert unapplied(imported) == (0.0, 0.0)
    unclear = load(SAME, PAID + "P1,1001,,2024-03-01,800.00,\nP2,1002,,2024-03-01,100.00,\n", mapped=mapped)
    assert rules(unclear) == [("payments", 2, "ambiguous_invoice")]


def test_disputes_find_the_invoice_of_a_shared_number(load, tmp_path):
    """Instalments by their number; where two customers have it, it is not guessed."""
    owed = SAME + "J1,Alder,2024-03-01,2024-03-31,300.00\nJ1,Alder,2024-03-01,2024-04-30,700.00\n"
    (tmp_path / "disputes.csv").write_text("invoice_id,opened,reason\nJ1,2024-03-10,price\n1001,2024-03-10,price\n")
    imported = load(owed, PAID + "P1,1002,,2024-03-01,100.00,\n", as_of="2024-04-01")
    assert imported.ledger.disputes["invoice_id"].tolist() == ["J1/2024-03-31"]
    assert rules(imported) == [("disputes", 3, "ambiguous_invoice")]


def test_a_clearing_number_is_that_of_its_year_company_and_customer(load):
    """The same number clears other invoices in the next year."""
    text = SAP + (
        "1000;18001;2023;100200;RV;05.02.2023;07.03.2023;1.000,00;EUR;20.03.2023;14001;\n"
        "1000;14001;2023;100200;DZ;20.03.2023;20.03.2023;950,00-;EUR;20.03.2023;14001;\n"
        "1000;18001;2024;100300;RV;05.02.2024;06.03.2024;600,00;EUR;25.03.2024;14001;\n"
        "1000;14001;2024;100300;DZ;25.03.2024;25.03.2024;600,00-;EUR;25.03.2024;14001;\n"
    )
    imported = load(text, preset="sap")
    assert figures(imported, "ar_open", "unapplied_cash") == [0.0, 0.0]
    assert kpis(imported.ledger, start="2024-03-01")["mean_days_late"] == pytest.approx(19.0)
    by = imported.ledger.payments.groupby("customer_id")["amount"].sum().to_dict()
    assert by == {"100200": 100_000, "100300": 60_000}


# -- one number, several rows


def test_instalments_of_one_number_are_paid_in_the_order_in_which_they_fall_due(load):
    """Two due dates, two invoices on one line; one payment may cross from the one to the other."""
    owed = OWED + "J1,Alder,2024-03-01,2024-03-31,300.00\nJ1,Alder,2024-03-01,2024-04-30,700.00\n"
    imported = load(owed, PAID + "P1,J1,,2024-03-31,300.00,\nP2,J1,Alder,2024-04-30,700.00,\n")
    assert opened(imported) == {"J1/2024-03-31": 0.0, "J1/2024-04-30": 0.0}
    assert unapplied(imported) == (0.0, 0.0)
    assert figures(imported, "mean_days_late") == [0.0]
    crossing = load(owed, PAID + "P1,J1,,2024-03-31,450.00,\nP2,J1,,2024-04-10,100.00,refund\n")
    assert opened(crossing) == {"J1/2024-03-31": 0.0, "J1/2024-04-30": 650.0}
    assert said(crossing, "kept apart: 2 by due date, such as J1/2024-03-31")


def test_one_number_of_two_years_is_two_invoices(load):
    """The new one is open; a payment settles the one issued last by its day."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,clear_date\n"
    text = head + "1001,Alder,2023-03-01,2023-03-31,300.00,2023-04-05\n1001,Alder,2024-03-01,2024-03-31,800.00,\n"
    assert opened(load(text, as_of="2024-04-01")) == {"1001/2023": 0.0, "1001/2024": 800.0}
    owed = OWED + "1001,Alder,2023-03-01,2023-03-31,300.00\n1001,Alder,2024-03-01,2024-03-31,800.00\n"
    paid = load(owed, PAID + "P1,1001,,2023-04-05,300.00,\nP2,1001,,2024-04-05,500.00,\n")
    assert opened(paid) == {"1001/2023": 0.0, "1001/2024": 300.0}


@pytest.mark.parametrize("dead", ["Cancelled", "VOID", "draft", "Storniert", "Annulée"])
@pytest.mark.parametrize("preset", ["generic", "odoo", "erpnext", "xero"])
def test_of_a_number_issued_again_the_live_one_stays(load, preset, dead):
    """A dead document is no candidate, whatever its dates."""
    columns = {
        "generic": "number,customer,date,due_date,amount,status",
        "odoo": "Number,Partner,Invoice Date,Due Date,Total,Status",
        "erpnext": "ID,Customer,Date,Due Date,Grand Total,Status",
        "xero": "InvoiceNumber,ContactName,InvoiceDate,DueDate,Total,Status",
    }
    text = f"{columns[preset]}\n1001,Alder,2024-03-01,2024-03-31,300.00,{dead}\n1001,Alder,2024-03-04,2024-03-31,350.00,Open\n"
    imported = load(text, preset=preset, as_of="2024-04-01")
    assert rules(imported) == [("invoices", 2, "not_posted")]
    assert opened(imported) == {"1001": 350.0}


LINES = (
    OWED
    + "L1,Alder,2024-03-01,2024-03-31,100.00\nL1,Alder,2024-03-01,2024-03-31,200.00\nL1,Alder,2024-03-01,2024-03-31,200.00\nL2,Alder,2024-03-01,2024-03-31,50.00\n"
)


def test_lines_of_an_invoice_are_summed_where_the_map_says_so(load):
    """All lines count, equal ones too."""
    imported = load(LINES, mapped="[invoices]\nsum_lines = true\n")
    assert opened(imported) == {"L1": 500.0, "L2": 50.0}
    assert imported.imported == 4


def test_lines_that_nobody_explained_are_not_guessed(load):
    """The message names what to write; or they are rejected, all of them."""
    with pytest.raises(BadInput, match=r"such as 2 and 3; in a map's \[invoices\]: sum_lines = true"):
        load(LINES)
    imported = load(LINES, mapped="[invoices]\nsum_lines = false\n")
    assert {rule for _, _, rule in rules(imported)} == {"duplicate_row", "repeated_number"}
    assert opened(imported) == {"L2": 50.0}


def test_a_slip_among_many_numbers_is_rejected_by_name(load):
    """Two rows in a large file that contradict each other stop nobody's night."""
    many = "".join(f"M{k},Alder,2024-03-01,2024-03-31,10.00\n" for k in range(300))
    imported = load(OWED + many + "M1,Alder,2024-03-01,2024-03-31,11.00\n")
    assert rules(imported) == [("invoices", 3, "repeated_number"), ("invoices", 302, "repeated_number")]


def test_repeated_totals_are_one_invoice_and_a_line_that_cannot_be_read_takes_the_others_with_it(load):
    """With `sum_lines`, open amounts that every line repeats are those of the invoice."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,open_amount\n"
    text = head + "L1,Alder,2024-03-01,2024-03-31,100.00,260.00\nL1,Alder,2024-03-01,2024-03-31,200.00,260.00\n"
    more = "L2,Alder,2024-03-01,2024-03-31,90.00,90.00\nL2,Alder,2024-03-01,2024-03-31,ten,10.00\n"
    imported = load(text + more, mapped="[invoices]\nsum_lines = true\n", as_of="2024-04-30")
    assert opened(imported) == {"L1": 260.0}
    assert rules(imported) == [("invoices", 4, "rejected_line"), ("invoices", 5, "bad_amount")]


# -- settlement as the source says it

STATED = "invoice_id,customer_id,issue_date,due_date,amount,paid_amount,paid_date,status\n"


@pytest.mark.parametrize(
    ("cells", "still_open", "cash"),
    [
        ("400.00,2024-04-02,", 600.0, 400.0),
        ("400.00,,", 600.0, 400.0),
        ("0,,", 1000.0, 0.0),
        (",,", 1000.0, 0.0),
        (",2024-04-02,", 0.0, 1000.0),
        (",,Paid", 0.0, 1000.0),
        (",,CLOSED", 0.0, 1000.0),
        ("1000,2024-04-02,Paid", 0.0, 1000.0),
        ("700.00,2024-04-02,Paid", 0.0, 700.0),
        ("1150.00,2024-04-02,Paid", 0.0, 1150.0),
        (",,Overdue", 1000.0, 0.0),
    ],
)
def test_paid_amounts_days_and_statuses_are_taken(load, cells, still_open, cash):
    """A paid amount says how much, a day when, a status that it is over; what was closed and not paid is credited."""
    imported = load(STATED + f"A,Alder,2024-03-01,2024-03-31,1000.00,{cells}\n", as_of="2024-04-30")
    assert opened(imported) == {"A": still_open}
    assert by_kind(imported).get("cash", 0.0) == cash
    assert unapplied(imported) == (max(cash - 1000.0, 0.0), 0.0)
    assert figures(imported, "ar_net") == [still_open - max(cash - 1000.0, 0.0)]


@pytest.mark.parametrize("blank", ["", "-", "–"])
def test_a_paid_invoice_needs_no_open_amount(load, blank):
    """A blank or a dash there is 0; without that status it is missing."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,open_amount,status\n"
    text = head + f"A,Alder,2024-03-01,2024-03-31,1000.00,{blank},Paid\nB,Alder,2024-03-01,2024-03-31,50.00,,Open\n"
    imported = load(text + "C,Alder,2024-03-01,2024-03-31,40.00,40.00,Open\n", as_of="2024-04-30")
    assert opened(imported) == {"A": 0.0, "C": 40.0}
    assert rules(imported) == [("invoices", 3, "missing_open_amount")]


def test_an_open_amount_below_zero_is_an_overpayment(load):
    """Settled, and the rest unapplied."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,open_amount\n"
    imported = load(head + "A,Alder,2024-03-01,2024-03-31,90.00,-10.00\n", as_of="2024-04-30")
    assert (opened(imported), unapplied(imported)) == ({"A": 0.0}, (10.0, 0.0))
    assert by_kind(imported) == {"cash": 100.0}
    assert figures(imported, "ar_net") == [-10.0]


def test_a_used_credit_note_without_a_link_never_becomes_cash(load):
    """It settles what the stated paid amount falls short of."""
    head = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountPaid,InvoiceAmountDue,Type,Status\n"
    text = head + (
        "Alder,INV-1,01/03/2024,31/03/2024,575.00,460.00,0.00,Sales invoice,Paid\n"
        "Alder,INV-2,05/03/2024,04/04/2024,115.00,115.00,0.00,Sales invoice,Paid\n"
        "Alder,CN-1,10/03/2024,,-115.00,0.00,0.00,Sales credit note,Paid\n"
    )
    imported = load(text, preset="xero", as_of="2024-04-30")
    assert by_kind(imported) == {"cash": 575.0, "credit_note": 115.0}
    credit = imported.ledger.payments[imported.ledger.payments["kind"] == "credit_note"]
    assert credit["invoice_id"].tolist() == ["INV-1"]
    assert f"{credit['received_date'].iloc[0]:%m-%d}" == "03-10"


def test_a_used_credit_note_settles_what_was_settled_after_it(load):
    """Within the customer; what finds nothing is told with its total, and is no cash either."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,clear_date\n"
    text = head + "A,Alder,2024-01-05,2024-02-04,300.00,2024-02-01\nB,Alder,2024-02-05,2024-03-06,500.00,2024-03-10\n"
    imported = load(text + "K,Alder,2024-02-20,,-120.00,2024-03-08\n")
    assert by_kind(imported) == {"cash": 680.0, "credit_note": 120.0}
    credit = imported.ledger.payments[imported.ledger.payments["kind"] == "credit_note"]
    assert credit["invoice_id"].tolist() == ["B"]
    head = "invoice_id,customer_id,issue_date,due_date,amount,open_amount\n"
    gone = load(head + "A,Alder,2024-01-05,2024-02-04,300.00,300.00\nK,Alder,2024-02-20,,-120.00,-20.00\n")
    assert unapplied(gone) == (0.0, 20.0)
    assert said(gone, "1 credit or payment was used on what the source does not show, 100.00 USD in all")


def test_one_row_may_name_several_invoices(load):
    """In the order in which it names them, as far as it reaches; credit notes and payments alike."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,applies_to\n"
    owed = "C-1,Alder,2024-03-01,2024-03-31,300.00,\nC-2,Alder,2024-03-01,2024-03-31,250.00,\n"
    imported = load(head + owed + 'K1,Alder,2024-03-10,,-500.00,"C-1, C-2"\n')
    assert (opened(imported), unapplied(imported)) == ({"C-1": 0.0, "C-2": 50.0}, (0.0, 0.0))
    paid = load(head + owed, PAID + '1,"C-1; C-2",Alder,2024-03-10,560.00,\n')
    assert (opened(paid), unapplied(paid)) == ({"C-1": 0.0, "C-2": 0.0}, (10.0, 0.0))
    wrong = load(head + owed, PAID + '1,"C-1; C-9",Alder,2024-03-10,500.00,\n2,C-2,,2024-03-10,1.00,\n')
    assert rules(wrong) == [("payments", 2, "unknown_invoice")]


def test_an_open_amount_settled_by_a_dated_credit_has_a_day(load):
    """Nothing is guessed, so nothing is said."""
    head = "invoice_id,customer_id,issue_date,due_date,amount,open_amount,applies_to\n"
    text = head + "A,Alder,2024-03-01,2024-03-31,100.00,60.00,\nK,Alder,2024-03-10,,-40.00,0.00,A\n"
    assert not said(load(text), "no day")


def test_payments_have_the_kinds_that_books_use(load):
    """Overpayments and prepayments are cash; an exchange difference settles and is none."""
    paid = (
        PAID
        + "1,R1,,2024-03-10,400.00,Prepayment\n2,R1,,2024-03-11,590.00,Overpayment\n3,R1,,2024-03-11,10.00,FX difference\n"
    )
    imported = load(ONE, paid)
    assert by_kind(imported) == {"cash": 990.0, "exchange_difference": 10.0}
    assert opened(imported) == {"R1": 0.0}


def test_xero_overpayments_and_prepayments_are_unapplied_cash(load):
    """By the names that its export gives them."""
    head = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue,Type,Status\n"
    text = head + (
        "Alder,INV-1,01/03/2024,31/03/2024,575.00,575.00,Sales invoice,Awaiting Payment\n"
        "Alder,,02/03/2024,,-100.00,-100.00,Sales overpayment,Awaiting Payment\n"
        "Alder,,03/03/2024,,-46.00,-46.00,Sales prepayment,Awaiting Payment\n"
    )
    imported = load(text, preset="xero", as_of="2024-04-30")
    assert figures(imported, "ar_open", "unapplied_cash", "ar_net") == [575.0, 146.0, 429.0]
