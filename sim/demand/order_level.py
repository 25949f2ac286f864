"""The level of a portfolio's orders: what all its customers' rates are multiplied by, and how sure that is.

The counts y of months are compared with those expected, e, if every customer ordered at its own steady rate. Their
ratio, the level, walks: from month to month it keeps a share δ of what is known of it, in the gamma–Poisson model of
Harvey and Fernandes ("Time series models for count or qualitative observations", 1989):

    level | past ~ Gamma(a, b),   a ← δ·a + y/φ,   b ← δ·b + e·exp(β·t)/φ

with φ the dispersion of counts beyond Poisson and β a trend per month. How it moves is not assumed: walks of several
δ, β and φ, and levels that broke once, at the beginning of some month, are each weighted by how well they foretold
every month from those before; the three kinds have the same chance before anything is seen. So a year that stood still
counts whole; a last quarter that differs from it is the level as far as chance cannot explain it; and a trend goes on
only where it foretells better than a level that walks or broke. It fades by a tenth every month (Gardner and McKenzie,
"Forecasting trends in time series", 1985). Where the level broke, only the old one's mean is known of the new one.

Months to come are as restless as those that were seen: each has a factor of mean 1 that spreads as φ tells.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Floats

KEPT: Final = (1.0, 0.98, 0.95, 0.9, 0.8, 0.65, 0.5, 0.35)  # δ, per month
DISPERSION: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # φ
TREND: Final = (0.0, -0.07, -0.04, -0.02, -0.01, 0.01, 0.02, 0.04, 0.07)  # β, log per month
BROKEN: Final = 0.0  # δ where the level breaks
_KINDS: Final = 3.0  # of ways: steady or walking, with a trend, broken
_START: Final = 2.0  # a and b before anything is seen, and a where the level has just broken
FADES: Final = 0.9  # of a trend, per month
_YEAR: Final = 12.0  # months for which the level goes on walking


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """The level on the last day as a mixture of gamma distributions, one for each way in which it may move.

    `spread` is the φ of each way, `monthly` how many are expected in a month at level 1.
    """

    weight: Floats
    shape: Floats
    mean: Floats
    kept: Floats
    trend: Floats
    spread: Floats
    monthly: float

    @property
    def expected(self) -> float:
        """Mean level."""
        return float(self.weight @ self.mean)

    def drawn(self, way: float, height: float, months: float) -> tuple[float, float]:
        """Return a level of the coming months and its trend per month, from two uniforms.

        The mean of a walk over n months is as far from its start as the walk itself after a third of them.
        """
        from scipy.special import gammaincinv

        w = self._way(way)
        shape = float(self.shape[w] * self.kept[w] ** (min(months, _YEAR) / 3))
        return float(self.mean[w] * gammaincinv(shape, height) / shape), float(self.trend[w])

    def months(self, way: float, heights: Floats) -> Floats:
        """Return a factor of mean 1 for each month to come, from the uniform of the way and one for each month.

        A month of n expected orders varies by n·φ, of which n are the luck of single ones.
        """
        from scipy.special import gammaincinv

        w = self._way(way)
        beyond = float(self.spread[w]) - 1
        if beyond <= 0:
            return np.ones(len(heights))
        shape = max(float(self.mean[w]) * self.monthly / beyond, 1e-3)
        return np.asarray(gammaincinv(shape, heights) / shape)

    def _way(self, way: float) -> int:
        return min(int(np.searchsorted(np.cumsum(self.weight), way * self.weight.sum())), len(self.weight) - 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ways:
    """Ways in which a level may move: the share kept before each month (ways, months), φ, β, and prior weights."""

    kept: Floats
    usual: Floats  # δ of the months to come
    spread: Floats
    trend: Floats
    prior: Floats


def _ways(months: int, trends: tuple[float, ...]) -> _Ways:
    kept, spread, trend = (grid.ravel() for grid in np.meshgrid(KEPT, DISPERSION, trends, indexing="ij"))
    at, over, base = (g.ravel() for g in np.meshgrid(np.arange(1, months), DISPERSION, KEPT[:3], indexing="ij"))
    share = np.repeat(np.r_[kept, base][:, None], months, axis=1)
    share[len(kept) + np.arange(len(at)), at] = BROKEN
    prior = np.where(trend == 0, 1.0, 1.0 / max(len(trends) - 1, 1)) / _KINDS
    broken = np.full(len(at), 1.0 / _KINDS / max(len(at), 1))
    return _Ways(
        kept=share,
        usual=np.r_[kept, base],
        spread=np.r_[spread, over],
        trend=np.r_[trend, np.zeros(len(at))],
        prior=np.r_[prior / (len(KEPT) * len(DISPERSION)), broken],
    )


def level(counts: Floats, expected: Floats, trends: tuple[float, ...] = TREND) -> tuple[Level, Floats]:
    """Return the level after the last month, and the level of each month in the light of all.

    Parameters
    ----------
    counts
        Orders of each month, latest last.
    expected
        Those expected at level 1.
    trends
        Trends that it may have (log per month), none first.
    """
    n = len(counts)
    ways = _ways(n, trends)
    moved = np.exp(ways.trend[:, None] * (np.arange(n) - n + 0.5))
    y, e = counts / ways.spread[:, None], np.maximum(expected * moved / ways.spread[:, None], 1e-9)
    told, a, b = _filtered(y, e, ways.kept)
    told += np.log(ways.prior) - n * np.log(ways.spread)
    weight = np.exp(told - told.max())
    weight /= weight.sum()
    backward = np.roll(ways.kept[:, ::-1], 1, axis=1)  # the share kept between the same two months
    _, later_a, later_b = _filtered(y[:, ::-1], e[:, ::-1], backward)
    both = (a[:, 1:] + later_a[:, :0:-1] - y) / (b[:, 1:] + later_b[:, :0:-1] - e)
    last = Level(
        weight=weight,
        shape=a[:, -1],
        mean=a[:, -1] / b[:, -1],
        kept=ways.usual,
        trend=ways.trend,
        spread=ways.spread,
        monthly=float(expected.mean()) if n else 0.0,
    )
    return last, weight @ (both * moved)


def _filtered(y: Floats, e: Floats, kept: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the log likelihood of each way's forecasts, and a and b before all and after each month; all by way."""
    from scipy.special import gammaln

    a, b = np.full((2, len(y), y.shape[1] + 1), _START)
    told, shape, scale = np.zeros(len(y)), a[:, 0], b[:, 0]
    for month in range(y.shape[1]):
        left = np.where(kept[:, month] == BROKEN, np.minimum(_START / shape, 1.0), kept[:, month])
        shape, scale = left * shape, left * scale
        seen, due = y[:, month], e[:, month]
        told += gammaln(shape + seen) - gammaln(shape) - gammaln(seen + 1)
        told += shape * np.log(scale / (scale + due)) + seen * np.log(due / (scale + due))
        shape, scale = shape + seen, scale + due
        a[:, month + 1], b[:, month + 1] = shape, scale
    return told, a, b
