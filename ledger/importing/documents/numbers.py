"""Rows that share a number: repeats, lines of one invoice, instalments, or documents of their own."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.errors import BadInput
from ledger.importing.documents.stated import Stated
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.rows.intake import Intake, codes, text_column
from ledger.wording import plural

_MANY = 0.01  # of the invoices: more that nobody can tell apart are no slips but a layout


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """The invoice table as far as it tells rows apart. Amounts in minor units, without sign."""

    number: pa.StringArray
    customer: pa.StringArray
    invoice: Flags
    kind: npt.NDArray[np.int8]
    issued: Days
    due: Days
    amount: Ints


def identified(intake: Intake, map_: InvoiceMap, rows: Rows) -> tuple[pa.StringArray, Ints]:
    """Return an id for each row, and for the further lines of an invoice its first row (-1 for all others).

    Invoices that share a number and differ in customer, year, due date or issue date are kept, with what tells them
    apart added to the number. Rows that repeat another are rejected.

    Raises
    ------
    BadInput
        Where many rows share number, customer and dates and differ in amount, and the map does not say what that means.
    """
    lines = np.full(len(intake), -1)
    if map_.sum_lines:
        _reject_with_lines(intake, rows)
    if not _shared(rows.number, intake.good).any():
        return rows.number, lines
    if not map_.sum_lines:
        _reject_repeats(intake, rows)
    ids = _told_apart(intake, _by_map(intake, map_, rows.number), rows)
    same = _shared(ids, intake.good & rows.invoice)
    if not same.any():
        return ids, lines
    if map_.sum_lines:
        return ids, _lines(ids, same & intake.good)
    _contradictions(intake, map_, ids, rows, same)
    return ids, lines


def _shared(ids: pa.StringArray, among: Flags) -> Flags:
    """Return which of the rows share their id with another of them."""
    index, texts = codes(ids)
    among = among & (index >= 0)
    counts = np.append(np.bincount(index[among], minlength=len(texts)), 0)
    return among & (counts[index] > 1)


def _by_map(intake: Intake, map_: InvoiceMap, ids: pa.StringArray) -> pa.StringArray:
    """Return the ids, with the map's distinguishing columns added to those that occur more than once."""
    also = [role for role in intake.sheet.cells if role.startswith("distinguish_")]
    if not also or not map_.distinguish:
        return ids
    longer = pc.binary_join_element_wise(ids, *(pc.fill_null(intake.text(role), "") for role in also), "/")
    return pc.if_else(pa.array(_shared(ids, intake.good)), longer, ids)


def _told_apart(intake: Intake, ids: pa.StringArray, rows: Rows) -> pa.StringArray:
    """Return the ids of invoices, with the first of customer, year and dates added that tells those of one id apart."""
    if not _shared(ids, intake.good & rows.invoice).any():
        return ids
    days = {"due date": rows.due, "issue date": rows.issued}
    tokens = {"customer": rows.customer, "year": _text(rows.issued, "datetime64[Y]")}
    tokens |= {name: _text(day, "datetime64[D]") for name, day in days.items()}
    told = []
    for name, token in tokens.items():
        same = np.flatnonzero(_shared(ids, intake.good & rows.invoice))
        if not len(same):
            break
        frame = pd.DataFrame({"id": codes(ids)[0][same], "token": codes(token)[0][same]})
        differ = np.zeros(len(intake), bool)
        differ[same] = (frame.groupby("id")["token"].transform("nunique") > 1).to_numpy()
        if not differ.any():
            continue
        ids = pc.if_else(pa.array(differ), pc.binary_join_element_wise(ids, token, "/"), ids)
        example = ids.filter(pa.array(differ)).sort()[0].as_py()
        told.append(f"{int(differ.sum()):,} by {name}, such as {example}")
    if told:
        intake.warnings.append(f"invoices that share a number with another are kept apart: {'; '.join(told)}")
    return ids


def _text(days: Days, unit: str) -> pa.StringArray:
    return pa.array(np.datetime_as_string(days.astype(unit)).astype(object), pa.string())


def _reject_repeats(intake: Intake, rows: Rows) -> None:
    """Reject rows that repeat another in every column."""
    same = np.flatnonzero(_shared(rows.number, intake.good))
    frame = pd.DataFrame({role: text_column(cells.take(pa.array(same))) for role, cells in intake.sheet.cells.items()})
    _mark(intake, same, frame.duplicated().to_numpy(), "duplicate_row")


def _reject_with_lines(intake: Intake, rows: Rows) -> None:
    """Reject the lines of an invoice that has a line which cannot be read: their sum is not its amount."""
    index, _ = codes(rows.number)
    broken = ~intake.good & ~intake.broke("not_posted") & rows.invoice & (index >= 0)
    intake.reject(np.isin(index, index[broken]) & rows.invoice, "rejected_line", "invoice_id")


def _lines(ids: pa.StringArray, same: Flags) -> Ints:
    """Return for the further lines of an invoice its first row."""
    index, _ = codes(ids)
    first = pd.Series(np.flatnonzero(same)).groupby(index[same]).min()
    lines = np.full(len(ids), -1)
    lines[same] = first.reindex(index[same]).to_numpy()
    return np.where(lines == np.arange(len(ids)), -1, lines)


