"""Labour rules and cover, checked on finished shifts; the solver states them again in its own words."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints
from ledger.policy.roster import BLOCKS
from optimize.roster.fields import WEEKDAYS
from optimize.roster.team import Cover, Rules, Specialist, Team

_BLOCK: Final = 120.0  # minutes
_CLOSE: Final = 1e-6  # minutes


def parts(cells: tuple[str, ...], dates: pd.DatetimeIndex) -> Flags:
    """Return which (day, block) the parts of a week name, such as "fri", "fri 4" or "* 1"; shape (days, blocks)."""
    named = np.zeros((len(dates), BLOCKS), np.bool_)
    for cell in cells:
        day, _, block = cell.partition(" ")
        rows = np.ones(len(dates), np.bool_) if day == "*" else np.asarray(dates.dayofweek == WEEKDAYS.index(day))
        columns = np.arange(BLOCKS) == int(block) - 1 if block else np.ones(BLOCKS, np.bool_)
        named |= rows[:, None] & columns
    return named


def weeks(dates: pd.DatetimeIndex) -> Ints:
    """Return the calendar week of each day as a running number."""
    monday = dates - pd.to_timedelta(dates.dayofweek, unit="D")
    return np.unique(monday, return_inverse=True)[1].astype(np.int64)


def contracted(rules: Rules, person: Specialist, dates: pd.DatetimeIndex, absent: Flags) -> Floats:
    """Return the contracted minutes of each calendar week: a fifth of the weekly hours for every day present.

    Where the dates show a part of a week that holds less than the shortest shift, and the whole week holds one, it is
    that shift: else whoever has few hours would never come in plans that begin within a week.
    """
    week, daily = weeks(dates), person.weekly_hours * 60 / 5
    here, away = (np.minimum(np.bincount(week[which], minlength=int(week[-1]) + 1), 5) for which in (~absent, absent))
    least = 60 * rules.shortest_shift
    one_shift = (here > 0) & (here * daily < least) & ((5 - away) * daily >= least)
    return np.asarray(np.where(one_shift, least, here * daily))


def breaches(team: Team, dates: pd.DatetimeIndex, paid: Floats) -> list[str]:
    """Return a sentence for every labour rule that the paid minutes (specialists, days, blocks) break."""
    return [
        f"{person.label}: {words}"
        for s, person in enumerate(team.specialists)
        for words in (*_person(team, person, dates, paid[s]), *_unfair(team, person, dates, paid[s]))
    ]


def _person(team: Team, person: Specialist, dates: pd.DatetimeIndex, paid: Floats) -> Iterator[str]:
    rules, worked = team.rules, paid > 0
    daily, at_work = paid.sum(axis=1), np.asarray(worked.any(axis=1))
    if (daily > 60 * rules.hours_per_day + _CLOSE).any():
        yield f"more than {rules.hours_per_day:g} hours in a day"
    if (at_work & (daily < 60 * rules.shortest_shift - _CLOSE)).any():
        yield f"a shift of less than {rules.shortest_shift:g} hours"
    absent = np.array([day.date() in person.absences for day in dates])
    if (at_work & absent).any():
        yield "works on a day of absence"
    if (worked & parts(person.unavailable, dates)).any():
        yield "works when not available"
    week = weeks(dates)
    if (np.bincount(week, at_work) > rules.days_per_week).any():
        yield f"more than {rules.days_per_week} days in a week"
    if (np.bincount(week, daily) > contracted(rules, person, dates, absent) + _CLOSE).any():
        yield f"more than the contracted {person.weekly_hours:g} hours in a week"
    if _broken_up(paid):
        yield "a day in pieces"
    if longest_run(dates, at_work) > rules.consecutive_days:
        yield f"more than {rules.consecutive_days} days at a stretch"
    if shortest_rest(dates, paid) < 60 * rules.rest_hours - _CLOSE:
        yield f"less than {rules.rest_hours:g} hours of rest"


def _broken_up(paid: Floats) -> bool:
    """Return whether any day has a pause: only the last block of a shift may be cut short."""
    for day in paid:
        worked = np.flatnonzero(day > 0)
        if len(worked) and (np.diff(worked) > 1).any():
            return True
        if len(worked) and (day[worked[:-1]] < _BLOCK - _CLOSE).any():
            return True
    return False


def longest_run(dates: pd.DatetimeIndex, at_work: Flags) -> int:
    """Return the most days at a stretch; a day off between, a weekend for example, ends it."""
    run = longest = 0
    before = None
    for day, works in zip(dates, at_work, strict=True):
        apart = before is None or (day - before).days > 1
        run = (1 if apart else run + 1) if works else 0
        longest, before = max(longest, run), day
    return longest


def shortest_rest(dates: pd.DatetimeIndex, paid: Floats) -> float:
    """Return the least minutes between a shift's end and the next day's start; infinite where there is no such pair."""
    least = np.inf
    for d in range(len(dates) - 1):
        today, tomorrow = np.flatnonzero(paid[d] > 0), np.flatnonzero(paid[d + 1] > 0)
        if (dates[d + 1] - dates[d]).days == 1 and len(today) and len(tomorrow):
            end = today[-1] * _BLOCK + paid[d, today[-1]]
            least = min(least, 24 * 60 + tomorrow[0] * _BLOCK - end)
    return float(least)


def available(person: Specialist, dates: pd.DatetimeIndex) -> Flags:
    """Return when somebody is neither absent nor unavailable, shape (days, blocks)."""
    present = np.array([day.date() not in person.absences for day in dates])
    return np.asarray(present[:, None] & ~parts(person.unavailable, dates))


def fair_shares(team: Team, person: Specialist, dates: pd.DatetimeIndex) -> Iterator[tuple[Flags, int, int]]:
    """Yield for each calendar week its days, and how many unpopular blocks and blocks in all are open to somebody."""
    open_, week = available(person, dates), weeks(dates)
    unpopular = open_ & parts(team.rules.unpopular, dates)
    for w in range(int(week[-1]) + 1):
        here = week == w
        yield here, int(unpopular[here].sum()), int(open_[here].sum())


def _unfair(team: Team, person: Specialist, dates: pd.DatetimeIndex, paid: Floats) -> Iterator[str]:
    unpopular, tolerance = parts(team.rules.unpopular, dates), team.rules.unpopular_tolerance
    for days, least, most in fair_shares(team, person, dates):
        worked = paid[days] > 0
        borne, fair = int((worked & unpopular[days]).sum()), worked.sum() * least / max(most, 1)
        if abs(borne - fair) > tolerance + _CLOSE:
            yield f"{borne} unpopular blocks in a week, where {fair:.1f} is a fair share"


def short_cover(team: Team, dates: pd.DatetimeIndex, paid: Floats) -> pd.DataFrame:
    """Return the cover that is not given: rule, date, needed, found, sentence; one row per rule, day and block."""
    rows = []
    for cover, d, block in covers(team, dates):
        able = np.array([cover.able(person) for person in team.specialists], np.bool_)
        there = (paid[:, d] > 0).any(axis=1) if block is None else paid[:, d, block] > _BLOCK - _CLOSE
        found = int((able & there).sum())
        if found < cover.specialists:
            words = cover_words(cover, block)
            why = _why(team, cover, dates, d, able & ~there)
            sentence = f"{dates[d]:%Y-%m-%d}: {words}: {found} of {cover.specialists}; {why}"
            rows.append((words, dates[d], cover.specialists, found, sentence))
    return pd.DataFrame(rows, columns=["rule", "date", "needed", "found", "sentence"])


def covers(team: Team, dates: pd.DatetimeIndex) -> Iterator[tuple[Cover, int, int | None]]:
    """Yield every cover that the rules ask for: the rule, the day's number, and the block or None for any time."""
    for cover in team.rules.cover:
        for d, day in enumerate(dates):
            if cover.on(day.dayofweek):
                yield from ((cover, d, block - 1) for block in cover.blocks) if cover.blocks else [(cover, d, None)]


def cover_words(cover: Cover, block: int | None) -> str:
    """Return a cover in words."""
    who = " ".join(part for part in (cover.skill, f"speaking {cover.language}" if cover.language else "") if part)
    return f"cover: {who or 'anybody'}" + ("" if block is None else f" in block {block + 1}")


def _why(team: Team, cover: Cover, dates: pd.DatetimeIndex, d: int, missing: Flags) -> str:
    """Return who of those able is not there, and for what reason."""
    if not any(cover.able(person) for person in team.specialists):
        return "nobody of the team is able"
    reasons = []
    for s in np.flatnonzero(missing):
        person = team.specialists[s]
        if dates[d].date() in person.absences:
            reasons.append(f"{person.label} is absent")
        elif parts(person.unavailable, dates)[d].any():
            reasons.append(f"{person.label} is not available")
        else:
            reasons.append(f"{person.label} is held back by the labour rules or needed elsewhere")
    return ", ".join(reasons) or "all who are able are there"
