"""What a plan does not know of its customers: time zones and languages, counted."""

from typing import Final

import pandas as pd

from ledger.table.places import clock_of, without_zone
from ledger.wording import plural
from optimize.plans.capacity import Desks

_NAMED: Final = 5  # countries or languages in one remark


def zone_notes(people: pd.DataFrame, home: str, year: int) -> tuple[str, ...]:
    """Return how many customers have no time zone, their own or their country's, and when they are called."""
    lacking = without_zone(people, year)
    several, said = lacking.drop("", errors="ignore"), []
    if "" in lacking.index:
        said.append(f"{_customers(lacking[''], 'have')} no known time zone: the collectors' clock is taken.")
    at_home = several.index.map(lambda country: clock_of("", country, home, year) == home).to_numpy(bool)
    for countries, when in (
        (several[at_home], f"the collectors' clock, {home}, is taken"),
        (several[~at_home], "they are called only when it is time to call in all of them"),
    ):
        if len(countries):
            what = f"{_customers(countries.sum(), 'have')} no time zone, and a country with several"
            said.append(f"{what} ({_counted(countries)}): {when}. A column `timezone` says more.")
    return tuple(said)


def language_notes(desks: Desks, people: pd.DataFrame) -> tuple[str, ...]:
    """Return how many customers speak a language that nobody of the team does."""
    foreign = desks.unspoken(people["language"])
    if foreign.empty:
        return ()
    who = _customers(foreign.sum(), "speak")
    return (f"{who} what nobody of the team does ({_counted(foreign)}): English serves.",)


def _customers(count: int, verb: str) -> str:
    one = "has" if verb == "have" else f"{verb}s"
    return plural(count, f"customer {one}", f"customers {verb}")


def _counted(counts: "pd.Series[int]") -> str:
    named = ", ".join(f"{name} {count:,}" for name, count in counts.head(_NAMED).items())
    return named + (f" and {len(counts) - _NAMED:,} more" if len(counts) > _NAMED else "")
