"""Dates: months in words, moments, the ledger's last day, and what is known later."""

import doctest
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ledger import BadInput
from ledger.importing import import_ledger
from ledger.importing.words import months
from ledger.importing.words.dates import DateColumn, choose_orders

HEADER = "invoice_id,customer_id,issue_date,due_date,amount,clear_date\n"


@pytest.fixture
def load(tmp_path):
    """Import an invoice table, with a map of further keys."""

    def run(text, *, keys="", **how):
        (tmp_path / "i.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "map.toml").write_text(f'extends = "generic"\n{keys}\n')
        return import_ledger(tmp_path / "i.csv", mapping=tmp_path / "map.toml", **how)

    return run


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        *(("3 févr. 2024", "2024-02-03"), ("15 juillet 2024", "2024-07-15"), ("15 juin 2024", "2024-06-15")),
        *(("le 1er août 2024", "2024-08-01"), ("15 juil. 2024", "2024-07-15"), ("03-ene-2024", "2024-01-03")),
        *(("15-ago-2024", "2024-08-15"), ("5 de marzo de 2024", "2024-03-05"), ("5 gennaio 2024", "2024-01-05")),
        *(("5 mag 2024", "2024-05-05"), ("7 luglio 2024", "2024-07-07"), ("3 mrt 2024", "2024-03-03")),
        *(("3 mei 2024", "2024-05-03"), ("5 de março de 2024", "2024-03-05"), ("1 out 2024", "2024-10-01")),
        *(("5 września 2024", "2024-09-05"), ("5 paź 2024 r.", "2024-10-05"), ("5. Dez. 2024", "2024-12-05")),
        *(("2024-Mar-05", "2024-03-05"), ("Montag, 5. März 2024", "2024-03-05"), ("MAY 5, 2024", "2024-05-05")),
        *(("5 jui 2024", None), ("5 ma 2024", None), ("5 fooary 2024", None), ("31 juin 2024", None)),
    ],
)
def test_months_are_read_in_eight_languages(cell, day):
    """Whole names, else as many letters as leave no doubt: jui could be two months."""
    column = DateColumn.of(pa.array([cell]))
    found = column.read("day_first")[0][0]
    assert (None if np.isnat(found) else str(found)) == day


def test_a_moment_falls_on_its_day_in_the_maps_timezone():
    """Whatever its form and offset; days and stamps without an offset are what they say."""
    cells = [
        "2024-03-31T22:30:00Z",
        "31.03.2024 23:30 +01:00",
        "2024-03-31T10:30:00 PM UTC",
        "2024-04-01T00:30:00+0500",
    ]
    cells += ["2024-03-31 22:30", "2024-03-31", "31/03/2024"]
    column = DateColumn.of(pa.array(cells))
    local = [str(day) for day in column.read("day_first", zone="Europe/Berlin")[0]]
    assert local == ["2024-04-01"] * 3 + ["2024-03-31"] * 4
    written = [str(day) for day in column.read("day_first")[0]]
    assert written == ["2024-03-31"] * 3 + ["2024-04-01"] + ["2024-03-31"] * 3
    assert column.moments == 4


def test_stamps_that_all_say_midnight_are_days():
    """Systems write days so; a zone west of it must not move them."""
    column = DateColumn.of(pa.array(["2024-03-31T00:00:00Z", "2024-04-02T00:00:00Z", None]))
    assert [str(day) for day in column.read("day_first", zone="America/New_York")[0][:2]] == [
        "2024-03-31",
        "2024-04-02",
    ]
    assert column.moments == 0


