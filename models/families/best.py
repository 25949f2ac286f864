"""The most accurate model: boosted hazards and a forest of distributions, pooled.

Two boosted hazards, which start from the customer's kernel on payment days and on calendar days, answer day by day; the
forest answers with a whole curve at once. They err differently, and the mean of their log-odds beats each. Half the
weight is the forest's. A third learner answers for the due date alone (`lateness`). All was chosen on cuts
before the one that is reported.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats
from ledger.table.months import day_numbers
from models.families.forest import Forest, learn_forest
from models.families.hazard import Hazard, boosting, learned, pooled, training_of
from models.families.lateness import Lateness, learn_lateness
from models.history.candidate_days import CandidateDays
from models.timing import ByHazard

_FOREST: Final = 0.5  # weight
_CHUNK: Final = 4096  # invoices


@dataclass(frozen=True, eq=False, kw_only=True)
class Best(ByHazard):
    """A pool of boosted hazards and a forest, bent to the chance of being late; the hazards alone for small ledgers."""

    hazard: Hazard
    forest: Forest | None
    lateness: Lateness | None
    name: str = "best"

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be learned, and why."""
        return self.hazard.notes

    def knowing(self, ledger: Ledger) -> "Best":
        """Return the same model, told of all that the ledger knows."""
        return replace(self, hazard=self.hazard.knowing(ledger))

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days)."""
        when, past = np.asarray(days, np.int64), self.hazard.past
        made = np.empty((len(invoices), len(when)))
        for low in range(0, len(invoices), _CHUNK):
            part = invoices.iloc[low : low + _CHUNK]
            view = CandidateDays.of(past, past.asked(part), self.hazard.weekdays)
            day = day_numbers(part["due_date"])[:, None] + np.r_[when, 0]
            whole = self.hazard.seen(view, day)
            if self.forest is not None:
                whole = pooled([whole, self.forest.seen(view, day)], [1 - _FOREST, _FOREST])
            curve, at_due = whole[:, :-1], whole[:, -1]
            made[low : low + _CHUNK] = curve if self.lateness is None else self.lateness.bent(view, when, curve, at_due)
        return made


def fit_best(ledger: Ledger, *, seed: int = 0) -> Best:
    """Return the pooled model of a ledger that holds at least one invoice."""
    training, weekdays = training_of(ledger, seed)
    learners = [(boosting(seed + kernel, training), kernel) for kernel in (0, 1)]
    hazard = learned("best", ledger, training, weekdays, learners)
    return Best(
        hazard=hazard,
        forest=learn_forest(training, seed, hazard.tail),
        lateness=learn_lateness(training, seed),
    )
