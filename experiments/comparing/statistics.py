"""How sure we are: intervals for means, paired differences and the verdict against a margin.

All intervals are Student t intervals over replications. They cover the noise of the simulation and nothing else.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Verdict = Literal["better", "worse", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its confidence interval.

    Parameters
    ----------
    mean
        None where no replication has the value.
    low, high
        None where fewer than two replications have the value: one number has no spread.
    n
        Replications that have the value.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean and its t interval; missing values (NaN) are left out.

    Parameters
    ----------
    values
        One number per replication.
    confidence
        Share of such intervals that cover the true mean, between 0 and 1.

    Notes
    -----
    mean ± t(n − 1, (1 + confidence) / 2) · s / √n, exact for normal values. Where all values are equal the interval
    has no width.

    Examples
    --------
    >>> interval = mean_interval([1.0, 2.0, 3.0])
    >>> round(interval.low, 3), interval.mean, round(interval.high, 3)
    (-0.484, 2.0, 4.484)
    """
    from scipy.special import stdtrit

    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    n = len(known)
    if n == 0:
        return Interval(mean=None, low=None, high=None, n=0)
    mean = float(known[0]) if (known == known[0]).all() else float(known.mean())
    if n == 1:
        return Interval(mean=mean, low=None, high=None, n=1)
    half = float(stdtrit(n - 1, (1 + confidence) / 2) * np.sqrt(((known - mean) ** 2).sum() / (n - 1) / n))
    return Interval(mean=mean, low=mean - half, high=mean + half, n=n)


def paired_difference(values: npt.ArrayLike, baseline: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean of values − baseline and its t interval, pairing the same replication of both.

    Both arrays are in the order of replications. With common random numbers the pairs move together, and the interval
    of the difference is much narrower than that of either mean.
    """
    return mean_interval(np.asarray(values, np.float64) - np.asarray(baseline, np.float64), confidence)


def verdict(difference: Interval, *, better: int, margin: float) -> Verdict:
    """Return whether a difference to the baseline is better, worse or undecided.

    Parameters
    ----------
    difference
        Strategy − baseline.
    better
        +1 where a higher metric is better, -1 where a lower one is.
    margin
        Smallest difference that matters, ≥ 0, in the metric's unit.

    Notes
    -----
    Better: the whole interval lies beyond the margin on the good side. Worse: on the bad side. Everything else is
    undecided, a single replication included.
    """
    if difference.low is None or difference.high is None:
        return "undecided"
    low, high = sorted((better * difference.low, better * difference.high))
    if low > margin:
        return "better"
    return "worse" if high < -margin else "undecided"


def within_margin(difference: Interval, margin: float) -> bool:
    """Return whether the whole interval lies inside ± margin: whatever the difference is, it does not matter."""
    if difference.low is None or difference.high is None:
        return False
    return -margin <= difference.low and difference.high <= margin


def no_worse(difference: Interval, *, better: int, margin: float) -> bool:
    """Return whether the difference is not worse by the margin or more, whatever it is; see `verdict`."""
    if difference.low is None or difference.high is None:
        return False
    return min(better * difference.low, better * difference.high) > -margin
