# ruff: noqa: E501 - the samples have the long lines of real exports
"""Reports that are no tables: headings, totals, page heads, amounts by age, headers of two rows."""

from decimal import Decimal

import openpyxl
import pytest

from ledger import BadInput
from ledger.importing import import_ledger


@pytest.fixture
def load(tmp_path):
    """Import a file given as text."""

    def run(text: str, preset: str | None = None, name: str = "report.csv", **options):
        (tmp_path / name).write_text(text)
        imported = import_ledger(tmp_path / name, preset=preset, **options)
        imported.ledger.validate()
        assert "adds up" in imported.summary()
        return imported

    return run


def opened(imported) -> dict[tuple[str, str], int]:
    """Return what is open in minor units, by customer and invoice."""
    frame = imported.ledger.invoices
    keys = zip(frame["customer_id"], frame["invoice_id"], strict=True)
    return dict(zip(keys, imported.ledger.open_amount().tolist(), strict=True))


def unapplied(imported) -> dict[str, int]:
    """Return the unapplied credit of each customer in minor units."""
    payments = imported.ledger.payments
    return payments[payments["invoice_id"].isna()].groupby("customer_id")["amount"].sum().to_dict()


def said(imported, words: str) -> bool:
    """Tell whether a warning has these words."""
    return any(words in warning for warning in imported.warnings)


HEADINGS = """Customer,Invoice,Date,Due,Amount,Balance
Tern Ltd,,,,,
,INV-1,2024-01-05,2024-02-04,1000.00,400.00
,INV-2,2024-01-25,2024-02-24,500.00,500.00
Total Tern Ltd,,,,1500.00,900.00
Quill & Co,,,,,
,INV-3,2024-02-05,2024-03-06,250.00,250.00
,INV-4,,,75.00,75.00
Total Quill & Co,,,,325.00,325.00
Grand total,,,,1825.00,1225.00
"""


def test_a_heading_names_the_customer_of_the_rows_below(load):
    """Headings and totals are counted and shown; an invoice without a date is none of them."""
    imported = load(HEADINGS)
    assert opened(imported) == {
        ("Tern Ltd", "INV-1"): 40000,
        ("Tern Ltd", "INV-2"): 50000,
        ("Quill & Co", "INV-3"): 25000,
    }
    assert imported.rejects[["row", "rule"]].to_numpy().tolist() == [[8, "missing_issue_date"]]
    assert (imported.amount_imported, imported.amount_rejected) == (Decimal("1750.00"), Decimal("75.00"))
    assert imported.accounts[0].skipped == 5
    assert said(imported, "2 are headings (row 2: Tern Ltd); 3 are totals (row 5: Total Tern Ltd 1500.00 900.00)")
    assert said(imported, "4 rows take their customer from what stands above")


@pytest.mark.parametrize("ragged", [False, True])
def test_headings_may_stand_in_the_column_of_numbers(load, ragged):
    """There is no column of customers; a number alone is a row, for it looks like the others' numbers."""
    text = (
        "Open items as of 31.03.2024\n\nInvoice;Date;Due;Amount;Open\nTern Ltd;;;;\nINV-1;05.01.2024;04.02.2024;1.000,00;400,00\n"
        "Quill & Co;;;;\nINV-3;05.02.2024;06.03.2024;250,00;250,00\nINV-9;;;;\n"
    )
    imported = load(text.replace(";;;;", "") if ragged else text)
    assert opened(imported) == {("Tern Ltd", "INV-1"): 40000, ("Quill & Co", "INV-3"): 25000}
    assert imported.rejects["row"].tolist() == [8]
    assert f"{imported.as_of:%Y-%m-%d}" == "2024-03-31"


def test_a_customer_written_once_for_several_rows_is_carried_down(load):
    """As merged cells are exported; a customer that lacks in one row of many is not guessed."""
    header, rest = HEADINGS.split("\n", 1)[0], ["INV-1", "INV-2", "INV-3"]
    rows = [
        f"{who},{number},2024-01-05,2024-02-04,10.00,10.00" for who, number in zip(["Tern", "", ""], rest, strict=True)
    ]
    imported = load("\n".join([header, *rows]) + "\n")
    assert [who for who, _ in opened(imported)] == ["Tern"] * 3
    rows[1] = rows[1].replace(",INV", "Quill,INV", 1)
    imported = load("\n".join([header, *rows]) + "\n")
    assert imported.rejects["rule"].tolist() == ["missing_customer"]


