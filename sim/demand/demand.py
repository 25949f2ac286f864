"""What the customers of a ledger go on ordering, and how sure that is.

Order days come as the ledger's did: each customer at its own rate while it stays (`turnover`), all of them at the
level, trend and season of the portfolio (`order_level`), and new customers as they came so far (`newcomers`),
who order as those of the last year. Each order day repeats a past one of that customer (`sim.demand.order_sizes`).

A customer whose last quarter differs from its earlier year by more than chance counts with its last quarter alone: by a
two-sided binomial test in which one customer in a thousand differs by luck.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Floats, Ints, SmallInts
from ledger.table.months import month_ends
from sim.demand.newcomers import Newcomers, newcomers
from sim.demand.order_days import NONE, OrderDays, OrderExposure, order_days, weekly
from sim.demand.order_level import Level, level
from sim.demand.order_sizes import catalogue
from sim.demand.season import Season, season
from sim.demand.turnover import Turnover, turnover

WINDOW: Final = 365  # days of history whose orders are repeated
QUARTER: Final = 91
_QUARTER_WORKED: Final = 65.0  # working days
_YEARS: Final = 3  # of months in which a season is looked for
_LUCK: Final = 0.001  # share of steady customers that seem to have changed
_ROUNDS: Final = 3  # of rates and level by turns


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """How customers go on ordering; one row per customer. A replication draws from it (`sim.world.orders`).

    Parameters
    ----------
    rate, shape, alive, stop
        See `sim.demand.turnover.Turnover`; 0 where a customer has not ordered in the window.
    level
        Factor on all rates on the last day.
    season
        Factors of the twelve months to come, and the doubt about them.
    week
        How much is ordered on each weekday, Monday first; they sum to five, so that rates are per working day.
    newcomers
        When new customers come.
    like
        Rows of the customers whom new ones are like.
    """

    rate: Floats
    shape: Floats
    alive: Floats
    stop: float
    level: Level
    season: Season
    week: Floats
    newcomers: Newcomers
    like: Ints

    def words(self) -> str:
        """Return in one sentence what the run repeats, for the notes of a portfolio."""
        ordered = self.rate > 0
        gone = int((1 - self.alive[ordered]).sum().round())
        parts = [f"Orders: each customer repeats its own of the last {WINDOW} days at its own rate"]
        parts.append(f"all at {100 * self.level.expected:.0f} % of their year's level")
        if self.season.seen:
            parts.append("with last year's season")
        parts.append(f"about {gone:,} of {int(ordered.sum()):,} have stopped")
        parts.append(f"about {self.newcomers.expected(_QUARTER_WORKED):,.0f} new ones come in a quarter")
        return ", ".join(parts) + "."


def demand(ledger: Ledger) -> tuple[Demand, Ints, Ints, Ints, SmallInts]:
    """Return how the customers of a ledger go on ordering, and their catalogue of orders (see `sim.world.behaviour`).

    Raises
    ------
    BadInput
        For a ledger without invoices in its last year.
    """
    days = order_days(ledger) if len(ledger.invoices) else None
    if days is None or days.latest.max() <= days.end - WINDOW:
        raise BadInput(
            f"has no invoice in the {WINDOW} days before {ledger.as_of:%Y-%m-%d}: nobody to simulate", where="ledger"
        )
    recent = days.after(days.end - WINDOW)
    week = weekly(days, days.end - WINDOW)
    workdays = OrderExposure.of(ledger, min(days.begin, days.end - WINDOW), week)
    wave = _season(days, workdays)
    start = np.maximum(days.first, days.end - WINDOW)
    changed = _changed(recent, workdays, start)
    start = np.where(changed, days.end - QUARTER, start)
    repeated = catalogue(recent, days.end - QUARTER, changed)
    came, walked = _rates(recent, workdays, start, wave.factor, _invoices(*repeated[:2]))
    listed = np.bincount(recent.owner, minlength=len(start)) > 0
    told = Demand(
        rate=np.where(listed, came.rate, 0.0),
        shape=came.shape,
        alive=np.where(listed, came.alive, 0.0),
        stop=came.stop,
        level=walked,
        season=wave,
        week=week,
        newcomers=newcomers(days, workdays),
        like=np.flatnonzero(listed & (days.first > max(days.end - WINDOW, (2 * days.begin + days.end) // 3))),
    )
    return told, *repeated


def _invoices(orders: Ints, lines: Ints) -> Floats:
    """Return how many invoices an order of each customer brings, of those that it repeats."""
    many = np.diff(orders)
    return np.diff(lines[orders]) / np.maximum(many, 1)


def _blocks(days: OrderDays, months: int) -> Ints:
    """Return the evenings between which months lie, latest last, from the first that the ledger knows whole."""
    ends = month_ends(days.end, months + 1)[::-1]
    return ends[ends >= days.begin - 1]


def _season(days: OrderDays, workdays: OrderExposure) -> Season:
    """Return the season of the ledger's months."""
    edges = _blocks(days, 12 * _YEARS)
    counts = np.histogram(days.day, np.r_[edges, np.inf] + 0.5, weights=np.diff(days.lines))[0][:-1].astype(np.float64)
    total = workdays.total.mean(axis=0)
    return season(counts, np.diff(total[np.clip(edges - workdays.first + 1, 0, len(total) - 1)]))


