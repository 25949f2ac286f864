"""Names, phones, e-mails and whatever else a source says of its customers: carried through, and never needed."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger import BadInput, Ledger, read_ledger
from ledger.importing import import_ledger
from ledger.policy.strategy import Step, Strategy
from ledger.table.tables import COLUMNS, further_columns
from optimize import plan
from sim import from_ledger, simulate
from tests.timings import constant

INVOICES = (
    "invoice_id,customer_id,Customer name,Phone,issue_date,due_date,amount,clear_date\n"
    "1,A,Ash & Co,+1 555 1,2025-01-10,2025-02-09,100,2025-02-20\n"
    "2,B,Birch,,2025-01-12,2025-02-11,200,\n"
    "3,B,Birch,+1 555 2,2025-01-13,2025-02-12,300,\n"
)
CUSTOMERS = (
    "customer_id,name,E-Mail,Account Owner,Fax no.,Terms,Segment 2,Fax no.\n"
    "A,Ash and Company,pay@ash.test,Kim,=1+1,30,x,77\n"
    "B,,,Lee,,14,,\n"
    "C,Cedar,,,,,,\n"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return the ledger of both tables."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "invoices.csv").write_text(INVOICES)
    (tmp_path / "in" / "customers.csv").write_text(CUSTOMERS)
    return import_ledger(tmp_path / "in", as_of="2025-03-31").ledger


def test_whatever_a_source_says_of_its_customers_is_kept(ledger: Ledger):
    """The customer table's word before the invoice table's; other columns by their own names, none standing for two."""
    people = ledger.customers.set_index("customer_id")
    assert further_columns(ledger.customers) == [
        "name", "phone", "email", "account_owner", "Fax no.", "Segment 2", "Fax no. 2",
    ]  # fmt: skip
    assert people.loc["A", further_columns(ledger.customers)].tolist() == [
        "Ash and Company", "+1 555 1", "pay@ash.test", "Kim", "=1+1", "x", "77",
    ]  # fmt: skip
    assert people["name"].fillna("").tolist() == ["Ash and Company", "Birch", "Cedar"]
    assert people["terms"].tolist()[:2] == [30, 14]


def test_they_go_through_storage_snapshots_and_runs(ledger: Ledger, tmp_path: Path):
    """As they are, as text; a ledger without them has no such columns."""
    further = further_columns(ledger.customers)
    assert read_ledger(ledger.write(tmp_path / "L")).customers.equals(ledger.customers)
    assert ledger.snapshot("2025-01-31").customers[further].equals(ledger.customers[further])
    run = simulate(from_ledger(ledger), "email_only", days=10, specialists=1)
    assert run.ledger.customers.set_index("customer_id")[further].equals(
        ledger.customers.set_index("customer_id")[further]
    )
    assert read_ledger(run.ledger.write(tmp_path / "R")).customers["name"].notna().all()


def test_a_plan_says_whom_to_call_under_which_number(ledger: Ledger):
    """Name and details in every row; a plan of customers without any is none the worse."""
    strategy = Strategy(name="calls", steps=(Step(name="call", day=5, channel="phone"),))
    rows = plan(ledger, constant(0.02), strategy, 1, "2025-04-01", days=2).rows
    assert rows[["customer_id", "customer_name"]].to_numpy().tolist() == [["B", "Birch"]]
    assert rows["customer_details"].tolist() == ["phone: +1 555 2; account_owner: Lee"]
    bare = replace(ledger, customers=ledger.customers[list(COLUMNS["customers"])])
    found = plan(bare, constant(0.02), strategy, 1, "2025-04-01", days=2).rows
    assert found[["customer_name", "customer_details"]].to_numpy().tolist() == [["", ""]]
    assert found["reason"].tolist() == rows["reason"].tolist()


def test_they_are_never_needed(tmp_path: Path):
    """Without them the table has the columns of the dictionary; a customer's name as its number is said once."""
    (tmp_path / "list.csv").write_text(INVOICES.replace("customer_id,Customer name,Phone", "#,customer_name,##"))
    found = import_ledger(tmp_path / "list.csv", as_of="2025-03-31").ledger.customers
    assert list(found.columns) == list(COLUMNS["customers"])
    assert found["customer_id"].tolist() == ["Ash & Co", "Birch"]


def test_further_columns_are_those_of_customers_only(ledger: Ledger):
    """A strange column of another table is refused as before; one of customers becomes text."""
    customers = ledger.customers.assign(floor=[1, 2, 3])
    assert replace(ledger, customers=customers).validate().customers["floor"].tolist() == ["1", "2", "3"]
    with pytest.raises(BadInput, match="invoices, floor: has a column that is none of invoice_id, "):
        replace(ledger, invoices=ledger.invoices.assign(floor=1)).validate()
