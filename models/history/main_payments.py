"""Payment histories: for each invoice the days it was at risk of being paid, and whether it was.

The unit of payment is the amount, not the invoice. A bank fee, a deduction or a disputed line leaves a few per cent of
an invoice open for months; that is no reason to say that its customer did not pay. So the event is the *main payment*:
the first day by whose evening the books hold cash for at least `MATERIAL` of the invoice, or cash that closes it. What
stays open then, the *rest*, has a life of its own (`part_payments`): paid later, credited, deducted, written off
or never settled.

A deposit is not the main payment: cash that came on the issue day or before counts towards it only where it is at least
half of the invoice. A payment that bounced takes its cash back: the event needs cash that stayed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Ints
from ledger.table.columns import NEVER, Columns, columns
from ledger.table.months import day_number, day_numbers

BY_PAYMENT: Final = ("cash", "exchange_difference")  # kinds that a payment brings; the second may be below 0
MATERIAL: Final = 0.1  # of the invoice's amount, received by the main payment
DEPOSIT: Final = 0.5  # of the invoice's amount: what comes up to the issue day and is less is a deposit


@dataclass(frozen=True, kw_only=True)
class PaymentHistory:
    """One row per invoice; days are days since 1970-01-01.

    An invoice ends *paid* on the day its main payment was received (not before its issue); else it is censored: on the
    day a credit note, write-off, agency or factor ended it, or on the ledger's last day.
    """

    customer: Ints  # row of the ledger's customers
    issue: Ints
    due: Ints
    end: Ints
    paid: Flags
    prepaid: Flags  # the money came before the invoice was issued

    def __len__(self) -> int:
        return len(self.issue)


@dataclass(frozen=True, kw_only=True)
class MainPayments:
    """The main payment of each invoice; days are days since 1970-01-01, `NEVER` where there is none."""

    known: Ints  # day on which the books showed it
    received: Ints  # value date of the money that had come by then
    cash: Ints  # minor units applied by that evening by payments: cash, and what rates of exchange made of it
    other: Ints  # minor units of credit notes, write-offs and the like applied before that day

    @classmethod
    def of(cls, ledger: Ledger, book: Columns | None = None) -> "MainPayments":
        """Return the main payment of every invoice of the ledger."""
        book = columns(ledger) if book is None else book
        cash = book.of_kind(*BY_PAYMENT)
        to, applied, amount = book.applied_to[cash], book.applied[cash], book.applied_amount[cash]
        received = day_numbers(ledger.payments["received_date"])[ledger.invoice_of_payment >= 0][cash]
        known, total = _main_day(book, to, applied, amount, received)
        size = len(book.issue)
        came, other = np.full(size, -NEVER), np.zeros(size, np.int64)
        by_then = (applied <= known[to]) & (amount > 0)
        np.maximum.at(came, to[by_then], received[by_then])
        before = ~cash & (book.applied < known[book.applied_to])
        np.add.at(other, book.applied_to[before], book.applied_amount[before])
        there = known < NEVER
        return cls(known=known, received=np.where(there, came, NEVER), cash=total, other=np.where(there, other, 0))


def evenings(to: Ints, applied: Ints, amount: Ints) -> tuple[Ints, Ints, Ints]:
    """Return what has been applied to each invoice by the evening of each day on which something was.

    Parameters
    ----------
    to, applied, amount
        Row of the invoice, day and minor units of what was applied, in any order.

    Returns
    -------
    Row of the invoice, day and minor units so far, ascending by row and day, each day of an invoice once.
    """
    order = np.lexsort((applied, to))
    row, day, running = to[order], applied[order], np.cumsum(amount[order])
    end_of_day = np.flatnonzero(np.r_[(np.diff(row) != 0) | (np.diff(day) != 0), True][: len(row)])
    before = np.r_[0, running][np.searchsorted(row, row[end_of_day])]
    return row[end_of_day], day[end_of_day], running[end_of_day] - before


def stays_from(row: Ints, holds: Flags, size: int) -> tuple[Ints, Flags]:
    """Return the position of the evening from which on something holds for each invoice, and whether there is one.

    What held and did so no longer on a later evening, as of cash that bounced, did not stay.
    """
    begin = np.searchsorted(row, np.arange(size))
    failed = np.flatnonzero(~holds)
    np.maximum.at(begin, row[failed], failed + 1)
    return begin, begin < np.searchsorted(row, np.arange(size), "right")


def _main_day(book: Columns, to: Ints, applied: Ints, amount: Ints, received: Ints) -> tuple[Ints, Ints]:
    """Return the first evening from which on each invoice's cash is and stays enough, and that cash."""
    size = len(book.issue)
    deposit = np.zeros(size, np.int64)
    early = received <= book.issue[to]
    np.add.at(deposit, to[early], amount[early])
    deposit[deposit >= DEPOSIT * book.amount] = 0
    row, day, total = evenings(to, applied, amount)
    enough = (total - deposit[row] >= np.maximum(MATERIAL * book.amount[row], 1)) | (day == book.settled[row])
    begin, there = stays_from(row, enough, size)
    at = np.minimum(begin, max(len(row) - 1, 0))
    known, cash = np.full(size, NEVER), np.zeros(size, np.int64)
    known[there], cash[there] = day[at[there]], total[at[there]]
    return known, cash


def seen(ledger: Ledger) -> Ints:
    """Return the evening from which each invoice's end counts as known, as days since 1970-01-01; NEVER if it is open.

    That is the day on which the books showed its main payment or closed it, or the day after its issue if that is
    later: so nobody who looks at an invoice on the evening of its issue day sees whether it was paid that day.
    """
    book = columns(ledger)
    return np.maximum(np.minimum(book.settled, MainPayments.of(ledger, book).known), book.issue + 1)


def history(ledger: Ledger) -> PaymentHistory:
    """Return the payment history of every invoice of the ledger."""
    book = columns(ledger)
    main = MainPayments.of(ledger, book)
    paid = main.known < NEVER
    end = np.where(book.settled < NEVER, book.settled, day_number(ledger.as_of))
    return PaymentHistory(
        customer=ledger.customer_of_invoice,
        issue=book.issue,
        due=book.due,
        end=np.where(paid, np.maximum(main.received, book.issue), end),
        paid=paid,
        prepaid=paid & (main.received < book.issue),
    )
