"""When new customers come: those who are new to the house, and those who are only new to its ledger.

A ledger that begins on some day meets most of its old customers within weeks, and the rare ones by and by: at an
intensity that falls about as A/t with its age t, where rates differ as widely as they do. Customers who are really new
come at a steady ν. Both are fitted, neither below zero, to the first orders in eight parts of the ledger's time.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Floats
from sim.demand.order_days import OrderDays, OrderExposure

_PARTS: Final = 8
_LONGEST: Final = 730  # days that are looked back


@dataclass(frozen=True, kw_only=True, slots=True)
class Newcomers:
    """Intensity ν + A/(age + t) of first orders, t working days ahead.

    Parameters
    ----------
    steady, fading
        ν per working day, and A.
    age
        Working days from the ledger's first day to its last.
    seen
        First orders that this was learned from.
    """

    steady: float
    fading: float
    age: float
    seen: int

    def expected(self, days: float | Floats) -> float | Floats:
        """Return how many come in the next working days."""
        return self.steady * days + self.fading * np.log1p(days / self.age)

    def drawn(self, height: float) -> float:
        """Return a factor on the intensity, of gamma shape `seen` + ½ and mean 1, from a uniform; 0 where none came."""
        from scipy.special import gammaincinv

        return float(gammaincinv(self.seen + 0.5, height) / (self.seen + 0.5)) if self.seen else 0.0

    def when(self, number: Floats, horizon: float) -> Floats:
        """Return after how many working days so many are expected; beyond the horizon where later."""
        days = np.linspace(0.0, horizon + 1.0, 257)
        return np.interp(number, np.asarray(self.expected(days)), days, right=np.inf)


def newcomers(days: OrderDays, workdays: OrderExposure) -> Newcomers:
    """Return when new customers come, as the ledger tells."""
    from scipy.optimize import nnls

    total = workdays.total.mean(axis=0)
    age = max(float(total[-1] - total[days.begin - workdays.first]), 1.0)
    begin = max(days.begin, days.end - _LONGEST)
    edges = np.linspace(begin, days.end, _PARTS + 1).round().astype(np.int64)
    at = np.maximum(total[edges - workdays.first + 1] - total[days.begin - workdays.first], 1.0)
    first = days.first[days.first > edges[1]]
    counts = np.histogram(first, edges[1:] + 0.5)[0].astype(np.float64)
    columns = np.stack([np.diff(at[1:]), np.diff(np.log(at[1:]))], axis=1)
    weight = 1 / np.sqrt(counts + 1)
    (steady, fading), _ = nnls(columns * weight[:, None], counts * weight)
    return Newcomers(steady=float(steady), fading=float(fading), age=age, seen=int(counts.sum()))
