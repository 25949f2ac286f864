"""All settlements put together into a ledger's payments."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.documents.credit_rows import clearings_of, credits_of
from ledger.importing.documents.documents import Documents
from ledger.importing.documents.payments import CASH, Applied, PaymentsRead, Receipts
from ledger.importing.documents.payments_table import payments_table, rank
from ledger.importing.documents.references import InvoiceColumns
from ledger.importing.documents.settlement_notes import say_back, say_differences, say_gone, say_settled
from ledger.importing.documents.taken_back import exchanged, joined, more_than_unapplied, taken_back, with_equal_amounts
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.rows.intake import Intake, codes
from ledger.importing.rows.money import Money
from ledger.importing.rows.settling import Credits, Debits, Pieces, settle
from ledger.importing.words.cells import flags
from ledger.importing.words.dates import UNREADABLE
from ledger.wording import plural


@dataclass(frozen=True, kw_only=True, eq=False)
class Settled:
    """A ledger's payments, with what should be said about them."""

    payments: pd.DataFrame
    warnings: list[str]
    pieces: int  # amounts applied to invoices
    undated: int  # of them, those without a day in the source
    exchanged: int  # minor units by which payments among the invoices changed with their currencies


def settle_all(
    documents: Documents,
    invoices: InvoiceColumns,
    table: PaymentsRead | None,
    map_: InvoiceMap,
    money: Money,
    *,
    as_of: np.datetime64,
) -> Settled:
    """Apply everything that settles, and return the ledger's payments; what takes back nothing is rejected."""
    warnings: list[str] = []
    own = credits_of(documents, invoices, map_, money, warnings)
    beside = _overpaid(documents, invoices, map_, as_of) if table is None else table.receipts
    payments, clearings = None if table is None else table.intake, clearings_of(documents, map_)
    applied = _applied(documents, invoices, joined(own, beside), payments, clearings, warnings=warnings)
    pieces = applied.pieces
    cleared = documents.stated.cleared[invoices.document]
    came = day_of_settlement(cleared, invoices.issued, invoices.due, map_, as_of)
    frame = payments_table(invoices, applied, came, as_of, warnings)
    say_back(warnings, applied)
    say_settled(warnings, applied, cleared, map_)
    if table is not None:
        say_differences(warnings, documents, invoices, pieces)
    guessed = (pieces.credit < 0) & np.isnat(cleared[pieces.invoice])
    changed = own.amount - np.where(documents.back, -documents.amount, documents.amount)[own.row]
    return Settled(
        payments=frame,
        warnings=warnings,
        pieces=len(pieces.credit),
        undated=int(guessed.sum()),
        exchanged=int(changed[documents.intake.good[own.row]].sum()),
    )


def _applied(
    documents: Documents,
    invoices: InvoiceColumns,
    receipts: Receipts,
    payments: Intake | None,
    clearings: Ints,
    *,
    warnings: list[str],
) -> Applied:
    """Apply all that settles; where there is no table of payments, the invoices' own columns say what was settled."""
    by_table = payments is not None
    said = documents.stated.settled(documents.amount)[invoices.document] * (not by_table)
    tried = _tried(documents, invoices, receipts, said, clearings, by_table=by_table)
    _reject(documents, payments, tried.nothing)
    equal = with_equal_amounts(tried.receipts, tried.lost)
    if found := int((equal.invoice != tried.receipts.invoice).sum()):
        words = plural(found, "row takes", "rows take")
        warnings.append(f"{words} back a payment of the same amount of its customer, the latest, for none is named")
        tried = _tried(documents, invoices, equal, tried.said, clearings, by_table=by_table)
        _reject(documents, payments, tried.nothing)
    receipts, pieces, lost = tried.receipts, tried.pieces, tried.lost
    say_gone(warnings, receipts, np.where(tried.gone, tried.left, 0))
    _reject(documents, payments, receipts.take(np.flatnonzero(lost)))
    left = np.where(lost, 0, np.where(tried.gone, 0, tried.left) + receipts.spare)
    if lost.any():
        pieces = pieces.where(~np.append(lost, [False, False])[pieces.credit])
    return Applied(receipts=receipts, pieces=pieces, left=left, lost=lost)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tried:
    """Settlements applied, before what takes back more than there is was rejected."""

    receipts: Receipts
    said: Ints  # per invoice: what the source says was settled of it, and was not taken back on that very day
    pieces: Pieces
    left: Ints
    gone: Flags
    lost: Flags  # rows that take back more than their customer had unapplied
    nothing: Receipts  # rows that take back nothing


