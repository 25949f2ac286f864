"""The one face of every payment-timing model, and how one is fitted."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Floats, Ints
from ledger.files.reading import one_of
from ledger.table.ledger import Day
from ledger.table.months import day_numbers

# model name: module and function that fits it; a new model adds one line and one file
FITTERS: Final[dict[str, str]] = {
    "due_date": "models.families.baselines:fit_due_date",
    "customer_mean": "models.families.baselines:fit_customer_mean",
    "kaplan_meier": "models.families.kaplan_meier:fit_kaplan_meier",
    "cox": "models.families.proportional:fit_cox",
    "weibull": "models.families.accelerated:fit_weibull",
    "lognormal": "models.families.accelerated:fit_lognormal",
    "loglogistic": "models.families.accelerated:fit_loglogistic",
    "hazard": "models.families.hazard:fit_hazard",
    "hazard_linear": "models.families.hazard:fit_hazard_linear",
    "best": "models.families.best:fit_best",
    "published": "models.families.published:fit_published",
}
UNTAUGHT: Final = ("due_date", "published")  # they learn nothing from a ledger


@runtime_checkable
class PaymentTiming(Protocol):
    """When an invoice will be paid, as a distribution over days relative to its due date.

    `invoices` needs the columns customer_id, issue_date, due_date, amount and currency; `days` are whole days relative
    to each invoice's due date, negative before it. A column `asked_on` gives the evening on which the question is
    asked: the invoice is unpaid then, nothing later is known, and the hazard counts from the next morning. Without it
    the question is asked on the evening of the issue day, with all that is known by then but one thing: whether the
    invoice itself was paid that day, so the hazard counts from that day's morning. Results have shape (invoices,
    days), never NaN, also for customers never seen.
    """

    @property
    def name(self) -> str:
        """Name under which `fit` knows the model."""
        ...

    def knowing(self, ledger: Ledger) -> "PaymentTiming":
        """Return the same fitted model, told of all that the ledger knows; of it, each answer uses what is asked for.

        Parameters stay as fitted; what is rolled forward is the history of each customer up to `asked_on`.
        """
        ...

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of the survival: 0 up to the evening `unpaid_on`, never falling with the days."""
        ...

    def survival(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return the probability that the invoice is still unpaid on the evening of the day."""
        ...


class ByHazard(ABC):
    """A model that answers with cumulative hazards; its survival follows from them."""

    @abstractmethod
    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return −log of the survival, shape (invoices, days); see `PaymentTiming`."""

    def survival(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> Floats:
        """Return the probability that each invoice is unpaid on the evening of each day, shape (invoices, days)."""
        return np.asarray(np.exp(-self.cumulative_hazard(invoices, days)))


def asked_on(invoices: pd.DataFrame) -> Ints:
    """Return the evening on which each invoice is asked about, as days since 1970-01-01 (see `PaymentTiming`).

    All that happened by then is known. It is never before the issue day.
    """
    return np.maximum(unpaid_on(invoices), day_numbers(invoices["issue_date"]))


def unpaid_on(invoices: pd.DataFrame) -> Ints:
    """Return the last evening on which each invoice is known to be unpaid, as days since 1970-01-01.

    That is `asked_on` where it is given, and never before the eve of the issue date.
    """
    eve = day_numbers(invoices["issue_date"]) - 1
    if "asked_on" not in invoices:
        return eve
    return np.maximum(eve, day_numbers(invoices["asked_on"]))


def learnable(ledger: Ledger, model: str) -> None:
    """Raise `Refused` where a ledger cannot teach a model when invoices are paid.

    `fit` gives an answer all the same; whoever goes on to show numbers asks this first.
    """
    one_of(model, FITTERS, field="model")
    if model not in UNTAUGHT and len(ledger.invoices):
        instead = "--model published takes a published payment curve instead"
        ledger.answers().demand("timing", f"{model} cannot be learned from this ledger", instead=instead)


def fit(ledger: Ledger, *, as_of: Day | None = None, model: str = "kaplan_meier", seed: int = 0) -> PaymentTiming:
    """Return a payment-timing model of the ledger's history, as known on the evening of `as_of`.

    Open invoices are censored, never dropped; so are invoices that ended by credit note or write-off. `seed` matters
    only to models that draw at random. The answer is a valid distribution whatever the ledger holds; see `learnable`.

    Raises
    ------
    BadInput
        Where the model is unknown or the ledger holds no invoice by then.
    """
    one_of(model, FITTERS, field="model")
    known = ledger if as_of is None else ledger.snapshot(as_of)
    if not len(known.invoices):
        raise BadInput(f"has no invoice issued by {known.as_of:%Y-%m-%d}: nothing to learn from", where="invoices")
    module, function = FITTERS[model].split(":")
    fitter: Callable[..., Any] = getattr(import_module(module), function)
    fitted: PaymentTiming = fitter(known, seed=seed)
    return fitted
