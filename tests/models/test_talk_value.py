"""What a talk is worth: the compiled rules beside plain ones, and cases that are known by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.history.write_offs import WriteOffs
from models.planning.protocol import Outlook, Prospects
from models.planning.talk_value import EVER, Grid
from models.planning.talk_value_kernels import gain, reckon
from models.planning.waiting import given_up, talk_price

NOBODY = WriteOffs(age=np.empty(0, np.int64), cumulative=np.empty(0), seen=0, followed=999)


def reckoned(grid: Grid, late: int) -> np.ndarray[Any, Any]:
    """Return what cash is worth between and on the grid's days, and the chance of standing."""
    out = np.empty((3, len(grid.days)))
    reckon(grid, late, out)
    return out


def plain_gain(without: Any, helped: Any, at: int, won: float, promised: int, worth: Any) -> float:
    """Return the same as `gain`, by whole columns."""
    after = np.arange(at + 1, len(without))
    path = np.append(without[at], helped[after])
    never = worth[0, after] * (without[after - 1] - without[after])
    talked = worth[0, after] * (path[:-1] - path[1:])
    brought = talked.sum() - never.sum()
    if promised >= len(without):
        return float(brought)
    until = after <= promised
    kept = talked[until].sum() + worth[1, promised] * helped[promised] - never.sum()
    return float((1 - won) * brought + won * kept)


@given(seed=st.integers(0, 10**6), size=st.integers(2, 30), data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_compiled_gain_is_the_plain_one(seed: int, size: int, data: st.DataObject) -> None:
    """Any falling chances, any talk and any promised day after it."""
    rng = np.random.default_rng(seed)
    without = np.exp(-np.cumsum(rng.exponential(0.2, size)))
    helped = without * np.exp(-np.cumsum(rng.exponential(0.1, size)))
    worth = rng.uniform(0.2, 1.0, (3, size))
    at = data.draw(st.integers(0, size - 2))
    promised = data.draw(st.integers(at + 1, size + 2))
    won = float(rng.random())
    assert gain(without, helped, at, won, promised, worth) == pytest.approx(
        plain_gain(without, helped, at, won, promised, worth), abs=1e-12
    )


@given(
    ages=st.lists(st.integers(1, 120), min_size=1, max_size=4, unique=True).map(sorted),
    late=st.integers(-40, 150),
    rate=st.sampled_from([0.0, 0.1, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_cash_is_worth_its_interest_and_the_chance_of_standing(ages: list[int], late: int, rate: float) -> None:
    """Day by day: (1 + rate)^(−t/365) times what the house's write-offs leave; an independent rule gives the latter."""
    law = WriteOffs(age=np.array(ages), cumulative=np.cumsum(np.full(len(ages), 0.7)), seen=9, followed=400)
    outlook = Outlook(horizon=40, discount=rate)
    grid = Grid.of(np.arange(41), outlook, law.standing(np.arange(ages[-1] + 1)))
    days = np.arange(1, 41)
    left = law.left(np.array([late - 1]), days + 1)[0]
    found = reckoned(grid, late)
    assert found[0, 1:] == pytest.approx(left * (1 + rate) ** (-days / 365))
    assert found[1, 1:] == pytest.approx(left * (1 + rate) ** (-days / 365))
    assert found[2, 1:] == pytest.approx(left)


def test_cash_after_the_horizon_counts_by_its_share_to_the_end_of_life() -> None:
    """Of one unit paid at a flat hazard: what comes by the horizon, and half of what comes by 3,650 days."""
    hazard, parts = 0.01, {}
    for later in (0.0, 0.5, 1.0):
        grid = Grid.of(
            np.arange(61), Outlook(horizon=60, discount=0.0, later_cash=later), NOBODY.standing(np.arange(1))
        )
        unpaid = np.exp(-hazard * grid.days)
        parts[later] = (reckoned(grid, 5)[0, 1:] * (unpaid[:-1] - unpaid[1:])).sum()
        assert grid.days[-1] == (60 if later == 0 else EVER)
    by_then, ever = -np.expm1(-hazard * 60), -np.expm1(-hazard * EVER)
    assert parts == pytest.approx({0.0: by_then, 0.5: (by_then + ever) / 2, 1.0: ever})


def test_a_talk_gives_up_the_later_one_that_is_worth_its_price() -> None:
    """By hand: 80 − .5 · 20 = 70, of which half is used up; at a price of 200 nobody would call later."""
    talks = Prospects(
        uplift=np.array([100.0, 100.0, 100.0]),
        later=np.full((3, 1), 80.0),
        still_open=np.full((3, 1), 0.5),
        spent=np.full(3, 0.5),
    )
    assert given_up(talks, np.array([20.0, 200.0, np.inf])).tolist() == [35.0, 0.0, 0.0]
    reach, minutes = np.array([[0.4, 0.2], [0.4, 0.0]]), np.array([[8.0, 4.0], [8.0, 4.0]])
    assert talk_price(np.array([[2.0, 1.0], [np.inf, 1.0]]), reach, minutes).tolist() == [20.0, np.inf]


def test_the_best_of_several_later_talks_counts_and_those_after_it() -> None:
    """By hand, backwards: 40 − 10 = 30; 60 − 10 + (1 − .3) · 30 = 71, and .3 of it is given up."""
    talks = Prospects(
        uplift=np.array([100.0]),
        later=np.array([[60.0, 40.0]]),
        still_open=np.array([[1.0, 1.0]]),
        spent=np.array([0.3]),
    )
    assert given_up(talks, np.array([10.0])) == pytest.approx([0.3 * 71])