def test_a_total_of_its_own_name_closes_a_heading_and_the_outer_one_is_the_customer(load):
    """QuickBooks Desktop: jobs below customers, only what is open, payments and credits without a number."""
    text = (
        ',"Type","Date","Num","P. O. #","Terms","Due Date","Class","Aging","Open Balance"\n'
        '"Abercrombie, Kristy",,,,,,,,,\n'
        '"Family Room",,,,,,,,,\n'
        ',"Invoice","12/15/2023","1101","","Net 30","01/14/2024","","17","1,250.00"\n'
        ',"Payment","01/20/2024","","","","01/20/2024","","","-200.00"\n'
        '"Total Family Room",,,,,,,,,"1,050.00"\n'
        '"Kitchen",,,,,,,,,\n'
        ',"Invoice","01/17/2024","1104","","Net 30","02/16/2024","","","70.00"\n'
        '"Total Kitchen",,,,,,,,,70.00\n'
        '"Total Abercrombie, Kristy",,,,,,,,,"1,120.00"\n'
        '"Total Energy Ltd",,,,,,,,,\n'
        ',"Invoice","01/15/2024","1102","","Net 30","02/14/2024","","","14,510.00"\n'
        ',"Credit Memo","01/16/2024","1103","","","01/16/2024","","","-510.00"\n'
        '"Total Total Energy Ltd",,,,,,,,,"14,000.00"\n'
        '"TOTAL",,,,,,,,,"15,120.00"\n'
    )
    imported = load(text, "quickbooks")
    kristy, energy = "Abercrombie, Kristy", "Total Energy Ltd"
    assert opened(imported) == {(kristy, "1101"): 125000, (kristy, "1104"): 7000, (energy, "1102"): 1451000}
    assert unapplied(imported) == {kristy: 20000, energy: 51000}
    assert imported.amount_imported == Decimal("15120.00")
    assert said(imported, "what is open counts as the amount")


def test_headings_by_age_are_no_customers(load):
    """QuickBooks Online, A/R Aging Detail: the customer has a column."""
    text = (
        "A/R Aging Detail,,,,,,,\nAs of March 31 2024,,,,,,,\n,Date,Transaction type,Num,Customer full name,Due date,Amount,Open balance\n"
        '1 - 30 days past due,,,,,,,\n,02/01/2024,Invoice,1036,Freeman,03/02/2024,"1,477.50",477.50\n'
        'Total for 1 - 30 days past due,,,,,,"$1,477.50",$477.50\nCurrent,,,,,,,\n,03/15/2024,Invoice,1037,Sonnenschein,04/14/2024,362.07,362.07\n'
        ",03/16/2024,Payment,,Freeman,03/16/2024,-20.00,-20.00\nTotal for Current,,,,,,$342.07,$342.07\nTOTAL,,,,,,,$819.57\n"
    )
    imported = load(text, "quickbooks", as_of="2024-03-31")
    assert opened(imported) == {("Freeman", "1036"): 47750, ("Sonnenschein", "1037"): 36207}
    assert unapplied(imported) == {"Freeman": 2000}
    assert imported.accounts[0].skipped == 5


@pytest.mark.parametrize("preset", ["quickbooks", "xero", "generic"])
def test_a_row_with_a_number_and_a_customer_is_never_a_heading(load, preset):
    """An opening balance without dates is rejected by name, with its amount."""
    number, who = ("Num", "Customer") if preset == "quickbooks" else ("Number", "Contact")
    text = f"Type,{number},{who},Date,Due Date,Amount,Balance\nInvoice,1001,Tern,01/02/2024,20/02/2024,140.00,140.00\nInvoice,OB-1,Tern,,,5000.00,5000.00\n"
    imported = load(
        text.replace("Amount,Balance", "Amount,Open balance" if preset == "quickbooks" else "Gross,Balance"), preset
    )
    assert imported.rejects["rule"].tolist() == ["missing_issue_date"]
    assert imported.amount_rejected == Decimal("5000.00")


