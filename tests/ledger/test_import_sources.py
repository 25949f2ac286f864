"""Every kind of source gives the same ledger, and every kind of garbage one clear message."""

import csv
import io
import json
import os
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.importing import import_ledger, presets

TEXT = """invoice_id,customer_id,issue_date,due_date,amount,clear_date
0001,Müller & Söhne,2024-01-25,2024-02-09,1234.50,2024-02-20
0002,"Smith, John",2024-01-15,2024-02-14,50.25,
0003,C3,2024-01-15,2024-02-14,-8.00,
"""


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Import the plain file."""
    path = tmp_path_factory.mktemp("plain") / "invoices.csv"
    path.write_text(TEXT)
    return import_ledger(path)


def same(imported, expected) -> bool:
    """Tell whether two imports give the same ledger and account."""
    account = (imported.imported, imported.rejected, imported.amount_imported)
    return imported.ledger.fingerprint == expected.ledger.fingerprint and account == (3, 0, Decimal("1276.75"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(tmp_path, expected, encoding):
    """With and without byte-order mark; what is not UTF-8 is read as Windows-1252, with a warning."""
    path = tmp_path / "invoices.csv"
    path.write_bytes(TEXT.encode(encoding))
    imported = import_ledger(path)
    assert same(imported, expected)
    assert any("Windows-1252" in warning for warning in imported.warnings) == (encoding == "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_endings(tmp_path, expected, delimiter, ending):
    """Found from the header."""
    lines = TEXT.replace('"Smith, John"', "Smith# John").replace(",", delimiter).replace("#", ",")
    lines = lines.replace("Smith, John", '"Smith, John"')
    path = tmp_path / "invoices.txt"
    path.write_bytes(lines.replace("\n", ending).encode())
    assert same(import_ledger(path), expected)


def test_names_of_columns_are_matched_without_case_and_punctuation(tmp_path, expected):
    """And in any order, with columns that nobody asked for."""
    frame = pd.read_csv(pd.io.common.StringIO(TEXT), dtype=str)
    frame.columns = ["Invoice Number", "CustomerID", "Invoice-Date", "DUE DATE", " Amount ", "Clearing_Date"]
    frame["Comment"] = "x"
    frame.iloc[:, ::-1].to_csv(tmp_path / "invoices.csv", index=False)
    assert same(import_ledger(tmp_path / "invoices.csv"), expected)


def test_lines_above_the_header_are_passed_over(tmp_path, expected):
    """A report's title; row numbers stay those of the file."""
    path = tmp_path / "invoices.csv"
    path.write_text("My company,,,,,\nOpen items,,,,,\n\n" + TEXT + "0004,C4,soon,2024-02-14,1.00,\n")
    imported = import_ledger(path)
    assert imported.ledger.fingerprint == expected.ledger.fingerprint
    assert imported.rejects["row"].tolist() == [8]


def test_an_unclosed_quote_swallows_nothing(tmp_path):
    """The rows after it are still rows."""
    path = tmp_path / "invoices.csv"
    path.write_text(TEXT.replace('"Smith, John"', '"Smith'))
    imported = import_ledger(path)
    assert (imported.imported, imported.rejected) == (3, 0)
    assert any("quote" in warning for warning in imported.warnings)


def typed() -> list[list[object]]:
    """Return the same rows as a workbook or a database has them."""
    return [
        ["0001", "Müller & Söhne", datetime(2024, 1, 25), date(2024, 2, 9), 1234.5, datetime(2024, 2, 20)],
        ["0002", "Smith, John", datetime(2024, 1, 15), date(2024, 2, 14), 50.25, None],
        ["0003", "C3", datetime(2024, 1, 15), date(2024, 2, 14), -8, None],
    ]


