"""Ledgers in which one thing changed between two windows: the detector blames that thing alone."""

from collections.abc import Callable
from itertools import pairwise

import pandas as pd
import pytest

from ledger import BadInput, Ledger, kpis
from ledger.kpi.gaming import FACTORS, Gaming, gaming
from tests.handmade import Row, handmade, invoice, payment

MONTHS = pd.date_range("2023-11-30", periods=20, freq="ME")  # to 30 June 2025
BEFORE, AFTER = ("2024-11-01", "2024-11-30"), ("2025-06-01", "2025-06-30")
CHANGE = pd.Timestamp("2025-01-01")

Settle = Callable[[pd.Timestamp, int], list[tuple[int, float, str]]]


def paying(month: pd.Timestamp, term: int) -> list[tuple[int, float, str]]:
    """Return what everyone does: 60 % after one month, 25 % after two, 10 % after three; the last 5 % after four."""
    return [(1, 0.60, "cash"), (2, 0.25, "cash"), (3, 0.10, "cash"), (4, 0.05, "cash")]


def monthly(
    sales: Callable[[int], int] = lambda k: 10_000_000,
    mix: Callable[[pd.Timestamp], dict[int, float]] = lambda month: {20: 0.5, 60: 0.5},
    settle: Settle = paying,
) -> Ledger:
    """Return a ledger invoiced at month ends, by terms, settled at later month ends."""
    invoices, payments = list[Row](), list[Row]()
    for k, month in enumerate(MONTHS):
        for term, part in mix(month).items():
            name, due = f"i{k}-{term}", month + pd.Timedelta(days=term)
            amount = round(sales(k) * part)
            invoices.append(invoice(name, f"{month:%Y-%m-%d}", f"{due:%Y-%m-%d}", amount))
            for step, share, kind in settle(month, term):
                if k + step < len(MONTHS):
                    payments.append(payment(name, f"{MONTHS[k + step]:%Y-%m-%d}", round(share * amount), kind))
    return handmade("2025-06-30", invoices, payments)


def blamed(found: Gaming) -> list[str]:
    """Return the factors whose part in either figure is not nothing."""
    return [factor for factor in FACTORS if found.parts.loc[factor].abs().max() > 1e-6]


def sooner(month: pd.Timestamp, term: int) -> list[tuple[int, float, str]]:
    """Return payments that come sooner for invoices of the new year."""
    return paying(month, term) if month < CHANGE else [(1, 0.85, "cash"), (2, 0.15, "cash")]


def written_off(month: pd.Timestamp, term: int) -> list[tuple[int, float, str]]:
    """Return the same cash after one, two and three months, but what is left then is written off sooner."""
    late = (2, 0.05, "write_off") if month >= CHANGE else (4, 0.05, "write_off")
    return [(1, 0.60, "cash"), (2, 0.25, "cash"), (3, 0.10, "cash"), late]


@pytest.mark.parametrize(
    ("ledger", "factor", "sign"),
    [
        (monthly(sales=lambda k: round(10_000_000 * 1.1 ** max(k - 13, 0))), "sales trend", -1),
        (monthly(mix=lambda m: {20: 0.5, 60: 0.5} if m < CHANGE else {20: 0.2, 60: 0.8}), "terms mix", 0),
        (monthly(mix=lambda m: {20: 1.0} if m < CHANGE else {90: 1.0}), "terms mix", 0),
        (monthly(settle=written_off), "write-offs and credits", -1),
        (monthly(settle=sooner), "customers", -1),
    ],
    ids=["sales grow", "terms lengthen", "terms are new", "written off sooner", "customers pay sooner"],
)
def test_only_what_changed_is_blamed(ledger: Ledger, factor: str, sign: int) -> None:
    """All of the change of DSO and CEI is the part of the one thing that differs between the windows."""
    found = gaming(ledger, BEFORE, AFTER)
    assert blamed(found) == [factor]
    assert found.parts.loc[factor, "dso"] == pytest.approx(found.figures.loc["dso", "change"])
    assert found.parts.loc[factor, "dso"] * sign >= 0


def test_longer_terms_are_seen_in_cei_though_dso_is_unmoved() -> None:
    """When 60-day terms replace 20-day ones and all pay alike, more of AR is current: CEI changes, DSO does not."""
    found = gaming(monthly(mix=lambda m: {20: 0.5, 60: 0.5} if m < CHANGE else {20: 0.2, 60: 0.8}), BEFORE, AFTER)
    assert found.figures.loc["dso", "change"] == pytest.approx(0.0, abs=1e-9)
    assert found.parts.loc["terms mix", "cei"] > 1.0


def test_nothing_changed() -> None:
    """Two windows alike: no part, whatever the months' lengths before them."""
    assert blamed(gaming(monthly(), BEFORE, AFTER)) == []


def test_the_parts_add_up_and_the_figures_are_the_kpis() -> None:
    """With everything changed at once the parts add up to the change, and the ends are what `kpis` says."""
    ledger = monthly(
        sales=lambda k: 10_000_000 + 700_000 * ((k * 7) % 5),
        mix=lambda m: {20: 0.5, 60: 0.5} if m < CHANGE else {20: 0.3, 45: 0.3, 60: 0.4},
        settle=lambda m, term: written_off(m, term) if m.month % 2 else sooner(m, term),
    )
    for before, after in pairwise([BEFORE, ("2025-01-01", "2025-03-31"), AFTER]):
        found = gaming(ledger, before, after)
        assert found.parts.sum().tolist() == pytest.approx(found.figures["change"].tolist(), abs=1e-9)
        for window, name in ((before, "before"), (after, "after")):
            single = kpis(ledger, start=window[0], end=window[1])
            for figure in ("dso", "cei"):
                assert found.figures.loc[figure, name] == pytest.approx(single[figure])
    assert "customers" in found.summary()
    assert max(map(len, found.summary().splitlines())) <= 80


def test_windows_without_sales_or_beyond_the_ledger() -> None:
    """Both are refused, naming the window."""
    with pytest.raises(BadInput, match="after"):
        gaming(monthly(), BEFORE, ("2025-07-01", "2025-07-31"))
    with pytest.raises(BadInput, match=r"before.*must contain an invoice"):
        gaming(monthly(), ("2020-01-01", "2020-01-31"), AFTER)
