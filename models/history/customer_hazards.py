"""Hierarchical kernel Kaplan–Meier: how a customer has lately been paying, seen from any evening.

An invoice asked about on evening `a` looks back at the customer's last invoices issued before. Each counts with a
weight that halves every `half_life` days and is less where the weekday of the due date or the term differs. Those known
to be paid count as events, open ones are censored on `a`. At each day late k the hazard is
``(d + PSEUDO × h) ÷ (n + PSEUDO)`` with d weighted payments out of n at risk, h the same of the customer's segment,
that of the segment shrunk to the portfolio. Segment and portfolio are seen as of the last Sunday evening. So nothing
later than `a` is used, and a new customer has its segment's or the portfolio's curve.

Days late are counted either in calendar days or in payment days (`Axis`): the first keeps a customer's grace days, the
second a weekly rhythm.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints, Singles
from ledger.compiling import njit
from models.history.history_columns import Asked, Past
from models.history.paydays import Paydays
from models.history.weekdays import weekday

RECENT: Final = 400  # invoices that a customer's kernel looks back at
PSEUDO: Final = 2.0  # invoices that the hazard above stands for
WINDOW: Final = 400  # days that segment and portfolio look back
_GROUP_PSEUDO: Final = 30.0  # invoices that the whole portfolio stands for in the hazard of a due weekday or a segment
_PRIOR: Final = (0.5, 5.0)  # payments and payment days at risk before anything is known
_SEGMENT: Final = 200  # invoices that a segment needs for a curve of its own


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """What a kernel looks at."""

    by_payment_days: bool  # else by calendar days
    half_life: float  # days
    other_weekday: float  # weight of invoices due on another weekday
    other_term: float  # weight of invoices whose term differs by more than two days


@dataclass(frozen=True, eq=False, kw_only=True)
class Axis:
    """Days late from `first` to `last`, counted in calendar or in payment days."""

    first: int
    last: int
    by_payment_days: bool
    paydays: Paydays

    @classmethod
    def of(cls, kernel: Kernel, paydays: Paydays) -> "Axis":
        """Return an axis that holds nearly all payments."""
        first, last = (-65, 90) if kernel.by_payment_days else (-90, 125)
        return cls(first=first, last=last, by_payment_days=kernel.by_payment_days, paydays=paydays)

    @property
    def size(self) -> int:
        """Number of days on the axis."""
        return self.last - self.first + 1

    def at(self, country: Ints, day: Ints) -> Ints:
        """Return where on the axis's scale an evening stands: all payments up to it have been made."""
        return self.paydays.counted(country, day) if self.by_payment_days else day

    def of_payment(self, country: Ints, day: Ints) -> Ints:
        """Return where a payment stands: on the next payment day from the day on."""
        return self.at(country, day - 1) + 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Placed:
    """The past on an axis: where invoices enter, are due and end."""

    past: Past
    axis: Axis
    country: Ints
    enter: Ints
    due: Ints
    end: Ints

    @classmethod
    def of(cls, past: Past, axis: Axis) -> "Placed":
        """Place the past on an axis."""
        own = past.country[past.customer]
        return cls(
            past=past,
            axis=axis,
            country=own,
            enter=axis.of_payment(own, past.issue),
            due=axis.at(own, past.due),
            end=axis.of_payment(own, past.end),
        )


def customer_hazards(past: Past, asked: Asked, axis: Axis, kernel: Kernel) -> tuple[Singles, Singles]:
    """Return hazards and weighted invoices at risk, both (asked, axis)."""
    placed = Placed.of(past, axis)
    parent = _parents(placed, asked, max(kernel.half_life, 90.0))
    hazard, support = _customers(
        (past.offset, past.issue, past.due, past.seen, past.paid),
        (placed.enter, placed.due, placed.end, axis.at(asked.country, asked.evening)),
        (asked.customer, asked.due, asked.due - asked.issue, asked.evening),
        parent,
        (kernel.half_life, kernel.other_weekday, kernel.other_term),
        (axis.first, axis.size),
    )
    return hazard, support


