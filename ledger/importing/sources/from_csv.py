"""Delimited text: encoding, delimiter and header are found, not asked for."""

import codecs
import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from ledger.errors import BadInput
from ledger.importing.sources.headers import HEADER_LINES, Header, Match, find_header
from ledger.importing.words.cells import Sheet, one_array

DELIMITERS: Final = (",", ";", "\t", "|")
_LOOK: Final = 1 << 17  # bytes in which the header must stand
_CODE_PAGES: Final = {  # the most usual first
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "iso8859-2": "ISO 8859-2",
    "cp850": "DOS 850",
    "cp852": "DOS 852",
    "mac-roman": "Mac Roman",
}
_SAMPLE: Final = 200  # records below the header that tell what unused columns hold


@dataclass(frozen=True, kw_only=True)
class _Layout:
    delimiter: str
    header: Header
    lines: int  # physical lines up to and including the header
    sample: list[list[str]]  # the first records below it


def read_csv(data: bytes, match: Match, *, where: str, encoding: str | None = None) -> tuple[Sheet, list[str]]:
    """Read delimited text whose header `match` recognises, in `encoding`, else UTF-8, else what fits the header best.

    Returns
    -------
    The recognised columns, and all names of the header.

    Raises
    ------
    BadInput
        Where it is empty or not text, or not in the encoding.
    """
    data, warnings = _as_utf8(data, match, where, encoding)
    if not data.strip():
        raise BadInput("is empty", where=where)
    layout = _layout(data[:_LOOK].decode("utf-8", "ignore"), match)
    if layout is None:
        raise BadInput("cannot be read as delimited text", where=where)
    names = list(layout.header.names)
    if not layout.header.at:
        return _nothing(where, layout), names
    start = 0
    for _ in range(layout.lines):
        ends = [end for end in (data.find(b"\n", start), data.find(b"\r", start)) if end >= 0]
        start = min(ends, default=len(data) - 1) + 1
        if start < len(data) and data[start - 1 : start + 1] == b"\r\n":
            start += 1
    sheet = _read(memoryview(data)[start:], layout, where, warnings, quotes=data.count(b'"', start))
    return sheet, names


def _as_utf8(data: bytes, match: Match, where: str, encoding: str | None) -> tuple[bytes, list[str]]:
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff").encode(), []
        except UnicodeError:
            raise BadInput("is not text in this encoding", where=where, field="encoding", value=encoding) from None
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    wide = None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        wide = "utf-16"
    elif data[:2000].count(0) > len(data[:2000]) // 4:
        wide = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    try:
        if wide:
            return data.decode(wide).encode(), []
        if b"\0" in data:
            raise BadInput("is not text", where=where)
        codecs.lookup("utf-8").decode(data)
    except UnicodeDecodeError:
        if wide:
            raise BadInput("is not readable as UTF-16 text", where=where) from None
        page = _code_page(data[:_LOOK], match)
        said = f"{where}: not UTF-8; read as {_CODE_PAGES[page]}; where letters are wrong, say `encoding` in the map"
        return data.decode(page, errors="replace").encode(), [said]
    return data, []


def _code_page(head: bytes, match: Match) -> str:
    """Return the code page in which most columns of the header are recognised; the most usual of equals."""

    def fit(page: str) -> tuple[int, ...]:
        layout = _layout(head.decode(page, errors="replace"), match)
        return (0,) if layout is None else layout.header.fit

    return max(_CODE_PAGES, key=fit)


def _layout(head: str, match: Match) -> _Layout | None:
    """Find the delimiter and the header that give most recognised columns; the first delimiter of equals."""
    best: _Layout | None = None
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        records: list[list[str]] = []
        lines: list[int] = []
        with suppress(csv.Error):  # what comes before it may do
            for cells in islice(reader, HEADER_LINES + _SAMPLE + 1):
                records.append(cells)
                lines.append(reader.line_num)
        if not records:
            continue
        header = find_header(records, match)
        if best is None or header.fit > best.header.fit:
            end = header.first + header.rows
            best = _Layout(delimiter=delimiter, header=header, lines=lines[end - 1], sample=records[end:-1])
    return best


def _cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a row that does not fit; a cell may be longer than Python's reader takes."""
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.split(delimiter)


def _nothing(where: str, layout: _Layout) -> Sheet:
    return Sheet(
        where=where,
        header={},
        cells={},
        row=np.zeros(0, np.int64),
        ragged=np.zeros(0, bool),
        preamble=layout.header.above,
    )


def _read(body: memoryview, layout: _Layout, where: str, warnings: list[str], *, quotes: int) -> Sheet:
    names = [str(k) for k in range(len(layout.header.names))]
    used = sorted({names[k] for k in layout.header.at.values()})
    broken: list[tuple[int, str]] = []

    def set_aside(row: Any) -> str:
        broken.append((int(row.number), row.text))
        return "skip"

    quoted = quotes % 2 == 0
    if not quoted:
        warnings.append(f"{where}: a quote sign is not closed; quotes are read as plain text")
    try:
        table = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=pacsv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 24),
            parse_options=pacsv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            convert_options=pacsv.ConvertOptions(
                include_columns=used,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            table = pa.table({name: pa.array([], pa.string()) for name in used})
        else:
            raise BadInput(f"cannot be read as delimited text: {error}", where=where) from error
    return _assembled(table, broken, layout, where, warnings)


def _assembled(
    table: pa.Table, broken: list[tuple[int, str]], layout: _Layout, where: str, warnings: list[str]
) -> Sheet:
    """Put the rows with too few or too many cells back among the others, marked."""
    numbers = np.arange(1, len(table) + len(broken) + 1)
    off = np.array([number for number, _ in broken], np.int64) - 1
    whole = np.ones(len(numbers), bool)
    whole[off] = False
    columns = {role: one_array(table[str(k)]) for role, k in layout.header.at.items()}
    del table
    if broken:
        texts = [_cells(text, layout.delimiter) for _, text in broken]
        order = np.argsort(np.concatenate([np.flatnonzero(whole), off]), kind="stable")
        for role, k in layout.header.at.items():
            rest = one_array(pa.array([cells[k] if k < len(cells) else None for cells in texts], pa.string()))
            columns[role] = pa.concat_arrays([columns[role], rest]).take(pa.array(order))
    return Sheet(
        where=where,
        header=layout.header.found,
        at=layout.header.at,
        cells=columns,
        row=numbers + layout.header.first + layout.header.rows,
        ragged=~whole,
        preamble=layout.header.above,
        warnings=tuple(warnings),
        unused={
            name: one_array(pa.array([cells[k] if k < len(cells) else None for cells in layout.sample], pa.string()))
            for name, k in layout.header.unused.items()
        },
    )
