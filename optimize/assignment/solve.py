"""Accounts to actions, desks and slots: prices first, then a plan, then the proof of how good it is."""

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ledger.arrays import Floats, Ints
from ledger.errors import BadInput
from optimize.assignment import prices as dual
from optimize.assignment.certificate import certify
from optimize.assignment.construct import Stop, build
from optimize.assignment.effort import EFFORT
from optimize.assignment.exact import exact, most_served
from optimize.assignment.infeasibility import unservable
from optimize.assignment.instance import Options, floats, not_negative
from optimize.assignment.mandatory import serve
from optimize.assignment.result import Assignment, verify


@dataclass(frozen=True, eq=False, kw_only=True)
class Solved:
    """What `solve` found: option number per account (-1: none), prices per resource, and the proof."""

    status: str
    chosen: Ints
    objective: float
    bound: float
    prices: Floats
    unserved: Ints


def assign(
    value: ArrayLike,
    minutes: ArrayLike,
    capacity: ArrayLike,
    *,
    must_serve: ArrayLike | None = None,
    prices: ArrayLike | None = None,
    seconds: float | None = None,
    gap: float | None = None,
    seed: int = 0,
) -> Assignment:
    """Give each account at most one (action, desk, slot) so that the sum of values is as large as can be.

    Parameters
    ----------
    value
        Worth, more is better, -inf where not allowed; shape (accounts, actions, desks, slots).
    minutes
        Minutes, at least 0; broadcasts to the shape of `value`.
    capacity
        Minutes of each desk in each slot, at least 0; shape (desks, slots).
    must_serve
        Accounts that need exactly one, even of negative value; shape (accounts,).
    prices
        Value per minute that may be close, such as yesterday's; shape (desks, slots).
    seconds
        Go on improving for so long. Without it equal input gives equal output.
    gap
        Stop as soon as the gap is that small, such as 0.005.
    seed
        Of what is drawn at random.

    Returns
    -------
    Assignment
        Checked against the instance: no minutes exceeded, the bound at least the objective.

    Raises
    ------
    BadInput
        The instance, or an option of this function, makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> value = np.array([5.0, 4.0, 3.0]).reshape(3, 1, 1, 1)
    >>> found = assign(value, 10.0, np.array([[20.0]]))
    >>> found.status, found.choice[:, 1].tolist(), found.objective
    ('optimal', [0, 0, -1], 9.0)
    """
    began = time.perf_counter()
    options = Options.of(value, minutes, capacity, must_serve)
    desks, slots = np.shape(capacity)
    start = None
    if prices is not None:
        start = floats("prices", prices, 2)
        if start.shape != (desks, slots):
            raise BadInput(f"one price per desk and slot, {(desks, slots)}", field="shape of prices", value=start.shape)
        not_negative("prices", start)
        start = start.ravel()
    found = solve(options, start=start, until=deadline(began, seconds), gap=checked_gap(gap), seed=seed, slots=slots)
    choice = np.full((options.accounts, 3), -1)
    who = np.flatnonzero(found.chosen >= 0)
    action, resource = np.divmod(options.origin[found.chosen[who]], max(desks * slots, 1))
    choice[who] = np.stack([action, resource // max(slots, 1), resource % max(slots, 1)], axis=1)
    return Assignment(
        status=found.status,
        choice=choice,
        objective=found.objective,
        bound=found.bound,
        prices=found.prices.reshape(desks, slots),
        seconds=time.perf_counter() - began,
        unserved=found.unserved,
    )


def solve(
    options: Options,
    *,
    start: Floats | None = None,
    until: float | None = None,
    gap: float = 0.0,
    seed: int = 0,
    slots: int = 1,
) -> Solved:
    """Do the work of `assign` on the sparse instance: `slots` of each desk, `until` a `time.perf_counter` reading."""
    stranded = options.must_serve & (np.diff(options.start) == 0)
    able = replace(options, must_serve=options.must_serve & ~stranded)
    precision = max(3e-4, 0.3 * gap) if gap >= EFFORT.hasty else 3e-4
    prices = dual.prices(able, start=start, precision=precision, seed=seed, slots=slots)
    scale = dual.scale(able, prices, seed)
    if gap <= 0 and len(able.value) <= EFFORT.relaxed_options:
        prices = certify(able, prices, margin=np.inf)
    bound = dual.bound(able, prices)
    stop = Stop(enough=bound - max(gap, EFFORT.proven) * abs(bound), until=until, seed=seed, hasty=gap >= EFFORT.hasty)
    tight = options.accounts > 0 and float(able.must_serve.mean()) > EFFORT.mostly
    chosen = build(able, prices, scale=scale, stop=stop.part(0.2) if tight else stop)
    missing, none = _missing(able, chosen), False
    if missing or worth(able, chosen) < stop.enough:
        better, none = exact(able, prices, np.inf if missing else bound - worth(able, chosen), until, gap)
        none = none and missing > 0
        chosen = _better(able, better, chosen)
    poor = tight and bound - worth(able, chosen) > max(gap, EFFORT.poor) * abs(bound)
    most = most_served(able, prices, until) if none else None
    if most is not None:
        chosen = _better(able, most, chosen)
    elif (_missing(able, chosen) or poor) and not stop.over():
        chosen = _served(able, prices, chosen, scale, stop)
    unserved = np.flatnonzero(options.must_serve & (chosen < 0))
    objective = worth(able, chosen)
    status = "optimal" if bound - objective <= EFFORT.proven * max(abs(bound), 1e-12) else "feasible"
    if len(unserved):
        late = until is not None and time.perf_counter() > until
        proven = none or stranded.any() or impossible(able, bound) or (not late and unservable(able, seed=seed))
        status = "infeasible" if proven else "unknown"
        rest = replace(able, must_serve=able.must_serve & (chosen >= 0))
        prices = dual.prices(rest, seed=seed, slots=slots)
        bound = dual.bound(rest, prices)
    verified(able, chosen, objective, bound)
    return Solved(status=status, chosen=chosen, objective=objective, bound=bound, prices=prices, unserved=unserved)


def worth(options: Options, chosen: Ints) -> float:
    """Return the sum of the values chosen, exactly rounded."""
    return math.fsum(options.value[chosen[chosen >= 0]].tolist())


def impossible(options: Options, bound: float) -> bool:
    """Say whether the bound lies below what any plan that serves everyone it must is worth at least."""
    must = options.must_serve
    first = options.start[:-1][must]
    if not len(first):
        return False
    owner = options.owner()
    least = np.full(options.accounts, np.inf)
    np.minimum.at(least, owner, options.value)
    worst = math.fsum(least[must].tolist())
    return bound < worst - 1e-9 * float(np.abs(least[must]).sum())


def _better(options: Options, one: Ints | None, other: Ints) -> Ints:
    """Return the plan that serves more of those it must, then the one worth more; `one` must first hold its minutes."""
    if one is None:
        return other
    taken = one[one >= 0]
    load = np.bincount(options.resource[taken], options.minutes[taken], len(options.capacity))
    if (load > options.capacity * (1 + EFFORT.tight)).any():
        return other
    if _missing(options, one) != _missing(options, other):
        return one if _missing(options, one) < _missing(options, other) else other
    return one if worth(options, one) > worth(options, other) else other


def _served(options: Options, prices: Floats, chosen: Ints, scale: float, stop: Stop) -> Ints:
    """Find a plan in which everyone is served who must be, or a better one, and improve it; else `chosen`."""
    seconds = None if stop.until is None else max(stop.until - time.perf_counter(), 0.0)
    served = serve(options, prices=prices, seconds=seconds, enough=stop.enough, seed=stop.seed)
    if _better(options, served, chosen) is chosen or stop.over():
        return _better(options, served, chosen)
    return _better(options, build(options, prices, scale=scale, stop=stop, begin=served), served)


def _missing(options: Options, chosen: Ints) -> int:
    return int((options.must_serve & (chosen < 0)).sum())


def verified(options: Options, chosen: Ints, objective: float, bound: float) -> None:
    """Raise `AssertionError` when the plan breaks a rule or its claims do not hold."""
    taken = chosen[chosen >= 0]
    verify(
        chosen=options.value[taken],
        minutes=options.minutes[taken],
        resource=options.resource[taken],
        capacity=options.capacity,
        objective=objective,
        bound=bound,
    )


def deadline(began: float, seconds: float | None) -> float | None:
    """Return the reading of `time.perf_counter` at which the time is up, None without a limit."""
    if seconds is None:
        return None
    if not 0 <= seconds < np.inf:
        raise BadInput("at least 0 seconds", field="seconds", value=seconds)
    return began + seconds


def checked_gap(gap: float | None) -> float:
    """Return the gap that is asked for, 0 where none is."""
    if gap is None:
        return 0.0
    if not 0 <= gap < np.inf:
        raise BadInput("a share of the bound, at least 0", field="gap", value=gap)
    return gap
