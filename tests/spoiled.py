"""Sound sources and files, and ways to spoil them, all drawn from one generator."""

import csv
import io
import random
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd

Table = list[list[Any]]  # the first row is the header
HEADS = {
    "invoices": ["invoice_id", "customer_id", "issue_date", "due_date", "amount", "currency", "open_amount", "type"],
    "payments": ["payment_id", "invoice_id", "customer_id", "received_date", "amount", "currency", "kind"],
    "customers": ["customer_id", "country", "terms", "timezone", "credit_limit"],
    "contacts": ["contact_id", "customer_id", "time", "channel", "tone", "outcome", "minutes", "promise_made"],
    "promises": ["contact_id", "invoice_id", "made_on", "due_on", "amount"],
    "disputes": ["invoice_id", "opened", "reason", "resolved", "resolution", "amount"],
}
STRANGE = (
    "", " ", "0", "-0", "-1", "1e9", "1E400", "NaN", "inf", "NULL", "#N/A", "=1+1", "'5", "1.234", "1.234,56",
    "1,234.56", "(12.50)", "12.50-", "12.50 CR", "$5", "5 kr", "٣٤", "1 234,5", "9" * 20, "0.0000001", "2024-02-30",
    "31/12/2024", "12/31/24", "2024-01-05T23:30:00Z", "20240105", "45292", "0000-00-00", "9999-12-31", "1900-01-00",
    "3. März 2024", "Jan", "a\rb", "a\nb", 'a"b', "a,b;c\td|e", "\x00", "\x1a", "\ufeff", "é", "𝄞" * 40, "x" * 500,
    "Net 30", "2/10 net 30", "credit note", "payment", "refund", "NSF", "wire 12",
    "Rechnung", "Total", "USD", "usd", "XXX", "JPY", "true", "1;2",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**40, 1.5, -0.0, 1e300, float("nan"), float("inf"), pd.Timestamp("2024-02-01"),
    pd.Timestamp("1800-01-01"), "text", "2024-01-05", b"bytes",
)  # fmt: skip
VALUES = (
    "0", "-1", "1e400", "nan", "true", '""', '"x"', "[]", "[1]", '["a", "a"]', "{}", "2024-01-01", "9" * 30, "[[]]",
    '"EUR"', '"2 %"', '"none"', "{ a = 1 }", '"../x"', '"\\u0000"', '"' + "x" * 400 + '"', "10:00:00",
)  # fmt: skip
MAP = """extends = "generic"
date_order = "day_first"
decimal = "auto"
currency = "EUR"
terms = 30
timezone = "Europe/Berlin"
as_of_name = '(\\d{4}-\\d{2}-\\d{2})'
[rates]
USD = 0.92
[invoices]
not_posted = ["Draft"]
distinguish = ["company"]
buckets = ["0-30"]
sum_lines = true
signed = true
due_before_issue = "reject"
undated_payment = "due_date"
[invoices.columns]
invoice_id = "invoice_id"
customer_id = ["customer_id", "Kunde"]
[invoices.types]
invoice = ["RE", "invoice"]
cash = ["ZA"]
[payments.kinds]
cash = ["Tausch"]
write_off = "Kulanz"
"""
STRATEGY = """name = "mine"
description = "as we do"
contact_cap = 3
minimum_balance = 50
holdout = 0.1
[[steps]]
name = "mail"
day = 3
every = 7
until = 30
channel = "email"
[[steps]]
name = "call"
day = 15
channel = "phone"
tone = "firm"
stage = "demand"
attempts = 3
"""
STUDY = """name = "study"
customers = 500
strategies = ["none", "friendly", "mine.toml"]
baseline = "friendly"
planner = "risk_weighted"
specialists = 2
days = 90
replications = 4
confidence = 0.9
[margins]
dso = 0.5
cash_collected = "1 %"
"""
ROSTER = """name = "team"
timezone = "America/New_York"
country = "US"
currency = "USD"
[rules]
days_per_week = 5
unpopular = ["fri 4"]
[[rules.cover]]
specialists = 1
skill = "firm"
weekdays = ["mon"]
[[specialists]]
id = "S1"
skills = ["firm"]
languages = ["en", "es"]
weekly_hours = 40
absences = ["2026-10-05..2026-10-09"]
cost_per_hour = 25.5
[[specialists]]
id = "S2"
preferred = ["fri", "* 1"]
"""


