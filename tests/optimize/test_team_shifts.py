"""Shifts: labour rules, cover and proof, against every roster of small teams."""

from itertools import product

import numpy as np
import pytest

from ledger import BadInput
from optimize.roster.labour_rules import breaches
from optimize.roster.shifts import plan_shifts
from optimize.roster.team import Cover, Rules, Specialist, Team

MONDAY = "2026-10-05"
DAYS = [
    tuple(120.0 if first <= b < first + length else 0.0 for b in range(4))
    for length in (0, 2, 3, 4)
    for first in range(5 - length)
    if length or not first
]  # every shift of whole blocks of at least four hours, and none


def team(*people: Specialist, **rules: object) -> Team:
    """Return a team of some people under some rules."""
    return Team(specialists=people, rules=Rules(**rules), country="US")


def weeks_of(whole: Team, k: int, days: int, dates: object) -> list[np.ndarray]:
    """Return every week of one person that breaks no labour rule."""
    alone = whole.model_copy(update={"specialists": (whole.specialists[k],)})
    found = (np.array([week]) for week in product(DAYS, repeat=days))
    return [paid for paid in found if not breaches(alone, dates, paid)]


@pytest.mark.parametrize("seed", [0, 3])
def test_the_best_roster_is_that_of_brute_force(seed: int):
    """Two people, three days, all rules at once: the same value, or the same least number of broken covers."""
    rng = np.random.default_rng(seed)
    people = (
        Specialist(id="A", weekly_hours=30, languages=("en", "de"), unavailable=("tue 2",), skills=("firm",)),
        Specialist(id="B", weekly_hours=20, absences=("2026-10-06",) if seed % 2 else (), preferred=("wed",)),
    )
    cover = (Cover(specialists=1, language="de", weekdays=("mon", "tue")), Cover(specialists=2, blocks=(4,)))
    whole = team(
        *people, rest_hours=17, days_per_week=2, shortest_shift=4, unpopular=("* 1",), cover=cover[: 1 + seed // 2]
    )
    value = rng.random((3, 4))
    shifts = plan_shifts(whole, MONDAY, 3, value=value)
    worth = np.stack([value * 0.625] * 2)
    worth += worth.max() * (1e-4 + 0.02 * np.array([np.zeros((3, 4)), np.outer([0, 0, 1], np.ones(4))]))
    best = (99, 99, 0.0)
    weeks = [weeks_of(whole, k, 3, shifts.dates) for k in range(2)]
    german = np.array([[week[0, d].any() for d in range(2)] for week in weeks[0]])  # on Monday and Tuesday
    late = [np.array([week[0, :, 3] > 0 for week in those]) for those in weeks]
    values = [np.array([(week[0] * worth[k]).sum() for week in those]) for k, those in enumerate(weeks)]
    for k in range(len(weeks[0])):
        short = [(~german[k]).sum() + np.zeros(len(weeks[1]), int)] * 2
        if seed >= 2:
            missing = 2 - late[0][k] - late[1].astype(int)
            short = [short[0] + (missing > 0).sum(axis=1), short[1] + missing.sum(axis=1)]
        total = -(values[0][k] + values[1])
        at = np.lexsort((total, short[1], short[0]))[0]
        best = min(best, (short[0][at], short[1][at], total[at]))
    assert breaches(whole, shifts.dates, shifts.paid) == []
    assert len(shifts.broken) == best[0]
    assert shifts.status == ("infeasible" if best[0] else "optimal")
    assert shifts.objective == pytest.approx(-best[2], rel=1e-6)
    assert shifts.bound == pytest.approx(shifts.objective, rel=1e-6)


def test_rules_that_cannot_be_kept_are_named_with_the_reason():
    """Nobody speaks German on Tuesday: that cover is broken, and the labour rules are not."""
    german = Specialist(id="A", name="Ada", languages=("de",), absences=("2026-10-06",))
    other = Specialist(id="B", unavailable=("thu",))
    cover = (Cover(specialists=1, language="de"), Cover(specialists=2, weekdays=("thu",)))
    whole = team(german, other, days_per_week=4, cover=cover)
    shifts = plan_shifts(whole, MONDAY, 5)
    assert shifts.status == "infeasible"
    assert shifts.broken["sentence"].tolist() == [
        "2026-10-06: cover: speaking de: 0 of 1; Ada is absent",
        "2026-10-08: cover: anybody: 1 of 2; B is not available",
    ]
    assert breaches(whole, shifts.dates, shifts.paid) == []
    assert (shifts.paid[0].sum(axis=1) > 0).tolist() == [True, False, True, True, True]
    held = plan_shifts(team(german, days_per_week=3, cover=cover[:1]), MONDAY, 5)
    assert len(held.broken) == 2
    assert "labour rules" in held.broken["sentence"].iloc[1]


@pytest.mark.parametrize(
    ("rules", "paid", "words"),
    [
        ({"hours_per_day": 4}, [(0, 0, 3)], "more than 4 hours in a day"),
        ({"days_per_week": 1}, [(0, 0, 1), (1, 0, 1)], "more than 1 days in a week"),
        ({"consecutive_days": 2}, [(0, 0, 1), (1, 0, 1), (2, 0, 1)], "more than 2 days at a stretch"),
        ({"rest_hours": 17}, [(0, 3, 4), (1, 0, 1)], "less than 17 hours of rest"),
        ({"shortest_shift": 3}, [(0, 0, 1)], "a shift of less than 3 hours"),
        ({}, [(0, 0, 1), (0, 2, 3)], "a day in pieces"),
        ({}, [(4, 2, 4)], "works when not available"),
        ({}, [(3, 0, 1)], "works on a day of absence"),
        ({}, [(d, 0, 4) for d in range(3)], "more than the contracted 25 hours in a week"),
        ({"unpopular": ("* 4",), "unpopular_tolerance": 0}, [(0, 3, 4)], "1 unpopular blocks in a week"),
    ],
)
def test_each_labour_rule_can_be_broken(rules: dict[str, object], paid: list[tuple[int, int, int]], words: str):
    """The checks see what the solver must not do; the same week without the rule is clean where it has a name."""
    person = Specialist(id="A", weekly_hours=25, absences=("2026-10-08",), unavailable=("fri 4",))
    dates = plan_shifts(team(person), MONDAY, 5).dates
    minutes = np.zeros((1, 5, 4))
    for day, first, last in paid:
        minutes[0, day, first:last] = 120
    assert any(words in sentence for sentence in breaches(team(person, **rules), dates, minutes))
    if rules:
        assert breaches(team(person), dates, minutes) == []


@pytest.mark.parametrize("size", [8, 50])
def test_teams_are_proven_optimal_and_small_ones_come_out_the_same_twice(size: int):
    """Part-timers, two languages, late blocks shared out and cover in every block."""
    people = tuple(
        Specialist(
            id=f"S{k}",
            weekly_hours=(40, 30, 20, 25, 37.5)[k % 5],
            languages=("en", "de") if k % 4 == 0 else ("en",),
            skills=("firm",) if k % 2 == 0 else (),
            unavailable=("fri 4",) if k % 3 == 0 else (),
        )
        for k in range(size)
    )
    cover = (
        Cover(specialists=1, language="de", blocks=(1, 2, 3, 4)),
        Cover(specialists=size // 4, skill="firm", blocks=(1, 4)),
    )
    whole = team(*people, days_per_week=4, consecutive_days=4, unpopular=("* 4",), cover=cover)
    value = {"": np.random.default_rng(0).random((5, 4)), "de": np.full((5, 4), 0.6)}
    first = plan_shifts(whole, MONDAY, 5, value=value)
    assert (first.status, first.gap, len(first.broken)) == ("optimal", 0.0, 0)
    assert breaches(whole, first.dates, first.paid) == []
    assert size > 8 or np.array_equal(first.paid, plan_shifts(whole, MONDAY, 5, value=value).paid)


def test_values_must_fit():
    """Shape, skill and finiteness are named."""
    pair = team(Specialist(id="A"), Specialist(id="B"))
    for value, rule in (
        (np.ones((4, 4)), r"must have shape \(5, 4\)"),
        ({"fr": np.ones((5, 4))}, "nobody of the team has"),
        (np.full((5, 4), np.nan), "must be finite"),
    ):
        with pytest.raises(BadInput, match=rule):
            plan_shifts(pair, MONDAY, 5, value=value)
