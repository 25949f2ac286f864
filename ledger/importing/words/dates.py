"""Dates as people write them: ISO, day or month first, month names, Excel serial numbers.

Which of day and month comes first is decided for the column from the cells that leave no doubt (a part above 12).
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Floats, Ints
from ledger.importing.words.cells import flags
from ledger.importing.words.months import month_named
from ledger.wording import plural

_CLOCK: Final = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_YEAR_FIRST: Final = rf"^(?P<a>\d{{4}})[-/.](?P<b>\d{{1,2}})[-/.](?P<c>\d{{1,2}}){_CLOCK}$"
_YEAR_LAST: Final = rf"^(?P<a>\d{{1,2}})[-/. ](?P<b>\d{{1,2}})[-/. ](?P<c>\d{{4}}|\d{{2}}){_CLOCK}$"
_COMPACT: Final = r"^(?P<a>(?:19|20)\d{2})(?P<b>\d{2})(?P<c>\d{2})$"
_SERIAL: Final = r"^(?P<a>[2-9]\d{4})(?:\.\d*)?$"
_WORD: Final = r"[^\W\d_]"
_OF: Final = r"[-/ .,]*(?:del?\s+)?"
_NAMED: Final = (
    re.compile(
        rf"^(?:{_WORD}+[,.]\s*)?(?:le\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|e|º)?{_OF}(?P<m>{_WORD}{{3,12}}){_OF}"
        r"(?P<y>\d{4}|\d{2})(?:\s*r\.?)?$"
    ),
    re.compile(
        rf"^(?:{_WORD}+,\s*)?(?P<m>{_WORD}{{3,12}})[ .-]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ ,.-]+(?P<y>\d{{4}})$"
    ),
    re.compile(rf"^(?P<y>\d{{4}})[-/ .]*(?P<m>{_WORD}{{3,12}})[-/ .]*(?P<d>\d{{1,2}})$"),
)
_ZONED: Final = (
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::\d{2}(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
)
_EMPTY: Final = (
    "null",
    "none",
    "nan",
    "nat",
    "n/a",
    "na",
    "-",
    "#n/a",
    "(null)",
    "00.00.0000",
    "00/00/0000",
    "0000-00-00",
)
_EPOCH: Final = np.datetime64("1899-12-30")  # day 0 of Excel, for every serial number after February 1900
SURE: Final = 0.95  # share of the telling cells that settles an order although some contradict it
UNREADABLE: Final = np.datetime64("NaT")


@dataclass(frozen=True, kw_only=True, eq=False)
class DateColumn:
    """The distinct texts of a column, taken apart; `order` is what its own cells say."""

    index: Ints  # cell -> distinct text; -1 where empty
    fixed: Days  # distinct text -> the day, where no order is needed
    first: Ints  # parts of the texts that need one; 0 elsewhere
    second: Ints
    year: Ints
    day_first: int  # cells that can only be read day first
    month_first: int
    unclear: int  # cells that can be read both ways
    clock: Floats  # minutes from midnight UTC of texts with an offset; not a number elsewhere

    @classmethod
    def of(cls, cells: pa.StringArray) -> "DateColumn":
        """Take a column of dates apart."""
        encoded = cells.dictionary_encode()
        texts = encoded.dictionary
        index = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        blank = flags(pc.is_in(pc.utf8_lower(texts), value_set=pa.array(_EMPTY)))
        index = np.where((index >= 0) & np.append(blank, True)[index], -1, index)
        fixed = np.full(len(texts), UNREADABLE, "datetime64[D]")
        for pattern in (_YEAR_FIRST, _COMPACT):
            found, (a, b, c) = _parts(texts, pattern, "abc")
            fixed[found] = _day(a, b, c)[found]
        found, (serial,) = _parts(texts, _SERIAL, "a")
        fixed[found] = _EPOCH + serial[found].astype("timedelta64[D]")
        two_ways, (first, second, year) = _parts(texts, _YEAR_LAST, "abc")
        year = np.where(year < 70, year + 2000, np.where(year < 100, year + 1900, year))
        for row in np.flatnonzero(np.isnat(fixed) & ~two_ways & ~blank):
            fixed[row] = _named(texts[int(row)].as_py())
        cells_of = np.bincount(index[index >= 0], minlength=len(texts))
        day_first = two_ways & (first > 12) & (second <= 12)
        month_first = two_ways & (second > 12) & (first <= 12)
        unclear = two_ways & (first <= 12) & (second <= 12) & (first != second)
        counts = (int(cells_of[which].sum()) for which in (day_first, month_first, unclear))
        days, months, both = counts
        parts = (np.where(two_ways, part, 0) for part in (first, second, year))
        first, second, year = parts
        return cls(
            index=index,
            fixed=fixed,
            first=first,
            second=second,
            year=year,
            day_first=days,
            month_first=months,
            unclear=both,
            clock=_clock(texts),
        )

    @property
    def order(self) -> str | None:
        """What the column's own cells say: day_first, month_first, contradictory, or None where nothing tells."""
        telling = self.day_first + self.month_first
        if not telling:
            return None
        if self.day_first >= SURE * telling:
            return "day_first"
        return "month_first" if self.month_first >= SURE * telling else "contradictory"

    @property
    def moments(self) -> int:
        """Cells that are moments: stamps with an offset, in a column where not all of them say midnight."""
        return int((~np.isnan(np.append(self.clock, np.nan)[self.index])).sum())

    def read(self, order: str, *, trust_unclear: bool = True, zone: str | None = None) -> tuple[Days, Flags]:
        """Return each cell's day in the given order, and which cells are not empty and cannot be read.

        Cells that can be read both ways count as unreadable where `trust_unclear` is false. Moments fall on their day
        in `zone`, without one on the day that is written; days and stamps without an offset are what they say.
        """
        day, month = (self.first, self.second) if order == "day_first" else (self.second, self.first)
        days = np.where(np.isnat(self.fixed), _day(self.year, month, day), self.fixed)
        if not trust_unclear:
            days[(self.year > 0) & (self.first <= 12) & (self.second <= 12) & (self.first != self.second)] = UNREADABLE
        moments = ~np.isnan(self.clock) & ~np.isnat(days)
        if zone is not None and moments.any():
            minutes = days[moments].astype("datetime64[m]") + self.clock[moments].astype("timedelta64[m]")
            local = pd.DatetimeIndex(minutes).tz_localize("UTC").tz_convert(zone).tz_localize(None)
            days[moments] = local.to_numpy().astype("datetime64[D]")
        found = np.append(days, UNREADABLE)[self.index]
        return found, np.isnat(found) & (self.index >= 0)


