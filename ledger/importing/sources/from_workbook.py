"""XLSX workbooks: sheets of typed cells. Whatever can be wrong with the file is found before it is parsed."""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from ledger.errors import BadInput
from ledger.files.reading import nearest, plain
from ledger.importing.maps.map_tables import TableMap
from ledger.importing.rows.intake import DATES
from ledger.importing.sources.from_typed import SAMPLE
from ledger.importing.sources.headers import HEADER_LINES, Match, find_header
from ledger.importing.words.cells import Sheet, cut_ids, from_values

_BOOK: Final = "xl/workbook.xml"
_SHEETS: Final = "xl/worksheets/"
_MOST_CELLS: Final = 40_000_000  # of the rectangle that all cells of a sheet span: a gigabyte
_SINCE_1904: Final = re.compile(rb"date1904\s*=\s*[\"'](?:1|true)[\"']")
_ERROR: Final = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^>]*?\sr\s*=\s*[\"'](\d+)[\"']")
_FAR: Final = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{2,})\d")  # cells beyond the 26th column
_DAYS_TO_1904: Final = 1462
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, NotImplementedError)


class Workbook:
    """The sheets of a workbook; values as they were last computed, errors such as ``#N/A`` as their text.

    Raises
    ------
    BadInput
        Where the file is no XLSX workbook, is protected by a password, or is damaged.
    """

    def __init__(self, data: bytes, *, where: str) -> None:
        import python_calamine

        self.where = where
        if not data:
            raise BadInput("is not a readable XLSX workbook (it is empty)", where=where)
        sound = self._sound(data)
        try:
            self._book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sound))
            self.names = tuple(self._book.sheet_names)
        except BaseException as error:
            raise self._broken(error) from error

    def _sound(self, data: bytes) -> bytes:
        """Return the file, every part of which could be unpacked; cells that hold errors hold their text instead."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as parts:
                if any(part.flag_bits & 1 for part in parts.infolist()):
                    raise BadInput("is protected by a password: save it without one", where=self.where)
                if _BOOK not in parts.namelist():
                    raise BadInput("is not a readable XLSX workbook: it holds something else", where=self.where)
                self._since_1904 = bool(_SINCE_1904.search(parts.read(_BOOK)))
                changed = {}
                for name in parts.namelist():
                    text = parts.read(name)
                    if name.startswith(_SHEETS) and name.endswith(".xml"):
                        self._check_size(text)
                        if _ERROR.search(text):
                            changed[name] = _ERROR.sub(b' t="str"', text)
                return _repacked(parts, changed) if changed else data
        except BadInput:
            raise
        except (*_DAMAGED, RuntimeError) as error:  # RuntimeError: zipfile's, of encryption
            raise self._broken(error) from error

    def _check_size(self, sheet: bytes) -> None:
        """Refuse a sheet with a cell so far from the others that what they span would not fit into memory."""
        rows = max((int(found[1]) for found in _ROW.finditer(sheet)), default=0)
        columns = max((_number(letters) for letters in {found[1] for found in _FAR.finditer(sheet)}), default=26)
        if rows * columns > _MOST_CELLS or rows > 1 << 20:
            rule = f"a sheet has cells as far as row {rows:,} and column {columns:,}: remove what stands apart"
            raise BadInput(rule, where=self.where)

    def _broken(self, error: BaseException) -> BadInput:
        """Return what to say of the parser's errors, which for damaged files are of many kinds; not of an interrupt."""
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise error
        return BadInput("is not a readable XLSX workbook: it is damaged", where=self.where)

    def read(self, match: Match, map_: TableMap, table: str) -> tuple[Sheet | None, list[str]]:
        """Read a sheet: the one that the map names, else one named as the table, else the first.

        Only the invoice table may stand on a sheet of another name; other tables are None then.

        Raises
        ------
        BadInput
            Where the sheet is missing, empty or damaged.
        """
        name = self._sheet_name(map_, table)
        if name is None:
            return None, []
        try:
            rows = self._book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except BaseException as error:
            raise self._broken(error) from error
        where = f"{self.where}, sheet {name}" if len(self.names) > 1 else self.where
        return self._sheet(rows, match, table, where)

    def _sheet_name(self, map_: TableMap, table: str) -> str | None:
        """Return the sheet of a table: one of those that the map names, else one named as the table, else the first."""
        for wanted in (map_.sheet, (*map_.called, table)):
            named = next((name for given in wanted for name in self.names if plain(name) == plain(given)), None)
            if named is not None:
                return named
            if wanted and wanted is map_.sheet:
                near = nearest(wanted[0], self.names, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                rule = f"has no such sheet; it has {', '.join(self.names)}{hint}"
                raise BadInput(rule, where=self.where, field="sheet", value=wanted[0])
        return self.names[0] if table == "invoices" and self.names else None

    def _sheet(self, rows: Sequence[Sequence[Any]], match: Match, table: str, where: str) -> tuple[Sheet, list[str]]:
        """Find the header among the first rows and take the recognised columns below it."""
        if not any(cell != "" for row in rows for cell in row):
            raise BadInput("is empty", where=where)
        header = find_header([[str(cell) for cell in row] for row in rows[: HEADER_LINES + 1]], match)
        start = header.first + header.rows
        body = rows[start:]
        cells: dict[str, pa.StringArray] = {}
        native = {}
        for role, k in header.at.items():
            values = [row[k] for row in body]
            if self._since_1904 and role in DATES[table]:  # typed dates are right; bare serial numbers are not
                values = [value + _DAYS_TO_1904 if type(value) in (int, float) else value for value in values]
            cells[role], native[role] = from_values(values)
        sample = {name: from_values([row[k] for row in body[:SAMPLE]])[0] for name, k in header.unused.items()}
        sheet = Sheet(
            where=where,
            header=header.found,
            at=header.at,
            cells=cells,
            row=np.arange(start + 1, start + 1 + len(body), dtype=np.int64),
            ragged=np.zeros(len(body), bool),
            native=native,
            preamble=header.above,
            unused=sample,
        )
        return replace(sheet, warnings=tuple(cut_ids(sheet))), list(header.names)


def _number(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters[:4]:
        number = number * 26 + letter - 64
    return number


def _repacked(parts: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    """Return the same archive with some parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as fresh:
        for name in parts.namelist():
            fresh.writestr(name, changed[name] if name in changed else parts.read(name))
    return out.getvalue()
