"""Paydays, compiled; the formula stands in `sim.world.payment`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from sim.world.state import Accounts, Invoices, Payments


class PaydayState(NamedTuple):
    """What an invoice's payday follows from: see the formula in `sim.world.payment`."""

    kind: int  # row of the hazard tables
    run_row: int  # row of the payment runs
    clock: int  # day from which the hazard counts its days
    added: float  # A
    target: float


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
