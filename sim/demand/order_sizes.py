"""What an order day brings: a past one of the same customer, with its invoices, amounts and terms.

Sizes follow recent ones where they changed. A customer whose orders of the last quarter are larger or smaller than its
earlier ones (Wilcoxon's rank sum, two-sided at 1 in 1,000) repeats those of the quarter alone; and so does one whose
rate changed (from as many orders in the quarter on), since who orders more often has more invoices on one order day.
Where all other customers together moved (the sum of their rank sums over its cluster-robust error, at 1 in 1,000),
their earlier orders are brought to the new level by the ratio of geometric means within customers.
"""

from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints, SmallInts
from sim.demand.order_days import OrderDays

_Z: Final = 3.29  # two-sided, 1 in 1,000
_OWN: Final = 8  # orders in the quarter, and before it, that a customer's own test needs


def catalogue(recent: OrderDays, border: int, changed: Flags) -> tuple[Ints, Ints, Ints, SmallInts]:
    """Return orders, lines, amounts and terms (see `sim.world.behaviour.Behaviour`).

    `border` is the eve of the quarter, `changed` tells which customers order at another rate in it.
    """
    size, late = len(recent.first), recent.day > border
    own, ratio = _moved(recent, late, changed)
    kept = late | ~own[recent.owner]
    factor = np.where(late | own[recent.owner], 1.0, ratio)
    count = np.diff(recent.lines)
    lines = np.repeat(kept, count)
    amount = np.maximum(np.round(recent.amount * np.repeat(factor, count)), 1)[lines]
    orders = np.searchsorted(recent.owner[kept], np.arange(size + 1))
    return (
        orders.astype(np.int64),
        np.r_[0, np.cumsum(count[kept])].astype(np.int64),
        amount.astype(np.int64),
        recent.term[lines].astype(np.int32),
    )


def _moved(recent: OrderDays, late: Flags, changed: Flags) -> tuple[Flags, float]:
    """Return who repeats the quarter alone, and the ratio of others' late sizes to earlier ones; 1 within chance."""
    size, owner = len(recent.first), recent.owner
    total = pd.Series(recent.total)
    rank = total.groupby(owner).rank().to_numpy()
    n, n_late = (np.bincount(owner, w, size).astype(np.float64) for w in (None, late))
    excess = np.bincount(owner, late * rank, size) - n_late * (n + 1) / 2
    error = np.sqrt(n_late * (n - n_late) * (n + 1) / 12)
    own = (np.abs(excess) > _Z * error) & (n_late >= _OWN) & (n - n_late >= _OWN)
    own |= changed & (n_late >= _OWN)
    others = ~own & (error > 0)
    sums = excess[others] / (n[others] + 1)
    if not others.any() or abs(sums.sum()) <= _Z * np.sqrt((sums**2).sum()):
        return own, 1.0
    return own, _ratio(np.log(total.to_numpy()), owner, late, others)


def _ratio(log: Floats, owner: Ints, late: Flags, among: Flags) -> float:
    """Return the ratio of geometric means, late to earlier, within customers; each counts by its n1·n2/(n1 + n2)."""
    size = len(among)
    n, first = np.bincount(owner, late, size), np.bincount(owner, ~late, size)
    gap = np.bincount(owner, log * late, size) / np.maximum(n, 1)
    gap -= np.bincount(owner, log * ~late, size) / np.maximum(first, 1)
    weight = np.where(among, n * first / np.maximum(n + first, 1), 0.0)
    return float(np.exp((weight * gap).sum() / weight.sum()))