def day(draw: random.Random) -> str:
    """Return a day of 2024."""
    return f"2024-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"


def sound(draw: random.Random, name: str) -> Table:
    """Return a table without a fault."""
    rows: Table = [list(HEADS[name])]
    for k in range(draw.randint(2, 8)):
        amount = draw.randint(100, 99_999) / 100
        who = f"c{draw.randint(1, 3)}"
        if name == "invoices":
            issued = day(draw)
            due = f"{pd.Timestamp(issued) + pd.Timedelta(days=30):%Y-%m-%d}"
            rows.append([f"i{k}", who, issued, due, amount, "EUR", draw.choice((0, amount)), "invoice"])
        elif name == "payments":
            kind = draw.choice(("cash", "cash", "SEPA", "discount", "refund", "exchange_difference"))
            rows.append([f"p{k}", f"i{k}", "", day(draw), amount, draw.choice(("EUR", "EUR", "EUR", "USD")), kind])
        elif name == "contacts":
            rows.append([f"k{k}", who, f"{day(draw)} 10:00", "phone", "firm", "reached", 5, "yes"])
        elif name == "promises":
            rows.append(["", f"i{k}", day(draw), day(draw), amount])
        elif name == "disputes":
            rows.append([f"i{k}", day(draw), "pricing", day(draw), "credited", amount])
        elif k < 3:
            rows.append([f"c{k + 1}", "DE", 30, "Europe/Berlin", ""])
    return rows


def spoiled(draw: random.Random, table: Table, strange: tuple[Any, ...] = STRANGE) -> Table:
    """Return a table with up to four things wrong with it."""
    table = [list(row) for row in table]
    for _ in range(draw.choice((0, 1, 1, 2, 2, 3, 4))):
        kind, width = draw.randrange(8), len(table[0])
        row, k = draw.randrange(len(table)), draw.randrange(width) if width else 0
        if kind < 3 and k < len(table[row]):
            table[row][k] = draw.choice(strange)
        elif kind == 3 and width > 1:
            table = [[cell for j, cell in enumerate(each) if j != k] for each in table]
        elif kind == 4:
            table.insert(draw.randint(0, len(table)), list(table[row]))
        elif kind == 5 and width:
            table = [[*each[:k], each[k] if k < len(each) else "", *each[k:]] for each in table]
        elif kind == 6 and len(table) > 1:
            table.pop(row)
        elif width:
            value = draw.choice(strange)
            table = [table[0], *([*each[:k], value, *each[k + 1 :]] for each in table[1:])]
    return table


def spoiled_bytes(draw: random.Random, data: bytes) -> bytes:
    """Return bytes some of which were changed, lost, or came in between."""
    for _ in range(draw.choice((0, 0, 1, 2, 5))):
        at = draw.randint(0, max(len(data) - 1, 0))
        piece = draw.choice((b"", draw.randbytes(1), draw.randbytes(9), b'"', b"\r", b"\x00", b"\xff\xfe"))
        data = data[:at] + piece + data[at + draw.choice((0, 1, 1, 40)) :]
    return data if draw.random() > 0.05 else data[: draw.randint(0, len(data))]


def spoiled_toml(draw: random.Random, text: str) -> str:
    """Return a file some of whose keys and values are others."""
    lines = text.splitlines()
    for _ in range(draw.choice((0, 1, 1, 2, 3))):
        at = draw.randrange(len(lines))
        key = lines[at].partition(" =")[0]
        change = draw.randrange(6)
        if change == 0:
            lines.pop(at)
        elif change == 1:
            lines.insert(draw.randrange(len(lines)), lines[at])
        elif change == 2 and "=" in lines[at]:
            letter = draw.randrange(len(key))
            lines[at] = lines[at][:letter] + draw.choice(("", "x", key[letter] * 2)) + lines[at][letter + 1 :]
        elif "=" in lines[at]:
            lines[at] = f"{key} = {draw.choice(VALUES)}"
        if not lines:
            break
    return "\n".join(lines)


def as_csv(draw: random.Random, table: Table) -> bytes:
    """Return a table as delimited text, in one of its dialects and encodings."""
    file = io.StringIO(newline="")
    end, delimiter = draw.choice(("\n", "\r\n", "\r")), draw.choice(",;\t|")
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(table)
    encoding = draw.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"))
    return spoiled_bytes(draw, file.getvalue().encode(encoding, "replace"))


