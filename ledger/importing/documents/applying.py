"""All settlements put together into a ledger's payments."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.documents.documents import CREDIT_NOTE, Documents
from ledger.importing.documents.payments import CASH, Receipts
from ledger.importing.documents.references import InvoiceColumns, find
from ledger.importing.documents.taken_back import exchanged, joined, more_than_unapplied, taken_back
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.rows.intake import Intake, as_series, codes, plural
from ledger.importing.rows.settling import CREDIT_UNSEEN, Credits, Debits, Pieces, settle
from ledger.importing.words.cells import flags
from ledger.importing.words.dates import UNREADABLE
from ledger.table.currency import decimals
from ledger.table.tables import PAYMENT_KINDS


def credits_of(documents: Documents, invoices: InvoiceColumns, map_: InvoiceMap, warnings: list[str]) -> Receipts:
    """Return the credit notes and payments that stand among the invoices, and what takes them back."""
    rows, intake, clearings = documents.credits, documents.intake, clearings_of(documents, map_)
    keep = pa.array(rows)
    customer, currency = documents.customer.take(keep), documents.currency.take(keep)
    named, received = intake.text("applies_to").take(keep), documents.issued[rows]
    found = find(invoices, named, customer, received)
    across = found.other_customer & ~found.ambiguous
    if across.any():
        what = "is applied to it, as the map allows" if map_.across_customers else "stays with its own customer"
        words = plural(int(across.sum()), "credit or payment names", "credits or payments name")
        warnings.append(f"{words} another customer's invoice and {what} (customer_mismatch)")
    barred = found.ambiguous | (found.other_customer & (not map_.across_customers))

    def allowed(row: Ints) -> Ints:
        money = invoices.currency.take(pa.array(row, mask=row < 0))
        return np.where(flags(pc.equal(money, currency)) & ~barred, row, -1)

    back = documents.back[rows]
    row = np.where(back & (found.row < 0), _of_own_clearing(documents, invoices, rows), found.row)
    sign, open_ = np.where(back, -1, 1), documents.stated.open
    return Receipts(
        id=documents.id.take(keep),
        takes_back=documents.number.take(keep),
        named=named,
        invoice=allowed(row),
        also=tuple(allowed(more) for more in found.also),
        customer=customer,
        received=received,
        applied=np.full(len(rows), UNREADABLE, "datetime64[D]"),
        amount=documents.amount[rows] * sign,
        spare=np.zeros(len(rows), np.int64) if open_ is None else open_[rows] * sign,
        currency=currency,
        kind=documents.kind[rows],
        group=clearings[rows],
        from_table=np.zeros(len(rows), bool),
        row=rows,
    )


def _of_own_clearing(documents: Documents, invoices: InvoiceColumns, rows: Ints) -> Ints:
    """Return the first invoice of the clearing that bears each row's own number (a residual item), -1 where none."""
    clearing = documents.intake.text("clearing")
    if clearing.null_count == len(clearing):
        return np.full(len(rows), -1)
    who, _ = codes(documents.customer)
    at = invoices.document
    have = pd.DataFrame(
        {
            "number": as_series(clearing.take(pa.array(at))).astype(object),
            "who": who[at],
            "row": np.arange(len(at)),
            "issued": invoices.issued,
        }
    )
    have = have.dropna(subset="number").sort_values(["issued", "row"]).drop_duplicates(["number", "who"])
    asked = pd.DataFrame({"number": as_series(documents.number.take(pa.array(rows))).astype(object), "who": who[rows]})
    return asked.merge(have, on=["number", "who"], how="left")["row"].fillna(-1).to_numpy(np.int64)