def _tried(
    documents: Documents, invoices: InvoiceColumns, receipts: Receipts, said: Ints, clearings: Ints, *, by_table: bool
) -> _Tried:
    """Apply what settles, each row on what it names."""
    stated = documents.stated
    dated = said if stated.open is None else np.zeros_like(said)
    back = taken_back(receipts, invoices, dated, stated.cleared[invoices.document])
    receipts, said = back.receipts, said - back.residual
    used = _used(documents, receipts)
    debits = _debits(documents, invoices, receipts, said, clearings, by_table=by_table)
    credits = _credits(documents, invoices, receipts, back.against, used)
    pieces, left = settle(debits, credits)
    pieces, left = exchanged(receipts, invoices.line, pieces, left)
    gone = _gone(documents, receipts, used)
    lost = more_than_unapplied(receipts, np.where(gone, 0, left) + receipts.spare)
    return _Tried(
        receipts=receipts,
        said=said,
        pieces=pieces,
        left=left,
        gone=gone,
        lost=lost,
        nothing=back.nothing,
    )


def _overpaid(documents: Documents, invoices: InvoiceColumns, map_: InvoiceMap, as_of: np.datetime64) -> Receipts:
    """Return what the source says was paid beyond the amounts of invoices, as unapplied cash."""
    rows = np.flatnonzero(documents.stated.over[invoices.document] > 0)
    keep, at = pa.array(rows), invoices.document[rows]
    none, never = np.full(len(rows), -1), np.full(len(rows), UNREADABLE, "datetime64[D]")
    day = day_of_settlement(documents.stated.cleared[at], invoices.issued[rows], invoices.due[rows], map_, as_of)
    nulls = pa.nulls(len(rows), pa.string())
    return Receipts(
        id=pc.binary_join_element_wise(invoices.id.take(keep), "overpaid", "/"),
        takes_back=nulls,
        named=nulls,
        invoice=none,
        also=(),
        customer=invoices.customer.take(keep),
        received=day,
        applied=never,
        amount=documents.stated.over[at],
        spare=documents.stated.over[at],
        difference=np.zeros(len(rows), np.int64),
        currency=invoices.currency.take(keep),
        kind=np.full(len(rows), CASH, np.int8),
        group=none,
        from_table=np.zeros(len(rows), bool),
        row=none,
    )


def day_of_settlement(cleared: Days, issued: Days, due: Days, map_: InvoiceMap, as_of: np.datetime64) -> Days:
    """Return the days of settlements; where the source gives none the due date, or as_of, but not before issue."""
    guess = np.full(len(due), as_of) if map_.undated_payment == "as_of" else np.minimum(due, as_of)
    return np.where(np.isnat(cleared), np.maximum(guess, issued), cleared)


def _reject(documents: Documents, payments: Intake | None, nothing: Receipts) -> None:
    """Reject rows that take back what is not there."""
    of_table = nothing.row[nothing.from_table]
    if payments is not None and len(of_table):
        rows, amounts = np.zeros(len(payments), bool), payments.amount("amount")
        rows[of_table] = True
        assert amounts is not None  # the header was checked
        payments.reject(rows & (amounts.micro < 0), "negative_payment", "amount")
        payments.reject(rows, "nothing_to_take_back", "invoice_id")
    at = nothing.row[~nothing.from_table]
    rows = np.zeros(len(documents.kind), bool)
    rows[at] = True
    if rows.any():
        notes = int((rows & (documents.kind != CASH)).sum())
        hint = (
            "; if no sign says anything in this file, write `signed = false` under [invoices] of a map" if notes else ""
        )
        words = plural(len(np.unique(at)), "row has", "rows have")
        documents.intake.warnings.append(f"{words} a sign that contradicts the type, and nothing to take back{hint}")
        documents.intake.reject(rows, "wrong_sign", "amount")