def test_moments_of_csv_parquet_and_workbooks_are_read_alike(load, tmp_path):
    """22:30 UTC on the last of March is the first of April in Berlin."""
    moments = [datetime(2024, 3, 31, 22, 30, tzinfo=UTC), datetime(2024, 3, 20, 8, 0, tzinfo=UTC)]
    text = HEADER + "".join(f"{k},C,2024-03-01,2024-03-31,1.00,{m:%Y-%m-%dT%H:%M:%SZ}\n" for k, m in enumerate(moments))
    frame = pd.read_csv(pd.io.common.StringIO(text), dtype=str)
    frame.to_excel(tmp_path / "i.xlsx", index=False)
    typed = pa.Table.from_pandas(frame.assign(clear_date=pd.to_datetime(moments)))
    pq.write_table(typed, tmp_path / "i.parquet")
    expected = ["2024-03-20", "2024-04-01"]
    imported = [load(text, keys='timezone = "Europe/Berlin"')]
    imported += [import_ledger(tmp_path / name, mapping=tmp_path / "map.toml") for name in ("i.xlsx", "i.parquet")]
    for each in imported:
        assert sorted(each.ledger.payments["received_date"].dt.strftime("%Y-%m-%d")) == expected
    unsaid = load(text)
    assert unsaid.as_of == pd.Timestamp("2024-03-31")
    assert any("2 cells are moments with an offset" in warning for warning in unsaid.warnings)


def test_the_choice_of_an_order_says_how_many_cells_it_decides():
    """Of a column with both orders, and of one where nothing tells."""

    def said(*cells):
        return choose_orders({"due": DateColumn.of(pa.array(cells))}, "day_first")[1][0]

    assert "2 could be either" in said("25/01/2024", "01/25/2024", "03/04/2024", "05/06/2024")
    assert "1 could be either; all read day first" in said(*["25/01/2024"] * 40, "01/25/2024", "03/04/2024")
    assert "nothing tells whether day or month comes first of 2 dates" in said("03/04/2024", "05/06/2024", "07/07/2024")


def many(count: int, *further: str) -> str:
    """Return invoices issued over half a year, and further rows."""
    days = pd.date_range("2024-01-01", "2024-06-29", periods=count)
    rows = [f"I{k},C,{day:%Y-%m-%d},{day + pd.Timedelta(days=30):%Y-%m-%d},1.00," for k, day in enumerate(days)]
    return HEADER + "\n".join([*rows, *further]) + "\n"


def test_a_few_dates_far_beyond_the_rest_do_not_make_the_last_day(load):
    """They are named with their rows, and the day can be said."""
    text = many(199, "X,C,2024-06-12,2024-07-12,5.00,2024-12-06")
    imported = load(text)
    assert imported.as_of == pd.Timestamp("2024-06-29")
    said = next(warning for warning in imported.warnings if "far after all other dates" in warning)
    assert "clear_date: 2024-12-06 in row 201 lies far after" in said
    assert imported.ledger.open_amount().sum() == 199 * 100 + 500
    assert load(text, as_of="2024-12-31").ledger.open_amount().sum() == 199 * 100


@pytest.mark.parametrize(
    "text",
    [
        many(30, "X,C,2024-06-12,2024-07-12,5.00,2024-12-06"),  # too few to say what is usual
        many(199, *(f"X{k},C,2024-06-12,2024-07-12,5.00,2024-12-06" for k in range(5))),  # too many to be misread
    ],
)
def test_what_may_be_true_makes_the_last_day(load, text):
    """A small ledger, or more dates than a few."""
    assert load(text).as_of == pd.Timestamp("2024-12-06")


def test_a_straggler_within_what_is_usual_makes_the_last_day(load):
    """Where facts often lie 40 days apart, one 70 days later is nothing odd."""
    days = pd.date_range("2018-01-01", periods=60, freq="40D")
    rows = [f"I{k},C,{day:%Y-%m-%d},{day:%Y-%m-%d},1.00," for k, day in enumerate(days)]
    last = days[-1] + pd.Timedelta(days=70)
    assert load(HEADER + "\n".join([*rows, f"X,C,{last:%Y-%m-%d},{last:%Y-%m-%d},1.00,"])).as_of == last


def test_a_settlement_to_come_leaves_the_invoice_open_also_after_today(load):
    """A post-dated cheque is not known yet; an issue date after today is a mistake."""
    today = pd.Timestamp.now().normalize()
    soon, late = (f"{today + pd.Timedelta(days=days):%Y-%m-%d}" for days in (20, 40))
    text = HEADER + f"A,C,2024-01-10,2024-02-09,100.00,{soon}\nB,C,2024-01-10,2024-02-09,70.00,\n"
    imported = load(text + f"D,C,{soon},{late},5.00,\n", as_of=f"{today:%Y-%m-%d}")
    assert imported.ledger.open_amount().tolist() == [10_000, 7_000]
    assert imported.rejects["rule"].tolist() == ["date_out_of_range"]
    assert any("1 settlement is later than" in warning for warning in imported.warnings)
    assert load(text).ledger.open_amount().tolist() == [10_000, 7_000]