AGED = """Customer,Invoice No,Invoice Date,Due Date,Current,1-30,31-60,61-90,>90,Total
Tern,T1,2024-01-05,2024-02-04,,,400.00,,,400.00
Tern,T2,2024-03-05,2024-04-04,500.00,,,,,500.00
Quill,Q1,2023-11-05,2023-12-05,0.00,,-,,1200.50,1200.50
Quill,Q2,2024-03-10,2024-04-09,-50.00,,,,,-50.00
Total,,,,450.00,0.00,400.00,0.00,1200.50,2050.50
"""


@pytest.mark.parametrize("with_total", [True, False])
def test_what_is_open_may_stand_in_a_column_by_age(load, with_total):
    """With a total beside it or without."""
    imported = load(AGED if with_total else "\n".join(line.rsplit(",", 1)[0] for line in AGED.splitlines()) + "\n")
    assert opened(imported) == {("Tern", "T1"): 40000, ("Tern", "T2"): 50000, ("Quill", "Q1"): 120050}
    assert unapplied(imported) == {"Quill": 5000}
    assert said(imported, "what is open stands in 5 columns by age, Current … >90")
    assert said(imported, "what is open counts as the amount") is not with_total


@pytest.mark.parametrize("total", ["Total", "Balance"])
def test_an_invoice_whose_columns_by_age_contradict_their_total_is_rejected(load, total):
    """Nothing tells which of the two is right; as an open amount and as a total after the columns."""
    text = AGED.replace("Total\n", f"{total}\n", 1)
    assert not len(load(text).rejects)
    imported = load(text.replace("500.00,,,,,500.00", "500.00,,,,,540.00"))
    assert imported.rejects[["row", "rule"]].to_numpy().tolist() == [[3, "off_total"]]
    assert imported.rejected + imported.imported == 4


def test_columns_by_age_that_are_not_all_of_the_open_amount_are_told(load):
    """A row that stands in none of them, and columns that differ in most rows: the open amount counts."""
    text = AGED.replace("Total\n", "Balance\n", 1)
    imported = load(text.replace("500.00,,,,,500.00", ",,,,,500.00"))
    assert opened(imported)["Tern", "T2"] == 50000
    assert said(imported, "1 row has an amount in Balance and in no column by age; Balance counts")
    for part in ("400.00,,,400.00", "1200.50,1200.50", "500.00,,,,,500.00"):
        text = text.replace(part, part[: part.rindex(",")] + ",900.00")
    imported = load(text)
    assert opened(imported)["Tern", "T1"] == 90000
    assert said(imported, "the columns by age do not add up to Balance in 3 of 4 rows")


def test_an_invoice_in_two_columns_by_age_is_rejected_with_both(load):
    """Which of them is owed by when cannot be told."""
    imported = load(AGED.replace("T1,2024-01-05,2024-02-04,,,400.00", "T1,2024-01-05,2024-02-04,,7.00,400.00"))
    assert imported.rejects[["rule", "value"]].to_numpy().tolist() == [["bad_open_amount", "7.00 | 400.00"]]


def test_a_summary_by_customer_is_refused(load):
    """It holds no invoices."""
    with pytest.raises(BadInput, match="is a summary by customer"):
        load("Customer,Current,1 - 30,31 - 60,Over 60,Total\nTern,1.00,,,,1.00\n")


