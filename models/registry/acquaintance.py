"""Whether a fitted model knows the customers that it is asked about: one of another company's ledger knows none."""

from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger, Refused
from ledger.arrays import Bits
from ledger.notes import Note

HARDLY: Final = 0.1  # share of a ledger's customers below which a model knows hardly any of them


def hashed(ledger: Ledger) -> Bits:
    """Return a hash of the id of each customer who has an invoice, ascending: enough to know one again."""
    ids = ledger.invoices["customer_id"].drop_duplicates().to_numpy(dtype=object)
    return np.unique(pd.util.hash_array(ids, categorize=False)).astype(np.uint64)


def acquainted(known: Bits | None, ledger: Ledger, who: str) -> tuple[Note, ...]:
    """Return a warning where a model knows hardly any customer of a ledger; nothing where it knows more.

    Parameters
    ----------
    known
        `hashed` of the ledger that it learned from; None where that was not kept, and nothing can be said.
    who
        The model in words.

    Raises
    ------
    Refused
        Where it knows none.
    """
    asked = hashed(ledger)
    if known is None or not len(asked):
        return ()
    met = int(np.isin(asked, known).sum())
    if not met:
        what = f"{who} knows none of the ledger's {len(asked):,} customers"
        raise Refused(f"{what}: it was fitted on another company's ledger; fit one on this", customers=len(asked))
    if met >= HARDLY * len(asked):
        return ()
    text = f"{who} knows only {met:,} of the ledger's {len(asked):,} customers; to it the others are average."
    return (Note(text, level="warning"),)
