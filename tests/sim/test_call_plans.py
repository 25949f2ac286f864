"""Planners: who is called first, by whom, and in which part of the day."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import BadInput
from sim import PLANNERS, Plan, Prospects, Step, Strategy, WorkList, simulate
from sim.planners import planner
from sim.planners.greedy import fill
from sim.world.keyed import Purpose, key
from sim.world.keyed_kernels import uniforms
from tests.handmade import invoice
from tests.portfolios import flat, portfolio


def work(count: int, **changes: Any) -> WorkList:
    """Return accounts alike, for one specialist with 60 minutes in each of two blocks; a call takes 20."""
    values: dict[str, Any] = {
        "day": 3,
        "entity": np.arange(1, count + 1).astype(np.uint64),
        "key": key(0, 0, Purpose.PLANNER),
        "balance": np.full(count, 100, np.int64),
        "days_past_due": np.full(count, 10, np.int32),
        "at_risk": np.full(count, 50.0),
        "needs": np.zeros(count, np.uint64),
        "reach": np.tile([0.4, 0.3], (count, 1)),
        "minutes": np.full((count, 2), 20.0),
        "can": np.array([1], np.uint64),
        "capacity": np.array([[60.0, 60.0]]),
        "prospects": Prospects(
            uplift=np.full(count, 10.0),
            later=np.full((count, 1), 8.0),
            still_open=np.full((count, 1), 0.5),
            spent=np.full(count, 0.4),
        ),
    }
    return WorkList(**(values | changes))


def order(name: str, list_: WorkList) -> list[int]:
    """Return the accounts in the order in which the planner ranks them."""
    plan = planner(name).plan(list_)
    chosen = np.flatnonzero(plan.specialist >= 0)
    return chosen[np.argsort(plan.place[chosen])].tolist()


TINY = {
    "balance": np.array([500, 100, 900, 200]),
    "days_past_due": np.array([20, 90, 5, 60], np.int32),
    "at_risk": np.array([10.0, 80.0, 30.0, 20.0]),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("oldest_first", [1, 3, 0, 2]), ("largest_first", [2, 0, 3, 1]), ("risk_weighted", [1, 2, 3, 0])],
)
def test_each_rule_ranks_by_its_own_number(name: str, expected: list[int]) -> None:
    """Four accounts, time for all."""
    assert order(name, work(4, **TINY)) == expected


def test_random_ranks_by_the_days_own_draw() -> None:
    """Descending in the keyed uniform of the day: another day, another order; the same day, the same."""
    today, tomorrow = work(6), work(6, day=4)
    draws = uniforms(today.key, today.entity, 3)
    assert order("random", today) == np.argsort(-draws).tolist() == order("random", work(6))
    assert order("random", today) != order("random", tomorrow)


@pytest.mark.parametrize("name", PLANNERS)
def test_only_the_first_are_called_when_time_is_short(name: str) -> None:
    """Time for one call: the one that the rule ranks first."""
    list_ = work(4, **TINY)
    short = work(4, **TINY, capacity=np.array([[25.0, 0.0]]))
    assert order(name, short) == order(name, list_)[:1]


@pytest.mark.parametrize("name", PLANNERS)
def test_ties_go_by_identity_not_by_row(name: str) -> None:
    """Turning the rows round turns the plan round."""
    rng = np.random.default_rng(0)
    reach = rng.random((8, 2))
    one = planner(name).plan(work(8, reach=reach))
    turned = planner(name).plan(work(8, reach=reach[::-1], entity=np.arange(8, 0, -1).astype(np.uint64)))
    assert (one.block == turned.block[::-1]).all()
    assert (one.specialist == turned.specialist[::-1]).all()


def test_the_best_block_is_taken_while_it_has_room() -> None:
    """Three calls fit the better block, three the other, none is left for the seventh."""
    plan = fill(np.arange(7), work(7))
    assert plan.block.tolist() == [0, 0, 0, 1, 1, 1, -1]
    assert plan.specialist.tolist() == [0] * 6 + [-1]


def test_calls_go_to_the_least_loaded_who_can() -> None:
    """Two of three speak the language (bit 2); they share the calls."""
    desk = {"can": np.array([1, 3, 2], np.uint64), "capacity": np.full((3, 2), 60.0)}
    plan = fill(np.arange(4), work(4, needs=np.full(4, 2, np.uint64), **desk))
    assert plan.specialist.tolist() == [1, 2, 1, 2]


def test_nobody_is_called_who_cannot_be_reached_or_whom_nobody_can_call() -> None:
    """A chance of nought in every block, or a need that nobody meets."""
    reach = np.array([[0.0, 0.0], [0.0, 0.2], [0.3, 0.2]])
    plan = fill(np.arange(3), work(3, reach=reach, needs=np.array([0, 0, 8], np.uint64)))
    assert plan.block.tolist() == [-1, 1, -1]


@pytest.mark.parametrize("name", PLANNERS)
def test_an_empty_morning_has_an_empty_plan(name: str) -> None:
    """No accounts, or no specialists."""
    assert not len(planner(name).plan(work(0)).specialist)
    nobody = work(3, can=np.zeros(0, np.uint64), capacity=np.zeros((0, 2)))
    assert (planner(name).plan(nobody).specialist == -1).all()


def test_an_unknown_planner_is_named() -> None:
    """With the value given."""
    with pytest.raises(BadInput, match="bogus") as error:
        simulate(portfolio(1, flat(0.1)), "none", days=1, planner="bogus")
    assert error.value.field == "planner"
    assert error.value.value == "bogus"


@st.composite
def mornings(draw: st.DrawFn) -> WorkList:
    """Return a morning with up to 40 accounts, 5 specialists and 4 blocks."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    count, people = draw(st.integers(0, 40)), draw(st.integers(0, 5))
    return work(
        count,
        reach=rng.random((count, 4)) * (rng.random((count, 4)) < 0.8),
        minutes=rng.uniform(2, 20, (count, 4)),
        needs=rng.integers(0, 4, count).astype(np.uint64),
        can=rng.integers(0, 4, people).astype(np.uint64),
        capacity=rng.uniform(0, draw(st.sampled_from([20.0, 75.0, 300.0])), (people, 4)),
        balance=rng.integers(1, 1000, count),
    )


