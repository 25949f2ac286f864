"""The hazard of each payment day, learned from person-period rows: gradient boosting or a linear model.

A row is an invoice unpaid on the morning of a payment day; its answer is whether it is paid that day. The model starts
from the hazard of the customer kernel (`customer_hazards`) and learns a factor on it: Poisson loss with that hazard as
exposure, which scikit-learn does exactly when the answer is divided, and the weight multiplied, by it. The mean of a
Poisson answer is the probability itself, whatever the answer's distribution, so the fit is consistent for a hazard of
whole days. Beyond 75 days past due one pooled hazard goes on.
"""

import os
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints, Singles
from ledger.table.months import day_numbers
from models.families.person_periods import Training, tail_rate
from models.history.candidate_days import CandidateDays
from models.history.history_columns import Past
from models.history.main_payments import history
from models.history.weekdays import payment_weekdays
from models.timing import ByHazard

_PAYMENTS_A_TREE: Final = 240
_ENOUGH: Final = 100  # payments without which nothing is learned: the kernel speaks alone
_RANGE: Final = (1e-6, 0.995)  # of a daily probability
_CHUNK: Final = 4096  # invoices
_NEAR: Final = 15  # days past due up to which every day is learned
_SLIM: Final = 0.01  # probability of being unpaid then, below which later days are not
_LEVELS: Final = 255
_SAMPLE: Final = 20_000  # rows whose quantiles stand for all


@dataclass(frozen=True, eq=False, kw_only=True)
class Lesson:
    """Person-period rows of a training set, as the learners get them."""

    view: CandidateDays
    row: Ints
    day: Ints
    event: Flags
    weight: Floats
    features: Singles

    @classmethod
    def of(cls, training: Training) -> "Lesson":
        """Return the rows with their features."""
        row, day, event, weight = training.person_periods()
        features = snapped(training.view.day_features(row, day))
        return cls(view=training.view, row=row, day=day, event=event, weight=weight, features=features)


@dataclass(frozen=True, eq=False, kw_only=True)
class Factor:
    """A learned factor on the hazard of one kernel; None where there was too little to learn from."""

    learner: Any
    kernel: int

    @classmethod
    def learn(cls, learner: Any, kernel: int, lesson: Lesson) -> "Factor":
        """Fit a scikit-learn regressor with Poisson loss on person-periods."""
        if lesson.event.sum() < _ENOUGH:
            return cls(learner=None, kernel=kernel)
        exposure = lesson.view.start(lesson.row, lesson.day, kernel)
        weight = {_weight_of(learner): lesson.weight * exposure}
        with np.errstate(over="ignore"):  # of a step that the solver then takes back
            learner.fit(lesson.features, lesson.event / exposure, **weight)
        return cls(learner=learner, kernel=kernel)

    def hazard(self, view: CandidateDays, row: Ints, day: Ints, features: Singles) -> Floats:
        """Return the probability of payment on candidate days, of invoices unpaid that morning."""
        start = view.start(row, day, self.kernel)
        if self.learner is None or not len(row):
            return np.asarray(np.clip(start, *_RANGE))
        with np.errstate(over="ignore"):  # a factor beyond all bounds is clipped
            return np.asarray(np.clip(start * self.learner.predict(features), *_RANGE))


