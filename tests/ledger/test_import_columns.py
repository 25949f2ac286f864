# ruff: noqa: E501 - the samples have the long lines of real exports
"""What an import says of columns: those it used, those it did not and what they cost, and the map it used."""

import tomllib

import pandas as pd
import pytest

from ledger import BadInput
from ledger.importing import import_ledger

PLAIN = """Number,Client,Invoice Date,Due Date,Total,Balance,Date Payed,Rep,Curr Code
R1,Tern,2024-01-05,2024-02-04,1000.00,0.00,2024-02-20,Ann,EUR
R2,Tern,2024-01-25,2024-02-24,500.00,500.00,,Bob,EUR
R3,Quill,2024-02-05,2024-03-06,250.00,0.00,2024-03-01,Ann,EUR
"""


@pytest.fixture
def load(tmp_path):
    """Import a file given as text."""

    def run(text: str, **options):
        (tmp_path / "invoices.csv").write_text(text)
        return import_ledger(tmp_path / "invoices.csv", **options)

    return run


def test_a_column_that_is_not_used_is_named_with_what_it_looks_like_and_costs(load):
    """By its name and its cells; what looks like nothing is listed."""
    warnings = load(PLAIN).warnings
    assert (
        "invoices.csv: not used: Date Payed; it looks like clear_date: "
        "all 2 settlements lack a day: DSO and CEI cannot be trusted" in warnings
    )
    assert any("Curr Code; it looks like currency" in warning for warning in warnings)
    assert "invoices.csv: not used: Rep" in warnings


def test_a_name_whose_cells_speak_against_it_looks_like_nothing(load):
    """A column of words is no day."""
    text = PLAIN.replace("2024-02-20", "by wire").replace("2024-03-01", "by card")
    assert "invoices.csv: not used: Date Payed, Rep" in load(text).warnings


def test_the_columns_used_are_told_and_the_account_fits_a_screen(load):
    """80 columns wide, however many warnings and rules there are."""
    wide = ",".join(f"A rather long name of column {k}" for k in range(40))
    lines = PLAIN.splitlines()
    bad = [
        f"B{k},Tern,{day},2024-02-04,{amount},0.00,,,"
        for k, (day, amount) in enumerate([("x", 1), ("", 2), ("2024-01-05", "y")])
    ]
    imported = load("\n".join([f"{lines[0]},{wide}", *(line + "," * 40 for line in [*lines[1:], *bad])]) + "\n")
    summary = imported.summary().splitlines()
    assert max(map(len, summary)) <= 80
    assert len(summary) <= 36
    assert "clear_date" not in imported.columns["invoices"]
    assert any("customer_id = Client" in line for line in summary)
    assert imported.to_dict()["columns"]["invoices"]["due_date"] == "Due Date"


