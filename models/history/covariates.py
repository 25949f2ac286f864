"""The few facts about an invoice that the accelerated and the proportional models use, standardised.

All but the invoice's own are drawn from `models.history.features`, as known on the evening asked on:

- `log_expected`: log of 1 + days from issue to payment, were it as late as the mean of the customer's last 20;
- `log_expected_median`: the same with the median of the customer's last payments;
- `share_late`: share of those payments that came after the due date;
- `log_term`: log of 1 + days from issue to due;
- `log_amount`: log of the amount in base-currency minor units; in a currency never seen, the usual one;
- `peers_late`: mean days late of what all customers paid in the last 30 days.

Each is centred and divided by its standard deviation in training, and no further than 10 of those from the mean. What
is constant there, or follows from the others, is dropped, and the reason is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from ledger.wording import plural
from models.history.features import FEATURES, invoice_features
from models.history.history_columns import Past

NAMES: Final = ("log_expected", "log_expected_median", "share_late", "log_term", "log_amount", "peers_late")
_LOOKED_UP: Final = ("late_last_20", "late_median", "share_late", "peers_late")
_FAR: Final = 10.0  # standard deviations beyond which no difference is made
_FLAT: Final = 1e-6  # standard deviation, in the covariate's unit, of what counts as constant
PAYMENTS_EACH: Final = 10  # per covariate, below which coefficients are mostly noise
_OWN: Final = 0.02  # standard deviation, of 1, that the other covariates must leave unexplained


@dataclass(frozen=True, eq=False, kw_only=True)
class Covariates:
    """How to describe an invoice to a regression; fitted once, while `past` may be rolled forward."""

    past: Past
    usual_amount: float  # geometric mean in training, base-currency minor units
    names: tuple[str, ...]
    mean: Floats
    deviation: Floats
    dropped: Mapping[str, str]  # the reason for each covariate that was left out

    @classmethod
    def of(cls, ledger: Ledger) -> "tuple[Covariates, pd.DataFrame]":
        """Return the covariates of a ledger, and those of its invoices as known on the issue day (see `raw`)."""
        past = Past.of(ledger)
        every = cls(
            past=past,
            usual_amount=float(np.exp(np.log(past.amount).mean())),
            names=NAMES,
            mean=np.zeros(len(NAMES)),
            deviation=np.ones(len(NAMES)),
            dropped={},
        )
        raw = every.raw(ledger.invoices)
        mean, deviation = raw.to_numpy().mean(axis=0), raw.to_numpy().std(axis=0)
        kept, dropped = _independent((raw.to_numpy() - mean) / np.maximum(deviation, _FLAT), deviation)
        chosen = replace(
            every,
            names=tuple(NAMES[k] for k in kept),
            mean=mean[kept],
            deviation=deviation[kept],
            dropped=dropped,
        )
        return chosen, raw

    def knowing(self, ledger: Ledger) -> "Covariates":
        """Return the same covariates, told of what the ledger knows."""
        return replace(self, past=Past.of(ledger))

    def raw(self, invoices: pd.DataFrame) -> pd.DataFrame:
        """Return the covariates in their own units, one row per invoice and one column for each of NAMES."""
        asked = self.past.asked(invoices)
        known = invoices["currency"].isin(self.past.rates.index).to_numpy(bool)
        amount = np.where(known, asked.amount, self.usual_amount)
        table = invoice_features(self.past, asked)
        seen = {name: table[:, FEATURES.index(name)].astype(np.float64) for name in _LOOKED_UP}
        term = (asked.due - asked.issue).astype(np.float64)
        return pd.DataFrame(
            {
                "log_expected": np.log1p(np.maximum(term + seen["late_last_20"], 0.0)),
                "log_expected_median": np.log1p(np.maximum(term + seen["late_median"], 0.0)),
                "share_late": seen["share_late"],
                "log_term": np.log1p(term),
                "log_amount": np.log(np.maximum(amount, 1.0)),
                "peers_late": seen["peers_late"],
            }
        )

    def values(self, invoices: pd.DataFrame) -> Floats:
        """Return the standardised covariates, shape (invoices, names), as known on `asked_on`; never NaN."""
        return self.standardised(self.raw(invoices))

    def standardised(self, raw: pd.DataFrame) -> Floats:
        """Return what `raw` gave in standard deviations from the training mean, within ±10, shape (invoices, names)."""
        return np.clip((raw[list(self.names)].to_numpy() - self.mean) / self.deviation, -_FAR, _FAR)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, and why: one sentence each."""
        return tuple(f"{name} is left out: {reason}" for name, reason in self.dropped.items())


def sparse(payments: int, covariates: int) -> tuple[str, ...]:
    """Return a note where there are too few payments for so many covariates; nothing where there are enough.

    Below ten events for each covariate, coefficients of a Cox regression are biased and their errors too small
    (Peduzzi et al. 1995, Journal of Clinical Epidemiology 48:1503).
    """
    if payments >= PAYMENTS_EACH * covariates:
        return ()
    what = f"{plural(payments, 'payment')} for {covariates} covariates"
    return (f"{what}, fewer than {PAYMENTS_EACH} each: its coefficients are mostly noise, and predictions far off",)


def _independent(values: Floats, deviation: Floats) -> tuple[Ints, dict[str, str]]:
    """Return the columns to keep, taking one after the other, and why the others are dropped."""
    kept: list[int] = []
    dropped: dict[str, str] = {}
    for k, name in enumerate(NAMES):
        if deviation[k] <= _FLAT:
            dropped[name] = "it is constant"
            continue
        own = values[:, k]
        if kept:
            own = own - values[:, kept] @ np.linalg.lstsq(values[:, kept], own, rcond=None)[0]
        if own.std() < _OWN:
            dropped[name] = f"it follows from {', '.join(NAMES[j] for j in kept)}"
        else:
            kept.append(k)
    return np.asarray(kept, np.int64), dropped
