# ruff: noqa: E501 - the samples have the long lines of real exports
"""Each preset on a small sample in the shape of the real export."""

import os
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from ledger.importing import import_ledger, presets
from ledger.importing.maps.maps import preset_map

SHARED = Path(os.environ.get("COLLECTLAB_SHARED", Path(__file__).parents[2].parent / "shared")) / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real ledgers are not beside this checkout")


@pytest.fixture
def load(tmp_path):
    """Import a file given as text."""

    def run(preset: str, text: str, name: str = "export.csv", **options):
        (tmp_path / name).write_text(text)
        imported = import_ledger(tmp_path / name, preset=preset, **options)
        imported.ledger.validate()
        assert "adds up" in imported.summary()
        return imported

    return run


def opened(imported) -> dict[str, int]:
    """Return the open amount of each invoice in minor units."""
    return dict(zip(imported.ledger.invoices["invoice_id"], imported.ledger.open_amount().tolist(), strict=True))


def unapplied(imported) -> dict[str, int]:
    """Return the unapplied credit of each customer in minor units."""
    payments = imported.ledger.payments
    return payments[payments["invoice_id"].isna()].groupby("customer_id")["amount"].sum().to_dict()


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_a_valid_map_with_a_description(name):
    """Each says what it reads."""
    assert preset_map(name).description
    assert set(presets()) >= {"generic", "odoo", "erpnext", "sap", "quickbooks", "xero", "sage", "dynamics"}


ODOO = """"Number","Invoice Partner Display Name","Invoice/Bill Date","Due Date","Total in Currency Signed","Total Signed",\
"Amount Due","Amount Due Signed","Currency","Type","Reversal of","Status","Payment Status"
"INV/2024/00001","Azure Interior","2024-01-15","2024-02-14","1,150.00","1,040.00","1,150.00","1,040.00","USD","Customer Invoice","","Posted","Not Paid"
"INV/2024/00002","Azure Interior","2024-01-20","2024-02-19","2,300.00","2,300.00","300.00","300.00","EUR","Customer Invoice","","Posted","Partially Paid"
"RINV/2024/00001","Azure Interior","2024-02-01","2024-02-01","-500.00","-500.00","0.00","0.00","EUR","Customer Credit Note","INV/2024/00002","Posted","Paid"
"INV/2024/00003","Deco Addict","2024-02-05","2024-03-06","80.00","80.00","80.00","80.00","EUR","Customer Invoice","","Draft","Not Paid"
"BILL/2024/01","Wood Corner","2024-02-05","2024-03-06","-90.00","-90.00","90.00","-90.00","EUR","Vendor Bill","","Posted","Not Paid"
"""


def test_odoo(load, tmp_path):
    """Amounts in the invoice's currency, a credit note on its invoice, drafts and bills rejected."""
    (tmp_path / "rates.csv").write_text("currency,rate\nUSD,0.9043\n")
    imported = load("odoo", ODOO, rates=tmp_path / "rates.csv", base_currency="EUR", as_of="2024-02-29")
    assert opened(imported) == {"INV/2024/00001": 115000, "INV/2024/00002": 30000}
    assert imported.ledger.invoices["currency"].tolist() == ["USD", "EUR"]
    kinds = imported.ledger.payments.groupby("kind", observed=True)["amount"].sum().to_dict()
    assert kinds == {"cash": 150000, "credit_note": 50000}
    assert imported.rejects["rule"].tolist() == ["not_posted", "not_receivable"]


def test_odoo_with_technical_names_and_without_signs(load):
    """`amount_total` has no sign: the type says that it is a credit."""
    text = (
        "name,invoice_partner_display_name,invoice_date,invoice_date_due,amount_total,amount_residual,currency_id,move_type,state\n"
        "INV/1,Azure,2024-01-15,2024-02-14,100.0,40.0,EUR,out_invoice,posted\n"
        "RINV/1,Azure,2024-01-20,2024-01-20,25.0,25.0,EUR,out_refund,posted\n"
        "INV/2,Azure,2024-01-15,2024-02-14,100.0,0.0,EUR,out_invoice,cancel\n"
    )
    imported = load("odoo", text)
    assert (opened(imported), unapplied(imported)) == ({"INV/1": 4000}, {"Azure": 2500})


