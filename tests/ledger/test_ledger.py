"""The ledger itself: its laws, each broken once; its home on disk; snapshots."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ledger import BadInput, Ledger, read_ledger
from ledger.errors import Unavailable
from ledger.table.ledger import as_day
from tests.handmade import contact, handmade, invoice, payment


def good() -> Ledger:
    """Return a valid ledger with a row in every table."""
    promise = {"contact_id": "k1", "invoice_id": "i1", "made_on": "2025-03-03", "due_on": "2025-03-10", "amount": 100}
    dispute = {"invoice_id": "i2", "opened": "2025-03-01", "acknowledged": "2025-03-02", "resolved": "2025-03-20"}
    person = {"specialist_id": "s1", "skills": "", "languages": "en", "timezone": "UTC", "absences": ""}
    return handmade(
        "2025-03-31",
        [
            invoice("i1", "2025-01-10", "2025-02-09", 1000),
            invoice("i2", "2025-02-01", "2025-03-03", 500, currency="EUR"),
        ],
        [
            payment("i1", "2025-03-05", 400),
            payment("i2", "2025-02-20", 500, received="2025-02-18", currency="EUR"),
            payment(None, "", 70, received="2025-03-30"),
        ],
        contacts=[contact("k1", "2025-03-03 12:00", outcome="promise", promise_made=True)],
        promises=[promise],
        disputes=[{**dispute, "reason": "pricing", "resolution": "rejected", "amount": 500}],
        staff=[{**person, "weekly_hours": 40.0, "cost_per_hour": 5000}],
        rates=[{"currency": "EUR", "rate": 1.1}],
    )


BROKEN = [
    ("invoices", 1, "customer_id", "nobody", "must be a known customer"),
    ("invoices", 0, "due_date", pd.Timestamp("2025-01-09"), "must not lie before the issue date"),
    ("invoices", 1, "issue_date", pd.Timestamp("2025-02-25"), "must not lie before the invoice was issued"),
    ("invoices", 0, "amount", 399, "must not be less than what was applied"),
    ("invoices", 0, "amount", 0, "greater_than"),
    ("invoices", 1, "currency", "GBP", "must be the invoice's currency"),
    ("payments", 0, "invoice_id", "none", "must be a known invoice"),
    ("payments", 0, "applied_date", pd.NaT, "must be given exactly where invoice_id is"),
    ("payments", 0, "applied_date", pd.Timestamp("2025-03-04"), "must not lie before the payment was received"),
    ("payments", 2, "received_date", pd.Timestamp("2025-04-01"), "must not lie after the ledger's as_of"),
    ("payments", 2, "currency", "CHF", "needs a rate to USD"),
    ("payments", 1, "payment_id", "p0", "unique"),
    ("contacts", 0, "customer_id", "nobody", "must be a known customer"),
    ("contacts", 0, "time", pd.Timestamp("2025-04-01", tz="UTC"), "must not lie after the ledger's as_of"),
    ("promises", 0, "contact_id", "none", "must be a known contact"),
    ("promises", 0, "invoice_id", "none", "must be a known invoice"),
    ("promises", 0, "made_on", pd.Timestamp("2025-04-01"), "must not lie after the ledger's as_of"),
    ("disputes", 0, "invoice_id", "none", "must be a known invoice"),
    ("disputes", 0, "resolved", pd.Timestamp("2025-04-01"), "must not lie after the ledger's as_of"),
    ("staff", 0, "weekly_hours", 100.0, "less_than_or_equal_to"),
    ("rates", 0, "rate", -1.0, "greater_than"),
]
# the row named may be another: a later issue date makes the payment too early, and of two equal ids the first is named
ELSEWHERE = {
    ("invoices", "issue_date"): ("payments", 2),
    ("invoices", "currency"): ("payments", 2),
    ("payments", "payment_id"): ("payments", 1),
}


@pytest.mark.parametrize(("name", "row", "column", "value", "rule"), BROKEN)
def test_each_law_broken_once(name: str, row: int, column: str, value: Any, rule: str) -> None:
    """Whatever is wrong, the error names the table, the row, the field and the rule."""
    ledger = good()
    table = getattr(ledger, name).copy()
    table.loc[row, column] = value
    with pytest.raises(BadInput) as caught:
        replace(ledger, **{name: table}).validate()
    error = caught.value
    where, line = ELSEWHERE.get((name, column), (name, row + 1))
    assert rule in error.rule
    assert error.where == f"{where}, row {line}"
    if where == name:
        assert error.field == column


def test_open_settled_and_settled_date() -> None:
    """Partial payments leave the rest open; the settled date is that of the last application."""
    ledger = good()
    assert ledger.open_amount().tolist() == [600, 0]
    assert ledger.open_amount("2025-01-31").tolist() == [1000, 0]
    assert ledger.settled("2025-03-04").tolist() == [0, 500]
    assert ledger.settled(kinds=("write_off",)).tolist() == [0, 0]
    assert ledger.settled_date.isna().tolist() == [True, False]
    assert ledger.settled_date[1] == pd.Timestamp("2025-02-20")
    assert ledger.base_rate.tolist() == pytest.approx([1.0, 1.1])


def test_a_snapshot_knows_nothing_later() -> None:
    """Cash received but applied later is unapplied; a dispute resolved later is open; later rows are gone."""
    ledger = good()
    early = ledger.snapshot("2025-02-19").validate()
    assert len(early.invoices) == 2
    assert early.payments["invoice_id"].isna().tolist() == [True]
    assert len(early.contacts) == len(early.promises) == len(early.disputes) == 0
    middle = ledger.snapshot("2025-03-05")
    assert middle.disputes["resolved"].isna().all()
    assert middle.disputes["resolution"].isna().all()
    assert middle.disputes["acknowledged"].notna().all()
    with pytest.raises(BadInput, match="knows nothing after"):
        ledger.snapshot("2025-04-01")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """The folder gives back every table, type and the as_of day; the fingerprint does not care for row order."""
    ledger = good()
    again = read_ledger(ledger.write(tmp_path / "L"))
    assert again.as_of == ledger.as_of
    assert again.base_currency == "USD"
    for name, table in ledger.tables.items():
        pd.testing.assert_frame_equal(getattr(again, name), table)
    turned = replace(ledger, invoices=ledger.invoices[::-1].reset_index(drop=True))
    assert again.fingerprint == ledger.fingerprint == turned.fingerprint
    assert ledger.snapshot("2025-03-30").fingerprint != ledger.fingerprint
    assert "2 invoices of 1 customer," in ledger.summary()


def test_writing_replaces_an_older_ledger_and_leaves_nothing_else(tmp_path: Path) -> None:
    """A second write takes the first one's place; no temporary folder stays."""
    good().write(tmp_path / "L")
    small = handmade("2025-03-31", [invoice("i", "2025-01-01", "2025-02-01", 5)])
    small.write(tmp_path / "L")
    assert read_ledger(tmp_path / "L").fingerprint == small.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["L"]


