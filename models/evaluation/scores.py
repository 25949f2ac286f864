"""Values of metrics that can be asked again for resampled customers, without going back to the invoices' curves."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit
from ledger.json_ready import finite

BINS: Final = 10  # of D-calibration


class Score(Protocol):
    """A metric of a set of invoices."""

    @property
    def value(self) -> float | None:
        """The metric; None where it is not defined, such as an AUC of invoices that are all late."""
        ...

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the metric for each row of `counts`, in which customer c, the owner of its invoices, counts so often.

        `owner` has shape (invoices,), `counts` (samples, customers); NaN where the metric is not defined.
        """
        ...


def ratios(top: Floats, bottom: Floats) -> Floats:
    """Return top ÷ bottom, NaN where bottom is 0."""
    undefined = np.full(np.broadcast(top, bottom).shape, np.nan)
    return np.asarray(np.divide(top, bottom, out=undefined, where=bottom > 0))


def by_owner(values: Floats, owner: Ints, owners: int) -> Floats:
    """Return the sum over each owner's rows, shape (owners, columns)."""
    total = np.zeros((owners, values.shape[1]))
    for column in range(values.shape[1]):
        total[:, column] = np.bincount(owner, values[:, column], owners)
    return total


@dataclass(frozen=True, eq=False, kw_only=True)
class Averaged:
    """The mean over columns of Σ top ÷ Σ bottom over invoices, to a power."""

    top: Floats  # (invoices, columns)
    bottom: Floats  # (invoices, columns)
    power: float = 1.0

    @property
    def value(self) -> float | None:
        """The metric of all invoices."""
        return finite(float((ratios(self.top.sum(0), self.bottom.sum(0)) ** self.power).mean()))

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the metric of resampled customers."""
        owners = counts.shape[1]
        top, bottom = counts @ by_owner(self.top, owner, owners), counts @ by_owner(self.bottom, owner, owners)
        return np.asarray((ratios(top, bottom) ** self.power).mean(axis=1))


@dataclass(frozen=True, eq=False, kw_only=True)
class Absolute:
    """Σ |Σ forecast − Σ came| ÷ Σ came in percent: the inner sums over invoices, the outer ones over columns."""

    forecast: Floats  # (invoices, columns)
    came: Floats

    @property
    def value(self) -> float | None:
        """The metric of all invoices."""
        return finite(float(self._error(self.forecast.sum(0), self.came.sum(0))))

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the metric of resampled customers."""
        owners = counts.shape[1]
        return self._error(counts @ by_owner(self.forecast, owner, owners), counts @ by_owner(self.came, owner, owners))

    @staticmethod
    def _error(forecast: Floats, came: Floats) -> Floats:
        return 100 * ratios(np.abs(forecast - came).sum(-1), came.sum(-1))


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranked:
    """Share of weighted comparable pairs in which the later payment was predicted later; ties count half."""

    order: Ints  # (invoices,) by time, latest first; on equal times censored ones first
    group: Ints  # (invoices,) in that order: rank of the time
    event: Floats  # (invoices,) in that order: weight of the pairs in which this one is paid first, 0 for none
    rank: Ints  # (invoices,) in that order: rank of the prediction, from 1

    @property
    def value(self) -> float | None:
        """The metric of all invoices."""
        once = np.zeros(len(self.order), np.int64)
        return finite(float(self.resampled(once, np.ones((1, 1)))[0])) if len(once) else None

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the metric of resampled customers."""
        return np.asarray(_concordance(self.group, self.event, self.rank, owner[self.order], counts))


@dataclass(frozen=True, eq=False, kw_only=True)
class Separated:
    """Area under the ROC curve: how often a case has a higher score than a control; ties count half."""

    order: Ints  # (invoices,) by score, lowest first
    group: Ints  # (invoices,) in that order: rank of the score
    case: Floats  # (invoices,) in that order: weight as a case
    control: Floats

    @property
    def value(self) -> float | None:
        """The metric of all invoices."""
        once = np.zeros(len(self.order), np.int64)
        return finite(float(self.resampled(once, np.ones((1, 1)))[0])) if len(once) else None

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the metric of resampled customers."""
        return np.asarray(_area(self.group, self.case, self.control, owner[self.order], counts))


