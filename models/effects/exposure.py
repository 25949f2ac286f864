"""Chances to pay: one row for every payment run on which an invoice could be paid, and the contacts felt by then.

A customer who pays on Mondays and Thursdays decides on any day and pays on the next of these. A row therefore covers
the days since the run before, and says how much contact was felt on them on average. The *dose* of a contact is 1 at
the moment of the contact, less where earlier ones are remembered; it is felt from the day after and fades as
`contact_law` says; doses add up. With hazard ``h·(1 + extra·dose)`` the chance to be paid in the row is
``1 − exp(−h·days·(1 + extra·mean dose))``.
"""

from dataclasses import dataclass

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_number, day_numbers
from models.assumed.contact_law import ContactLaw, added_hazard
from models.effects.exposure_kernels import BEYOND, Doses, Draws, ExposedInvoices, Runs, payment_chances
from models.history.contact_log import ContactLog, Pairs, dispute_days
from models.history.contacts_felt_kernels import Blocks
from models.history.main_payments import PaymentHistory, history
from models.history.paydays import bank_holidays
from models.history.weekdays import weekday


@dataclass(frozen=True, eq=False, kw_only=True)
class Exposure:
    """One row per invoice and payment run, by invoice and day; rows in disputes and on promised days are left out."""

    invoice: Ints  # row of the ledger's invoices
    customer: Ints
    day: Ints  # of the payment run, since 1970-01-01
    late: Ints  # days past due on that day
    days: Ints  # on which the customer could decide
    paid: Flags
    dose: Floats  # (rows, kinds), ≥ 0
    assigned: Floats  # (rows, kinds): the same for what a draw allowed, less what it allows on average; 0 without one
    allowed: Floats  # (rows,): share of the eves of these days on which contact was allowed, less its probability
    kinds: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.invoice)


def exposure(
    ledger: Ledger,
    law: ContactLaw,
    *,
    since: int | None = None,
    customers: Flags | None = None,
) -> Exposure:
    """Return the chances to pay of all invoices issued since the log of contacts begins (or since the day `since`).

    Of what came before, contacts are unknown. `customers` chooses among the ledger's customers.
    """
    past, log = history(ledger), ContactLog.of(ledger)
    first = log.first_day if since is None else since
    chosen = (past.issue >= first) & ~past.prepaid
    if customers is not None:
        chosen &= customers[past.customer]
    rows = np.flatnonzero(chosen)
    invoice, contact = log.covering(ledger, past)
    weight: Floats = np.asarray(added_hazard(1.0, log.remembered(law), law))
    begin = np.searchsorted(invoice, np.arange(len(past) + 1))
    runs, origin = _payment_runs(ledger, past)
    heard, kind, kinds = log.day[contact], log.kind[contact], len(log.kinds)
    draws = _draws(ledger, past, (invoice, contact), heard, kind, kinds=kinds, calendar=(origin, runs.shape[1]))
    blocked = _blocked(ledger, past)
    found = payment_chances(
        ExposedInvoices(rows, past.customer, past.issue, past.due, past.end, past.paid), Runs(runs, origin),
        Doses(begin, heard, kind, weight[contact], kinds), blocked, draws, law.daily,
    )  # fmt: skip
    row = found.invoice
    return Exposure(
        invoice=row,
        customer=past.customer[row],
        day=found.day,
        late=found.day - past.due[row],
        days=found.days,
        paid=found.paid,
        dose=found.dose,
        assigned=found.assigned,
        allowed=found.allowed,
        kinds=log.kinds,
    )


def _payment_runs(ledger: Ledger, past: PaymentHistory) -> tuple[Flags, int]:
    """Return whether each customer pays on each day, (customers, days), and the number of the first day."""
    own = _weekdays_seen(past, len(ledger.customers))
    origin = int(past.issue.min(initial=day_number(ledger.as_of)))
    stop = day_number(ledger.as_of) + BEYOND + 1
    countries = ledger.customers["country"].astype(str)
    names = sorted(set(countries))
    closed = np.stack([bank_holidays(name, origin, stop) for name in names] or [np.zeros(stop - origin, np.bool_)])
    code = np.searchsorted(names, countries.to_numpy(dtype=str)) if names else np.zeros(0, np.int64)
    week = weekday(np.arange(origin, stop))
    return own[:, week] & ~closed[code], origin


def _weekdays_seen(past: PaymentHistory, customers: int) -> Flags:
    """Return the weekdays (customers, 7) on which each customer pays: those with 5 % of its payments, if any.

    Missing a payment day that was hardly used joins two rows into one, which costs little; believing in one that does
    not exist makes rows in which nobody could pay, which biases the effect.
    """
    seen = past.paid & ~past.prepaid
    counts = np.bincount(past.customer[seen] * 7 + weekday(past.end[seen]), minlength=customers * 7).reshape(-1, 7)
    own = counts > 0.05 * counts.sum(axis=1, keepdims=True)
    portfolio = counts.sum(axis=0) > 0.05 * counts.sum()
    return np.where(own.any(axis=1, keepdims=True), own, portfolio if portfolio.any() else True)


def _blocked(ledger: Ledger, past: PaymentHistory) -> Blocks:
    """Return spans of days, by invoice, that say nothing about contacts: disputes, and the day of a promise."""
    opened, resolved = dispute_days(ledger)
    ids = ledger.invoices["invoice_id"]
    dispute, promise = positions(ledger.disputes["invoice_id"], ids), positions(ledger.promises["invoice_id"], ids)
    due = day_numbers(ledger.promises["due_on"])
    row, first, last = np.r_[dispute, promise], np.r_[opened, due], np.r_[resolved, due]
    order = np.lexsort((first, row))
    return Blocks(np.searchsorted(row[order], np.arange(len(past) + 1)), first[order], last[order])


def _draws(
    ledger: Ledger, past: PaymentHistory, pairs: Pairs, day: Ints, kind: Ints, *, kinds: int, calendar: tuple[int, int]
) -> Draws:
    """Return how much freer than on average each customer was on each day, and how often free ones were contacted.

    The first is 0 where nothing was drawn, the probability of a holdout on days without one, and that less 1 in one.
    The second are contacts per invoice and day, by kind and by days past due, from the days past due returned last.
    """
    origin, width = calendar
    plan, free = ledger.holdouts, np.zeros((len(ledger.customers), calendar[1] if len(ledger.holdouts) else 1))
    if not len(plan):
        return Draws(free, np.zeros((kinds, 1)), 0)
    who = positions(plan["customer_id"], ledger.customers["customer_id"])
    start, stop = day_numbers(plan["start"]) - origin, day_numbers(plan["stop"]) - origin
    excess = plan["probability"].to_numpy() - plan["held"].to_numpy(bool)
    for k in range(int((stop - start).max()) + 1):
        inside = np.flatnonzero((start + k <= stop) & (start + k >= 0) & (start + k < width))
        free[who[inside], start[inside] + k] = excess[inside]
    low = int(min(0, (past.issue - past.due).min(initial=0)))
    size = int((past.end - past.due).max(initial=0)) - low + 2
    ended = np.bincount(past.end - past.due - low + 1, minlength=size)[:size]
    open_ = np.cumsum(np.bincount(past.issue - past.due - low, minlength=size)[:size] - ended)
    late = (day - past.due[pairs[0]] - low)[:, None] + np.arange(-3, 4)  # spread over a week
    heard = np.zeros((kinds, size))
    np.add.at(heard, (kind[:, None], np.clip(late, 0, size - 1)), 1 / 7)
    return Draws(free, heard / np.maximum(open_, 1), low)
