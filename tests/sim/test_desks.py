"""The desk: specialists, their lists, and the calls that come in; both desks do the same to the second."""

from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import Portfolio, simulate, synthetic
from sim.day.desk import DESKS
from sim.day.desk_kernels import CallLists, DeskHours, Incoming
from tests.portfolios import staff

Day = tuple[DeskHours, CallLists, Incoming]


def day(
    shifts: list[tuple[int, int]],
    lists: list[list[tuple[int, int]]],
    incoming: list[tuple[int, int]] = (),  # type: ignore[assignment]
    blocks: int = 2,
) -> Day:
    """Return a day: shifts as (start, end), each list's attempts as (block, seconds), calls as (arrival, seconds)."""
    start, end = np.array(shifts, np.int64).reshape(-1, 2).T
    attempts = [attempt for one in lists for attempt in one]
    calls = np.array(sorted(incoming), np.int64).reshape(-1, 2)
    unanswered = np.full(len(calls), -1, np.int64)
    return (
        DeskHours(start.copy(), end.copy(), start[:, None] + (end - start)[:, None] * np.arange(blocks) // blocks),
        CallLists(
            np.cumsum([0, *(len(one) for one in lists)]).astype(np.int64),
            np.array([block for block, _ in attempts], np.int32),
            np.array([seconds for _, seconds in attempts], np.int64),
            np.full(len(attempts), -1, np.int64),
        ),
        Incoming(
            np.arange(len(calls)), calls[:, 0].copy(), calls[:, 1].copy(), unanswered, unanswered.astype(np.int32)
        ),
    )


def worked(desk: str, today: Day) -> tuple[list[int], list[int], list[int]]:
    """Return when each attempt and each call began, and who took the call."""
    shifts, lists, incoming = today
    lists = lists._replace(began=lists.began.copy())
    incoming = incoming._replace(began=incoming.began.copy(), specialist=incoming.specialist.copy())
    env = simpy.Environment(initial_time=0)
    env.process(DESKS[desk]().work(env, shifts, lists, incoming))
    env.run()
    return lists.began.tolist(), incoming.began.tolist(), incoming.specialist.tolist()


@pytest.mark.parametrize("desk", DESKS)
class TestByHand:
    """Days small enough to be worked out on paper."""

    def test_attempts_follow_one_another(self, desk: str) -> None:
        """Each begins when the one before has ended."""
        assert worked(desk, day([(100, 1100)], [[(0, 50), (0, 70), (0, 10)]]))[0] == [100, 150, 220]

    def test_attempts_wait_for_their_block(self, desk: str) -> None:
        """The second block begins in the middle of the shift; what runs over delays it."""
        assert worked(desk, day([(0, 1000)], [[(0, 50), (1, 70)]]))[0] == [0, 500]
        assert worked(desk, day([(0, 1000)], [[(0, 620), (1, 70)]]))[0] == [0, 620]

    def test_nothing_starts_after_the_shift(self, desk: str) -> None:
        """An attempt that starts in time may run over; one that cannot start is not done."""
        assert worked(desk, day([(0, 100)], [[(0, 99), (0, 500), (0, 1)]]))[0] == [0, 99, -1]

    def test_a_call_goes_to_who_has_been_free_longest(self, desk: str) -> None:
        """Both are free at 300; the first has been since 100, the second since 50."""
        assert worked(desk, day([(0, 1000)] * 2, [[(0, 100)], [(0, 50)]], [(300, 10)]))[1:] == ([300], [1])

    def test_a_call_comes_before_the_list(self, desk: str) -> None:
        """It waits for the attempt in progress, then the list waits for it."""
        assert worked(desk, day([(0, 1000)], [[(0, 60), (0, 60)]], [(10, 30)])) == ([0, 90], [60], [0])

    def test_calls_wait_first_come_first_served(self, desk: str) -> None:
        """Three calls, one specialist."""
        assert worked(desk, day([(0, 1000)], [[]], [(10, 100), (20, 5), (30, 5)]))[1] == [10, 110, 115]

    def test_a_call_that_nobody_takes_before_the_shifts_end_is_missed(self, desk: str) -> None:
        """Neither while the last attempt runs over, nor after."""
        assert worked(desk, day([(0, 100)], [[(0, 500)]], [(50, 10), (700, 10)]))[1:] == ([-1, -1], [-1, -1])

    def test_who_is_absent_does_nothing(self, desk: str) -> None:
        """A shift of no length: the calls go to the other."""
        assert worked(desk, day([(0, 0), (0, 100)], [[(0, 5)], []], [(0, 7)])) == ([-1], [0], [1])

    def test_no_specialists_no_work(self, desk: str) -> None:
        """Calls are missed."""
        assert worked(desk, day([], [], [(5, 5)]))[1] == [-1]


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Return a day full of ties: short times, few distinct values."""
    people = draw(st.integers(0, 4))
    shifts = [(10, 10 + draw(st.sampled_from([0, 40, 80, 120]))) for _ in range(people)]
    attempt = st.tuples(st.integers(0, 3), st.integers(1, 30))
    lists = [sorted(draw(st.lists(attempt, max_size=8)), key=lambda one: one[0]) for _ in range(people)]
    incoming = draw(st.lists(st.tuples(st.integers(10, 140), st.integers(1, 30)), max_size=8))
    return day(shifts, lists, incoming, blocks=4)


@given(today=days())
@settings(max_examples=300, deadline=None)
def test_both_desks_agree_to_the_second(today: Day) -> None:
    """On any day, also where everything happens at once."""
    assert worked("fast", today) == worked("event", today)


@given(today=days())
@settings(max_examples=100, deadline=None)
def test_nobody_does_two_things_at_once(today: Day) -> None:
    """Work of one specialist does not overlap, begins within the shift and not before its block or arrival."""
    shifts, lists, incoming = today
    began, answered, specialist = worked("fast", today)
    busy: dict[int, list[tuple[int, int]]] = {s: [] for s in range(len(shifts.start))}
    for s in busy:
        for j in range(lists.first[s], lists.first[s + 1]):
            if began[j] >= 0:
                assert began[j] >= shifts.block[s, lists.block[j]]
                busy[s].append((began[j], began[j] + int(lists.seconds[j])))
    for k, (begin, s) in enumerate(zip(answered, specialist, strict=True)):
        if begin >= 0:
            assert begin >= incoming.arrival[k]
            busy[s].append((begin, begin + int(incoming.seconds[k])))
    for s, spans in busy.items():
        spans.sort()
        assert all(shifts.start[s] <= begin < shifts.end[s] for begin, _ in spans)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))


@cache
def owners() -> Portfolio:
    """Return ninety customers with a history."""
    return synthetic("stress", customers=90, seed=3)


MIXED = staff(
    {"languages": "en es"},
    {"weekly_hours": 12.0, "skills": ""},
    {"weekly_hours": 30.0, "languages": "fr", "absences": "2026-10-05 2026-10-06 2026-10-09"},
    timezone="America/New_York",
)


@pytest.mark.parametrize(
    ("strategy", "planner", "people"),
    [
        ("escalated", "risk_weighted", 1),
        ("escalated", "random", MIXED),
        ("sop_cadence", "oldest_first", MIXED),
        ("sop_cadence", "largest_first", 1),
        ("proactive", "largest_first", 9),
        ("friendly", "risk_weighted", 0),
    ],
)
def test_both_desks_give_identical_ledgers(strategy: str, planner: str, people: int | pd.DataFrame) -> None:
    """Whole runs, tight and ample, with part-timers and absences: equal to the last bit."""
    fast, event = (
        simulate(owners(), strategy, days=45, specialists=people, planner=planner, desk=desk, seed=6) for desk in DESKS
    )
    assert fast.ledger.fingerprint == event.ledger.fingerprint
    assert fast.busy_minutes == event.busy_minutes
    assert len(fast.ledger.contacts) > 100
