"""Files whose cells have types: workbooks and Parquet files; and DataFrames."""

import io
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ledger.errors import BadInput
from ledger.importing.cells import Sheet, from_column, from_values
from ledger.importing.headers import HEADER_LINES, Header, Match, find_header
from ledger.importing.maps import TableMap
from ledger.reading import nearest, plain

SAMPLE: Final = 200  # cells that tell what a column holds which is not used


def read_workbook(
    data: bytes, match: Match, map_: TableMap, table: str, *, where: str
) -> tuple[Sheet | None, list[str]]:
    """Read a sheet of an XLSX workbook: the one that the map names, else one named as the table, else the first.

    Only the invoice table may stand on a sheet of another name; other tables are None then.

    Raises
    ------
    BadInput
        Where the file is not a workbook, or lacks the sheet.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # openpyxl speaks of styles it does not know
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            name = _sheet_name(book.sheetnames, map_, table, where)
            if name is None:
                return None, []
            sheet: Any = book[name]
            if hasattr(sheet, "reset_dimensions"):
                sheet.reset_dimensions()
            rows = [list(row) for row in sheet.iter_rows(values_only=True)]
            book.close()
    except (
        zipfile.BadZipFile,
        KeyError,
        OSError,
        ValueError,
        EOFError,
        SyntaxError,
        TypeError,
        AttributeError,
    ) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            "is not a readable XLSX workbook" + (" (it is empty)" if not data else ""), where=where
        ) from error
    return _from_rows(rows, match, where=f"{where}, sheet {name}" if len(book.sheetnames) > 1 else where)


def _sheet_name(names: list[str], map_: TableMap, table: str, where: str) -> str | None:
    """Return the sheet of a table: one of those that the map names, else one named as the table, else the first."""
    for wanted in (map_.sheet, (*map_.called, table)):
        named = next((name for given in wanted for name in names if plain(name) == plain(given)), None)
        if named is not None:
            return named
        if wanted and wanted is map_.sheet:
            near = nearest(wanted[0], names, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            rule = f"has no such sheet; it has {', '.join(names)}{hint}"
            raise BadInput(rule, where=where, field="sheet", value=wanted[0])
    return names[0] if table == "invoices" else None


def _from_rows(rows: list[list[Any]], match: Match, *, where: str) -> tuple[Sheet, list[str]]:
    """Find the header among the first rows and take the recognised columns below it."""
    if not any(any(cell is not None for cell in row) for row in rows):
        raise BadInput("is empty", where=where)
    header = find_header(
        [["" if cell is None else str(cell) for cell in row] for row in rows[: HEADER_LINES + 1]], match
    )
    start = header.first + header.rows
    body = rows[start:]
    cells: dict[str, pa.StringArray] = {}
    native = {}
    for role, k in header.at.items():
        cells[role], native[role] = from_values([row[k] if k < len(row) else None for row in body])
    return Sheet(
        where=where,
        header=header.found,
        at=header.at,
        cells=cells,
        row=np.arange(start + 1, start + 1 + len(body), dtype=np.int64),
        ragged=np.zeros(len(body), bool),
        native=native,
        preamble=header.above,
        unused={
            name: from_values([row[k] if k < len(row) else None for row in body[:SAMPLE]])[0]
            for name, k in header.unused.items()
        },
    ), list(header.names)


def read_parquet(path: Path, match: Match) -> tuple[Sheet, list[str]]:
    """Read the recognised columns of a Parquet file.

    Raises
    ------
    BadInput
        Where the file is not Parquet.
    """
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        header = find_header([[str(name) for name in file.schema_arrow.names]], match)
        table = file.read(columns=sorted(set(header.found.values())))
        spare = next(file.iter_batches(SAMPLE, columns=list(header.unused)), None) if header.unused else None
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"cannot be read as Parquet: {error}", where=path.name) from error
    columns = {role: from_column(table[column]) for role, column in header.found.items()}
    unused = {} if spare is None else {name: from_column(pa.chunked_array([spare[name]]))[0] for name in header.unused}
    return from_columns(columns, header, len(table), path.name, unused), list(header.names)


def read_frame(frame: pd.DataFrame, match: Match, *, where: str) -> tuple[Sheet, list[str]]:
    """Read the recognised columns of a DataFrame; names of several levels are joined, the index is not read."""
    names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    header = find_header([names], match)
    columns = {role: _of_series(frame.iloc[:, k]) for role, k in header.at.items()}
    unused = {name: _of_series(frame.iloc[:SAMPLE, k])[0] for name, k in header.unused.items()}
    return from_columns(columns, header, len(frame), where, unused), names


def _of_series(column: "pd.Series[Any]") -> tuple[pa.StringArray, npt.NDArray[np.bool_]]:
    """Return a column's cells as text, and which of them are numbers."""
    if column.dtype == object:
        return from_values([None if value is None or value is pd.NaT else value for value in column])
    return from_column(pa.chunked_array([pa.Array.from_pandas(column)]))


def from_columns(
    columns: Mapping[str, Any], header: Header, rows: int, where: str, unused: Mapping[str, pa.StringArray]
) -> Sheet:
    """Return the sheet of columns, each its texts and which of them are numbers, with a sample of the others."""
    return Sheet(
        where=where,
        header=header.found,
        at=header.at,
        cells={role: cells for role, (cells, _) in columns.items()},
        native={role: native for role, (_, native) in columns.items()},
        row=np.arange(2, rows + 2, dtype=np.int64),
        ragged=np.zeros(rows, bool),
        unused=unused,
    )
