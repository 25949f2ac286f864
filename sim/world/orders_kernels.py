"""Compiled: order days and what is ordered on them; see `orders`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Flags, Floats, Ints, SmallInts
from ledger.compiling import njit
from ledger.splitmix_kernels import mix
from sim.world.keyed_kernels import child, uniform


class Processes(NamedTuple):
    """Poisson processes of order days; time is counted in working days of the country, each by its weight."""

    customer: Ints
    entity: Bits
    rate: Floats
    begin: Floats
    end: Floats
    greets: Flags  # whether it orders when it begins


class Catalogue(NamedTuple):
    """Orders to repeat (see `Behaviour`), and the customers whose they are."""

    orders: Ints
    lines: Ints
    amount: Ints
    term: SmallInts
    entity: Bits
    resampled: bool  # each replication repeats a bootstrap sample


class OrderDays(NamedTuple):
    """On which days is ordered in each country, and how much order time has passed by the end of each."""

    country: SmallInts  # of each customer
    table: SmallInts  # (countries, days)
    length: Ints  # days of each country
    upto: Floats  # (countries, days)


class Keys(NamedTuple):
    """Of draws: when is ordered, what, and which sample of the catalogue."""

    time: np.uint64
    choice: np.uint64
    sample: np.uint64


@njit
def strangers(entity: Bits) -> Bits:
    """Return an entity for each new customer, by whom it is like and by its number."""
    out = np.empty(len(entity), np.uint64)
    for j in range(len(entity)):
        out[j] = mix(entity[j] + mix(np.uint64(j)))
    return out


@njit
def numbered(customer: SmallInts, entity: Bits) -> tuple[SmallInts, Bits]:
    """Return each invoice's running number within its customer, and its entity."""
    number, own = np.empty(len(customer), np.int32), np.empty(len(customer), np.uint64)
    for i in range(len(customer)):
        same = i > 0 and customer[i] == customer[i - 1]
        number[i] = number[i - 1] + 1 if same else 0
        own[i] = child(entity[customer[i]], number[i])
    return number, own


@njit
def _choice(keys: Keys, catalogue: Catalogue, c: int, entity: np.uint64, k: int) -> int:
    """Return the order that a process of customer c repeats the k-th time."""
    first, many = catalogue.orders[c], catalogue.orders[c + 1] - catalogue.orders[c]
    place = min(int(uniform(keys.choice, entity, k) * many), many - 1)
    if catalogue.resampled:
        place = min(int(uniform(keys.sample, catalogue.entity[c], place) * many), many - 1)
    return int(first + place)


@njit
def _next(keys: Keys, process: Processes, p: int, k: int, clock: float) -> float:
    """Return when a process orders the k-th time, the time before given; infinity after its end."""
    if k == 0 and process.greets[p]:
        return float(process.begin[p])
    clock -= np.log(uniform(keys.time, process.entity[p], k)) / process.rate[p]
    return float(clock) if clock < process.end[p] else np.inf


@njit
def counted(process: Processes, when: OrderDays, catalogue: Catalogue, keys: Keys) -> Ints:
    """Return how many invoices each process issues."""
    country, _, length, upto = when
    counts = np.zeros(len(process.rate), np.int64)
    for p in range(len(process.rate)):
        c = process.customer[p]
        days = length[country[c]]
        if process.rate[p] <= 0 or days == 0:
            continue
        k, last = 0, upto[country[c], days - 1]
        clock = _next(keys, process, p, k, process.begin[p])
        while clock < last:
            order = _choice(keys, catalogue, c, process.entity[p], k)
            counts[p] += catalogue.lines[order + 1] - catalogue.lines[order]
            k += 1
            clock = _next(keys, process, p, k, clock)
    return counts


@njit
def drawn(
    process: Processes, when: OrderDays, catalogue: Catalogue, keys: Keys, end: Ints
) -> tuple[SmallInts, SmallInts, SmallInts, Ints]:
    """Return customer, issue day, due day and amount of every invoice; `end` is where those of each process end."""
    country, table, length, upto = when
    total = end[-1] if len(end) else 0
    customer, issue = np.empty(total, np.int32), np.empty(total, np.int32)
    due, amount = np.empty(total, np.int32), np.empty(total, np.int64)
    i = 0
    for p in range(len(process.rate)):
        c = process.customer[p]
        days = length[country[c]]
        if process.rate[p] <= 0 or days == 0:
            continue
        k, at, last = 0, 0, upto[country[c], days - 1]
        clock = _next(keys, process, p, k, process.begin[p])
        while clock < last:
            while upto[country[c], at] <= clock:
                at += 1
            day = table[country[c], at]
            order = _choice(keys, catalogue, c, process.entity[p], k)
            for line in range(catalogue.lines[order], catalogue.lines[order + 1]):
                customer[i], issue[i] = c, day
                due[i], amount[i] = day + catalogue.term[line], catalogue.amount[line]
                i += 1
            k += 1
            clock = _next(keys, process, p, k, clock)
    return customer, issue, due, amount