def test_erpnext(load):
    """Rounded totals, a return against an invoice, day first where the file tells."""
    text = (
        '"ID","Customer","Date","Payment Due Date","Grand Total","Rounded Total","Outstanding Amount","Currency",'
        '"Is Return (Credit Note)","Return Against","Status","Customer Group"\n'
        '"ACC-SINV-2024-00001","Palmer","25-01-2024","24-02-2024",1150.4,1150,650,"INR",0,"","Partly Paid","Commercial"\n'
        '"ACC-SINV-2024-00002","Palmer","05-02-2024","06-03-2024",200.6,201,201,"INR",0,"","Unpaid","Commercial"\n'
        '"ACC-SINV-2024-00003","Palmer","06-02-2024","06-02-2024",-100,-100,0,"INR",1,"ACC-SINV-2024-00001","Return","Commercial"\n'
        '"ACC-SINV-2024-00004","Palmer","05-02-2024","06-03-2024",70,0,70,"INR",0,"","Overdue","Commercial"\n'
        '"ACC-SINV-2024-00005","Palmer","05-02-2024","06-03-2024",70,0,0,"INR",0,"","Cancelled","Commercial"\n'
    )
    imported = load("erpnext", text, as_of="2024-03-31")
    assert [*opened(imported).values()] == [65000, 20100, 7000]
    kinds = imported.ledger.payments.groupby("kind", observed=True)["amount"].sum().to_dict()
    assert kinds == {"cash": 40000, "credit_note": 10000}
    assert imported.ledger.customers["segment"].tolist() == ["Commercial"]
    assert imported.rejects["rule"].tolist() == ["not_posted"]
    assert imported.ledger.invoices["issue_date"].dt.strftime("%m-%d").tolist() == ["01-25", "02-05", "02-05"]


SAP = """Customer;Assignment;Document Number;Document Type;Document Date;Net due date;Amount in doc. curr.;Document currency;\
Amount in local currency;Local Currency;Clearing date;Clearing Document;Company Code;Line item
1001;A;90000001;RV;05.01.2024;04.02.2024;1.190,00;EUR;1.190,00;EUR;15.02.2024;14000007;DE01;1
1001;A;90000002;RV;25.01.2024;24.02.2024;500,00;EUR;500,00;EUR;15.02.2024;14000007;DE01;1
1001;A;16000001;DG;01.02.2024;01.02.2024;190,00-;EUR;190,00-;EUR;15.02.2024;14000007;DE01;1
1001;A;14000007;DZ;15.02.2024;15.02.2024;1.500,00-;EUR;1.500,00-;EUR;15.02.2024;14000007;DE01;1
1002;B;90000003;DR;31.01.2024;01.03.2024;2.000,00;USD;1.850,00;EUR;00.00.0000;;DE01;1
1002;B;14000008;DZ;20.02.2024;20.02.2024;300,00-;USD;277,50-;EUR;;;DE01;1
1002;B;90000004;KR;31.01.2024;01.03.2024;10,00;EUR;10,00;EUR;;;DE01;1
1003;C;90000005;RV;01.02.2024;02.03.2024;70,00;EUR;70,00;EUR;;;DE01;1
1003;C;90000005;RV;01.02.2024;02.04.2024;30,00;EUR;30,00;EUR;;;DE01;2
1003;C;90000006;RV;01.02.2024;02.03.2024;40,00;EUR;40,00;EUR;01.03.2024;14000009;DE01;1
1003;C;90000007;AB;10.02.2024;10.02.2024;15,00-;EUR;15,00-;EUR;;;DE01;1
*;;;;;;4.852,50;;;;;;;
"""


