"""Places: the clocks of a country, as the tz database lists them, and the clock on which a customer is called."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from ledger.files.reading import plain
from ledger.table.ledger import Ledger
from ledger.table.tables import TEXT

_OTHER_CODES: Final = {"UK": "GB", "EL": "GR"}  # in use, and not ISO 3166-1
_YEARS: Final = 3  # for which zones must agree to be one clock
EVERY: Final = "*"  # begins the name of a clock that stands for all of a country's: "*US"


@cache
def _listed() -> Mapping[str, tuple[str, ...]]:
    """Return the zones of each country (ISO 3166-1 alpha-2), in the order of the tz database's table."""
    found: dict[str, list[str]] = {}
    table = resources.files("tzdata") / "zoneinfo" / "zone.tab"
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


@cache
def _names() -> Mapping[str, str]:
    """Return codes of countries by name and by their other codes, all without case, spaces and punctuation."""
    from holidays.registry import COUNTRIES

    found = {plain(part): codes[1] for name, codes in COUNTRIES.items() for part in (name, *codes)}
    table = resources.files("tzdata") / "zoneinfo" / "iso3166.tab"
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, name = line.split("\t")
            found |= {plain(code): code, plain(name): code}
    return found | {plain(code): meant for code, meant in _OTHER_CODES.items()}


def country_code(text: str) -> str:
    """Return a country's ISO 3166-1 alpha-2 code from a code or its English name; "" where it is neither.

    >>> country_code("usa"), country_code("Germany"), country_code("Atlantis")
    ('US', 'DE', '')
    """
    return _names().get(plain(text), "")


@cache
def clocks(country: str, year: int) -> tuple[str, ...]:
    """Return a country's zones, one of each set that shows the same time from the year on; () for no country.

    >>> clocks("DE", 2026), len(clocks("US", 2026)) > 5
    (('Europe/Berlin',), True)
    """
    days = pd.date_range(f"{year}-01-01", periods=24 * _YEARS, freq="SMS", tz="UTC").to_pydatetime()
    seen: dict[tuple[object, ...], str] = {}
    for zone in _listed().get(country, ()):
        seen.setdefault(tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days), zone)
    return tuple(seen.values())


def zone_of(country: str, year: int) -> str:
    """Return the zone of a country that has one clock; "" where it has several, or is not known."""
    found = clocks(country, year)
    return found[0] if len(found) == 1 else ""


def is_zone(name: str) -> bool:
    """Return whether a name is that of a time zone."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def calling_clocks(customers: pd.DataFrame, home: str, year: int) -> "pd.Series[str]":
    """Return the clock on which each customer is called: its own zone, or its country's where that has one.

    Of a country with several it is the collectors' own, `home`, where that is one of them; else "*US", which stands for
    every clock of the country at once: the customer is called only when all of them allow it. Whose country is not
    known either is called on the collectors' clock.
    """
    pairs = customers["timezone"].astype(object) + "\n" + customers["country"].astype(object)
    parts = {pair: pair.partition("\n") for pair in pairs.unique()}
    return pairs.map({pair: clock_of(zone, code, home, year) for pair, (zone, _, code) in parts.items()}).astype(TEXT)


def clock_of(zone: str, country: str, home: str, year: int) -> str:
    """Return the clock on which a customer of this zone and country is called (see `calling_clocks`)."""
    if is_zone(zone):
        return zone
    found = clocks(country, year)
    if len(found) <= 1:
        return found[0] if found else home
    return home if home in _listed()[country] else EVERY + country


def zones_meant(clock: str, year: int) -> tuple[str, ...]:
    """Return the zones that a clock of `calling_clocks` stands for."""
    return clocks(clock.removeprefix(EVERY), year) if clock.startswith(EVERY) else (clock,)


def without_zone(customers: pd.DataFrame, year: int) -> "pd.Series[int]":
    """Return how many customers have no zone, their own or their country's, by country, most first.

    The country is "" where nothing is known of its clocks.
    """
    named = customers["timezone"].astype(object).map({zone: is_zone(zone) for zone in customers["timezone"].unique()})
    country = customers["country"].astype(object)[~named.to_numpy(bool)]
    count = {code: len(clocks(code, year)) for code in country.unique()}
    several = country[country.map(count).ne(1).to_numpy(bool)]
    return several.where(several.map(count).gt(1).to_numpy(bool), "").value_counts()


def home_zone(ledger: Ledger) -> str:
    """Return the clock of collectors who name none: the ledger's, or where that is UTC the one of most customers."""
    counted = ledger.customers["timezone"].astype(object).value_counts().sort_index(kind="stable")
    known = counted[[is_zone(zone) for zone in counted.index]]
    return ledger.timezone if ledger.timezone != "UTC" or known.empty else str(known.idxmax())
