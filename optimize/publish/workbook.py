"""A plan as a workbook to hand out: a summary, then a sheet for each specialist with room for the outcome."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ledger.table.currency import decimals
from ledger.table.tables import OUTCOMES
from ledger.wording import plural
from optimize.plans.call_plan import CallPlan
from optimize.publish.difference import Difference
from optimize.publish.workbook_cells import INK, LINE, head, heading, money_format, put
from optimize.publish.workbook_summary import fill_changes, fill_summary

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_BAND: Final = "EEF3F6"  # every other day
_ROOM: Final = "FFF9E5"  # what the collector fills in
_WHO: Final = ("customer_id", "customer_name", "customer_details")
_IDS: Final = 6  # invoices named in a cell; plan.csv has them all
_HEADER_ROW: Final = 4
_LENGTH: Final = 31  # UTF-16 units of a sheet's name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """One column of a specialist's sheet: heading, width in characters, number format, whether text wraps."""

    title: str
    width: float
    format: str = "General"
    wrap: bool = False
    align: str = "left"


def workbook(plan: CallPlan, *, names: Mapping[str, str] | None = None, difference: Difference | None = None) -> bytes:
    """Return the XLSX file of a plan.

    Identifiers that begin as a formula does are text, and marked as such, so that no program takes them for one.

    Parameters
    ----------
    plan
        The plan.
    names
        Specialists who get a sheet though they have no contact, by id; those of the plan get one anyway.
    difference
        Changes since the plan before, for a sheet of their own.
    """
    import openpyxl

    book = openpyxl.Workbook()
    book.properties.creator = "collectlab"
    book.properties.title = f"Contacts from {plan.date:%Y-%m-%d}"
    taken = {"summary", "changes", "history"}  # Excel keeps the last for itself
    sheet: Any = book.active
    sheet.title = "Summary"
    people = dict(names or {}) | dict(zip(plan.rows["specialist_id"], plan.rows["specialist"], strict=True))
    fill_summary(sheet, plan, people, difference)
    rows = dict(iter(plan.rows.groupby("specialist_id")))
    for who, name in sorted(people.items(), key=lambda item: (item[0] == "", item[1], item[0])):  # machines come last
        title = name[:1].upper() + name[1:]
        _fill(book.create_sheet(sheet_name(title, taken)), title, rows.get(who, plan.rows.iloc[:0]), plan)
    if difference is not None and len(difference.rows):
        fill_changes(book.create_sheet("Changes"), difference, plan.currency)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet_name(name: str, taken: set[str]) -> str:
    r"""Return a name that a sheet may have and none has yet, and add it to `taken`.

    At most 31 UTF-16 units (an emoji is two), none of ``[]:*?/\``, no apostrophe at its ends; case does not tell two
    sheets apart.
    """
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name)
    plain = re.sub(r"\s+", " ", plain).strip(" '")
    plain = _cut(plain, _LENGTH).strip(" '") or "Specialist"
    found, k = plain, 1
    while found.casefold() in taken:
        k += 1
        found = f"{_cut(plain, _LENGTH - len(str(k)) - 1).rstrip()} {k}"
    taken.add(found.casefold())
    return found


def _cut(text: str, units: int) -> str:
    """Return the text as far as it goes into so many UTF-16 units; no character is cut in two."""
    return text.encode("utf-16-le", "replace")[: 2 * units].decode("utf-16-le", "ignore")


def _columns(currency: str) -> tuple[_Column, ...]:
    money = money_format(currency)
    return (
        _Column(title="Day", width=12, format="ddd d mmm"),
        _Column(title="From", width=7, align="center"),
        _Column(title="No.", width=5, format="0", align="right"),
        _Column(title="Customer", width=20, wrap=True),
        _Column(title="Invoices", width=26, wrap=True),
        _Column(title="Open", width=18, format=money, align="right"),
        _Column(title="Days late", width=7, format="0", align="right"),
        _Column(title="Contact", width=13, wrap=True),
        _Column(title="Step", width=14, wrap=True),
        _Column(title="Min.", width=6, format="0.0", align="right"),
        _Column(title="Chance to reach", width=11, format="0%", align="right"),
        _Column(title="Worth", width=16, format=money, align="right"),
        _Column(title="Why", width=58, wrap=True),
        _Column(title="Outcome", width=12),
        _Column(title="Notes", width=30, wrap=True),
    )