def test_a_workbook(tmp_path, expected):
    """Dates as dates or serial numbers, numbers as numbers, a title above, empty rows below."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Open items"])
    sheet.append(TEXT.splitlines()[0].split(","))
    for row in typed():
        sheet.append(row)
    sheet["C5"] = 45306  # 2024-01-15 as Excel counts
    sheet["C5"].number_format = "General"
    sheet["A9"] = None
    book.create_sheet("notes")
    book.save(tmp_path / "ledger.xlsx")
    assert same(import_ledger(tmp_path / "ledger.xlsx"), expected)
    (tmp_path / "export.csv").write_bytes((tmp_path / "ledger.xlsx").read_bytes())  # a wrong ending
    assert same(import_ledger(tmp_path / "export.csv"), expected)


def test_a_workbook_with_a_sheet_per_table(tmp_path):
    """Sheets named as the tables are."""
    book = openpyxl.Workbook()
    book.active.append(["Read me"])
    sheet = book.create_sheet("Invoices")
    for row in [
        ["invoice", "customer", "date", "due", "amount"],
        ["A", "C", date(2024, 1, 1), date(2024, 2, 1), 100.0],
    ]:
        sheet.append(row)
    sheet = book.create_sheet("Payments")
    for row in [["invoice", "date", "amount"], ["A", date(2024, 1, 20), 40.0], ["A", "oops", 5.0]]:
        sheet.append(row)
    book.save(tmp_path / "ledger.xlsx")
    imported = import_ledger(tmp_path / "ledger.xlsx")
    assert imported.ledger.open_amount().tolist() == [6000]
    assert imported.rejects[["row", "table"]].to_numpy().tolist() == [[3, "payments"]]


@pytest.mark.parametrize("exact", [True, False])
def test_parquet(tmp_path, expected, exact):
    """Decimals or floating point, timestamps or dates, dictionaries."""
    columns = dict(zip(TEXT.splitlines()[0].split(","), zip(*typed(), strict=True), strict=True))
    amount = [Decimal(str(value)) for value in columns["amount"]] if exact else list(columns["amount"])
    table = pa.table(
        {
            **{name: list(values) for name, values in columns.items()},
            "amount": pa.array(amount, pa.decimal128(12, 2)) if exact else pa.array(amount, pa.float64()),
            "customer_id": pa.array(columns["customer_id"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "invoices.parquet")
    assert same(import_ledger(tmp_path / "invoices.parquet"), expected)


def fill(engine: sa.Engine, table: str = "invoices") -> None:
    """Write the rows to a database, with its own types."""
    kinds = {"amount": sa.Numeric(12, 2), "issue_date": sa.Date(), "due_date": sa.Date(), "clear_date": sa.Date()}
    columns = [sa.Column(name, kinds.get(name, sa.Text())) for name in TEXT.splitlines()[0].split(",")]
    made = sa.Table(table, meta := sa.MetaData(), *columns)
    meta.create_all(engine)
    with engine.begin() as connection:
        for row in typed():
            values = [value.date() if isinstance(value, datetime) else value for value in row]
            values[4] = Decimal(str(values[4]))
            connection.execute(made.insert().values(dict(zip(made.columns.keys(), values, strict=True))))


@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal:sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("named", ["?table=ar_items", "#ar_items"])
def test_sqlite(tmp_path, expected, named):
    """A table named in the URL."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = sa.create_engine(url)
    fill(engine, "ar_items")
    engine.dispose()
    assert same(import_ledger(url + named), expected)
    (tmp_path / "map.toml").write_text(
        'extends = "generic"\n[invoices]\nquery = "SELECT * FROM ar_items ORDER BY amount"\n'
    )
    assert same(import_ledger(url, mapping=tmp_path / "map.toml"), expected)
    with pytest.raises(BadInput, match=r"it has ar_items"):
        import_ledger(url)
    with pytest.raises(BadInput, match=r"it has ar_items"):
        import_ledger(url + "#nothing")


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    """SQLite would create it."""
    with pytest.raises(BadInput, match="does not exist"):
        import_ledger(f"sqlite:///{tmp_path / 'no.db'}#invoices")
    assert list(tmp_path.iterdir()) == []


def test_postgresql(postgres, expected):
    """Tables found by name, in schemas too; no message shows a password."""
    url = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    fill(engine)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA fi; CREATE TABLE fi.items AS SELECT * FROM invoices"))
    assert same(import_ledger(plain), expected)
    assert same(import_ledger(plain + "#fi.items"), expected)
    with engine.begin() as connection:
        columns = "invoice_id text, received_date timestamptz, amount numeric(12,3)"
        connection.execute(sa.text(f"CREATE TABLE payments ({columns})"))
        rows = "('0002', '2024-02-01 10:00+00', 20.125), ('9', now(), 1)"
        connection.execute(sa.text(f"INSERT INTO payments VALUES {rows}"))
    engine.dispose()
    imported = import_ledger(plain)
    assert imported.ledger.open_amount().tolist() == [123450, 5025 - 2012]
    assert imported.rejects["rule"].tolist() == ["unknown_invoice"]
    with pytest.raises(Unavailable, match="cannot be used") as error:
        import_ledger("postgresql://ann:secret@127.0.0.1:1/none#invoices")
    assert "secret" not in str(error.value)


