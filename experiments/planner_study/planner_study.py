"""Planners compared inside the simulator: the same customers, the same hours, the same random numbers."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import pandas as pd

import sim
from experiments.comparing.planners import OPTIMISED, USE_A_MODEL, planner_of, planners
from experiments.comparing.replication import PortfolioSource, portfolio_of
from experiments.comparing.statistics import Interval, mean_interval, paired_difference
from experiments.planner_study.cash_value import settlement
from ledger import BadInput
from ledger.files.reading import one_of
from ledger.json_ready import json_object
from ledger.progress import Progress, silent
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.wording import plural
from sim import BELIEFS

NOBODY: Final = "nobody calls"
MEASURES: Final = {
    "cash_and_run_off": "cash, run-off included, per specialist hour",
    "cash": "cash by the last day, per specialist hour",
    "written_off": "written off, per specialist hour",
    "days_outstanding": "days outstanding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerStudy:
    """Which planners are compared, on what.

    Parameters
    ----------
    source
        The receivables.
    strategy
        Whom it wants called. Its messages are sent with and without callers; only calls differ.
    specialists
        So few that only a part of the wanted calls can be made: else every planner calls everybody.
    planners, beliefs
        Their names. A planner that uses no model runs once, with the first belief.
    days, replications, seed, confidence
        As in a `Study`.
    discount
        Yearly, of the cash measured; planners look ahead at the same rate.
    """

    source: PortfolioSource = field(default_factory=lambda: PortfolioSource(preset="stress", customers=6000))
    strategy: str = "sop_cadence"
    specialists: int = 3
    planners: tuple[str, ...] = field(default_factory=planners)
    beliefs: tuple[str, ...] = ("right", "biased", "stale")
    days: int = 180
    replications: int = 14
    seed: int = 0
    confidence: float = 0.95
    discount: float = 0.10

    def __post_init__(self) -> None:
        """Check names and numbers before hours are spent."""
        for kind, given, known in (("planners", self.planners, planners()), ("beliefs", self.beliefs, tuple(BELIEFS))):
            if not given:
                raise BadInput("must name at least one", field=kind)
            for name in given:
                one_of(name, known, field=kind)
        if self.replications < 2 or self.specialists < 1:
            raise BadInput("needs at least 2 replications and 1 specialist", where="planner study")

    def tasks(self) -> "Iterator[_Task]":
        """Yield every run of the study."""
        for replication in range(self.replications):
            yield _Task(self, NOBODY, self.beliefs[0], replication)
            for planner, belief in product(self.planners, self.beliefs):
                if belief == self.beliefs[0] or planner in USE_A_MODEL:
                    yield _Task(self, planner, belief, replication)


@dataclass(frozen=True, slots=True)
class _Task:
    study: PlannerStudy
    planner: str
    belief: str
    replication: int


def compare_planners(study: PlannerStudy, *, workers: int = 1, progress: Progress = silent) -> "PlannerComparison":
    """Run every planner equally often; replication k of each meets the same random numbers.

    Raises
    ------
    BadInput
        Where the receivables or the strategy cannot be used.
    """
    from joblib import Parallel, delayed

    started, tasks = time.perf_counter(), list(study.tasks())
    backend = "sequential" if workers == 1 else "loky"
    rows: list[dict[str, Any]] = []
    for row in Parallel(n_jobs=workers, backend=backend, return_as="generator")(delayed(_run)(t) for t in tasks):
        rows.append(row)
        progress(len(rows), len(tasks), row["planner"])
    return PlannerComparison(study=study, runs=pd.DataFrame(rows), seconds=time.perf_counter() - started)


def _run(task: _Task) -> dict[str, Any]:
    study = task.study
    run = sim.simulate(
        portfolio_of(study.source),
        study.strategy,
        days=study.days,
        specialists=0 if task.planner == NOBODY else study.specialists,
        planner="random" if task.planner == NOBODY else planner_of(task.planner),
        belief=task.belief,
        seed=study.seed,
        replication=task.replication,
    )
    worth = settlement(run, study.discount)
    return {
        "planner": task.planner,
        "belief": task.belief,
        "replication": task.replication,
        "hours": run.productive_minutes / 60,
        "calls": run.calls,
        "used": run.specialist_utilisation,
    } | {measure: getattr(worth, measure) for measure in MEASURES}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PlannerComparison(Result):
    """What the planners brought: `runs` has one row per planner, belief and replication."""

    study: PlannerStudy
    runs: pd.DataFrame
    seconds: float

    def gained(self, planner: str, belief: str, measure: str) -> "pd.Series[float]":
        """Return by replication what calls brought against none; money per specialist hour, days as they are."""
        if planner not in USE_A_MODEL:
            belief = self.study.beliefs[0]
        table = self.runs.set_index("replication")
        mine = table[(table["planner"] == planner) & (table["belief"] == belief)]
        change: pd.Series[float] = mine[measure] - table.loc[table["planner"] == NOBODY, measure]
        return change if measure == "days_outstanding" else change / mine["hours"]

    def mean(self, planner: str, belief: str, measure: str) -> Interval:
        """Return the mean of what calls brought, with its interval."""
        return mean_interval(self.gained(planner, belief, measure), self.study.confidence)

    def ahead(self, planner: str, belief: str, measure: str) -> Interval:
        """Return how much more the optimised planner brought than another, with its interval, replications paired."""
        mine, other = self.gained(OPTIMISED, belief, measure), self.gained(planner, belief, measure)
        return paired_difference(mine, other, self.study.confidence)

    def table(self, measure: str = "cash_and_run_off") -> pd.DataFrame:
        """Return one row per belief and planner: what calls brought, and how far the optimised planner is ahead."""
        rows = []
        for belief, planner in product(self.study.beliefs, self.study.planners):
            if belief != self.study.beliefs[0] and planner not in USE_A_MODEL and OPTIMISED not in self.study.planners:
                continue
            mean = self.mean(planner, belief, measure)
            row = {"belief": belief, "planner": planner, "mean": mean.mean, "low": mean.low, "high": mean.high}
            if OPTIMISED in self.study.planners and planner != OPTIMISED:
                ahead = self.ahead(planner, belief, measure)
                row |= {"ahead": ahead.mean, "ahead_low": ahead.low, "ahead_high": ahead.high}
            rows.append(row)
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the table of every measure, and what was compared, as plain values."""
        names = ("strategy", "specialists", "days", "replications", "seed", "confidence")
        return json_object(
            {name: getattr(self.study, name) for name in names}
            | {"seconds": self.seconds}
            | {measure: self.table(measure).to_dict("records") for measure in MEASURES}
        )

    def summary(self, measure: str = "cash_and_run_off") -> str:
        """Return the table as text of at most 80 columns."""
        study = self.study
        lines = [
            f"{study.strategy} on {study.source.preset}, {study.source.customers or 'embedded'} customers, "
            f"{plural(study.specialists, 'specialist')}, {plural(study.days, 'day')}, "
            f"{plural(study.replications, 'replication')}",
            f"calls against no calls: {MEASURES[measure]}; {100 * study.confidence:g} % intervals",
        ]
        rows = []
        for row in self.table(measure).to_dict("records"):
            ahead = ("", "")
            if pd.notna(row.get("ahead")):
                ahead = f"{row['ahead']:,.2f}", _span(row["ahead_low"], row["ahead_high"])
            who = f"{row['belief']} {row['planner']}"
            rows.append((who, f"{row['mean']:,.2f}", _span(row["low"], row["high"]), *ahead))
        header = ("belief, planner", "brought", "interval", "optimised\nahead by", "interval")
        return "\n".join([*map(wrapped, lines), text_table(header, rows, words=[2, 4])])


def _span(low: float, high: float) -> str:
    return f"{low:,.2f} … {high:,.2f}"
