"""What each row of a report is: an invoice, a heading, a total, or a line between them."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.words.cells import Sheet, flags

_AMOUNTS: Final = ("amount", "rounded_amount", "open_amount", "paid_amount", "credited_amount")
_DAYS: Final = ("issue_date", "due_date", "clear_date")
_NO_LABEL: Final = ("currency", "open_currency")
_DATE: Final = (
    r"(?i)^\d{1,4}[-/.]\s?\d|^\d{5,8}(\.0)?$|^\d{1,2}[\s./-]*\p{L}{3,10}\.?[\s./-]*\d{2,4}"
    r"|^\p{L}{3,10}\.?\s\d{1,2},?\s\d{2,4}"
)


def given(sheet: Sheet, role: str) -> Flags:
    """Return which rows have something in a column."""
    return flags(pc.is_valid(sheet.text(role)))


def _says(cells: pa.StringArray) -> Flags:
    """Return which cells hold a letter or a figure, not only lines and stars."""
    return flags(pc.match_substring_regex(cells, r"[\p{L}\p{N}]"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """What each row of a report is; a row that is none of these is an invoice, or to be rejected by name."""

    head: Flags  # repeats the header, or is a line
    heading: Flags
    total: Flags
    label: pa.StringArray  # the first cell of a heading or total that says something
    line: pa.StringArray  # all of their cells that do

    @classmethod
    def of(cls, sheet: Sheet, map_: InvoiceMap) -> "Rows":
        """Tell the rows of a report apart; only those that lack something are looked at."""
        lacks = sheet.ragged | ~given(sheet, "invoice_id") | ~given(sheet, "customer_id")
        lacks |= ~np.any([given(sheet, role) for role in _DAYS[:2]], axis=0)
        lacks |= ~np.any([given(sheet, role) for role in _AMOUNTS if role in sheet] or [lacks], axis=0)
        ids = sheet.text("invoice_id")
        lacks |= flags(pc.equal(ids, sheet.header.get("invoice_id", ""))) | flags(pc.starts_with(ids, "--"))
        part = Rows._apart(sheet.take(lacks), map_)
        if lacks.all():
            return part
        where = np.flatnonzero(lacks)
        place = np.full(len(sheet), -1)
        place[where] = np.arange(len(where))
        whole = {name: np.zeros(len(sheet), bool) for name in ("head", "heading", "total")}
        for name, found in whole.items():
            found[where] = getattr(part, name)
        at = pa.array(place, mask=place < 0)
        return cls(**whole, label=part.label.take(at), line=part.line.take(at))

    @classmethod
    def _apart(cls, sheet: Sheet, map_: InvoiceMap) -> "Rows":
        texts = _texts(sheet)
        says = {role: _says(sheet.cells[role]) for role in sheet.cells}
        shown = [pc.if_else(pa.array(says[role]), sheet.cells[role], pa.scalar(None, pa.string())) for role in texts]
        nothing = pa.nulls(len(sheet), pa.string())
        label = pc.coalesce(*shown, nothing)
        count = np.sum([says[role] for role in texts], axis=0) if texts else np.zeros(len(sheet), np.int64)
        line = pc.binary_join_element_wise(*(pc.fill_null(cells, "") for cells in (*shown, nothing)), "  ")
        line = pc.utf8_trim_whitespace(pc.replace_substring_regex(line, r"\s{2,}", "  "))
        any_cell = np.any(list(says.values()) or [np.zeros(len(sheet), bool)], axis=0)
        empty = np.all([flags(pc.is_null(cells)) for cells in sheet.cells.values()], axis=0)
        head = (~any_cell & ~empty) | _repeats_header(sheet, says)
        amount = np.any([_digit(sheet, role) for role in sheet.cells if _is_amount(role)] or [head & False], axis=0)
        words = total_words(map_)
        names_total = flags(pc.match_substring_regex(label, rf"(?i)^\W*(?:{words})(?:\W|$)"))
        only_total = flags(pc.match_substring_regex(label, rf"(?i)^\W*(?:{words})\W*$"))
        number, customer = (says.get(role, np.zeros(len(sheet), bool)) for role in ("invoice_id", "customer_id"))
        number_is_label = number & flags(pc.equal(label, sheet.text("invoice_id")))
        dated = np.any([_is_day(sheet, role) for role in _DAYS if role in sheet] or [head & False], axis=0)
        total = ~head & ~dated & names_total & (amount | only_total) & (~number | number_is_label)
        open_ = ~head & ~total & ~dated & ~number & any_cell
        bare = open_ & amount & (count == 0)
        if "customer_id" in sheet:
            detail = ~head & ~total & (number | dated)
            named = open_ & customer
            pure = bool(named.any() and detail.any() and not (detail & customer).any())
            heading = open_ & ~bare & ((customer & pure) | (~amount & (count == 1)))
        else:
            alone = number & ~head & ~total & ~dated & ~amount & (count == 1)
            alone &= ~_shaped_as(sheet.text("invoice_id"), dated & number)
            heading = (open_ & (count > 0)) | alone
        return cls(head=head, heading=heading, total=total | bare, label=label, line=line)


def _texts(sheet: Sheet) -> list[str]:
    """Return the columns in which a label may stand, from left to right."""
    roles = [role for role in sheet.cells if not _is_amount(role) and role not in _NO_LABEL]
    return sorted(roles, key=lambda role: sheet.at.get(role, len(sheet.at)))


def _is_amount(role: str) -> bool:
    return role in _AMOUNTS or role.startswith("#bucket")


def _digit(sheet: Sheet, role: str) -> Flags:
    return flags(pc.match_substring_regex(sheet.cells[role], r"\d"))


def _is_day(sheet: Sheet, role: str) -> Flags:
    return flags(pc.match_substring_regex(sheet.cells[role], _DATE))


def _repeats_header(sheet: Sheet, says: dict[str, Flags]) -> Flags:
    """Return which rows hold the names of their columns, in two columns or more."""
    same = np.zeros(len(sheet), np.int64)
    said = np.zeros(len(sheet), np.int64)
    for role, cells in sheet.cells.items():
        if role in sheet.at and sheet.header[role]:
            own = sheet.header[role].split()[-1]  # of a header of two rows the lower
            same += flags(pc.equal(cells, sheet.header[role])) | flags(pc.equal(cells, own))
            said += says[role]
    found: Flags = (same > 1) & (same == said)
    return found


def _shaped_as(ids: pa.StringArray, known: Flags) -> Flags:
    """Return which ids look like those of the known rows: the same letters' and figures' places."""
    shape = pc.replace_substring_regex(pc.replace_substring_regex(ids, r"\d+", "0"), r"\p{L}+", "A")
    return flags(pc.is_in(shape, value_set=shape.filter(pa.array(known)).unique(), skip_nulls=True))


def total_words(map_: InvoiceMap) -> str:
    """Return the words with which a total begins, as alternatives of a pattern, the longest first."""
    return "|".join(re.escape(word) for word in sorted(map_.totals, key=len, reverse=True)) or "total"
