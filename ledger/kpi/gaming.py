"""How much of a change of DSO and CEI the customers made, and how much something else did.

Invoices of either window are laid out in cells: by age (issued in the window itself, or in the first, second … month
before it) and, within an age, by class (days of terms in bands, and whether due yet on the last evening). Four things
then give AR before, AR after and current AR of a window exactly:

- *sales trend*: what was sold at each age, and the days in the window;
- *terms mix*: the shares of the classes in what was sold at each age;
- *customers*: the share of each cell that cash had settled by each of the two evenings;
- *write-offs and credits*: the share that anything else had settled (credit notes, write-offs, discounts, …).

The parts are Shapley values over these four: each figure is recomputed for all 16 ways of taking every factor from the
one window or the other, and a factor's part is its mean effect over all orders of switching. So the parts add up to
the change, and no order is favoured. Where a cell is empty in one window, nothing is known of its shares there: they
are taken from the other window, so that the arrival of new terms counts as terms mix alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger.arrays import Floats, Ints
from ledger.errors import BadInput
from ledger.json_ready import json_object
from ledger.kpi import formulas
from ledger.kpi.catalogue import KPIS
from ledger.results import Result
from ledger.screen import text_table
from ledger.table.columns import Columns, columns
from ledger.table.ledger import Day, Ledger, as_day
from ledger.table.months import day_number, month_ends, timestamp

FACTORS: Final = ("sales trend", "terms mix", "write-offs and credits", "customers")
_TERM_BANDS: Final = np.array([1, 11, 21, 36, 51, 76, 101])  # first day of each band but the first
_CLASSES: Final = 2 * (len(_TERM_BANDS) + 1)

Window = tuple[Day, Day]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Gaming(Result):
    """A change of DSO and CEI between two windows, taken apart; the parts of each add up to its change."""

    before: tuple[pd.Timestamp, pd.Timestamp]
    after: tuple[pd.Timestamp, pd.Timestamp]
    figures: pd.DataFrame  # index dso, cei; columns before, after, change
    parts: pd.DataFrame  # index FACTORS; columns dso (days), cei (percentage points)

    def summary(self) -> str:
        """Return the decomposition as a text table."""
        spans = [f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" for start, end in (self.before, self.after)]
        rows = [("before", self.figures["before"]), *self.parts.iterrows(), ("after", self.figures["after"])]
        cells = []
        for name, row in rows:
            sign = "" if name in ("before", "after") else "+"
            cells.append((str(name), f"{row['dso']:{sign}.2f}", f"{row['cei']:{sign}.2f}"))
        head = ("", *(f"{KPIS[name].title} ({KPIS[name].change_in('')})" for name in ("dso", "cei")))
        return f"from {spans[0]}, to {spans[1]}\n\n{text_table(head, cells)}"

    def table(self) -> pd.DataFrame:
        """Return before, the part of each factor, and after: a row each, columns dso (days) and cei (points)."""
        ends = self.figures.T
        return pd.concat([ends.loc[["before"]], self.parts, ends.loc[["after"]]])

    def to_dict(self) -> dict[str, Any]:
        """Return both windows, the figures and the parts of their change, as plain values."""
        return json_object(
            {
                "before": self.before,
                "after": self.after,
                "figures": self.figures.to_dict("index"),
                "parts": self.parts.to_dict("index"),
            }
        )


def gaming(ledger: Ledger, before: Window, after: Window) -> Gaming:
    """Return what made DSO and CEI change between two windows, each given by its first and last day.

    Raises
    ------
    BadInput
        Where a window has no credit sales, or reaches beyond the ledger.
    """
    book = columns(ledger)
    windows = [_days(ledger, window, name) for window, name in ((before, "before"), (after, "after"))]
    starts = [_ages(start, book.first_issue) for start, _ in windows]
    ages = max(len(ends) for ends in starts) + 1
    worlds = [_World.of(book, *window, ends, ages) for window, ends in zip(windows, starts, strict=True)]
    for world, name in zip(worlds, ("before", "after"), strict=True):
        if world.sales[0] <= 0:
            raise BadInput("must contain an invoice", field=name)
    measures: dict[str, Callable[[frozenset[str]], float]] = {
        "dso": lambda changed: _mixed(worlds, changed).dso,
        "cei": lambda changed: _mixed(worlds, changed).cei,
    }
    ends = {name: (measure(frozenset()), measure(frozenset(FACTORS))) for name, measure in measures.items()}
    figures = pd.DataFrame(ends, index=pd.Index(["before", "after"])).T
    stamps = [(timestamp(start), timestamp(end)) for start, end in windows]
    return Gaming(
        before=stamps[0],
        after=stamps[1],
        figures=figures.assign(change=figures["after"] - figures["before"]),
        parts=pd.DataFrame({name: shapley(measure) for name, measure in measures.items()}, index=list(FACTORS)),
    )


def shapley(value: Callable[[frozenset[str]], float]) -> list[float]:
    """Return each factor's mean marginal effect on `value(changed factors)` over all orders of changing them."""
    n = len(FACTORS)
    values = {frozenset(c): value(frozenset(c)) for size in range(n + 1) for c in combinations(FACTORS, size)}
    parts = []
    for factor in FACTORS:
        others = [changed for changed in values if factor not in changed]
        weights = [factorial(len(c)) * factorial(n - 1 - len(c)) / factorial(n) for c in others]
        parts.append(sum(w * (values[c | {factor}] - values[c]) for w, c in zip(weights, others, strict=True)))
    return parts


