"""A payment-timing model as a person names it: by kind, by file, or by registered version."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ledger import BadInput, Ledger
from ledger.files.reading import unknown
from ledger.notes import Note
from ledger.wording import plural
from models.families.published import WARNING
from models.registry.acquaintance import acquainted
from models.registry.mlflow_store import connected
from models.registry.model_file import SUFFIX, SavedModel
from models.registry.registry import load
from models.timing import FITTERS, PaymentTiming, fit, learnable

REGISTERED = "models:/"
PUBLISHED = "published curve of US business receivables (models/families/published_curve.csv)"


@dataclass(frozen=True, kw_only=True, eq=False)
class ChosenModel:
    """A model to use, in words where it comes from, the last day that it learned from, and what to know of it."""

    timing: PaymentTiming
    words: str
    as_of: pd.Timestamp
    notes: tuple[Note, ...] = ()

    def notes_on(self, ledger: Ledger) -> tuple[Note, ...]:
        """Return what a reader of results on this ledger must know of the model."""
        if self.as_of <= ledger.as_of:
            return self.notes
        text = (
            f"{self.words} learned from days up to {self.as_of:%Y-%m-%d}, later than the ledger's last, "
            f"{ledger.as_of:%Y-%m-%d}: it has seen what it is to predict."
        )
        return (*self.notes, Note(text, level="warning"))


def is_file(reference: str) -> bool:
    """Return whether a model is named by its file or folder."""
    return not reference.startswith(REGISTERED) and (
        reference.endswith(SUFFIX) or "/" in reference or "\\" in reference
    )


def check_reference(reference: str) -> None:
    """Raise BadInput where a reference can name no model, whatever the registry holds."""
    if is_file(reference) or reference.startswith(REGISTERED) or reference in FITTERS:
        return
    rule = f"must be the file of a saved model, {REGISTERED}NAME@ALIAS, or one of"
    raise BadInput(unknown(reference, FITTERS, rule), field="model", value=reference)


def chosen(reference: str, ledger: Ledger, *, state: str | Path) -> ChosenModel:
    """Return the model that a reference names.

    Parameters
    ----------
    reference
        A name of `FITTERS`, fitted to the ledger; the path of a saved model; or ``models:/payment-timing@champion``,
        ``models:/payment-timing/3``.
    ledger
        To fit to.
    state
        Folder of the registry, where MLFLOW_TRACKING_URI names no server.

    Raises
    ------
    BadInput
        Where it names nothing, or what cannot be read.
    Refused
        Where the ledger cannot teach the model, or a fitted one knows none of its customers.
    TrackingUnavailable
        Where the registry cannot be reached.
    """
    check_reference(reference)
    if reference == "published":
        return ChosenModel(
            timing=fit(ledger, model=reference),
            words=PUBLISHED,
            as_of=ledger.as_of,
            notes=(WARNING, *_sales_missing(ledger)),
        )
    if reference in FITTERS:
        learnable(ledger, reference)
        learned = f"learned from {plural(len(ledger.invoices), 'invoice')} known on {ledger.as_of:%Y-%m-%d}"
        return ChosenModel(timing=fit(ledger, model=reference), words=f"{reference}, {learned}", as_of=ledger.as_of)
    if is_file(reference):
        saved = SavedModel.read(reference)
        words = f"{saved.model}, known to {saved.as_of:%Y-%m-%d}, saved as {Path(reference).name}"
    else:
        with connected(state) as store:
            saved, version = load(store, reference)
        words = version.words
    return ChosenModel(
        timing=saved.timing, words=words, as_of=saved.as_of, notes=acquainted(saved.known, ledger, words)
    )


def _sales_missing(ledger: Ledger) -> tuple[Note, ...]:
    """Return what must be said of a ledger that shows no settled invoice: the orders repeated are those still open."""
    if not any(found.name == "nothing_paid" for found in ledger.answers().findings):
        return ()
    text = (
        "no invoice was ever settled in this ledger, so those that were are missing: customers order as often as the "
        "open ones say, which is too seldom; sales are too low, and DSO is too high."
    )
    return (Note(text, level="warning"),)