def _changed(recent: OrderDays, workdays: OrderExposure, start: Ints) -> Flags:
    """Return whose last quarter differs from what came before by more than chance, and was not silent."""
    from scipy.stats import binom

    border = recent.end - QUARTER
    counted = recent.day > start[recent.owner]
    late = np.bincount(recent.owner[counted & (recent.day > border)], minlength=len(start))
    all_in = np.bincount(recent.owner[counted], minlength=len(start))
    after = workdays.between(np.maximum(start, border), recent.end)
    share = np.clip(after / np.maximum(workdays.between(start, recent.end), 1e-9), 0, 1)
    tail = np.minimum(binom.cdf(late, all_in, share), binom.sf(late - 1, all_in, share))
    return np.asarray((2 * tail < _LUCK) & (late > 0) & (start < border))


def _rates(
    recent: OrderDays, workdays: OrderExposure, start: Ints, wave: Floats, invoices: Floats
) -> tuple[Turnover, Level]:
    """Return each customer's rate, and the level of all: by turns, since a rate counts from the level of its days.

    The level counts `invoices`, each order as many as the run will repeat: a house that grows writes more on one day
    for one customer, too. They come in clusters, so they count by the dispersion that the repeated orders have.
    """
    edges = month_ends(recent.end, 13)[::-1]
    month = np.clip(np.searchsorted(edges, workdays.first + np.arange(workdays.working.shape[1])) - 1, 0, 11)
    size, owner = len(start), recent.owner
    counted = recent.day > start[owner]
    orders = np.bincount(owner[counted], minlength=size).astype(np.float64)
    lines = np.diff(recent.lines)[counted]
    cluster = max((lines**2).sum() / max(lines.sum(), 1), 1.0)
    when = month[recent.day[counted] - workdays.first]
    counts = np.bincount(when, lines / cluster, 12).astype(np.float64)
    latest, there = np.maximum(recent.latest, start), recent.latest > NONE
    seasonal = workdays.weighted(wave[month])
    path = np.ones(12)
    for _ in range(_ROUNDS):
        own = workdays.weighted((wave * path)[month])
        ordering, silence = own.between(start, latest), own.between(latest, recent.end)
        came = turnover(orders[there], ordering[there], silence[there])
        came = _for_all(came, there)
        expected = np.empty(12)
        for k, (after, until) in enumerate(pairwise(edges)):
            whole = seasonal.between(np.maximum(start, after), until)
            ordered = seasonal.between(np.maximum(start, after), np.minimum(latest, until))
            each = came.alive * came.rate * whole + (1 - came.alive) * came.before * ordered
            expected[k] = (there * invoices * each).sum() / cluster
        known = np.flatnonzero(expected > 0)
        walked, path[known] = level(counts[known], expected[known])
    return came, walked


def _for_all(told: Turnover, there: Flags) -> Turnover:
    """Return rates of all customers, nothing of those without any order."""
    full = {name: np.zeros(len(there)) for name in ("shape", "rate", "alive", "before")}
    for name, column in full.items():
        column[there] = getattr(told, name)
    return Turnover(stop=told.stop, **full)