XERO = """Aged Receivables Detail,,,,,,,,,,
Demo Company (UK),,,,,,,,,,
As at 31 March 2024,,,,,,,,,,
,,,,,,,,,,
Invoice Date,Due Date,Invoice Number,Invoice Reference,Current,< 1 Month,1 Month,2 Months,3 Months,Older,Total
,,,,,,,,,,
Bayside Club,,,,,,,,,,
05 Feb 2024,25 Feb 2024,INV-0027,Ref 1,0.00,0.00,234.00,0.00,0.00,0.00,234.00
12 Mar 2024,11 Apr 2024,INV-0033,,130.00,0.00,0.00,0.00,0.00,0.00,130.00
Total Bayside Club,,,,130.00,0.00,234.00,0.00,0.00,0.00,364.00
,,,,,,,,,,
24 Locks Ltd,,,,,,,,,,
01 Feb 2024,10 Feb 2024,INV-0012,,0.00,0.00,250.00,0.00,0.00,0.00,250.00
20 Feb 2024,,CN-0014,,-45.50,0.00,0.00,0.00,0.00,0.00,-45.50
Total 24 Locks Ltd,,,,-45.50,0.00,250.00,0.00,0.00,0.00,204.50
,,,,,,,,,,
Total,,,,84.50,0.00,484.00,0.00,0.00,0.00,568.50
Percentage of total,,,,14.86%,0.00%,85.14%,0.00%,0.00%,0.00%,100.00%
"""


@pytest.mark.parametrize("preset", ["xero", "generic"])
def test_xero_aged_receivables_detail(load, preset):
    """Headings in the column of dates; the day of the report is in its head."""
    imported = load(XERO, preset)
    bay, locks = "Bayside Club", "24 Locks Ltd"
    assert opened(imported) == {(bay, "INV-0027"): 23400, (bay, "INV-0033"): 13000, (locks, "INV-0012"): 25000}
    assert unapplied(imported) == {locks: 4550}
    assert f"{imported.as_of:%Y-%m-%d}" == "2024-03-31"
    assert imported.amount_imported == Decimal("568.50")


LINE = "-" * 94
SPOOL_HEAD = f"{LINE}\n|  |Assignment|DocumentNo|Ty|Doc. Date |Net due dt| Amt in loc.cur.|LCurr|Clrng doc.|Clearing  |\n{LINE}\n"
SPOOL = f""" Customer Line Item Display

 Customer          1000
 Company Code      DE01
 Name              Becker Berlin
 City              Berlin

{SPOOL_HEAD}|  |0001      |90000001  |RV|05.01.2024|04.02.2024|        1.190,00|EUR  |14000007  |15.02.2024|
|  |0002      |90000002  |RV|25.01.2024|24.02.2024|          500,00|EUR  |          |          |
|  |          |14000007  |DZ|15.02.2024|15.02.2024|       1.190,00-|EUR  |14000007  |15.02.2024|
{LINE}
| *|          |          |  |          |          |          500,00|EUR  |          |          |
{LINE}
 Customer          2000
 Company Code      DE01
 Name              Carter Bonn
 City              Bonn

{SPOOL_HEAD}|  |0003      |90000003  |RV|01.02.2024|02.03.2024|          250,00|EUR  |          |          |
{LINE}
| *|          |          |  |          |          |          250,00|EUR  |          |          |
|**|          |          |  |          |          |          750,00|EUR  |          |          |
{LINE}
"""


def test_sap_list_with_the_customer_in_the_page_head(load):
    """Each customer's page repeats the header; lines, stars and sums are passed over."""
    imported = load(SPOOL, "sap", name="spool.txt")
    assert opened(imported) == {("1000", "90000001"): 0, ("1000", "90000002"): 50000, ("2000", "90000003"): 25000}
    assert not len(imported.rejects)
    assert imported.ledger.payments["kind"].tolist() == ["cash"]
    assert imported.amount_imported == Decimal("750.00")


SPOOL_SHORT = f"""25.11.2026        Debitoren Einzelpostenliste        1
{LINE}
Debitor     100023
Buchungskreis 1000
{LINE}
| |Belegnr    |Art|Belegdatum|Nettofäll.|   Betrag HW |HWähr|Ausgleich |Ausgl.bel.|
{LINE}
| |1800000001 |RV |01.09.2026|01.10.2026|    1.200,00 |EUR  |05.10.2026|1400000001|
| |1800000002 |RV |15.09.2026|15.10.2026|      800,50 |EUR  |          |          |
| |1400000001 |DZ |05.10.2026|05.10.2026|    1.200,00-|EUR  |05.10.2026|1400000001|
{LINE}
|*|           |   |          |          |      800,50 |EUR  |          |          |
{LINE}
"""


