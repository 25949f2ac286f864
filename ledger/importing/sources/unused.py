"""Columns that are not used: what each looks like, and what it costs to leave it out."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyarrow as pa

from ledger.files.reading import nearest, plain
from ledger.importing.maps.maps import Map, preset_map
from ledger.importing.rows.intake import AMOUNTS, DATES
from ledger.importing.sources.headers import PAID, RECEIVED
from ledger.importing.words.cells import MOST, Sheet, are_amounts
from ledger.importing.words.dates import DateColumn
from ledger.table.answers import Origin
from ledger.wording import form, plural

_ALIKE: Final = 0.8  # similarity of names
_SHOWN: Final = 12  # names in one line
_UNPAID: Final = re.compile(r"unpaid|unbezahlt|impay|impag|onbetaald|niezap")  # the opposite of a name like it
_COSTS: Final[Mapping[str, str]] = {
    "open_amount": "without it nothing says what is still owed",
    "paid_amount": "without it nothing says what was paid",
    "type": "without it only a minus tells credit notes and payments from invoices",
    "status": "without it drafts and cancelled documents count as invoices",
    "currency": "without it all amounts are of one currency",
    "applies_to": "without it credit notes name no invoice",
    "due_date": "without it due dates come from the terms",
}


def unused_columns(tables: Mapping[str, Sheet], map_: Map, origin: Origin) -> Iterator[str]:
    """Yield what to know of the columns of each table that have no role: first those that look like one that lacks."""
    for table, sheet in tables.items():
        known = _names(table, map_)
        wanted = {role: names for role, names in known.items() if role not in sheet}
        other = {plain(name) for role, names in known.items() if role in sheet for name in names}
        free = {name: cells for name, cells in sheet.unused.items() if plain(name) not in other}
        alike = {name: role for name, cells in free.items() if (role := _looks_like(name, cells, table, wanted))}
        for name, role in alike.items():
            cost = _cost(role, table, tables, origin)
            yield f"{sheet.where}: not used: {name}; it looks like {role}{f': {cost}' if cost else ''}"
        rest = [name for name in sheet.unused if name not in alike]
        if rest:
            more = f" and {len(rest) - _SHOWN} more" if len(rest) > _SHOWN else ""
            yield f"{sheet.where}: not used: {', '.join(rest[:_SHOWN])}{more}"


def _names(table: str, map_: Map) -> dict[str, tuple[str, ...]]:
    """Return the names of each role of a table, those of the generic map included."""
    generic, own = preset_map("generic").names(table), map_.names(table)
    names = {role: (*own.get(role, ()), *generic.get(role, ()), role) for role in {**own, **generic}}
    if table == "invoices":
        names["paid_amount"] = (*names["paid_amount"], *PAID, *RECEIVED)
    return names


def _looks_like(name: str, cells: pa.StringArray, table: str, wanted: Mapping[str, Iterable[str]]) -> str | None:
    """Return the role that a column seems to have by its name, where its cells do not speak against it."""
    words = _words(name)
    for role, names in wanted.items():
        known = [_words(each) for each in names]
        same = any(each == words or (len(each) > 1 and each <= words) for each in known)
        near = [each for each in names if _is_unpaid(each) == _is_unpaid(name)]
        if (same or nearest(name, near, 1, alike=_ALIKE)) and _holds(cells, role, table):
            return role
    return None


def _is_unpaid(name: str) -> bool:
    return _UNPAID.search(plain(name)) is not None


def _words(name: str) -> frozenset[str]:
    """Return the words of a name, without case, accents and order: ``Date Paid`` and ``paid_date`` have the same."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    letters = unicodedata.normalize("NFKD", spaced.casefold())
    return frozenset(re.findall(r"[^\W_]+", "".join(c for c in letters if not unicodedata.combining(c))))


def _holds(cells: pa.StringArray, role: str, table: str) -> bool:
    """Return whether cells can be what a role holds: days, amounts, or words; empty ones can be all."""
    given = cells.drop_null()
    if not len(given):
        return True
    if role in DATES.get(table, ()):
        _, unreadable = DateColumn.of(given).read("day_first")
        return bool((~unreadable).mean() >= MOST)
    if role in AMOUNTS.get(table, ()):
        return are_amounts(given)
    return True


def _cost(role: str, table: str, tables: Mapping[str, Sheet], origin: Origin) -> str:
    """Return what is lost without a role, where that can be told."""
    if table != "invoices":
        return ""
    if role == "clear_date" and origin.undated:
        whole = "all " if origin.undated > 1 else ""
        some = whole if origin.undated == origin.settlements else f"{origin.undated:,} of "
        count = plural(origin.settlements, "settlement")
        return f"{some}{count} {form(origin.undated, 'lacks', 'lack')} a day: DSO and CEI cannot be trusted"
    if role in ("open_amount", "paid_amount"):
        if "payments" in tables or {"open_amount", "paid_amount"} & set(tables[table].cells):
            return ""
        if "clear_date" in tables[table]:
            return "without it every invoice with a day of settlement counts as paid in full"
    return _COSTS.get(role, "")
