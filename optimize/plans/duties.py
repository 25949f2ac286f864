"""Tasks beside calls: disputes that must be acknowledged within their service level."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.months import day_numbers
from optimize.plans.capacity import Desks

DISPUTE: str = "dispute"  # the skill, where anybody has it


@dataclass(frozen=True, eq=False, kw_only=True)
class Tasks:
    """One task for each customer (k) with disputes that nobody has acknowledged.

    An acknowledgement answers the customer; it does not dunning, so caps, gaps and stops do not count.
    """

    customer: Ints  # (k,) rows of the ledger's customers
    invoices: tuple[Ints, ...]  # rows of the disputed invoices of each
    late: Ints  # (k, D) working days after the last on which the service level is kept
    able: Flags  # (k, S) who speaks the language and may do it
    handled: Flags  # (k, S) who may do it, whatever they speak
    minutes: Floats  # (k,)
    cost: Floats  # (S,) of a minute

    @property
    def must(self) -> Flags:
        """All of them, (k,)."""
        return np.ones(len(self.customer), np.bool_)

    def none(self) -> "Tasks":
        """Return no task: what is placed is not placed again."""
        none = slice(0, 0)
        return replace(
            self,
            customer=self.customer[none],
            invoices=(),
            late=self.late[none],
            able=self.able[none],
            handled=self.handled[none],
            minutes=self.minutes[none],
        )

    def worth(self) -> Floats:
        """Return the worth of each task at each desk, (k, S): less than nothing by its cost, -inf where nobody may."""
        return -self.minutes[:, None] * self.cost - np.where(self.able, 0.0, np.inf)


def tasks(ledger: Ledger, desks: Desks, minutes: float, skills: Mapping[str, str]) -> Tasks:
    """Return the tasks that a ledger asks for."""
    disputes = ledger.disputes
    waiting = (disputes["acknowledged"].isna() & disputes["resolved"].isna()).to_numpy(bool)
    rows = ledger.invoices["invoice_id"]
    invoice = pd.Index(rows).get_indexer(pd.Index(disputes["invoice_id"][waiting]))
    opened = day_numbers(disputes["opened"])[waiting]
    order = np.lexsort((invoice, ledger.customer_of_invoice[invoice]))
    invoice, opened = invoice[order].astype(np.int64), opened[order]
    customer, first = np.unique(ledger.customer_of_invoice[invoice], return_index=True)
    oldest = np.minimum.reduceat(opened, first) if len(first) else opened[:0]
    dates = desks.dates.to_numpy().astype("datetime64[D]")
    deadline = np.busday_offset(oldest.astype("datetime64[D]"), 1, roll="forward")
    last = np.maximum(np.searchsorted(dates, deadline, "right") - 1, 0)  # of an older one the first day of the plan
    people = ledger.customers.iloc[customer]
    skill = skills.get(DISPUTE, DISPUTE if desks.team.able(skill=DISPUTE).any() else "")
    handled = desks.skilled(people["customer_id"], dict.fromkeys(people["customer_id"].astype(str), skill))
    return Tasks(
        customer=customer.astype(np.int64),
        invoices=tuple(np.split(invoice, first[1:])) if len(first) else (),
        late=np.maximum(np.arange(len(dates)) - last[:, None], 0),
        able=desks.speaks(people["language"]) & handled,
        handled=handled,
        minutes=np.full(len(customer), minutes),
        cost=desks.cost,
    )
