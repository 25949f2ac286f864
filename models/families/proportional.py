"""Cox's proportional hazards, with contacts as covariates that change in time (lifelines' regression).

- Time runs in whole days relative to the due date; an invoice enters at risk on its day of issue. Among invoices with
  the same term that is the same as days since issue, and it keeps the due dates of a class of terms together.
- Strata, each with a baseline of its own: the term, by class, and how late the customer usually pays, by class. Where
  few invoices pay on the due date and the others a week later, hazards are not proportional, and baselines tell it.
- Covariates (`models.history.covariates`) are those of the issue day. Where the ledger has a contact log, each kind of
  contact counts for the days of `WINDOW` after it, and so does an open dispute; predictions carry on
  the contacts known on the evening asked on, none to come, and assume no dispute. These coefficients say what goes with
  a contact, not what it causes: collectors chase bad payers.
- Payments fall on whole days, many on the same: ties are handled by Efron's method, in the baselines too.
- A stratum's daily hazard is drawn to the portfolio's by two invoices at risk, and the portfolio's to one payment in
  thirty days, more so where it is later than sixty days and data thins out. So no curve ends, and none is NaN.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.months import day_numbers
from models.families.kaplan_meier import PSEUDO, portfolio_hazard
from models.history.contact_log import ContactLog
from models.history.covariates import Covariates, sparse
from models.history.episodes import ENDS, WINDOW, Episodes, episodes
from models.history.recent_contacts import RecentContacts
from models.timing import ByHazard, unpaid_on

FIRST_DAY: Final = -365
LAST_DAY: Final = 400
DAYS: Final = LAST_DAY - FIRST_DAY + 1
TERMS: Final = (7, 14, 21, 30, 45, 60, 90)  # last term of each class
USUAL: Final = (-5, 0, 5, 10, 20)  # last median of days late of each class
PENALTIES: Final = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # ridge, tried in this order until the search converges
_EVENTS: Final = 5  # payments that a time-varying covariate needs on either side


@dataclass(frozen=True, eq=False, kw_only=True)
class Proportional(ByHazard):
    """A baseline of daily hazards for each stratum, and the factors by which covariates raise it."""

    covariates: Covariates
    coefficients: Floats  # log hazard ratio per standard deviation of each covariate
    reach: tuple[float, float]  # smallest and largest log hazard ratio in training; predictions go no further
    contacts: RecentContacts
    contact_effects: Floats  # log hazard ratio of each of its kinds
    strata: Ints  # codes, ascending
    baseline: Floats  # (1 + strata, DAYS): cumulative hazard up to the evening of each day; row 0 is the portfolio's
    notes: tuple[str, ...]
    name: str = "cox"

    def knowing(self, ledger: Ledger) -> "Proportional":
        """Return the same regression, told of the ledger's history and contacts."""
        return replace(self, covariates=self.covariates.knowing(ledger), contacts=self.contacts.knowing(ledger))

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of `survival`, shape (invoices, days)."""
        raw = self.covariates.raw(invoices)
        values = self.covariates.standardised(raw)
        ratio = np.exp(np.clip(values @ self.coefficients, *self.reach))[:, None]
        stratum = _stratum(raw)
        place = np.minimum(np.searchsorted(self.strata, stratum), len(self.strata) - 1)
        row = np.where(self.strata[place] == stratum, place + 1, 0)[:, None]
        due, unpaid = day_numbers(invoices["due_date"])[:, None], unpaid_on(invoices)[:, None]
        when = np.maximum(np.asarray(days, np.int64).reshape(1, -1), unpaid - due)
        total, before = np.zeros(when.shape), self._upto(row, unpaid - due)
        for until, effect in self.contacts.spans(invoices, self.contact_effects):
            upto = self._upto(row, np.clip(when, unpaid - due, np.maximum(until[:, None], unpaid) - due))
            total += np.exp(effect)[:, None] * (upto - before)
            before = upto
        return ratio * (total + self._upto(row, when) - before)

    def _upto(self, row: Ints, day: Ints) -> Floats:
        """Return the cumulative baseline up to the day, on from the table's end at its last rate."""
        inside = self.baseline[row, np.clip(day - FIRST_DAY, 0, DAYS - 1)]
        beyond = np.maximum(day - LAST_DAY, 0) * (self.baseline[row, -1] - self.baseline[row, -2])
        return np.where(day < FIRST_DAY, 0.0, inside + beyond)


