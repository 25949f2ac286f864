"""How often invoices are disputed, from the ledger's own disputes."""

from typing import Final

import numpy as np

from ledger import Ledger
from ledger.table.ledger import positions
from models.history.contact_log import dispute_days
from models.history.main_payments import PaymentHistory

DISPUTED_BY: Final = 10  # days past due by which an invoice that will be disputed has been


def disputed_share(ledger: Ledger, past: PaymentHistory) -> float:
    """Return the share of invoices that would be disputed if they were open long enough; 0 for a ledger without any.

    A dispute opens on any day from issue to ten days past due alike, if the invoice is still open then: so those
    seen are divided by the part of these days on which invoices were open. Invoices issued before the first dispute
    on record say nothing.
    """
    if not len(ledger.disputes):
        return 0.0
    row = positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"])
    seen = past.issue >= dispute_days(ledger)[0].min()
    open_days = np.minimum((past.end - past.issue) / np.maximum(past.due - past.issue + DISPUTED_BY, 1), 1.0)
    exposed = float(open_days[seen].sum())
    return min(float(seen[np.unique(row)].sum()) / exposed, 1.0) if exposed > 0 else 0.0