def test_sap_list_with_short_german_headings(load):
    """Columns narrowed to the dictionary's short labels: a payment clears one of two invoices."""
    imported = load(SPOOL_SHORT, "sap", name="liste.txt")
    assert opened(imported) == {("100023", "1800000001"): 0, ("100023", "1800000002"): 80050}
    assert not len(imported.rejects)


def test_a_header_of_two_rows(load, tmp_path):
    """The upper cells span several of the lower, in text and in workbooks, where they are merged."""
    lines = [
        "Customer,,Invoice,,,Amount,,",
        "No.,Name,No.,Date,Due,Total,Open,Note",
        "1001,Tern,I-1,2024-01-05,2024-02-04,1000.00,400.00,",
        "1002,Quill,I-2,2024-01-25,2024-02-24,500.00,500.00,",
    ]
    imported = load("\n".join(["Open items", *lines]) + "\n")
    assert opened(imported) == {("1001", "I-1"): 40000, ("1002", "I-2"): 50000}
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append([cell or None for cell in line.split(",")])
    for place in ("A1:B1", "C1:E1", "F1:G1"):
        book.active.merge_cells(place)
    book.save(tmp_path / "report.xlsx")
    assert opened(import_ledger(tmp_path / "report.xlsx")) == opened(imported)


UNITS = """Open items
Customer,Invoice,Date,Due,Amount,
,,,,EUR,
Tern,I-1,2024-01-05,2024-02-04,1000.00,
Quill,I-2,2024-01-25,2024-02-24,500.00,
"""


@pytest.mark.parametrize("title", ["Open items", "Open items,of,2024", ""])
def test_a_map_may_say_that_the_header_has_two_rows(load, title):
    """Without it the second row is no header, for the first names all columns, and is rejected by name."""
    text = UNITS.replace("Open items", title).lstrip("\n")
    assert load(text).rejects["rule"].tolist() == ["missing_invoice_id"]
    imported = load(text, mapping={"extends": "generic", "invoices": {"header_rows": 2}})
    assert opened(imported) == {("Tern", "I-1"): 100000, ("Quill", "I-2"): 50000}
    assert not len(imported.rejects)
    assert imported.columns["invoices"]["amount"] in ("Amount", "Amount EUR")
    assert "header_rows = 2" in imported.used_map


@pytest.mark.parametrize("rows", [1, 2])
def test_a_map_names_the_columns_of_a_header_of_two_rows(load, rows):
    """By both names together or by either; years in the second row are names, too, where the map says so."""
    text = "Who,What,Dates,,Money\n,,2024 from,2024 to,2024\nTern,I-1,2024-01-05,2024-02-04,10.00\n"
    columns = {"customer_id": "Who", "invoice_id": "What", "issue_date": "2024 from", "due_date": "Dates 2024 to"}
    mapping = {"invoices": {"header_rows": rows, "columns": columns | {"amount": "Money 2024"}}}
    if rows == 1:
        with pytest.raises(BadInput, match="lacks a column"):
            load(text, mapping=mapping)
    else:
        assert opened(load(text, mapping=mapping)) == {("Tern", "I-1"): 1000}


