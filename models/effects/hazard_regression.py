"""Complementary log-log regression of a daily hazard on what changes from day to day, with levels taken out.

The chance that an invoice at risk is paid in an interval is ``p = 1 − exp(−λ)``. With ``log λ`` linear in covariates
this is exactly the grouped form of Cox's model, and coefficients are logarithms of hazard *ratios* (Prentice and
Gloeckler 1978). The baseline is free: it has a level for every day of every stratum.

Customers may differ by a lasting factor that nobody sees, their frailty, gamma distributed with mean 1 (Clayton 1978).
The likelihood then weighs each customer by what its own payments have shown so far. It is right where the choice whom
to contact followed from what had been seen; where those who chose knew more, it is right in the long run only.

Levels and frailties are not coefficients: each step of iteratively reweighted least squares sweeps them out, the larger
set by its diagonal, the smaller by one linear solution.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger.arrays import Flags, Floats, Ints

_LARGEST_STEP: Final = 1.0  # of a level or coefficient: from poor starts whole steps overshoot
_ENOUGH: Final = 1e-7
_BOUND: Final = 30.0  # of the logarithm of a hazard

# coefficients -> (log relative hazard (rows,), its gradient (rows, coefficients))
Relative = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """Coefficients with their covariance.

    `covariance` is clustered where clusters were given, else it is the inverse information. `events` and `rows` count
    what was left after levels that say nothing (nobody paid, or everybody did) had been dropped.
    """

    coefficients: Floats
    covariance: Floats
    level: Floats  # logarithm of the hazard of each code of `day`; −inf where it says nothing
    frailty_variance: float  # of the gamma frailty, 0 without one
    events: float
    rows: float
    converged: bool

    @property
    def errors(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


def regress(
    count: Floats,
    paid: Floats,
    day: Ints,
    relative: Relative,
    start: Floats,
    *,
    customer: Ints | None = None,
    instruments: Floats | None = None,
    cluster: Ints | None = None,
    iterations: int = 100,
) -> Fit:
    """Fit ``log λ = level of the day + log frailty + log relative(coefficients)``.

    Parameters
    ----------
    count, paid
        Invoices at risk, and of them paid, in each row (rows,); rows may be cells of many alike.
    day
        Code of the free level of each row, from 0: day and stratum.
    relative
        The logarithm of the relative hazard and its gradient.
    start
        Coefficients to start from.
    customer
        Code of each row's customer, whose frailty is gamma distributed with mean 1; without it there is none.
    instruments
        (rows, coefficients): solve ``Σ instrument · residual = 0`` instead of the likelihood's own equations.
    cluster
        Code of each row, for errors that allow any dependence within a cluster.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where a covariate does not vary within the levels.
    """
    rows = np.flatnonzero(_informative(count, paid, day))
    if not len(rows):
        return _nothing(len(start))
    n, y, level = count[rows], paid[rows], np.unique(day[rows], return_inverse=True)[1]
    who = np.zeros(len(rows), np.int64) if customer is None else np.unique(customer[rows], return_inverse=True)[1]
    beta, shape = start.astype(float).copy(), np.inf if customer is None else 5.0
    base, frail = np.log(_start_hazard(n, y, level)), np.zeros(int(who.max()) + 1)
    converged = False
    for _ in range(iterations):
        log_relative, gradient = _taken(relative(beta), rows)
        weight, gap = _working(n, y, base[level] + frail[who] + log_relative)
        pull, toward = _penalty(shape, frail)
        first, second = _swept(np.column_stack([gap, gradient]), weight, level, who, pull, toward=toward)
        left = np.column_stack([gap, gradient]) - first[level] - second[who]
        tool = (gradient if instruments is None else instruments[rows]) * weight[:, None]
        whole = _solved(tool, left, gradient)
        step = np.clip(whole, -_LARGEST_STEP, _LARGEST_STEP)
        beta = beta + step
        moved = [np.abs(step).max(initial=0.0)]
        for levels, swept in ((base, first), (frail, second)):
            shift = np.clip(swept[:, 0] - swept[:, 1:] @ step, -_LARGEST_STEP, _LARGEST_STEP)
            levels += shift
            np.clip(levels, -_BOUND, _BOUND, out=levels)
            moved.append(float(np.median(np.abs(shift))))
        if customer is not None:
            latent, exposed = _latent(n, y, base[level] + frail[who] + _taken(relative(beta), rows)[0], frail[who])
            fresh = _gamma_shape(sums_by_code(who, latent), sums_by_code(who, exposed))
            moved.append(abs(np.log(fresh / shape)))
            shape = fresh
        if max(moved) < _ENOUGH:
            converged = True
            break
    covariance = _covariance(
        (n, y, level, who), (beta, base, frail, shape), relative, rows, instruments, cluster=cluster
    )
    known = np.full(int(day.max()) + 1, -np.inf)
    known[day[rows]] = base[level]
    return Fit(
        coefficients=beta,
        covariance=covariance,
        level=known,
        frailty_variance=1 / shape,
        events=float(y.sum()),
        rows=float(n.sum()),
        converged=converged,
    )


def _solved(tool: Floats, left: Floats, gradient: Floats) -> Floats:
    """Return the Newton step of the coefficients; an error where a covariate has nothing left after the levels."""
    matrix = tool.T @ left[:, 1:]
    if np.any(np.abs(np.diag(matrix)) <= 1e-9 * np.abs(np.einsum("ij,ij->j", tool, gradient))):
        raise np.linalg.LinAlgError("a covariate does not vary within the levels")
    return np.asarray(np.linalg.solve(matrix, tool.T @ left[:, 0]))


def _covariance(
    data: tuple[Floats, Floats, Ints, Ints],
    fitted: tuple[Floats, Floats, Floats, float],
    relative: Relative,
    rows: npt.NDArray[np.intp],
    instruments: Floats | None,
    *,
    cluster: Ints | None,
) -> Floats:
    """Return the sandwich ``bread · Σ score score′ · bread′``, or without clusters the inverse information."""
    n, y, level, who = data
    beta, base, frail, shape = fitted
    log_relative, gradient = _taken(relative(beta), rows)
    weight, gap = _working(n, y, base[level] + frail[who] + log_relative)
    side = gradient if instruments is None else instruments[rows]
    pull, _ = _penalty(shape, frail)
    first, second = _swept(np.column_stack([gradient, side]), weight, level, who, pull, toward=np.zeros(len(frail)))
    k = len(beta)
    left = gradient - first[level, :k] - second[who, :k]
    tool = (side - first[level, k:]) * weight[:, None]
    bread = np.linalg.inv((side * weight[:, None]).T @ left)
    if cluster is None:
        return np.asarray(bread if instruments is None else bread @ (tool.T @ side) @ bread.T)
    codes, place = np.unique(cluster[rows], return_inverse=True)
    score = np.column_stack([np.bincount(place, tool[:, j] * gap) for j in range(k)])
    g = len(codes)
    return np.asarray(bread @ (score.T @ score) @ bread.T * (g / max(g - 1, 1)))


def _penalty(shape: float, frail: Floats) -> tuple[Floats, Floats]:
    """Return how strongly the gamma distribution pulls each logarithm of frailty, and where to; without one, to 0."""
    if np.isinf(shape):
        return np.full(len(frail), np.inf), np.zeros(len(frail))
    return shape * np.exp(frail), np.expm1(-frail)


def _latent(n: Floats, y: Floats, log_hazard: Floats, frail: Floats) -> tuple[Floats, Floats]:
    """Return the expected number of impulses to pay in each row, and the hazard of a customer with frailty 1."""
    hazard = np.exp(np.clip(log_hazard, -_BOUND, 3.0))
    return y * hazard / -np.expm1(-hazard), n * hazard / np.exp(frail)


def _gamma_shape(impulses: Floats, exposed: Floats) -> float:
    """Return the shape of the gamma distribution (1 ÷ variance) under which these counts are likeliest."""
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    def unlikely(log_shape: float) -> float:
        a = np.exp(log_shape)
        each = gammaln(a + impulses) - gammaln(a) + a * log_shape - (a + impulses) * np.log(a + exposed)
        return -float(each.sum())

    return float(np.exp(minimize_scalar(unlikely, bounds=(-3.0, 9.0), method="bounded").x))


def sums_by_code(code: Ints, values: Floats) -> Floats:
    """Return the sum of the values of each code."""
    return np.asarray(np.bincount(code, values), np.float64)


def _taken(pair: tuple[Floats, Floats], rows: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    return pair[0][rows], pair[1][rows]


def _working(n: Floats, y: Floats, log_hazard: Floats) -> tuple[Floats, Floats]:
    """Return the weight of each row, and how far its logarithm of hazard is from what was seen."""
    hazard = np.exp(np.clip(log_hazard, -_BOUND, 3.0))
    chance = -np.expm1(-hazard)
    slope = hazard * np.exp(-hazard)
    return n * slope * hazard / chance, (y / n - chance) / slope


def _start_hazard(n: Floats, y: Floats, code: Ints) -> Floats:
    """Return the hazard of each level without any covariate, a good start."""
    return -np.log1p(-np.clip(np.bincount(code, y) / np.bincount(code, n), 1e-9, 0.95))


def _informative(count: Floats, paid: Floats, level: Ints) -> Flags:
    """Return the rows whose level holds both a payment and something unpaid: others say nothing of covariates."""
    some, whole = np.bincount(level, paid), np.bincount(level, count)
    return np.asarray((count > 0) & ((some > 0) & (some < whole))[level])


def _nothing(size: int) -> Fit:
    return Fit(
        coefficients=np.zeros(size),
        covariance=np.full((size, size), np.inf),
        level=np.zeros(0),
        frailty_variance=0.0,
        events=0,
        rows=0,
        converged=False,
    )


def _swept(
    columns: Floats, weight: Floats, level: Ints, who: Ints, pull: Floats, *, toward: Floats
) -> tuple[Floats, Floats]:
    """Return the weighted regression of each column on levels and customers, (levels, columns), (customers, columns).

    Customers are pulled to `toward` (first column) or 0 (the others) with weight `pull`, infinite for no customers.
    Of the normal equations the larger of the two diagonal blocks is eliminated.
    """
    levels, customers = int(level.max()) + 1, len(pull)
    by_level = np.column_stack([sums_by_code(level, weight * column) for column in columns.T])
    total = sums_by_code(level, weight)[:, None]
    if np.isinf(pull[0]):
        return by_level / total, np.zeros((customers, columns.shape[1]))
    by_customer = np.column_stack([sums_by_code(who, weight * column) for column in columns.T])
    by_customer[:, 0] += pull * toward
    own = (sums_by_code(who, weight) + pull)[:, None]
    cross = np.bincount(who * levels + level, weight, customers * levels).reshape(customers, levels)
    if customers <= levels:
        shared = (cross / total.T) @ cross.T
        second = np.linalg.solve(np.diag(own[:, 0]) - shared, by_customer - cross @ (by_level / total))
        return np.asarray((by_level - cross.T @ second) / total), np.asarray(second)
    shared = (cross / own).T @ cross
    first = np.linalg.solve(np.diag(total[:, 0]) - shared, by_level - cross.T @ (by_customer / own))
    return np.asarray(first), np.asarray((by_customer - cross @ first) / own)
