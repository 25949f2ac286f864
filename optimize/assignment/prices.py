"""What a minute of each desk and slot is worth: prices that make the bound small.

With prices p >= 0 per minute no plan is worth more than ``bound(p) = sum over accounts of the best reduced value +
p @ capacity``: only the prices couple accounts. The bound is convex in p; its lowest value is that of the linear
relaxation. Newton's method needs it smooth, so the maximum over an account's options is replaced by temperature *
log-sum-exp, and the temperature is lowered in steps.
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg.lapack import dposv
from threadpoolctl import ThreadpoolController

from ledger.arrays import Flags, Floats
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.near_best import option_arrays
from optimize.assignment.price_kernels import ROUNDING, best_sum, smooth
from optimize.assignment.price_start import Listed, coarseness, one_price, sample, spread


def bound(options: Options, prices: Floats) -> float:
    """Return a value that no plan exceeds.

    Parameters
    ----------
    options
        The instance.
    prices
        Value per minute of each resource, at least 0, of any quality; shape (resources,).

    Returns
    -------
    float
        Lower is better. -inf where an account must be served and has no option. It is rounded upwards, so it holds
        for the numbers as they are in float64, and for loads that exceed a capacity by up to `EFFORT.tight` of it.
    """
    total, slack = best_sum(option_arrays(options), np.asarray(prices, np.float64))
    room = float(options.capacity @ prices)
    return float(total + room + slack + room * (EFFORT.tight + 2 * len(prices) * ROUNDING) + ROUNDING * abs(total))


def prices(
    options: Options, *, start: Floats | None = None, precision: float = 3e-4, seed: int = 0, slots: int = 1
) -> Floats:
    """Seek prices with a bound near that of the linear relaxation.

    Parameters
    ----------
    options
        The instance.
    start
        Prices that may be close, such as yesterday's; shape (resources,).
    precision
        Last temperature, as a share of the worth of a call at the margin.
    seed
        Chooses the samples with which a large instance begins.
    slots
        Slots of each desk, where prices of neighbours are alike.

    Returns
    -------
    ndarray
        Value per minute, at least 0; shape (resources,).
    """
    if not len(options.value):
        return np.zeros(len(options.capacity))
    return sought(Listed(options=options, slots=slots), len(options.capacity), slots, start, precision, seed=seed)[0]


def sought(
    source: Listed, resources: int, slots: int, start: Floats | None, precision: float, *, seed: int
) -> tuple[Floats, float]:
    """Return prices, and the worth of a typical call at the margin; see `prices`."""
    worth = 0.0 if start is None else float(np.median(start)) * source.length
    if start is not None and worth > 0:
        if source.accounts < EFFORT.large:
            source = Listed(options=source.near(start, 60 * EFFORT.warm * worth))
        with one_thread():
            return cool(source, np.maximum(start, 0.0), EFFORT.warm * worth, precision * worth), worth
    step = coarseness(resources, slots)
    rough = source.coarse(step) if step > 1 else source
    groups = resources // slots * -(-slots // step)
    few = rough.sample(max(EFFORT.level_sample, 5 * groups), seed).near(np.zeros(groups), np.inf)
    price, scale = one_price(few) if len(few.value) else (0.0, 0.0)
    if scale == 0:
        return np.zeros(resources), 0.0
    with one_thread():
        found, hot = heat(few, np.full(groups, price), scale), 0.07
        if source.accounts > EFFORT.sample:
            found, hot = (
                cool(rough.sample(max(EFFORT.sample, 20 * groups), seed), found, hot * scale, 0.02 * scale),
                0.01,
            )
        found = spread(found, slots, step) if step > 1 else found
        for size, cold in ((10 * resources, 0.003), (40 * resources, 0.001), (200 * resources, 0.0004)):
            if resources > EFFORT.many_resources and source.accounts > 3 * size:
                found = cool(source.sample(size, seed), found, hot * scale, cold * scale, enough=EFFORT.rough)
                hot = cold
        return cool(source, found, hot * scale, min(precision, hot) * scale), scale


def heat(options: Options, found: Floats, scale: float) -> Floats:
    """Minimise the smoothed bound at high temperatures, where all options matter; `options` is a sample."""
    for temperature in (0.5, 0.2):
        found, _ = minimise(options, found, temperature * scale, 4, np.full_like(found, np.inf))
    return found


def cool(source: Listed, found: Floats, hot: float, cold: float, enough: float = 1e-6) -> Floats:
    """Follow the smoothed bound's minimum from the `hot` temperature down to the `cold` one.

    At each temperature only options that could matter are looked at, and prices are held where that is so.
    """
    temperature, patience = max(hot, cold), 3
    enough = enough if source.accounts < EFFORT.large else EFFORT.rough
    while True:
        last, far, wide = np.inf, False, np.ones_like(found)
        for look in range(EFFORT.rounds):
            close = source.near(found, 26 * temperature)
            if not len(close.value):
                return found
            reach, before = wide * (6 * temperature / (float(close.minutes.mean()) or 1.0)), found
            found, now = minimise(close, found, temperature, 2 if temperature > cold else 4, reach)
            held = np.abs(found - before) > 0.999 * reach
            far = look == EFFORT.rounds - 1 or (look >= 2 and bool(held.mean() > 0.3))
            if not held.any() or far or 0 <= last - now <= enough * abs(now):
                break
            wide = np.where(held, np.minimum(2 * wide, EFFORT.widest), 1.0) if now < last else np.ones_like(found)
            last = now
        if far and patience:  # prices have further to go than such small steps
            patience, temperature = patience - 1, temperature / EFFORT.cooling
        elif temperature <= cold:
            return found
        else:
            temperature = max(temperature * EFFORT.cooling, cold)


def minimise(options: Options, found: Floats, temperature: float, steps: int, reach: Floats) -> tuple[Floats, float]:
    """Take a few projected Newton steps on the smoothed bound, none further than `reach`; return its value too."""
    low, high = np.maximum(found - reach, 0), found + reach
    now, slope, curve = smoothed(options, found, temperature)
    for _ in range(steps):
        free = ((found > low) | (slope < 0)) & ((found < high) | (slope > 0))
        if not free.any():
            break
        step = newton_step(slope, curve, free)
        length = 1.0
        for _ in range(12):
            trial = np.clip(found + length * step, low, high)
            there, trial_slope, trial_curve = smoothed(options, trial, temperature)
            if there <= now + 1e-4 * float(slope @ (trial - found)):
                break
            length *= 0.4
        else:
            break
        gain, now = now - there, there
        found, slope, curve = trial, trial_slope, trial_curve
        if gain <= 1e-7 * abs(now):
            break
    return found, now


def newton_step(slope: Floats, curve: Floats, free: Flags) -> Floats:
    """Return the Newton step of the free prices; `curve` is read above its diagonal."""
    hessian = curve[np.ix_(free, free)]
    hessian[np.diag_indices_from(hessian)] *= 1 + 1e-9
    hessian[np.diag_indices_from(hessian)] += 1e-6 * float(np.mean(np.diag(curve)[free])) + 1e-300
    step = np.zeros_like(slope)
    solved, wrong = dposv(hessian, slope[free], lower=0)[1:]
    step[free] = -solved if wrong == 0 else -slope[free] / np.diag(hessian)
    return step


def smoothed(options: Options, found: Floats, temperature: float) -> tuple[float, Floats, Floats]:
    """Return value, slope and curvature (upper triangle) of the smoothed bound."""
    slope, curve = options.capacity.copy(), np.zeros((len(found), len(found)))
    total = smooth(option_arrays(options), found, temperature, slope, curve)
    return float(total + options.capacity @ found), slope, curve


def scale(options: Options, prices: Floats, seed: int = 0) -> float:
    """Return the worth of a typical call at the margin, at these prices; 0 where there are no options."""
    if not len(options.value):
        return 0.0
    middle = float(np.median(prices)) * float(options.minutes.mean())
    return middle if middle > 0 else one_price(sample(options, EFFORT.level_sample, seed))[1]


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which linear algebra keeps to one thread: its matrices are small."""
    limited: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limited


@cache
def _controller() -> Any:
    return ThreadpoolController()
