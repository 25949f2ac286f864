"""The peer of the planner: CP-SAT on the whole model, one variable per account, action, desk and slot."""

import time

import numpy as np

TENTHS, CENTS = 10, 100  # minutes and values are rounded to these, minutes upwards


def run(value: np.ndarray, minutes: np.ndarray, capacity: np.ndarray, seconds: float) -> dict[str, float | str]:
    """Solve with two workers for so long; return status, objective, bound, gap and seconds for model and search."""
    from ortools.sat.python import cp_model

    start = time.perf_counter()
    model = cp_model.CpModel()
    length = np.ceil(TENTHS * np.broadcast_to(minutes, value.shape)).astype(int)
    accounts: list[list] = [[] for _ in range(len(value))]
    loads: dict[tuple[int, int], tuple[list, list]] = {}
    terms, weights = [], []
    for account, action, desk, slot in np.argwhere(value > 0).tolist():
        chosen = model.new_bool_var("")
        accounts[account].append(chosen)
        variables, sizes = loads.setdefault((desk, slot), ([], []))
        variables.append(chosen)
        sizes.append(int(length[account, action, desk, slot]))
        terms.append(chosen)
        weights.append(round(CENTS * value[account, action, desk, slot]))
    for several in accounts:
        model.add_at_most_one(several)
    for place, (variables, sizes) in loads.items():
        model.add(cp_model.LinearExpr.weighted_sum(variables, sizes) <= int(TENTHS * capacity[place]))
    model.maximize(cp_model.LinearExpr.weighted_sum(terms, weights))
    built = time.perf_counter() - start
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    objective = solver.objective_value / CENTS if found else 0.0
    bound = solver.best_objective_bound / CENTS
    return {
        "status": solver.status_name(status),
        "objective": objective,
        "bound": bound,
        "gap": (bound - objective) / bound if bound > 0 else np.inf,
        "seconds": built + solver.wall_time,
        "model": built,
    }