GERMAN = """Rechnungsnummer;Kunde;Rechnungsdatum;Fällig am;Betrag;Bezahlt am;Belegart
R1;Müller;05.01.2024;04.02.2024;1.000,00;20.02.2024;Rechnung
R2;Müller;25.01.2024;24.02.2024;1.234,56;;Rechnung
G1;Krause;01.02.2024;;-300,00;;Gutschrift
"""
FRENCH = """N° facture;Client;Date facture;Échéance;Montant TTC;Payé le;Type de pièce
R1;Müller;05/01/2024;04/02/2024;1 000,00;20/02/2024;Facture
R2;Müller;25/01/2024;24/02/2024;1 234,56;;Facture
G1;Krause;01/02/2024;;-300,00;;Avoir
"""
SPANISH = """Nº factura;Cliente;Fecha factura;Vencimiento;Importe;Fecha de pago;Tipo
R1;Müller;05/01/2024;04/02/2024;1.000,00;20/02/2024;Factura
R2;Müller;25/01/2024;24/02/2024;1.234,56;;Factura
G1;Krause;01/02/2024;;-300,00;;Abono
"""
ITALIAN = """Numero fattura;Cliente;Data fattura;Scadenza;Importo;Data pagamento;Tipo documento
R1;Müller;05/01/2024;04/02/2024;1.000,00;20/02/2024;Fattura
R2;Müller;25/01/2024;24/02/2024;1.234,56;;Fattura
G1;Krause;01/02/2024;;-300,00;;Nota di credito
"""
DUTCH = """Factuurnummer;Klant;Factuurdatum;Vervaldatum;Bedrag;Betaald op;Soort
R1;Müller;05-01-2024;04-02-2024;1.000,00;20-02-2024;Factuur
R2;Müller;25-01-2024;24-02-2024;1.234,56;;Factuur
G1;Krause;01-02-2024;;-300,00;;Creditnota
"""
PORTUGUESE = """Nº fatura;Cliente;Data da fatura;Data de vencimento;Valor;Data de pagamento;Tipo
R1;Müller;05/01/2024;04/02/2024;1.000,00;20/02/2024;Fatura
R2;Müller;25/01/2024;24/02/2024;1.234,56;;Fatura
G1;Krause;01/02/2024;;-300,00;;Nota de crédito
"""
POLISH = """Numer faktury;Kontrahent;Data wystawienia;Termin płatności;Kwota brutto;Data zapłaty;Rodzaj
R1;Müller;05.01.2024;04.02.2024;1000,00;20.02.2024;Faktura
R2;Müller;25.01.2024;24.02.2024;1234,56;;Faktura
G1;Krause;01.02.2024;;-300,00;;Korekta
"""


@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, PORTUGUESE, POLISH])
def test_headers_and_types_of_eight_languages(load, text):
    """Without a map."""
    imported = load(text)
    assert opened(imported) == {("Müller", "R1"): 0, ("Müller", "R2"): 123456}
    assert unapplied(imported) == {"Krause": 30000}
    assert not len(imported.rejects)


def test_tables_are_found_by_their_name_in_any_of_the_languages(tmp_path):
    """A folder of invoices and payments."""
    (tmp_path / "Rechnungen.csv").write_text(
        "\n".join(line.rsplit(";", 2)[0] for line in GERMAN.splitlines()[:3]) + "\n"
    )
    (tmp_path / "Zahlungen.csv").write_text("Rechnungsnummer;Zahlungsdatum;Betrag\nR1;20.02.2024;400,00\n")
    assert import_ledger(tmp_path).ledger.open_amount().tolist() == [60000, 123456]


def test_a_type_left_empty_is_an_invoice_and_its_sign_decides(load):
    """Only the others are written."""
    text = "invoice,customer,date,due,amount,type\nR1,Tern,2024-01-05,2024-02-04,1000.00,\nR2,Tern,2024-01-06,2024-02-05,200.00,\n"
    imported = load(text + "G1,Tern,2024-02-01,,-300.00,credit note\nG2,Tern,2024-02-02,2024-02-02,-50.00,\n")
    assert opened(imported) == {("Tern", "R1"): 100000, ("Tern", "R2"): 20000}
    assert unapplied(imported) == {"Tern": 35000}


