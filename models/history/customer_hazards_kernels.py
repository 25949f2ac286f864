"""Compiled: weighted payments and invoices at risk of customers, segments and weekdays; see `customer_hazards`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Floats, Ints, Singles
from ledger.compiling import njit

RECENT = 400  # invoices that a customer's kernel looks back at
PSEUDO = 2.0  # invoices that the hazard above stands for
WINDOW = 400  # days that segment and portfolio look back
GROUP_PSEUDO = 30.0  # invoices that the whole portfolio stands for in the hazard of a due weekday or a segment
WEEKDAY_PSEUDO = 4.0  # payments that an even share of the weekdays stands for
WEEKDAY_HALF_LIFE = 90.0  # days


class HazardBooks(NamedTuple):
    """Invoices by customer and issue day: where each customer's begin, days, and their places on an axis."""

    offset: Ints  # (customers + 1,)
    issue: Ints
    due: Ints
    seen: Ints
    paid: Flags
    enter: Ints  # places on the axis's scale, as the next two
    due_at: Ints
    end: Ints


class GroupBooks(NamedTuple):
    """Invoices of a group by issue day; cells count from the axis's first day."""

    issue: Ints
    seen: Ints
    paid: Flags
    due_weekday: Ints
    country: Ints
    enter: Ints  # cell, as the next
    end: Ints
    zero: Ints  # place on the axis's scale of the first cell


class Askers(NamedTuple):
    """Invoices asked about."""

    customer: Ints
    due: Ints
    term: Ints
    evening: Ints
    evening_at: Ints  # its place on the axis's scale


class KernelWeights(NamedTuple):
    """What past invoices count; see `Kernel`."""

    half_life: float
    other_weekday: float
    other_term: float


@njit
def by_group(
    books: GroupBooks, sundays: Ints, evening_at: Ints, parent: Floats, half_life: float, pseudo: float
) -> Floats:
    """Return hazards by Sunday, due weekday and cell; `evening_at` are the Sundays' places, (countries, Sundays)."""
    weeks, size = parent.shape
    table = np.empty((weeks, 7, size))
    begin = 0
    for w in range(weeks):
        a = sundays[w]
        while begin < len(books.issue) and books.issue[begin] < a - WINDOW:
            begin += 1
        d, n = np.zeros((7, size)), np.zeros((7, size + 1))
        i = begin
        while i < len(books.issue) and books.issue[i] <= a:
            known = books.seen[i] <= a
            stop = books.end[i] if known else evening_at[books.country[i], w] - books.zero[i]
            weight, k = 2.0 ** (-(a - books.issue[i]) / half_life), books.due_weekday[i]
            _count(d[k], n[k], weight, books.enter[i], stop, known and books.paid[i])
            i += 1
        run, all_d, all_n = np.zeros(7), 0.0, 0.0
        for x in range(size):
            all_d, all_n = 0.0, 0.0
            for k in range(7):
                run[k] = max(run[k] + n[k, x], 0.0)
                all_d += d[k, x]
                all_n += max(run[k], d[k, x])
            whole = (all_d + pseudo * parent[w, x]) / (all_n + pseudo)
            for k in range(7):
                table[w, k, x] = (d[k, x] + GROUP_PSEUDO * whole) / (max(run[k], d[k, x]) + GROUP_PSEUDO)
    return table


@njit
def _count(paid_out: Floats, entered_out: Floats, weight: float, enter: int, stop: int, event: bool) -> None:
    """Count an invoice at risk from `enter` to `stop`, and its payment there, on cells of an axis."""
    size = len(paid_out)
    start = max(enter, 0)
    if stop >= start:
        entered_out[min(start, size)] += weight
        entered_out[min(stop + 1, size)] -= weight
        if event and stop < size:
            paid_out[stop] += weight


@njit
def by_customer(
    books: HazardBooks, asked: Askers, parent: Singles, weights: KernelWeights, low: int
) -> tuple[Singles, Singles]:
    """Return hazards and weighted invoices at risk of each customer asked about; the axis begins at `low`."""
    size = parent.shape[1]
    hazard = np.empty((len(asked.customer), size), np.float32)
    support = np.zeros((len(asked.customer), size), np.float32)
    for i in range(len(asked.customer)):
        d, n = np.zeros(size), np.zeros(size + 1)
        c, evening = asked.customer[i], asked.evening[i]
        if c >= 0:
            first = books.offset[c]
            j = np.searchsorted(books.issue[first : books.offset[c + 1]], evening, side="left") + first - 1
            last = max(first, j - RECENT + 1)
            while j >= last:
                weight = 2.0 ** (-(evening - books.issue[j]) / weights.half_life)
                if (books.due[j] - asked.due[i]) % 7 != 0:
                    weight *= weights.other_weekday
                if abs(books.due[j] - books.issue[j] - asked.term[i]) > 2:
                    weight *= weights.other_term
                known = books.seen[j] <= evening
                zero = books.due_at[j] + low
                stop = (books.end[j] if known else asked.evening_at[i]) - zero
                _count(d, n, weight, books.enter[j] - zero, stop, known and books.paid[j])
                j -= 1
        run = 0.0
        for x in range(size):
            run = max(run + n[x], 0.0)
            at_risk = max(run, d[x])
            support[i, x] = at_risk
            hazard[i, x] = (d[x] + PSEUDO * parent[i, x]) / (at_risk + PSEUDO)
    return hazard, support


@njit
def recent_weekdays(
    books: tuple[Ints, Ints, Ints, Ints, Flags], customer: Ints, evening: Ints, even: Floats
) -> Singles:
    """Return shares of weekdays in each customer's recent payments, shrunk to `even`, (asked, 7)."""
    offset, issue, seen, end, paid = books
    shares = np.empty((len(customer), 7), np.float32)
    for i in range(len(customer)):
        count = even[i] * WEEKDAY_PSEUDO
        c = customer[i]
        if c >= 0:
            j = np.searchsorted(issue[offset[c] : offset[c + 1]], evening[i], side="right") + offset[c] - 1
            last = max(offset[c], j - RECENT + 1)
            while j >= last:
                if paid[j] and seen[j] <= evening[i]:
                    count[(end[j] + 3) % 7] += 2.0 ** (-(evening[i] - end[j]) / WEEKDAY_HALF_LIFE)
                j -= 1
        shares[i] = count / count.sum()
    return shares
