"""The map that an import used, as TOML: what it found, for a person to edit instead of writing one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow.compute as pc

from ledger.importing.maps.map_tables import TABLES, InvoiceMap, PaymentMap, Words
from ledger.importing.maps.maps import Map, preset_map
from ledger.importing.words.cells import Sheet

_WIDTH: Final = 100  # of a list in one line


def used_map(map_: Map, tables: Mapping[str, Sheet]) -> str:
    """Return the map as TOML with the columns, types and layout of these tables and nothing else.

    Importing the same source with it gives the same ledger.
    """
    settings = map_.model_dump(mode="json", exclude_defaults=True, exclude={"description", *TABLES})
    return "\n".join(_toml(settings | {name: _table(map_, name, sheet) for name, sheet in tables.items()}, ())) + "\n"


def _table(map_: Map, name: str, sheet: Sheet) -> dict[str, Any]:
    table = map_.table(name)
    assert table is not None  # or it would not have been read
    settings = table.model_dump(
        mode="json", exclude_defaults=True, exclude={"called", "columns", "money", "types", "kinds"}
    )
    columns: dict[str, Any] = {
        role: column for role, column in sheet.written.items() if not role.startswith(("#", "distinguish_"))
    }
    if isinstance(table, PaymentMap):
        return settings | {"columns": columns} | {"kinds": _words(table.kinds, sheet, "kind")}
    if not isinstance(table, InvoiceMap):
        return settings | {"columns": columns}
    if table.totals == preset_map("generic").invoices.totals:
        del settings["totals"]
    if "status" not in columns:
        settings = {key: value for key, value in settings.items() if key not in ("not_posted", "paid")}
    if "customer_id" not in columns:  # it stands in headings, which may begin with one of these words
        columns["customer_id"] = list(table.columns.customer_id)
    types = {"types": _words(table.types, sheet, "type")} if table.types is not None and "type" in columns else {}
    return settings | _layout(sheet) | {"columns": columns} | types


def _layout(sheet: Sheet) -> dict[str, list[str]]:
    """Return the columns by age and those that distinguish numbers."""
    found = {
        key: [column for role, column in sheet.written.items() if role.startswith(start)]
        for key, start in (("buckets", "#bucket"), ("distinguish", "distinguish_"))
    }
    return {key: columns for key, columns in found.items() if columns}


def _words(words: Words, sheet: Sheet, role: str) -> dict[str, list[str]]:
    """Return what each word that occurs in a column means."""
    kinds: dict[str, list[str]] = {}
    found = pc.unique(sheet.text(role)).drop_null().to_pylist()
    for word, kind in zip(found, words.meanings(found), strict=True):
        if kind is not None:
            kinds.setdefault(kind, []).append(word)
    return kinds


def _toml(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table and of the tables within it."""
    if path and any(not isinstance(value, Mapping) for value in table.values()):
        yield f"\n[{'.'.join(path)}]"
    yield from (f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping))
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _toml(value, (*path, key))


def _value(value: Any) -> str:
    if isinstance(value, list):
        parts = [_value(each) for each in value]
        line = f"[{', '.join(parts)}]"
        return line if len(line) <= _WIDTH else "[\n    " + ",\n    ".join(parts) + ",\n]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