def fit_cox(ledger: Ledger, *, seed: int = 0) -> Proportional:  # noqa: ARG001  # nothing is drawn
    """Return the regression of a ledger that holds at least one invoice."""
    covariates, raw = Covariates.of(ledger)
    values = covariates.standardised(raw)
    rows = episodes(ledger)
    moving, kinds, left_out = _moving(rows)
    names = [*covariates.names, *moving.columns]
    table = np.concatenate([values[rows.invoice], moving.to_numpy(np.float64)], axis=1)
    stratum = _stratum(raw)[rows.invoice]
    paid = rows.end == ENDS.index("paid")
    found, how = _coefficients(pd.DataFrame(table, columns=names), rows, stratum, paid)
    log_ratio = np.asarray(table @ found, np.float64)
    fixed = values @ found[: values.shape[1]]
    strata, baseline = _baseline(rows, stratum, paid, log_ratio)
    chosen = tuple(rows.kinds[k] for k in kinds)
    first = values.shape[1]
    return Proportional(
        covariates=covariates,
        coefficients=found[:first],
        reach=(float(fixed.min()), float(fixed.max())),
        contacts=RecentContacts.of(ledger, chosen, ContactLog.of(ledger).covers_from),
        contact_effects=found[first : first + len(chosen)],
        strata=strata,
        baseline=baseline,
        notes=(*covariates.notes, *left_out, *how, *(sparse(int(paid.sum()), len(names)) if paid.any() else ())),
    )


def partial_likelihood(table: pd.DataFrame, *, penalty: float) -> Floats:
    """Return the log hazard ratios that maximise Cox's partial likelihood, in the order of the covariates.

    Parameters
    ----------
    table
        One row per episode with columns start, stop (at risk in (start, stop]), event, stratum, and the covariates.
    penalty
        Half the ridge penalty on the standardised coefficients, per row; 0 for none.

    Returns
    -------
    Zeros where no two invoices share a stratum in which one was paid: then there is nothing to compare.

    Raises
    ------
    lifelines.exceptions.ConvergenceError
        Where the search ends without a maximum.
    """
    from lifelines import CoxTimeVaryingFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    names = [name for name in table.columns if name not in ("start", "stop", "event", "stratum")]
    table = table[table.groupby("stratum")["stop"].transform("size") > 1]  # one alone says nothing, and stops lifelines
    if not table["event"].any():
        return np.zeros(len(names))
    fitter = CoxTimeVaryingFitter(penalizer=penalty, strata=["stratum"])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.filterwarnings("ignore", ".*very low variance", ConvergenceWarning)  # few contacts: no doubt of a fit
        try:
            fitter.fit(table, event_col="event", start_col="start", stop_col="stop")
        except ConvergenceWarning as doubt:
            raise ConvergenceError(str(doubt)) from doubt
    return np.asarray(fitter.params_[names], np.float64)


def _coefficients(
    covariates: pd.DataFrame, rows: Episodes, stratum: Ints, paid: Flags
) -> tuple[Floats, tuple[str, ...]]:
    """Return log hazard ratios with the smallest penalty for which the search converges, and a note of it."""
    from lifelines.exceptions import ConvergenceError

    if not paid.any():
        return np.zeros(covariates.shape[1]), ("no invoice is paid yet: all covariates are left out",)
    if not covariates.shape[1]:
        return np.zeros(0), ()
    times = pd.DataFrame({"start": rows.start - rows.term, "stop": rows.stop - rows.term, "event": paid})
    table = pd.concat([covariates, times.assign(stratum=stratum)], axis=1)
    for penalty in PENALTIES:
        try:
            found = partial_likelihood(table, penalty=penalty)
        except ConvergenceError:
            continue
        if np.isfinite(found).all():
            usual = penalty == PENALTIES[0]
            return found, () if usual else (f"fitted with penalty {penalty:g}: the search did not converge with less",)
    raise BadInput("does not determine a Cox regression: no search for one converges", where="invoices")


