"""The week's shifts as a CP-SAT model: one shift pattern per specialist and day, labour rules, cover, fairness."""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats
from ledger.policy.roster import BLOCKS
from optimize.roster.labour_rules import contracted, covers, fair_shares, parts, weeks
from optimize.roster.team import Rules, Specialist, Team

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

_BLOCK: Final = 120  # minutes
_DAY: Final = 24 * 60
_DETERMINISTIC: Final = 60.0  # CP-SAT's own time, about seconds
_LARGEST: Final = 10**7  # objective coefficient
_PREFERRED: Final = 0.02  # bonus for preferred parts of the week, of the largest value
_CONTRACTED: Final = 1e-4  # for every contracted minute, of the largest value: hours are paid, so they are worked


class Pattern(NamedTuple):
    """A shift that somebody may work on a day: minutes after the first block's start, and minutes by block."""

    start: int
    end: int
    blocks: tuple[int, ...]


class ShiftSolution(NamedTuple):
    """Paid minutes (specialists, days, blocks), status, objective and bound."""

    paid: Floats
    status: str
    objective: float
    bound: float


def solve(
    team: Team, dates: pd.DatetimeIndex, absent: Flags, worth: Floats, *, seconds: float | None, seed: int
) -> ShiftSolution:
    """Return the shifts that are worth the most; where cover cannot be given, those that break the fewest rules.

    Labour rules always hold: an empty roster keeps them all. First the best week of each person alone is found. These
    are the answer where no cover asks for more, and elsewhere tight upper bounds.

    Parameters
    ----------
    worth
        Value of each paid minute, shape (specialists, days, blocks).
    """
    from ortools.sat.python import cp_model

    values = _rewarded(team, dates, worth)
    model = _Model(team, dates, absent, values, _scale(values))
    solver = _solver(seconds, seed)
    limit, paid = model.limit_weeks(absent, seed)
    fewest = 0
    if model.short:
        fewest, paid = model.least_short(_solver(None, seed))
    model.begin_with(paid)
    model.maximise_value()
    code = solver.solve(model.cp)
    slack = 0.5 * len(team) * len(dates) / model.scale  # one coefficient a day was rounded, by at most a half
    if code in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        paid, limit = model.paid(solver), solver.best_objective_bound / model.scale
    objective = float((paid * values).sum())
    bound = max(limit + slack, objective)
    if code == cp_model.OPTIMAL and bound - objective <= 2 * slack:
        bound = objective
    status = "infeasible" if fewest else "optimal" if code == cp_model.OPTIMAL else "feasible"
    return ShiftSolution(paid, status, objective, bound)


def _rewarded(team: Team, dates: pd.DatetimeIndex, worth: Floats) -> Floats:
    """Return the values with small bonuses for contracted hours and preferences; a negative value counts as none."""
    largest = max(float(worth.max(initial=0.0)), 1e-9)
    preferred = np.array([parts(person.preferred, dates) for person in team.specialists], np.float64)
    return np.asarray(np.maximum(worth, 0) + largest * (_CONTRACTED + _PREFERRED * preferred.reshape(worth.shape)))


def _scale(values: Floats) -> float:
    """Return the factor that makes the values of shifts integers of up to ten million."""
    return _LARGEST / max(float(values.max(initial=0.0)) * _BLOCK * BLOCKS, 1e-12)


def _solver(seconds: float | None, seed: int) -> "cp_model.CpSolver":
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = _DETERMINISTIC
    if seconds is not None:
        solver.parameters.max_time_in_seconds = seconds
    return solver


def patterns(rules: Rules, weekly: Floats) -> list[Pattern]:
    """Return the shifts of somebody with so many minutes a week: only the last block may be cut short."""
    unit = _unit([*weekly.tolist(), 60 * rules.hours_per_day, 60 * rules.shortest_shift])
    most = min(60 * rules.hours_per_day, weekly.max(initial=0.0))
    least = 60 * rules.shortest_shift
    found = []
    for first in range(BLOCKS):
        for length in range(unit, _BLOCK * (BLOCKS - first) + 1, unit):
            if least - 1e-9 <= length <= most + 1e-9:
                blocks = tuple(
                    min(max(length - _BLOCK * (b - first), 0), _BLOCK) if b >= first else 0 for b in range(BLOCKS)
                )
                found.append(Pattern(first * _BLOCK, first * _BLOCK + length, blocks))
    return found


