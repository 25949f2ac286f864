"""Amounts by age: which columns are buckets of an aging, and what an invoice owes that stands in one of them."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Ints
from ledger.importing.words.amounts import AmountColumn
from ledger.importing.words.cells import Sheet, flags
from ledger.importing.words.marks import choose_marks

_ROUNDING: Final = 5_000  # millionths by which each amount may be rounded
_UNITS: Final = (
    r"(?:d|days?|months?|mths?|weeks?|t|tage?n?|monate?|wochen|j|jours?|mois|d[ií]as?|mes(?:es)?|giorni|mesi"
    r"|dagen|maand(?:en)?|dias|dni|miesi\w+)"
)
_TO: Final = r"(?:-|–|—|to|bis|à|a|al|tot|do|au|até)"
_OVER: Final = (
    r"(?:>=?|over|above|more than|older than|(?:älter|mehr) als|über|ab|plus de|más de|oltre|meer dan|mais de|powyżej)"
)
_UP: Final = (
    r"(?:\+|\s*-?\s*(?:and|&)?\s*(?:over|above|older|more|up)|plus|et plus|und (?:mehr|älter)|y más|e oltre"
    r"|en (?:ouder|meer)|e mais|i więcej)"
)
_LATE: Final = r"(?:past due|overdue|late|old|überfällig|fällig|de retard|vencidos?|scaduti|te laat|po terminie)"
_BY_DAYS: Final = re.compile(
    rf"\s*(?:\d{{1,3}}\s*{_UNITS}?\s*{_TO}\s*\d{{1,3}}\s*{_UNITS}?|(?:<=?|{_OVER})\s*\d{{1,3}}\s*{_UNITS}?"
    rf"|\d{{1,3}}\s*{_UNITS}?\s*{_UP}\s*{_UNITS}?|\d{{1,3}}\s*{_UNITS}|(?:period|periode|bucket|periodo)\s*\d)\s*{_LATE}?\s*",
    re.IGNORECASE,
)
_BY_NAME: Final = re.compile(
    r"\s*(?:current|not (?:yet )?due|future|older|oldest|(?:noch )?nicht fällig|älter|aktuell"
    r"|non échus?|à échoir|courant"
    r"|no vencidos?|corriente|a scadere|non scadut[oi]|niet vervallen|lopend|não vencidos?|a vencer"
    r"|nieprzeterminowane|bieżące)\s*",
    re.IGNORECASE,
)


_OLD: Final = re.compile(r"old|älter", re.IGNORECASE)


def is_bucket(name: str) -> bool:
    """Return whether a column's name, or a heading, is a span of age.

    Examples
    --------
    >>> [is_bucket(name) for name in ("31 - 60", "91 and over", "> 90 Tage", "< 1 Month", "Current", "2024", "Total")]
    [True, True, True, True, True, False, False]
    """
    return bool(_BY_DAYS.fullmatch(name) or _BY_NAME.fullmatch(name))


def are_buckets(names: Sequence[str]) -> bool:
    """Return whether several columns are an aging: at least two, and one of them a number of days or months."""
    return len(names) > 1 and any(_BY_DAYS.fullmatch(name) for name in names)


_ENDLESS: Final = 10.0**6  # days
_DAYS: Final = r"d|days?|t|tage?n?|j|jours?|d[ií]as?|giorni|dagen|dias|dni"
_SPAN: Final = re.compile(rf"\s*(\d+)\s*(?:{_DAYS})?\s*{_TO}\s*(\d+)\s*(?:{_DAYS})?\s*{_LATE}?\s*", re.IGNORECASE)
_LEAST: Final = re.compile(
    rf"\s*(?:{_OVER}\s*(\d+)\s*(?:{_DAYS})?|(\d+)\s*(?:{_DAYS})?\s*{_UP}\s*(?:{_DAYS})?)\s*{_LATE}?\s*", re.IGNORECASE
)
_MOST: Final = re.compile(rf"\s*<=?\s*(\d+)\s*(?:{_DAYS})?\s*{_LATE}?\s*", re.IGNORECASE)


def spans(names: Sequence[str], among: Sequence[str]) -> dict[str, tuple[float, float]] | None:
    """Return the days past due, first and last, of columns by age; None where one of an aging is not told by days.

    What is current ends where the others begin, and what is older begins where they end; without a column for what is
    current the youngest holds that too. Of "> 90" the 90th day counts as inside, for some count it so.

    Examples
    --------
    >>> spans(["Current", "1 - 30", "> 30 Tage"], ["Current", "1 - 30", "> 30 Tage"])
    {'Current': (-1000000.0, 0.0), '1 - 30': (1.0, 30.0), '> 30 Tage': (30.0, 1000000.0)}
    """
    found: dict[str, tuple[float, float]] = {}
    for name in among:
        if match := _SPAN.fullmatch(name):
            found[name] = float(match[1]), float(match[2])
        elif match := _LEAST.fullmatch(name):
            found[name] = float(match[1] or match[2]), _ENDLESS
        elif match := _MOST.fullmatch(name):
            found[name] = -_ENDLESS, float(match[1])
        elif not _BY_NAME.fullmatch(name):
            return None
    if not found:
        return None
    rest = [name for name in among if name not in found]
    old = [name for name in rest if _OLD.search(name)]
    youngest = min(found, key=lambda name: found[name])
    if len(rest) == len(old):
        found[youngest] = -_ENDLESS, found[youngest][1]
    begin, end = max(found[youngest][0] - 1, 0.0), max(last for _, last in found.values())
    found |= {name: (end, _ENDLESS) if name in old else (-_ENDLESS, begin) for name in rest}
    return {name: found[name] for name in names}


def aged_column(sheet: Sheet, roles: Sequence[str]) -> pa.StringArray:
    """Return the name of the one column by age in which each row has an amount; null where none, or several."""
    filled = np.stack([flags(pc.match_substring_regex(sheet.text(role), r"[1-9]")) for role in roles])
    names = pa.array([sheet.header[role] for role in roles], pa.string())
    return names.take(pa.array(filled.argmax(axis=0), mask=filled.sum(axis=0) != 1))


def owed(sheet: Sheet, roles: Sequence[str]) -> tuple[pa.StringArray, Flags]:
    """Return what each row owes, from the one bucket in which it has an amount, and which cells are stored as numbers.

    Where a row has amounts in several buckets no single cell says what is owed: they stand beside each other, so that
    the row is rejected with them, or passed over as a total.
    """
    filled = np.stack([flags(pc.match_substring_regex(sheet.text(role), r"[1-9]")) for role in roles])
    given = np.stack([flags(pc.is_valid(sheet.text(role))) for role in roles])
    first = np.where(filled.any(axis=0), filled.argmax(axis=0), given.argmax(axis=0))
    rows = np.arange(len(sheet))
    cells = pa.concat_arrays([sheet.text(role) for role in roles]).take(pa.array(first * len(sheet) + rows))
    native = np.stack([sheet.is_native(role) for role in roles])[first, rows]
    several = filled.sum(axis=0) > 1
    if several.any():
        beside = pc.binary_join_element_wise(*(pc.fill_null(sheet.text(role), "") for role in roles), " | ")
        beside = pc.replace_substring_regex(pc.utf8_trim(beside, " |"), r"\|(\s*\|)+", "|")
        cells = pc.if_else(pa.array(several), beside, cells)
    return cells, native & ~several


def compared(sheet: Sheet, roles: Sequence[str], total: str, decimal: str) -> tuple[Flags, Flags, Ints]:
    """Compare the buckets of each row with a column that holds their total.

    Returns
    -------
    Which rows can be compared (all can be read, and the total is not 0), in which of these the buckets do not add up to
    the total, and how many buckets hold something.
    """
    columns = {role: AmountColumn.of(sheet.text(role), native=sheet.is_native(role)) for role in (*roles, total)}
    readings = choose_marks({role: column.marks for role, column in columns.items()}, decimal)
    read = {role: column.read(readings[role]) for role, column in columns.items()}
    micro = np.stack([read[role].micro for role in roles])
    clear = ~np.any([amounts.unreadable for amounts in read.values()], axis=0) & (read[total].micro != 0)
    filled = (micro != 0).sum(axis=0)
    differs = np.abs(micro.sum(axis=0) - read[total].micro) > _ROUNDING * np.maximum(filled, 1)
    return clear, clear & differs, filled
