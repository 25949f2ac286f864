"""What the customers of a ledger go on ordering: their own past order days, each at its customer's own rate."""

from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from sim.state import F8, I4, I8

WINDOW: Final = 365  # days of history whose orders are repeated


def catalogue(ledger: Ledger) -> tuple[F8, I8, I8, I8, I4]:
    """Return each customer's order days per working day, and its order days as a catalogue (see `Behaviour`)."""
    invoices = ledger.invoices
    first = max(invoices["issue_date"].min(), ledger.as_of - pd.Timedelta(days=WINDOW - 1))
    recent = np.flatnonzero((invoices["issue_date"] >= first).to_numpy())
    if not len(recent):
        raise BadInput(
            f"has no invoice in the {WINDOW} days before {ledger.as_of:%Y-%m-%d}: nobody to simulate", where="ledger"
        )
    customer = ledger.customer_of_invoice[recent]
    issue = invoices["issue_date"].to_numpy()[recent]
    base = ledger.base_rate[recent] * invoices["amount"].to_numpy()[recent]
    term = (invoices["due_date"].to_numpy()[recent] - issue) // np.timedelta64(1, "D")
    identity = pd.util.hash_array(invoices["invoice_id"].to_numpy(dtype=object)[recent], categorize=False)
    order = np.lexsort((identity, issue, customer))
    customer, issue, base, term = customer[order], issue[order], base[order], term[order]
    fresh = np.r_[True, (customer[1:] != customer[:-1]) | (issue[1:] != issue[:-1])]
    lines = np.r_[np.flatnonzero(fresh), len(customer)]
    owner = customer[fresh]
    orders = np.searchsorted(owner, np.arange(len(ledger.customers) + 1))
    span = np.busday_count(first.date(), (ledger.as_of + pd.Timedelta(days=1)).date())
    rate = np.diff(orders) / max(int(span), 1)
    amount = np.maximum(np.round(base), 1).astype(np.int64)
    return rate, orders.astype(np.int64), lines.astype(np.int64), amount, term.astype(np.int32)
