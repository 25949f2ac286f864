"""Cells as a source gives them: columns of text, with row numbers as a person sees them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Ints
from ledger.wording import plural

_WHOLE: Final = 1e18  # up to here a float is written as a whole number
AGED: Final = "#aged"  # role of what the layout finds: the name of the one column by age with an amount
MOST: Final = 0.8  # of the cells must be what a column is taken for
_AMOUNT: Final = r"^\W*\p{L}{0,3}\W*\d[\d\s.,'’]*\W*\p{L}{0,3}\W*$"
IDS: Final = ("invoice_id", "customer_id", "payment_id", "clearing", "applies_to", "reverses", "contact_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """One table of a source: the recognised columns, each a text array, trimmed, null where the cell is empty.

    `native` marks the cells that the source stores as numbers: their text has a decimal point, whatever the language
    of the file. `row` counts as a person does: the first line of the file is 1. `ragged` marks rows with fewer or more
    cells than the header. `preamble` holds the lines above the header. `layout` marks rows that are headings, totals
    and the like. `unused` holds the first cells of the columns that have no role, by their names.
    """

    where: str
    header: Mapping[str, str]  # role -> the column's name as written
    cells: Mapping[str, pa.StringArray]  # role -> its cells
    row: Ints
    ragged: Flags
    native: Mapping[str, Flags] = field(default_factory=dict)
    preamble: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    at: Mapping[str, int] = field(default_factory=dict)  # role -> the column's place, from 0
    layout: Flags | None = None
    off_total: Flags | None = None  # rows whose amounts by age contradict their total
    unused: Mapping[str, pa.StringArray] = field(default_factory=dict)
    source_header: Mapping[str, str] | None = None  # as found, where the layout changed it
    aged_by: tuple[str, ...] = ()  # the columns by age; in which of them each row stands is the role `AGED`

    def __len__(self) -> int:
        return len(self.row)

    def __contains__(self, role: str) -> bool:
        return role in self.cells

    @property
    def written(self) -> Mapping[str, str]:
        """Role -> the column's name in the source, without what the layout made."""
        return self.header if self.source_header is None else self.source_header

    def text(self, role: str) -> pa.StringArray:
        """Return the cells of a role; all null where the source has no such column."""
        return self.cells[role] if role in self.cells else pa.nulls(len(self), pa.string())

    def is_native(self, role: str) -> Flags:
        """Return which cells of a role the source stores as numbers."""
        return self.native.get(role, np.zeros(len(self), bool))

    def take(self, keep: Flags) -> "Sheet":
        """Return the sheet with some of its rows."""
        if keep.all():
            return self
        mask = pa.array(keep)
        return Sheet(
            where=self.where,
            header=self.header,
            cells={role: cells.filter(mask) for role, cells in self.cells.items()},
            row=self.row[keep],
            ragged=self.ragged[keep],
            native={role: flags[keep] for role, flags in self.native.items()},
            preamble=self.preamble,
            warnings=self.warnings,
            at=self.at,
            layout=None if self.layout is None else self.layout[keep],
            off_total=None if self.off_total is None else self.off_total[keep],
            unused=self.unused,
            source_header=self.source_header,
            aged_by=self.aged_by,
        )


def flags(answer: Any) -> Flags:
    """Return an Arrow yes-or-no column as a writable array; null is no."""
    filled = pc.fill_null(answer, False)
    return np.array(filled.to_numpy(zero_copy_only=False), bool)


def are_amounts(cells: pa.StringArray) -> bool:
    """Return whether most cells that are not empty can be amounts; False where all are empty."""
    found = flags(pc.match_substring_regex(cells.drop_null(), _AMOUNT))
    return bool(len(found)) and bool(found.mean() >= MOST)


def one_array(cells: pa.ChunkedArray | pa.Array) -> pa.StringArray:
    """Return the cells as one trimmed text array, null where empty."""
    joined = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    if isinstance(joined, pa.ChunkedArray):  # no chunk, or too large for one
        joined = pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], pa.string())
    trimmed = pc.utf8_trim_whitespace(joined)
    blank = pc.equal(pc.binary_length(trimmed), 0)
    if pc.any(blank).as_py():
        return pc.if_else(blank, pa.scalar(None, pa.string()), trimmed)
    return trimmed