def test_sap(load, tmp_path):
    """Clearing documents tie invoices, credits and payments; trailing minus; instalments share a number."""
    (tmp_path / "rates.csv").write_text("currency,rate\nUSD,0.925\n")
    imported = load("sap", SAP, rates=tmp_path / "rates.csv", base_currency="EUR")
    assert opened(imported) == {
        "90000001": 0,
        "90000002": 0,
        "90000003": 200000,
        "90000005/DE01/1": 7000,
        "90000005/DE01/2": 3000,
        "90000006": 0,
    }
    assert unapplied(imported) == {"1002": 30000, "1003": 1500}
    payments = imported.ledger.payments
    first = payments[payments["invoice_id"] == "90000001"].sort_values("amount")
    assert first[["amount", "kind"]].to_numpy().tolist() == [[19000, "credit_note"], [100000, "cash"]]
    assert first["received_date"].dt.strftime("%m-%d").tolist() == ["02-01", "02-15"]
    assert first["applied_date"].dt.strftime("%m-%d").tolist() == ["02-15", "02-15"]
    assert payments[payments["invoice_id"] == "90000006"]["amount"].tolist() == [
        4000
    ]  # cleared by what is not in the list
    assert imported.rejects[["row", "rule"]].to_numpy().tolist() == [[8, "not_receivable"]]
    assert imported.accounts[0].skipped == 1


def test_sap_as_of_an_earlier_day(load, tmp_path):
    """Clearings and payments that came later are not known."""
    (tmp_path / "rates.csv").write_text("currency,rate\nUSD,0.925\n")
    imported = load("sap", SAP, rates=tmp_path / "rates.csv", base_currency="EUR", as_of="2024-02-10")
    assert imported.ledger.open_amount().sum() == 119000 + 50000 + 200000 + 7000 + 3000 + 4000
    assert unapplied(imported) == {"1001": 19000, "1003": 1500}
    assert imported.rejects["rule"].tolist() == ["after_as_of", "after_as_of", "not_receivable"]


def test_quickbooks(load):
    """An aging detail report with its title, buckets and totals; the day stands in the title."""
    text = (
        '"Foundry Distribution, Inc",,,,,,,\nA/R Aging Detail Report,,,,,,,\n"As of Jul 25, 2024",,,,,,,\n\n'
        ",Date,Transaction type,Num,Customer full name,Due date,Amount,Open balance\n"
        '91 or more days past due,,,,,,,\n,11/11/2023,Invoice,SI-1,TACTICS,12/11/2023,"1,000.00",800.00\n'
        ",01/23/2023,Credit Memo,SC-1,ZUMIEZ,01/23/2023,-100.00,-100.00\nTotal for 91 or more days past due,,,,,,,700.00\n"
        "CURRENT,,,,,,,\n,07/01/2024,Invoice,SI-2,Sports,09/01/2024,500.00,500.00\n"
        ",07/01/2024,Payment,,Sports,07/01/2024,-50.00,-50.00\nTotal for CURRENT,,,,,,,450.00\n"
        'TOTAL,,,,,,,"1,150.00"\n" Thursday, July 25, 2024 04:19 PM GMT-06:00",,,,,,,\n'
    )
    imported = load("quickbooks", text)
    assert imported.as_of == pd.Timestamp("2024-07-25")
    assert opened(imported) == {"SI-1": 80000, "SI-2": 50000}
    assert unapplied(imported) == {"Sports": 5000, "ZUMIEZ": 10000}
    owed = sum(opened(imported).values()) - sum(unapplied(imported).values())
    assert owed == 115000  # the report's own total
    assert imported.rejected == 0


