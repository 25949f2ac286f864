"""A forest of whole distributions: extremely randomised trees whose answer is the curve of days late.

Each invoice answers with 32 zeros and ones, whether it was paid within so many payment days of its due date. A split
that lowers their summed squared error lowers the Brier score integrated over those days; a leaf's mean is a curve.
An invoice still open counts with what its customer's kernel says of it, given that it is unpaid so far.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ledger.arrays import Floats, Ints, Singles
from models.families.person_periods import Training
from models.history.candidate_days import CandidateDays

ANSWERS: Final = np.r_[-30, -20, -15, -12, -10, -8:11, 12, 15, 18, 22, 27, 35, 45, 60]  # payment days late
_LEAF: Final = 5  # invoices
_LEAVES: Final = 4000  # of a tree, about, at most
_TREES: Final = 45
_ENOUGH: Final = 100  # invoices without which nothing is learned
_AXIS: Final = np.arange(-41, 61)


@dataclass(frozen=True, eq=False, kw_only=True)
class Forest:
    """Curves of payment days late."""

    trees: Any
    tail: float  # hazard of a payment day beyond the last answer

    def seen(self, view: CandidateDays, day: Ints) -> Floats:
        """Return the cumulative hazard of a view's invoices up to each day (asked, days), given unpaid so far."""
        paid_by = _filled(np.asarray(self.trees.predict(view.invoice_features)))
        asked, paydays = view.asked, view.paydays
        due = paydays.counted(asked.country, asked.due)
        late = paydays.counted(asked.country[:, None], day) - due[:, None]
        now = (paydays.counted(asked.country, asked.unpaid) - due)[:, None]
        return np.where(late > now, np.maximum(self._upto(paid_by, late) - self._upto(paid_by, now), 0.0), 0.0)

    def _upto(self, paid_by: Floats, late: Ints) -> Floats:
        cell = np.clip(late - _AXIS[0], 0, len(_AXIS) - 1)
        beyond = np.maximum(late - _AXIS[-1], 0)
        unpaid = np.maximum(1.0 - np.take_along_axis(paid_by, cell, axis=1), 1e-6)
        return np.asarray(-np.log(unpaid) - beyond * np.log1p(-self.tail))


def _filled(answers: Floats) -> Floats:
    """Return the curves on every payment day of the axis, linear between the answers, zero before them."""
    known = np.r_[_AXIS[0], ANSWERS]
    right = np.clip(np.searchsorted(known, _AXIS), 1, len(known) - 1)
    part = (_AXIS - known[right - 1]) / (known[right] - known[right - 1])
    padded = np.concatenate([np.zeros((len(answers), 1)), answers], axis=1)
    return np.asarray(padded[:, right - 1] * (1 - part) + padded[:, right] * part)


def learn_forest(training: Training, seed: int, tail: float) -> Forest | None:
    """Return a forest, or None where there is too little to learn from."""
    from sklearn.ensemble import ExtraTreesRegressor

    if len(training.asked) < _ENOUGH:
        return None
    leaf = max(_LEAF, len(training.asked) // _LEAVES)
    trees = ExtraTreesRegressor(
        _TREES, min_samples_leaf=leaf, max_features=0.5, bootstrap=True, max_samples=0.5, n_jobs=-1, random_state=seed
    )
    trees.fit(training.view.invoice_features, paid_by_then(training), sample_weight=training.weight)
    return Forest(trees=trees, tail=tail)


def paid_by_then(training: Training) -> Singles:
    """Return (asked, ANSWERS): whether each was paid by then; for those not known, the kernel's probability."""
    view, asked = training.view, training.asked
    paydays, axis, hazard = view.paydays, view.axes[0], view.hazards[0]
    due = paydays.counted(asked.country, asked.due)
    paid_on = paydays.counted(asked.country, training.end - 1) + 1 - due
    made: Singles = (paid_on[:, None] <= ANSWERS).astype(np.float32)
    unknown = np.flatnonzero(~training.paid)
    rate = np.cumsum(-np.log1p(-np.minimum(hazard[unknown], 0.99)), axis=1)
    unpaid_on = (paydays.counted(asked.country, training.end) - due)[unknown, None]
    at, now = (np.clip(x - axis.first, 0, axis.size - 1) for x in (np.tile(ANSWERS, (len(unknown), 1)), unpaid_on))
    more = np.take_along_axis(rate, at, axis=1) - np.take_along_axis(rate, now, axis=1)
    made[unknown] = np.where(unpaid_on >= ANSWERS, 0.0, 1.0 - np.exp(-np.maximum(more, 0.0)))
    return made
