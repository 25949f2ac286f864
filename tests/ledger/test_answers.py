"""What a ledger says that it can answer: each thing that it lacks is named, in figures too, and outlives its folder."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ledger import BadInput, Ledger, Refused, kpi_path, kpis, read_ledger
from ledger.importing import import_ledger
from ledger.table.answers import FEW_CUSTOMERS, FEW_PAID, Origin
from tests.handmade import handmade, invoice, payment

COLLECTED = ("cei", "cei_crf", "cei_cash", "dso_true", "bad_debt_percent", "ar_turnover", "mean_days_late")


def trading(customers: int, *, paid: bool = True, as_of: str = "2024-06-30") -> Ledger:
    """Return a ledger in which each customer has one invoice a month, paid ten days late."""
    invoices, payments = [], []
    for c in range(customers):
        for month in range(1, 6):
            id = f"i{c}-{month}"
            invoices.append(invoice(id, f"2024-{month:02d}-01", f"2024-{month:02d}-15", 1000, customer_id=f"c{c}"))
            payments.append(payment(id, f"2024-{month:02d}-25", 1000))
    return handmade(as_of, invoices, payments if paid else [])


def names(ledger: Ledger) -> list[str]:
    """Return the names of a ledger's findings."""
    return [found.name for found in ledger.answers().findings]


def test_an_ordinary_ledger_lacks_nothing() -> None:
    """Enough customers who paid, over more than a term: no finding, every question has an answer."""
    found = trading(FEW_CUSTOMERS).answers()
    assert found.findings == ()
    assert (found.invoices, found.customers, found.paid, found.paying) == (100, 20, 100, 20)
    assert found.why_not("timing") is None
    found.demand("timing", "anything")
    whole = kpis(trading(FEW_CUSTOMERS))
    assert not whole.reasons
    assert not whole.at_most
    assert "not_available" not in whole.to_dict()


@pytest.mark.parametrize(
    ("ledger", "finding"),
    [
        (handmade("2024-01-01"), "nothing_issued"),
        (trading(30, paid=False), "nothing_paid"),
        (handmade("2024-05-01", [invoice("a", "2024-03-01", "2024-03-31", 1000)]), "nothing_paid"),
        (trading(1), "one_customer"),
        (trading(FEW_CUSTOMERS - 1), "few_customers"),
        (trading(1, as_of="2024-06-30").snapshot("2024-03-26"), "few_paid"),
        (handmade("2024-03-11", [invoice("a", "2024-03-01", "2024-03-31", 1000)]), "short_span"),
        (replace(trading(30), origin=Origin(settlements=150, undated=4)), "undated_settlements"),
        (replace(trading(30), origin=Origin(due_dates=7)), "estimated_days"),
    ],
)
def test_what_a_ledger_lacks_has_a_name(ledger: Ledger, finding: str) -> None:
    """Open items only, one customer or few, a handful of payments, a span below a term, days that are guesses."""
    assert finding in names(ledger)
    assert all(found.text for found in ledger.answers().findings)


def test_credit_notes_are_settlements_but_no_payments() -> None:
    """What only credit settles has a CEI, and says nothing of when customers pay."""
    ledger = handmade(
        "2024-05-01", [invoice("a", "2024-03-01", "2024-03-31", 9)], [payment("a", "2024-04-02", 9, "credit_note")]
    )
    assert ledger.answers().why_not("timing") == "no invoice was ever paid in cash"
    assert kpis(ledger)["cei"] is not None


def test_a_part_payment_is_a_payment() -> None:
    """Every invoice open, each paid in part on a known day: payment is observed."""
    whole = trading(30)
    partly = replace(whole, payments=whole.payments.assign(amount=700))
    assert partly.answers().why_not("timing") is None


def test_few_customers_and_payments_are_at_the_limit_enough() -> None:
    """The limits themselves: 20 customers with a payment, 10 invoices paid."""
    assert "few_customers" not in names(trading(FEW_CUSTOMERS))
    assert names(trading(2)) == ["few_customers"]
    assert FEW_PAID == 10


def test_a_question_without_an_answer_is_refused_with_the_reason() -> None:
    """The message names what was asked, why it cannot be told, and another way; machines get the findings."""
    with pytest.raises(Refused, match="kaplan_meier: the source holds no settled invoice; take another") as refused:
        trading(30, paid=False).answers().demand("timing", "kaplan_meier", instead="take another")
    assert refused.value.details["findings"][0]["name"] == "nothing_paid"


def test_kpis_of_open_items_say_what_cannot_be_told() -> None:
    """No CEI and no true DSO without a settled invoice; DSO is at most what the open sales say, and no miss."""
    found = kpis(trading(30, paid=False))
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert all(told["kpis"][name] is None for name in COLLECTED)
    assert told["not_available"]["cei"] == "the source holds no settled invoice by 2024-06-30"
    assert found["ar_open"] == 1500.0
    assert found["dso_count_back"] is not None
    assert set(told["at_most"]) == {"dso", "dso_count_back", "best_possible_dso", "add"}
    text = found.summary()
    assert "not available: the source holds no settled invoice" in text
    assert "MISS" not in text
    assert max(map(len, text.splitlines())) <= 80
    path = kpi_path(trading(30, paid=False), ["2024-06-30"])
    assert path[list(COLLECTED)].isna().all(axis=None)


