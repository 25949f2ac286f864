"""Do simulated customers pay as the real ones did: the share of invoices paid by days past due, history and simulation.

Both curves are Kaplan–Meier estimates over invoices, those still open and those ended without cash censored: the
history's over invoices issued in its last year, a replication's over those issued in it. The first has an interval by
bootstrap over customers, for invoices of one customer are alike; the second one over replications.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from experiments.comparing.statistics import mean_interval
from ledger import Ledger
from ledger.arrays import Flags, Floats
from ledger.table.answers import FEW_CUSTOMERS
from ledger.table.months import day_number
from models.history.main_payments import history

DAYS: Final = np.arange(-30, 91)  # past due
WINDOW: Final = 365  # days of history
OBSERVED: Final = "observed"
SIMULATED: Final = "simulated"
_FEW: Final = 20  # invoices at risk below which a curve ends
_GROUPS: Final = 1000  # of customers, that are drawn whole
_RESAMPLES: Final = 200


def paid_shares(ledger: Ledger, after: pd.Timestamp, weights: Floats | None = None) -> Floats:
    """Return the share of the invoices issued after a day that is paid by the evening of each of `DAYS`, 0 to 1.

    Parameters
    ----------
    weights
        How often each group of customers counts (customer's row modulo the number of groups), shape (resamples,
        groups); by default all count once.

    Returns
    -------
    Array of shape (resamples, days), or (1, days); NaN from where fewer than 20 invoices are still followed.
    """
    past = history(ledger)
    chosen = past.issue > day_number(after)
    groups = 1 if weights is None else weights.shape[1]
    group, late, paid = past.customer[chosen] % groups, (past.end - past.due)[chosen], past.paid[chosen]
    first, width = int(DAYS[0]), len(DAYS)
    column = np.clip(late - first, -1, width) + 1  # 0 before the first day, the last one after the last

    def table(rows: Flags) -> Floats:
        cells = group[rows] * (width + 2) + column[rows]
        return np.bincount(cells, minlength=groups * (width + 2)).reshape(groups, width + 2).astype(np.float64)

    ended, events = table(np.ones(len(late), np.bool_)), table(paid)
    if weights is not None:
        ended, events = weights @ ended, weights @ events
    at_risk = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
    hazard = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
    share = 1 - np.cumprod(1 - hazard, axis=1)
    return np.where(at_risk >= _FEW, share, np.nan)[:, 1:-1]


def observed_curve(ledger: Ledger, confidence: float) -> pd.DataFrame:
    """Return the history's curve: columns `source`, `day` (past due), `mean`, `low`, `high` (shares).

    It has no bounds where too few customers (`answers`) have ordered in that time, and no rows where too few
    invoices are followed.
    """
    after = ledger.as_of - pd.Timedelta(days=WINDOW)
    groups = min(_GROUPS, max(len(ledger.customers), 1))
    draws = np.random.default_rng(groups).multinomial(groups, np.full(groups, 1 / groups), size=_RESAMPLES)
    samples = paid_shares(ledger, after, draws.astype(np.float64))
    mean = paid_shares(ledger, after)[0]
    samples[:, np.isnan(mean)] = 0.0
    low, high = np.nanquantile(samples, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    if ledger.invoices.loc[ledger.invoices["issue_date"] > after, "customer_id"].nunique() < FEW_CUSTOMERS:
        low, high = np.full((2, len(mean)), np.nan)
    known = np.flatnonzero(~np.isnan(mean))
    columns = {"day": DAYS, "mean": mean, "low": low, "high": high}
    return pd.DataFrame({"source": OBSERVED} | {name: values[known] for name, values in columns.items()})


def simulated_curve(replications: Sequence[Floats], confidence: float) -> pd.DataFrame:
    """Return the mean of the replications' curves, with the same columns; without bounds for one replication."""
    rows = []
    for k, day in enumerate(DAYS):
        shares = np.array([curve[k] for curve in replications])
        if np.isnan(shares).any():
            break
        own = mean_interval(shares, confidence)
        rows.append((SIMULATED, day, own.mean, own.low, own.high))
    table = pd.DataFrame(rows, columns=["source", "day", "mean", "low", "high"])
    return table.astype({"day": np.int64, "mean": np.float64, "low": np.float64, "high": np.float64})


def apart(curves: pd.DataFrame) -> tuple[float, int] | None:
    """Return the largest difference, simulated − observed, in percentage points, and its day; None without both."""
    mean = curves.set_index(["source", "day"])["mean"]
    if not {OBSERVED, SIMULATED} <= set(curves["source"]):
        return None
    gap = 100 * (mean.loc[SIMULATED] - mean.loc[OBSERVED]).dropna()
    if gap.empty:
        return None
    day = int(gap.abs().idxmax())
    return float(gap.loc[day]), day