def test_a_folder_of_files_of_several_kinds(tmp_path, expected):
    """Each table has its own file; a file that no map reads is named."""
    (tmp_path / "Invoices.tsv").write_text(
        TEXT.replace('"Smith, John"', "Smith; John").replace(",", "\t").replace(";", ",")
    )
    pq.write_table(pa.table({"customer": ["C3"], "segment": ["retail"]}), tmp_path / "customers.parquet")
    (tmp_path / "budget.csv").write_text("a,b\n1,2\n")
    imported = import_ledger(tmp_path)
    assert imported.ledger.customers.set_index("customer_id")["segment"].to_dict()["C3"] == "retail"
    assert imported.imported == 4
    assert any("budget.csv" in warning for warning in imported.warnings)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b" \n\n", "is empty"),
        ("empty.xlsx", b"", r"not a readable XLSX workbook \(it is empty\)"),
        ("broken.xlsx", b"PK\x03\x04 and nothing else", "not a readable XLSX"),
        ("text.xlsx", TEXT.encode(), "not a readable XLSX"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        ("empty.parquet", b"", "cannot be read as Parquet"),
        ("picture.csv", bytes(range(256)) * 10, "not"),
        ("header.csv", TEXT.splitlines()[0].encode(), "a header and no rows"),
        ("noheader.csv", TEXT.split("\n", 1)[1].encode(), "lacks a column"),
        ("delimiter.csv", TEXT.replace(",", "~").encode(), "lacks a column"),
        ("prose.csv", b"Dear all,\nplease find no ledger attached.\n", "lacks a column"),
        (
            "columns.csv",
            b"invoice_id,customer_id,isue_date,due_date\n1,2,2024-01-01,2024-01-01\n",
            "nearest present: isue_date",
        ),
        ("nodue.csv", b"invoice_id,customer_id,issue_date,amount\n1,2,2024-01-01,5\n", "lacks a column for due_date"),
        ("twice.csv", TEXT.replace("2024", "1900").encode(), "no readable date"),
        (
            "words.csv",
            TEXT.replace("1234.50", "many").replace("50.25", "few").replace("-8.00", "none!").encode(),
            "3 bad_amount",
        ),
    ],
)
def test_garbage_gives_one_clear_message(tmp_path, name, content, message):
    """It names the file and what is wrong."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as error:
        import_ledger(path)
    assert name in str(error.value)
    assert "\n" not in str(error.value)
    assert os.listdir(tmp_path) == [name]


def test_a_source_that_is_not_there(tmp_path):
    """Neither file nor folder nor database."""
    for source in (tmp_path / "none.csv", str(tmp_path / "none"), "nonsense://x", "sqlite:///:bad:"):
        with pytest.raises(BadInput):
            import_ledger(source)
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match="no file that can be read"):
        import_ledger(tmp_path / "folder")
    (tmp_path / "folder" / "a.csv").write_text(TEXT)
    (tmp_path / "folder" / "b.csv").write_text(TEXT)
    with pytest.raises(BadInput, match="no file named invoices"):
        import_ledger(tmp_path / "folder")


def test_an_unknown_preset_lists_the_known(tmp_path):
    """And the nearest."""
    with pytest.raises(BadInput, match="did you mean 'odoo'") as error:
        import_ledger(tmp_path, preset="odo")
    assert all(name in str(error.value) for name in presets())


def test_wrong_columns_name_the_preset_that_fits(tmp_path):
    """When another map reads the header."""
    (tmp_path / "x.csv").write_text(
        "doc_id,cust_number,posting_date,due_in_date,clear_date,total_open_amount\n1,2,3,4,5,6\n"
    )
    with pytest.raises(BadInput, match="fit preset erp_snapshot"):
        import_ledger(tmp_path / "x.csv", preset="sap")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decimal = [", "TOML"),
        ("[invoices.columns]\ninvoice_id = 'a'\n", "customer_id"),
        (
            'extends = "generic"\n[invoices]\ndue_befor_issue = "reject"\n',
            "invoices.due_befor_issue.*did you mean 'due_before_issue'",
        ),
        (
            'extends = "generic"\n[invoices.columns]\nduedate = "x"\n',
            "invoices.columns.duedate.*did you mean 'due_date'",
        ),
        ('extends = "generic"\ndecimal = ";"\n', "decimal"),
        ('extends = "generic"\nterms = -1\n', "terms"),
        ('extends = "generic"\nas_of_name = "("\n', "as_of_name.*regular expression"),
        ('extends = "generic"\ntimezone = "Mars/Base"\n', "timezone"),
        ('extends = "sapp"\n', "extends.*must be one of .*generic.*did you mean 'sap'"),
        ('extends = "generic"\n[rates]\nUSD = 0\n', "rates.USD"),
    ],
)
def test_a_wrong_map_names_the_key(tmp_path, text, message):
    """And where it can, the right one."""
    (tmp_path / "map.toml").write_text(text)
    (tmp_path / "x.csv").write_text(TEXT)
    with pytest.raises(BadInput, match=message):
        import_ledger(tmp_path / "x.csv", mapping=tmp_path / "map.toml")


def test_preset_and_map_exclude_each_other(tmp_path):
    """One of them says how to read."""
    with pytest.raises(BadInput, match="not both"):
        import_ledger(tmp_path, preset="sap", mapping=tmp_path / "map.toml")


def test_the_ledger_of_another_source_is_replaced_only_when_asked(tmp_path):
    """The same source again, and its successor by --replace; a ledger that no import made is another source too."""
    for name in ("acme.csv", "globex.csv"):
        (tmp_path / name).write_text(TEXT)
    acme, globex = (import_ledger(tmp_path / name) for name in ("acme.csv", "globex.csv"))
    for _ in range(2):
        acme.write(tmp_path / "L")
    with pytest.raises(BadInput, match=r"made from .*acme\.csv, and not from .*globex\.csv; --replace"):
        globex.write(tmp_path / "L")
    assert json.loads((tmp_path / "L" / "import.json").read_text())["source"] == "acme.csv"
    globex.write(tmp_path / "L", replace=True)
    assert json.loads((tmp_path / "L" / "import.json").read_text())["source"] == "globex.csv"
    acme.ledger.write(tmp_path / "R")
    with pytest.raises(BadInput, match="made from something else"):
        acme.write(tmp_path / "R")


def test_rejects_read_back_to_exactly_the_rejects(tmp_path):
    """Whatever stands in a value: both line ends alone and together, quotes, separators, what looks like nothing."""
    values = ["a\rb", "a\nb", "a\r\nb", 'say ""no""', "a,b;c\td", "NA", "None", "'x", "=1+1", "x\u2028y"]
    frame = pd.read_csv(io.StringIO(TEXT), dtype=str)
    frame = pd.concat([frame, pd.DataFrame([frame.iloc[0].to_dict() | {"amount": value} for value in values])])
    frame["invoice_id"] = [str(k) for k in range(len(frame))]
    frame.to_parquet(tmp_path / "x.parquet")
    imported = import_ledger(tmp_path / "x.parquet")
    folder = imported.write(tmp_path / "L")
    expected = imported.rejects["value"].tolist()
    assert [value for value in values if value in expected] == values
    with (folder / "rejects.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["value"] for row in rows] == expected
    again = pd.read_csv(folder / "rejects.csv", dtype=str, keep_default_na=False)
    assert again["value"].tolist() == expected
    assert again["row"].astype(int).tolist() == imported.rejects["row"].tolist()


def a_workbook(*rows, **settings):
    """Return the bytes of a workbook with these rows below the header."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(TEXT.splitlines()[0].split(","))
    for row in rows:
        sheet.append(row)
    for name, value in settings.items():
        setattr(book, name, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def flagged(data, *, encrypted=False, compression=None):
    """Return an archive whose parts say that they are encrypted or packed in another way."""
    data, central, local = bytearray(data), b"PK\x01\x02", b"PK\x03\x04"
    for mark, at in ((central, 8), (local, 6)):
        k = -1
        while (k := data.find(mark, k + 1)) >= 0:
            data[k + at] |= encrypted
            if compression is not None:
                data[k + at + 2] = compression
    return bytes(data)


PLAIN = ("1", "acme", date(2024, 1, 25), date(2024, 2, 9), 10.5, None)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"x" * 200, "damaged"),
        (a_workbook(PLAIN)[:-700], "damaged"),
        (flagged(a_workbook(PLAIN), encrypted=True), "protected by a password"),
        (flagged(a_workbook(PLAIN), compression=99), "damaged"),
        (a_workbook(PLAIN).replace(b"xl/workbook.xml", b"xl/wordbook.xml"), "something else"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "protected by a password"),
    ],
    ids=["empty", "garbage", "cut off", "encrypted", "unknown packing", "another document", "a container"],
)
def test_a_broken_workbook_is_one_sentence(tmp_path, data, said):
    """Whatever is broken about it."""
    (tmp_path / "x.xlsx").write_bytes(data)
    with pytest.raises(BadInput, match=said) as error:
        import_ledger(tmp_path / "x.xlsx")
    assert str(error.value).startswith("x.xlsx: ")


