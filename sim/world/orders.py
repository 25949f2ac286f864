"""Orders to come: each customer repeats its own past orders at its own rate, on working days of its country.

Order days are a Poisson process. Where the rates are a ledger's (`demand`), each replication draws what is not
known of them: level and trend of all, the season's factors, what is a month's own, each customer's rate about its mean
(the mean of all stays: the level holds what is not known of that), whether it still orders and when it stops, who comes
anew, and how often each past order is repeated (a bootstrap of the customer's orders). All draws are keyed, so every
strategy meets the same ones.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ledger.arrays import Bits, Floats, Ints, SmallInts
from ledger.table.calendar import Calendar
from sim.demand.demand import Demand
from sim.demand.order_days import open_days
from sim.demand.order_level import FADES
from sim.world.behaviour import Behaviour
from sim.world.keyed import NOBODY, Purpose, key, normals
from sim.world.keyed_kernels import uniform, uniforms
from sim.world.orders_kernels import Catalogue, Keys, OrderDays, Processes, counted, drawn, numbered, strangers

MONTH: Final = 365.25 / 12  # days
_FEW: Final = 4.0  # shape of a gamma distribution from which a cube of a normal stands for it


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """Invoices to be issued on days 1 .. days, sorted by customer and day."""

    customer: SmallInts
    number: SmallInts  # running number within the customer, from 0
    issue: SmallInts
    due: SmallInts
    amount: Ints
    entity: Bits


def draw_orders(
    behaviour: Behaviour,
    country: SmallInts,
    entity: Bits,
    calendar: Calendar,
    seed: int,
    *,
    replication: int,
) -> Orders:
    """Draw the order days of every customer, and one of its catalogue's orders for each."""
    demand = behaviour.demand
    table, length = _order_days(calendar, demand)
    if demand is None:
        upto, processes = np.arange(1.0, table.shape[1] + 1) + np.zeros((len(table), 1)), _steady(behaviour, entity)
    else:
        factor, trend = _level(demand, calendar.days, seed, replication)
        months = _months(demand, calendar.days, seed, replication)
        upto = np.cumsum(_weight(demand, trend, months, calendar)[table], axis=1)
        horizon = float(max(upto[row, n - 1] for row, n in enumerate(length) if n)) if length.any() else 0.0
        own = _staying(demand, entity, factor, seed, replication)
        processes = _together(own, _coming(demand, entity, own.rate, horizon, seed, replication=replication))
    many = behaviour.orders, behaviour.lines, behaviour.amount, behaviour.term
    catalogue = Catalogue(*many, entity, demand is not None)
    keys = Keys(*(key(seed, replication, purpose) for purpose in _PURPOSES))
    days = OrderDays(country, table, length, upto)
    end = np.cumsum(counted(processes, days, catalogue, keys))
    columns: tuple[NDArray[Any], ...] = drawn(processes, days, catalogue, keys, end)
    if demand is not None:
        order = np.lexsort((columns[1], columns[0]))
        columns = tuple(column[order] for column in columns)
    number, own_entity = numbered(columns[0], entity)
    return Orders(**dict(zip(_FIELDS, columns, strict=True)), number=number, entity=own_entity)


_FIELDS = ("customer", "issue", "due", "amount")
_PURPOSES = (Purpose.ORDER_TIME, Purpose.ORDER_CHOICE, Purpose.ORDER_SAMPLE)


def _order_days(calendar: Calendar, demand: Demand | None) -> tuple[SmallInts, Ints]:
    """Return the days of each country on which is ordered, (countries, most), and how many there are."""
    if demand is None:
        chosen = [calendar.working(code) for code in calendar.countries]
    else:
        asked = demand.week[calendar.weekday()] > 0
        chosen = [open_days(calendar, code) & asked for code in calendar.countries]
    working = [np.flatnonzero(days[1 : calendar.days + 1]) + 1 for days in chosen]
    length = np.array([len(days) for days in working])
    table = np.zeros((len(working), max(int(length.max()), 1)), np.int32)
    for row, days in enumerate(working):
        table[row, : len(days)] = days
    return table, length


def _steady(behaviour: Behaviour, entity: Bits) -> Processes:
    """Return customers whose rates are the truth and who stay."""
    n = len(entity)
    rate, forever, never = behaviour.order_rate, np.full(n, np.inf), np.zeros(n, np.bool_)
    return Processes(np.arange(n), entity, rate, np.zeros(n), forever, never)


