"""All settlements put together into a ledger's payments."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.importing.cells import Flags, Ints, flags
from ledger.importing.dates import UNREADABLE
from ledger.importing.documents import Documents
from ledger.importing.intake import as_series, codes, plural
from ledger.importing.maps import InvoiceMap
from ledger.importing.payments import CASH, Invoices, Receipts
from ledger.importing.settling import Credits, Debits, Pieces, settle
from ledger.tables import PAYMENT_KINDS


def credits_of(documents: Documents, invoices: Invoices, clearings: Ints) -> Receipts:
    """Return the credit notes and payments that stand among the invoices."""
    rows = documents.credits
    keep = pa.array(rows)
    named = documents.intake.text("applies_to").take(keep)
    row = (
        pc.index_in(named, value_set=invoices.id, skip_nulls=True)
        .fill_null(-1)
        .to_numpy(zero_copy_only=False)
        .astype(np.int64)
    )
    amount = documents.amount[rows]
    spare = np.zeros(len(rows), np.int64) if documents.open is None else documents.open[rows]
    same = pc.equal(invoices.currency.take(pa.array(row, mask=row < 0)), documents.currency.take(keep))
    row = np.where(flags(same), row, -1)
    return Receipts(
        id=documents.id.take(keep),
        named=named,
        invoice=row,
        customer=documents.customer.take(keep),
        received=documents.issued[rows],
        applied=np.full(len(rows), UNREADABLE, "datetime64[D]"),
        amount=amount,
        spare=spare,
        currency=documents.currency.take(keep),
        kind=documents.kind[rows],
        group=clearings[rows],
        from_table=False,
    )


def clearings_of(documents: Documents) -> Ints:
    """Return the number of each row's clearing, if it has a credit; -1 for all other rows.

    Rows belong to one clearing by their clearing document, else by customer and day, and by currency.
    """
    none = np.full(len(documents.kind), -1)
    cleared = ~np.isnat(documents.cleared)
    rows = documents.credits
    rows = rows[cleared[rows]]
    if not len(rows):
        return none
    who, customers = codes(documents.customer)
    money, currencies = codes(documents.currency)
    document, _ = codes(documents.intake.text("clearing"))
    day = np.where(cleared, documents.cleared.astype(np.int64), 0)
    same_day = (day * (len(customers) + 1) + who) * (len(currencies) + 1) + money
    key = np.where(document >= 0, -1 - (document * (len(currencies) + 1) + money), same_day)
    wanted = np.unique(key[rows])
    at = np.minimum(np.searchsorted(wanted, key), len(wanted) - 1)
    return np.where(cleared & (wanted[at] == key), at, -1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Settled:
    """A ledger's payments, with what should be said about them."""

    payments: pd.DataFrame
    credited: int  # sum of the credits that stand among the invoices
    warnings: list[str]
    pieces: int  # amounts applied to invoices
    undated: int  # of them, those without a day in the source


def settle_all(
    documents: Documents, invoices: Invoices, table: Receipts | None, map_: InvoiceMap, as_of: np.datetime64
) -> Settled:
    """Apply everything that settles, and return the ledger's payments."""
    warnings: list[str] = []
    clearings = clearings_of(documents)
    credits = credits_of(documents, invoices, clearings)
    receipts = credits if table is None else _both(credits, table)
    debits, undated = _debits(documents, invoices, clearings, by_table=table is not None)
    contents = (receipts.amount, receipts.received, receipts.applied, receipts.kind, receipts.currency)
    tie = _rank(*contents, receipts.id, receipts.named, receipts.customer)
    usable = receipts.amount - receipts.spare
    if documents.open is not None:  # a credit that was used, by whom is unknown: it is in the invoices' open amounts
        elsewhere = (receipts.invoice < 0) & (receipts.group < 0) & (np.arange(len(receipts)) < len(credits))
        usable = np.where(elsewhere, 0, usable)
    pieces, left = settle(
        debits,
        Credits(
            amount=usable,
            received=receipts.received,
            applied=receipts.applied,
            invoice=receipts.invoice,
            group=receipts.group,
            tie=tie,
        ),
    )
    if documents.open is not None:
        left[: len(credits)] = 0  # what the source says was used is no longer there
    left = left + receipts.spare
    frame = _frame(invoices, receipts, debits, pieces, left, map_, as_of, warnings)
    _say(warnings, receipts, left, undated, map_)
    if table is not None:
        _compare(warnings, documents, invoices, debits, pieces)
    guessed = (pieces.credit < 0) & np.isnat(debits.cleared[pieces.invoice])
    return Settled(
        payments=frame,
        credited=int(credits.amount.sum()),
        warnings=warnings,
        pieces=len(pieces.credit),
        undated=int(guessed.sum()),
    )


