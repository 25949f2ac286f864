"""Small instances by branch and bound: HiGHS over the options that a better plan could use."""

import time
from typing import Any

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.effort import EFFORT
from optimize.assignment.infeasibility import premiums
from optimize.assignment.instance import Options
from optimize.assignment.near_best import close_to_best


def exact(
    options: Options, prices: Floats, spread: float, until: float | None = None, gap: float = 0.0
) -> tuple[Ints | None, bool]:
    """Seek the best plan among options whose reduced value is at most `spread` below their account's best.

    Where `spread` is the bound less the value of a plan, no other option belongs to a plan that is better. `until` is a
    reading of `time.perf_counter`; `gap` is the one at which a plan is good enough.

    Returns
    -------
    ndarray, bool
        Option number per account, -1 for none, or None where there was no answer; and whether it is proven that no
        plan serves everyone it must, among these options.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    picked, _ = close_to_best(options, prices, spread)
    many, accounts = len(picked), options.accounts
    if not 0 < many <= EFFORT.exact_options:
        return None, False
    owner = options.owner()[picked]
    must = options.must_serve & (np.bincount(owner, minlength=accounts) > 0)
    column = np.arange(many)
    rows = np.concatenate([owner, accounts + options.resource[picked]])
    entries = np.concatenate([np.ones(many), options.minutes[picked]])
    size = (accounts + len(options.capacity), many)
    table = csr_array((entries, (rows, np.concatenate([column, column]))), shape=size)
    floor = np.concatenate([np.where(must, 1.0, 0.0), np.zeros(len(options.capacity))])
    ceiling = np.concatenate([np.ones(accounts), options.capacity])
    worth = options.value[picked]
    limits: Any = {"node_limit": EFFORT.exact_nodes, "mip_rel_gap": gap}
    if until is not None:
        limits["time_limit"] = max(until - time.perf_counter(), 0.01)
    found = milp(
        -worth / max(float(np.abs(worth).max()), 1e-300),
        integrality=np.ones(many, np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(table, floor, ceiling),
        options=limits,
    )
    if found.x is None:
        return None, found.status == 2  # 2: proven infeasible
    chosen = np.full(accounts, -1)
    taken = np.flatnonzero(found.x > 0.5)
    chosen[owner[taken]] = picked[taken]
    return chosen, False


def most_served(options: Options, prices: Floats, until: float | None = None) -> Ints | None:
    """Serve as many as can be of those who must be, and then at the greatest value; None where there was no answer."""
    return exact(premiums(options, int(options.must_serve.sum())), prices, np.inf, until)[0]
