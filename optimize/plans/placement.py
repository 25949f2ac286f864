"""Place calls and tasks at desks: by `assign`, or by an index where the solver has no answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from optimize.assignment.instance import Options
from optimize.assignment.prices import prices as sought
from optimize.assignment.solve import assign

_CLOSE: Final = 2e-3  # gap at which a day is planned well enough: what a call brings is not known so well
_ABSORBED: Final = (RuntimeError, ArithmeticError, AssertionError, MemoryError)  # of a solver that fails
PASSES: Final = 3  # of finding the prices at which later calls are worth making
SETTLED: Final = 0.02  # by which their mean may still change
_WORD: Final = {"optimal": 0, "feasible": 1, "unknown": 1, "fallback": 2}


@dataclass(frozen=True, eq=False, kw_only=True)
class Placing:
    """Items (k) placed at desks (S) in slots: day × blocks + block.

    Parameters
    ----------
    status
        "optimal", "feasible" or "fallback".
    desk, slot
        Of each item, (k,); -1 where it is not placed.
    prices
        Value per minute, (S, slots).
    """

    status: str
    desk: Ints
    slot: Ints
    objective: float
    bound: float
    prices: Floats
    notes: tuple[str, ...] = ()

    def used(self, minutes: Floats) -> Floats:
        """Return the minutes used, (S, slots), of items that take `minutes`, (k, slots)."""
        out = np.zeros(self.prices.shape)
        some = np.flatnonzero(self.desk >= 0)
        np.add.at(out, (self.desk[some], self.slot[some]), minutes[some, self.slot[some]])
        return out


def planned_day(
    worth: Callable[[Floats | None], Floats],
    minutes: Floats,
    capacity: Floats,
    must: Flags,
    *,
    prices: Floats | None = None,
    until: float | None = None,
    seed: int = 0,
) -> Placing:
    """Return where the items of a day are done, each weighed against waiting: the simulator's day and the night's.

    `worth` returns the value of each item at every desk and slot rather than later, (items, desks, slots), given what
    minutes usually cost: those who wait pay it. These are earlier `prices`; without any, later days are taken to be as
    scarce as this one, whose prices are found with the values by turns. The rest as for `place`.
    """
    if prices is None:
        mean = -1.0
        for _ in range(PASSES):
            prices = price(worth(prices), minutes, capacity, must, prices=prices, seed=seed)
            before, mean = mean, mean_price(prices, capacity)
            if abs(mean - before) <= SETTLED * mean:
                break
    return place(worth(prices), minutes, capacity, must, prices=prices, until=until, seed=seed)


def mean_price(prices: Floats, capacity: Floats) -> float:
    """Return the mean price of a minute."""
    return float((prices * capacity).sum() / max(float(capacity.sum()), 1e-9))


def place(
    value: Floats,
    minutes: Floats,
    capacity: Floats,
    must: Flags,
    *,
    prices: Floats | None = None,
    until: float | None = None,
    seed: int = 0,
) -> Placing:
    """Return where each item is done, so that the value is greatest and as many musts as possible are served.

    Parameters
    ----------
    value
        (items, desks, slots), -inf where not allowed.
    minutes
        (items, slots).
    capacity
        Minutes, (desks, slots).
    must
        Items that are placed whatever they are worth, (items,).
    prices
        Value per minute to start from, (desks, slots).
    until
        Reading of the process's monotonic clock after which the answer is the one by index.
    """
    value, can = _possible(value, minutes, capacity, must)
    desk, slot = np.full((2, len(value)), -1)
    if not can.any():
        free = np.zeros_like(capacity)
        return Placing(status="optimal", desk=desk, slot=slot, objective=0.0, bound=0.0, prices=free)
    try:
        made = _assigned(value[can], minutes[can], capacity, must[can], prices, until=until, seed=seed)
    except _ABSORBED as error:
        made = by_index(value[can], minutes[can], capacity, must[can])
        why = " ".join(str(error).split()) or type(error).__name__
        made = replace(made, notes=(f"the solver had no answer ({why}): accounts are placed by uplift per minute",))
    desk[can], slot[can] = made.desk, made.slot
    return replace(made, desk=desk, slot=slot)


def price(
    value: Floats, minutes: Floats, capacity: Floats, must: Flags, *, prices: Floats | None = None, seed: int = 0
) -> Floats:
    """Return what a minute of each desk and slot is worth, (desks, slots), without placing anything; see `place`."""
    value, can = _possible(value, minutes, capacity, must)
    if not can.any():
        return np.zeros_like(capacity)
    options = Options.of(value[can][:, None], minutes[can][:, None, None, :], capacity, must[can])
    try:
        found = sought(options, start=None if prices is None else prices.ravel(), seed=seed)
    except _ABSORBED:
        return np.zeros_like(capacity) if prices is None else prices
    return np.asarray(found, np.float64).reshape(capacity.shape)


def _possible(value: Floats, minutes: Floats, capacity: Floats, must: Flags) -> tuple[Floats, Flags]:
    """Return the values of what fits, and the items with anything worth doing, (items,)."""
    value = np.where(np.isfinite(value) & (minutes[:, None] <= capacity), value, -np.inf)
    best = value.max(axis=(1, 2), initial=-np.inf)
    return value, np.asarray((best > 0) | (must & np.isfinite(best)))


def _assigned(
    value: Floats,
    minutes: Floats,
    capacity: Floats,
    must: Flags,
    prices: Floats | None,
    *,
    until: float | None,
    seed: int,
) -> Placing:
    length = minutes[:, None, None, :]

    left = None if until is None else until - time.monotonic()
    if left is not None and left <= 0:
        raise RuntimeError("the time is up")
    found = assign(
        value[:, None], length, capacity, must_serve=must if must.any() else None, prices=prices, seconds=left,
        gap=_CLOSE, seed=seed,
    )  # fmt: skip
    return Placing(
        status="optimal" if found.status == "optimal" else "feasible",
        desk=np.asarray(found.choice[:, 1], np.int64),
        slot=np.asarray(found.choice[:, 2], np.int64),
        objective=found.objective,
        bound=found.bound,
        prices=np.asarray(found.prices, np.float64),
    )


def by_index(value: Floats, minutes: Floats, capacity: Floats, must: Flags) -> Placing:
    """Return the plan by index: items in order of their best value per minute, each in the best place that is left."""
    left = capacity.copy()
    best = value.max(axis=(1, 2))
    rate = (value / np.maximum(minutes[:, None], 1e-9)).max(axis=(1, 2))
    desk, slot, total = np.full(len(value), -1), np.full(len(value), -1), 0.0
    for item in np.lexsort((np.arange(len(value)), -rate, ~must)).tolist():
        room = np.where(left >= minutes[item], value[item], -np.inf)
        at = int(room.argmax())
        worth = float(room.flat[at])
        if worth > 0 or (must[item] and np.isfinite(worth)):
            desk[item], slot[item] = np.unravel_index(at, room.shape)
            left.flat[at] -= minutes[item, slot[item]]
            total += worth
    forced = np.where(must & np.isfinite(best), best, np.maximum(best, 0.0))
    return Placing(
        status="fallback",
        desk=desk,
        slot=slot,
        objective=total,
        bound=float(forced[np.isfinite(forced)].sum()),
        prices=np.zeros_like(capacity),
    )


def worst(*parts: Placing) -> str:
    """Return the weakest status of several."""
    return max((part.status for part in parts), key=lambda word: _WORD[word])


def balanced(placed: Placing, value: Floats, minutes: Floats, capacity: Floats) -> Placing:
    """Return a plan of the same value with the load of each slot spread evenly over desks.

    An item moves only to a desk where it is worth the same, so it keeps its tone and its usual specialist. A slot that
    cannot be packed anew, because it is full, stays as it is.
    """
    desk, total = placed.desk.copy(), np.zeros(len(capacity))
    for slot in np.unique(placed.slot[placed.slot >= 0]).tolist():
        items = np.flatnonzero(placed.slot == slot)
        own = value[items, placed.desk[items], slot]
        same = np.abs(value[items, :, slot] - own[:, None]) <= 1e-9 * (1 + np.abs(own[:, None]))
        fresh = _spread(same, minutes[items, slot], capacity[:, slot], total)
        if fresh is not None:
            desk[items] = fresh
        np.add.at(total, desk[items], minutes[items, slot])
    return replace(placed, desk=desk)


def _spread(may: Flags, minutes: Floats, capacity: Floats, total: Floats) -> Ints | None:
    """Return a desk for each item, to where least is used; the least free come first. None where one does not fit."""
    out, load = np.full(len(may), -1), np.zeros(len(capacity))
    for k in np.lexsort((np.arange(len(may)), -minutes, may.sum(axis=1))).tolist():
        fits = may[k] & (load + minutes[k] <= capacity)
        if not fits.any():
            return None
        share = np.where(fits, load / np.maximum(capacity, 1e-9), np.inf)
        out[k] = np.lexsort((total, share))[0]
        load[out[k]] += minutes[k]
    return out