def _parents(placed: Placed, asked: Asked, half_life: float) -> Singles:
    """Return the hazards (asked, axis) of each invoice's segment and due weekday, as of the Sunday before."""
    past = placed.past
    first = int(past.issue.min()) if len(past) else past.as_of
    first -= int(weekday(np.array(first + 1)))  # the Sunday before
    last = min(past.as_of, int(asked.evening.max()) if len(asked) else first)
    sundays = first + 7 * np.arange(max((last - first) // 7 + 1, 1))
    week = np.clip((asked.evening - first) // 7, 0, len(sundays) - 1)
    whole = np.full((len(sundays), placed.axis.size), _PRIOR[0] / _PRIOR[1])
    portfolio = _group_hazards(placed, np.arange(len(past)), sundays, half_life, whole, pseudo=PSEUDO)
    found = portfolio[week, weekday(asked.due)].astype(np.float32)
    counts = np.bincount(past.segment[past.customer], minlength=1)
    for segment in np.flatnonzero((counts >= _SEGMENT) & (counts < len(past))):
        mine = asked.segment == segment
        if mine.any():
            rows = np.flatnonzero(past.segment[past.customer] == segment)
            table = _group_hazards(placed, rows, sundays, half_life, portfolio.mean(axis=1), pseudo=_GROUP_PSEUDO)
            found[mine] = table[week[mine], weekday(asked.due[mine])]
    return found


def _group_hazards(
    placed: Placed, rows: Ints, sundays: Ints, half_life: float, parent: Floats, *, pseudo: float
) -> Floats:
    """Return hazards (Sundays, 7 due weekdays, axis) of some invoices, shrunk to a parent's (Sundays, axis)."""
    past, axis = placed.past, placed.axis
    rows = rows[np.argsort(past.issue[rows], kind="stable")]
    numbers = np.arange(axis.paydays.open.shape[0])
    return np.asarray(
        _groups(
            sundays,
            np.stack([axis.at(np.full(len(sundays), number), sundays) for number in numbers]),
            past.issue[rows],
            past.seen[rows],
            past.paid[rows],
            weekday(past.due[rows]),
            placed.country[rows],
            placed.enter[rows] - placed.due[rows] - axis.first,
            placed.end[rows] - placed.due[rows] - axis.first,
            placed.due[rows] + axis.first,
            half_life,
            parent,
            pseudo,
        )
    )


@njit(cache=True)
def _groups(sundays, evening_at, issue, seen, paid, due_weekday, country, enter, end, zero, half_life, parent, pseudo):  # type: ignore[no-untyped-def]  # numba infers them
    weeks, size = parent.shape
    table = np.empty((weeks, 7, size))
    begin = 0
    for w in range(weeks):
        a = sundays[w]
        while begin < len(issue) and issue[begin] < a - WINDOW:
            begin += 1
        d, n = np.zeros((7, size)), np.zeros((7, size + 1))
        i = begin
        while i < len(issue) and issue[i] <= a:
            known = seen[i] <= a
            stop = end[i] if known else evening_at[country[i], w] - zero[i]
            weight, k = 2.0 ** (-(a - issue[i]) / half_life), due_weekday[i]
            _count(d[k], n[k], weight, enter[i], stop, known and paid[i])
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
                table[w, k, x] = (d[k, x] + _GROUP_PSEUDO * whole) / (max(run[k], d[k, x]) + _GROUP_PSEUDO)
    return table


@njit(cache=True)
def _count(d, n, weight, enter, stop, event):  # type: ignore[no-untyped-def]  # numba infers them
    """Count an invoice at risk from `enter` to `stop`, and its payment there, on cells of an axis."""
    size = len(d)
    start = max(enter, 0)
    if stop >= start:
        n[min(start, size)] += weight
        n[min(stop + 1, size)] -= weight
        if event and stop < size:
            d[stop] += weight


@njit(cache=True)
def _customers(books, placed, asked, parent, kernel, axis):  # type: ignore[no-untyped-def]  # numba infers them
    offset, issue, due, seen, paid = books
    enter, due_at, end, evening_at = placed
    who, own_due, term, evening = asked
    half_life, other_weekday, other_term = kernel
    low, size = axis
    hazard = np.empty((len(who), size), np.float32)
    support = np.zeros((len(who), size), np.float32)
    for i in range(len(who)):
        d, n = np.zeros(size), np.zeros(size + 1)
        c = who[i]
        if c >= 0:
            j = np.searchsorted(issue[offset[c] : offset[c + 1]], evening[i], side="left") + offset[c] - 1
            last = max(offset[c], j - RECENT + 1)
            while j >= last:
                weight = 2.0 ** (-(evening[i] - issue[j]) / half_life)
                if (due[j] - own_due[i]) % 7 != 0:
                    weight *= other_weekday
                if abs(due[j] - issue[j] - term[i]) > 2:
                    weight *= other_term
                known = seen[j] <= evening[i]
                stop = (end[j] if known else evening_at[i]) - due_at[j] - low
                _count(d, n, weight, enter[j] - due_at[j] - low, stop, known and paid[j])
                j -= 1
        run = 0.0
        for x in range(size):
            run = max(run + n[x], 0.0)
            at_risk = max(run, d[x])
            support[i, x] = at_risk
            hazard[i, x] = (d[x] + PSEUDO * parent[i, x]) / (at_risk + PSEUDO)
    return hazard, support


@njit(cache=True)
def _weekday_shares(offset, issue, seen, end, paid, who, evening, portfolio, half_life, pseudo):  # type: ignore[no-untyped-def]  # numba infers them
    shares = np.empty((len(who), 7), np.float32)
    for i in range(len(who)):
        count = portfolio[i] * pseudo
        c = who[i]
        if c >= 0:
            j = np.searchsorted(issue[offset[c] : offset[c + 1]], evening[i], side="right") + offset[c] - 1
            last = max(offset[c], j - RECENT + 1)
            while j >= last:
                if paid[j] and seen[j] <= evening[i]:
                    count[(end[j] + 3) % 7] += 2.0 ** (-(evening[i] - end[j]) / half_life)
                j -= 1
        shares[i] = count / count.sum()
    return shares


def weekday_shares(past: Past, asked: Asked, weekdays: Flags) -> Singles:
    """Return (asked, 7): how the customer's recent payments fall on weekdays, Monday first; rows add up to 1.

    Shrunk, by four payments, to an even share of the portfolio's payment weekdays; each payment's weight halves in 90
    days.
    """
    even = np.tile(weekdays / weekdays.sum(), (len(asked), 1))
    return np.asarray(
        _weekday_shares(
            past.offset, past.issue, past.seen, past.end, past.paid, asked.customer, asked.evening, even, 90.0, 4.0
        )
    )