def _parts(texts: pa.StringArray, pattern: str, names: str) -> tuple[Flags, list[Ints]]:
    found = pc.extract_regex(texts, pattern)
    parts = [pc.fill_null(pc.cast(pc.struct_field(found, name), pa.int64()), 0) for name in names]
    return flags(pc.is_valid(found)), [part.to_numpy(zero_copy_only=False) for part in parts]


def _day(year: npt.ArrayLike, month: npt.ArrayLike, day: npt.ArrayLike) -> Days:
    """Return days from their parts; not a time where the calendar has no such day."""
    y, m, d = (np.asarray(part, np.int64) for part in (year, month, day))
    good = (y >= 1) & (m >= 1) & (m <= 12) & (d >= 1) & (d <= 31)
    months = (np.where(good, y, 1970) - 1970) * 12 + np.where(good, m, 1) - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]")
    days = start + (np.where(good, d, 1) - 1).astype("timedelta64[D]")
    good &= days.astype("datetime64[M]").astype(np.int64) == months
    return np.where(good, days, UNREADABLE).astype("datetime64[D]")


def _clock(texts: pa.StringArray) -> Floats:
    """Return minutes from midnight UTC of the day that is written, where a stamp has an offset.

    Where every stamp says midnight they are days, as systems write them, and no moments.
    """
    minutes = np.full(len(texts), np.nan)
    if not pc.any(pc.match_substring_regex(texts, r"\d:\d\d.*(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$")).as_py():
        return minutes
    parts = pc.extract_regex(texts, _ZONED)
    hour, minute = (pc.struct_field(parts, name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in "hm")
    half = pc.utf8_lower(pc.struct_field(parts, "half"))
    hour = np.where(
        flags(pc.starts_with(half, "p")), hour % 12 + 12, np.where(flags(pc.starts_with(half, "a")), hour % 12, hour)
    )
    offset = pc.replace_substring_regex(pc.struct_field(parts, "zone"), "^(?:Z|UTC|GMT)$", "+0000")
    digits = pc.utf8_slice_codeunits(pc.binary_join_element_wise(pc.replace_substring(offset, ":", ""), "00", ""), 1, 5)
    shift = digits.cast(pa.float64()).to_numpy(zero_copy_only=False)
    east = np.where(flags(pc.starts_with(offset, "-")), -1, 1) * (shift // 100 * 60 + shift % 100)
    local = hour * 60 + minute
    return minutes if np.nansum(local) == 0 else local - east


def _named(text: str) -> np.datetime64:
    """Read one date with the name of its month."""
    for pattern in _NAMED:
        if found := pattern.match(re.sub(r"[T ]\d{1,2}:\d{2}.*$", "", text.strip()).casefold()):
            month = month_named(found["m"])
            year = int(found["y"])
            year += 0 if year > 99 else 2000 if year < 70 else 1900
            if month:
                return np.datetime64(_day([year], [month], [int(found["d"])])[0])
    return UNREADABLE


def choose_orders(columns: dict[str, DateColumn], preset: str) -> tuple[dict[str, tuple[str, bool]], list[str]]:
    """Decide for each date column of one file its order, and whether cells that can be read both ways are trusted.

    A column follows its own evidence; without any, that of the file's other columns; without any, the preset.

    Returns
    -------
    The order and the trust by column, and warnings.
    """
    told = {column.order for column in columns.values()} - {None, "contradictory"}
    shared = told.pop() if len(told) == 1 else None
    chosen: dict[str, tuple[str, bool]] = {}
    warnings = []
    words = {"day_first": "day first", "month_first": "month first"}
    for name, column in columns.items():
        order = column.order
        counts = f"{plural(column.day_first, 'cell')} can only be day first, {column.month_first:,} only month first"
        both = f"{column.unclear:,} could be either"
        if order == "contradictory":
            chosen[name] = (preset, False)
            warnings.append(f"{name}: {counts}, {both}; only the unmistakable {words[preset]} dates are read")
            continue
        if order is not None and column.day_first and column.month_first:
            warnings.append(f"{name}: {counts}, {both}; all read {words[order]}, what that cannot be is rejected")
        if order is None and shared is None and column.unclear:
            warnings.append(
                f"{name}: nothing tells whether day or month comes first of {plural(column.unclear, 'date')}; "
                f"read {words[preset]}"
            )
        chosen[name] = (order or shared or preset, True)
    return chosen, warnings