def _fill(sheet: "Worksheet", name: str, rows: pd.DataFrame, plan: CallPlan) -> None:
    """Write a specialist's contacts, in the order in which they are to be made."""
    columns = _columns(plan.currency)
    rows = rows.sort_values(["date", "block", "order"], kind="stable")
    count = len(rows)
    first, last = (rows["date"].min(), rows["date"].max()) if count else (plan.date, plan.date)
    days = f"{first:%a %d %b}" if first == last else f"{first:%a %d %b} to {last:%a %d %b}"
    subtitle = (
        f"{plural(count, 'contact')}, {rows['minutes'].sum() / 60:.1f} hours; strategy "
        f"{plan.strategy}, ledger {plan.snapshot}, run {plan.run_id}. "
        "Worth: what the contact is expected to bring, less its cost."
    )
    head(sheet, f"{name}: {days} {last:%Y}", subtitle, [column.width for column in columns])
    heading(sheet, _HEADER_ROW, [c.title for c in columns], align=[c.align for c in columns])
    _write(sheet, columns, rows, 10.0 ** decimals(plan.currency))
    end = _HEADER_ROW + max(count, 1)
    sheet.freeze_panes = f"E{_HEADER_ROW + 1}"
    sheet.auto_filter.ref = f"A{_HEADER_ROW}:{_letter(columns)}{end}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    sheet.print_area = f"A1:{_letter(columns)}{end}"
    _offer_outcomes(sheet, columns, end)


def _write(sheet: "Worksheet", columns: tuple[_Column, ...], rows: pd.DataFrame, minor: float) -> None:
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    sides = [Alignment(horizontal=c.align, vertical="top", wrap_text=c.wrap) for c in columns]
    thin, day = Side(style="thin", color=LINE), Side(style="medium", color=INK)
    borders = {True: Border(top=day, bottom=thin), False: Border(bottom=thin)}
    room, band = PatternFill("solid", fgColor=_ROOM), PatternFill("solid", fgColor=_BAND)
    before, banded = None, True
    for at, row in enumerate(rows.to_dict("records"), _HEADER_ROW + 1):
        new = row["date"] != before
        before, banded = row["date"], banded ^ new
        values = _values(row, minor)
        for k, (column, value) in enumerate(zip(columns, values, strict=True), 1):
            cell = sheet.cell(at, k)
            put(cell, value)
            cell.number_format, cell.alignment, cell.border = column.format, sides[k - 1], borders[bool(new)]
            if column.title in ("Outcome", "Notes"):
                cell.fill = room
            elif banded:
                cell.fill = band
        lines = max(_lines(value, c.width) for value, c in zip(values, columns, strict=True) if c.wrap)
        sheet.row_dimensions[at].height = max(18.0, 14.5 * lines + 3)


def _values(row: dict[Any, Any], minor: float) -> tuple[Any, ...]:
    """Return the cells of a contact; the last two are for the collector."""
    ids = str(row["invoices"]).split()
    more = f" … and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
    late = row["days_past_due"]
    return (
        pd.Timestamp(row["date"]).to_pydatetime(),
        row["starts"],
        int(row["order"]),
        "\n".join(_shown(row[name]) for name in _WHO if _shown(row.get(name))),
        " ".join(ids[:_IDS]) + more,
        row["open_amount"] / minor,
        None if pd.isna(late) else int(late),
        ", ".join(text for text in (_shown(row["action"]), _shown(row["tone"])) if text),
        _shown(row["step"]).replace("_", " "),
        float(row["minutes"]),
        row["reach_probability"],
        row["net_value"] / minor,
        _shown(row["reason"]),
        None,
        None,
    )


def _shown(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _lines(value: Any, width: float) -> int:
    """Return about how many lines a wrapped text takes."""
    if not isinstance(value, str):
        return 1
    return sum(_wrapped(line, width) for line in value.splitlines()) or 1


def _wrapped(line: str, width: float) -> int:
    lines, used = 1, 0
    for word in line.split():
        if used and used + 1 + len(word) > width - 1:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
        lines, used = lines + int(used // (width + 0.001)), min(used, int(width))
    return lines


def _letter(columns: tuple[_Column, ...]) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(len(columns))


def _offer_outcomes(sheet: "Worksheet", columns: tuple[_Column, ...], end: int) -> None:
    """Let the collector choose the outcome from the words of the contact log."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    at = get_column_letter([column.title for column in columns].index("Outcome") + 1)
    choice = DataValidation(type="list", formula1=f'"{",".join(OUTCOMES)}"', allow_blank=True, showErrorMessage=True)
    choice.error, choice.errorTitle = f"One of {', '.join(OUTCOMES)}", "Outcome"
    sheet.add_data_validation(choice)
    choice.add(f"{at}{_HEADER_ROW + 1}:{at}{end}")
