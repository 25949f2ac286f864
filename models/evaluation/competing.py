"""How invoices end: the chance of being paid, credited or written off by each day, as competing ends (Aalen–Johansen).

An end takes an invoice away from the others: the chances of all ends and of still being open add up to 1 on every day.
Treating the other ends as censored, as a survival curve for one end alone does, would count what was credited as if it
could still be paid.

The event of a paid invoice is its main payment (`main_payments`); what becomes of the rest that it leaves is in
`part_payments`. Time runs in whole days since issue, from the issue day, 0, so many ends fall on one day. The
estimator is exact with ties: of the invoices at risk on a day, all ends count against the same number. lifelines has
the estimator for untied times only: it shifts tied ends by amounts drawn from numpy's global random stream, those of
day 0 even to before the issue. Whole days cannot have that, hence the few lines here; the tests hold them against
lifelines on untied times.

Variance: Greenwood's, carried from day to day by the delta method with multinomial increments; without ties that is
the formula lifelines uses (Collett, *Modelling Survival Data in Medical Research*, 3rd edition, page 411). It takes
invoices for independent; those of one customer are not, so where few hold many invoices intervals are too narrow.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Floats, Ints
from ledger.table.ledger import Day
from models.history.episodes import ENDS, ends
from models.history.main_payments import history

CAUSES: Final = ENDS[1:]  # paid, credited, written_off, other (agency, factoring, discount or deduction)
_WIDEST: Final = 50.0  # half interval on the scale of log(−log F): beyond it the limits are 0 and 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Incidence:
    """Cumulative incidence of each end, by whole days since issue; beyond the last day seen nothing is known."""

    days: Ints  # 0, 1, … up to the last on which an invoice was at risk
    incidence: Floats  # (causes, days): chance of having ended so by the evening of the day
    variance: Floats  # (causes, days)
    open: Floats  # (days,): chance of being open on that evening
    at_risk: Ints  # (days,): invoices that could still end on the day
    causes: tuple[str, ...] = CAUSES

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Return the pointwise confidence limits, both (causes, days), symmetric on the scale of log(−log F).

        They lie within 0 and 1; where the incidence is exactly 0 or 1 they are equal to it.
        """
        from scipy.special import ndtri

        inside = (self.incidence > 0) & (self.incidence < 1)
        chance = np.where(inside, self.incidence, 0.5)
        spread = ndtri(0.5 + level / 2) * np.sqrt(self.variance) / (chance * -np.log(chance))
        spread = np.minimum(spread, _WIDEST)
        low, high = chance ** np.exp(spread), chance ** np.exp(-spread)
        return np.where(inside, low, self.incidence), np.where(inside, high, self.incidence)

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """Return one row per end and day: end, day, incidence, low, high, open, at_risk."""
        low, high = self.interval(level)
        return pd.DataFrame(
            {
                "end": np.repeat(self.causes, len(self.days)),
                "day": np.tile(self.days, len(self.causes)),
                "incidence": self.incidence.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "open": np.tile(self.open, len(self.causes)),
                "at_risk": np.tile(self.at_risk, len(self.causes)),
            }
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Ended:
    """When and how each invoice of a ledger ended, in days since issue."""

    duration: Ints  # last day on which it was seen at risk
    cause: Ints  # 0 while it is open, else 1 + place in CAUSES
    segment: "pd.Series[str]"

    @classmethod
    def of(cls, ledger: Ledger, *, as_of: Day | None = None) -> "Ended":
        """Return the ends known on the evening of `as_of`; what is open then is censored.

        Raises
        ------
        BadInput
            Where the ledger holds no invoice by then.
        """
        known = ledger if as_of is None else ledger.snapshot(as_of)
        if not len(known.invoices):
            raise BadInput(f"has no invoice issued by {known.as_of:%Y-%m-%d}", where="invoices")
        past = history(known)
        segment = known.customers["segment"].iloc[past.customer].reset_index(drop=True)
        return cls(duration=past.end - past.issue, cause=ends(known, past), segment=segment)

    @cached_property
    def portfolio(self) -> Incidence:
        """The incidence over all invoices."""
        return aalen_johansen(self.duration, self.cause)

    @cached_property
    def by_segment(self) -> dict[str, Incidence]:
        """The incidence of each segment of customers, by name."""
        return {
            str(name): aalen_johansen(self.duration[rows], self.cause[rows])
            for name, rows in self.segment.groupby(self.segment).indices.items()
        }


def aalen_johansen(duration: Ints, cause: Ints) -> Incidence:
    """Return the cumulative incidences of ends on whole days, exact with ties.

    Parameters
    ----------
    duration
        (n,) days since issue, 0 or more, on which each invoice ended or was last seen.
    cause
        (n,) 0 for censored, else 1 + place in CAUSES.
    """
    size, kinds = int(duration.max()) + 1, len(CAUSES)
    counts = np.bincount(cause * size + duration, minlength=(kinds + 1) * size).reshape(kinds + 1, size)
    gone = counts.sum(axis=0)
    at_risk = len(duration) - np.cumsum(gone) + gone
    state = np.r_[1.0, np.zeros(kinds)]  # open, then each end
    spread = np.zeros((kinds + 1, kinds + 1))  # covariance of the state
    states, variances = np.empty((kinds + 1, size)), np.empty((kinds, size))
    error = np.concatenate([-np.ones((1, kinds)), np.eye(kinds)])  # how an error of a rate moves the state
    for day in range(size):  # someone is at risk on every day up to the last
        rate = counts[1:, day] / at_risk[day]
        step = np.eye(kinds + 1)
        step[0, 0] -= rate.sum()
        step[1:, 0] += rate
        doubt = (np.diag(rate) - np.outer(rate, rate)) / at_risk[day]
        spread = step @ spread @ step.T + state[0] ** 2 * (error @ doubt @ error.T)
        state = step @ state
        states[:, day], variances[:, day] = state, spread.diagonal()[1:]
    return Incidence(
        days=np.arange(size),
        incidence=states[1:],
        variance=np.maximum(variances, 0.0),
        open=states[0],
        at_risk=at_risk,
    )
