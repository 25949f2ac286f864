"""The numbers by which strategies are compared: those of the ledger's key figures that are, and what a run took."""

from typing import Final

import numpy as np
import pandas as pd

from ledger import kpi_path, kpis
from ledger.json_ready import finite
from ledger.kpi.catalogue import KPIS, Kpi, Measure, Unit
from sim import Run


def _effort(name: str, label: str, unit: Unit, places: int, *, short: str = "", prominence: int = 0) -> Measure:
    """Return what a run took; contacts and utilisation have no good direction of their own: less effort is better."""
    return Measure(
        name=name, label=label, unit=unit, better=-1, margin=0.05, relative=True, places=places,
        short=short, prominence=prominence,
    )  # fmt: skip


_OF_A_RUN: Final = (
    _effort("contacts", "contacts", "count", 0),
    _effort("cost", "cost of collecting", "money", 0, short="Cost", prominence=2),
    _effort("cost_per_1000_collected", "cost per 1,000 collected", "money", 2),
    _effort("specialist_utilisation", "specialist utilisation", "share", 2),
)
METRICS: Final[dict[str, Measure]] = {kpi.name: kpi for kpi in KPIS.values() if kpi.compared is not None} | {
    metric.name: metric for metric in _OF_A_RUN
}


def prominent(least: int) -> tuple[str, ...]:
    """Return the names of the metrics of at least this prominence."""
    return tuple(name for name, metric in METRICS.items() if metric.prominence >= least)


def days_of(metric: Measure) -> str:
    """Return which days a metric covers: `month`, the last one of the run, or `run`, all of it."""
    return metric.compared or "run" if isinstance(metric, Kpi) else "run"


def metrics_of(run: Run, path: pd.DataFrame | None = None) -> dict[str, float | None]:
    """Return every metric of a finished run; None where it is not available.

    DSO, CEI and the shares of receivables are those of the month that ends on the run's last day; cash and bad debt
    cover the whole run, from the day after its start. The run's path, where it is known, saves computing the former.
    """
    last = (kpi_path(run.records, [run.end]) if path is None else path).iloc[-1]
    whole = kpis(run.records, start=run.start + pd.Timedelta(days=1), end=run.end)
    values: dict[str, float | None] = {}
    for name in (name for name in METRICS if name in KPIS):
        values[name] = finite(float(last[name])) if days_of(METRICS[name]) == "month" else whole[name]
    cash, cost = values["cash_collected"], run.cost
    values["contacts"] = float(run.contacts)
    values["cost"] = cost
    values["cost_per_1000_collected"] = 1000 * cost / cash if cash and cost is not None else None
    values["specialist_utilisation"] = float(run.specialist_utilisation)
    return {name: values[name] for name in METRICS}


def path_of(run: Run, points: int = 13) -> pd.DataFrame:
    """Return the run's KPIs on evenly spread days, from its start (day 0) to its end, one row per day.

    Columns are those of `ledger.kpis.kpi_path`, `elapsed` (days since the start) and `cash_since_start` (base
    currency, major units: cash received after the start, up to and including the day).
    """
    elapsed = np.unique(np.linspace(0, run.days, points).round().astype(np.int64))
    days = run.start + pd.to_timedelta(elapsed, unit="D")
    path = kpi_path(run.records, days).reset_index(drop=True)
    cash = path["cumulative_cash"] - path["cumulative_cash"].iloc[0]
    return path.drop(columns="cumulative_cash").assign(elapsed=elapsed, cash_since_start=cash)
