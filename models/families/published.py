"""When others' customers pay: one curve for all, for a ledger that has seen no payment of its own.

The curve is the share of invoices paid by days past due in the embedded portfolio `normal`, whose DSO, CEI and aging
are calibrated to medians that the Credit Research Foundation published for US business receivables (see
``data/synthetic/README.md``). It knows no customer, no amount and no term. It is no estimate of anybody's ledger: what
rests on it must say so.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from ledger.notes import Note
from ledger.table.months import day_numbers
from models.timing import ByHazard, unpaid_on

_FILE: Final = Path(__file__).with_name("published_curve.csv")
WARNING: Final = Note(
    "payment timing is the published curve of US business receivables, not this ledger's own customers; "
    "nothing here says when they pay.",
    level="warning",
)


@cache
def _curve() -> tuple[Ints, Floats]:
    """Return days past due, ascending, and the cumulative hazard up to the evening of each."""
    table = pd.read_csv(_FILE)
    return table["day"].to_numpy(np.int64), -np.log1p(-table["paid"].to_numpy(np.float64))


@dataclass(frozen=True, kw_only=True)
class Published(ByHazard):
    """The same published curve for every invoice, given that it is unpaid when asked about."""

    name: Literal["published"] = "published"

    def knowing(self, ledger: Ledger) -> "Published":  # noqa: ARG002  # nothing was learned
        """Return the same model."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days); the last rate goes on beyond the curve."""
        when = np.asarray(days, np.int64).reshape(1, -1)
        known = (unpaid_on(invoices) - day_numbers(invoices["due_date"]))[:, None]
        return np.maximum(_upto(when) - _upto(known), 0.0)


def _upto(day: Ints) -> Floats:
    at, total = _curve()
    rate = (total[-1] - total[-2]) / (at[-1] - at[-2])
    return np.asarray(np.interp(day, at, total) + np.maximum(day - at[-1], 0) * rate)


def fit_published(ledger: Ledger, *, seed: int = 0) -> Published:  # noqa: ARG001  # there is nothing to learn
    """Return the published curve."""
    return Published()
