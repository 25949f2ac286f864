"""The embedded portfolios: calibrated to published medians, and equal to what generates them."""

from functools import cache
from statistics import mean

import numpy as np
import pandas as pd
import pytest

from ledger import kpis, read_ledger
from sim import embedded, simulate, synthetic
from sim.portfolios.presets import FOLDER, preset

REPLICATIONS, DAYS = 3, 90
# US medians of normal quarters: low and high of the calibration targets in the parameter table
PUBLISHED = {
    "dso": (31, 47),
    "best_possible_dso": (28, 36),
    "cei": (81.5, 90),
    "percent_current": (84.6, 92),
    "percent_over_91": (0.3, 1.24),
}
BETTER_IS_HIGHER = {"cei", "percent_current"}


@cache
def figures(name: str) -> dict[str, float]:
    """Return the mean KPIs of the last two months of a few replications under `friendly`, one per 400 accounts."""
    portfolio = embedded(name)
    months = []
    for k in range(REPLICATIONS):
        ledger = simulate(portfolio, "friendly", days=DAYS, specialists=2, replication=k).ledger
        months += [kpis(ledger, end=ledger.as_of - pd.Timedelta(days=back)) for back in (0, 31)]
    return {kpi: mean(month[kpi] for month in months) for kpi in PUBLISHED}


@pytest.mark.parametrize("kpi", sorted(PUBLISHED))
def test_friendly_lands_within_the_published_range(kpi: str) -> None:
    """Fixed seeds; the normal portfolio's mean lies inside the range, not only near it."""
    low, high = PUBLISHED[kpi]
    assert low <= figures("normal")[kpi] <= high


@pytest.mark.parametrize("kpi", sorted(PUBLISHED))
def test_stress_is_worse(kpi: str) -> None:
    """In every figure."""
    difference = figures("stress")[kpi] - figures("normal")[kpi]
    assert difference < 0 if kpi in BETTER_IS_HIGHER else difference > 0


@pytest.mark.parametrize("name", ["normal", "stress"])
def test_the_shipped_ledger_is_what_its_preset_generates(name: str) -> None:
    """Fingerprints of the Parquet folder and of a fresh generation are equal."""
    fresh = synthetic(name, history_days=preset(name).history_days).ledger
    shipped = read_ledger(FOLDER / name)
    assert shipped.fingerprint == fresh.fingerprint
    assert shipped.as_of == pd.Timestamp(preset(name).as_of)


def test_the_embedded_portfolio_goes_on_as_its_history_did() -> None:
    """Simulated customers are those who made the history: the order rate of the run is that of the year before."""
    portfolio = embedded()
    assert portfolio.customers == 800
    expected = portfolio.behaviour.order_rate.sum() * 251 / 365
    history = portfolio.ledger.invoices["issue_date"]
    before = (history > portfolio.start - pd.Timedelta(days=365)).sum() / 365
    assert abs(before - expected) < 4.5 * np.sqrt(expected / 365)  # Poisson; 1 in 100,000 seeds would miss


def test_a_larger_portfolio_contains_the_smaller_ones_customers() -> None:
    """Customers are drawn one by one: their segment, terms, behaviour."""
    small, large = (synthetic(customers=count, seed=3) for count in (30, 45))
    pd.testing.assert_frame_equal(small.ledger.customers, large.ledger.customers.iloc[:30])
    for name in ("kind", "frailty", "order_rate", "reach", "keeps", "payment_weekdays"):
        assert (getattr(small.behaviour, name) == getattr(large.behaviour, name)[:30]).all()