def clearings_of(documents: Documents, map_: InvoiceMap) -> Ints:
    """Return the number of each row's clearing, if it has a credit; -1 for all other rows.

    Rows belong to one clearing by its document with the year of its day, by company, customer and currency; without a
    document by the day itself. A map may let clearings cross customers.
    """
    none = np.full(len(documents.kind), -1)
    cleared = ~np.isnat(documents.stated.cleared)
    rows = documents.credits
    rows = rows[cleared[rows]]
    if not len(rows):
        return none
    document, _ = codes(documents.intake.text("clearing"))
    day = documents.stated.cleared.astype(np.int64)
    year = documents.stated.cleared.astype("datetime64[Y]").astype(np.int64)
    who = np.full(len(none), 0) if map_.across_customers else codes(documents.customer)[0]
    frame = pd.DataFrame(
        {
            "document": document,
            "when": np.where(document >= 0, year, day),
            "who": who,
            "company": codes(documents.intake.text("company"))[0],
            "money": codes(documents.currency)[0],
        }
    )[cleared]
    number = none.copy()
    number[cleared] = frame.groupby([*frame.columns], sort=False).ngroup().to_numpy()
    wanted = np.unique(number[rows])
    at = np.minimum(np.searchsorted(wanted, number), len(wanted) - 1)
    return np.where(cleared & (wanted[at] == number), at, -1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Settled:
    """A ledger's payments, with what should be said about them."""

    payments: pd.DataFrame
    warnings: list[str]
    pieces: int  # amounts applied to invoices
    undated: int  # of them, those without a day in the source


def settle_all(
    documents: Documents,
    invoices: InvoiceColumns,
    table: Receipts | None,
    payments: Intake | None,
    map_: InvoiceMap,
    as_of: np.datetime64,
) -> Settled:
    """Apply everything that settles, and return the ledger's payments; what takes back nothing is rejected."""
    warnings: list[str] = []
    stated = documents.stated
    receipts = credits_of(documents, invoices, map_, warnings)
    if table is None:
        receipts = joined(receipts, _overpaid(documents, invoices, map_, as_of))
    else:
        receipts = joined(receipts, table)
    said = stated.settled(documents.amount)[invoices.document] if table is None else np.zeros(len(invoices.amount), int)
    dated = said if stated.open is None else np.zeros_like(said)
    back = taken_back(receipts, invoices, dated, stated.cleared[invoices.document])
    _reject(documents, payments, back.nothing)
    receipts, said = back.receipts, said - back.residual
    used = _used(documents, receipts)
    debits = _debits(documents, invoices, receipts, said, clearings_of(documents, map_), by_table=table is not None)
    credits = _credits(documents, invoices, receipts, back.against, used)
    pieces, left = settle(debits, credits)
    pieces, left = exchanged(receipts, invoices.line, pieces, left)
    gone = _gone(documents, receipts, used)
    _say_gone(warnings, receipts, np.where(gone, left, 0))
    left = np.where(gone, 0, left) + receipts.spare
    lost = more_than_unapplied(receipts, left)
    _reject(documents, payments, receipts.take(np.flatnonzero(lost)))
    left = np.where(lost, 0, left)
    pieces = pieces.where(~np.append(lost, [False, False])[pieces.credit])
    frame = _frame(invoices, receipts, debits, pieces, left, map_, as_of, warnings)
    _say_back(warnings, receipts, lost)
    _say(warnings, receipts, left, debits, pieces, map_)
    if table is not None:
        _compare(warnings, documents, invoices, pieces)
    guessed = (pieces.credit < 0) & np.isnat(debits.cleared[pieces.invoice])
    return Settled(payments=frame, warnings=warnings, pieces=len(pieces.credit), undated=int(guessed.sum()))


def _overpaid(documents: Documents, invoices: InvoiceColumns, map_: InvoiceMap, as_of: np.datetime64) -> Receipts:
    """Return what the source says was paid beyond the amounts of invoices, as unapplied cash."""
    rows = np.flatnonzero(documents.stated.over[invoices.document] > 0)
    keep, at = pa.array(rows), invoices.document[rows]
    none, never = np.full(len(rows), -1), np.full(len(rows), UNREADABLE, "datetime64[D]")
    day = _day_of_settlement(documents.stated.cleared[at], invoices.issued[rows], invoices.due[rows], map_, as_of)
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
        currency=invoices.currency.take(keep),
        kind=np.full(len(rows), CASH, np.int8),
        group=none,
        from_table=np.zeros(len(rows), bool),
        row=none,
    )


def _day_of_settlement(cleared: Days, issued: Days, due: Days, map_: InvoiceMap, as_of: np.datetime64) -> Days:
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
    tie[together] = _rank(invoices.id.take(pa.array(together)))
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
        tie=_rank(*contents, receipts.id, receipts.named, receipts.customer),
    )