@given(list_=mornings(), name=st.sampled_from(PLANNERS))
@settings(max_examples=150, deadline=None)
def test_plans_respect_minutes_and_skills_and_leave_nothing_that_fits(list_: WorkList, name: str) -> None:
    """Minutes of every specialist and block hold, who calls is able, nobody is left out who would still fit."""
    before = list_.capacity.copy()
    plan = planner(name).plan(list_)
    assert (list_.capacity == before).all()
    left = before.copy()
    for a in np.flatnonzero(plan.specialist >= 0):
        s, b = plan.specialist[a], plan.block[a]
        assert list_.can[s] & list_.needs[a] == list_.needs[a]
        assert list_.reach[a, b] > 0
        left[s, b] -= list_.minutes[a, b]
    assert (left >= -1e-9).all()
    for a in np.flatnonzero(plan.specialist < 0):
        able = (list_.can & list_.needs[a]) == list_.needs[a]
        fits = able[:, None] & (left >= list_.minutes[a] + 1e-9) & (list_.reach[a] > 0)
        assert not fits.any() or left.sum() < list_.minutes.min()


def test_at_risk_is_all_that_is_overdue_times_its_chance_to_stay_unpaid() -> None:
    """40 and 2 days past due, the first step at 40: both count, each with the hazard of its next 30 days."""
    rows = [
        invoice("late", "2023-10-24", "2023-11-23", 50_000, customer_id="c000"),
        invoice("new", "2023-12-01", "2023-12-31", 70_000, customer_id="c000"),
    ]
    asked: list[WorkList] = []

    class Asking:
        name = "asking"

        def plan(self, work: WorkList) -> Plan:
            asked.append(work)
            return planner("random").plan(work)

    calls = Strategy(name="calls", steps=(Step(name="call", day=40, channel="phone"),))
    simulate(portfolio(1, flat(0.01), invoices=rows, rate=0), calls, days=1, planner=Asking())
    assert asked[0].at_risk == pytest.approx([120_000 * np.exp(-0.01 * 30)])


def filled(turns: list[int], list_: WorkList) -> list[tuple[int, int, int]]:
    """Return specialist, block and turn of each account as `fill` does, in plain words."""
    left, out = list_.capacity.copy(), [(-1, -1, -1)] * len(turns)
    for turn, a in enumerate(turns):
        for b in sorted(np.flatnonzero(list_.reach[a] > 0), key=lambda b: (-list_.reach[a, b], b)):
            able = [s for s, can in enumerate(list_.can) if can & list_.needs[a] == list_.needs[a]]
            roomy = [s for s in able if left[s, b] >= list_.minutes[a, b]]
            if roomy:
                s = max(roomy, key=lambda s: (left[s, b], -s))
                left[s, b] -= list_.minutes[a, b]
                out[a] = (s, int(b), turn)
                break
    return out


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_blocks_are_filled_as_in_plain_words(seed: int) -> None:
    """The compiled list filler is its plain twin: best block first, least loaded of those who can."""
    rng = np.random.default_rng(seed)
    count, people, blocks = rng.integers(1, 9), rng.integers(1, 4), rng.integers(1, 4)
    list_ = work(
        int(count),
        needs=rng.choice([0, 1, 2], count).astype(np.uint64),
        reach=rng.choice([0.0, 0.2, 0.5], (count, blocks)),
        minutes=rng.integers(5, 20, (count, blocks)).astype(float),
        can=rng.choice([1, 3], people).astype(np.uint64),
        capacity=rng.integers(0, 40, (people, blocks)).astype(float),
    )
    turns = rng.permutation(count)
    plan = fill(turns, list_)
    assert list(zip(plan.specialist, plan.block, plan.place, strict=True)) == filled(turns.tolist(), list_)