def test_xero(load):
    """Each line of an invoice repeats its number and totals; voided invoices are rejected."""
    header = "ContactName,EmailAddress,InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,"
    header += (
        "InvoiceAmountDue,InventoryItemCode,Description,Quantity,UnitAmount,LineAmount,Currency,Type,Sent,Status\n"
    )
    text = header + (
        "Ridgeway,a@b.example,INV-001,,15/01/2024,14/02/2024,,541.25,41.25,341.25,200.00,,Design,1,250,250,NZD,Sales invoice,Sent,Awaiting Payment\n"
        "Ridgeway,a@b.example,INV-001,,15/01/2024,14/02/2024,,541.25,41.25,341.25,200.00,,Print,1,250,250,NZD,Sales invoice,Sent,Awaiting Payment\n"
        "Ridgeway,a@b.example,CN-001,,20/01/2024,,,-75.00,0,0,-75.00,,Return,1,-75,-75,NZD,Sales credit note,,Awaiting Payment\n"
        "City,c@d.example,INV-002,,16/01/2024,15/02/2024,,99.00,9,0,0.00,,Hosting,1,90,90,NZD,Sales invoice,,Voided\n"
        "City,c@d.example,INV-003,,16/01/2024,15/02/2024,,99.00,9,99,0.00,,Hosting,1,90,90,NZD,Sales invoice,,Paid\n"
    )
    imported = load("xero", text, as_of="2024-02-29")
    assert opened(imported) == {"INV-001": 20000, "INV-003": 0}
    assert unapplied(imported) == {"Ridgeway": 7500}
    assert (imported.imported, imported.rejected, imported.accounts[0].skipped) == (3, 1, 1)
    assert imported.amount_imported + imported.amount_rejected == Decimal("664.25")


def test_erp_snapshot_takes_its_day_from_the_name_of_the_file(load):
    """Posting dates are estimates: one after the due date is moved, and nothing is lost."""
    text = (
        "doc_id,cust_number,posting_date,due_in_date,clear_date,total_open_amount,invoice_currency\n"
        "1,100,2019-11-08,2019-11-05,,10.50,USD\n2,100,2019-10-10,2019-11-09,2019-10-01,20.00,USD\n"
    )
    imported = load("erp_snapshot", text, name="erp_2019-11-15.csv")
    assert imported.as_of == pd.Timestamp("2019-11-15")
    assert imported.ledger.invoices["issue_date"].dt.strftime("%m-%d").tolist() == ["11-05", "10-10"]
    assert [warning.split(" ")[0] for warning in imported.warnings] == ["1", "1"]


@needs_shared
def test_the_real_erp_snapshot():
    """Every row, to the cent, and the figures its README tells."""
    path = SHARED / "erp_invoices_2019-11-15.csv"
    imported = import_ledger(path, preset="erp_snapshot")
    by_hand = pd.read_csv(path, dtype=str)
    assert (imported.imported, imported.rejected) == (len(by_hand), 0) == (31_625, 0)
    assert imported.amount_imported == sum(map(Decimal, by_hand["total_open_amount"]))
    still_open = by_hand[by_hand["clear_date"].isna()]["total_open_amount"]
    assert imported.ledger.open_amount().sum() == int(sum(map(Decimal, still_open)) * 100)
    assert (imported.ledger.open_amount() > 0).sum() == 1_765
    assert imported.as_of == pd.Timestamp("2019-11-15")
    said = " ".join(imported.warnings)
    assert "24 invoices are due before" in said
    assert "773 invoices repeat" in said


@needs_shared
def test_the_real_erp_snapshot_on_an_earlier_day():
    """As of a day in the past, it is what the ledger's own snapshot says."""
    path = SHARED / "erp_invoices_2019-11-15.csv"
    whole = import_ledger(path, preset="erp_snapshot").ledger
    earlier = import_ledger(path, preset="erp_snapshot", as_of="2019-08-15")
    assert earlier.rejects["rule"].value_counts().to_dict().keys() == {"after_as_of"}
    before = whole.snapshot("2019-08-15")
    assert earlier.ledger.open_amount().sum() == before.open_amount().sum()
    assert len(earlier.ledger.invoices) == len(before.invoices)


@needs_shared
def test_the_real_late_payment_histories():
    """Month first by the evidence of the file; disputes have no day and are not taken over."""
    path = SHARED / "late_payment_histories.csv"
    imported = import_ledger(path, preset="late_payment_histories")
    by_hand = pd.read_csv(path, dtype=str)
    assert (imported.imported, imported.rejected) == (len(by_hand), 0) == (2_466, 0)
    assert imported.amount_imported == sum(map(Decimal, by_hand["InvoiceAmount"]))
    days = (imported.ledger.settled_date - imported.ledger.invoices["issue_date"]).dt.days
    assert days.tolist() == by_hand["DaysToSettle"].astype(int).tolist()
    assert any("561 invoices are marked as disputed" in warning for warning in imported.warnings)
