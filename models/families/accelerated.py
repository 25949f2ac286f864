"""Accelerated failure times: covariates stretch or shrink the time from issue to payment (lifelines' regressions).

- Time runs in days since issue. A payment on the k-th day after issue stands in the middle of that day, at ``k + ½``,
  so that one on the issue day itself has a positive time; the evening of that day is ``k + 1``. Invoices open on the
  ledger's last day are censored that evening; those ended by a credit note or write-off, in the middle of their day.
- An invoice is described as on the evening of its issue day; whoever asks later has the customer's newer history, and
  the distribution is conditional on being unpaid until then.
- Two made-up payments, of an invoice average in everything, at half and at twice the median time from issue to due,
  are added to the data. They weigh nothing in a real ledger. In one where nothing is paid yet, or all is paid on the
  same day, they give the answer that the data cannot, and a finite one.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Floats, Ints
from ledger.table.months import day_numbers
from models.history.covariates import Covariates, sparse
from models.history.main_payments import history
from models.timing import ByHazard, unpaid_on

PENALTIES: Final = (1e-3, 1e-2, 1e-1, 1.0)  # ridge, tried in this order until the search converges
_INSTANT: Final = 1e-300


def _weibull(log_time: Floats, location: Floats, log_shape: float) -> Floats:
    return np.asarray(np.exp(np.exp(log_shape) * (log_time - location)))


def _lognormal(log_time: Floats, location: Floats, log_shape: float) -> Floats:
    from scipy.special import log_ndtr

    return np.asarray(-log_ndtr((location - log_time) / np.exp(log_shape)))


def _loglogistic(log_time: Floats, location: Floats, log_shape: float) -> Floats:
    return np.asarray(np.logaddexp(0.0, np.exp(log_shape) * (log_time - location)))


@dataclass(frozen=True, kw_only=True)
class Family:
    """One distribution of times: its cumulative hazard by log time, location and log of the shape; and its fitter."""

    cumulative_hazard: Callable[[Floats, Floats, float], Floats]
    fitter: str  # in lifelines
    location: str  # lifelines' names of the parameters
    shape: str


FAMILIES: Final = {
    "weibull": Family(cumulative_hazard=_weibull, fitter="WeibullAFTFitter", location="lambda_", shape="rho_"),
    "lognormal": Family(cumulative_hazard=_lognormal, fitter="LogNormalAFTFitter", location="mu_", shape="sigma_"),
    "loglogistic": Family(
        cumulative_hazard=_loglogistic, fitter="LogLogisticAFTFitter", location="alpha_", shape="beta_"
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Accelerated(ByHazard):
    """A distribution of the days from issue to payment whose scale depends on the covariates."""

    name: str
    covariates: Covariates
    coefficients: Floats  # per standard deviation of each covariate: log of the factor by which times stretch
    intercept: float
    log_shape: float
    notes: tuple[str, ...]  # what was left out, and how the fit was found

    def knowing(self, ledger: Ledger) -> "Accelerated":
        """Return the same regression, told of the ledger's history."""
        return replace(self, covariates=self.covariates.knowing(ledger))

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days)."""
        issue = day_numbers(invoices["issue_date"])
        evening = (day_numbers(invoices["due_date"]) - issue + 1)[:, None] + np.asarray(days, np.int64).reshape(1, -1)
        age = (unpaid_on(invoices) - issue + 1)[:, None]
        location = (self.intercept + self.covariates.values(invoices) @ self.coefficients)[:, None]
        total, known = self._upto(evening, location), self._upto(age, location)
        return np.maximum(total - known, 0.0)

    def _upto(self, time: Ints, location: Floats) -> Floats:
        """Return the cumulative hazard up to a time since issue; 0 before it."""
        log_time = np.log(np.maximum(time, _INSTANT))
        return FAMILIES[self.name].cumulative_hazard(log_time, location, self.log_shape)


def fit_weibull(ledger: Ledger, *, seed: int = 0) -> Accelerated:  # noqa: ARG001  # nothing is drawn
    """Return the model with Weibull times."""
    return _fitted(ledger, "weibull")


def fit_lognormal(ledger: Ledger, *, seed: int = 0) -> Accelerated:  # noqa: ARG001  # nothing is drawn
    """Return the model with log-normal times."""
    return _fitted(ledger, "lognormal")


def fit_loglogistic(ledger: Ledger, *, seed: int = 0) -> Accelerated:  # noqa: ARG001  # nothing is drawn
    """Return the model with log-logistic times."""
    return _fitted(ledger, "loglogistic")


def _fitted(ledger: Ledger, name: str) -> Accelerated:
    past = history(ledger)
    covariates, raw = Covariates.of(ledger)
    values = covariates.standardised(raw)
    usual = float(np.median(past.due - past.issue)) + 1.0
    table = pd.DataFrame(np.concatenate([values, np.zeros((2, values.shape[1]))]), columns=list(covariates.names))
    still_open = ~past.paid & (past.end == covariates.past.as_of)
    table["days"] = np.r_[past.end - past.issue + np.where(still_open, 1.0, 0.5), usual / 2, usual * 2]
    table["paid"] = np.r_[past.paid, True, True]
    found, how = _parameters(table, name)
    family = FAMILIES[name]
    return Accelerated(
        name=name,
        covariates=covariates,
        coefficients=np.array([found[family.location, column] for column in covariates.names], np.float64),
        intercept=found[family.location, "Intercept"],
        log_shape=found[family.shape, "Intercept"],
        notes=(*covariates.notes, *how, *sparse(int(past.paid.sum()), len(covariates.names))),
    )


def _parameters(table: pd.DataFrame, name: str) -> tuple[dict[tuple[str, str], float], tuple[str, ...]]:
    """Return lifelines' parameters by (parameter, covariate), and a note of how they were found.

    The penalty is the smallest for which the search converges.

    Of lifelines' warnings, one that doubts convergence counts as a failure. Those about standard errors (which are not
    used) and about numbers out of range on the way there are passed over: what comes out must be finite.
    """
    import lifelines
    from lifelines.exceptions import ApproximationWarning, ConvergenceError, ConvergenceWarning, StatisticalWarning

    for penalty in PENALTIES:
        fitter = getattr(lifelines, FAMILIES[name].fitter)(penalizer=penalty)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                warnings.simplefilter("ignore", ApproximationWarning)
                warnings.simplefilter("ignore", StatisticalWarning)
                warnings.simplefilter("error", ConvergenceWarning)
                found = {key: float(value) for key, value in fitter.fit(table, "days", "paid").params_.items()}
        except (ConvergenceError, ConvergenceWarning):
            continue
        if np.isfinite(list(found.values())).all():
            usual = penalty == PENALTIES[0]
            return found, () if usual else (f"fitted with penalty {penalty:g}: the search did not converge with less",)
    raise BadInput(f"does not determine a {name} model: no search for one converges", where="invoices")