@pytest.mark.parametrize("others", ["Frachtbrief", "Rechnung"])
def test_a_type_that_is_not_known_stops_the_import(load, others, tmp_path):
    """Named with its count; a map says what it is, or leaves the column out."""
    text = f"invoice,customer,date,due,amount,type\nR1,Tern,2024-01-05,2024-02-04,10.00,{others}\nR2,Tern,2024-01-06,2024-02-05,20.00,Gutschrfit\n"
    with pytest.raises(BadInput, match=r"report.csv, type: holds types.*'Gutschrfit' \(1 row\)") as error:
        load(text)
    assert len(str(error.value)) <= 300
    (tmp_path / "map.toml").write_text(
        'extends = "generic"\n[invoices.types]\ninvoice = ["Rechnung", "Frachtbrief"]\nother = "Gutschrfit"\n'
    )
    assert import_ledger(tmp_path / "report.csv", mapping=tmp_path / "map.toml").rejects["rule"].tolist() == [
        "not_receivable"
    ]
    (tmp_path / "map.toml").write_text('extends = "generic"\n[invoices.columns]\ntype = []\n')
    assert import_ledger(tmp_path / "report.csv", mapping=tmp_path / "map.toml").imported == 2


@pytest.mark.parametrize(("word", "meant"), [("Bar", None), ("Gutschrfit", "Gutschrift")])
def test_a_type_that_is_not_known_is_compared_with_what_is_like_it_only(load, word, meant):
    """A few letters in common are no likeness; each sentence has one mark at its end."""
    text = f"invoice,customer,date,due,amount,type\nR1,Tern,2024-01-05,2024-02-04,10.00,{word}\n"
    with pytest.raises(BadInput, match="Name them in a map") as error:
        load(text)
    assert (f"; did you mean '{meant}'? Name" in error.value.rule) is (meant is not None)
    assert ("(1 row). Name" in error.value.rule) is (meant is None)


def test_erpnext_accounts_receivable_report(load):
    """Buckets beside the outstanding amount are not needed; an advance has an open amount only; a total closes it."""
    text = (
        "Posting Date,Customer,Receivable Account,Voucher Type,Voucher No,Due Date,Invoiced Amount,Paid Amount,Credit Note,Outstanding Amount,Age (Days),0-30,31-60,61-90,91-120,121-Above,Currency\n"
        "2024-01-25,Palmer,Debtors - E,Sales Invoice,SINV-1,2024-02-24,1150.00,500.00,0.00,650.00,36,0.00,650.00,0.00,0.00,0.00,EUR\n"
        "2024-02-05,Palmer,Debtors - E,Sales Invoice,SINV-2,2024-03-06,200.00,0.00,0.00,200.00,25,200.00,0.00,0.00,0.00,0.00,EUR\n"
        "2024-02-20,Palmer,Debtors - E,Payment Entry,PE-1,,0.00,75.00,0.00,-75.00,10,-75.00,0.00,0.00,0.00,0.00,EUR\n"
        "Total,,,,,,1350.00,575.00,0.00,775.00,,125.00,650.00,0.00,0.00,0.00,\n"
    )
    imported = load(text, "erpnext", as_of="2024-03-01")
    assert opened(imported) == {("Palmer", "SINV-1"): 65000, ("Palmer", "SINV-2"): 20000}
    assert unapplied(imported) == {"Palmer": 7500}
    assert said(imported, "1 credit has no amount")


SAGE = """Aged Debtors Analysis (Detailed),,,,,,,,,,,
Report Date: 31/03/2024,,,,,,,,,,,
A/C: ABS001,Name: ABS Garages Ltd,,,,,,,,,,
No,Type,Date,Ref,Details,Balance,Future,Current,Period 1,Period 2,Period 3,Older
46,SI,14/03/2024,INV-46,Goods,75.01,0.00,75.01,0.00,0.00,0.00,0.00
47,SC,16/03/2024,CN-47,Returned,-20.00,0.00,-20.00,0.00,0.00,0.00,0.00
Totals:,,,,,55.01,0.00,55.01,0.00,0.00,0.00,0.00
A/C: BBS001,Name: Bobs Building Supplies,,,,,,,,,,
No,Type,Date,Ref,Details,Balance,Future,Current,Period 1,Period 2,Period 3,Older
12,SI,02/01/2024,INV-12,Goods,300.00,0.00,0.00,0.00,300.00,0.00,0.00
Totals:,,,,,300.00,0.00,0.00,0.00,300.00,0.00,0.00
Grand Totals:,,,,,355.01,0.00,55.01,0.00,300.00,0.00,0.00
"""


