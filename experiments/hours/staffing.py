"""How many hours a team should have: a week's calls by hours, the best shifts, and the same hours simulated."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from experiments.comparing.replication import portfolio_paying
from experiments.hours.hours import Staffed, staffed
from ledger import Ledger
from ledger.json_ready import json_object
from ledger.policy.strategy import Strategy
from ledger.progress import Progress, silent
from ledger.results import Result
from ledger.table.ledger import Day, as_day
from models.registry.reference import chosen
from optimize import Team
from optimize.staffing.frontier import Frontier, frontier
from optimize.staffing.shift_choice import ShiftChoice, choose_shifts
from optimize.staffing.week import week

HOURS: Final = (50.0, 75.0, 100.0, 125.0, 150.0)  # percent of the roster's


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Staffing(Result):
    """Hours against cash, cost and DSO.

    Parameters
    ----------
    frontier
        A week's calls at each number of hours, and what one more hour is worth.
    shifts
        The shifts of the same people that are worth the most.
    simulated
        The strategy simulated at the same numbers of hours.
    """

    frontier: Frontier
    shifts: ShiftChoice
    simulated: Staffed

    def table(self) -> pd.DataFrame:
        """Return one row per number of hours: the week's figures beside the simulated ones."""
        runs = self.simulated.table().drop(columns="paid_hours")
        return self.frontier.levels.merge(runs, on="hours_percent", how="left")

    def summary(self) -> str:
        """Return what another hour is worth, and what other shifts would be."""
        return f"{self.frontier.summary()}\n{self.shifts.summary()}"

    def to_dict(self) -> dict[str, Any]:
        """Return the frontier, its levels with what was simulated, and the best shifts' worth as plain values."""
        found, runs = self.frontier, self.simulated
        return json_object(
            found.to_dict()
            | {
                "levels": self.table().to_dict("records"),
                "days": runs.days,
                "replications": runs.replications,
                "planner": runs.planner,
                "notes": [*found.notes, *runs.notes, *found.week.shifts.broken["sentence"]],
                "chosen_shifts": {name: getattr(self.shifts, name) for name in ("own", "worth", "bound")},
            }
        )


def staffing(
    ledger: Ledger,
    roster: Team | str | Path | pd.DataFrame | int,
    *,
    strategy: str | Strategy = "friendly",
    model: str = "kaplan_meier",
    date: Day | None = None,
    days: int = 5,
    hours: Iterable[float] = HOURS,
    horizon: int = 90,
    replications: int = 8,
    planner: str = "uplift_per_minute",
    state: str | Path = "runs",
    seed: int = 0,
    progress: Progress = silent,
) -> Staffing:
    """Return hours against cash, cost and DSO, and at which hours another one no longer pays.

    Parameters
    ----------
    ledger
        The receivables.
    roster
        The team, the file that says so, or a number of people.
    strategy
        A strategy, the name of an embedded one, or the path of a TOML file.
    model
        When customers pay: a model's name, or the reference of a registered one in `state`.
    date
        First day; by default the day after the ledger's last. What became known later is left out.
    days
        Working days of the week that is planned, at most 5.
    hours
        Percentages of the roster's hours.
    horizon, replications, planner
        Days and runs of the simulation at each number of hours, and who is called first in it.
    state
        Folder of the model registry.
    seed
        Of the solver and the simulation.
    progress
        Called with what is done, how much there is, and what it is.

    Raises
    ------
    BadInput
        For a number out of range, an unknown name, an amount in a currency without a rate.
    Refused
        Where the ledger cannot teach when its customers pay, or no hours of the roster can be planned.
    """
    first = ledger.as_of + pd.Timedelta(days=1) if date is None else as_day(date, field="date")
    evening = first - pd.Timedelta(days=1)
    known = ledger if evening >= ledger.as_of else ledger.snapshot(evening)
    timing = chosen(model, known, state=state)
    one = week(known, timing.timing, strategy, roster, first, days=days, seed=seed)
    found = frontier(one, hours, progress=progress, seed=seed)
    progress(0, 0, "shifts")
    better = choose_shifts(one, seed=seed)
    simulated = staffed(
        portfolio_paying(known, model, timing), one.team, strategy, found.levels["hours_percent"],
        days=horizon, replications=replications, planner=planner, seed=seed, progress=progress,
    )  # fmt: skip
    return Staffing(frontier=found, shifts=better, simulated=simulated)