def test_a_bound_below_the_pass_line_passes() -> None:
    """DSO at most 10 where 24 is the line: it passes, whatever the sales that are missing were."""
    rows = [invoice("a", "2024-06-25", "2024-07-09", 1000), invoice("b", "2024-06-26", "2024-07-10", 1000)]
    early = kpis(handmade("2024-06-30", rows), start="2024-06-25", end="2024-06-30")
    assert early.at_most
    assert early.targets()["dso"][1] is True
    late = kpis(handmade("2024-06-30", rows))
    assert late["dso"] == 30.0
    assert late.targets()["dso"][1] is None


def test_figures_that_rest_on_days_nobody_knows_are_not_available() -> None:
    """Most settlements undated: no CEI, no days late; DSO only on the source's own last evening."""
    origin = Origin(settlements=150, undated=150, until=pd.Timestamp("2024-06-30"))
    ledger = replace(trading(30), origin=origin)
    found = kpis(ledger, start="2024-04-01")
    assert all(found[name] is None for name in ("cei", "mean_days_late", "cash_collected"))
    assert found.reasons["cei"] == "150 of 150 settlements have no day in the source"
    assert found["dso"] == 0.0
    assert kpis(ledger, start="2024-04-01", end="2024-05-31")["dso"] is None
    assert ledger.answers().why_not("timing") == "150 of 150 settlements have no day in the source"
    later = replace(ledger, as_of=pd.Timestamp("2024-09-30"))
    assert not kpis(later).reasons


def test_what_was_open_on_an_evening_nobody_knows_is_no_zero() -> None:
    """AR gross and net, the aging and its ties are not available together, in words, JSON and the path."""
    origin = Origin(settlements=150, undated=150, until=pd.Timestamp("2024-06-30"))
    ledger = replace(trading(30), origin=origin)
    found = kpis(ledger, start="2024-04-01", end="2024-05-31")
    assert (found["ar_open"], found["ar_net"], found["percent_current"]) == (None, None, None)
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["ar"] == {"gross_open": None, "unapplied_credit": 0.0, "unapplied_cash": 0.0, "net": None}
    assert {row[name] for row in told["aging"] for name in ("amount", "percent", "invoices")} == {None}
    text = " ".join(found.summary().split())
    assert "gross open not available" in text
    assert "net not available" in text.partition("gross open")[2]
    path = kpi_path(ledger, ["2024-05-31", "2024-06-30"])
    assert path.filter(like="aging_").isna().all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("undated", [0, 1])
def test_a_part_payment_settles_no_invoice(undated: int) -> None:
    """Open items of which one is paid in part: DSO stays a bound without a miss, whether that day is known or not."""
    bare = trading(30, paid=False)
    part = trading(30).payments.iloc[:1].assign(amount=400)
    paid = replace(bare, payments=part, origin=Origin(settlements=undated, undated=undated, until=bare.as_of))
    found = kpis(paid, start="2024-01-01")
    assert set(found.at_most) == {"dso", "dso_count_back", "best_possible_dso", "add"}
    assert "MISS" not in found.summary()
    assert found["cei"] is None
    assert found["ar_open"] == 1500.0 - 4.0
    assert (found["cash_collected"] is None) == bool(undated)


def test_what_the_import_knew_is_in_the_folder(tmp_path: Path) -> None:
    """Undated settlements, due dates from terms: counted at the import, kept in ledger.json, read back, in the hash."""
    (tmp_path / "in.csv").write_text(
        "invoice,customer,issue date,due date,terms,amount,open,paid on\n"
        "A,Rook,2024-01-10,2024-02-09,,100.00,0.00,2024-02-20\n"
        "B,Rook,2024-01-11,,Net 30,100.00,0.00,\n"
        "C,Wren,2024-01-12,2024-02-11,,100.00,40.00,\n"
        "D,Wren,2024-03-01,2024-03-31,,100.00,100.00,\n"
    )
    (tmp_path / "map.toml").write_text(
        '[invoices.columns]\ninvoice_id = "invoice"\ncustomer_id = "customer"\nissue_date = "issue date"\n'
        'due_date = "due date"\nterms = "terms"\namount = "amount"\nopen_amount = "open"\nclear_date = "paid on"\n'
    )
    imported = import_ledger(tmp_path / "in.csv", mapping=tmp_path / "map.toml", as_of="2024-03-31").ledger
    known = Origin(settlements=3, undated=2, due_dates=1, until=pd.Timestamp("2024-03-31"))
    assert imported.origin == known
    folder = imported.write(tmp_path / "L")
    assert json.loads((folder / "ledger.json").read_text())["origin"]["undated"] == 2
    again = read_ledger(folder)
    assert again.origin == known
    assert again.fingerprint == imported.fingerprint != replace(imported, origin=Origin()).fingerprint
    assert again.snapshot("2024-03-01").origin == known
    assert again.answers().why_not("timing") == "2 of 3 settlements have no day in the source"


def test_older_folders_are_read_and_later_ones_refused(tmp_path: Path) -> None:
    """A description without an origin has none; a later format and a broken origin are named."""
    folder = trading(2).write(tmp_path / "L")
    about = json.loads((folder / "ledger.json").read_text())
    assert "origin" not in about
    (folder / "ledger.json").write_text(json.dumps(about | {"format": 1}))
    assert read_ledger(folder).origin == Origin()
    (folder / "ledger.json").write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(BadInput, match=r"ledger.json, format is 99: must be at most \d"):
        read_ledger(folder)
    for broken in ({"undatd": 1}, {"undated": "many"}, 3):
        (folder / "ledger.json").write_text(json.dumps(about | {"origin": broken}))
        with pytest.raises(BadInput, match="cannot be read as a ledger"):
            read_ledger(folder)
