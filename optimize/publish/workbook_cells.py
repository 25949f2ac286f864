"""Cells, headings and pages of a plan's workbook."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ledger.table.currency import decimals

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

INK: Final = "1F3A4D"
LINE: Final = "B7C4CC"
_NO_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def money_format(currency: str) -> str:
    """Return Excel's number format of an amount: thousands separated, the currency's decimals and its code."""
    places = decimals(currency)
    return f'#,##0{"." + "0" * places if places else ""}\\ "{currency}"'


def put(cell: Any, value: Any) -> None:
    """Write a value; text stays text, whatever it begins with, and loses what no workbook can hold."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub(" ", value)
        cell.value = value
        cell.data_type = "s"
        if value.startswith(_NO_FORMULA):
            cell.quotePrefix = True
    else:
        cell.value = None if value is None or pd.isna(value) else value


def head(sheet: Any, title: str, subtitle: str, widths: Sequence[float]) -> None:
    """Write title and subtitle and set the column widths and the page: landscape, as wide as the paper."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    put(sheet["A1"], title)
    sheet["A1"].font = Font(bold=True, size=15, color=INK)
    put(sheet["A2"], subtitle)
    sheet["A2"].font = Font(size=10, color="5A6B75")
    sheet.row_dimensions[1].height = 22
    for k, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(k)].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.5
    sheet.oddFooter.left.text = title.replace("&", "&&")
    sheet.oddFooter.right.text = "Page &P of &N"
    sheet.sheet_view.showGridLines = False


def heading(sheet: "Worksheet", row: int, titles: Iterable[str], *, align: Iterable[str] = ()) -> None:
    """Write a row of column headings."""
    from openpyxl.styles import Alignment, Font, PatternFill

    sides = [*align]
    for k, title in enumerate(titles, 1):
        cell = sheet.cell(row, k)
        put(cell, title)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=INK)
        side = sides[k - 1] if k <= len(sides) else "left"
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
    sheet.row_dimensions[row].height = 30
