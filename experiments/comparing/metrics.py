"""The numbers by which strategies are compared: unit, better direction and the margin below which nobody would act."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger import kpi_path, kpis
from sim import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number of a run.

    Parameters
    ----------
    name, label, unit
        Key in every result, words for people, unit: days, percent, money (base currency, major units), count, share.
    better
        +1 where higher is better, -1 where lower is. Contacts and specialist utilisation have no good direction of
        their own; they count as effort, so lower is better.
    margin
        Smallest difference that matters, in the metric's unit; where `relative`, as a share of the baseline's mean.
    places
        Decimals that people see.
    """

    name: str
    label: str
    unit: str
    better: int
    margin: float
    relative: bool = False
    places: int = 1


def _effort(name: str, label: str, unit: str, places: int) -> Metric:
    return Metric(name=name, label=label, unit=unit, better=-1, margin=0.05, relative=True, places=places)


METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric(name="dso", label="DSO", unit="days", better=-1, margin=0.5),
        Metric(name="cei", label="CEI", unit="percent", better=1, margin=1.0),
        Metric(name="dso_count_back", label="DSO, count-back", unit="days", better=-1, margin=0.5),
        Metric(name="best_possible_dso", label="Best possible DSO", unit="days", better=-1, margin=0.5),
        Metric(name="add", label="Average days delinquent", unit="days", better=-1, margin=0.5),
        Metric(name="percent_current", label="Receivables not yet due", unit="percent", better=1, margin=1.0),
        Metric(
            name="percent_over_91", label="Receivables 91+ days late", unit="percent", better=-1, margin=0.25, places=2
        ),
        Metric(name="bad_debt_percent", label="Bad debt of sales", unit="percent", better=-1, margin=0.05, places=2),
        Metric(
            name="cash_collected", label="Cash collected", unit="money", better=1, margin=0.005, relative=True, places=0
        ),
        _effort("contacts", "Contacts", "count", 0),
        _effort("cost", "Cost of collecting", "money", 0),
        _effort("cost_per_1000_collected", "Cost per 1,000 collected", "money", 2),
        _effort("specialist_utilisation", "Specialist utilisation", "share", 2),
    )
}

AT_THE_END: Final = ("dso", "cei", "dso_count_back", "best_possible_dso", "add", "percent_current", "percent_over_91")
OVER_THE_HORIZON: Final = ("bad_debt_percent", "cash_collected")


def metrics_of(run: Run, path: pd.DataFrame | None = None) -> dict[str, float | None]:
    """Return every metric of a finished run; None where it is not available.

    DSO, CEI and the shares of receivables are those of the month that ends on the run's last day; cash and bad debt
    cover the whole run, from the day after its start. The run's path, where it is known, saves computing the former.
    """
    last = (kpi_path(run.records, [run.end]) if path is None else path).iloc[-1]
    whole = kpis(run.records, start=run.start + pd.Timedelta(days=1), end=run.end)
    values: dict[str, float | None] = {name: None if pd.isna(last[name]) else float(last[name]) for name in AT_THE_END}
    values |= {name: whole[name] for name in OVER_THE_HORIZON}
    cash = values["cash_collected"]
    values["contacts"] = float(run.contacts)
    values["cost"] = float(run.cost)
    values["cost_per_1000_collected"] = 1000 * run.cost / cash if cash else None
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
