"""What should be said of the settlements: what an auditor would ask about, counted."""

import numpy as np
import pandas as pd
import pyarrow as pa

from ledger.arrays import Days, Ints
from ledger.importing.documents.documents import Documents
from ledger.importing.documents.payments import Applied, Receipts
from ledger.importing.documents.references import InvoiceColumns
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.rows.settling import CREDIT_UNSEEN, Pieces
from ledger.table.currency import decimals
from ledger.wording import plural


def say_gone(warnings: list[str], receipts: Receipts, gone: Ints) -> None:
    """Tell what was used on what the source does not show: it is in the invoices' own amounts, or in none."""
    rows = np.flatnonzero(gone > 0)
    if not len(rows):
        return
    by = pd.Series(gone[rows]).groupby(receipts.currency.take(pa.array(rows)).to_pylist()).sum()
    places = {str(code): decimals(str(code)) for code in by.index}
    total = ", ".join(f"{by[code] / 10 ** places[code]:,.{places[code]}f} {code}" for code in places)
    words = plural(len(rows), "credit or payment was", "credits and payments were")
    warnings.append(f"{words} used on what the source does not show, {total} in all: in no figure")


def say_back(warnings: list[str], applied: Applied) -> None:
    """Count the rows that take back."""
    if back := int(((applied.receipts.amount < 0) & ~applied.lost).sum()):
        words, own = ("row takes", "its own day") if back == 1 else ("rows take", "their own days")
        warnings.append(f"{back:,} {words} back what had been paid or credited, from {own} on")


def say_settled(warnings: list[str], applied: Applied, cleared: Days, map_: InvoiceMap) -> None:
    """Count what an auditor would ask about."""
    receipts, pieces, left = applied.receipts, applied.pieces, applied.left
    undated = np.unique(pieces.invoice[(pieces.credit < 0) & np.isnat(cleared)[pieces.invoice]])
    if len(undated):
        day = "the due date, no later than as_of" if map_.undated_payment == "due_date" else "as_of"
        warnings.append(f"{plural(len(undated), 'settlement has', 'settlements have')} no day: taken as {day}")
    if credited := int((pieces.credit == CREDIT_UNSEEN).sum()):
        words = plural(credited, "invoice was", "invoices were")
        warnings.append(
            f"{words} settled by more than the stated paid amount: the rest is taken as credited, not as cash"
        )
    over = left - receipts.spare
    named = (receipts.invoice >= 0) & (over > 0)
    if named.any():
        count = plural(int(named.sum()), "payment is", "payments are")
        warnings.append(
            f"{count} overpaid: more than the invoice; the rest is kept as unapplied credit of the customer"
        )
    free = (left > 0) & ~named
    if free.any():
        count = plural(int(free.sum()), "credit or payment is", "credits and payments are")
        warnings.append(f"{count} not applied to any invoice: kept as unapplied credit of the customer")


def say_differences(warnings: list[str], documents: Documents, invoices: InvoiceColumns, pieces: Pieces) -> None:
    """Count invoices whose own columns say something else than their payments."""
    rows, stated = invoices.document, documents.stated
    if not stated.speaks:
        return
    said = stated.settled(documents.amount)[rows]
    paid = np.zeros(len(rows), np.int64)
    np.add.at(paid, pieces.invoice, pieces.amount)
    if different := int((paid != said).sum()):
        words = plural(different, "invoice has", "invoices have")
        warnings.append(f"{words} an open amount or clearing date that differs from the payments table, which counts")
