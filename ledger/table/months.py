"""Months that end on any day, and days as plain numbers (days since 1970-01-01)."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.arrays import Ints


def day_numbers(days: "pd.Series[Any] | pd.DatetimeIndex") -> Ints:
    """Return days since 1970-01-01; an empty day becomes a large negative number."""
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)


def day_number(day: pd.Timestamp) -> int:
    """Return days since 1970-01-01.

    >>> day_number(pd.Timestamp("1970-02-01"))
    31
    """
    return int(np.datetime64(day, "D").astype(np.int64))


def timestamp(number: int) -> pd.Timestamp:
    """Return the day with this number."""
    return pd.Timestamp(np.datetime64(int(number), "D"))


def month_ends(end: int, count: int) -> Ints:
    """Return the last days of `count` months, latest first, the latest one ending on the day `end`.

    The last day of a calendar month stays one: counting back from 28 February gives 31 January. Any other day keeps its
    number, or the last one its month has.

    >>> [f"{timestamp(day):%m-%d}" for day in month_ends(day_number(pd.Timestamp("2025-04-30")), 3)]
    ['04-30', '03-31', '02-28']
    >>> [f"{timestamp(day):%m-%d}" for day in month_ends(day_number(pd.Timestamp("2025-03-30")), 3)]
    ['03-30', '02-28', '01-30']
    """
    day = np.datetime64(end, "D")
    month = day.astype("datetime64[M]")
    months = month - np.arange(count)
    first = months.astype("datetime64[D]").astype(np.int64)
    last = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
    if end == last[0]:
        return np.asarray(last)
    return np.asarray(np.minimum(first + (end - first[0]), last))


def month_start(end: int) -> int:
    """Return the first day of the month that ends on the day `end`."""
    return int(month_ends(end, 2)[1]) + 1