def as_xlsx(draw: random.Random, tables: dict[str, Table]) -> bytes:
    """Return tables as a workbook."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook()
    book.remove(book.active)
    for name, table in tables.items():
        sheet = book.create_sheet(name)
        for row in table:
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell for cell in row])
    file = io.BytesIO()
    book.save(file)
    return spoiled_bytes(draw, file.getvalue()) if draw.random() < 0.3 else file.getvalue()


def as_frame(draw: random.Random, table: Table) -> pd.DataFrame:
    """Return a table as a frame, with types where they can be had."""
    width = max(len(row) for row in table)
    head = [str(cell) for cell in table[0]] + [f"x{k}" for k in range(width - len(table[0]))]
    frame = pd.DataFrame([[*row, *[None] * (width - len(row))] for row in table[1:]], columns=head)
    for k in range(width):
        kind = draw.choice(("as it is", "text", "number", "day", "category"))
        column = frame.isetitem(k, _typed(frame.iloc[:, k], kind))
        assert column is None
    return frame


def _typed(column: "pd.Series[Any]", kind: str) -> "pd.Series[Any]":
    if kind == "number":
        return pd.to_numeric(column, errors="coerce")
    if kind == "day":
        return pd.to_datetime(column.astype(str), errors="coerce", format="%Y-%m-%d")
    if kind == "category":
        return column.astype(str).astype("category")
    return column.astype(str) if kind == "text" else column


def source(draw: random.Random, folder: Path) -> Any:
    """Write a source into a folder, or make a frame; return what is imported."""
    kind = draw.choice(("csv", "csv", "csv", "xlsx", "parquet", "sqlite", "folder", "frame"))
    odd = STRANGE if kind in ("csv", "folder") else (*STRANGE, *(ODD if kind in ("sqlite",) else ODD[:-1]))
    table = spoiled(draw, sound(draw, "invoices"), odd if kind != "xlsx" else (*STRANGE, 0, -1, 1.5, 2**40, True, None))
    if kind == "csv":
        (folder / "invoices.csv").write_bytes(as_csv(draw, table))
        return folder / "invoices.csv"
    if kind == "folder":
        for name in HEADS:
            if name == "invoices" or draw.random() < (0.7 if name in ("payments", "customers") else 0.3):
                (folder / f"{name}.csv").write_bytes(as_csv(draw, spoiled(draw, sound(draw, name))))
        return folder
    if kind == "xlsx":
        tables = {"invoices": table}
        if draw.random() < 0.3:
            tables["payments"] = spoiled(draw, sound(draw, "payments"))
        (folder / "book.xlsx").write_bytes(as_xlsx(draw, tables))
        return folder / "book.xlsx"
    frame = as_frame(draw, table)
    if kind == "frame":
        return frame
    frame.columns = [f"{name}_{k}" if name in frame.columns[:k] else name for k, name in enumerate(frame.columns)]
    if kind == "parquet":
        frame = frame.astype({name: str for name in frame if frame[name].dtype == object})
        frame.to_parquet(folder / "invoices.parquet", compression=draw.choice(("snappy", "zstd", None)))
        data = (folder / "invoices.parquet").read_bytes()
        (folder / "invoices.parquet").write_bytes(spoiled_bytes(draw, data) if draw.random() < 0.4 else data)
        return folder / "invoices.parquet"
    return _database(draw, folder / "l.db", table)


def _database(draw: random.Random, path: Path, table: Table) -> str:
    names: list[str] = []
    for name in map(str, table[0]):
        clean = name.replace('"', "").replace("\x00", "") or "x"
        names.append(clean if clean.lower() not in {each.lower() for each in names} else f"{clean}_{len(names)}")
    connection = sqlite3.connect(path)
    if names:
        columns = ", ".join('"' + name + '"' for name in names)
        connection.execute(f"CREATE TABLE invoices ({columns})")
        rows = [[*row, *[None] * len(names)][: len(names)] for row in table[1:]]
        rows = [[str(cell) if isinstance(cell, pd.Timestamp) else cell for cell in row] for row in rows]
        connection.executemany(f"INSERT INTO invoices VALUES ({', '.join('?' * len(names))})", rows)
    connection.commit()
    connection.close()
    if draw.random() < 0.2:
        path.write_bytes(spoiled_bytes(draw, path.read_bytes()))
    return f"sqlite:///{path}{draw.choice(('', '', '#invoices', '?table=invoices', '?table=x', '?mode=rwc'))}"
