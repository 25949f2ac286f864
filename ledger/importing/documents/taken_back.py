"""Money that goes back: which payment a refund, reversal or returned cheque takes back, and from which invoice."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.documents.payments import Receipts
from ledger.importing.documents.references import InvoiceColumns
from ledger.importing.rows.intake import as_series, codes
from ledger.importing.rows.settling import Pieces
from ledger.importing.words.cells import flags


@dataclass(frozen=True, kw_only=True, eq=False)
class TakenBack:
    """Receipts in which every row below 0 takes back something that is there."""

    receipts: Receipts
    against: Ints  # invoice whose stated settlement a row takes back, else -1
    residual: Ints  # per invoice: stated as settled, but taken back on that very day, so that it never was
    nothing: Receipts  # rows below 0 that found nothing to take back


def taken_back(receipts: Receipts, invoices: InvoiceColumns, settled: Ints, cleared: Days) -> TakenBack:
    """Give each row below 0 the invoice of the payment that it takes back.

    That is the payment that it names, else what the invoice that it names has received, else what the source says was
    settled of that invoice. Rows that name neither are left to their clearing, or to what the customer has unapplied.

    Parameters
    ----------
    settled, cleared
        What the source says was settled of each invoice, and when.
    """
    none = np.full(len(receipts), -1)
    residual = np.zeros(len(invoices.amount), np.int64)
    if not (receipts.amount < 0).any():
        return TakenBack(receipts=receipts, against=none, residual=residual, nothing=receipts.take(none[:0]))
    receipts, beyond = _of_payment(receipts)
    short = _uncovered(receipts, invoices.line)
    against = np.where(short, receipts.invoice, -1)
    rows = np.flatnonzero(short)
    at = receipts.invoice[rows]
    wanted = pd.Series(-receipts.amount[rows]).groupby(at).transform("sum").to_numpy(np.int64)
    lost = np.zeros(len(receipts), bool)
    lost[rows] = wanted > settled[at]
    lost = _whole_rows(receipts, lost | beyond)
    same_day = np.zeros(len(receipts), bool)
    same_day[rows] = ~(receipts.received[rows] > cleared[at]) & ~lost[rows]
    np.add.at(residual, receipts.invoice[same_day], -receipts.amount[same_day])
    kept = np.flatnonzero(~lost & ~same_day)
    return TakenBack(
        receipts=receipts.take(kept),
        against=against[kept],
        residual=residual,
        nothing=receipts.take(np.flatnonzero(lost)),
    )


def _of_payment(receipts: Receipts) -> tuple[Receipts, Flags]:
    """Split rows below 0 that name a payment and no invoice over the invoices that it paid, the latest first.

    The second is what they take back beyond that payment.
    """
    back = np.flatnonzero((receipts.amount < 0) & (receipts.invoice < 0))
    named = receipts.takes_back.take(pa.array(back))
    paid = np.flatnonzero(receipts.amount > 0)
    own = receipts.id.take(pa.array(paid))
    shared = flags(pc.is_in(named, value_set=own.drop_null(), skip_nulls=True))
    if not shared.any():
        return receipts, np.zeros(len(receipts), bool)
    back, named = back[shared], named.filter(pa.array(shared))
    asked = pd.DataFrame({"id": as_series(named).astype(object), "back": back, "kind": receipts.kind[back]})
    have = pd.DataFrame(
        {
            "id": as_series(own).astype(object),
            "paid": paid,
            "kind": receipts.kind[paid],
            "size": receipts.amount[paid],
            "on": receipts.received[paid],
            "invoice": receipts.invoice[paid],
        }
    ).sort_values(["id", "on", "size", "invoice"], ascending=False)
    pairs = asked.merge(have, on=["id", "kind"], sort=False).sort_values("back", kind="stable")
    pairs = pairs[pairs["on"].to_numpy() <= receipts.received[pairs["back"].to_numpy()]]
    before = pairs.groupby("back")["size"].cumsum().to_numpy() - pairs["size"].to_numpy()
    whole = -receipts.amount[pairs["back"].to_numpy()]
    part = np.clip(whole - before, 0, pairs["size"].to_numpy())
    chosen = part > 0
    at = pairs["back"].to_numpy()[chosen]
    parts = receipts.take(at)
    parts = replace(
        parts,
        amount=-part[chosen],
        difference=np.zeros(len(at), np.int64),
        invoice=pairs["invoice"].to_numpy(np.int64)[chosen],
        customer=receipts.customer.take(pa.array(pairs["paid"].to_numpy()[chosen])),
    )
    rest = receipts.amount.copy()
    np.add.at(rest, at, part[chosen])
    kept = np.flatnonzero(rest != 0)
    beyond = np.isin(kept, at)
    return joined(replace(receipts.take(kept), amount=rest[kept]), parts), np.append(beyond, np.zeros(len(parts), bool))


def _uncovered(receipts: Receipts, line: Ints) -> Flags:
    """Return which rows below 0 take back more than had come of their kind, by their day, on the line that they name.

    Of several that together take too much, the latest do.
    """
    out = np.zeros(len(receipts), bool)
    named = receipts.invoice >= 0
    on = np.where(named, line[receipts.invoice], -1) if len(line) else receipts.invoice
    back = named & (receipts.amount < 0)
    rows = np.flatnonzero(named & np.isin(on, on[back]))
    order = np.lexsort(
        (receipts.amount[rows], receipts.amount[rows] < 0, receipts.received[rows], receipts.kind[rows], on[rows])
    )
    rows = rows[order]
    while len(rows):
        kept = rows[~out[rows]]
        frame = pd.DataFrame({"on": on[kept], "kind": receipts.kind[kept], "amount": receipts.amount[kept]})
        by = frame.groupby(["on", "kind"], sort=False)["amount"]
        below = kept[(by.cumsum() < 0).to_numpy()]
        if not len(below):
            break
        first = pd.DataFrame({"on": on[below], "kind": receipts.kind[below], "row": below}).drop_duplicates(
            ["on", "kind"]
        )
        out[first["row"].to_numpy()] = True
    return out


def exchanged(receipts: Receipts, line: Ints, pieces: Pieces, left: Ints) -> tuple[Pieces, Ints]:
    """Let a credit of another kind that found its invoice full take the place of what went back from it.

    Without that, a refund of an invoice that was paid and then credited would leave the credit unapplied, and less than
    nothing of the cash. Few lines have both.
    """
    named = receipts.invoice >= 0
    on = np.where(named, line[receipts.invoice], -1) if len(line) else receipts.invoice
    rows = np.flatnonzero(named & (left != 0) & np.isin(on, on[named & (left < 0)]))
    rows = rows[np.lexsort((left[rows], left[rows] < 0, receipts.received[rows], on[rows]))]
    left, moved = left.copy(), []
    free: list[list[int]] = []
    here = -1
    for row in rows.tolist():
        if on[row] != here:
            here, free = on[row], []
        if left[row] > 0:
            free.append([row, int(left[row])])
            continue
        need = int(-left[row])
        same = [each for each in free if receipts.kind[each[0]] == receipts.kind[row]]
        for each in [*same, *(each for each in free if receipts.kind[each[0]] != receipts.kind[row])]:
            part = min(need, each[1])
            each[1] -= part
            need -= part
            if part and receipts.kind[each[0]] != receipts.kind[row]:
                moved += [(row, each[0], part)]
                left[row] += part
                left[each[0]] -= part
    if not moved:
        return pieces, left
    back, credit, amount = (np.array(values, np.int64) for values in zip(*moved, strict=True))
    known = np.concatenate([receipts.received, receipts.applied]).reshape(2, -1)
    day = np.fmax(np.fmax.reduce(known[:, back]), np.fmax.reduce(known[:, credit]))  # both on one day
    more = Pieces(
        invoice=np.tile(receipts.invoice[back], 2),
        credit=np.concatenate([back, credit]),
        amount=np.concatenate([-amount, amount]),
        since=np.tile(day, 2),
    )
    names = ("invoice", "credit", "amount", "since")
    return Pieces(**{name: np.concatenate([getattr(p, name) for p in (pieces, more)]) for name in names}), left


def _whole_rows(receipts: Receipts, lost: Flags) -> Flags:
    """Return the lost rows with all other parts of the rows of the source that they were split from."""
    if not lost.any():
        return lost
    source = receipts.row * 2 + receipts.from_table
    return np.asarray((receipts.amount < 0) & np.isin(source, source[lost]))


def more_than_unapplied(receipts: Receipts, left: Ints) -> Flags:
    """Return which rows below 0 take back more than their customer had unapplied by that day, in that currency.

    Of several, the latest that name no invoice do.
    """
    out = np.zeros(len(receipts), bool)
    back = (left < 0) & (receipts.amount < 0)
    if not back.any():
        return out
    who, _ = codes(receipts.customer)
    owner = (who + 1) * (len(receipts) + 1) + codes(receipts.currency)[0]
    rows = np.flatnonzero(np.isin(owner, owner[back]) & (left != 0))
    rows = rows[np.lexsort((left[rows], left[rows] < 0, receipts.received[rows], owner[rows]))]
    source = receipts.row * 2 + receipts.from_table
    loose = back & ((receipts.invoice < 0) | (receipts.spare < 0))
    loose &= (
        ~pd.Series(np.where(receipts.amount < 0, source, -2 - np.arange(len(source)))).duplicated(keep=False).to_numpy()
    )
    while True:
        kept = rows[~out[rows]]
        below = (pd.Series(left[kept]).groupby(owner[kept], sort=False).cumsum() < 0).to_numpy()
        if not below.any():
            return out
        after = pd.Series(below).groupby(owner[kept], sort=False).cumsum().to_numpy() - below  # points below 0 before
        able = np.flatnonzero(loose[kept] & (after == 0) & np.isin(owner[kept], owner[kept][below]))
        if not len(able):
            return out
        last = pd.Series(able).groupby(owner[kept][able]).max().to_numpy()
        out[kept[last]] = True


def with_equal_amounts(receipts: Receipts, lost: Flags) -> Receipts:
    """Give lost rows below 0 that name nothing the invoice of a payment of the same amount, each payment once.

    Of the same customer, currency and kind, and no later; of several the latest.
    """
    unnamed = flags(pc.is_null(receipts.named)) & flags(
        pc.equal(pc.fill_null(receipts.takes_back, ""), pc.fill_null(receipts.id, ""))
    )
    rows = np.flatnonzero(lost & unnamed & (receipts.invoice < 0) & (receipts.amount < 0))
    if not len(rows):
        return receipts
    who, money = codes(receipts.customer)[0], codes(receipts.currency)[0]
    paid: dict[tuple[int, ...], list[int]] = {}
    able = np.flatnonzero((receipts.amount > 0) & (receipts.invoice >= 0) & (who >= 0))
    for row in able[np.argsort(receipts.received[able], kind="stable")].tolist():
        paid.setdefault((who[row], money[row], receipts.kind[row], receipts.amount[row]), []).append(row)
    invoice = receipts.invoice.copy()
    for row in rows[np.argsort(receipts.received[rows], kind="stable")].tolist():
        same = paid.get((who[row], money[row], receipts.kind[row], -receipts.amount[row]), [])
        before = [at for at in same if receipts.received[at] <= receipts.received[row]]
        if before:
            invoice[row] = receipts.invoice[before[-1]]
            same.remove(before[-1])
    return replace(receipts, invoice=invoice)


def joined(first: Receipts, second: Receipts) -> Receipts:
    """Return the rows of both."""
    if not len(first) or not len(second):
        return second if not len(first) else first
    texts = ("id", "takes_back", "named", "customer", "currency")
    numbers = ("invoice", "received", "applied", "amount", "spare", "difference", "kind", "group", "from_table", "row")
    rows = {name: pa.concat_arrays([getattr(part, name) for part in (first, second)]) for name in texts}
    rows |= {name: np.concatenate([getattr(part, name) for part in (first, second)]) for name in numbers}
    depth = max(len(first.also), len(second.also))
    also = tuple(
        np.concatenate([p.also[k] if k < len(p.also) else np.full(len(p), -1) for p in (first, second)])
        for k in range(depth)
    )
    return Receipts(**rows, also=also)