def summed_lines(lines: Ints, amount: Ints, stated: Stated) -> tuple[Ints, Stated]:
    """Return amounts and settlements with those of further lines added to the first, which alone keeps any.

    An open or paid amount that every line repeats beyond its own is that of the whole invoice; and so are all, where
    those of no invoice differ, though the amounts of its lines do. It was settled on the day of the last line, if each
    line was.
    """
    more = np.flatnonzero(lines >= 0)
    if not len(more):
        return amount, stated
    first = np.where(lines >= 0, lines, np.arange(len(lines)))
    of_lines = np.flatnonzero(np.isin(first, lines[more]))
    frame = pd.DataFrame({"first": first[of_lines], "amount": amount[of_lines]})

    def total(values: Ints) -> Ints:
        frame["value"] = values[of_lines]
        by = frame.groupby("first")
        same, most, least = by["value"].min() == by["value"].max(), by["value"].max(), by["amount"].min()
        repeated = bool(same.all() and ((most > 0) & (least < by["amount"].max())).any())
        whole = same & (repeated | (most > least))
        return with_first(values, by["value"].sum().where(~whole, by["value"].max()))

    def with_first(values: Ints, found: "pd.Series[int]") -> Ints:
        out = np.array(values)
        out[more] = 0
        out[found.index.to_numpy()] = found.to_numpy()
        return out

    days = pd.Series(stated.cleared[of_lines]).groupby(first[of_lines])
    cleared = stated.cleared.copy()
    last = days.max().where(days.count() == days.size())
    cleared[last.index.to_numpy()] = last.to_numpy().astype("datetime64[D]")
    some = np.isin(np.arange(len(lines)), of_lines) & (stated.paid < 0)
    return with_first(amount, frame.groupby("first")["amount"].sum()), replace(
        stated,
        open=None if stated.open is None else total(stated.open),
        paid=np.where(some, -1, total(stated.paid)),
        cleared=cleared,
    )


def say_repeated(intake: Intake, lines: Ints, amount: Ints) -> None:
    """Tell where the amounts that are to be added up are the same on all lines of every invoice that has several."""
    more = np.flatnonzero((lines >= 0) & intake.good)
    if len(more) and (amount[more] == amount[lines[more]]).all():
        count = plural(len(np.unique(lines[more])), "invoice", "invoices")
        intake.warnings.append(
            f"{intake.place('amount')}: all lines of each of {count} have the same amount, and are added up; if it is "
            "the whole invoice's, write one_row_per_line = true instead of sum_lines"
        )


def _contradictions(intake: Intake, map_: InvoiceMap, ids: pa.StringArray, rows: Rows, same: Flags) -> None:
    """Reject invoices that state the same number, customer and days: repeats, and rows of different amounts."""
    at = np.flatnonzero(same)
    texts = {role: text_column(cells.take(pa.array(at))) for role, cells in intake.sheet.cells.items()}
    frame = pd.DataFrame({"#id": codes(ids)[0][at], "#amount": rows.amount[at], **texts}, index=at)
    differ = (frame.groupby("#id")["#amount"].transform("nunique") > 1).to_numpy()
    unclear = at[differ]
    if len(unclear) and map_.sum_lines is None and len(unclear) > _MANY * int((intake.good & rows.invoice).sum()):
        raise BadInput(
            f"{len(unclear):,} rows share number, customer and dates with another and differ in amount, such as "
            f"{intake.sheet.row[unclear[0]]} and {_partner(intake, ids, unclear)}; in a map's [invoices]: "
            "sum_lines = true (lines of one invoice) or false (reject), or distinguish = [columns]",
            where=intake.sheet.where,
            field=intake.sheet.header.get("invoice_id"),
            value=rows.number[int(unclear[0])].as_py(),
        )
    _mark(intake, at, differ, "repeated_number")
    frame = frame[~differ].sort_values(list(frame.columns), kind="stable")
    _mark(intake, frame.index.to_numpy(), frame.duplicated("#id").to_numpy(), "duplicate_invoice")


def _partner(intake: Intake, ids: pa.StringArray, rows: Ints) -> int:
    """Return the number in the file of the row that shares its id with the first of the rows."""
    index, _ = codes(ids)
    return int(intake.sheet.row[rows[1:][index[rows[1:]] == index[rows[0]]][0]])


def _mark(intake: Intake, rows: Ints, chosen: Flags, rule: str) -> None:
    marked = np.zeros(len(intake), bool)
    marked[rows[chosen]] = True
    intake.reject(marked, rule, "invoice_id")


def warn_of_look_alikes(intake: Intake, rows: Rows, cleared: Days) -> None:
    """Count invoices that look like another under an id of their own."""
    who, _ = codes(rows.customer)
    at = np.flatnonzero(intake.good & rows.invoice)
    facts = {
        "who": who[at],
        "amount": rows.amount[at],
        "due": rows.due[at].astype(np.int64),
        "cleared": cleared[at].astype(np.int64),
    }
    if repeats := int(pd.DataFrame(facts).duplicated().sum()):
        words = plural(repeats, "invoice repeats", "invoices repeat")
        intake.warnings.append(f"{words} customer, amount, due and clearing date of another id; kept")
