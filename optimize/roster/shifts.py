"""Shifts: who works when on the coming working days."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput
from ledger.arrays import Flags, Floats
from ledger.json_ready import json_object
from ledger.policy.roster import BLOCKS, FULL_SHIFT, SHIFT_START
from ledger.results import Result
from ledger.table.calendar import Calendar
from ledger.table.ledger import Day, as_day
from ledger.wording import plural
from models.assumed.assumptions import Assumptions
from optimize.roster.costs import hourly_cost
from optimize.roster.labour_rules import breaches, contracted, short_cover
from optimize.roster.shift_model import solve
from optimize.roster.team import Team

Value = npt.ArrayLike | Mapping[str, npt.ArrayLike]

BLOCK_MINUTES: Final = FULL_SHIFT // 60 // BLOCKS
STARTS: Final = tuple(
    f"{second // 3600:02d}:{second % 3600 // 60:02d}"
    for second in range(SHIFT_START, SHIFT_START + FULL_SHIFT, FULL_SHIFT // BLOCKS)
)
BROKEN: Final = ("rule", "date", "needed", "found", "sentence")
_LONGEST: Final = 60  # working days
_NAMED: Final = 5  # people in one remark
_HALF_HOUR: Final = 0.499  # hours: shifts are chosen by the half hour


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Shifts(Result):
    """Who works when.

    Parameters
    ----------
    team
        Whose shifts they are.
    dates
        Working days.
    paid
        Paid minutes, shape (specialists, days, blocks), 0 to 120.
    assumptions, productive
        What is assumed of wages and calls, and the share of paid minutes that goes into calls, above 0 up to 1.
    absent
        Who is away, shape (specialists, days).
    status
        "optimal" (gap 0), "feasible" (a limit was reached), or "infeasible": the rules in `broken` cannot all be kept,
        and no roster breaks fewer of them.
    objective, bound
        Value of all productive minutes, small bonuses for contracted hours and preferences included, and an upper bound
        on it; in the unit of the values given. NaN where nothing was to be chosen.
    broken
        Cover that could not be given: rule, date, needed, found, sentence.
    seconds
        Wall-clock time.
    """

    team: Team
    dates: pd.DatetimeIndex
    paid: Floats
    assumptions: Assumptions
    productive: float
    absent: Flags
    status: str
    objective: float
    bound: float
    broken: pd.DataFrame
    seconds: float

    @property
    def specialists(self) -> tuple[str, ...]:
        """Ids, in the order of the first axis."""
        return self.team.ids

    @property
    def blocks(self) -> int:
        """Blocks of a day."""
        return BLOCKS

    @property
    def starts(self) -> tuple[str, ...]:
        """Start of each block on the team's clock, HH:MM."""
        return STARTS

    @cached_property
    def minutes(self) -> Floats:
        """Productive minutes, shape (specialists, days, blocks)."""
        return self.paid * self.productive

    @property
    def hours(self) -> float:
        """Paid hours in all."""
        return float(self.paid.sum()) / 60

    @property
    def gap(self) -> float:
        """Bound less objective over the bound; 0 where nothing was to be chosen."""
        if not np.isfinite(self.bound):
            return 0.0
        return max(self.bound - self.objective, 0.0) / max(abs(self.bound), 1e-12)

    @property
    def cost(self) -> float:
        """Cost of the paid hours, major units of the team's currency; hours without a cost of their own at the wage."""
        return float((self.paid.sum(axis=(1, 2)) / 60 * hourly_cost(self.team, self.assumptions)).sum())

    @property
    def chosen(self) -> bool:
        """Whether the shifts were chosen, and are not the even ones."""
        return bool(np.isfinite(self.bound))

    def notes(self) -> tuple[str, ...]:
        """Return whose contracted hours are not planned in full, and which rules leave no room for them."""
        rules, said = self.team.rules, []
        for person, absent, paid in zip(self.team.specialists, self.absent, self.paid, strict=True):
            hours, planned = contracted(rules, person, self.dates, absent).sum() / 60, paid.sum() / 60
            if planned < hours - _HALF_HOUR or planned == 0 < hours:
                said.append(f"{person.label} {planned:.3g} of {hours:.3g}")
        if not said:
            return ()
        more = f" and {len(said) - _NAMED:,} more" if len(said) > _NAMED else ""
        why = f"a day has at most {rules.hours_per_day:g} hours and a shift at least {rules.shortest_shift:g}"
        return (f"Contracted hours that the labour rules leave no room for ({why}): {', '.join(said[:_NAMED])}{more}.",)

    def table(self) -> pd.DataFrame:
        """Return one row per shift: specialist_id, specialist, date, starts, ends (HH:MM), hours."""
        rows = []
        for s, person in enumerate(self.team.specialists):
            for d, day in enumerate(self.dates):
                worked = np.flatnonzero(self.paid[s, d] > 0)
                if not len(worked):
                    continue
                last = SHIFT_START // 60 + worked[-1] * BLOCK_MINUTES + round(self.paid[s, d, worked[-1]])
                hours = self.paid[s, d].sum() / 60
                ends = f"{last // 60:02d}:{last % 60:02d}"
                rows.append((person.id, person.label, day, STARTS[worked[0]], ends, hours))
        return pd.DataFrame(rows, columns=["specialist_id", "specialist", "date", "starts", "ends", "hours"])

    def to_dict(self) -> dict[str, Any]:
        """Return hours, proof, what could not be covered and the shifts as plain values."""
        names = ("status", "hours", "cost", "objective", "bound", "gap", "seconds")
        return json_object(
            {name: getattr(self, name) for name in names}
            | {"broken": self.broken.to_dict("records"), "shifts": self.table().to_dict("records")}
        )

    def summary(self) -> str:
        """Return a few lines: hours, status, and what could not be covered."""
        proof = "" if not np.isfinite(self.bound) else f", gap {100 * self.gap:.3f} %"
        first = (
            f"{plural(len(self.specialists), 'specialist')}, {plural(len(self.dates), 'day')} from "
            f"{self.dates[0]:%Y-%m-%d}: "
            f"{self.hours:,.1f} paid hours, {self.minutes.sum() / 60:,.1f} of them for calls; {self.status}{proof}"
        )
        return "\n".join([first, *self.broken["sentence"]])


