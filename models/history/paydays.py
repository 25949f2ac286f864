"""Days on which money moves: working days of a country, counted, and where a day stands among them."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import holidays
import numpy as np
import pandas as pd

from ledger.arrays import Flags, Ints
from models.history.weekdays import weekday

_AROUND: Final = 7  # holidays further away than this do not matter


@dataclass(frozen=True, eq=False, kw_only=True)
class Paydays:
    """Payment days by country from day number `first` on; arrays have shape (countries, days).

    A payment day is one of the given weekdays on which the banks of the country are open.
    """

    first: int
    open: Flags
    count: Ints  # payment days up to and including the day
    of_month: Ints  # payment days since the month began, this one included
    to_month_end: Ints  # payment days until the month ends, this one excluded
    after_holiday: Ints  # days since the last bank holiday, at most 7
    before_holiday: Ints  # days to the next bank holiday, at most 7
    day_of: Ints  # (countries, n): the day of the n-th payment day, counted from 1; column 0 is unused

    @classmethod
    def of(cls, countries: Sequence[str], weekdays: Flags, first: int, last: int) -> "Paydays":
        """Return the payment days from day number `first` to `last`; weekdays (7,) has Monday first."""
        start = int(np.datetime64(first, "D").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))
        stop = int((np.datetime64(last, "D").astype("datetime64[M]") + 1).astype("datetime64[D]").astype(np.int64))
        day = np.arange(start, stop)
        closed = np.stack([bank_holidays(country, start, stop) for country in countries])
        runs = weekdays[weekday(day)] & ~closed
        count: Ints = np.cumsum(runs, axis=1, dtype=np.int64)
        month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        begin, end = np.searchsorted(month, month), np.searchsorted(month, month, side="right") - 1
        before: Ints = count - runs.astype(np.int64)
        return cls(
            first=start,
            open=runs,
            count=count,
            of_month=count - before[:, begin],
            to_month_end=count[:, end] - count,
            after_holiday=_since(closed),
            before_holiday=_since(closed[:, ::-1])[:, ::-1],
            day_of=_days_of(count, start),
        )

    def counted(self, country: Ints, day: Ints) -> Ints:
        """Return the payment days of the country up to and including the day."""
        return np.asarray(self.count[country, np.clip(day - self.first, 0, self.count.shape[1] - 1)])


def _days_of(count: Ints, start: int) -> Ints:
    """Return the day of each payment day by country, the last one repeated where a country has fewer."""
    order = np.arange(count.max() + 1)
    last = count.shape[1] - 1
    return np.stack([start + np.minimum(np.searchsorted(row, order), last) for row in count])


def _since(marked: Flags) -> Ints:
    """Return how many days ago the last marked day was, at most 7, by row."""
    day = np.arange(marked.shape[1])
    last = np.maximum.accumulate(np.where(marked, day, -_AROUND), axis=1)
    return np.minimum(day - last, _AROUND)


@lru_cache(maxsize=64)
def _calendar(country: str, years: range) -> frozenset[int]:
    if not country:
        return frozenset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of countries whose older years are uncertain
        try:
            found = holidays.financial_holidays("ECB", years=years) if country == "EU" else None
            found = found if found is not None else holidays.country_holidays(country, years=years)
        except NotImplementedError:
            return frozenset()  # no calendar known: every weekday counts
    return frozenset(pd.Timestamp(day).toordinal() - _EPOCH for day in found)


_EPOCH: Final = pd.Timestamp("1970-01-01").toordinal()


def bank_holidays(country: str, start: int, stop: int) -> Flags:
    """Return which days in [start, stop) are bank holidays in the country (ISO 3166-1; EU: the euro's; "": none)."""
    years = range(*(int(np.datetime64(day, "D").astype("datetime64[Y]").astype(int)) + 1970 for day in (start, stop)))
    closed = _calendar(country, range(years.start, years.stop + 1))
    return np.fromiter((day in closed for day in range(start, stop)), np.bool_, stop - start)


def countries_of(country: "pd.Series[str]", currency: "pd.Series[str]") -> "pd.Series[str]":
    """Return whose bank holidays matter: the customer's country, else the home of the currency (USD: US, EUR: EU)."""
    home = country.astype(object)
    return home.where(home != "", currency.astype(object).str[:2])
