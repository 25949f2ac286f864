"""How often invoices are disputed, from the ledger's own disputes."""

from typing import Final

import numpy as np

from ledger import Ledger
from ledger.table.ledger import positions
from models.history.main_payments import PaymentHistory

DISPUTED_BY: Final = 10  # days past due by which an invoice that will be disputed has been
_SURE: Final = 1 - 1e-9


def disputed_share(ledger: Ledger, past: PaymentHistory) -> float:
    """Return the share of invoices that would be disputed if they were open long enough; 0 for a ledger without any.

    A dispute opens on any day from issue to ten days past due alike, if the invoice is still open then. So one that was
    followed over a part F of these days without a dispute has the chance 1 − share · F, one that was disputed a chance
    that is proportional to the share: this is the share of the highest likelihood. Invoices issued before the first
    that was disputed on record say nothing.
    """
    from scipy.optimize import brentq

    row = np.unique(positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"]))
    if not len(row):
        return 0.0
    quiet = past.issue >= past.issue[row].min()
    quiet[row] = False
    part = np.clip((past.end - past.issue) / np.maximum(past.due - past.issue + DISPUTED_BY, 1), 0.0, 1.0)[quiet]

    def slope(share: float) -> float:
        """Return the slope of the log-likelihood; it falls."""
        return float(len(row) / share - (part / (1 - share * part)).sum())

    return 1.0 if slope(_SURE) > 0 else float(brentq(slope, 1e-9, _SURE))