def _debits(documents: Documents, invoices: Invoices, clearings: Ints, *, by_table: bool) -> tuple[Debits, Flags]:
    """Return what the source says of each invoice, and which settlements have no day."""
    rows = invoices.document
    cleared, amount = documents.cleared[rows], invoices.amount
    later = np.isnat(cleared) & ~np.isnat(documents.intake.day("clear_date")[rows])
    if by_table:
        settled = np.zeros(len(rows), np.int64)
    elif documents.open is not None:
        settled = np.where(later, 0, amount - documents.open[rows])
    else:
        settled = np.where(np.isnat(cleared), 0, amount)
    undated = (settled > 0) & np.isnat(cleared)
    group = clearings[rows]
    cap = settled if documents.open is not None and not by_table else amount
    tie, together = np.zeros(len(rows), np.int64), np.flatnonzero(group >= 0)
    tie[together] = _rank(invoices.id.take(pa.array(together)))
    return Debits(
        amount=amount, settled=settled, cap=cap, issued=invoices.issued, cleared=cleared, group=group, tie=tie
    ), undated


def _frame(
    invoices: Invoices,
    receipts: Receipts,
    debits: Debits,
    pieces: Pieces,
    left: Ints,
    map_: InvoiceMap,
    as_of: np.datetime64,
    warnings: list[str],
) -> pd.DataFrame:
    """Return the ledger's payments: amounts applied, then what is left unapplied."""
    issued, due = invoices.issued[pieces.invoice], invoices.due[pieces.invoice]
    by_credit = pieces.credit >= 0
    cleared = debits.cleared[pieces.invoice]
    guess = np.full(len(due), as_of) if map_.undated_payment == "as_of" else np.minimum(due, as_of)
    received = np.where(np.isnat(cleared), np.maximum(guess, issued), cleared)
    given = np.full(len(due), UNREADABLE, "datetime64[D]")
    kind = np.full(len(due), CASH, np.int8)
    if by_credit.any():
        credit = pieces.credit[by_credit]
        received[by_credit] = receipts.received[credit]
        kind[by_credit] = receipts.kind[credit]
        in_clearing = receipts.invoice[credit] < 0
        given[by_credit] = np.where(in_clearing, cleared[by_credit], receipts.applied[credit])
    if prepaid := int((received < issued).sum()):
        words = plural(prepaid, "settlement came", "settlements came")
        warnings.append(
            f"{words} before the invoice was issued (prepayments): kept as received then, applied on the issue day"
        )
    applied = np.fmax(np.maximum(received, issued), given)
    early = applied > as_of  # applied later than anything that is known: unapplied on that day
    if early.any():
        warnings.append(
            f"{plural(int(early.sum()), 'payment is', 'payments are')} applied after {as_of}: unapplied on that day"
        )
    rest = np.flatnonzero(left > 0)
    none = pa.nulls(len(rest), pa.string())
    at = pa.array(pieces.invoice)
    ids = invoices.id.take(at)
    credit_at = pa.array(pieces.credit, mask=~by_credit)
    own = receipts.id.take(credit_at)
    made = pc.binary_join_element_wise(ids, "paid", "/")
    split = _more_than_once(pieces.credit, left)
    name = pc.if_else(pa.array(split), pc.binary_join_element_wise(own, ids, "/"), own)
    unapplied_id = receipts.id.take(pa.array(rest))
    applied_some = np.isin(rest, pieces.credit)
    unapplied_id = pc.if_else(
        pa.array(applied_some), pc.binary_join_element_wise(unapplied_id, "unapplied", "/"), unapplied_id
    )
    payment_id = pa.concat_arrays([pc.coalesce(name, made), pc.fill_null(unapplied_id, "unapplied")])
    invoice_id = pa.concat_arrays([pc.if_else(pa.array(early), pa.scalar(None, pa.string()), ids), none])
    customer = pa.concat_arrays([invoices.customer.take(at), receipts.customer.take(pa.array(rest))])
    columns = {
        "received_date": np.concatenate([received, receipts.received[rest]]),
        "applied_date": np.concatenate(
            [np.where(early, UNREADABLE, applied), np.full(len(rest), UNREADABLE, "datetime64[D]")]
        ),
        "amount": np.concatenate([pieces.amount, left[rest]]),
        "kind": np.concatenate([kind, receipts.kind[rest]]),
    }
    payment_id = _unique(payment_id, customer, columns)
    return pd.DataFrame(
        {
            "payment_id": as_series(payment_id),
            "invoice_id": as_series(invoice_id),
            "customer_id": as_series(customer),
            "received_date": columns["received_date"].astype("datetime64[ns]"),
            "applied_date": columns["applied_date"].astype("datetime64[ns]"),
            "amount": columns["amount"],
            "currency": as_series(
                pa.concat_arrays([invoices.currency.take(at), receipts.currency.take(pa.array(rest))])
            ),
            "kind": pd.Categorical.from_codes(columns["kind"].tolist(), dtype=pd.CategoricalDtype(list(PAYMENT_KINDS))),
        }
    )


