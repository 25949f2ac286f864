"""A fitted payment-timing model as one file, with what must be known of where it comes from.

A file is a pickle: reading one runs what it says, so read only your own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Bits
from ledger.files.storage import write_whole
from ledger.table.ledger import Day
from models.registry.acquaintance import hashed
from models.registry.code_version import code_version, environment
from models.timing import UNTAUGHT, PaymentTiming, fit, learnable

SUFFIX = ".joblib"


@dataclass(frozen=True, kw_only=True, eq=False)
class SavedModel:
    """A fitted model and its origin.

    Parameters
    ----------
    timing
        The model; it predicts without the ledger it was fitted on.
    as_of
        Last day that it knows of.
    fingerprint, invoices, customers
        Of the ledger as known on that day.
    seed
        Of models that draw at random.
    code, packages
        Versions it was fitted with.
    known
        Whom it knows (see `acquaintance`); None where a version that did not keep it fitted the model.
    """

    timing: PaymentTiming
    as_of: pd.Timestamp
    fingerprint: str
    invoices: int
    customers: int
    seed: int
    code: str
    packages: dict[str, str]
    known: Bits | None = None

    @property
    def model(self) -> str:
        """Name under which `fit` knows the model."""
        return self.timing.name

    @property
    def file_name(self) -> str:
        """The same for equal fits: model, last day, data and seed."""
        drawn = f"-seed{self.seed}" if self.seed else ""
        return f"{self.model}-{self.as_of:%Y-%m-%d}-{self.fingerprint}{drawn}{SUFFIX}"

    def about(self) -> dict[str, Any]:
        """Return the origin as plain values."""
        return {
            "model": self.model,
            "as_of": f"{self.as_of:%Y-%m-%d}",
            "seed": self.seed,
            "fingerprint": self.fingerprint,
            "invoices": self.invoices,
            "customers": self.customers,
            "code_version": self.code,
        }

    def write(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; what stood there is replaced."""
        import joblib

        return write_whole(path, lambda part: joblib.dump(self, part, compress=3))

    @classmethod
    def read(cls, path: str | Path) -> "SavedModel":
        """Read a model's file, or the only one of a folder.

        Raises
        ------
        BadInput
            Where there is none, or it cannot be read.
        """
        import joblib

        path = Path(path)
        if path.is_dir():
            found = sorted(path.glob(f"*{SUFFIX}"))
            if len(found) != 1:
                raise BadInput(f"must hold one saved model, and holds {len(found)}: name the file", where=str(path))
            path = found[0]
        try:
            read = joblib.load(path)
        except FileNotFoundError as error:
            raise BadInput("there is no such model (make one with `collectlab fit`)", where=str(path)) from error
        except Exception as error:  # a broken pickle can raise anything
            raise BadInput(f"cannot be read as a saved model ({type(error).__name__})", where=str(path)) from error
        if not isinstance(read, cls):
            raise BadInput(f"holds no payment-timing model but {type(read).__name__}", where=str(path))
        return read


def fit_saved(ledger: Ledger, *, as_of: Day | None = None, model: str, seed: int = 0) -> SavedModel:
    """Fit a model on what was known on the evening of `as_of` (default: the ledger's last day), with its origin.

    Raises
    ------
    BadInput
        As `fit`, and where `as_of` is later than the ledger.
    Refused
        Where the ledger cannot teach when invoices are paid.
    """
    known = ledger if as_of is None else ledger.snapshot(as_of)
    learnable(known, model)
    return SavedModel(
        timing=fit(known, model=model, seed=seed),
        as_of=known.as_of,
        fingerprint=known.fingerprint,
        invoices=len(known.invoices),
        customers=len(known.customers),
        seed=seed,
        code=code_version(),
        packages=environment(),
        known=None if model in UNTAUGHT else hashed(known),
    )
