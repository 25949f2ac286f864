"""The ledger's payments as a table: each piece of a settlement under an id of its own, then what is left unapplied."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.documents.documents import CREDIT_NOTE
from ledger.importing.documents.payments import CASH, Applied, Receipts
from ledger.importing.documents.references import InvoiceColumns
from ledger.importing.rows.intake import as_series, codes
from ledger.importing.rows.settling import CREDIT_UNSEEN, Pieces
from ledger.importing.words.dates import UNREADABLE
from ledger.table.tables import PAYMENT_KINDS
from ledger.wording import plural

EXCHANGE: Final = PAYMENT_KINDS.index("exchange_difference")
Columns = Mapping[str, npt.NDArray[np.generic]]


def payments_table(
    invoices: InvoiceColumns, applied: Applied, came: Days, as_of: np.datetime64, warnings: list[str]
) -> pd.DataFrame:
    """Return the ledger's payments: amounts applied, exchange differences, then what is left unapplied.

    Parameters
    ----------
    came
        Per invoice: the day of a settlement of which the source does not show by what.
    """
    receipts, left = applied.receipts, applied.left
    rest = np.flatnonzero(left)
    pieces, exchange = _with_differences(receipts, applied.pieces)
    columns, early = _columns(invoices, replace(applied, pieces=pieces), came, as_of)
    columns["kind"][: len(exchange)][exchange] = EXCHANGE
    received = columns["received_date"][: len(pieces.amount)]
    prepaid = (received < invoices.issued[pieces.invoice]) & (pieces.amount > 0)
    _say_days(warnings, int(prepaid.sum()), int(early.sum()), as_of)
    at, loose, unapplied = pa.array(pieces.invoice), pa.array(rest), np.append(early, np.ones(len(rest), np.bool_))
    by = pa.array(pieces.credit, mask=pieces.credit < 0)
    owner = pc.coalesce(receipts.customer.take(by), invoices.customer.take(at))
    customer = pa.concat_arrays([owner, receipts.customer.take(loose)])
    kinds = pd.CategoricalDtype(list(PAYMENT_KINDS))
    return pd.DataFrame(
        {
            "payment_id": as_series(_unique(_ids(invoices, receipts, pieces, exchange, left), customer, columns)),
            "invoice_id": as_series(invoices.id.take(pa.array(np.append(pieces.invoice, rest), mask=unapplied))),
            "customer_id": as_series(customer),
            "received_date": columns["received_date"].astype("datetime64[ns]"),
            "applied_date": columns["applied_date"].astype("datetime64[ns]"),
            "amount": columns["amount"],
            "currency": as_series(pa.concat_arrays([invoices.currency.take(at), receipts.currency.take(loose)])),
            "kind": pd.Categorical.from_codes(columns["kind"].tolist(), dtype=kinds),
        }
    )


def _with_differences(receipts: Receipts, pieces: Pieces) -> tuple[Pieces, Flags]:
    """Return the pieces with exchange differences of their own, and which these are.

    A payment in another currency counts as cash with what came at the given rates; what that is beyond the part that
    settles is a difference of the other sign on the same invoice and day (below 0: a gain). It stands beside the
    payment's largest piece.
    """
    worth = np.append(receipts.difference, [0, 0])[pieces.credit]  # the last two: not shown by what
    rows = np.flatnonzero((worth != 0) & (np.abs(pieces.amount) > np.abs(worth)))
    if not len(rows):
        return pieces, np.zeros(len(pieces.amount), np.bool_)
    rows = rows[np.argsort(-np.abs(pieces.amount[rows]), kind="stable")]
    rows = rows[np.unique(pieces.credit[rows], return_index=True)[1]]
    amount = pieces.amount.copy()
    amount[rows] += worth[rows]
    places = np.concatenate([np.arange(len(amount)), rows])
    whole = replace(pieces.where(places), amount=np.concatenate([amount, -worth[rows]]))
    return whole, np.arange(len(places)) >= len(amount)


def _columns(
    invoices: InvoiceColumns, applied: Applied, came: Days, as_of: np.datetime64
) -> tuple[dict[str, npt.NDArray[Any]], Flags]:
    """Return days, amounts and kinds of pieces and rests, and which pieces are applied later than anything is known."""
    receipts, pieces, left = applied.receipts, applied.pieces, applied.left
    rest = np.flatnonzero(left)
    issued = invoices.issued[pieces.invoice]
    by_credit = pieces.credit >= 0
    credit = pieces.credit[by_credit]
    received = came[pieces.invoice]
    given = np.full(len(issued), UNREADABLE, "datetime64[D]")
    kind = np.where(pieces.credit == CREDIT_UNSEEN, CREDIT_NOTE, CASH).astype(np.int8)
    received[by_credit] = receipts.received[credit]
    kind[by_credit] = receipts.kind[credit]
    given[by_credit] = np.where(receipts.invoice[credit] < 0, UNREADABLE, receipts.applied[credit])
    day = np.fmax(np.fmax(np.maximum(received, issued), given), pieces.since)
    early = day > as_of
    unapplied = np.full(len(rest), UNREADABLE, "datetime64[D]")
    return {
        "received_date": np.concatenate([received, receipts.received[rest]]),
        "applied_date": np.concatenate([np.where(early, UNREADABLE, day), unapplied]),
        "amount": np.concatenate([pieces.amount, left[rest]]),
        "kind": np.concatenate([kind, receipts.kind[rest]]),
    }, early


def _say_days(warnings: list[str], prepaid: int, early: int, as_of: np.datetime64) -> None:
    """Tell of prepayments, and of what is applied after as_of: unapplied on that day."""
    if prepaid:
        words = plural(prepaid, "settlement came", "settlements came")
        warnings.append(
            f"{words} before the invoice was issued (prepayments): kept as received then, applied on the issue day"
        )
    if early:
        warnings.append(f"{plural(early, 'payment is', 'payments are')} applied after {as_of}: unapplied on that day")


def _ids(invoices: InvoiceColumns, receipts: Receipts, pieces: Pieces, exchange: Flags, left: Ints) -> pa.StringArray:
    """Return an id for each piece and each rest: the receipt's own, with the invoice's where it has several."""
    rest = np.flatnonzero(left)
    unseen = pc.if_else(pa.array(pieces.credit == CREDIT_UNSEEN), "credited", "paid")
    made = pc.binary_join_element_wise(invoices.id.take(pa.array(pieces.invoice)), unseen, "/")
    seen = np.flatnonzero((pieces.credit >= 0) | exchange)
    if len(seen):
        split = _more_than_once(pieces.credit, exchange, left)[seen]
        credit = pieces.credit[seen]
        ids = invoices.id.take(pa.array(pieces.invoice[seen]))
        own = receipts.id.take(pa.array(credit, mask=credit < 0))
        name = pc.if_else(pa.array(split), pc.binary_join_element_wise(own, ids, "/"), own)
        beside = pc.binary_join_element_wise(pc.coalesce(own, ids), "exchange", "/")
        made = _placed(pc.if_else(pa.array(exchange[seen]), beside, name), seen, made)
    unapplied = receipts.id.take(pa.array(rest))
    applied_some = pa.array(np.isin(rest, pieces.credit))
    unapplied = pc.if_else(applied_some, pc.binary_join_element_wise(unapplied, "unapplied", "/"), unapplied)
    return pa.concat_arrays([made, pc.fill_null(unapplied, "unapplied")])


def _placed(texts: pa.StringArray, rows: Ints, among: pa.StringArray) -> pa.StringArray:
    """Return an array with other texts in some rows; a null leaves what is there."""
    place = np.full(len(among), -1)
    place[rows] = np.arange(len(rows))
    return pc.coalesce(texts.take(pa.array(place, mask=place < 0)), among)


def _more_than_once(credit: Ints, exchange: Flags, left: Ints) -> Flags:
    """Return which pieces belong to a credit that has several, so that its id alone does not name them."""
    counts = np.append(np.bincount(credit[(credit >= 0) & ~exchange], minlength=len(left)), [0, 0])
    return counts[credit] > 1


def _unique(ids: pa.StringArray, customer: pa.StringArray, columns: Columns) -> pa.StringArray:
    """Return the ids with a number added to those that repeat, in the order of their contents."""
    for _ in range(8):
        if pc.count_distinct(ids).as_py() == len(ids):
            return ids
        index, _texts = codes(ids)
        counts = np.bincount(index, minlength=1)
        rows = np.flatnonzero(counts[index] > 1)
        keys = [np.asarray(values)[rows].astype(np.int64) for values in columns.values()]
        who = rank(customer.take(pa.array(rows)))
        order = np.lexsort((*keys, who, rank(ids.take(pa.array(rows)))))
        number = np.zeros(len(rows), np.int64)
        number[order] = pd.Series(index[rows][order]).groupby(index[rows][order]).cumcount().to_numpy() + 1
        longer = pc.binary_join_element_wise(ids.take(pa.array(rows)), pa.array(number).cast(pa.string()), "/")
        ids = _placed(longer, rows, ids)
    raise RuntimeError("payment ids cannot be told apart")


def rank(*columns: "pa.StringArray | npt.NDArray[np.generic]") -> Ints:
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
