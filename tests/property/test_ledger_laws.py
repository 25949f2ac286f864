"""Laws of the ledger and its KPIs, on generated ledgers."""

from dataclasses import replace
from math import isfinite

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import Ledger, kpi_path, kpis
from ledger.kpi.activity import promise_outcomes
from ledger.kpi.aging import BUCKETS
from ledger.table.tables import PAYMENT_KINDS
from tests.strategies import days, ledgers

slow = settings(max_examples=40, deadline=None)


@settings(max_examples=10, deadline=None)
@given(ledgers())
def test_generated_ledgers_are_valid(ledger: Ledger) -> None:
    """What the strategy makes satisfies every schema and law."""
    ledger.validate()


@slow
@given(ledgers(), days)
def test_every_cent_is_accounted_for(ledger: Ledger, on: str) -> None:
    """On any evening, what was issued is what was settled, by kind, plus what is open: per invoice and in total."""
    issued = np.where(ledger.invoices["issue_date"] <= on, ledger.invoices["amount"], 0)
    by_kind = sum((ledger.settled(on, (kind,)) for kind in PAYMENT_KINDS), np.zeros(len(issued), np.int64))
    opened = ledger.open_amount(on)
    assert (opened >= 0).all()
    assert (issued == by_kind + opened).all()
    assert kpis(ledger, end=on)["ar_open"] == pytest.approx((opened * ledger.base_rate).sum() / 100, abs=1e-6)


@slow
@given(ledgers(), days)
def test_beginning_ar_and_flows_give_ending_ar(ledger: Ledger, on: str) -> None:
    """AR before the window, plus sales, less all that was applied within it, is AR at its end."""
    found = kpis(ledger, end=on)
    within = ledger.settled(found.end) - ledger.settled(found.start - pd.Timedelta(days=1))
    applied = (within * ledger.base_rate).sum() / 100
    assert found["beginning_ar"] + found["sales"] - applied == pytest.approx(found["ar_open"], abs=1e-5)


@slow
@given(ledgers(), days)
def test_aging_is_what_counting_by_hand_gives(ledger: Ledger, on: str) -> None:
    """Each open invoice lies in the bucket of its days past due; the buckets add up to AR."""
    evening = pd.Timestamp(on)
    amounts, counts = dict.fromkeys(BUCKETS, 0.0), dict.fromkeys(BUCKETS, 0)
    rows = zip(ledger.open_amount(on), ledger.invoices["due_date"], ledger.base_rate, strict=True)
    for amount, due, rate in rows:
        late = (evening - due).days
        bucket = BUCKETS[int(late > 0) + int(late > 30) + int(late > 60) + int(late > 90)]
        amounts[bucket] += amount * rate / 100
        counts[bucket] += int(amount > 0)
    found = kpis(ledger, end=on)
    assert found.aging["amount"].tolist() == pytest.approx(list(amounts.values()), abs=1e-6)
    assert found.aging["invoices"].tolist() == list(counts.values())


@slow
@given(ledgers(), days)
def test_a_snapshot_says_what_the_whole_ledger_says_of_that_day(ledger: Ledger, on: str) -> None:
    """No look-ahead: forgetting everything after a day changes no figure of that day, to the last digit."""
    assert kpis(ledger.snapshot(on), end=on).to_dict() == kpis(ledger, end=on).to_dict()
    assert ledger.snapshot(on).open_amount().sum() == ledger.open_amount(on).sum()


@slow
@given(ledgers(), days, st.integers(1, 50))
def test_shifting_what_comes_later_changes_nothing(ledger: Ledger, on: str, shift: int) -> None:
    """Had all that is applied or resolved after a day come later still, that day's figures would be the same."""
    later = pd.Timedelta(days=shift)
    payments, disputes = ledger.payments.copy(), ledger.disputes.copy()
    for table, column in ((payments, "applied_date"), (payments, "received_date"), (disputes, "resolved")):
        after = table[column] > on
        table.loc[after, column] = table.loc[after, column] + later
    moved = replace(ledger, as_of=ledger.as_of + later, payments=payments, disputes=disputes)
    assert kpis(moved, end=on).to_dict() == kpis(ledger, end=on).to_dict()
    merged = promise_outcomes(moved, on)
    assert merged.equals(promise_outcomes(ledger, on))


@slow
@given(ledgers(), days, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(ledger: Ledger, on: str, random: object) -> None:
    """Permuting the rows of every table changes no figure, to the last digit."""
    rng = np.random.default_rng(random.randint(0, 2**31))  # type: ignore[attr-defined]
    shuffled = {name: t.iloc[rng.permutation(len(t))].reset_index(drop=True) for name, t in ledger.tables.items()}
    assert kpis(replace(ledger, **shuffled), end=on).to_dict() == kpis(ledger, end=on).to_dict()


@slow
@given(ledgers(), st.lists(days, min_size=1, max_size=5))
def test_the_path_is_the_kpis_of_each_day(ledger: Ledger, on: list[str]) -> None:
    """`kpi_path` gives what `kpis` gives on each day asked for, to the last digit, in the order asked."""
    path = kpi_path(ledger, on)
    assert list(path.index) == [pd.Timestamp(each) for each in on]
    for row, each in zip(path.to_dict("records"), on, strict=True):
        single = kpis(ledger, end=each)
        amounts = {f"aging_{b}": a for b, a in zip(single.aging["bucket"], single.aging["amount"], strict=True)}
        expected = single.to_dict()["kpis"] | amounts
        got = {name: None if np.isnan(row[name]) else row[name] for name in expected}
        assert got == expected


@slow
@given(ledgers(), days)
def test_figures_are_numbers_or_not_available(ledger: Ledger, on: str) -> None:
    """Never NaN or infinite; percents of a whole lie in 0 to 100; without credits taken back no cash CEI > CEI."""
    found = kpis(ledger, end=on).to_dict()["kpis"]
    assert all(value is None or isfinite(value) for value in found.values())
    for name in ("percent_current", "percent_over_91", "promise_kept_percent", "promise_kept_amount_percent"):
        assert found[name] is None or 0 <= found[name] <= 100
    taken_back = ((ledger.payments["amount"] < 0) & (ledger.payments["kind"] != "cash")).any()
    if found["cei"] is not None and not taken_back:
        assert found["cei_cash"] <= found["cei"] + 1e-6
    if found["add"] is not None:
        assert found["add"] == pytest.approx(found["dso"] - found["best_possible_dso"])