def snapped(features: Singles) -> Singles:
    """Return the features, each value replaced by the nearest of at most 255 quantiles of its column.

    Boosting bins them so itself, but takes weighted quantiles one by one, which is slower than all the rest of it;
    columns of few distinct values it takes as they are, with borders halfway between, so raw values fit as well.
    """
    made = np.empty_like(features)
    if not len(features):
        return made
    step = max(len(features) // _SAMPLE, 1)
    for k, column in enumerate(features.T):
        levels = np.unique(np.quantile(column[::step], np.linspace(0, 1, _LEVELS), method="nearest"))
        made[:, k] = levels[np.searchsorted((levels[1:] + levels[:-1]) / 2, column)]
    return made


def _weight_of(learner: Any) -> str:
    return "poissonregressor__sample_weight" if hasattr(learner, "steps") else "sample_weight"


@dataclass(frozen=True, eq=False, kw_only=True)
class Hazard(ByHazard):
    """A discrete-time hazard model: the mean, on the log-odds scale of survival, of one or more learned factors."""

    name: str
    past: Past
    weekdays: Flags  # (7,): the portfolio's payment weekdays
    factors: tuple[Factor, ...]
    tail: float  # hazard of a payment day beyond the horizon

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be learned, and why."""
        if all(factor.learner is not None for factor in self.factors):
            return ()
        return (f"fewer than {_ENOUGH} payments: no factor is learned, customers go on as their kernels say",)

    def knowing(self, ledger: Ledger) -> "Hazard":
        """Return the same model, told of all that the ledger knows."""
        return replace(self, past=self.past.rolled(ledger))

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days)."""
        when = np.asarray(days, np.int64)
        made = np.empty((len(invoices), len(when)))
        for low in range(0, len(invoices), _CHUNK):
            part = invoices.iloc[low : low + _CHUNK]
            view = CandidateDays.of(self.past, self.past.asked(part), self.weekdays)
            made[low : low + _CHUNK] = self.seen(view, day_numbers(part["due_date"])[:, None] + when)
        return made

    def seen(self, view: CandidateDays, day: Ints) -> Floats:
        """Return the cumulative hazard of a view's invoices up to each day (asked, days)."""
        row, candidate = view.candidates()
        count = np.bincount(row, minlength=len(view.asked))
        first = np.cumsum(count) - count
        upto = view.upto(day)
        inside, beyond = np.minimum(upto, count[:, None]), np.maximum(upto - count[:, None], 0)
        total = []
        for hazard in self._hazards(view, row, candidate):
            running = np.r_[0.0, np.cumsum(-np.log1p(-hazard))]
            total.append(running[first[:, None] + inside] - running[first][:, None] - beyond * np.log1p(-self.tail))
        return total[0] if len(total) == 1 else pooled(total, [1 / len(total)] * len(total))

    def _hazards(self, view: CandidateDays, row: Ints, day: Ints) -> list[Floats]:
        """Return each factor's hazard on candidate days.

        Where it is all but certain that the invoice is paid within 15 days of its due date, later days have the hazard
        of the kernel: that halves the work and moves no probability by more than a hundredth.
        """
        made = [np.clip(view.start(row, day, factor.kernel), *_RANGE) for factor in self.factors]
        near = day - view.asked.due[row] <= _NEAR
        unpaid = np.ones(len(view.asked))
        for rows in (np.flatnonzero(near), np.flatnonzero(~near)):
            asked = rows[unpaid[row[rows]] > _SLIM]
            features = view.day_features(row[asked], day[asked])
            for factor, hazard in zip(self.factors, made, strict=True):
                hazard[asked] = factor.hazard(view, row[asked], day[asked], features)
            unpaid = np.exp(np.bincount(row[asked], np.log1p(-made[0][asked]), len(unpaid)))
        return made


def pooled(cumulative: list[Floats], weights: list[float]) -> Floats:
    """Return one cumulative hazard from several: the weighted mean of the log-odds of survival.

    A pool on the log-odds scale stays sharp, where a mean of probabilities would spread (Ranjan and Gneiting, 2010,
    JRSS B 72:71). Zero stays zero.
    """
    least = 1e-7
    odds = sum(
        weight * (-hazard - np.log(-np.expm1(-np.maximum(hazard, least))))
        for weight, hazard in zip(weights, cumulative, strict=True)
    )
    made = np.logaddexp(0.0, -np.asarray(odds))
    return np.where(np.max(cumulative, axis=0) <= 0, 0.0, made)


def boosting(seed: int, training: Training) -> Any:
    """Return the regressor of the boosted hazard: up to 75 small trees, one for every 240 payments.

    More would find differences between invoices where there are none, and so pay the quick ones too quickly.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read once, on import: spinning threads starve a busy machine
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.08,
        max_iter=int(np.clip(training.paid.sum() // _PAYMENTS_A_TREE, 1, 75)),
        max_leaf_nodes=15,
        min_samples_leaf=60,
        l2_regularization=5.0,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    )


def fit_hazard(ledger: Ledger, *, seed: int = 0) -> Hazard:
    """Return the boosted hazard of a ledger that holds at least one invoice."""
    training, weekdays = training_of(ledger, seed)
    return learned("hazard", ledger, training, weekdays, [(boosting(seed, training), 0)])


def fit_hazard_linear(ledger: Ledger, *, seed: int = 0) -> Hazard:
    """Return the log-linear hazard of a ledger that holds at least one invoice: Poisson regression, lightly shrunk."""
    from sklearn.linear_model import PoissonRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learner = make_pipeline(StandardScaler(), PoissonRegressor(alpha=1e-3, max_iter=300, solver="newton-cholesky"))
    training, weekdays = training_of(ledger, seed)
    return learned("hazard_linear", ledger, training, weekdays, [(learner, 0)])


def training_of(ledger: Ledger, seed: int) -> tuple[Training, Flags]:
    """Return the training set of a ledger, and its payment weekdays."""
    weekdays, _ = payment_weekdays(history(ledger), len(ledger.customers))
    return Training.of(Past.of(ledger), weekdays, seed), weekdays


def learned(name: str, ledger: Ledger, training: Training, weekdays: Flags, learners: list[tuple[Any, int]]) -> Hazard:
    """Return a hazard model whose factors are learned, each on the hazard of the kernel that it is given with."""
    lesson = Lesson.of(training)
    return Hazard(
        name=name,
        past=Past.of(ledger),
        weekdays=weekdays,
        factors=tuple(Factor.learn(learner, kernel, lesson) for learner, kernel in learners),
        tail=tail_rate(training),
    )