def _more_than_once(credit: Ints, left: Ints) -> Flags:
    """Return which pieces belong to a credit that has several, so that its id alone does not name them."""
    counts = np.append(np.bincount(credit[credit >= 0], minlength=len(left)), 0)
    return counts[credit] > 1


def _unique(
    ids: pa.StringArray, customer: pa.StringArray, columns: Mapping[str, npt.NDArray[np.generic]]
) -> pa.StringArray:
    """Return the ids with a number added to those that repeat, in the order of their contents."""
    for _ in range(8):
        index, _texts = codes(ids)
        counts = np.bincount(index, minlength=1)
        rows = np.flatnonzero(counts[index] > 1)
        if not len(rows):
            return ids
        keys = [np.asarray(values)[rows].astype(np.int64) for values in columns.values()]
        who = _rank(customer.take(pa.array(rows)))
        order = np.lexsort((*keys, who, _rank(ids.take(pa.array(rows)))))
        number = np.zeros(len(rows), np.int64)
        number[order] = pd.Series(index[rows][order]).groupby(index[rows][order]).cumcount().to_numpy() + 1
        longer = pc.binary_join_element_wise(ids.take(pa.array(rows)), pa.array(number).cast(pa.string()), "/")
        place = np.full(len(ids), -1)
        place[rows] = np.arange(len(rows))
        ids = pc.coalesce(longer.take(pa.array(place, mask=place < 0)), ids)
    raise RuntimeError("payment ids cannot be told apart")


def _rank(*columns: "pa.StringArray | npt.NDArray[np.generic]") -> Ints:
    """Return each row's rank by its contents; equal rows have equal ranks."""
    rank = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        if isinstance(column, np.ndarray):
            number = np.unique(column, return_inverse=True)[1]
        else:
            index, texts = codes(column)
            place = np.full(len(texts) + 1, -1)  # the last is null
            place[pc.sort_indices(texts).to_numpy()] = np.arange(len(texts))
            number = place[index] + 1
        rank = np.unique(rank * (len(rank) + 2) + number, return_inverse=True)[1]
    return rank


def _both(first: Receipts, second: Receipts) -> Receipts:
    if not len(first):
        return second
    texts = ("id", "named", "customer", "currency")
    numbers = ("invoice", "received", "applied", "amount", "spare", "kind", "group")
    joined = {name: pa.concat_arrays([getattr(part, name) for part in (first, second)]) for name in texts}
    joined |= {name: np.concatenate([getattr(part, name) for part in (first, second)]) for name in numbers}
    return Receipts(**joined, from_table=True)


def _say(warnings: list[str], receipts: Receipts, left: Ints, undated: Flags, map_: InvoiceMap) -> None:
    """Count what an auditor would ask about."""
    if undated.any():
        day = "the due date, no later than as_of" if map_.undated_payment == "due_date" else "as_of"
        warnings.append(f"{plural(int(undated.sum()), 'settlement has', 'settlements have')} no day: taken as {day}")
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


def _compare(warnings: list[str], documents: Documents, invoices: Invoices, debits: Debits, pieces: Pieces) -> None:
    """Count invoices whose own columns say something else than their payments."""
    rows = invoices.document
    if documents.open is not None:
        said = invoices.amount - documents.open[rows]
    elif documents.has_clear_date:
        said = np.where(np.isnat(debits.cleared), 0, invoices.amount)
    else:
        return
    paid = np.zeros(len(rows), np.int64)
    np.add.at(paid, pieces.invoice, pieces.amount)
    if different := int((paid != said).sum()):
        words = plural(different, "invoice has", "invoices have")
        warnings.append(f"{words} an open amount or clearing date that differs from the payments table, which counts")
