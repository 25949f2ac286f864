"""Payment terms as rules of the calendar: from an issue date to a due date, and the discount for early payment.

30 days from 31 January end on 1 March, one month on the last of February. `phrases` reads the words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from ledger.arrays import Days, Flags, Floats, Ints
from ledger.importing.words.dates import UNREADABLE

Eom = Literal["days_then_month_end", "month_end_then_days"]
NO_DISCOUNT: Final = float("nan")
_YEAR: Final = 365  # days
_DAYS: Final = 10_000_000  # more than the days of any calendar
_SHOWN: Final = 3  # phrases named in one remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A due date from the issue date: months and days on, to an edge of that month, days on, to a day of the month."""

    months: int = 0
    days: int = 0
    edge: Literal["", "start", "end"] = ""
    then: int = 0  # days
    nth: int = 0  # the next such day of a month, or its last; 0: none

    def of(self, issued: Days) -> Days:
        """Return the due date of each issue date."""
        return _due(issued, _Parts(*(np.full(len(issued), part) for part in _parts(self))))

    @property
    def usual_days(self) -> int:
        """Mean days from issue to due, over the issue days of a year without a 29 February."""
        year = np.arange("2021-01-01", "2022-01-01", dtype="datetime64[D]")
        return round(float((self.of(year) - year).astype(np.int64).mean()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When an invoice is due, and the first discount for early payment.

    `other` is the second meaning of a phrase that has two, such as ``Net 30 EOM``. `percent` is not a number where no
    discount is offered; `within` counts days after issue, -1 where none.
    """

    due: Due
    other: Due | None = None
    percent: float = NO_DISCOUNT
    within: int = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class TermsColumn:
    """Payment terms row by row: what was understood, and which phrases were not."""

    texts: Sequence[str]  # distinct phrases
    rules: Sequence[Terms | None]  # what each means
    index: Ints  # row -> phrase; -1 where there is none

    @property
    def unknown(self) -> Flags:
        """Rows with a phrase that was not understood."""
        return np.array([rule is None for rule in self.rules] + [False])[self.index]

    @property
    def ambiguous(self) -> Flags:
        """Rows with a phrase of two meanings."""
        return np.array([rule is not None and rule.other is not None for rule in self.rules] + [False])[self.index]

    @property
    def discount(self) -> tuple[Floats, Ints]:
        """Percent (not a number where none) and days of the discount."""
        pairs = [(NO_DISCOUNT, -1) if rule is None else (rule.percent, rule.within) for rule in self.rules] + [
            (NO_DISCOUNT, -1)
        ]
        percent, within = zip(*pairs, strict=True)
        return np.array(percent, np.float64)[self.index], np.array(within, np.int64)[self.index]

    @property
    def usual_days(self) -> Ints:
        """Mean days from issue to due of each row; -1 where its terms say none, or two, or more than a year."""
        days = [rule.due.usual_days if rule is not None and rule.other is None else -1 for rule in [*self.rules, None]]
        return np.array([count if count <= _YEAR else -1 for count in days], np.int64)[self.index]

    def due(self, issued: Days) -> Days:
        """Return the due date of each row; not a time where its terms say none, or two."""
        clear = [rule.due if rule is not None and rule.other is None else None for rule in [*self.rules, None]]
        rows = np.flatnonzero(np.array([due is not None for due in clear])[self.index] & ~np.isnat(issued))
        found = np.full(len(issued), UNREADABLE, "datetime64[D]")
        pairs = self.index[rows] % len(clear) * _DAYS + issued[rows].astype(np.int64) + _DAYS // 2
        place, distinct = pd.factorize(pairs)  # few rules on few days
        rule, day = np.divmod(distinct, _DAYS)
        parts = np.array([_parts(due or Due()) for due in clear], np.int64).T
        found[rows] = _due((day - _DAYS // 2).astype("datetime64[D]"), _Parts(*parts[:, rule]))[place]
        return found

    def remarks(self, rows: Flags, issued: Days) -> list[str]:
        """Return what to say of the phrases of these rows that give no due date."""
        phrase = self.index[rows & (self.unknown | self.ambiguous)]
        counts = np.bincount(phrase, minlength=len(self.texts))
        order = np.argsort(-counts, kind="stable").tolist()
        unknown = [k for k in order if counts[k] and self.rules[k] is None]
        said = []
        if unknown:
            shown = ", ".join(f"{self.texts[k]!r} ({counts[k]:,})" for k in unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
            said.append(f"terms not understood: {shown}{more}; the map may say what they mean under terms_words")
        for k in np.flatnonzero(counts).tolist():
            rule = self.rules[k]
            if rule is not None and rule.other is not None:
                day = issued[rows & (self.index == k)].min(keepdims=True)
                first, second = rule.due.of(day)[0], rule.other.of(day)[0]
                said.append(
                    f"terms {self.texts[k]!r} ({counts[k]:,}) have two meanings: issued {day[0]}, due {first} "
                    f'(terms_eom = "days_then_month_end" in the map) or {second} ("month_end_then_days")'
                )
        return said


def _parts(due: Due) -> tuple[int, int, int, int, int]:
    return due.months, due.days, ("", "start", "end").index(due.edge), due.then, due.nth


class _Parts(NamedTuple):
    """The fields of `Due` as columns; `edge` is 0 for none, 1 for the first of the month, 2 for its last day."""

    months: Ints
    days: Ints
    edge: Ints
    then: Ints
    nth: Ints


def _due(issued: Days, by: _Parts) -> Days:
    """Return the due date of each row."""
    day = _in_month(_month(issued) + by.months, (issued - _month(issued)).astype(np.int64) + 1) + by.days
    first, last = _in_month(_month(day), 1), _in_month(_month(day), 31)
    day = _chosen(by.edge == 1, first, _chosen(by.edge == 2, last, day)) + by.then
    this, following = _in_month(_month(day), by.nth), _in_month(_month(day) + 1, by.nth)
    return _chosen(by.nth == 0, day, _chosen(this < day, following, this))


def _chosen(where: Flags, yes: Days, no: Days) -> Days:
    return np.asarray(np.where(where, yes, no), "datetime64[D]")


def _month(days: Days) -> Days:
    return days.astype("datetime64[M]")


def _in_month(month: Days, nth: Ints | int) -> Days:
    """Return the given day of each month, or its last where it is shorter."""
    first = month.astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[D]") - first).astype(np.int64)
    return np.asarray(first + (np.minimum(nth, length) - 1), "datetime64[D]")
