"""Delimited text: encoding, delimiter and header are found, not asked for."""

import codecs
import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from ledger.errors import BadInput
from ledger.importing.cells import Sheet, one_array

DELIMITERS: Final = (",", ";", "\t", "|")
_LOOK: Final = 1 << 17  # bytes in which the header must stand
_HEADER_LINES: Final = 40
Match = Callable[[list[str]], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class _Layout:
    delimiter: str
    header: list[str]
    found: Mapping[str, str]
    record: int  # of the header, from 1
    lines: int  # physical lines up to and including the header
    preamble: tuple[str, ...]


def read_csv(data: bytes, match: Match, *, where: str) -> tuple[Sheet, list[str]]:
    """Read delimited text whose header `match` recognises.

    Returns
    -------
    The recognised columns, and all names of the header.

    Raises
    ------
    BadInput
        Where it is empty or not text.
    """
    data, warnings = _as_utf8(data, where)
    if not data.strip():
        raise BadInput("is empty", where=where)
    layout = _layout(data[:_LOOK].decode("utf-8", "ignore"), match)
    if not layout.found:
        return _nothing(where, layout), layout.header
    start = 0
    for _ in range(layout.lines):
        ends = [end for end in (data.find(b"\n", start), data.find(b"\r", start)) if end >= 0]
        start = min(ends, default=len(data) - 1) + 1
        if start < len(data) and data[start - 1 : start + 1] == b"\r\n":
            start += 1
    sheet = _read(memoryview(data)[start:], layout, where, warnings)
    return sheet, layout.header


def _as_utf8(data: bytes, where: str) -> tuple[bytes, list[str]]:
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
        text = data.decode("cp1252", errors="replace")
        return text.encode(), [f"{where}: not UTF-8; read as Windows-1252"]
    return data, []


def _layout(head: str, match: Match) -> _Layout:
    """Find the delimiter and the header that give most recognised columns; the earliest line of equals."""
    best: _Layout | None = None
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        above: list[str] = []
        try:
            for record, cells in enumerate(reader, start=1):
                if record > _HEADER_LINES:
                    break
                names = [cell.strip() for cell in cells]
                found = match(names)
                better = best is None or (len(found), len(names) if not found else 0) > (
                    len(best.found),
                    len(best.header) if not best.found else 0,
                )
                if better:
                    best = _Layout(
                        delimiter=delimiter,
                        header=names,
                        found=found,
                        record=record,
                        lines=reader.line_num,
                        preamble=tuple(above),
                    )
                above.append(" ".join(name for name in names if name))
        except csv.Error:
            continue
    assert best is not None
    return best


def _nothing(where: str, layout: _Layout) -> Sheet:
    return Sheet(
        where=where, header={}, cells={}, row=np.zeros(0, np.int64), ragged=np.zeros(0, bool), preamble=layout.preamble
    )


def _read(body: memoryview, layout: _Layout, where: str, warnings: list[str]) -> Sheet:
    width = len(layout.header)
    names = [str(k) for k in range(width)]
    at = {role: names[layout.header.index(column)] for role, column in layout.found.items()}
    broken: list[tuple[int, str]] = []

    def set_aside(row: Any) -> str:
        broken.append((int(row.number), row.text))
        return "skip"

    quoted = bytes(body).count(b'"') % 2 == 0
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
                include_columns=sorted(set(at.values())),
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            table = pa.table({name: pa.array([], pa.string()) for name in set(at.values())})
        else:
            raise BadInput(f"cannot be read as delimited text: {error}", where=where) from error
    return _assembled(table, at, broken, layout, where, warnings)


def _assembled(
    table: pa.Table, at: dict[str, str], broken: list[tuple[int, str]], layout: _Layout, where: str, warnings: list[str]
) -> Sheet:
    """Put the rows with too few or too many cells back among the others, marked."""
    numbers = np.arange(1, len(table) + len(broken) + 1)
    off = np.array([number for number, _ in broken], np.int64) - 1
    whole = np.ones(len(numbers), bool)
    whole[off] = False
    columns = {role: one_array(table[name]) for role, name in at.items()}
    del table
    if broken:
        texts = [next(csv.reader([text], delimiter=layout.delimiter), []) for _, text in broken]
        order = np.argsort(np.concatenate([np.flatnonzero(whole), off]), kind="stable")
        for role, name in at.items():
            k = int(name)
            rest = one_array(pa.array([cells[k] if k < len(cells) else None for cells in texts], pa.string()))
            columns[role] = pa.concat_arrays([columns[role], rest]).take(pa.array(order))
    return Sheet(
        where=where,
        header=dict(layout.found),
        cells=columns,
        row=numbers + layout.record,
        ragged=~whole,
        preamble=layout.preamble,
        warnings=tuple(warnings),
    )
