"""A projection of `none` from a snapshot covers what came, on ledgers made apart from the simulator.

`python -m benchmarks.projection` is the same with more ledgers of more kinds, and longer.
"""

import numpy as np
import pandas as pd
import pytest

from benchmarks._made_ledgers import CUT, Truth, made_ledger
from benchmarks._naive_cash import NAIVE, last_eight_weeks, mean_delay, roll_rate, weekly_cash
from benchmarks.projection import FIGURES, Projected, interval, projected
from tests.handmade import handmade, invoice, payment

SIZE = {"customers": 50}
SMALL = {
    "growth": Truth(growth=0.04, **SIZE),
    "jump": Truth(jump=float(np.log(4.0)), rate=0.04, **SIZE),
    "season": Truth(history=820, season=0.4, **SIZE),
    "turnover": Truth(stops=0.6, arrivals=0.6, **SIZE),
    "short payments": Truth(residues=0.1, part_payments=0.2, **SIZE),
}


@pytest.fixture(scope="module")
def projections() -> dict[str, list[Projected]]:
    """Return two projections of each kind of ledger."""
    return {
        name: [projected(made_ledger(truth, seed), CUT, replications=39, seed=seed) for seed in range(2)]
        for name, truth in SMALL.items()
    }


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_covered(projections: dict[str, list[Projected]], figure: str) -> None:
    """Of 10 intervals of 95 % at least 7 hold what came: fewer would in 1 of 1,000 tries at the stated rate."""
    place = FIGURES.index(figure)
    covered = [bool(one.covered[place]) for made in projections.values() for one in made]
    assert sum(covered) >= 7, covered


def test_weeks_are_covered(projections: dict[str, list[Projected]]) -> None:
    """Of 130 intervals of 80 % at least 68 % hold the cash of their week; weeks of one ledger lean on each other."""
    assert np.mean([one.weeks_covered for made in projections.values() for one in made]) > 0.68


def test_weekly_cash_is_nearer_than_naive_forecasts(projections: dict[str, list[Projected]]) -> None:
    """The mean error over all ledgers is below that of each of the four."""
    errors = pd.DataFrame([one.errors for made in projections.values() for one in made]).mean()
    assert errors["projection"] < errors[list(NAIVE)].min()


def test_intervals_hold_the_next_replication_at_their_rate() -> None:
    """Of exchangeable draws the interval of 39 holds the next in 95 %: 3 standard errors of 2,000 tries around it."""
    draws = np.random.default_rng(1).lognormal(size=(40, 2000))
    low, high = interval(draws[:39], 0.95)
    held = ((low <= draws[39]) & (draws[39] <= high)).mean()
    assert abs(held - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 2000)


def test_naive_forecasts_by_hand() -> None:
    """One invoice a week, paid two days late: every forecast knows next weeks' cash."""
    days = pd.date_range("2024-01-01", "2024-12-30", freq="7D")
    due = days + pd.Timedelta(days=21)
    rows = [invoice(f"i{k}", f"{a:%F}", f"{b:%F}", 700) for k, (a, b) in enumerate(zip(days, due, strict=True))]
    paid = [(f"i{k}", b + pd.Timedelta(days=2)) for k, b in enumerate(due) if b + pd.Timedelta(days=2) <= days[-1]]
    known = handmade("2024-12-30", rows, [payment(name, f"{day:%F}", 700) for name, day in paid])
    for forecast in (last_eight_weeks, roll_rate, mean_delay):
        assert np.allclose(forecast(known, 6), 700), forecast.__name__
    assert np.allclose(weekly_cash(known, pd.Timestamp("2024-11-04"), 8), 700)
