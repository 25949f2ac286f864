"""The season of a portfolio's orders: last year's months, where they told this year's, and how sure they are.

The logarithm of orders per working day, less growth, is for each month of the year a deviation s that comes again and
one that does not. Of k years their mean tells s: it is shrunk by the trust t that a mean of k years deserves (Spearman
and Brown), and s is about that with variance t·(1 − t)·V, V the variance of the twelve means: the posterior of a normal
mean whose prior is the spread of the months themselves. Each replication draws its factors from there.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Floats

_FEWEST: Final = 18  # months: six pairs of one month and the same a year earlier
_LUCK: Final = 0.01  # share of ledgers without a season that seem to have one


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """Factors of the twelve months to come, and the standard deviation of their logarithms that is not known."""

    factor: Floats
    doubt: float

    @property
    def seen(self) -> bool:
        """Whether there is one."""
        return bool((self.factor != 1).any())

    def drawn(self, normals: Floats) -> Floats:
        """Return factors about those, each of their mean, from a standard normal for each of the twelve months."""
        return np.asarray(self.factor * np.exp(self.doubt * normals - self.doubt**2 / 2))


NO_SEASON: Final = Season(factor=np.ones(12), doubt=0.0)


def season(counts: Floats, working: Floats) -> Season:
    """Return the season of the twelve months to come; none where last year's months do not tell this year's.

    What counts are the logarithms of orders per working day, less the growth from each month to the same a year on:
    those of each month beside those of the same month a year earlier. Their correlation must be beyond chance at 1 %
    (one-sided t), in six pairs at least; then each month's deviation goes on, shrunk by how well a year told the next.

    Parameters
    ----------
    counts
        Orders of each month, latest last.
    working
        Working days of each month.
    """
    from scipy.stats import pearsonr

    n = len(counts)
    if n < _FEWEST or not counts.any():
        return NO_SEASON
    log = np.log((counts + 0.5) / np.maximum(working, 1))
    off = log - np.arange(n) * (log[12:] - log[:-12]).mean() / 12
    if np.ptp(off[12:]) < 1e-9 or np.ptp(off[:-12]) < 1e-9:
        return NO_SEASON
    told = pearsonr(off[12:], off[:-12], alternative="greater")
    if told.pvalue >= _LUCK:
        return NO_SEASON
    years = [off[n - 12 * k : n - 12 * k + 12] for k in range(1, n // 12 + 1)]
    mean, r = np.mean(years, axis=0), told.statistic
    trust = len(years) * r / (1 + (len(years) - 1) * r)
    return Season(
        factor=np.exp(trust * (mean - mean.mean())),
        doubt=float(np.sqrt(trust * (1 - trust) * mean.var(ddof=1))),
    )