def test_a_snapshot_keeps_customers_whose_card_is_younger_than_their_invoices() -> None:
    """Exports often carry the day a card was migrated as `since`: the snapshot is still a valid ledger."""
    whole = good()
    whole = replace(whole, customers=whole.customers.assign(since=whole.as_of)).validate()
    day = whole.invoices["issue_date"].min() + pd.Timedelta(days=1)
    early = whole.snapshot(day).validate()
    assert len(early.invoices)
    assert set(early.customers["customer_id"]) >= set(early.invoices["customer_id"])


def test_writing_refuses_what_is_not_a_ledger(tmp_path: Path) -> None:
    """A folder with other things in it, or a file, is left as it was."""
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter1.txt").write_text("years of work")
    with pytest.raises(BadInput, match=r"has no ledger\.json: nothing was written"):
        good().write(other)
    with pytest.raises(BadInput, match="must be a folder"):
        good().write(other / "chapter1.txt")
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis", "chapter1.txt"]


def test_a_write_that_fails_leaves_the_old_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full half-way, the ledger that was there is still whole, and nothing half-written stays."""
    before = good()
    before.write(tmp_path / "L")

    def full(*_: Any, **__: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Unavailable, match="no space"):
        handmade("2025-03-31").write(tmp_path / "L")
    monkeypatch.undo()
    assert read_ledger(tmp_path / "L").fingerprint == before.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["L"]


def test_reading_what_is_no_ledger(tmp_path: Path) -> None:
    """No folder, no tables, an unreadable file, a broken law: each is bad input that names the place."""
    with pytest.raises(BadInput, match="is not a ledger folder"):
        read_ledger(tmp_path / "none")
    folder = good().write(tmp_path / "L")
    about = folder / "ledger.json"
    text = about.read_text()
    for broken in ("{", "{}", json.dumps({"as_of": "yesterday-ish", "base_currency": "USD"})):
        about.write_text(broken)
        with pytest.raises(BadInput, match="L"):
            read_ledger(folder)
    about.write_text(text.replace("2025-03-31", "2025-03-20"))
    with pytest.raises(BadInput, match=r"payments, row 3, received_date"):
        read_ledger(folder)
    about.write_text(text)
    (folder / "payments.parquet").write_bytes(b"not parquet")
    with pytest.raises(BadInput, match="cannot be read as a ledger"):
        read_ledger(folder)
    (folder / "payments.parquet").unlink()
    with pytest.raises(BadInput, match="lacks payments"):
        read_ledger(folder)


def test_a_day_is_a_day() -> None:
    """Text, dates and moments become midnight; anything else is refused."""
    assert as_day("2025-03-31 17:00") == pd.Timestamp("2025-03-31")
    with pytest.raises(BadInput, match="must be a date"):
        as_day("soon")


def test_tables_that_are_sound_need_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has its types and keeps its rules is taken as it is; whatever does not is looked at closely."""
    from ledger.table import tables

    ledger = good().validate()
    monkeypatch.setattr(tables, "schema", lambda name: pytest.fail(f"a second look at {name}"))
    ledger.validate()
    monkeypatch.undo()
    for name, column, spoil in (
        ("invoices", "amount", lambda values: values.astype("float64")),
        ("invoices", "amount", lambda values: values - values),
        ("invoices", "invoice_id", lambda values: values.where(values.index != 0)),
        ("invoices", "invoice_id", lambda values: values.where(values.index != 0, values.iloc[1])),
        ("invoices", "due_date", lambda values: values.where(values.index != 0)),
        ("customers", "terms", lambda values: values.fillna(400) + 400),
    ):
        table = ledger.tables[name]
        assert tables._is_sound(name, table)
        assert not tables._is_sound(name, table.assign(**{column: spoil(table[column])})), column
