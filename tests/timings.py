"""Payment-timing models whose answers are known by heart, for tests."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats
from ledger.table.months import day_numbers
from models.timing import asked_on


@dataclass(frozen=True, kw_only=True)
class Hazards:
    """Daily hazards by customer and day (days since 1970-01-01), whatever happened before."""

    of: Callable[[str, npt.NDArray[np.int64]], npt.ArrayLike]
    name: str = "by heart"

    def knowing(self, ledger: Ledger) -> "Hazards":
        """Return itself: it knows all there is."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return the sum of the daily hazards after the evening asked on."""
        out = np.zeros((len(invoices), np.size(days)))
        asked, due = asked_on(invoices), day_numbers(invoices["due_date"])
        for k, customer in enumerate(invoices["customer_id"]):
            until = due[k] + np.asarray(days, np.int64)
            every = np.arange(asked[k] + 1, max(int(until.max()), asked[k]) + 1)
            total = np.r_[0.0, np.cumsum(np.broadcast_to(self.of(str(customer), every), every.shape))]
            out[k] = total[np.clip(until - asked[k], 0, len(every))]
        return out

    def survival(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return the chance of being unpaid."""
        return np.asarray(np.exp(-self.cumulative_hazard(invoices, days)))


def constant(rate: float) -> Hazards:
    """Return the model under which everybody pays at one daily rate."""
    return Hazards(of=lambda _, days: np.full(len(days), rate))
