"""When a house writes an invoice off, as its ledger shows."""

from typing import Final

import numpy as np

from ledger import Ledger

_LONG: Final = 365  # days past due, where the ledger shows no write-offs
_FEW: Final = 10  # write-offs that show what the house does


def write_off_age(ledger: Ledger) -> float:
    """Return the median age of the ledger's write-offs in days past due, at least 90; long where there are few."""
    written = (ledger.payments["kind"] == "write_off").to_numpy() & (ledger.invoice_of_payment >= 0)
    if written.sum() < _FEW:
        return _LONG
    due = ledger.invoices["due_date"].to_numpy()[ledger.invoice_of_payment[written]]
    age = (ledger.payments["applied_date"].to_numpy()[written] - due) // np.timedelta64(1, "D")
    return float(np.clip(np.median(age), 90, _LONG))
