"""Maps: which column of a source means what, as small TOML files.

A preset is a map that ships with the package; ``--map FILE`` is one that a person writes. `presets/generic.toml`
shows every key that is commonly needed.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from ledger.files.reading import Written, one_of, plain, read_toml
from ledger.importing.maps.map_tables import (
    TABLES,
    ContactMap,
    CustomerMap,
    DisputeMap,
    InvoiceMap,
    PaymentMap,
    PromiseMap,
    TableMap,
)
from ledger.importing.words.phrases import read_terms
from ledger.importing.words.terms import Eom

_PRESETS: Final = Path(__file__).with_name("presets")
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="an ISO 4217 code such as EUR")]


class Map(Written):
    """How to read a source."""

    description: str = ""
    date_order: Literal["day_first", "month_first"] = "day_first"  # where no cell of the file tells
    decimal: Literal["auto", ".", ","] = "auto"  # where no cell of the column tells
    currency: Currency | None = None  # of rows that name none
    encoding: str | None = None  # of text files; without it UTF-8, else the code page that fits the header
    timezone: str = "UTC"  # in which days begin and end
    terms_eom: Eom | None = None  # what "30 days EOM" means
    terms: int | str | None = None  # days, or words, where a due date is missing
    terms_words: Mapping[str, str] = Field(default_factory=dict)  # what a source's own terms mean: {ZB01 = "30 days"}
    as_of_name: str | None = None  # regular expression: the date in the file's name
    as_of_text: str | None = None  # regular expression: the date in the lines above the header
    rates: Mapping[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    invoices: InvoiceMap
    payments: PaymentMap | None = None
    customers: CustomerMap | None = None
    contacts: ContactMap | None = None
    promises: PromiseMap | None = None
    disputes: DisputeMap | None = None
    _own: Mapping[str, frozenset[str]] = PrivateAttr(default_factory=dict)  # roles that a person's map names, by table

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is not a time zone such as Europe/Berlin") from error

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, name: str | None) -> str | None:
        try:
            return None if name is None else codecs.lookup(name).name
        except LookupError:
            raise ValueError("is not an encoding such as utf-8, cp1252 or cp1250") from None

    @field_validator("terms", "terms_words")
    @classmethod
    def _are_terms(cls, given: Any, info: ValidationInfo) -> Any:
        for phrase in given.values() if isinstance(given, Mapping) else [given]:
            rule = None if phrase is None else read_terms(str(phrase), info.data.get("terms_eom"))
            if phrase is not None and (rule is None or rule.other is not None):
                raise ValueError(f'{phrase!r} must be terms of one meaning, such as 30 or "2 % 10 days, net 30"')
        return given

    @field_validator("as_of_name", "as_of_text")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern or "()").groups
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        if groups != 1:
            raise ValueError("needs one group in parentheses that holds the date")
        return pattern

    def table(self, name: str) -> TableMap | None:
        """Return the map of one table; None where the map does not read it."""
        found: TableMap | None = getattr(self, name)
        return found

    def names(self, table: str) -> dict[str, tuple[str, ...]]:
        """Return, for each role of a table, the names that its column may have."""
        columns = getattr(self.table(table), "columns", None)
        return {} if columns is None else {role: names for role, names in columns.model_dump().items() if names}

    def own_names(self, table: str) -> dict[str, tuple[str, ...]]:
        """Return the same of the columns that the map of a person names itself, not the preset that it extends."""
        own = self._own.get(table, frozenset())
        return {role: names for role, names in self.names(table).items() if role in own}

    def own_lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the further columns of the invoice table that the map of a person names itself, after the map's key.

        Of several names of one column in a set of money any may be there.
        """
        own = self._own.get("invoices", frozenset())
        for key in ("buckets", "distinguish"):
            yield from ((key, (name,)) for name in getattr(self.invoices, key) if f"#{key}" in own)
        for money in self.invoices.money if "#money" in own else ():
            yield from ((f"money.{role}", names) for role, names in money.model_dump().items() if names)

    def own_roles(self) -> Iterator[tuple[str, str]]:
        """Yield the roles that a person's map speaks of outside its columns, after the map's key."""
        own = self._own.get("invoices", frozenset())
        for key in ("carry_down", "skip_rows_without"):
            yield from ((key, role) for role in getattr(self.invoices, key) or () if f"#{key}" in own)


def presets() -> tuple[str, ...]:
    """Return the names of the maps that ship with the package."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


@cache
def preset_map(name: str) -> Map:
    """Return a map that ships with the package; each is read once, for none changes.

    Raises
    ------
    BadInput
        Where there is none of that name; the known ones are listed.
    """
    return Map.of(_with_words(_shipped(one_of(name, presets(), field="preset"))), where=f"preset {name}")


@cache
def _shipped(name: str) -> Mapping[str, Any]:
    """Return the keys of a map that ships with the package, which nobody changes."""
    return read_toml(_PRESETS / f"{name}.toml")


def read_map(source: str | Path | Mapping[str, Any]) -> Map:
    """Read a map that a person wrote, as a file or as keys and values; ``extends = "PRESET"`` builds on a preset.

    Raises
    ------
    BadInput
        Naming the key that is wrong.
    """
    where = "mapping" if isinstance(source, Mapping) else str(source)
    given = dict(source) if isinstance(source, Mapping) else read_toml(source)
    own = _roles(given)
    if (base := given.pop("extends", None)) is not None:
        base = one_of(base, presets(), where=where, field="extends")
        given = _merged(_shipped(base), given)
    map_ = Map.of(_with_words(given), where=where)
    map_._own = own
    return map_


def _roles(given: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the roles of each table for which a map names columns, and after ``#`` the other keys that it gives."""
    tables = {name: given[name] for name in TABLES if isinstance(given.get(name), Mapping)}
    columns = {name: table.get("columns") for name, table in tables.items()}
    own = {name: {*roles} if isinstance(roles, Mapping) else set[str]() for name, roles in columns.items()}
    for name, table in tables.items():
        own[name] |= {f"#{key}" for key in table}
    return {name: frozenset(roles) for name, roles in own.items()}


def _with_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map with what it does not say of the words of languages: how tables are called, totals, payments."""
    words = _shipped("generic")
    tables = [name for name in TABLES if isinstance(given.get(name), Mapping)]
    shared = {name: {key: words[name][key] for key in ("called", "totals") if key in words[name]} for name in tables}
    whole = {**given, **{name: {**shared[name], **given[name]} for name in tables}}
    if "payments" in tables and isinstance(own := given["payments"].get("kinds", {}), Mapping):
        known = _unsaid(words["payments"]["kinds"], own)
        kinds = {kind: _together(own.get(kind, []), known.get(kind, [])) for kind in {**known, **own}}
        whole["payments"] = {**whole["payments"], "kinds": kinds}
    return whole


def _together(own: Any, known: list[str]) -> Any:
    """Return the words of a map and the known ones after them; what is no list of words is left to be refused."""
    return [own, *known] if isinstance(own, str) else [*own, *known] if isinstance(own, list | tuple) else own


def _unsaid(words: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words without those that a change gives a meaning of their own."""
    lists = [[given] if isinstance(given, str) else given for given in change.values()]
    said = {
        plain(word) for given in lists if isinstance(given, list | tuple) for word in given if isinstance(word, str)
    }
    return {kind: [word for word in known if plain(word) not in said] for kind, known in words.items()}


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        if key in ("types", "kinds") and isinstance(old, Mapping) and isinstance(value, Mapping):
            old = _unsaid(old, value)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