def _frame(
    invoices: InvoiceColumns,
    receipts: Receipts,
    debits: Debits,
    pieces: Pieces,
    left: Ints,
    map_: InvoiceMap,
    as_of: np.datetime64,
    warnings: list[str],
) -> pd.DataFrame:
    """Return the ledger's payments: amounts applied, then what is left unapplied."""
    issued = invoices.issued[pieces.invoice]
    by_credit = pieces.credit >= 0
    received = _day_of_settlement(debits.cleared, invoices.issued, invoices.due, map_, as_of)[pieces.invoice]
    given = np.full(len(issued), UNREADABLE, "datetime64[D]")
    kind = np.where(pieces.credit == CREDIT_UNSEEN, CREDIT_NOTE, CASH).astype(np.int8)
    if by_credit.any():
        credit = pieces.credit[by_credit]
        received[by_credit] = receipts.received[credit]
        kind[by_credit] = receipts.kind[credit]
        given[by_credit] = np.where(receipts.invoice[credit] < 0, UNREADABLE, receipts.applied[credit])
    if prepaid := int(((received < issued) & (pieces.amount > 0)).sum()):
        words = plural(prepaid, "settlement came", "settlements came")
        warnings.append(
            f"{words} before the invoice was issued (prepayments): kept as received then, applied on the issue day"
        )
    applied = np.fmax(np.fmax(np.maximum(received, issued), given), pieces.since)
    early = applied > as_of  # applied later than anything that is known: unapplied on that day
    if early.any():
        warnings.append(
            f"{plural(int(early.sum()), 'payment is', 'payments are')} applied after {as_of}: unapplied on that day"
        )
    rest = np.flatnonzero(left)
    none = pa.nulls(len(rest), pa.string())
    at = pa.array(pieces.invoice)
    ids = invoices.id.take(at)
    credit_at = pa.array(pieces.credit, mask=~by_credit)
    own = receipts.id.take(credit_at)
    unseen = pc.if_else(pa.array(pieces.credit == CREDIT_UNSEEN), "credited", "paid")
    made = pc.binary_join_element_wise(ids, unseen, "/")
    split = _more_than_once(pieces.credit, left)
    name = pc.if_else(pa.array(split), pc.binary_join_element_wise(own, ids, "/"), own)
    unapplied_id = receipts.id.take(pa.array(rest))
    applied_some = np.isin(rest, pieces.credit)
    unapplied_id = pc.if_else(
        pa.array(applied_some), pc.binary_join_element_wise(unapplied_id, "unapplied", "/"), unapplied_id
    )
    payment_id = pa.concat_arrays([pc.coalesce(name, made), pc.fill_null(unapplied_id, "unapplied")])
    invoice_id = pa.concat_arrays([pc.if_else(pa.array(early), pa.scalar(None, pa.string()), ids), none])
    owner = pc.coalesce(receipts.customer.take(credit_at), invoices.customer.take(at))
    customer = pa.concat_arrays([owner, receipts.customer.take(pa.array(rest))])
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
    counts = np.append(np.bincount(credit[credit >= 0], minlength=len(left)), [0, 0])
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


def _rank(*columns: pa.StringArray | npt.NDArray[np.generic]) -> Ints:
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


def _say_gone(warnings: list[str], receipts: Receipts, gone: Ints) -> None:
    """Tell what was used on what the source does not show: it is in the invoices' own amounts, or in none."""
    rows = np.flatnonzero(gone > 0)
    if not len(rows):
        return
    by = pd.Series(gone[rows]).groupby(receipts.currency.take(pa.array(rows)).to_pylist()).sum()
    places = {str(code): decimals(str(code)) for code in by.index}
    total = ", ".join(f"{by[code] / 10 ** places[code]:,.{places[code]}f} {code}" for code in places)
    words = plural(len(rows), "credit or payment was", "credits and payments were")
    warnings.append(f"{words} used on what the source does not show, {total} in all: in no figure")


def _say_back(warnings: list[str], receipts: Receipts, lost: Flags) -> None:
    if back := int(((receipts.amount < 0) & ~lost).sum()):
        words, own = ("row takes", "its own day") if back == 1 else ("rows take", "their own days")
        warnings.append(f"{back:,} {words} back what had been paid or credited, from {own} on")


def _say(warnings: list[str], receipts: Receipts, left: Ints, debits: Debits, pieces: Pieces, map_: InvoiceMap) -> None:
    """Count what an auditor would ask about."""
    undated = np.unique(pieces.invoice[(pieces.credit < 0) & np.isnat(debits.cleared)[pieces.invoice]])
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


def _compare(warnings: list[str], documents: Documents, invoices: InvoiceColumns, pieces: Pieces) -> None:
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