def _unit(minutes: list[float]) -> int:
    """Return the coarsest of two hours and one of which all these are multiples; else half an hour."""
    for unit in (_BLOCK, 60):
        if all(abs(value / unit - round(value / unit)) < 1e-9 for value in minutes):
            return unit
    return 30


def _borne(pattern: Pattern, unpopular: Flags) -> int:
    """Return how many unpopular blocks of a day the pattern touches."""
    return int(((np.array(pattern.blocks) > 0) & unpopular).sum())


class _Model:
    """Variables, constraints and objectives."""

    def __init__(self, team: Team, dates: pd.DatetimeIndex, absent: Flags, values: Floats, scale: float) -> None:
        from ortools.sat.python import cp_model

        self.team, self.dates, self.values = team, dates, values
        self.cp = cp_model.CpModel()
        self.works: list[list[list[tuple[Pattern, Any]]]] = []
        self.short: list[Any] = []
        self.broken: list[Any] = []
        self.scale = scale
        for s, person in enumerate(team.specialists):
            self.works.append(self._choices(person, absent[s]))
            self._hours_and_days(s, contracted(team.rules, person, dates, absent[s]))
            self._days_at_a_stretch(s)
            self._rest(s)
            self._fair_shares(s)
        self._cover()

    def _choices(self, person: Specialist, absent: Flags) -> list[list[tuple[Pattern, Any]]]:
        """At most one shift a day, none on days of absence nor at times when the person is not available."""
        closed = parts(person.unavailable, self.dates)
        every = patterns(self.team.rules, contracted(self.team.rules, person, self.dates, absent))
        days = []
        for d in range(len(self.dates)):
            free = [] if absent[d] else [p for p in every if not any(np.array(p.blocks)[closed[d]] > 0)]
            chosen = [(p, self.cp.new_bool_var("")) for p in free]
            self.cp.add_at_most_one(x for _, x in chosen)
            days.append(chosen)
        return days

    def _hours_and_days(self, s: int, minutes: Floats) -> None:
        """No more than the contracted hours, nor than so many days, in any calendar week."""
        week = weeks(self.dates)
        for w, most in enumerate(minutes):
            chosen = [pair for d in np.flatnonzero(week == w) for pair in self.works[s][d]]
            self.cp.add(sum((p.end - p.start) * x for p, x in chosen) <= int(most + 1e-6))
            self.cp.add(sum(x for _, x in chosen) <= self.team.rules.days_per_week)

    def _days_at_a_stretch(self, s: int) -> None:
        """No more than so many days without a day off."""
        most = self.team.rules.consecutive_days
        for d in range(len(self.dates) - most):
            if (self.dates[d + most] - self.dates[d]).days == most:
                self.cp.add(sum(x for k in range(d, d + most + 1) for _, x in self.works[s][k]) <= most)

    def _rest(self, s: int) -> None:
        """Start no shift sooner than so many hours after the last one ended."""
        for d in range(len(self.dates) - 1):
            if (self.dates[d + 1] - self.dates[d]).days != 1:
                continue
            today, tomorrow = self.works[s][d], self.works[s][d + 1]
            for end in sorted({p.end for p, _ in today}):
                earliest = end + 60 * self.team.rules.rest_hours - _DAY
                early = [x for p, x in tomorrow if p.start < earliest - 1e-9]
                if early:
                    self.cp.add_at_most_one([x for p, x in today if p.end >= end] + early)

    def _fair_shares(self, s: int) -> None:
        """Keep each week's unpopular blocks near their part of the blocks that are open to the person."""
        rules = self.team.rules
        unpopular = parts(rules.unpopular, self.dates)
        for days, least, most in fair_shares(self.team, self.team.specialists[s], self.dates):
            if least == 0:
                continue
            away = sum(
                (most * _borne(p, unpopular[d]) - least * sum(m > 0 for m in p.blocks)) * x
                for d in np.flatnonzero(days)
                for p, x in self.works[s][d]
            )
            tolerance = int(most * rules.unpopular_tolerance + 1e-6)
            self.cp.add_linear_constraint(away, -tolerance, tolerance)

    def _cover(self) -> None:
        """At least so many who are able are there; what is short is counted."""
        for cover, d, block in covers(self.team, self.dates):
            there = [
                x
                for person, days in zip(self.team.specialists, self.works, strict=True)
                if cover.able(person)
                for p, x in days[d]
                if block is None or p.blocks[block] == _BLOCK
            ]
            short, broken = self.cp.new_int_var(0, cover.specialists, ""), self.cp.new_bool_var("")
            self.cp.add(sum(there) + short >= cover.specialists)
            self.cp.add(short <= cover.specialists * broken)
            self.short.append(short)
            self.broken.append(broken)

    def least_short(self, solver: "cp_model.CpSolver") -> tuple[int, Floats]:
        """Break as few covers as can be, those by as few people as can be, and demand no worse from now on."""
        from ortools.sat.python import cp_model

        most = 1 + sum(cover.specialists for cover, _, _ in covers(self.team, self.dates))
        breaking = most * sum(self.broken) + sum(self.short)
        self.cp.minimize(breaking)
        if solver.solve(self.cp) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return most, np.zeros(self.values.shape)  # the empty roster keeps all other rules
        fewest = round(solver.objective_value)
        self.cp.add(breaking <= fewest)
        return fewest, self.paid(solver)

    def begin_with(self, paid: Floats) -> None:
        """Let the search start from these shifts."""
        for s, days in enumerate(self.works):
            for d, day in enumerate(days):
                for p, x in day:
                    self.cp.add_hint(x, bool(np.array_equal(paid[s, d], p.blocks)))

    def limit_weeks(self, absent: Flags, seed: int) -> tuple[float, Floats]:
        """Let nobody's week be worth more than the person's best week alone; return what these are worth, and are."""
        week, known = weeks(self.dates), dict[tuple[Any, ...], tuple[int, Floats]]()
        total, paid = 0, np.zeros(self.values.shape)
        for s, person in enumerate(self.team.specialists):
            for w in range(int(week[-1]) + 1):
                here = np.flatnonzero(week == w).tolist()
                away, values = absent[s, here], self.values[s, here]
                key = (w, person.weekly_hours, person.unavailable, away.tobytes(), values.tobytes())
                if key not in known:  # equal weeks are solved once
                    known[key] = self._best_week(person, here, away, values, seed)
                most, paid[s, here] = known[key]
                self.cp.add(sum(worth * x for d in here for worth, x in self._worths(s, d)) <= most)
                total += most
        return total / self.scale, paid

    def _best_week(self, person: Specialist, here: Any, absent: Flags, values: Floats, seed: int) -> tuple[int, Floats]:
        """Return an upper bound on the worth of a week of a person who need not mind the others, and that week."""
        rules = self.team.rules.model_copy(update={"cover": ()})
        alone = self.team.model_copy(update={"specialists": (person,), "rules": rules})
        model = _Model(alone, self.dates[here], absent[None], values[None], self.scale)
        model.maximise_value()
        solver = _solver(None, seed)
        solver.solve(model.cp)
        return int(np.ceil(solver.best_objective_bound - 1e-6)), model.paid(solver)[0]

    def _worths(self, s: int, d: int) -> list[tuple[int, Any]]:
        """Return the scaled worth of every shift that a person can work on a day."""
        return [(round(self.scale * float(np.dot(self.values[s, d], p.blocks))), x) for p, x in self.works[s][d]]

    def maximise_value(self) -> None:
        """Maximise the value of all minutes."""
        days = [(s, d) for s in range(len(self.works)) for d in range(len(self.dates))]
        self.cp.maximize(sum(worth * x for s, d in days for worth, x in self._worths(s, d)))

    def paid(self, solver: "cp_model.CpSolver") -> Floats:
        """Return the paid minutes that were chosen."""
        out = np.zeros(self.values.shape)
        for s, days in enumerate(self.works):
            for d, day in enumerate(days):
                for p, x in day:
                    if solver.boolean_value(x):
                        out[s, d] = p.blocks
        return out
