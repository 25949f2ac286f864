"""The staffing frontier: what a week's calls are worth at each number of hours, and where another hour stops to pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger import BadInput
from ledger.arrays import Floats
from ledger.json_ready import json_object
from ledger.policy.roster import BLOCKS
from ledger.progress import Progress, silent
from ledger.results import Result
from optimize.roster.costs import hourly_cost
from optimize.staffing.week import Week

MOST: Final = 400.0  # percent of the roster's hours: further nobody looks
_ROUNDS: Final = 30  # of looking for the hours that pay
_GRID: Final = 20  # points of the curve


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Frontier(Result):
    """Hours of one week against what its calls are worth. Money is in major units of `currency`.

    Parameters
    ----------
    levels
        One row per number of hours, ascending: hours_percent (of the roster's), paid_hours, calling_hours (the share of
        them that goes into calls), used_hours (of these), calls, undone (promises and disputes that must be answered
        and are not), value (of the plan found: what its calls bring less what waiting for later weeks would, goodwill
        and no wages), bound (no plan that leaves no more undone is worth
        more; concave in the hours), gap ((bound − value) ÷ bound), cost (of the
        paid hours), net (value − cost), price_per_hour (what one more paid hour, spread as the roster's are, would
        bring: the slope of the bound; NaN where something is left undone).
    prices
        For one more paid hour of each specialist and newcomer (English and each language, with and without authority to
        be firm): hours_percent, who, languages, skills, date, block (the best of the day), price_per_hour,
        cost_per_hour (NaN for newcomers), hours (0 where nobody is there yet).
    checked
        For each newcomer and day at `checked_percent`, solved anew with the hour: predicted (its price), after (the
        price of a further one), resolved (what it adds to the bound, between these two), planned (what it adds to the
        plan, which is made of whole calls; NaN where none was made).
    curve
        The bound by percent on a finer grid, where nothing is left undone: hours_percent, paid_hours, bound, cost,
        price_per_hour.
    pays_up_to
        Paid hours up to which another hour brings more than its mean cost, in percent of the roster's; at most 400.
    notes
        What a reader must know.
    """

    week: Week
    levels: pd.DataFrame
    prices: pd.DataFrame
    checked: pd.DataFrame
    checked_percent: float
    curve: pd.DataFrame
    pays_up_to: float
    notes: tuple[str, ...] = ()

    @property
    def currency(self) -> str:
        """Currency of all amounts."""
        return self.week.currency

    def table(self) -> pd.DataFrame:
        """Return the levels: one row per number of hours."""
        return self.levels

    def to_dict(self) -> dict[str, Any]:
        """Return the frontier as plain values, without prices and curve."""
        return json_object(
            {
                "summary": self.summary(),
                "currency": self.currency,
                "roster_hours": self.week.shifts.hours,
                "cost_per_hour": self.week.cost_per_hour,
                "pays_up_to_percent": self.pays_up_to,
                "pays_up_to_hours": self.week.shifts.hours * self.pays_up_to / 100,
                "shifts": self.week.shifts.status,
                "levels": self.levels.to_dict("records"),
                "checked_percent": self.checked_percent,
                "checked": self.checked.to_dict("records"),
                "notes": self.notes,
            }
        )

    def summary(self) -> str:
        """Return where an hour stops to pay, in one or two sentences."""
        shifts, cost = self.week.shifts, self.week.cost_per_hour
        hours = shifts.hours * self.pays_up_to / 100
        own = self.levels.set_index("hours_percent").loc[100.0]
        most = " or more" if self.pays_up_to >= MOST else ""
        return (
            f"Another hour pays up to {hours:,.0f}{most} paid hours a week ({self.pays_up_to:.0f} % of the roster's "
            f"{shifts.hours:,.0f}), at a mean cost of {cost:,.2f} {self.currency} an hour. At the roster's own hours "
            f"one more brings {own['price_per_hour']:,.2f}; of {own['calling_hours']:,.0f} hours for calls "
            f"{own['used_hours']:,.0f} are used."
        )


def frontier(week: Week, percents: Iterable[float], *, progress: Progress = silent, seed: int = 0) -> Frontier:
    """Return the frontier at some percentages of the roster's hours.

    The roster's own hours, and those up to which another hour pays, are added where they are missing.

    Raises
    ------
    BadInput
        For a percentage that is not above 0 and at most 400.
    """
    wanted = {float(percent) for percent in percents} | {100.0}
    for percent in sorted(wanted):
        if not 0 < percent <= MOST:
            raise BadInput(f"must lie above 0 and be at most {MOST:g} percent", field="hours", value=percent)
    curve = _Curve(week)
    for percent in sorted(wanted):
        curve.at(percent)
    pays = curve.best()
    if 0 < pays < MOST:
        wanted.add(pays)
    rows = []
    for k, percent in enumerate(sorted(wanted)):
        progress(k, len(wanted), f"plan at {percent:g} %")
        rows.append(curve.level(percent, seed))
    levels = pd.DataFrame(rows)
    checked_percent = _margin(levels)
    prices = pd.concat([_prices(week, curve, percent) for percent in levels["hours_percent"]], ignore_index=True)
    progress(len(wanted), len(wanted), "one more hour")
    return Frontier(
        week=week,
        levels=levels,
        prices=prices,
        checked=_checked(week, curve, prices, checked_percent, seed),
        checked_percent=checked_percent,
        curve=curve.table(float(levels["hours_percent"].max())),
        pays_up_to=pays,
        notes=_notes(week, levels, checked_percent),
    )


class _Curve:
    """The concave bound: each solved number of hours gives a line that no plan at any hours exceeds."""

    def __init__(self, week: Week) -> None:
        self.week = week
        self.prices: dict[float, Floats] = {}
        self.lines: dict[float, tuple[float, float]] = {}  # by percent: value at no hours, value per percent

    def at(self, percent: float) -> tuple[float, float]:
        """Return the bound at a percentage of the hours, and its slope per percent."""
        if percent not in self.lines:
            value, price = self.week.relaxed(self.week.opened(percent / 100))
            slope = float((price[: len(self.week.team)] * self.week.capacity).sum()) / 100
            self.prices[percent], self.lines[percent] = price, (value - slope * percent, slope)
        least = min(self.lines.values(), key=lambda line: line[0] + line[1] * percent)
        return least[0] + least[1] * percent, self.lines[percent][1]

    def table(self, most: float) -> pd.DataFrame:
        """Return all that was solved up to a percentage of the hours, and a grid between, as columns."""
        for percent in np.linspace(0, most, _GRID + 1)[1:]:
            self.at(float(percent))
        known = [percent for percent, price in self.prices.items() if percent <= most and self._done(percent, price)]
        percents = np.array(sorted(known))
        shifts = self.week.shifts
        return pd.DataFrame(
            {
                "hours_percent": percents,
                "paid_hours": shifts.hours * percents / 100,
                "bound": [self.at(percent)[0] for percent in percents.tolist()],
                "cost": shifts.cost * percents / 100,
                "price_per_hour": [100 * self.lines[p][1] / max(shifts.hours, 1e-9) for p in percents.tolist()],
            }
        )

    def _done(self, percent: float, price: Floats) -> bool:
        return self.week.nothing_undone(self.week.opened(percent / 100), price)

    def best(self) -> float:
        """Return the percentage up to which the slope is above the cost: bound less cost is greatest there."""
        cost = self.week.shifts.cost / 100
        low, high = 0.0, MOST
        if self.at(MOST)[1] >= cost:
            return MOST
        for percent in list(self.lines):
            slope = self.lines[percent][1]
            low, high = (max(low, percent), high) if slope >= cost else (low, min(high, percent))
        for _ in range(_ROUNDS):
            if high - low <= 0.1:
                break
            middle = (low + high) / 2 if low else high / 4
            low, high = (middle, high) if self.at(middle)[1] >= cost else (low, middle)
        return round(low, 1)

    def level(self, percent: float, seed: int) -> dict[str, Any]:
        """Return a row of the levels."""
        week, factor = self.week, percent / 100
        bound, slope = self.at(percent)
        capacity = week.opened(factor)
        made = week.planned(capacity, self.prices[percent], seed)
        placed = made.choice[:, 1] >= 0
        undone = int((week.must & ~placed).sum())
        found = made.objective - week.penalty * int(week.must.sum())
        value, bound = found + week.penalty * undone, max(bound, found)
        slots = made.choice[placed, 2]
        paid, cost = week.shifts.hours * factor, week.shifts.cost * factor
        return {
            "hours_percent": percent,
            "paid_hours": paid,
            "calling_hours": float(capacity.sum()) / 60,
            "used_hours": float(week.minutes[placed, slots].sum()) / 60,
            "calls": int(placed.sum()),
            "undone": undone,
            "value": value,
            "bound": bound + week.penalty * undone,
            "gap": (bound - found) / max(abs(bound), 1e-9),
            "cost": cost,
            "net": value - cost,
            "price_per_hour": np.nan if undone else 100 * slope / max(week.shifts.hours, 1e-9),
        }


def _margin(levels: pd.DataFrame) -> float:
    """Return the hours at which prices are checked: the roster's own, or the most below them at which one pays."""
    paying = levels[(levels["price_per_hour"] > 0.01) & (levels["hours_percent"] <= 100)]
    return float(paying["hours_percent"].iloc[-1]) if len(paying) else 100.0


