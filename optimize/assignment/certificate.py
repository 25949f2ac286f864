"""Prices that are exact: the linear relaxation over options near a tie, by GLOP."""

from typing import Any

import numpy as np

from ledger.arrays import Floats
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.near_best import nearby
from optimize.assignment.prices import bound


def certify(options: Options, prices: Floats, *, margin: float, reach: float | None = None) -> Floats:
    """Return prices with the lowest bound among these and those that the linear relaxation finds near them.

    The relaxation is over options at most `margin` below their account's best. Without the others its prices could run
    away, so they stay within `reach` of the given ones: in the relaxation, minutes can be bought at the price plus
    `reach` and sold at the price less `reach`.

    Parameters
    ----------
    options, prices
        The instance, and prices that are close to the best; shape (resources,).
    margin
        In units of value.
    reach
        In value per minute; None where `margin` covers all options, so that nothing can run away.
    """
    close = nearby(options, prices, margin)
    if not 0 < len(close.value) <= EFFORT.relaxed_options:
        return prices
    found = relaxed(close, prices, reach)
    if found is None or not bound(options, found) < bound(options, prices):
        return prices
    return found


def relaxed(options: Options, prices: Floats, reach: float | None) -> Floats | None:
    """Return the prices of the linear relaxation, within `reach` of the given ones; None without an answer."""
    from ortools.linear_solver.python import model_builder_helper as helper
    from scipy import sparse

    accounts, resources, many = options.accounts, len(options.capacity), len(options.value)
    column = np.arange(many)
    rows = np.concatenate([options.owner(), accounts + options.resource])
    entries = np.concatenate([np.ones(many), options.minutes])
    upper, worth = np.full(many, np.inf), options.value
    columns = np.concatenate([column, column])
    if reach is not None:
        both = np.arange(resources)
        rows = np.concatenate([rows, accounts + both, accounts + both])
        columns = np.concatenate([columns, many + both, many + resources + both])
        entries = np.concatenate([entries, -np.ones(resources), np.ones(resources)])
        upper = np.concatenate([upper, np.full(resources, np.inf), np.where(prices > reach, np.inf, 0.0)])
        worth = np.concatenate([worth, -(prices + reach), np.maximum(prices - reach, 0)])
    matrix = sparse.csr_matrix((entries, (rows, columns)), shape=(accounts + resources, len(worth)))
    floor = np.full(accounts + resources, -np.inf)
    floor[:accounts][options.must_serve & (np.diff(options.start) > 0)] = 1.0
    ceiling = np.concatenate([np.ones(accounts), options.capacity])
    model = helper.ModelBuilderHelper()
    given: tuple[Any, ...] = (np.zeros(len(worth)), upper, worth, floor, ceiling, matrix)
    model.fill_model_from_sparse_data(*given)
    model.set_maximize(True)
    solver = helper.ModelSolverHelper("GLOP")
    solver.solve(model)
    if not solver.has_solution() or solver.status() != helper.SolveStatus.OPTIMAL:
        return None
    dual: Floats = np.array(solver.dual_values(), np.float64)[accounts:]
    return np.maximum(dual, 0.0)
