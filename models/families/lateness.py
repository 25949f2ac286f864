"""Whether an invoice will be late at all: one question asked directly, and a curve bent to its answer.

A curve is learned for all days at once, so what tells early from late customers shares its trees with all the rest. A
forest that answers this question alone orders invoices better on the due date. Its log-odds are pooled with those of
the curve; then all payments up to the due date, and all survival after it, are scaled to the pooled chance. What the
curve says within the early and within the late ones stays.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ledger.arrays import Floats, Ints
from models.families.person_periods import Training
from models.history.candidate_days import CandidateDays

_WEIGHT: Final = 0.3  # of the direct answer
_TREES: Final = 30
_LEAF: Final = 5  # invoices
_LEAVES: Final = 4000  # of a tree, about, at most
_ENOUGH: Final = 100  # invoices without which nothing is learned
_SURE: Final = 1e-3  # no direct answer is surer


@dataclass(frozen=True, eq=False, kw_only=True)
class Lateness:
    """The chance that an invoice is still unpaid on the evening of its due date."""

    trees: Any

    def bent(self, view: CandidateDays, days: Ints, cumulative: Floats, at_due: Floats) -> Floats:
        """Return cumulative hazards (asked, days past due), bent to the chance of being late.

        `at_due` (asked,) is the one on the due date. Invoices asked about from the due date on, and those whose curve
        leaves no doubt, stay as they are.
        """
        doubtful = np.flatnonzero((view.asked.unpaid < view.asked.due) & (at_due > 1e-6) & (at_due < 14.0))
        made = cumulative.copy()
        if not len(doubtful):
            return made
        said = np.clip(self.trees.predict_proba(view.invoice_features[doubtful])[:, 1], _SURE, 1 - _SURE)
        before = at_due[doubtful]
        odds = (1 - _WEIGHT) * (-before - np.log(-np.expm1(-before))) + _WEIGHT * np.log(said / (1 - said))
        after = np.logaddexp(0.0, -odds)
        ratio = np.expm1(-after) / np.expm1(-before)  # of the chances of being paid by the due date
        own = cumulative[doubtful]
        early = -np.log1p(np.expm1(-np.minimum(own, before[:, None])) * ratio[:, None])
        made[doubtful] = np.where(days > 0, own + (after - before)[:, None], early)
        return made


def learn_lateness(training: Training, seed: int) -> Lateness | None:
    """Return what a forest learns of the invoices known to be late or not; None where that is too little."""
    from sklearn.ensemble import ExtraTreesClassifier

    due = training.asked.due
    known = (training.asked.unpaid < due) & (training.paid | (training.end >= due))
    late = ~training.paid | (training.end > due)
    if known.sum() < _ENOUGH or len(np.unique(late[known])) < 2:
        return None
    trees = ExtraTreesClassifier(
        _TREES,
        min_samples_leaf=max(_LEAF, int(known.sum()) // _LEAVES),
        max_features=0.3,
        n_jobs=-1,
        random_state=seed,
    )
    trees.fit(training.view.invoice_features[known], late[known], sample_weight=training.weight[known])
    return Lateness(trees=trees)
