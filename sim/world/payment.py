"""A payday is state, not an event.

An invoice decides to pay on the first day x past due on which its cumulative hazard reaches its threshold, a unit
exponential. Contacts on days y_j add b_j·exp(−δ(x − y_j)) to the relative hazard from the day after, so that

    frailty · (H[x] − H[start − 1] + Σ_j b_j·E[y_j]·(G[x] − G[y_j])) ≥ threshold

with H the cumulative baseline hazard, G[x] = −Σ_{y > x} h(y)·exp(−δy) and E[y] = exp(δy). (Only differences of G
matter; summed from the end they lose no digits, however late the contact and however short its effect.) Written as

    H[x] + A·G[x] ≥ target,   A = Σ b_j·E[y_j],   target = threshold/frailty + H[start − 1] + Σ b_j·E[y_j]·G[y_j]

two numbers per invoice hold its whole history, and a contact is two additions and one bisection. The sum over days is
the oracle in the tests.

Days are counted from the invoice's *clock*: its due date, or of a rest left by a part payment the day of that payment
(`sim.world.part_payments`).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from models.assumed.contact_law import fading_rate
from sim.world.state import Accounts, Invoices, Payments


class PaydayState(NamedTuple):
    """What an invoice's payday follows from: see the formula above."""

    kind: int  # row of the hazard tables
    run_row: int  # row of the payment runs
    clock: int  # day from which the hazard counts its days
    added: float  # A
    target: float


@dataclass(frozen=True, kw_only=True, slots=True)
class HazardTables:
    """H, G (kinds, days) and E (days); column j stands for `first_day + j` days past due."""

    first_day: int
    cumulative: Floats
    decayed: Floats
    growth: Floats


def hazard_tables(hazard: Floats, first_day: int, half_life: float) -> HazardTables:
    """Return the tables for a contact effect that halves in `half_life` days."""
    delta = fading_rate(half_life)
    days = first_day + np.arange(hazard.shape[1])
    tail = np.cumsum((hazard * np.exp(-delta * days))[:, :0:-1], axis=1)[:, ::-1]
    return HazardTables(
        first_day=first_day,
        cumulative=np.cumsum(hazard, axis=1),
        decayed=np.pad(-tail, ((0, 0), (0, 1))),
        growth=np.exp(delta * days),
    )


def chance_by_day(hazard: Floats) -> Floats:
    """Return the summed daily chances of deciding, (kinds, days + 1), before each day of a daily hazard."""
    return np.pad(np.cumsum(-np.expm1(-hazard), axis=1), ((0, 0), (1, 0)))


@njit(cache=True)
def crossing(cumulative: Floats, decayed: Floats, added: float, target: float, column: int) -> int:
    """Return the first column from `column` on with H + A·G ≥ target; NEVER where none is."""
    last = len(cumulative) - 1
    low = max(column, 0)
    if low > last or cumulative[last] + added * decayed[last] < target:
        return NEVER
    high = last
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] + added * decayed[middle] >= target:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True)
def payday(pays: Payments, state: PaydayState, earliest: int) -> int:
    """Return the day of payment: the first payment run, day 1 or later, from the day on which it is decided.

    It is not decided before `earliest`.
    """
    before = state.clock + pays.first_day  # day of the tables' first column
    row = pays.cumulative[state.kind], pays.decayed[state.kind]
    column = crossing(row[0], row[1], state.added, state.target, earliest - before)
    if column == NEVER:
        return NEVER
    runs = pays.runs[state.run_row]
    day = max(before + column, 1)
    return runs[day] if day < len(runs) else NEVER


@njit(cache=True)
def first_paydays(
    pays: Payments, inv: Invoices, acc: Accounts, begin: SmallInts, threshold: Floats
) -> tuple[Floats, SmallInts]:
    """Return every invoice's target and its payday as long as nobody contacts the customer.

    `begin` is the first day on which it may be decided: of one issued up to day 0 the day after the last payment run
    that left it unpaid, for what was decided since waits for the next. `inv.added` is the A of contacts up to day 0.
    """
    last = pays.cumulative.shape[1] - 1
    target, pay = np.empty(len(begin)), np.empty(len(begin), np.int32)
    for i in range(len(begin)):
        c, kind, clock, added = inv.customer[i], inv.kind[i], inv.clock[i], inv.added[i]
        before = begin[i] - 1 - clock - pays.first_day
        base = 0.0
        if before >= 0:
            column = min(before, last)
            base = pays.cumulative[kind, column] + added * pays.decayed[kind, column]
        target[i] = base + (threshold[i] / acc.frailty[c] if acc.frailty[c] > 0 else np.inf)
        pay[i] = payday(pays, PaydayState(kind, acc.run_row[c], clock, added, target[i]), begin[i])
    return target, pay


@njit(cache=True)
def pause(pays: Payments, state: PaydayState, begin: int, end: int) -> tuple[float, int]:
    """Return target and payday of an invoice whose hazard is nil on the days begin .. end−1 (a dispute)."""
    kind, run_row, clock, added, target = state
    last = pays.cumulative.shape[1] - 1
    a = min(max(begin - 1 - clock - pays.first_day, 0), last)
    z = min(max(end - 1 - clock - pays.first_day, 0), last)
    hazard, effect = pays.cumulative[kind, z] - pays.cumulative[kind, a], pays.decayed[kind, z] - pays.decayed[kind, a]
    target += hazard + added * effect
    return target, payday(pays, PaydayState(kind, run_row, clock, added, target), end)


@njit(cache=True)
def boost(pays: Payments, state: PaydayState, pay: int, day: int, extra: float) -> tuple[float, float, int]:
    """Return A, target and payday after a contact on `day` that adds `extra` to the hazard ratio.

    The payday is never later than `pay`, the one before.
    """
    kind, run_row, clock, added, target = state
    column = day - clock - pays.first_day
    if column < 0 or column >= pays.cumulative.shape[1]:
        return added, target, pay
    weight = extra * pays.growth[column]
    added += weight
    target += weight * pays.decayed[kind, column]
    return added, target, min(pay, payday(pays, PaydayState(kind, run_row, clock, added, target), day + 1))