def test_any_byte_of_a_workbook_may_be_wrong(tmp_path):
    """Read or refused, never anything else; what is read adds up."""
    whole = a_workbook(PLAIN)
    for at in range(0, len(whole), 97):
        (tmp_path / "x.xlsx").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with suppress(BadInput):
            assert import_ledger(tmp_path / "x.xlsx").rows == 1


def test_errors_of_formulas_are_no_empty_cells(tmp_path):
    """An amount that says #REF! is not one that is missing."""
    (tmp_path / "x.xlsx").write_bytes(a_workbook(PLAIN, ("2", "acme", date(2024, 1, 25), date(2024, 2, 9), "#REF!")))
    rejects = import_ledger(tmp_path / "x.xlsx").rejects
    assert rejects[["rule", "value"]].to_numpy().tolist() == [["bad_amount", "#REF!"]]


def test_serial_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    """A date with a format, and one without: both are of the workbook's calendar."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    row = ("1", "acme", datetime(2024, 2, 1), 43861, 10.5, None)
    (tmp_path / "x.xlsx").write_bytes(a_workbook(row, epoch=CALENDAR_MAC_1904))
    invoices = import_ledger(tmp_path / "x.xlsx").ledger.invoices
    assert [f"{invoices[name][0]:%F}" for name in ("issue_date", "due_date")] == ["2024-02-01", "2024-02-01"]


def test_a_cell_far_from_the_others_is_named_rather_than_filling_the_memory(tmp_path):
    """What a sheet spans is known before it is read."""
    book = openpyxl.load_workbook(io.BytesIO(a_workbook(PLAIN)))
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(BadInput, match="row 1,048,576 and column 16,384"):
        import_ledger(tmp_path / "x.xlsx")


def test_hidden_sheets_and_merged_cells_are_read_as_they_are(tmp_path):
    """A sheet is found by its name, hidden or not; of merged cells the first has the value."""
    book = openpyxl.load_workbook(io.BytesIO(a_workbook(PLAIN)))
    book.active.insert_rows(1)
    book.active["A1"] = "Open items"
    book.active.merge_cells("A1:F1")
    hidden = book.create_sheet("Payments")
    hidden.sheet_state = "hidden"
    for row in (("invoice_id", "received_date", "amount"), ("1", date(2024, 2, 1), 4)):
        hidden.append(row)
    book.save(tmp_path / "x.xlsx")
    imported = import_ledger(tmp_path / "x.xlsx")
    assert (imported.rows, imported.ledger.open_amount().tolist()) == (2, [650])


def test_a_ragged_row_with_a_huge_cell_is_a_reject(tmp_path):
    """Longer than 128 KiB, quoted and not; the message of a file that is one such cell stays short."""
    huge = "x" * 200_000
    text = TEXT + f'4,{huge},2024-01-15\n5,"{huge}",2024-01-15,2024-02-14,1.00,,,\n'
    (tmp_path / "x.csv").write_text(text)
    imported = import_ledger(tmp_path / "x.csv")
    assert imported.rejects["rule"].tolist() == ["wrong_columns"] * 2
    (tmp_path / "y.csv").write_text(f"{huge},{huge}\n1,2\n")
    with pytest.raises(BadInput) as error:
        import_ledger(tmp_path / "y.csv")
    assert len(str(error.value)) <= 300