SOURCES = {
    "plain": PLAIN,
    "headings": "Customer,Invoice,Date,Due,Amount,Balance\nTern,,,,,\n,I1,05.01.2024,04.02.2024,10.00,4.00\nTotal Tern,,,,10.00,4.00\n",
    "labelled": "Customer: 1001,,,\nInvoice,Date,Due,Open\nI1,05.01.2024,04.02.2024,4.00\nCustomer: 1002,,,\nI2,05.01.2024,04.02.2024,5.00\n",
    "by age": "Client,No.,Date,Due,Current,1-30,31-60\nTern,I1,05.01.2024,04.02.2024,,3.00,\nTern,I2,05.01.2024,04.02.2024,,,2.00\n",
    "two rows": "Customer,,Invoice,,,Amount\nNo.,Name,No.,Date,Due,Total\n7,Tern,I1,2024-01-05,2024-02-04,5.00\n8,Quill,I2,2024-01-05,2024-02-04,5.00\n",
    "types": "Beleg;Kunde;Datum;Fällig;Betrag;Art;Status\nR1;A;05.01.2024;04.02.2024;1,50;Rechnung;\nG1;A;05.01.2024;;-1,00;Gutschrift;\nR2;A;05.01.2024;04.02.2024;1,50;;storniert\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_map_that_was_used_gives_the_same_ledger(load, tmp_path, name):
    """As a file and as a dict; it names the source's own columns and no others."""
    imported = load(SOURCES[name])
    text = imported.used_map
    (tmp_path / "map.toml").write_text(text)
    for mapping in (tmp_path / "map.toml", tomllib.loads(text)):
        again = load(SOURCES[name], mapping=mapping)
        assert again.ledger.fingerprint == imported.ledger.fingerprint
        assert again.rejects.equals(imported.rejects)
        assert again.used_map == text
    shown = tomllib.loads(text)["invoices"]["columns"]
    assert all(isinstance(column, str) for role, column in shown.items() if role != "customer_id")


def test_a_preset_shows_its_columns_in_the_same_way(load, tmp_path):
    """Sets of money columns become the one that was used; types become those that occur."""
    text = "Customer;Document Number;Document Type;Document Date;Net due date;Amount in local currency;Local Currency\n1;9;RV;05.01.2024;04.02.2024;10,00;EUR\n"
    imported = load(text, preset="sap")
    shown = tomllib.loads(imported.used_map)["invoices"]
    assert shown["columns"]["amount"] == "Amount in local currency"
    assert shown["types"] == {"invoice": ["RV"]}
    assert load(text, mapping=tomllib.loads(imported.used_map)).ledger.fingerprint == imported.ledger.fingerprint


def test_a_map_may_be_a_dict_that_extends_a_preset(load):
    """The same keys as in a file; a mistake names the key."""
    imported = load(PLAIN, mapping={"extends": "generic", "invoices": {"columns": {"clear_date": "Date Payed"}}})
    assert imported.ledger.payments["received_date"].dt.day.tolist() == [20, 1]
    assert imported.preset == "mapping"
    with pytest.raises(BadInput, match=r"mapping, invoices\.carry_dwn is .*did you mean 'carry_down'"):
        load(PLAIN, mapping={"extends": "generic", "invoices": {"carry_dwn": []}})
    with pytest.raises(BadInput, match=r"mapping, extends is 'generc'.*did you mean 'generic'"):
        load(PLAIN, mapping={"extends": "generc"})


def test_a_column_that_a_map_names_and_the_source_lacks_is_told(load):
    """With the nearest there is; the names of the preset that it extends are not the person's."""
    own = {"clear_date": "Date Paid", "open_amount": "Balance", "segment": ["Branche", "Sector", "Trade"]}
    said = "the map names columns that are not there: "
    imported = load(PLAIN, mapping={"extends": "generic", "invoices": {"columns": own}})
    told = [warning for warning in imported.warnings if said in warning]
    assert told == [
        f"invoices.csv: {said}clear_date (Date Paid; did you mean 'Date Payed'?), segment (Branche, Sector, …)"
    ]
    assert not any(said in warning for warning in load(PLAIN).warnings)
    whole = {"invoice_id": "Number", "customer_id": "Client", "issue_date": "Invoice Date", "due_date": "Due Date"}
    lone = load(PLAIN, mapping={"invoices": {"columns": whole | {"amount": "Total", "terms": "Zahlungsziel"}}})
    assert any(f"{said}terms (Zahlungsziel)" in warning for warning in lone.warnings)


@pytest.mark.parametrize("name", SOURCES)
def test_the_map_that_was_used_names_no_column_that_is_not_there(load, name):
    """Whatever the layout."""
    again = load(SOURCES[name], mapping=tomllib.loads(load(SOURCES[name]).used_map))
    assert not any("not there" in warning for warning in again.warnings)


def frame() -> pd.DataFrame:
    """Return the plain invoices with types of their own."""
    table = pd.read_csv(pd.io.common.StringIO(PLAIN), parse_dates=["Invoice Date", "Due Date", "Date Payed"])
    table["Client"] = table["Client"].astype("category")
    return table.rename(columns={"Date Payed": "paid_date", "Curr Code": "currency"})


def test_a_data_frame_of_invoices(load):
    """Days, numbers and categories; the same as the file."""
    imported = import_ledger(frame())
    text = PLAIN.replace("Date Payed", "paid_date").replace("Curr Code", "currency")
    assert imported.ledger.fingerprint == load(text).ledger.fingerprint
    assert imported.source == "DataFrame"
    mixed = frame().astype(object).where(frame().notna(), None)
    assert import_ledger(mixed).ledger.fingerprint == imported.ledger.fingerprint
    assert import_ledger(frame().set_index("Rep")).ledger.fingerprint == imported.ledger.fingerprint


def test_data_frames_by_the_names_of_the_tables():
    """Invoices are needed; a name that is no table is refused with the nearest."""
    paid = pd.DataFrame({"invoice": ["R2"], "date": [pd.Timestamp("2024-03-01")], "amount": [120.5]})
    invoices = frame()[["Number", "Client", "Invoice Date", "Due Date", "Total"]]
    imported = import_ledger({"invoices": invoices, "payments": paid})
    assert imported.ledger.open_amount().tolist() == [100000, 37950, 25000]
    with pytest.raises(BadInput, match="did you mean 'payments'"):
        import_ledger({"invoices": invoices, "payment": paid})
    with pytest.raises(BadInput, match="no DataFrame named invoices"):
        import_ledger({"payments": paid})
    with pytest.raises(BadInput, match="must be a DataFrame"):
        import_ledger({"invoices": [1]})  # type: ignore[dict-item]
    with pytest.raises(BadInput, match="lacks a column"):
        import_ledger(pd.DataFrame())