def _prices(week: Week, curve: _Curve, percent: float) -> pd.DataFrame:
    """Return the price of one more paid hour of everybody on each day, in the best block of the day."""
    people = week.team.specialists + week.newcomers
    dates = week.shifts.dates
    hourly = week.next_hour(week.opened(percent / 100), curve.prices[percent]).reshape(len(people), len(dates), BLOCKS)
    cost = np.r_[hourly_cost(week.team, week.assumptions), np.full(len(week.newcomers), np.nan)]
    own = np.concatenate(
        [week.shifts.paid.sum(axis=2) / 60 * percent / 100, np.zeros((len(week.newcomers), len(dates)))]
    )
    return pd.DataFrame(
        {
            "hours_percent": percent,
            "who": np.repeat([person.label for person in people], len(dates)),
            "languages": np.repeat([" ".join(person.languages) for person in people], len(dates)),
            "skills": np.repeat([" ".join(person.skills) for person in people], len(dates)),
            "date": np.tile(dates.to_numpy(), len(people)),
            "block": 1 + hourly.argmax(axis=2).ravel(),
            "price_per_hour": hourly.max(axis=2).ravel(),
            "cost_per_hour": np.repeat(cost, len(dates)),
            "hours": own.ravel(),
        }
    )


def _checked(week: Week, curve: _Curve, prices: pd.DataFrame, percent: float, seed: int) -> pd.DataFrame:
    """Return what an hour of each newcomer brings when the week is solved anew with it, beside its price."""
    base, open_ = curve.at(percent)[0], week.opened(percent / 100)
    plan = week.planned(open_, curve.prices[percent], seed)
    rows = prices[(prices["hours_percent"] == percent) & prices["who"].isin([p.label for p in week.newcomers])]
    found = rows[["who", "languages", "skills", "date", "block"]].assign(predicted=rows["price_per_hour"])
    best = set(found.groupby("who", sort=False)["predicted"].idxmax())
    ids, dates = [person.label for person in week.newcomers], list(week.shifts.dates)
    after, resolved, planned = [], [], []
    for index, row in found.iterrows():
        more = open_.copy()
        slot = dates.index(row["date"]) * BLOCKS + int(row["block"]) - 1
        at = len(week.team) + ids.index(row["who"]), slot
        more[at] += 60 * week.shifts.productive
        value, price = week.relaxed(more)
        after.append(min(60 * week.shifts.productive * float(price[at]), float(row["predicted"])))
        resolved.append(value - base)
        if index in best:
            planned.append(week.planned(more, price, seed).objective - plan.objective)
        else:
            planned.append(np.nan)
    return found.assign(after=after, resolved=resolved, planned=planned).reset_index(drop=True)


def _notes(week: Week, levels: pd.DataFrame, checked: float) -> tuple[str, ...]:
    notes = [*week.notes]
    if levels["undone"].any():
        most = levels.loc[levels["undone"] > 0, "hours_percent"].max()
        notes.append(f"Up to {most:g} % of the hours not every promise and dispute can be answered.")
    shortest = 60 * levels["calling_hours"] / np.count_nonzero(week.capacity)
    if (shortest < 2 * week.minutes.mean()).any():
        less = levels.loc[shortest < 2 * week.minutes.mean(), "hours_percent"].max()
        notes.append(
            f"Up to {less:g} % a block has hardly room for a call: fewer people with longer days would do more."
        )
    if checked != 100:
        notes.append(
            f"At the roster's own hours no price is left to check: prices are checked at {checked:g} % of them."
        )
    return tuple(notes)