def from_values(values: Sequence[Any]) -> tuple[pa.StringArray, Flags]:
    """Return Python values (of a workbook or a database) as text, and which of them are numbers."""
    texts = [_text(value) for value in values]
    numbers = [isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values]
    return one_array(pa.array(texts, pa.string())), np.array(numbers, bool)


def cut_ids(sheet: Sheet) -> Iterator[str]:
    """Yield what to know of ids that are numbers of more than 15 digits: a workbook keeps no more of them."""
    for role in IDS:
        if role in sheet:
            long = flags(pc.match_substring_regex(sheet.cells[role], r"^-?\d{16,}$|^-?\d[\d.]*[eE]\+?\d+$"))
            if count := int((sheet.is_native(role) & long).sum()):
                ids = plural(count, "id is a number", "ids are numbers")
                yield (
                    f"{sheet.where}, {sheet.header[role]}: {ids} of more than 15 digits, of which a workbook keeps 15: "
                    "the last may be others, and two ids may have become one; store them as text"
                )


def whole_ids(sheet: Sheet) -> Sheet:
    """Return the sheet with ids such as 1001.0 as whole numbers, where gaps have made all of a column floats."""
    cells, said = dict(sheet.cells), list(sheet.warnings)
    for role in (role for role in IDS if role in sheet):
        given = sheet.cells[role].drop_null()
        if len(given) and pc.all(pc.match_substring_regex(given, r"^\d+\.0$")).as_py():
            cells[role] = pc.replace_substring_regex(sheet.cells[role], r"\.0$", "")
            said.append(f"{sheet.where}, {sheet.header[role]}: every id ends in .0, as gaps make of numbers: left out")
    return replace(sheet, cells=cells, warnings=tuple(said)) if len(said) > len(sheet.warnings) else sheet


def rounded_ids(where: str, named: Mapping[str, tuple[str, Any]]) -> Iterator[str]:
    """Yield what to know of ids, by role a column's name and its values, that a float holds no more digit by digit."""
    for role, (name, values) in named.items():
        if role in IDS and (count := _rounded(values)):
            ids = plural(count, "id is a floating-point number", "ids are floating-point numbers")
            yield (
                f"{where}, {name}: {ids} too large to be kept to the last digit: "
                "the last may be others, and two ids may have become one; store them as text"
            )


def _rounded(values: Any) -> int:
    """Return how many values are floats beyond which not every whole number is one."""
    if not isinstance(values, pa.ChunkedArray):
        return sum(isinstance(value, float) and abs(value) > 2.0**53 for value in values)
    if not pa.types.is_floating(values.type):
        return 0
    digits = {16: 11, 32: 24, 64: 53}[values.type.bit_width]
    return int(pc.sum(pc.greater(pc.abs(values.cast(pa.float64())), 2.0**digits)).as_py() or 0)


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "Yes" if value else "No"
        case float() if value != value:
            return None
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)
        case Decimal():
            return f"{value:f}" if value.is_finite() else None
        case datetime():
            midnight = value.timetz() == time() and value.tzinfo is None
            return f"{value:%Y-%m-%d}" if midnight else value.isoformat()
        case date():
            return value.isoformat()
    return str(value)


def _of_floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return floats as text: whole ones as whole numbers, as a column of ids with gaps has them; no number is null."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _WHOLE))
    if not pc.any(whole).as_py():
        return column.cast(pa.string())
    digits = pc.if_else(whole, column, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(pa.string())
    return digits if pc.all(whole).as_py() else pc.if_else(whole, digits, column.cast(pa.string()))


def from_column(column: pa.ChunkedArray) -> tuple[pa.StringArray, Flags]:
    """Return a typed column (of a Parquet file) as text, and which of its cells are numbers."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if pa.types.is_boolean(kind):
        column = pc.if_else(column, "Yes", "No")
    elif pa.types.is_floating(kind):
        column = _of_floats(column)
    elif pa.types.is_timestamp(kind):
        column = pc.strftime(column, "%Y-%m-%dT%H:%M:%S" + ("%z" if kind.tz else ""))
    elif not (pa.types.is_date(kind) or numbers or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        values = column.to_pylist()
        return from_values([v if v is None else str(v) for v in values])
    text = one_array(column.cast(pa.string()))
    return text, np.full(len(text), numbers)
