"""The contacts that took effect, and the invoices that each of them covered."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from models.assumed.contact_law import ContactLaw
from models.history.contact_log_kernels import remembered
from models.history.main_payments import PaymentHistory

Pairs = tuple[Ints, Ints]

EFFECTIVE: Final = ("sent", "reached", "promise")  # nobody heard of the others
_FEW: Final = 20  # leading invoices that show where a ladder begins
_FAR: Final = 2**31


@dataclass(frozen=True, eq=False, kw_only=True)
class ContactLog:
    """Contacts that somebody received, by customer and day; days are days since 1970-01-01 in the ledger's time zone.

    A call from the customer that was answered counts as a friendly call. `covers_from` is the number of days past due
    from which an invoice is covered by a contact with its customer: the smallest that a leading invoice of the log had,
    1 (all that is overdue) where the log names too few of them. The leading invoice itself is always covered.
    """

    customer: Ints  # row of the ledger's customers
    day: Ints
    kind: Ints  # place in `kinds`
    lead: Ints  # row of the ledger's invoices, -1 where none is named
    kinds: tuple[tuple[str, str], ...]  # channel, tone
    covers_from: int
    first_day: int  # of any contact, taken effect or not; far in the future for an empty log

    def __len__(self) -> int:
        return len(self.day)

    @classmethod
    def of(cls, ledger: Ledger) -> "ContactLog":
        """Return the effective contacts of a ledger."""
        contacts = ledger.contacts
        day = ledger.contact_day
        lead = positions(contacts["invoice_id"], ledger.invoices["invoice_id"])
        channel, tone = contacts["channel"].astype(str), contacts["tone"].astype(str)
        ours = (channel != "inbound").to_numpy()
        channel = channel.where(ours, "phone")
        heard = contacts["outcome"].isin(EFFECTIVE).to_numpy()
        names = (channel + " " + tone).to_numpy(dtype=object)[heard].astype(str)
        found, kind = np.unique(names, return_inverse=True)
        customer = positions(contacts["customer_id"], ledger.customers["customer_id"])
        order = np.lexsort((kind, day[heard], customer[heard]))
        known = ours & (lead >= 0)
        late = (day - day_numbers(ledger.invoices["due_date"])[lead])[known] if known.any() else np.zeros(0, np.int64)
        return cls(
            customer=customer[heard][order],
            day=day[heard][order],
            kind=kind.astype(np.int64)[order],
            lead=lead[heard][order],
            kinds=tuple((text.split(" ")[0], text.split(" ")[1]) for text in found),
            covers_from=int(late.min()) if len(late) >= _FEW else 1,
            first_day=int(day.min()) if len(day) else _FAR,
        )

    def covering(self, ledger: Ledger, past: PaymentHistory) -> Pairs:
        """Return pairs (row of invoice, row of this log), by invoice and then by day: which contact covered what.

        Covered is an invoice that was open in the evening, late enough (see `covers_from`), not in dispute, and not
        under a promise that had been made before and was not yet due.
        """
        span = np.int64(2**24)  # days, shifted to be positive: one number holds customer and day
        key = self.customer * span + self.day + 2**20
        begin = np.searchsorted(key, past.customer * span + past.issue + 2**20)
        end = np.searchsorted(key, past.customer * span + past.end + 2**20)  # a contact on the last day came too late
        many = np.maximum(end - begin, 0)
        invoice = np.repeat(np.arange(len(past)), many)
        contact = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(begin, many)
        day = self.day[contact]
        heard = (day - past.due[invoice] >= self.covers_from) | (self.lead[contact] == invoice)
        invoice, contact = invoice[heard], contact[heard]
        free = ~(_promised(ledger, invoice, self.day[contact]) | _disputed(ledger, invoice, self.day[contact]))
        return invoice[free], contact[free]

    def remembered(self, law: ContactLaw) -> Floats:
        """Return how many earlier contacts the customer still remembered at each.

        Contacts of one day follow one another as they stand.
        """
        return remembered(self.customer, self.day, law)


def _promised(ledger: Ledger, invoice: Ints, day: Ints) -> Flags:
    """Return whether on each day the invoice was under a promise made before that day and due on it or later."""
    promises = ledger.promises
    row = positions(promises["invoice_id"], ledger.invoices["invoice_id"])
    return _within(invoice, day, row, day_numbers(promises["made_on"]) + 1, day_numbers(promises["due_on"]))


def _disputed(ledger: Ledger, invoice: Ints, day: Ints) -> Flags:
    """Return whether the invoice was in dispute on each day; it is no more on the day of the resolution."""
    opened, closed = dispute_days(ledger)
    row = positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"])
    return _within(invoice, day, row, opened, closed - 1)


def dispute_days(ledger: Ledger) -> Pairs:
    """Return the days on which each dispute was opened and resolved; far in the future while it is open."""
    resolved = day_numbers(ledger.disputes["resolved"])
    return day_numbers(ledger.disputes["opened"]), np.where(resolved < -_FAR, _FAR, resolved)


def _within(invoice: Ints, day: Ints, row: Ints, first: Ints, last: Ints) -> Flags:
    """Return for each (invoice, day) whether it lies in any of the spans first .. last of `row`."""
    out = np.zeros(len(invoice), np.bool_)
    if not len(row) or not len(invoice):
        return out
    order = np.argsort(row, kind="stable")
    row, first, last = row[order], first[order], last[order]
    left, right = np.searchsorted(row, invoice, "left"), np.searchsorted(row, invoice, "right")
    for k in range(int((right - left).max())):  # spans of one invoice: few
        some = np.flatnonzero(left + k < right)
        at = left[some] + k
        out[some] |= (first[at] <= day[some]) & (day[some] <= last[at])
    return out
