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

import numpy as np

from ledger.arrays import Floats, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from models.assumed.contact_law import fading_rate


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
def payday(
    cumulative: Floats,
    decayed: Floats,
    first_day: int,
    added: float,
    target: float,
    clock: int,
    earliest: int,
    runs: SmallInts,
) -> int:
    """Return the day of payment: the first payment run, day 1 or later, from the day on which it is decided.

    It is not decided before `earliest`.
    """
    column = crossing(cumulative, decayed, added, target, earliest - clock - first_day)
    if column == NEVER:
        return NEVER
    day = max(clock + first_day + column, 1)
    return runs[day] if day < len(runs) else NEVER


@njit(cache=True)
def start_clock(
    tables: tuple[Floats, Floats, int],
    kind: SmallInts,
    frailty: Floats,
    customer: SmallInts,
    begin: SmallInts,
    clock: SmallInts,
    threshold: Floats,
    run_table: SmallInts,
    run_row: SmallInts,
    added: Floats,
    target: Floats,
    pay: SmallInts,
) -> None:
    """Set every invoice's target and first payday.

    `begin` is the first day on which it may be decided: of one issued up to day 0 the day after the last payment run
    that left it unpaid, for what was decided since waits for the next. `added` is the A of the contacts up to day 0.
    """
    cumulative, decayed, first_day = tables
    width = cumulative.shape[1]
    for i in range(len(customer)):
        c = customer[i]
        before = begin[i] - 1 - clock[i] - first_day
        base = 0.0
        if before >= 0:
            last = min(before, width - 1)
            base = cumulative[kind[i], last] + added[i] * decayed[kind[i], last]
        target[i] = base + (threshold[i] / frailty[c] if frailty[c] > 0 else np.inf)
        row = cumulative[kind[i]], decayed[kind[i]]
        pay[i] = payday(row[0], row[1], first_day, added[i], target[i], clock[i], begin[i], run_table[run_row[c]])


@njit(cache=True)
def pause(
    tables: tuple[Floats, Floats, int],
    row: int,
    added: float,
    target: float,
    clock: int,
    begin: int,
    end: int,
    runs: SmallInts,
) -> tuple[float, int]:
    """Return target and payday of an invoice whose hazard is nil on the days begin .. end−1 (a dispute)."""
    cumulative, decayed, first_day = tables
    width = cumulative.shape[1]
    a = min(max(begin - 1 - clock - first_day, 0), width - 1)
    z = min(max(end - 1 - clock - first_day, 0), width - 1)
    target += cumulative[row, z] - cumulative[row, a] + added * (decayed[row, z] - decayed[row, a])
    return target, payday(cumulative[row], decayed[row], first_day, added, target, clock, end, runs)


@njit(cache=True)
def boost(
    tables: tuple[Floats, Floats, int],
    growth: Floats,
    row: int,
    added: float,
    target: float,
    clock: int,
    day: int,
    extra: float,
    pay: int,
    runs: SmallInts,
) -> tuple[float, float, int]:
    """Return A, target and payday after a contact on `day` that adds `extra` to the hazard ratio; never a later one."""
    cumulative, decayed, first_day = tables
    column = day - clock - first_day
    if column < 0 or column >= cumulative.shape[1]:
        return added, target, pay
    weight = extra * growth[column]
    added += weight
    target += weight * decayed[row, column]
    sooner = payday(cumulative[row], decayed[row], first_day, added, target, clock, day + 1, runs)
    return added, target, min(pay, sooner)
