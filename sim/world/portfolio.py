"""A portfolio: what is owed today, and the customers who owe it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Bits, Ints, SmallInts
from ledger.kpi.activity import ContactDays, DisputeDays, PromiseRows
from ledger.table.columns import Entries
from ledger.table.months import day_number
from models.assumed.assumptions import Assumptions
from models.families.part_payments import Rests
from models.history.contact_log import ContactLog, Pairs
from models.history.contacted import Contacted
from models.history.main_payments import history
from sim.world.behaviour import Behaviour
from sim.world.keyed import entities


@dataclass(frozen=True, kw_only=True, eq=False)
class Portfolio:
    """A ledger to start from, and how its customers go on.

    `behaviour` has one row per row of `ledger.customers`. `timezone` and `country` are the collectors' own. `notes` say
    in words where the behaviour comes from, `timing` which payment-timing model it follows (empty: a law of its own);
    both travel into reports. `relearn` tells the behaviour under other effects of contacts, where it depends on them.
    """

    name: str
    ledger: Ledger
    behaviour: Behaviour
    assumptions: Assumptions
    timezone: str
    country: str
    notes: tuple[str, ...] = ()
    timing: str = ""
    relearn: Callable[[Assumptions], Behaviour] | None = None

    @property
    def contains_contacts(self) -> bool:
        """Whether the timing of payment contains what contacts of the past did."""
        return bool(self.timing) and self.relearn is None

    def under(self, assume: Assumptions) -> "Portfolio":
        """Return the portfolio whose customers go on as they do if contacts, past ones too, do what is assumed.

        What they do by themselves is what was seen of them less what contacts did (`sim.portfolios.by_themselves`).
        """
        if self.relearn is None or assume.effects == self.assumptions.effects:
            return self
        if assume.effects not in self._relearned:
            self._relearned[assume.effects] = replace(self, behaviour=self.relearn(assume))
        return self._relearned[assume.effects]

    @cached_property
    def _relearned(self) -> "dict[tuple[float, ...], Portfolio]":
        return {}

    @cached_property
    def entity(self) -> Bits:
        """Random identity of each customer (see `sim.world.keyed`)."""
        return entities(self.ledger.customers["customer_id"])

    @cached_property
    def opening(self) -> "Opening":
        """The invoices that are open on day 0."""
        return opening(self.ledger)

    @cached_property
    def entries(self) -> Entries:
        """The ledger's invoices and payments as integers; runs add theirs."""
        return Entries.of(self.ledger)

    @cached_property
    def contact_days(self) -> ContactDays:
        """The ledger's contacts as integers."""
        return ContactDays.of(self.ledger)

    @cached_property
    def promise_rows(self) -> PromiseRows:
        """The ledger's promises as integers."""
        return PromiseRows.of(self.ledger)

    @cached_property
    def dispute_days(self) -> DisputeDays:
        """The ledger's disputes as integers."""
        return DisputeDays.of(self.ledger)

    @cached_property
    def contacted(self) -> Contacted:
        """The ledger's contact log by customer."""
        return Contacted.of(self.ledger)

    @cached_property
    def covered(self) -> tuple[ContactLog, Pairs]:
        """The contacts that took effect by the evening of day 0, and pairs (row of invoice, row of that log)."""
        log, past = ContactLog.of(self.ledger), history(self.ledger)
        return log, log.covering(self.ledger, replace(past, end=past.end + 1))

    @property
    def start(self) -> pd.Timestamp:
        """The evening on which the ledger is known; the first simulated day is the next."""
        return self.ledger.as_of

    @property
    def customers(self) -> int:
        """Number of customers."""
        return len(self.ledger.customers)

    @property
    def currency(self) -> str:
        """Base currency of all simulated amounts."""
        return self.ledger.base_currency


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Invoices open on day 0, in base-currency minor units, sorted by customer and issue."""

    row: Ints  # row of `ledger.invoices`
    customer: SmallInts
    issue: SmallInts
    due: SmallInts
    amount: Ints
    own_amount: Ints  # the same in minor units of the invoice's own currency
    hold: SmallInts  # last day of the latest promise, NO_PROMISE for none
    dispute: SmallInts  # day on which an open dispute was opened, NO_DISPUTE for none
    main_paid: SmallInts  # day of the main payment of a rest, NOT_PAID where none was made
    large: SmallInts  # class of a rest: 0 small, 1 large
    entity: Bits


NO_DISPUTE = -(2**30)
NO_PROMISE = -(2**30)
NOT_PAID = -(2**30)


def opening(ledger: Ledger) -> Opening:
    """Return the open invoices of a ledger with their live promises and open disputes."""
    own_amount = ledger.open_amount()
    open_amount = np.round(own_amount * ledger.base_rate).astype(np.int64)
    invoices = ledger.invoices
    row = np.flatnonzero(open_amount > 0)
    customer = ledger.customer_of_invoice[row]
    issue, due = _day(invoices["issue_date"], ledger.as_of)[row], _day(invoices["due_date"], ledger.as_of)[row]
    order = np.lexsort((invoices["invoice_id"].to_numpy(dtype=object)[row].astype(str), issue, customer))
    promised = ledger.promises.groupby("invoice_id")["due_on"].max()
    disputed = ledger.disputes[ledger.disputes["resolved"].isna()].groupby("invoice_id")["opened"].max()
    ids = invoices["invoice_id"].iloc[row[order]]
    rests = Rests.of(ledger)
    main_paid = np.where(rests.open, rests.paid_on - day_number(ledger.as_of), NOT_PAID)
    return Opening(
        row=row[order],
        customer=customer[order].astype(np.int32),
        issue=issue[order],
        due=due[order],
        amount=open_amount[row[order]],
        own_amount=own_amount[row[order]],
        hold=_looked_up(ids, promised, ledger.as_of, NO_PROMISE),
        dispute=_looked_up(ids, disputed, ledger.as_of, NO_DISPUTE),
        main_paid=main_paid[row[order]].astype(np.int32),
        large=rests.large[row[order]].astype(np.int32),
        entity=entities(ids),
    )


def _day(dates: pd.Series, start: pd.Timestamp) -> SmallInts:
    return np.asarray((dates - start) // pd.Timedelta(days=1), np.int32)


def _looked_up(ids: pd.Series, dates: pd.Series, start: pd.Timestamp, missing: int) -> SmallInts:
    found = ids.map(dates)
    days = (pd.to_datetime(found) - start) // pd.Timedelta(days=1)
    return np.asarray(days.fillna(missing), np.int32)
