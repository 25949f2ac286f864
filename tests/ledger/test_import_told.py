"""What an import tells of columns and cells that do not hold what they seem to."""

import openpyxl
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


def test_a_total_after_columns_by_age_is_told_to_be_what_is_open(tmp_path):
    """It counts as the amount, for want of another."""
    (tmp_path / "i.csv").write_text(
        "invoice_id,customer_id,issue_date,due_date,Current,1-30,> 30,Total\n"
        "A,C1,2024-01-10,2024-02-09,,100.00,,100.00\nB,C1,2024-02-10,2024-03-09,50.00,,,50.00\n"
    )
    imported = import_ledger(tmp_path / "i.csv", as_of="2024-02-20")
    assert any("Total stands after the columns by age" in warning for warning in imported.warnings)
    assert imported.ledger.open_amount().tolist() == [10_000, 5_000]


def test_columns_that_a_map_names_outside_its_roles_and_the_source_lacks_are_told(tmp_path):
    """Those that distinguish numbers, and those by age, with the nearest."""
    (tmp_path / "i.csv").write_text(",".join([*HEAD, "Comp code"]) + "\nA,C1,2024-01-10,2024-02-09,100.00,1\n")
    mapped = {"extends": "generic", "invoices": {"distinguish": ["Comp. codes"], "buckets": ["0-30"]}}
    warnings = import_ledger(tmp_path / "i.csv", mapping=mapped).warnings
    assert any("distinguish (Comp. codes; did you mean 'Comp code'?)" in warning for warning in warnings)
    assert any("buckets (0-30)" in warning for warning in warnings)


def test_a_table_in_which_no_column_can_hold_a_label_lacks_its_columns(tmp_path):
    """Amounts alone: what is lacking is said."""
    (tmp_path / "i.csv").write_text("open_amount\n140.87\n")
    with pytest.raises(BadInput, match="lacks a column for invoice_id"):
        import_ledger(tmp_path / "i.csv")
