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

from ledger.arrays import Floats
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
