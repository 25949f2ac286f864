"""Days of a simulation: day 0 is the evening on which the ledger is known, day 1 the first simulated one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ledger.arrays import Days, Flags, Floats, Ints, SmallInts

NEVER = 2**30  # a day beyond every horizon


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Working days and time zones over a horizon.

    Parameters
    ----------
    start
        Day 0.
    days
        Last simulated day; tables reach 60 days further.
    countries
        ISO codes whose bank holidays close a customer's payment run; "" for none.
    home
        Country of the collectors.
    every_day
        Treat every day as a working day (used to compare with theory).
    """

    start: pd.Timestamp
    days: int
    countries: tuple[str, ...]
    home: str
    every_day: bool = False

    @property
    def span(self) -> int:
        """Number of days in the tables, day 0 included."""
        return self.days + 61

    def working(self, country: str) -> Flags:
        """Return which of days 0 .. span-1 are working days in the country."""
        if self.every_day:
            return np.ones(self.span, np.bool_)
        return _working(self.start, self.span, country)

    def weekday(self) -> Ints:
        """Return the weekday (Monday 0) of days 0 .. span-1."""
        return (self.start.dayofweek + np.arange(self.span)) % 7

    def payment_day(self, country: SmallInts, weekdays: Flags) -> "PaymentDays":
        """Return each customer's next payment day: the first of its weekdays that is no holiday of its country."""
        codes = country.astype(np.int64) * 128 + weekdays @ (1 << np.arange(7))
        kinds, row = np.unique(codes, return_inverse=True)
        table = np.empty((len(kinds), self.span), np.int32)
        for k, code in enumerate(kinds.tolist()):
            bank_country = None if self.every_day else self.countries[code // 128]
            table[k] = _payment_runs(self.start, self.span, bank_country, code % 128)
        return PaymentDays(table=table, row=row.astype(np.int32))

    def next_working(self, country: str, lag: int) -> SmallInts:
        """Return, for each day, the day `lag` working days later (lag 0: the same day)."""
        following = _next(np.r_[self.working(country)[1:], True]) + 1
        day = np.arange(self.span, dtype=np.int32)
        for _ in range(lag):
            day = np.where(day < self.span, following[np.minimum(day, self.span - 1)], day).astype(np.int32)
        return day

    def offsets(self, zones: Sequence[str], home: str) -> Floats:
        """Return, for each zone and day, the hours by which its clock is ahead of the collectors' clock."""
        clock = {zone: _ahead_of_utc(self.start, self.span, zone) for zone in {*zones, home}}
        return np.array([clock[zone] - clock[home] for zone in zones])

    def utc_offset(self, zone: str) -> Ints:
        """Return the zone's seconds ahead of UTC at noon of each day."""
        return np.round(_ahead_of_utc(self.start, self.span, zone) * 3600).astype(np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentDays:
    """Next payment day by kind of customer: `table[row[customer], day]`."""

    table: SmallInts
    row: SmallInts


@lru_cache(maxsize=256)
def _ahead_of_utc(start: pd.Timestamp, span: int, zone: str) -> Floats:
    """Return the hours by which a zone's clock is ahead of UTC at noon of each day."""
    noon = pd.date_range(start, periods=span, freq="D") + pd.Timedelta(hours=12)
    hours = np.array([_hours(ZoneInfo(zone), moment) for moment in noon.tz_localize("UTC").to_pydatetime()])
    hours.flags.writeable = False  # it is shared
    return hours


@lru_cache(maxsize=512)
def _payment_runs(start: pd.Timestamp, span: int, country: str | None, weekdays: int) -> SmallInts:
    """Return the next payment day of each day, of runs on some weekdays (bits, Monday first) that are no holidays."""
    weekday = (start.dayofweek + np.arange(span)) % 7
    runs = (weekdays >> weekday & 1).astype(np.bool_)
    if country is not None:
        runs &= _working(start, span, country) | (weekday >= 5)
    following = _next(runs)
    following.flags.writeable = False  # it is shared
    return following


def _hours(zone: ZoneInfo, moment: pd.Timestamp) -> float:
    offset = zone.utcoffset(moment.astimezone(zone))
    return 0.0 if offset is None else offset.total_seconds() / 3600


def _next(runs: Flags) -> SmallInts:
    """Return for each day the first day from it on that is true, NEVER where there is none."""
    days = np.where(runs, np.arange(len(runs), dtype=np.int32), np.int32(NEVER))
    return np.minimum.accumulate(days[::-1])[::-1].astype(np.int32)


@lru_cache(maxsize=64)
def _working(start: pd.Timestamp, span: int, country: str) -> Flags:
    dates = pd.date_range(start, periods=span, freq="D")
    closed = _holidays(country, tuple(range(dates[0].year, dates[-1].year + 1)))
    open_ = np.asarray(dates.dayofweek < 5) & ~np.isin(dates.to_numpy(), closed)
    open_.flags.writeable = False  # it is shared
    return open_


def _holidays(country: str, years: tuple[int, ...]) -> Days:
    """Return the country's public holidays; none for a country that the calendar library does not know."""
    import holidays

    if country not in holidays.list_supported_countries():
        return np.array([], "datetime64[ns]")
    return np.array(sorted(holidays.country_holidays(country, years=years)), "datetime64[ns]")