def test_a_due_date_years_ahead_is_kept_with_a_warning(load):
    """Retention money is due when the guarantee ends."""
    imported = load(
        HEADER
        + "A,C,2024-01-10,2031-12-31,9000.00,\nB,C,2024-06-30,2024-07-30,1.00,\nD,C,2024-06-30,2099-01-01,1.00,\n"
    )
    assert imported.ledger.invoices["amount"].tolist() == [900_000, 100]
    assert imported.rejects["rule"].tolist() == ["date_out_of_range"]
    assert any("due_date: 1 date lies more than five years after 2024-06-30" in w for w in imported.warnings)


def test_opening_balances_due_before_their_booking_say_which_key_keeps_them(load):
    """Rejected by name, unless the map moves the issue date."""
    text = HEADER + "A,C,2024-01-01,2023-11-30,100.00,\nB,C,2024-01-10,2024-02-09,1.00,\n"
    imported = load(text)
    assert imported.rejects["rule"].tolist() == ["due_before_issue"]
    assert any('due_before_issue = "move_issue"' in warning for warning in imported.warnings)
    assert load(text, keys='[invoices]\ndue_before_issue = "move_issue"').rejected == 0


POLISH = "Numer;Kontrahent;Data;Termin płatności;Kwota\nA;Żabka;2024-01-10;2024-02-09;100,00\n"
NAMES = """
[invoices.columns]
invoice_id = "Numer"
customer_id = "Kontrahent"
issue_date = "Data"
due_date = "Termin płatności"
amount = "Kwota"
"""


@pytest.mark.parametrize(
    ("page", "name"), [("cp1250", "Windows-1250"), ("iso8859-2", "ISO 8859-2"), ("cp852", "DOS 852")]
)
def test_the_code_page_is_the_one_in_which_the_header_is_known(load, page, name):
    """Said, with the key that answers."""
    imported = load(POLISH.encode(page), keys=NAMES)
    assert imported.ledger.invoices["customer_id"].tolist() == ["Żabka"]
    assert any(f"read as {name}; where letters are wrong, say `encoding`" in warning for warning in imported.warnings)


def test_a_map_may_name_the_encoding(load):
    """Then it counts, without a word; what is no such text, or no encoding, is refused."""
    plain = POLISH.replace("Termin płatności", "due_date")
    names = 'encoding = "cp1250"' + NAMES.replace("Termin płatności", "due_date")
    imported = load(plain.encode("cp1250"), keys=names)
    assert imported.ledger.invoices["customer_id"].tolist() == ["Żabka"]
    assert not any("UTF-8" in warning for warning in imported.warnings)
    with pytest.raises(BadInput, match="encoding is 'ascii': is not text in this encoding"):
        load(plain, keys=names.replace("cp1250", "ascii"))
    with pytest.raises(BadInput, match="is not an encoding such as"):
        load(plain, keys=names.replace("cp1250", "klingon"))


def test_local_times_told_twice_or_never_follow_one_rule(tmp_path):
    """The first of the two; the moment the clocks went forward."""
    (tmp_path / "invoices.csv").write_text(HEADER + "A,C,2024-01-10,2024-02-09,100.00,\n")
    times = ("2024-10-27 02:30", "2024-03-31 02:30", "2024-07-01 12:00")
    (tmp_path / "contacts.csv").write_text("customer_id,time\n" + "".join(f"C,{time}\n" for time in times))
    (tmp_path / "map.toml").write_text('extends = "generic"\ntimezone = "Europe/Berlin"\n')
    imported = import_ledger(tmp_path, mapping=tmp_path / "map.toml", as_of="2024-12-31")
    found = sorted(imported.ledger.contacts["time"].dt.strftime("%m-%d %H:%M"))
    assert found == ["03-31 01:00", "07-01 10:00", "10-27 00:30"]


def test_examples_in_the_docstrings_run():
    """The documentation says what the code does."""
    result = doctest.testmod(months)
    assert result.attempted > 0
    assert result.failed == 0