def _level(demand: Demand, days: int, seed: int, replication: int) -> tuple[float, float]:
    """Return the level of the coming time, and its trend per month."""
    draw = key(seed, replication, Purpose.ORDER_LEVEL)
    return demand.level.drawn(uniform(draw, NOBODY, 0), uniform(draw, NOBODY, 1), days / MONTH)


def _months(demand: Demand, days: int, seed: int, replication: int) -> Floats:
    """Return a factor on the orders of each coming month: its season's, and what is its own."""
    number = np.arange(int(days / MONTH) + 1, dtype=np.uint64)
    way = uniform(key(seed, replication, Purpose.ORDER_LEVEL), NOBODY, 0)
    own = demand.level.months(way, uniforms(key(seed, replication, Purpose.ORDER_MONTH), number, 0))
    year = np.arange(12, dtype=np.uint64)
    wave = demand.season.drawn(normals(key(seed, replication, Purpose.ORDER_SEASON), year, 0))
    return np.asarray(own * wave[number % np.uint64(12)])


def _weight(demand: Demand, trend: float, months: Floats, calendar: Calendar) -> Floats:
    """Return how much is ordered on each day, by weekday, trend and month, beside a day at the ledger's end."""
    age = np.arange(calendar.days + 1) / MONTH
    fading = -np.expm1(np.log(FADES) * age) / -np.log(FADES)
    week = demand.week[calendar.weekday()[: calendar.days + 1]]
    return np.asarray(np.exp(trend * fading) * months[age.astype(np.int64)] * week)


def _staying(demand: Demand, entity: Bits, factor: float, seed: int, replication: int) -> Processes:
    """Return the known customers: each one's rate, and until when it orders."""
    draw = key(seed, replication, Purpose.ORDER_RATE)
    rate = demand.rate * _gamma(demand.shape, draw, entity)
    drawn = rate.sum()
    rate *= factor * demand.rate.sum() / drawn if drawn > 0 else 1.0
    alive = uniforms(draw, entity, 3) < demand.alive
    end = np.where(alive, -np.log(uniforms(draw, entity, 4)) / demand.stop, 0.0)
    n = len(entity)
    return Processes(np.arange(n), entity, rate, np.zeros(n), end, np.zeros(n, np.bool_))


def _coming(demand: Demand, entity: Bits, rate: Floats, horizon: float, seed: int, *, replication: int) -> Processes:
    """Return new customers: when each one comes, whom it is like, on whose account its orders are booked."""
    draw = key(seed, replication, Purpose.NEWCOMER)
    often = demand.newcomers.drawn(uniform(draw, NOBODY, 0)) if len(demand.like) else 0.0
    many = often * demand.newcomers.expected(horizon)
    number = np.arange(int(many + 8 * np.sqrt(many) + 20), dtype=np.uint64)
    begin = demand.newcomers.when(np.cumsum(-np.log(uniforms(draw, number, 1))) / max(often, 1e-9), horizon)
    begin = begin[begin < horizon]
    pick = uniforms(draw, number[: len(begin)], 2)
    chosen = demand.like[(pick * len(demand.like)).astype(np.int64)]
    own = strangers(entity[chosen])
    end = begin - np.log(uniforms(draw, own, 3)) / demand.stop
    return Processes(chosen, own, rate[chosen], begin, end, np.ones(len(chosen), np.bool_))


def _together(some: Processes, others: Processes) -> Processes:
    return Processes(*(np.concatenate(pair) for pair in zip(some, others, strict=True)))


def _gamma(shape: Floats, draw: np.uint64, entity: Bits) -> Floats:
    """Return gamma variates of mean 1; those of many orders by Wilson and Hilferty's cube of a normal."""
    k = np.maximum(shape, 1e-9)
    out = np.maximum(1 - 1 / (9 * k) + normals(draw, entity, 0) / (3 * np.sqrt(k)), 0.0) ** 3
    few = np.flatnonzero(k < _FEW)
    if len(few):
        from scipy.special import gammaincinv

        out[few] = gammaincinv(k[few], uniforms(draw, entity[few], 2)) / k[few]
    return np.asarray(out)