def working_days(first_day: Day, days: int, country: str) -> pd.DatetimeIndex:
    """Return so many working days of a country, from the first day or the first working day after it."""
    start = as_day(first_day, field="first_day")
    open_ = Calendar(start=start, days=3 * days + 30, countries=(country,), home=country).working(country)
    return pd.DatetimeIndex(start + pd.to_timedelta(np.flatnonzero(open_)[:days], unit="D"))


def plan_shifts(
    team: Team,
    first_day: Day,
    days: int,
    *,
    country: str | None = None,
    value: Value | None = None,
    assumptions: Assumptions | None = None,
    seconds: float | None = None,
    seed: int = 0,
) -> Shifts:
    """Return who works when on so many working days, from the first day or the first working day after it.

    Parameters
    ----------
    team
        Specialists and labour rules.
    first_day, days
        Working days are those of `country`, by default the team's own.
    value
        Value of a productive minute, shape (days, blocks), (specialists, days, blocks), or by skill or language a
        mapping of such (days, blocks) ("" for everybody): each specialist's minutes are worth the most of what
        applies. Shifts are then chosen to be worth the most. Without it everybody works the contracted hours
        evenly, part-timers the first blocks.
    assumptions
        Its `productive_hours_per_day` are the minutes of a full day that go into calls.
    seconds
        Wall-clock limit; without it the search is limited by deterministic time and the result reproducible.

    Raises
    ------
    BadInput
        For days out of range, or values of another shape.
    """
    began = time.perf_counter()
    if not 1 <= days <= _LONGEST:
        raise BadInput(f"must lie between 1 and {_LONGEST}", field="days", value=days)
    dates = working_days(first_day, days, team.country if country is None else country)
    assume = assumptions or Assumptions.default()
    productive = min(assume.productive_share, 1.0)
    absent = np.array([[day.date() in person.absences for day in dates] for person in team.specialists], np.bool_)
    absent = absent.reshape(len(team), len(dates))
    even = even_minutes(team, absent)
    if value is None and not breaches(team, dates, even) and not len(short_cover(team, dates, even)):
        paid, status, objective, bound = even, "optimal", np.nan, np.nan
    else:
        worth = cell_values(team, len(dates), value, even) * productive
        paid, status, objective, bound = solve(team, dates, absent, worth, seconds=seconds, seed=seed)
    return Shifts(
        team=team,
        dates=dates,
        paid=paid,
        assumptions=assume,
        productive=productive,
        absent=absent,
        status=status,
        objective=objective,
        bound=bound,
        broken=short_cover(team, dates, paid),
        seconds=time.perf_counter() - began,
    )


def even_minutes(team: Team, absent: Flags) -> Floats:
    """Return paid minutes of the even roster: a fifth of the weekly hours a day, the first blocks, as simulated."""
    share = np.minimum([person.weekly_hours / 40 for person in team.specialists], 1.0).reshape(-1, 1, 1)
    worked = np.clip(share * BLOCKS - np.arange(BLOCKS), 0, 1)
    return np.asarray(np.where(absent[:, :, None], 0.0, worked * BLOCK_MINUTES))


def cell_values(team: Team, days: int, value: Value | None, even: Floats) -> Floats:
    """Return the value of each specialist's productive minute, shape (specialists, days, blocks).

    Without values all minutes are worth the same, and those of the even roster a little more.

    Raises
    ------
    BadInput
        For another shape, a value that is not finite, or a skill or language that nobody has.
    """
    people, shape = len(team), (len(team), days, BLOCKS)
    if value is None:
        return np.where(even > 0, 1.1, 1.0)
    if not isinstance(value, Mapping):
        given = _finite(value)
        if given.shape not in (shape, shape[1:]):
            raise BadInput(f"must have shape {shape[1:]} or {shape}", field="value", value=given.shape)
        return np.broadcast_to(given, shape).astype(np.float64)
    worth = np.full(shape, -np.inf)
    known = {"", *(word for p in team.specialists for word in (*p.skills, *p.languages))}
    for name, cells in value.items():
        given = _finite(cells)
        if given.shape != shape[1:]:
            raise BadInput(f"must have shape {shape[1:]}", field=f"value of {name!r}", value=given.shape)
        if name not in known:
            raise BadInput("is a skill or language that nobody of the team has", field="value", value=name)
        has = np.array([name in ("", *p.skills, *p.languages) for p in team.specialists], np.bool_).reshape(people)
        worth[has] = np.maximum(worth[has], given)
    return np.where(np.isfinite(worth), worth, 0.0)


def _finite(value: npt.ArrayLike) -> Floats:
    given = np.asarray(value, np.float64)
    if not np.isfinite(given).all():
        raise BadInput("must be finite", field="value", value=float(given[~np.isfinite(given)][0]))
    return given
