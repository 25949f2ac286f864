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
from models.history.customer_hazards_kernels import (
    GROUP_PSEUDO,
    PSEUDO,
    Askers,
    GroupBooks,
    HazardBooks,
    KernelWeights,
    by_customer,
    by_group,
    recent_weekdays,
)
from models.history.history_columns import Asked, Past
from models.history.paydays import Paydays
from models.history.weekdays import weekday

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
    books = HazardBooks(past.offset, past.issue, past.due, past.seen, past.paid, placed.enter, placed.due, placed.end)
    evening_at = axis.at(asked.country, asked.evening)
    who = Askers(asked.customer, asked.due, asked.due - asked.issue, asked.evening, evening_at)
    weights = KernelWeights(kernel.half_life, kernel.other_weekday, kernel.other_term)
    hazard, support = by_customer(books, who, parent, weights, axis.first)
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
            table = _group_hazards(placed, rows, sundays, half_life, portfolio.mean(axis=1), pseudo=GROUP_PSEUDO)
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
        by_group(
            GroupBooks(
                past.issue[rows],
                past.seen[rows],
                past.paid[rows],
                weekday(past.due[rows]),
                placed.country[rows],
                placed.enter[rows] - placed.due[rows] - axis.first,
                placed.end[rows] - placed.due[rows] - axis.first,
                placed.due[rows] + axis.first,
            ),
            sundays,
            np.stack([axis.at(np.full(len(sundays), number), sundays) for number in numbers]),
            parent,
            half_life,
            pseudo,
        )
    )


def weekday_shares(past: Past, asked: Asked, weekdays: Flags) -> Singles:
    """Return (asked, 7): how the customer's recent payments fall on weekdays, Monday first; rows add up to 1.

    Shrunk, by `WEEKDAY_PSEUDO` payments, to an even share of the portfolio's payment weekdays; each payment's weight
    halves in `WEEKDAY_HALF_LIFE` days.
    """
    even = np.tile(weekdays / weekdays.sum(), (len(asked), 1))
    return np.asarray(
        recent_weekdays((past.offset, past.issue, past.seen, past.end, past.paid), asked.customer, asked.evening, even)
    )
