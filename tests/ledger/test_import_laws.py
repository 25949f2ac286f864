"""Laws of the import: totals add up, the order of rows does not matter, what comes out is a valid ledger."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ledger import BadInput
from ledger.importing import import_ledger
from ledger.importing.rows.settling import Credits, Debits, settle

LAWS = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HEADER = "invoice_id,customer_id,issue_date,due_date,amount,currency,clear_date,applies_to\n"
GOOD = "ok,C1,2024-01-25,2024-02-25,1.00,EUR,,\n"

ids = st.sampled_from(["A", "B", "C", "D", "E", "F", ""])
days = st.sampled_from(
    ["2024-01-05", "2024-01-31", "2024-02-10", "25.01.2024", "45330", "1900-01-01", "2200-01-01", "soon", ""]
)
cleared = st.sampled_from(["", "", "2024-02-12", "2024-03-01", "2023-12-24", "paid"])
amounts = st.one_of(
    st.integers(-50_000, 200_000).map(lambda cents: f"{cents / 100:.2f}"),
    st.sampled_from(["(12.50)", "7.25-", "1,234.56", "abc", "", "0.005", "$ 5.00", "--1"]),
)
line = st.tuples(ids, ids, days, days, amounts, st.sampled_from(["EUR", "EUR", "USD", "XXX", ""]), cleared, ids)
table = st.lists(line, min_size=1, max_size=25)
readable = {
    "(12.50)": "-12.50",
    "7.25-": "-7.25",
    "1,234.56": "1234.56",
    "$ 5.00": "5",
    "abc": None,
    "": None,
    "--1": None,
}


def value(text: str) -> Decimal | None:
    """Return the amount that a text means."""
    meant = readable.get(text, text)
    return None if meant is None else Decimal(meant)


def load(folder: Path, lines: list[tuple[str, ...]], payments: list[tuple[str, ...]] = ()):
    """Import lines as files."""
    quoted = [",".join(f'"{cell}"' for cell in cells) for cells in lines]
    (folder / "invoices.csv").write_text(HEADER + GOOD + "\n".join(quoted) + "\n")
    (folder / "rates.csv").write_text("currency,rate\nUSD,0.9\n")
    (folder / "payments.csv").unlink(missing_ok=True)
    if payments:
        texts = ["payment_id,invoice_id,customer_id,date,amount", "ok,,C1,2024-02-01,1.00"]
        (folder / "payments.csv").write_text(
            "\n".join([*texts, *(",".join(f'"{cell}"' for cell in p) for p in payments)]) + "\n"
        )
    for name in ("invoices.csv", "payments.csv"):
        (folder / "in").mkdir(exist_ok=True)
        if (folder / name).exists():
            (folder / name).replace(folder / "in" / name)
        else:
            (folder / "in" / name).unlink(missing_ok=True)
    return import_ledger(folder / "in", rates=folder / "rates.csv", base_currency="EUR", as_of="2024-03-31")


payment = st.tuples(st.sampled_from(["P1", "P2", "P3", ""]), ids, ids, days, amounts)


@LAWS
@given(lines=table, payments=st.lists(payment, max_size=12))
def test_totals_add_up_for_any_mix_of_good_and_bad_rows(tmp_path, lines, payments):
    """Rows and amounts, imported and rejected, make the input; the ledger is valid and loses no cent."""
    imported = load(tmp_path, lines, payments)
    expected = [value(cells[4]) for cells in lines]
    paid = [value(cells[4]) for cells in payments]
    blank = sum(not any(cells) for cells in [*lines, *payments])
    assert imported.imported + imported.rejected == 1 + len(lines) + (1 + len(payments) if payments else 0) - blank
    total = sum((amount for amount in [*expected, *paid] if amount is not None), Decimal(1 + bool(payments)))
    assert imported.amount_imported + imported.amount_rejected == total
    assert sum(imported.rejects["amount"].dropna(), Decimal(0)) == imported.amount_rejected
    unreadable = sum(amount is None for amount in [*expected, *paid]) - blank
    assert imported.amount_unreadable == unreadable
    ledger = imported.ledger.validate()
    assert ledger.payments["payment_id"].is_unique
    applied = ledger.payments[ledger.payments["invoice_id"].notna()]["amount"].sum()
    assert ledger.invoices["amount"].sum() == applied + ledger.open_amount().sum()


@LAWS
@given(lines=table, payments=st.lists(payment, max_size=12), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(tmp_path, lines, payments, seed):
    """The same ledger and the same rules, or a refusal, whatever the order; but where customers are carried down."""
    shuffle = np.random.default_rng(seed).permutation
    orders = (lines, payments), ([lines[k] for k in shuffle(len(lines))], [payments[k] for k in shuffle(len(payments))])
    found = []
    for rows in orders:
        try:
            found.append(load(tmp_path, *rows))
        except BadInput:
            found.append(None)
    first, again = found
    assert (first is None) == (again is None)
    if first is None or again is None:
        return
    assume(not any("what stands above" in said for said in (*first.warnings, *again.warnings)))
    assert first.ledger.fingerprint == again.ledger.fingerprint
    assert sorted(first.rejects["rule"]) == sorted(again.rejects["rule"])
    assert (first.amount_imported, first.amount_rejected) == (again.amount_imported, again.amount_rejected)


@LAWS
@given(
    lines=table,
    day=st.dates(min_value=date(2024, 1, 1), max_value=date(2024, 3, 31)),
)
def test_nothing_later_than_as_of_is_in_the_ledger(tmp_path, lines, day):
    """No look-ahead; what is open then agrees with the snapshot of the ledger that knows more."""
    try:
        load(tmp_path, lines)
        early = import_ledger(tmp_path / "in", rates=tmp_path / "rates.csv", base_currency="EUR", as_of=day)
    except BadInput:
        return  # nothing had happened by then
    ledger = early.ledger
    assert (ledger.invoices["issue_date"] <= ledger.as_of).all()
    assert (ledger.payments["received_date"] <= ledger.as_of).all()
    assert not (ledger.payments["applied_date"] > ledger.as_of).any()


@LAWS
@given(data=st.data())
def test_settling_is_conservative(data):
    """No invoice beyond its amount, no credit beyond its own; what a clearing balances is settled without cash."""
    n, m = data.draw(st.integers(1, 8)), data.draw(st.integers(0, 8))

    def integers(size: int, low: int, high: int):
        return np.array(data.draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), np.int64)

    def day(size: int):
        return np.datetime64("2024-01-01") + integers(size, 0, 9).astype("timedelta64[D]")

    amount, credit = integers(n, 1, 100), integers(m, 1, 100)
    settled = np.minimum(amount, integers(n, 0, 100))
    debits = Debits(
        amount=amount,
        settled=settled,
        cash=settled,
        cap=amount,
        issued=day(n),
        due=day(n),
        cleared=day(n),
        line=np.sort(integers(n, 0, n - 1)),
        group=integers(n, -1, 2),
        owner=integers(n, 0, 1),
        tie=np.arange(n),
    )
    never = np.full(m, "NaT", "datetime64[D]")
    credits_ = Credits(
        amount=credit,
        received=day(m),
        applied=never,
        line=integers(m, -1, n - 1),
        also=(integers(m, -1, n - 1),),
        against=np.full(m, -1),
        group=integers(m, -1, 2),
        owner=integers(m, -1, 1),
        cash=integers(m, 0, 1) > 0,
        tie=np.arange(m),
    )
    pieces, left = settle(debits, credits_)
    assert (pieces.amount > 0).all()
    onto, used = np.zeros(n, np.int64), np.zeros(m, np.int64)
    np.add.at(onto, pieces.invoice, pieces.amount)
    by_credit = pieces.credit >= 0
    np.add.at(used, pieces.credit[by_credit], pieces.amount[by_credit])
    assert (used + left == credit).all()
    assert (left >= 0).all()
    assert (onto <= amount).all()
    assert (onto >= settled).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_large_clearing_is_split_exactly(seed):
    """A thousand invoices and credits that balance leave nothing."""
    rng = np.random.default_rng(seed)
    amount = rng.integers(1, 10**9, 1000)
    cuts = np.sort(rng.choice(amount.sum() - 1, 299, replace=False)) + 1
    credit = np.diff(np.concatenate([[0], cuts, [amount.sum()]]))

    def day(size: int):
        return np.full(size, "2024-01-01", "datetime64[D]")

    debits = Debits(
        amount=amount,
        settled=amount,
        cash=amount,
        cap=amount,
        issued=day(1000),
        due=day(1000),
        cleared=day(1000),
        line=np.arange(1000),
        group=np.zeros(1000, int),
        owner=np.zeros(1000, int),
        tie=np.arange(1000),
    )
    credits_ = Credits(
        amount=credit,
        received=day(300),
        applied=day(300),
        line=np.full(300, -1),
        also=(),
        against=np.full(300, -1),
        group=np.zeros(300, int),
        owner=np.full(300, -1),
        cash=np.ones(300, bool),
        tie=np.arange(300),
    )
    pieces, left = settle(debits, credits_)
    assert not left.any()
    assert (pieces.credit >= 0).all()
    assert pieces.amount.sum() == amount.sum()
