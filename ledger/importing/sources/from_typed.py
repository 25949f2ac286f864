"""Columns that have types: Parquet files and DataFrames."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from ledger.arrays import Flags
from ledger.errors import BadInput
from ledger.importing.sources.headers import Header, Match, find_header
from ledger.importing.words.cells import Sheet, from_column, from_values, rounded_ids

SAMPLE: Final = 200  # cells that tell what a column holds which is not used


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
    said = rounded_ids(path.name, {role: (column, table[column]) for role, column in header.found.items()})
    unused = {} if spare is None else {name: from_column(pa.chunked_array([spare[name]]))[0] for name in header.unused}
    sheet = from_columns(columns, header, len(table), path.name, unused)
    return replace(sheet, warnings=tuple(said)), list(header.names)


def read_frame(frame: pd.DataFrame, match: Match, *, where: str) -> tuple[Sheet, list[str]]:
    """Read the recognised columns of a DataFrame; names of several levels are joined, the index is not read."""
    names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    header = find_header([names], match)
    values = {role: _of_series(frame.iloc[:, k]) for role, k in header.at.items()}
    columns = {role: _read(each) for role, each in values.items()}
    unused = {name: _read(_of_series(frame.iloc[:SAMPLE, k]))[0] for name, k in header.unused.items()}
    said = rounded_ids(where, {role: (header.found[role], each) for role, each in values.items()})
    return replace(from_columns(columns, header, len(frame), where, unused), warnings=tuple(said)), names


def _of_series(column: "pd.Series[Any]") -> pa.ChunkedArray | list[Any]:
    """Return a column of one type as such, else its values."""
    if column.dtype == object:
        return [None if value is None or value is pd.NaT else value for value in column]
    return pa.chunked_array([pa.Array.from_pandas(column)])


def _read(values: pa.ChunkedArray | list[Any]) -> tuple[pa.StringArray, Flags]:
    """Return cells as text, and which of them are numbers."""
    return from_values(values) if isinstance(values, list) else from_column(values)


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
