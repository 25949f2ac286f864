"""Sources whose cells have types: workbooks, Parquet files, databases."""

import io
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from itertools import chain
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

_SAMPLE: Final = 200  # cells that tell what a column holds which is not used


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
            name: from_values([row[k] if k < len(row) else None for row in body[:_SAMPLE]])[0]
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
        spare = next(file.iter_batches(_SAMPLE, columns=list(header.unused)), None) if header.unused else None
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"cannot be read as Parquet: {error}", where=path.name) from error
    columns = {role: from_column(table[column]) for role, column in header.found.items()}
    unused = {} if spare is None else {name: from_column(pa.chunked_array([spare[name]]))[0] for name in header.unused}
    return _from_columns(columns, header, len(table), path.name, unused), list(header.names)


def read_frame(frame: pd.DataFrame, match: Match, *, where: str) -> tuple[Sheet, list[str]]:
    """Read the recognised columns of a DataFrame; names of several levels are joined, the index is not read."""
    names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    header = find_header([names], match)
    columns = {role: _of_series(frame.iloc[:, k]) for role, k in header.at.items()}
    unused = {name: _of_series(frame.iloc[:_SAMPLE, k])[0] for name, k in header.unused.items()}
    return _from_columns(columns, header, len(frame), where, unused), names


def _of_series(column: "pd.Series[Any]") -> tuple[pa.StringArray, npt.NDArray[np.bool_]]:
    """Return a column's cells as text, and which of them are numbers."""
    if column.dtype == object:
        return from_values([None if value is None or value is pd.NaT else value for value in column])
    return from_column(pa.chunked_array([pa.Array.from_pandas(column)]))


def _from_columns(
    columns: Mapping[str, Any], header: Header, rows: int, where: str, unused: Mapping[str, pa.StringArray]
) -> Sheet:
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


class Database:
    """A database that tables are read from, through SQLAlchemy; nothing is ever written to it.

    Parameters
    ----------
    url
        An SQLAlchemy URL; ``postgresql://`` means psycopg. ``#NAME`` or ``?table=NAME`` names the invoice table.

    Raises
    ------
    BadInput
        Where the URL is wrong or the database cannot be reached. No message shows a password.
    """

    def __init__(self, url: str) -> None:
        import sqlalchemy as sa

        address, _, self.named = url.partition("#")
        try:
            parsed = sa.make_url(address)
        except sa.exc.ArgumentError as error:
            raise BadInput("is not a database URL such as sqlite:///ledger.db?table=invoices") from error
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if "table" in parsed.query:
            table = parsed.query["table"]
            self.named = table if isinstance(table, str) else table[0]
            parsed = parsed.difference_update_query(["table"])
        self.where = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).is_file():
            raise BadInput("does not exist", where=parsed.database)
        try:
            self.engine: sa.Engine = sa.create_engine(parsed)
            inspector = sa.inspect(self.engine)
            self.tables = [*inspector.get_table_names(), *inspector.get_view_names()]
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise BadInput(f"cannot be opened: {_reason(error)}", where=self.where) from error

    def read(self, table: str, map_: TableMap, match: Match) -> tuple[Sheet | None, list[str]]:
        """Read one table: by the map's query, else its table, else the one in the URL, else one of the table's name."""
        import sqlalchemy as sa

        name = map_.table or (self.named if table == "invoices" and self.named else table)
        query: sa.Executable
        if map_.query:
            query, name = sa.text(map_.query), "query"
        else:
            schema, _, bare = name.rpartition(".")
            if not schema and name not in self.tables:
                if table != "invoices":
                    return None, []
                known = ", ".join(sorted(self.tables)) or "no table"
                raise BadInput(f"is not a table there; it has {known}", where=self.where, field="table", value=name)
            query = sa.select(sa.text("*")).select_from(sa.table(bare, schema=schema or None))
        try:
            with self.engine.connect().execution_options(stream_results=True) as connection:
                result = connection.execute(query)
                names = [str(key) for key in result.keys()]  # noqa: SIM118 - a method of results, not of a mapping
                header = find_header([names], match)
                partitions = iter(result.partitions(50_000))
                head = next(partitions, [])
                parts = list(_columns(chain([head] if head else [], partitions), list(header.at.values())))
        except sa.exc.SQLAlchemyError as error:
            raise BadInput(f"cannot be read: {_reason(error)}", where=f"{self.where}, {name}") from error
        rows = sum(len(part[0][1]) for part in parts if part)
        columns = {
            role: (pa.concat_arrays([part[k][0] for part in parts]), np.concatenate([part[k][1] for part in parts]))
            for k, role in enumerate(header.at)
            if parts
        } or {role: (pa.array([], pa.string()), np.zeros(0, bool)) for role in header.at}
        unused = {name: from_values([row[k] for row in head[:_SAMPLE]])[0] for name, k in header.unused.items()}
        return _from_columns(columns, header, rows, name, unused), list(header.names)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _columns(partitions: Iterable[Any], at: list[int]) -> Iterable[list[Any]]:
    for rows in partitions:
        columns = list(zip(*rows, strict=True))
        yield [from_values(columns[k]) for k in at]


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