def _used(documents: Documents, receipts: Receipts) -> Flags:
    """Return which credits among the invoices were used, by what the source says, but it does not say on what."""
    loose = (receipts.invoice < 0) & ~receipts.from_table & (receipts.row >= 0)
    at = np.where(loose, receipts.row, 0)
    stated = documents.stated
    if stated.open is not None:
        return np.asarray(loose & (receipts.amount != receipts.spare) & (receipts.group < 0))
    of_clearing = flags(pc.is_valid(documents.intake.text("clearing")))[at]
    return np.asarray(loose & ~of_clearing & (stated.closed | ~np.isnat(stated.cleared))[at])


def _gone(documents: Documents, receipts: Receipts, used: Flags) -> Flags:
    """Return which credits are not there any more, whatever they settled: by open amount or status, not by a day."""
    own = ~receipts.from_table & (receipts.row >= 0)
    if documents.stated.open is not None:
        return np.asarray(own)
    return np.asarray(used & np.isnat(documents.stated.cleared)[np.where(own, receipts.row, 0)])


def _debits(
    documents: Documents, invoices: InvoiceColumns, receipts: Receipts, said: Ints, clearings: Ints, *, by_table: bool
) -> Debits:
    """Return what the source says of each invoice."""
    rows, stated = invoices.document, documents.stated
    line = invoices.line
    group = clearings[rows]
    cap = said if stated.open is not None and not by_table else invoices.amount
    named = receipts.invoice >= 0
    back = np.zeros(len(rows), np.int64)  # per line: what was taken back; and what is left of all that named it
    net = np.zeros(len(rows), np.int64)
    on = line[receipts.invoice[named]]
    np.add.at(back, on, np.maximum(-receipts.amount[named], 0))
    np.add.at(net, on, receipts.amount[named])
    more = np.where(net <= cap, back, 0)[line]  # it was settled for a while, whatever is open now
    tie, together = np.zeros(len(rows), np.int64), np.flatnonzero((group >= 0) | (line != np.arange(len(line))))
    tie[together] = rank(invoices.id.take(pa.array(together)))
    paid = stated.paid[rows]
    return Debits(
        amount=invoices.amount,
        settled=said,
        cash=np.where(paid >= 0, np.minimum(paid, said), said),
        cap=np.minimum(invoices.amount, cap + more),
        issued=invoices.issued,
        due=invoices.due,
        cleared=stated.cleared[rows],
        line=line,
        group=group,
        owner=_owners(invoices, receipts)[0],
        tie=tie,
    )


def _owners(invoices: InvoiceColumns, receipts: Receipts) -> tuple[Ints, Ints]:
    """Return who owes each invoice and to whom each receipt belongs, in which currency, as numbers."""
    pairs = ((invoices.customer, receipts.customer), (invoices.currency, receipts.currency))
    who, money = (codes(pa.concat_arrays(pair))[0] for pair in pairs)
    number = np.unique((who + 1) * (money.max(initial=0) + 2) + money, return_inverse=True)[1]
    return number[: len(invoices.id)], number[len(invoices.id) :]


def _credits(documents: Documents, invoices: InvoiceColumns, receipts: Receipts, against: Ints, used: Flags) -> Credits:
    """Return the receipts as credits; of those that the source says were used elsewhere, only the used part counts."""
    contents = (receipts.amount, receipts.received, receipts.applied, receipts.kind, receipts.currency)
    usable = receipts.amount - receipts.spare
    if documents.stated.open is not None:
        elsewhere = (receipts.invoice < 0) & (receipts.group < 0) & ~receipts.from_table & (receipts.amount < 0)
        usable = np.where(elsewhere, 0, usable)
    line = np.append(invoices.line, -1)
    return Credits(
        amount=usable,
        received=receipts.received,
        applied=receipts.applied,
        line=np.where(against < 0, line[receipts.invoice], -1),
        also=tuple(line[more] for more in receipts.also),
        against=against,
        group=receipts.group,
        owner=np.where(used & (receipts.amount > 0), _owners(invoices, receipts)[1], -1),
        cash=receipts.kind == CASH,
        tie=rank(*contents, receipts.id, receipts.named, receipts.customer),
    )
