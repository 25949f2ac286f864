"""The model that the nightly plan uses; when the registry is down, the copy kept from the last use stands in."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from ledger import BadInput, Ledger
from ledger.errors import TrackingUnavailable
from ledger.files.storage import write_file
from models.registry.acquaintance import acquainted
from models.registry.mlflow_store import connected
from models.registry.model_file import SavedModel
from models.registry.reference import REGISTERED, check_reference, chosen
from models.registry.registry import load
from models.timing import FITTERS, PaymentTiming

_FOLDER: Final = "in_use"


@dataclass(frozen=True, kw_only=True, eq=False)
class NightModel:
    """The model to plan with.

    Parameters
    ----------
    timing
        A fitted model, or the name of one that is to be fitted to the ledger.
    version
        Words for where it comes from; "" for one that is fitted now.
    from_copy
        Whether the registry could not be asked and a kept copy stands in.
    notes
        What a reader of the plan must know of it.
    """

    timing: PaymentTiming | str
    version: str = ""
    from_copy: bool = False
    notes: tuple[str, ...] = ()


def night_model(reference: str, ledger: Ledger, *, state: Path) -> NightModel:
    """Return the model that a reference names (see `models.registry.reference`), and keep a copy of a registered one.

    Raises
    ------
    BadInput
        Where it names nothing.
    TrackingUnavailable
        Where the registry cannot be reached and no copy was kept.
    """
    check_reference(reference)
    if reference in FITTERS:
        return NightModel(timing=reference)
    if not reference.startswith(REGISTERED):
        found = chosen(reference, ledger, state=state)
        return NightModel(timing=found.timing, version=found.words, notes=found.notes_on(ledger))
    return _registered(reference, ledger, state)


def _registered(reference: str, ledger: Ledger, state: Path) -> NightModel:
    place = state / "models" / _FOLDER / re.sub(r"[^A-Za-z0-9._-]+", "-", reference)
    file, note = place.with_suffix(".joblib"), place.with_suffix(".json")
    try:
        with connected(state) as store:
            saved, version = load(store, reference)
        words, notes = version.words, _kept(saved, version.words, file, note)
        from_copy = False
    except TrackingUnavailable as error:
        if not (file.exists() and note.exists()):
            raise TrackingUnavailable(f"{error}; no copy of {reference} was kept in {file.parent}") from error
        about = json.loads(note.read_text(encoding="utf-8"))
        saved, words, from_copy = SavedModel.read(file), str(about["words"]), True
        notes = (f"The model registry cannot be used: planned with the copy of {words} kept on {about['kept_on']}.",)
    notes += acquainted(saved.known, ledger, words)
    if saved.as_of > ledger.as_of:
        notes += (f"{words} learned from days up to {saved.as_of:%Y-%m-%d}: it has seen what it is to predict.",)
    return NightModel(timing=saved.timing, version=words, from_copy=from_copy, notes=notes)


def _kept(saved: SavedModel, words: str, file: Path, note: Path) -> tuple[str, ...]:
    """Keep a copy for the night when the registry is down; a note where that fails."""
    try:
        if note.exists() and file.exists() and json.loads(note.read_text(encoding="utf-8"))["words"] == words:
            return ()
        note.unlink(missing_ok=True)  # file and note never speak of two versions
        saved.write(file)
        about = {"words": words, "kept_on": f"{pd.Timestamp.now():%Y-%m-%d}"}
        write_file(note, json.dumps(about, indent=2) + "\n")
    except (OSError, ValueError, KeyError, BadInput) as error:
        return (f"No copy of the model could be kept for a night when the registry is down ({error}).",)
    return ()