def test_sage_aged_debtors(load, tmp_path):
    """It has no due dates: a map says what the terms are, and without them the report is refused."""
    with pytest.raises(BadInput, match=r"due_date.*or `terms` in a map"):
        load(SAGE, "sage")
    imported = import_ledger(tmp_path / "report.csv", mapping={"extends": "sage", "terms": 30})
    assert opened(imported) == {("ABS001", "INV-46"): 7501, ("BBS001", "INV-12"): 30000}
    assert unapplied(imported) == {"ABS001": 2000}
    assert not len(imported.rejects)


def test_dynamics_ledger_entries_and_aging(load):
    """Entries with the day on which each was closed; an aging with details below each customer."""
    entries = (
        "Posting Date,Document Type,Document No.,Customer No.,Customer Name,Due Date,Original Amount,Remaining Amount,Closed at Date\n"
        "01/25/2024,Invoice,103001,10000,Adatum,02/24/2024,1000.00,0.00,02/28/2024\n"
        "01/26/2024,Invoice,103002,10000,Adatum,02/25/2024,500.00,500.00,\n"
    )
    assert opened(load(entries, "dynamics")) == {("10000", "103001"): 0, ("10000", "103002"): 50000}
    aging = (
        "Aged as of 03/31/2024,,,,,,,,\nPosting Date,Document Type,Document No.,Due Date,Balance,Not Due,0 - 30 days,31 - 60 days,Over 60 days\n"
        "10000 Adatum Corporation,,,,,,,,\n01/25/2024,Invoice,103001,02/24/2024,400.00,,,400.00,\nTotal Adatum Corporation,,,,400.00,,,400.00,\n"
        "20000 Trey Research,,,,,,,,\n03/20/2024,Invoice,103005,04/19/2024,90.00,90.00,,,\n"
    )
    imported = load(aging, "dynamics")
    assert opened(imported) == {("10000 Adatum Corporation", "103001"): 40000, ("20000 Trey Research", "103005"): 9000}
    assert f"{imported.as_of:%Y-%m-%d}" == "2024-03-31"


def test_quickbooks_customer_balance_detail_and_transaction_list(load):
    """A running balance is not what an invoice has open; the list has a column for the customer."""
    text = (
        ",Type,Date,Num,Due Date,Amount,Open Balance\nTern,,,,,,\n,Invoice,01/15/2024,11,02/14/2024,100.00,40.00\n,Payment,02/20/2024,,,-60.00,0.00\n"
        "Total Tern,,,,,40.00,40.00\nTOTAL,,,,,40.00,40.00\n"
    )
    imported = load(text, "quickbooks")
    assert opened(imported)["Tern", "11"] == 4000
    listed = (
        "Transaction List by Customer,,,,,,\nDate,Transaction type,Num,Name,Due date,Amount,Open balance\n"
        "01/15/2024,Invoice,11,Tern,02/14/2024,100.00,40.00\n01/16/2024,Estimate,12,Tern,02/15/2024,70.00,70.00\n"
    )
    imported = load(listed, "quickbooks")
    assert opened(imported) == {("Tern", "11"): 4000}
    assert imported.rejects["rule"].tolist() == ["not_receivable"]


@pytest.mark.parametrize("total", ["Total {}", "Total", None])
def test_a_heading_without_the_word_customer_among_others_with_it_is_a_customer_too(load, total):
    """Nobody's invoices go to the customer above; with totals by name, bare ones, and none."""
    lines = [",Type,Date,Num,Due Date,Amount,Open Balance"]
    for k, name in enumerate(("Customer: 1001", "Customer: 1002", "One-time buyers", "Customer: 1003")):
        lines.append(name)
        lines += [f",Invoice,2024-0{n}-10,I{k}{n},2024-0{n + 1}-10,100.00,100.00" for n in (1, 2, 3)]
        lines += [f"{total.format(name)},,,,,300.00"] if total else []
    found = opened(load("\n".join(lines) + "\n"))
    names = ("1001", "1002", "One-time buyers", "1003")
    assert found == {(name, f"I{k}{n}"): 10000 for k, name in enumerate(names) for n in (1, 2, 3)}
