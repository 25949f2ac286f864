"""What an import tells of columns and cells that do not hold what they seem to."""

import openpyxl
import pandas as pd
import pytest

from ledger import BadInput
from ledger.importing import import_ledger

HEAD = ["invoice_id", "customer_id", "issue_date", "due_date", "amount"]


@pytest.mark.parametrize(
    ("number", "said"), [(1234567890123456789, True), (123456789012345, False), ("1234567890123456", False)]
)
def test_ids_that_a_workbook_cuts_are_told(tmp_path, number, said):
    """More than 15 digits as a number; as text they are whole."""
    book = openpyxl.Workbook()
    for row in (HEAD, [number, "C1", "2024-01-10", "2024-02-09", 100]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    imported = import_ledger(tmp_path / "book.xlsx")
    assert any("1 id is a number of more than 15 digits" in warning for warning in imported.warnings) == said


@pytest.mark.parametrize("parquet", [True, False])
def test_ids_that_gaps_made_floats_are_whole_numbers(tmp_path, parquet):
    """Also of eleven digits, which are written 1.0020000001e+10; beyond 2**53 it is said that digits are lost."""
    frame = pd.DataFrame(
        {
            "invoice_id": [1001.0, 10020000001.0, 2.0**53 + 2, None],
            "customer_id": [7.0, 7.0, 8.0, 8.0],
            "issue_date": ["2024-01-10"] * 4,
            "due_date": ["2024-02-09"] * 4,
            "amount": [100.5, 200.0, 300.0, 400.0],
        }
    )
    frame.to_parquet(tmp_path / "i.parquet")
    imported = import_ledger(tmp_path / "i.parquet" if parquet else frame, as_of="2024-03-01")
    assert imported.ledger.invoices["invoice_id"].tolist() == ["1001", "10020000001", "9007199254740994"]
    assert imported.ledger.invoices["customer_id"].tolist() == ["7", "7", "8"]
    assert imported.ledger.invoices["amount"].tolist() == [10_050, 20_000, 30_000]
    assert any("invoice_id: 1 id is a floating-point number too large" in said for said in imported.warnings)
    small = import_ledger(frame.iloc[:2], as_of="2024-03-01")
    assert not any("floating-point" in said for said in small.warnings)


def test_a_total_after_columns_by_age_is_told_to_be_what_is_open(tmp_path):
    """It counts as the amount, for want of another."""
    (tmp_path / "i.csv").write_text(
        "invoice_id,customer_id,issue_date,due_date,Current,1-30,> 30,Total\n"
        "A,C1,2024-01-10,2024-02-09,,100.00,,100.00\nB,C1,2024-02-10,2024-03-09,50.00,,,50.00\n"
    )
    imported = import_ledger(tmp_path / "i.csv", as_of="2024-02-20")
    assert any("Total stands after the columns by age" in warning for warning in imported.warnings)
    assert imported.ledger.open_amount().tolist() == [10_000, 5_000]


def aged(tmp_path, rows):
    """Return what the import of an aging says of its columns by age, and what is open."""
    (tmp_path / "i.csv").write_text(
        "invoice_id,customer_id,issue_date,due_date,Current,1-30,31-60,> 60\n" + "\n".join(rows) + "\n"
    )
    imported = import_ledger(tmp_path / "i.csv", as_of="2024-06-30")
    return [said for said in imported.warnings if "by age" in said and "no column" not in said], imported.ledger


def test_a_column_by_age_that_contradicts_the_due_date_is_counted_and_named(tmp_path):
    """The due date counts: B is due on 2024-06-15, 15 days before, and stands among 31-60."""
    rows = [
        "A,C1,2024-05-01,2024-05-31,,100.00,,",
        "B,C1,2024-05-16,2024-06-15,,,50.00,",
        "C,C1,2024-06-10,2024-07-10,20.00,,,",
        "D,C1,2024-02-01,2024-03-02,,,,70.00",
    ]
    told, ledger = aged(tmp_path, rows)
    assert told[-1] == (
        "i.csv: 1 of 4 invoices stand in another column by age than their due date says on 2024-06-30 "
        "(row 3: due 2024-06-15, in 31-60): the due date counts"
    )
    assert f"{ledger.invoices['due_date'].iloc[1]:%F}" == "2024-06-15"
    assert len(aged(tmp_path, [rows[0], *rows[2:]])[0]) == len(told) - 1


def test_columns_by_age_that_count_from_the_issue_date_are_told_to_do_so(tmp_path):
    """30 days of terms: each stands one column later than its due date says."""
    rows = ["A,C1,2024-06-10,2024-07-10,,100.00,,", "B,C1,2024-05-16,2024-06-15,,,50.00,"]
    assert "the columns by age count from the issue date" in aged(tmp_path, rows)[0][-1]


def test_an_aging_of_another_day_is_asked_about(tmp_path):
    """Printed on 2024-05-31 and imported as of 2024-06-30: most rows are a column too young."""
    rows = ["A,C1,2024-04-01,2024-05-01,,100.00,,", "B,C1,2024-05-01,2024-05-31,50.00,,,"]
    assert aged(tmp_path, rows)[0][-1].endswith("the due date counts; is 2024-06-30 the day of the export?")


def test_columns_that_a_map_names_outside_its_roles_and_the_source_lacks_are_told(tmp_path):
    """Those that distinguish numbers, and those by age, with the nearest."""
    (tmp_path / "i.csv").write_text(",".join([*HEAD, "Comp code"]) + "\nA,C1,2024-01-10,2024-02-09,100.00,1\n")
    mapped = {"extends": "generic", "invoices": {"distinguish": ["Comp. codes"], "buckets": ["0-30"]}}
    warnings = import_ledger(tmp_path / "i.csv", mapping=mapped).warnings
    assert any("distinguish (Comp. codes; did you mean 'Comp code'?)" in warning for warning in warnings)
    assert any("buckets (0-30)" in warning for warning in warnings)


def test_columns_of_money_and_roles_that_the_source_lacks_are_told(tmp_path):
    """Each set of money that a map names, and roles that it carries down or skips rows without."""
    (tmp_path / "i.csv").write_text(
        "invoice_id,customer_id,issue_date,due_date,Doc amount,Doc crcy\nA,C1,2024-01-10,2024-02-09,100.00,EUR\n"
    )
    money = [{"amount": "Doc amount", "currency": "Doc. crrcy"}, {"amount": "Local amount"}]
    told = {"money": money, "carry_down": ["terms"], "skip_rows_without": ["clear_date"]}
    columns = {"invoice_id": "invoice_id", "customer_id": "customer_id", "issue_date": "issue_date"}
    mapped = {"invoices": {"columns": columns | {"due_date": "due_date"}, **told}}
    (warning,) = [said for said in import_ledger(tmp_path / "i.csv", mapping=mapped).warnings if "not there" in said]
    assert "money.currency (Doc. crrcy; did you mean 'Doc crcy'?)" in warning
    assert "money.amount (Local amount)" in warning
    assert "carry_down (terms), skip_rows_without (clear_date)" in warning


@pytest.mark.parametrize("key", ["carry_down", "skip_rows_without"])
def test_a_key_of_roles_that_names_none_is_refused_with_the_nearest(tmp_path, key):
    """A column's name instead of its role would have done nothing."""
    (tmp_path / "i.csv").write_text(",".join(HEAD) + "\nA,C1,2024-01-10,2024-02-09,100.00\n")
    with pytest.raises(BadInput, match=rf"invoices\.{key}.*'customer' is no role.*did you mean 'customer_id'"):
        import_ledger(tmp_path / "i.csv", mapping={"extends": "generic", "invoices": {key: ["customer"]}})


def test_a_table_in_which_no_column_can_hold_a_label_lacks_its_columns(tmp_path):
    """Amounts alone: what is lacking is said."""
    (tmp_path / "i.csv").write_text("open_amount\n140.87\n")
    with pytest.raises(BadInput, match="lacks a column for invoice_id"):
        import_ledger(tmp_path / "i.csv")
