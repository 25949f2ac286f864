"""Receivables by days past due."""

from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Floats, Ints
from ledger.kpi import formulas

BUCKETS: Final = ("not_due", "1-30", "31-60", "61-90", "91+")
_OLDEST_IN: Final = np.array([0, 30, 60, 90])  # last day past due of each bucket but the open-ended one


def by_bucket(by_due: Ints, first_due: int, evening: int) -> Ints:
    """Return totals by aging bucket, (..., 5), from totals by due day, (..., days), as of an evening.

    What falls due that evening is not past due; 30 days past due belongs to 1-30.
    """
    running = np.concatenate([np.zeros((*by_due.shape[:-1], 1), np.int64), np.cumsum(by_due, axis=-1)], axis=-1)
    edges = np.clip(evening - _OLDEST_IN - first_due, 0, by_due.shape[-1])  # first due day that is no older than this
    older = np.concatenate([running[..., -1:], running[..., edges], np.zeros_like(running[..., :1])], axis=-1)
    return np.asarray(older[..., :-1] - older[..., 1:])


def table(amounts: Floats, invoices: Ints) -> pd.DataFrame:
    """Return bucket, amount, percent of AR (empty when nothing is open) and number of invoices."""
    total = float(amounts.sum())
    percents = [formulas.percent_of_ar(float(amount), total) for amount in amounts]
    return pd.DataFrame(
        {
            "bucket": list(BUCKETS),
            "amount": amounts,
            "percent": np.array(percents, np.float64),
            "invoices": invoices,
        }
    )


def withheld() -> pd.DataFrame:
    """Return the same table of an evening on which nobody knows what was open: its figures are empty."""
    unknown = np.full(len(BUCKETS), np.nan)
    return pd.DataFrame({"bucket": list(BUCKETS), "amount": unknown, "percent": unknown, "invoices": unknown})