@dataclass(frozen=True, eq=False, kw_only=True)
class DCalibration:
    """Whether payments fall evenly into tenths of the predicted distribution."""

    bins: Floats  # (invoices, BINS): where each invoice's end lies in its distribution, sums to 1
    gap: bool = False

    @property
    def value(self) -> float | None:
        """The p value, or with `gap` the largest |share − 0.1|."""
        from scipy.special import chdtrc

        if self.gap:
            return finite(float(self._gap(self.bins.sum(0))))
        expected = len(self.bins) / BINS
        if not expected:
            return None
        return float(chdtrc(BINS - 1, ((self.bins.sum(0) - expected) ** 2).sum() / expected))

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the gap of resampled customers; a p value of resampled rows means nothing, so NaN for that."""
        if not self.gap:
            return np.full(len(counts), np.nan)
        return np.asarray(self._gap(counts @ by_owner(self.bins, owner, counts.shape[1])))

    @staticmethod
    def _gap(sums: Floats) -> Floats:
        total = sums.sum(-1, keepdims=True)
        shares = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)
        return np.asarray(np.abs(shares - 1 / BINS).max(-1))


@dataclass(frozen=True, eq=False, kw_only=True)
class Gap:
    """The absolute difference of two scores."""

    one: Score
    other: Score

    @property
    def value(self) -> float | None:
        """The metric of all invoices."""
        one, other = self.one.value, self.other.value
        return None if one is None or other is None else abs(one - other)

    def resampled(self, owner: Ints, counts: Floats) -> Floats:
        """Return the metric of resampled customers."""
        return np.abs(self.one.resampled(owner, counts) - self.other.resampled(owner, counts))


def _compiled(function: Any) -> Any:
    return njit(cache=True, nogil=True)(function)


@_compiled
def _concordance(group: Ints, event: Floats, rank: Ints, owner: Ints, counts: Floats) -> Floats:
    """Sweep from the latest time to the earliest, with a Fenwick tree of the predictions seen so far."""
    samples, n = counts.shape[0], len(group)
    size = rank.max() + 1
    found = np.full(samples, np.nan)
    for s in range(samples):
        tree, at_rank = np.zeros(size + 1), np.zeros(size + 1)
        seen, right, pairs = 0.0, 0.0, 0.0
        low = 0
        while low < n:
            high = low
            while high < n and group[high] == group[low]:
                if event[high] > 0:
                    lower = 0.0
                    k = rank[high] - 1
                    while k > 0:
                        lower += tree[k]
                        k -= k & -k
                    weight = event[high] * counts[s, owner[high]]
                    right += weight * (seen - lower - 0.5 * at_rank[rank[high]])
                    pairs += weight * seen
                high += 1
            for i in range(low, high):
                count = counts[s, owner[i]]
                seen += count
                at_rank[rank[i]] += count
                k = rank[i]
                while k < size:
                    tree[k] += count
                    k += k & -k
            low = high
        if pairs > 0:
            found[s] = right / pairs
    return found


@_compiled
def _area(group: Ints, case: Floats, control: Floats, owner: Ints, counts: Floats) -> Floats:
    samples, n = counts.shape[0], len(group)
    found = np.full(samples, np.nan)
    for s in range(samples):
        below, cases, area = 0.0, 0.0, 0.0
        low = 0
        while low < n:
            here_cases, here_controls = 0.0, 0.0
            high = low
            while high < n and group[high] == group[low]:
                count = counts[s, owner[high]]
                here_cases += count * case[high]
                here_controls += count * control[high]
                high += 1
            area += here_cases * (below + 0.5 * here_controls)
            below += here_controls
            cases += here_cases
            low = high
        if below > 0 and cases > 0:
            found[s] = area / (below * cases)
    return found
