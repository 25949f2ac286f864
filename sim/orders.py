"""Orders to come: each customer repeats its own past orders at its own rate, on working days of its country."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from ledger.calendar import Calendar
from sim.behaviour import Behaviour
from sim.keyed import Purpose, child, key, uniform


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """Invoices to be issued on days 1 .. days, sorted by customer and day."""

    customer: npt.NDArray[np.int32]
    number: npt.NDArray[np.int32]  # running number within the customer, from 0
    issue: npt.NDArray[np.int32]
    due: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int64]
    entity: npt.NDArray[np.uint64]


def draw_orders(
    behaviour: Behaviour,
    country: npt.NDArray[np.int32],
    entity: npt.NDArray[np.uint64],
    calendar: Calendar,
    seed: int,
    replication: int,
) -> Orders:
    """Draw a Poisson process of order days for every customer, and one of its catalogue's orders for each."""
    working = [np.flatnonzero(calendar.working(code)[1 : calendar.days + 1]) + 1 for code in calendar.countries]
    length = np.array([len(days) for days in working])
    table = np.zeros((len(working), max(int(length.max()), 1)), np.int32)
    for row, days in enumerate(working):
        table[row, : len(days)] = days
    keys = key(seed, replication, Purpose.ORDER_TIME), key(seed, replication, Purpose.ORDER_CHOICE)
    catalogue = behaviour.orders, behaviour.lines, behaviour.amount, behaviour.term
    process = behaviour.order_rate, country, entity, table, length
    counts = _count(process, catalogue, keys)
    end = np.cumsum(counts)
    return Orders(**dict(zip(_FIELDS, _fill(process, catalogue, keys, end), strict=True)))


_FIELDS = ("customer", "number", "issue", "due", "amount", "entity")


@njit(cache=True)
def _choice(keys, catalogue, entity, c, k):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the order that customer c repeats the k-th time."""
    orders = catalogue[0]
    many = orders[c + 1] - orders[c]
    return orders[c] + min(int(uniform(keys[1], entity, k) * many), many - 1)


@njit(cache=True)
def _count(process, catalogue, keys):  # type: ignore[no-untyped-def]  # numba infers them
    rate, country, entity, _, length = process
    lines = catalogue[1]
    counts = np.zeros(len(rate), np.int64)
    for c in range(len(rate)):
        if rate[c] <= 0:
            continue
        clock, k = 0.0, 0
        while True:
            clock -= np.log(uniform(keys[0], entity[c], k)) / rate[c]
            if clock >= length[country[c]]:
                break
            order = _choice(keys, catalogue, entity[c], c, k)
            counts[c] += lines[order + 1] - lines[order]
            k += 1
    return counts


@njit(cache=True)
def _fill(process, catalogue, keys, end):  # type: ignore[no-untyped-def]  # numba infers them
    rate, country, entity, table, length = process
    _, lines, line_amount, line_term = catalogue
    total = end[-1] if len(end) else 0
    customer, number = np.empty(total, np.int32), np.empty(total, np.int32)
    issue, due = np.empty(total, np.int32), np.empty(total, np.int32)
    amount, own = np.empty(total, np.int64), np.empty(total, np.uint64)
    i = 0
    for c in range(len(rate)):
        if rate[c] <= 0:
            continue
        clock, k, n = 0.0, 0, 0
        while True:
            clock -= np.log(uniform(keys[0], entity[c], k)) / rate[c]
            if clock >= length[country[c]]:
                break
            day = table[country[c], int(clock)]
            order = _choice(keys, catalogue, entity[c], c, k)
            for line in range(lines[order], lines[order + 1]):
                customer[i], number[i], issue[i] = c, n, day
                due[i], amount[i] = day + line_term[line], line_amount[line]
                own[i] = child(entity[c], n)
                n += 1
                i += 1
            k += 1
    return customer, number, issue, due, amount, own