@dataclass(frozen=True, kw_only=True)
class _World:
    """The factors of one window, (ages,) or (ages, classes); odd classes are not yet due on its last evening."""

    days: float
    sales: Floats
    mix: Floats
    cash_before: Floats  # shares of the cell, on the evening before the window
    other_before: Floats
    cash: Floats  # and on its last evening
    other: Floats

    @classmethod
    def of(cls, book: Columns, start: int, end: int, month_ends_before: Ints, ages: int) -> "_World":
        rate = book.rates[book.currency] / book.scale
        age = len(month_ends_before) - np.searchsorted(month_ends_before[::-1], book.issue, side="left")
        band = np.searchsorted(_TERM_BANDS, book.due - book.issue, side="right")
        cell = (age * (_CLASSES // 2) + band) * 2 + (book.due >= end)
        sold = book.issue <= end

        def total(rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]", cells: Ints, amounts: Floats) -> Floats:
            summed = np.bincount(cells[rows], weights=amounts[rows], minlength=ages * _CLASSES)
            return np.asarray(summed, np.float64).reshape(ages, _CLASSES)

        cells = total(sold, cell, rate * book.amount)
        settled = rate[book.applied_to] * book.applied_amount
        cash = book.of_kind("cash")

        def share(kind: "np.ndarray[tuple[int], np.dtype[np.bool_]]", evening: int) -> Floats:
            amount = total(kind & (book.applied <= evening), cell[book.applied_to], settled)
            return np.divide(amount, cells, out=np.full_like(cells, np.nan), where=cells > 0)

        sales = cells.sum(axis=1)
        return cls(
            days=float(end - start + 1),
            sales=sales,
            mix=np.divide(cells, sales[:, None], out=np.full_like(cells, np.nan), where=sales[:, None] > 0),
            cash_before=share(cash, start - 1),
            other_before=share(~cash, start - 1),
            cash=share(cash, end),
            other=share(~cash, end),
        )

    @property
    def dso(self) -> float:
        dso = formulas.dso_simple(self._open()[1], float(self.sales[0]), self.days)
        return np.nan if dso is None else dso

    @property
    def cei(self) -> float:
        beginning, ending, current = self._open()
        cei = formulas.cei(beginning, float(self.sales[0]), ending, current)
        return np.nan if cei is None else cei

    def _open(self) -> tuple[float, float, float]:
        """Return beginning AR, ending AR and ending current AR."""
        cells = self.sales[:, None] * self.mix
        ending = cells * (1.0 - self.cash - self.other)
        beginning = cells[1:] * (1.0 - self.cash_before[1:] - self.other_before[1:])
        return float(beginning.sum()), float(ending.sum()), float(ending[:, 1::2].sum())


def _mixed(worlds: list[_World], changed: frozenset[str]) -> _World:
    """Return the world in which only the changed factors are those of the second window."""

    def pick(factor: str, name: str) -> Floats:
        chosen, other = (1, 0) if factor in changed else (0, 1)
        first, second = getattr(worlds[chosen], name), getattr(worlds[other], name)
        return np.asarray(np.nan_to_num(np.where(np.isnan(first), second, first)))

    trend = worlds[1] if "sales trend" in changed else worlds[0]
    return _World(
        days=trend.days,
        sales=trend.sales,
        mix=pick("terms mix", "mix"),
        cash_before=pick("customers", "cash_before"),
        cash=pick("customers", "cash"),
        other_before=pick("write-offs and credits", "other_before"),
        other=pick("write-offs and credits", "other"),
    )


def _days(ledger: Ledger, window: Window, name: str) -> tuple[int, int]:
    start, end = (as_day(day) for day in window)
    if not start <= end <= ledger.as_of:
        rule = f"must be a first and a last day, up to {ledger.as_of:%Y-%m-%d}"
        raise BadInput(rule, field=name, value=f"{start:%Y-%m-%d} to {end:%Y-%m-%d}")
    return day_number(start), day_number(end)


def _ages(start: int, first_issue: int) -> Ints:
    """Return the ends of the months before the window, latest first, down to the first invoice."""
    ends = month_ends(start - 1, max(1, (start - first_issue) // 28 + 2))
    return ends[ends >= first_issue]
