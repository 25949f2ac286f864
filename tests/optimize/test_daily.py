"""One day's plan: within everybody's minutes and skills, near the best there is, and the same for the same morning."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.in_simulator.planner import Daily, DayPlan
from sim.planners import Outlook, Prospects, WorkList


def morning(
    seed: int, accounts: int, people: int, blocks: int = 4, minutes: float = 75.0, *, noise: int = 0
) -> WorkList:
    """Return accounts of very different worth, in three languages; `noise` changes what each is worth a little."""
    rng = np.random.default_rng(seed)
    worth = rng.lognormal(6, 1.2, accounts) * rng.uniform(0.02, 0.4, accounts)
    if noise:
        worth *= np.exp(0.15 * np.random.default_rng(noise).normal(size=accounts))
    hours = np.array([[1.1, 0.8, 1.0, 1.05, 0.9], [0.9, 1.2, 1.1, 0.9, 1.0], [0.0, 1.1, 1.2, 1.1, 0.9]])[:, :blocks]
    reach = 0.4 * hours[rng.integers(0, 3, accounts)] * np.exp(0.2 * rng.normal(size=accounts))[:, None]
    k = np.arange(people)
    return WorkList(
        day=1,
        entity=rng.permutation(accounts).astype(np.uint64) + np.uint64(1),
        key=np.uint64(1),
        balance=np.ones(accounts, np.int64),
        days_past_due=np.zeros(accounts, np.int32),
        at_risk=np.ones(accounts),
        needs=rng.choice([2, 4, 8], accounts, p=[0.8, 0.1, 0.1]).astype(np.uint64) | (rng.random(accounts) < 0.5),
        reach=reach,
        minutes=1.7 + 10.3 * reach,
        can=((k % 2 == 0) + 2 + 4 * (k % 3 == 0) + 8 * (k % 4 == 0)).astype(np.uint64),
        capacity=np.full((people, blocks), minutes),
        prospects=Prospects(
            uplift=worth,
            later=worth[:, None] * np.array([0.8, 0.6, 0.35]),
            still_open=np.tile([0.85, 0.7, 0.5], (accounts, 1)),
            spent=np.full(accounts, 0.4),
        ),
    )


def planner() -> Daily:
    """Return the planner of a new run."""
    return Daily(outlook=Outlook()).begin()


def turned(work: WorkList, order: np.ndarray[Any, Any]) -> WorkList:
    """Return the same morning with its accounts in another order."""
    each = ("entity", "balance", "days_past_due", "at_risk", "needs", "reach", "minutes")
    found = work.prospects
    assert found is not None
    parts = {name: getattr(found, name)[order] for name in ("uplift", "later", "still_open", "spent")}
    return replace(work, prospects=Prospects(**parts), **{name: getattr(work, name)[order] for name in each})


def check(work: WorkList, plan: DayPlan) -> None:
    """Assert that every account is called at most once, by somebody able, and that all minutes hold."""
    left = work.capacity.copy()
    for a in np.flatnonzero(plan.specialist >= 0):
        s, b = plan.specialist[a], plan.block[a]
        assert work.can[s] & work.needs[a] == work.needs[a]
        assert work.reach[a, b] > 0
        left[s, b] -= work.minutes[a, b]
    assert (left >= -1e-9).all()
    assert ((plan.specialist < 0) == (plan.block < 0)).all()
    assert ((plan.specialist < 0) == (plan.place < 0)).all()
    assert plan.value <= plan.bound


@given(seed=st.integers(0, 10**6), accounts=st.integers(0, 60), people=st.integers(0, 5))
@settings(max_examples=15, deadline=None)
def test_every_plan_holds_and_is_the_same_for_the_same_morning(seed: int, accounts: int, people: int) -> None:
    """Two mornings with remembered prices; once more, and with the rows turned round."""
    first, second = morning(seed, accounts, people), morning(seed, accounts, people, noise=1)
    one, other, mixed = planner(), planner(), planner()
    order = np.random.default_rng(seed).permutation(accounts)
    for work in (first, second):
        plan, again, rows = one.plan(work), other.plan(work), mixed.plan(turned(work, order))
        check(work, plan)
        for name in ("specialist", "block", "place"):
            assert (getattr(plan, name) == getattr(again, name)).all()
        assert rows.value == pytest.approx(plan.value, rel=1e-9)
        assert (rows.specialist == plan.specialist[order]).all()
        assert (rows.block == plan.block[order]).all()


def worth(work: WorkList) -> np.ndarray[Any, Any]:
    """Return what a call is worth where waiting is worth nothing."""
    assert work.prospects is not None
    return work.reach * work.prospects.uplift[:, None]


@pytest.mark.parametrize("seed", range(8))
def test_a_tiny_day_is_planned_as_well_as_by_trying_everything(seed: int) -> None:
    """Five accounts, two specialists, two blocks, time for about four: all 5 ^ 5 plans."""
    work = morning(seed, 5, 2, 2, minutes=8.0)
    assert work.prospects is not None
    work = replace(work, prospects=replace(work.prospects, later=np.zeros((5, 3))))
    value, places = worth(work), [(-1, -1), *product(range(2), range(2))]
    able = (work.can[None, :] & work.needs[:, None]) == work.needs[:, None]
    best = 0.0
    for choice in product(range(len(places)), repeat=5):
        left, total = work.capacity.copy(), 0.0
        for a, k in enumerate(choice):
            s, b = places[k]
            if k and (not able[a, s] or value[a, b] <= 0):
                total = -np.inf
            elif k:
                left[s, b] -= work.minutes[a, b]
                total += value[a, b]
        if (left >= 0).all():
            best = max(best, total)
    plan = planner().plan(work)
    check(work, plan)
    assert plan.value == pytest.approx(best, rel=1e-12)
    assert plan.bound >= best


@pytest.mark.parametrize(("people", "blocks"), [(6, 4), (6, 5), (20, 4)])
def test_a_day_of_ten_thousand_accounts_is_planned_within_a_percent(people: int, blocks: int) -> None:
    """Warm: the second morning starts from the prices of the first."""
    kept = planner()
    kept.plan(morning(3, 10_000, people, blocks, 300 / blocks))
    work = morning(3, 10_000, people, blocks, 300 / blocks, noise=2)
    plan = kept.plan(work)
    check(work, plan)
    assert 0 <= plan.gap <= 0.0075


def test_prices_are_what_another_minute_brings() -> None:
    """Ten more minutes in one place bring about ten times its price, and nothing where everybody can be called."""
    work = morning(5, 2000, 4)
    assert work.prospects is not None
    work = replace(work, prospects=replace(work.prospects, spent=np.zeros(2000)))  # or a price would change what waits
    plan = planner().plan(work)
    more = work.capacity.copy()
    more[0, 1] += 10
    larger = planner().plan(replace(work, capacity=more))
    assert larger.bound - plan.bound == pytest.approx(10 * plan.prices[0, 1], rel=0.1)
    ample = planner().plan(morning(5, 20, 4))
    assert ample.prices == pytest.approx(0, abs=1e-6)


def test_who_can_be_called_later_as_well_gives_way_to_who_cannot() -> None:
    """Two accounts of equal uplift, time for one: the one whose later talk would bring nothing."""
    work = morning(0, 2, 1, 1, minutes=7.0)
    talks = Prospects(
        uplift=np.array([100.0, 100.0]),
        later=np.array([[95.0], [0.0]]),
        still_open=np.array([[0.5], [1.0]]),
        spent=np.array([0.5, 0.5]),
    )
    work = replace(
        work, needs=np.zeros(2, np.uint64), reach=np.full((2, 1), 0.4), minutes=np.full((2, 1), 5.0), prospects=talks
    )
    plan = planner().plan(work)
    assert plan.specialist.tolist() == [-1, 0]


def test_a_run_starts_without_anybody_elses_prices() -> None:
    """`begin` forgets; a planner without prospects says so."""
    used = planner()
    used.plan(morning(1, 50, 2))
    assert used.prices is not None
    assert used.begin().prices is None
    with pytest.raises(ValueError, match="without prospects"):
        planner().plan(replace(morning(1, 50, 2), prospects=None))