def _moving(rows: Episodes) -> tuple[pd.DataFrame, list[int], tuple[str, ...]]:
    """Return the covariates that change in time, which kinds of contact they hold, and what was left out and why."""
    paid = rows.end == ENDS.index("paid")
    columns, kinds, notes = {}, [], []
    for k, (channel, tone) in enumerate(rows.kinds):
        state = rows.recent[:, k]
        if min(int((paid & state).sum()), int((paid & ~state).sum())) < _EVENTS:
            notes.append(f"{channel} {tone} is left out: fewer than {_EVENTS} payments within {WINDOW} days of one")
        else:
            columns[f"recent_{channel}_{tone}"] = state
            kinds.append(k)
    if rows.disputed.any() and not rows.disputed.all():
        columns["disputed"] = rows.disputed
    return pd.DataFrame(columns, index=range(len(rows))).astype(np.float64), kinds, tuple(notes)


def _stratum(raw: pd.DataFrame) -> Ints:
    """Return the code of each invoice's stratum: its class of terms, and its customer's class of usual days late."""
    term = np.rint(np.expm1(raw["log_term"].to_numpy()))
    usual = np.rint(np.expm1(raw["log_expected_median"].to_numpy()) - term)
    return np.asarray(np.searchsorted(TERMS, term) * (len(USUAL) + 1) + np.searchsorted(USUAL, usual), np.int64)


def _baseline(rows: Episodes, stratum: Ints, paid: Flags, log_ratio: Floats) -> tuple[Ints, Floats]:
    """Return the strata, and the cumulative baselines of the portfolio and of each."""
    strata, place = np.unique(stratum, return_inverse=True)
    ratio = np.exp(log_ratio)
    rate, at_risk = _efron(rows, np.zeros(len(rows), np.int64), 1, paid, ratio)
    own_rate, own_risk = _efron(rows, place, len(strata), paid, ratio)
    portfolio = portfolio_hazard(rate * at_risk, at_risk, FIRST_DAY)
    own = (own_risk * own_rate + PSEUDO * portfolio) / (own_risk + PSEUDO)
    return strata, np.cumsum(np.concatenate([portfolio, own]), axis=1)


def _efron(rows: Episodes, group: Ints, groups: int, paid: Flags, ratio: Floats) -> tuple[Floats, Floats]:
    """Return Efron's baseline hazard of each day, and the hazard ratios at risk summed, both (groups, DAYS).

    With d payments on a day, r the sum of the ratios at risk and q that of those paid, the hazard is the sum over
    l = 0 … d − 1 of 1 ÷ (r − l q ÷ d): a difference of two digamma functions.
    """
    from scipy.special import digamma

    def total(day: Ints, some: Flags, weights: Floats) -> Floats:
        cell = group[some] * (DAYS + 1) + np.clip(day[some] - FIRST_DAY, 0, DAYS)
        sums = np.bincount(cell, weights[some], groups * (DAYS + 1)).astype(np.float64)
        return sums.reshape(groups, DAYS + 1)[:, :DAYS]

    entry, last = rows.start - rows.term + 1, np.maximum(rows.stop - rows.term, FIRST_DAY)
    every = np.ones(len(rows), np.bool_)
    events, own = total(last, paid, np.ones(len(rows))), total(last, paid, ratio)
    at_risk = np.cumsum(total(entry, every, ratio) - total(last + 1, every, ratio), axis=1)
    at_risk = np.maximum(at_risk, own)
    mean = np.where(events > 0, own / np.maximum(events, 1.0), 1.0)
    crowd = np.maximum(at_risk / mean, events)
    return np.where(events > 0, (digamma(crowd + 1) - digamma(crowd - events + 1)) / mean, 0.0), at_risk
