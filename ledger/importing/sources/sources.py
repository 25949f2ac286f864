"""Open a source, whatever it is, and give the tables that a map reads from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from ledger.errors import BadInput
from ledger.files.reading import one_of, plain
from ledger.importing.maps.map_tables import TABLES, TableMap
from ledger.importing.maps.maps import Map
from ledger.importing.sources.from_csv import read_csv
from ledger.importing.sources.from_database import Database
from ledger.importing.sources.from_typed import read_frame, read_parquet
from ledger.importing.sources.from_workbook import Workbook
from ledger.importing.sources.headers import Match, lacking, lacks_columns, not_there
from ledger.importing.sources.layout import lay_out
from ledger.importing.words.cells import Sheet, whole_ids

_TEXT: Final = (".csv", ".tsv", ".txt", ".tab", ".dat")
_BOOK: Final = (".xlsx", ".xlsm")
_PARQUET: Final = (".parquet", ".pq")
_KNOWN: Final = (*_TEXT, *_BOOK, *_PARQUET)
Read = tuple[Sheet | None, list[str]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The tables of a source by name, and the name that may hold its date."""

    tables: Mapping[str, Sheet]
    name: str
    warnings: tuple[str, ...]


def open_source(source: str | Path | pd.DataFrame | Mapping[str, pd.DataFrame], map_: Map) -> Source:
    """Read all tables that the map knows from a file, a folder of files, a database, or DataFrames.

    Raises
    ------
    BadInput
        Where the source does not exist, is empty or broken, or lacks a column that is needed.
    """
    if isinstance(source, pd.DataFrame | Mapping):
        return _frames(source, map_)
    if isinstance(source, str) and "://" in source:
        database = Database(source)
        try:
            return _gather(lambda name: database.read(name, _of(map_, name), Match(map_, name)), map_, database.where)
        finally:
            database.close()
    path = Path(source)
    if not path.exists():
        raise BadInput("does not exist", where=str(source))
    if path.is_dir():
        return _folder(path, map_)
    kind = _kind(path)
    if kind in _BOOK:
        book = Workbook(_bytes(path), where=path.name)
        return _gather(lambda name: book.read(Match(map_, name), _of(map_, name), name), map_, path.name)
    return _gather(lambda name: _file(path, map_, name) if name == "invoices" else (None, []), map_, path.name)


def _frames(source: pd.DataFrame | Mapping[str, pd.DataFrame], map_: Map) -> Source:
    """Read one DataFrame of invoices, or several by the names of the tables."""
    frames = {"invoices": source} if isinstance(source, pd.DataFrame) else source
    for name, frame in frames.items():
        one_of(name, [table for table in TABLES if map_.table(table) is not None], where="source", field="table")
        if not isinstance(frame, pd.DataFrame):
            raise BadInput("must be a DataFrame", where="source", field=name, value=type(frame).__name__)
    if "invoices" not in frames:
        raise BadInput(f"holds no DataFrame named invoices; it has {', '.join(frames) or 'none'}", where="source")
    return _gather(
        lambda name: read_frame(frames[name], Match(map_, name), where=name) if name in frames else (None, []),
        map_,
        "DataFrame" if isinstance(source, pd.DataFrame) else "DataFrames",
    )


def _of(map_: Map, table: str) -> TableMap:
    return map_.table(table) or TableMap()


def _gather(read: Callable[[str], Read], map_: Map, name: str, warnings: tuple[str, ...] = ()) -> Source:
    """Read every table of the map and check that it has the columns it needs."""
    reads = {table: read(table) for table in TABLES if map_.table(table) is not None}
    customers = reads.get("customers", (None, []))[0]
    terms = customers is not None and "terms" in customers
    tables: dict[str, Sheet] = {}
    said: list[str] = []
    for table, (sheet, header) in reads.items():
        if sheet is None:
            continue
        sheet = whole_ids(sheet)
        if table == "invoices":
            sheet = lay_out(sheet, map_.invoices, map_.decimal)
        if missing := lacking(map_, table, sheet.header, terms_elsewhere=terms):
            raise lacks_columns(map_, table, missing, header, sheet.where)
        tables[table] = sheet
        there = {"customer_id": "", **sheet.written}  # needed, so it is there: if not as a column, in headings
        said += not_there(map_, table, there, header, sheet.where)
    said += (*warnings, *(warning for sheet in tables.values() for warning in sheet.warnings))
    return Source(tables=tables, name=name, warnings=tuple(said))


def _kind(path: Path) -> str:
    """Return the kind of a file by its first bytes, else by its ending."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=path.name) from error
    if start.startswith(b"PK\x03\x04"):
        return ".xlsx"
    if start.startswith(b"PAR1"):
        return ".parquet"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        rule = "is an old Excel workbook, or one that is protected by a password; save it as XLSX or CSV without one"
        raise BadInput(rule, where=path.name)
    ending = path.suffix.lower()
    if ending == ".xls":
        raise BadInput("is not a readable workbook", where=path.name)
    return ending if ending in (*_BOOK, *_PARQUET) else ".csv"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=path.name) from error


def _file(path: Path, map_: Map, table: str) -> Read:
    kind = _kind(path)
    if kind in _PARQUET:
        return read_parquet(path, Match(map_, table))
    if kind in _BOOK:
        return Workbook(_bytes(path), where=path.name).read(Match(map_, table), _of(map_, table), table)
    return read_csv(_bytes(path), Match(map_, table), where=path.name, encoding=map_.encoding)


def _folder(folder: Path, map_: Map) -> Source:
    """Read a folder of files named after the tables; a single file of any name holds the invoices."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in _KNOWN)
    if not files:
        raise BadInput(f"holds no file that can be read ({', '.join(_KNOWN)})", where=str(folder))
    chosen: dict[str, Path] = {}
    for table in TABLES:
        wanted = map_.table(table)
        if wanted is None:
            continue
        stems = {plain(name) for name in wanted.file or (*wanted.called, table)}
        named = [path for path in files if plain(path.stem) in stems]
        if len(named) > 1:
            names = ", ".join(path.name for path in named)
            raise BadInput(f"holds more than one file of {table}: {names}", where=str(folder))
        if named:
            chosen[table] = named[0]
    if "invoices" not in chosen:
        if len(files) > 1 or chosen:
            names = ", ".join(path.name for path in files)
            raise BadInput(f"holds no file named invoices; it has {names}", where=str(folder))
        chosen["invoices"] = files[0]
    unread = [path.name for path in files if path not in chosen.values()]
    warnings = (f"{folder.name}: not read: {', '.join(unread)}",) if unread else ()
    return _gather(
        lambda name: _file(chosen[name], map_, name) if name in chosen else (None, []), map_, folder.name, warnings
    )
