"""What hours do to DSO, CEI and cash: the same receivables, simulated with more people and with fewer."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

import sim
from experiments.comparing.metrics import METRICS, metrics_of
from experiments.comparing.statistics import Interval, mean_interval, paired_difference
from ledger import BadInput
from ledger.json_ready import json_object
from ledger.progress import Progress, silent
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.table.calendar import Calendar
from ledger.wording import plural
from models.assumed.assumptions import Assumptions, costs_of
from optimize.roster.costs import exchange_of, hourly_cost, team_in_base
from optimize.roster.team import Specialist, Team
from sim import Portfolio, Strategy

SHOWN: Final = ("dso", "cei", "cash_collected", "specialist_utilisation")
_GOLDEN: Final = (5**0.5 - 1) / 2  # spreads days off evenly over the team


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Staffed(Result):
    """Replications at several numbers of hours, by hours_percent and replication, one column per metric.

    Differences are to the roster's own hours, paired by replication; `paid_hours` and `paid_cost` (base currency, major
    units) are those of the whole horizon.
    """

    runs: pd.DataFrame
    days: int
    confidence: float
    planner: str
    notes: tuple[str, ...]

    def mean(self, percent: float, metric: str) -> Interval:
        """Return the mean of a metric over replications with its interval."""
        return mean_interval(self._values(percent, metric), self.confidence)

    def difference(self, percent: float, metric: str) -> Interval:
        """Return the mean difference to the roster's own hours with its interval."""
        return paired_difference(self._values(percent, metric), self._values(100.0, metric), self.confidence)

    @property
    def replications(self) -> int:
        """Runs at each number of hours."""
        return int(self.runs["replication"].nunique())

    def summary(self) -> str:
        """Return the DSO at each number of hours as text of at most 80 columns."""
        metric = METRICS["dso"]
        first = (
            f"{plural(self.days, 'day')} with {plural(self.runs['hours_percent'].nunique(), 'number')} of hours, "
            f"{plural(self.replications, 'run')} each: mean {metric.title} ({metric.unit}), and its difference to the "
            f"roster's hours with its {100 * self.confidence:g} % interval"
        )
        rows = []
        for percent, runs in self.runs.groupby("hours_percent"):
            own, apart = self.mean(float(str(percent)), "dso"), self.difference(float(str(percent)), "dso")
            hours = f"{runs['paid_hours'].iloc[0]:,.0f}"
            rows.append((f"{percent:g} %", hours, *map(_shown, (own.mean, apart.mean, apart.low, apart.high))))
        table = text_table(("hours", "paid", metric.title, "difference", "low", "high"), rows)
        return "\n".join([wrapped(first), table, *map(wrapped, self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Return the table and how it was made as plain values."""
        return json_object(
            {name: getattr(self, name) for name in ("days", "replications", "confidence", "planner", "notes")}
            | {"levels": self.table().to_dict("records")}
        )

    def table(self) -> pd.DataFrame:
        """Return one row per number of hours: paid hours, cost, and mean, low, high and difference of each metric."""
        rows: list[dict[str, float | None]] = []
        for percent, runs in self.runs.groupby("hours_percent"):
            first = runs.iloc[0]
            row: dict[str, float | None] = {
                name: float(first[name]) for name in ("hours_percent", "paid_hours", "paid_cost")
            }
            for metric in SHOWN:
                mean, apart = self.mean(float(str(percent)), metric), self.difference(float(str(percent)), metric)
                row |= {metric: mean.mean, f"{metric}_low": mean.low, f"{metric}_high": mean.high}
                row |= {f"{metric}_change": apart.mean, f"{metric}_change_low": apart.low}
                row |= {f"{metric}_change_high": apart.high}
            rows.append(row)
        return pd.DataFrame(rows)

    def _values(self, percent: float, metric: str) -> "pd.Series[float]":
        runs = self.runs[self.runs["hours_percent"] == percent].sort_values("replication")
        return runs[metric].astype("float64")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def staffed(
    portfolio: Portfolio,
    team: Team,
    strategy: str | Strategy,
    percents: Iterable[float],
    *,
    days: int = 90,
    replications: int = 10,
    planner: str = "uplift_per_minute",
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress = silent,
) -> Staffed:
    """Return what a strategy brings about with percentages of a team's hours, each kept for the whole horizon.

    Fewer hours are whole days off, spread evenly over the team and the weeks; more hours are people of the same skills.
    So every percentage has the roster's mix of skills, languages and blocks. Replication k meets the same random
    numbers at all of them. In the simulator part-timers work the first blocks of every day.

    Raises
    ------
    BadInput
        For a number out of range, an unknown planner or strategy, an amount in a currency without a rate.
    """
    if replications < 1:
        raise BadInput("must be at least 1", field="replications", value=replications)
    levels = sorted({100.0, *percents})
    exchange = exchange_of(team, portfolio.ledger)
    team, chosen = team_in_base(team, exchange), sim.Strategy.load(strategy).in_base(exchange)
    assume = portfolio.assumptions.in_base(exchange, costs_of(chosen, wage=not team.all_priced))
    portfolio, note = _on_the_team_s_clock(portfolio, team)
    rows: list[dict[str, float | None]] = []
    for k, percent in enumerate(levels):
        people = scaled(team, percent / 100, portfolio.start, days)
        roster = people.roster()
        hours, cost = _paid(people, assume, portfolio.start, days)
        for replication in range(replications):
            progress(k * replications + replication, len(levels) * replications, f"simulate {percent:g} %")
            run = sim.simulate(
                portfolio,
                chosen,
                days=days,
                specialists=roster,
                planner=planner,
                seed=seed,
                replication=replication,
                assumptions=assume,
            )
            about = {"hours_percent": percent, "replication": replication, "paid_hours": hours, "paid_cost": cost}
            rows.append({**about, **metrics_of(run)})
    progress(len(levels) * replications, len(levels) * replications, "simulated")
    table = pd.DataFrame(rows).astype(dict.fromkeys(METRICS, "float64"))
    notes = (note,) if note else ()
    return Staffed(runs=table, days=days, confidence=confidence, planner=planner, notes=notes)


def _on_the_team_s_clock(portfolio: Portfolio, team: Team) -> tuple[Portfolio, str]:
    """Return the portfolio with the collectors on the team's clock: the simulator has one for all of them."""
    country = team.country or portfolio.country
    if (portfolio.timezone, portfolio.country) == (team.timezone, country):
        return portfolio, ""
    days = country or "no country"
    note = f"In the simulation collectors work on the clock {team.timezone} and the working days of {days}."
    return replace(portfolio, timezone=team.timezone, country=country), note


def scaled(team: Team, factor: float, start: pd.Timestamp, days: int) -> Team:
    """Return the team with so many times its hours: copies of everybody, the last of them with days off.

    Raises
    ------
    BadInput
        For a factor that is not positive.
    """
    if not factor > 0:
        raise BadInput("must be positive", field="hours", value=factor)
    whole, part = divmod(round(factor, 6), 1.0)
    people = [_copy(person, k) for k in range(int(whole)) for person in team.specialists]
    if part > 0:
        open_days = _working(team, start, days)
        for s, person in enumerate(team.specialists):
            phase = (s * _GOLDEN) % 1
            done = np.floor(part * np.arange(len(open_days) + 1) + phase)
            off = [day.date() for day, works in zip(open_days, np.diff(done) > 0, strict=True) if not works]
            person = _copy(person, int(whole))
            people.append(person.model_copy(update={"absences": tuple(sorted({*person.absences, *off}))}))
    return team.model_copy(update={"specialists": tuple(people)})


def _copy(person: Specialist, k: int) -> Specialist:
    return person if k == 0 else person.model_copy(update={"id": f"{person.id}+{k}"})


def _working(team: Team, start: pd.Timestamp, days: int) -> pd.DatetimeIndex:
    calendar = Calendar(start=start, days=days, countries=(team.country,), home=team.country)
    number = np.flatnonzero(calendar.working(team.country)[: days + 1])
    return pd.DatetimeIndex(start + pd.to_timedelta(number[number > 0], unit="D"))


def _paid(team: Team, assume: Assumptions, start: pd.Timestamp, days: int) -> tuple[float, float]:
    """Return the paid hours of a horizon and what they cost: a fifth of the weekly hours for each day present."""
    open_days = {day.date() for day in _working(team, start, days)}
    hours = np.array([person.weekly_hours / 5 * len(open_days - {*person.absences}) for person in team.specialists])
    return float(hours.sum()), float((hours * hourly_cost(team, assume)).sum())
