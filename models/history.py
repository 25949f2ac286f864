"""Payment histories: for each invoice the days it was at risk of being paid, and whether it was."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ledger import Ledger
from ledger.columns import NEVER, columns
from ledger.months import day_number

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class History:
    """One row per invoice; days are days since 1970-01-01.

    An invoice ends *paid* on the day its last cash was received (not before its issue) if that cash settled it; else it
    is censored: on the day a credit note, write-off, agency or factor ended it, or on the ledger's last day.
    """

    customer: Ints  # row of the ledger's customers
    issue: Ints
    due: Ints
    end: Ints
    paid: Flags
    prepaid: Flags  # the money came before the invoice was issued

    def __len__(self) -> int:
        return len(self.issue)


def seen(ledger: Ledger) -> Ints:
    """Return the evening from which each invoice's end counts as known, as days since 1970-01-01; NEVER if it is open.

    That is the day on which the books closed it, or the day after its issue if that is later: so nobody who looks at
    an invoice on the evening of its issue day sees whether it was paid that day.
    """
    book = columns(ledger)
    return np.maximum(book.settled, book.issue + 1)


def history(ledger: Ledger) -> History:
    """Return the payment history of every invoice of the ledger."""
    book, payments = columns(ledger), ledger.payments
    cash = book.of_kind("cash") & (book.applied_amount > 0)
    last_applied = np.full(len(book.issue), -NEVER)
    np.maximum.at(last_applied, book.applied_to[cash], book.applied[cash])
    closed = book.settled < NEVER
    paid = closed & (last_applied == book.settled)
    on = ledger.invoice_of_payment >= 0
    received = payments["received_date"].to_numpy()[on].astype("datetime64[D]").astype(np.int64)[cash]
    last_received = np.full(len(book.issue), -NEVER)
    np.maximum.at(last_received, book.applied_to[cash], received)
    end = np.where(closed, book.settled, day_number(ledger.as_of))
    return History(
        customer=ledger.customer_of_invoice,
        issue=book.issue,
        due=book.due,
        end=np.where(paid, np.maximum(last_received, book.issue), end),
        paid=paid,
        prepaid=paid & (last_received < book.issue),
    )
