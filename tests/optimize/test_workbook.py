"""A workbook that can be handed out, and what has changed since the plan before."""

from pathlib import Path

import openpyxl
import pandas as pd

from ledger.table.tables import OUTCOMES
from optimize.publish.difference import difference
from optimize.publish.workbook import sheet_name, workbook
from tests.call_plans import MONDAY, made


def test_the_workbook_can_be_handed_out(tmp_path: Path):
    """A sheet for each specialist, headings that stay, filter, drop-down of outcomes, amounts and texts as such."""
    plan = made(contacts=30)
    now = made(MONDAY + pd.Timedelta(days=1), contacts=28, seed=1)
    change = difference(plan.rows, now.rows, against="2026-07-06")
    (tmp_path / "plan.xlsx").write_bytes(workbook(now, names={"S1": "Ana Ruiz", "S9": "Zoe"}, difference=change))
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["Summary", "=Bo night day 'a name that is f", "Ana Ruiz", "Zoe", "Automatic", "Changes"]
    sheet = book["Ana Ruiz"]
    assert sheet.freeze_panes == "E5"
    heads = [cell.value for cell in sheet[4]]
    mine = now.rows[now.rows["specialist_id"] == "S1"]
    assert sheet.auto_filter.ref == f"A4:O{4 + len(mine)}"
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$4:$4")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert heads[-2:] == ["Outcome", "Notes"]
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == f'"{",".join(OUTCOMES)}"'
    assert str(choice.sqref) == f"N5:N{4 + len(mine)}"
    open_ = sheet.cell(5, heads.index("Open") + 1)
    assert open_.value == mine["open_amount"].iloc[0] / 100
    assert open_.number_format == '#,##0.00\\ "USD"'
    assert sheet.cell(5, heads.index("Why") + 1).alignment.wrap_text
    first = mine.iloc[0]
    who = f"{first['customer_id']}\n{first['customer_name']}\n{first['customer_details']}"
    assert sheet.cell(5, heads.index("Customer") + 1).value == who
    assert sheet.row_dimensions[5].height >= 5 * 14.5  # number, name, and details in three lines
    assert sheet.cell(5, 1).value == mine["date"].iloc[0]
    for sheet in book:
        texts = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
        assert {cell.data_type for cell in texts} == {"s"}  # no formula anywhere
        risky = [cell for cell in texts if cell.value[0] in "=+-@"]
        assert all(cell.quotePrefix for cell in risky)
        assert risky or sheet.title in ("Zoe", "Summary")
    empty = workbook(made(contacts=0))
    (tmp_path / "empty.xlsx").write_bytes(empty)
    assert openpyxl.load_workbook(tmp_path / "empty.xlsx").sheetnames == ["Summary"]


def test_sheet_names_are_safe_and_differ():
    """At most 31 characters, no forbidden one, told apart whatever their case."""
    taken: set[str] = {"summary"}
    names = ["Summary", "a/b:c*d?[e]", "x" * 40, "X" * 40, "'quoted'", "", "x" * 40]
    found = [sheet_name(name, taken) for name in names]
    assert found == ["Summary 2", "a b c d e", "x" * 31, "X" * 29 + " 2", "quoted", "Specialist", "x" * 29 + " 3"]
    assert len({name.casefold() for name in found}) == len(names)


def test_a_sheet_name_counts_as_spreadsheets_count():
    """Fifteen emoji are thirty units of UTF-16; none is cut in two, nor by the number that tells two names apart."""
    taken: set[str] = set()
    found = [sheet_name(name, taken) for name in ("😀" * 20, "😀" * 20, "x" + "😀" * 20)]
    assert found == ["😀" * 15, "😀" * 14 + " 2", "x" + "😀" * 15]
    assert max(len(name.encode("utf-16-le")) // 2 for name in found) == 31


def test_the_difference_of_two_plans():
    """Added, dropped, moved, changed; days that have passed and days that are new are no change."""
    before = made(contacts=10).rows
    tuesday = MONDAY + pd.Timedelta(days=1)
    now = before[before["date"] >= tuesday].reset_index(drop=True)
    keys = now["customer_id"].tolist()
    now.loc[1, "block"] = 4
    now.loc[2, "tone"] = "firm"
    now.loc[3, "customer_id"] = "new"
    later = now.iloc[:2].assign(date=MONDAY + pd.Timedelta(days=7), customer_id=["l1", "l2"])
    found = difference(before, pd.concat([now, later], ignore_index=True), against="2026-07-06")
    assert found.counts == {"added": 1, "dropped": 1, "moved": 1, "changed": 1}
    assert dict(zip(found.rows["change"], found.rows["customer_id"], strict=True)) == {
        "added": "new", "dropped": keys[3], "moved": keys[1], "changed": keys[2],
    }  # fmt: skip
    assert (found.passed, found.later, found.same) == (10 - len(now), 2, len(now) - 3)
    assert found.rows.set_index("change").loc["added", "before"] == ""
    assert len(found.summary()) <= 100
    same = difference(before, before)
    assert (same.same, len(same.rows)) == (10, 0)
    none = difference(before, made(contacts=0).rows)
    assert none.counts["dropped"] == 10
