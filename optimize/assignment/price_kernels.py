"""Compiled: what accounts choose when minutes have a price, exactly and smoothed.

The reduced value of an option is its value less its minutes at the price of its resource. An account that need not be
served always has one more option, to be left alone, of reduced value 0.
"""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Floats, Ints, SmallInts
from ledger.compiling import njit

ROUNDING = 2.0**-52


class OptionArrays(NamedTuple):
    """What compiled code reads of `Options`."""

    start: Ints  # the options of account i are start[i]:start[i + 1]; (accounts + 1,)
    resource: SmallInts  # (options,)
    value: Floats  # (options,)
    minutes: Floats  # (options,)
    must: Flags  # whether an account must be served; (accounts,)


@njit(cache=True)
def best_sum(options: OptionArrays, prices: Floats) -> tuple[float, float]:
    """Return the sum of the best reduced values, compensated, and an upper limit of what rounding took from it."""
    start, resource, value, minutes, must = options
    total, lost, slack = 0.0, 0.0, 0.0
    for i in range(len(must)):
        first, last = start[i], start[i + 1]
        if first == last:
            if must[i]:
                return -np.inf, 0.0
            continue
        best, size = -np.inf if must[i] else 0.0, 0.0
        for o in range(first, last):
            reduced = value[o] - minutes[o] * prices[resource[o]]
            best = max(best, reduced)
            size = max(size, abs(value[o]))
        slack += 2 * size + abs(best)
        new = total + best
        lost += (total - new) + best if abs(total) >= abs(best) else (best - new) + total
        total = new
    return total + lost, 4 * ROUNDING * slack


@njit(cache=True)
def near(options: OptionArrays, prices: Floats, margin: float, picked_out: Ints, start_out: Ints) -> int:
    """Pick options whose reduced value is at most `margin` below the account's best.

    Fills the numbers of the picked options, in their order, and where each account's begin; returns how many.
    """
    start, resource, value, minutes, must = options
    widest = 0
    for i in range(len(must)):
        widest = max(widest, start[i + 1] - start[i])
    reduced = np.empty(widest)
    made = 0
    for i in range(len(must)):
        first, last = start[i], start[i + 1]
        best = -np.inf if must[i] else 0.0
        for o in range(first, last):
            reduced[o - first] = value[o] - minutes[o] * prices[resource[o]]
            best = max(best, reduced[o - first])
        limit, count = best - margin, 0
        for o in range(first, last):
            if reduced[o - first] >= limit:
                picked_out[made + count] = o
                count += 1
        made += count
        start_out[i + 1] = made
    return made


@njit(cache=True)
def smooth(options: OptionArrays, prices: Floats, temperature: float, slope_out: Floats, curve_out: Floats) -> float:
    """Return the sum of temperature * log-sum-exp of reduced values; add its slope and its curvature.

    `slope_out`, (resources,), falls by the expected minutes used. `curve_out`, (resources, resources), upper triangle,
    grows by the covariance of the minutes used, divided by the temperature.
    """
    start, resource, value, minutes, must = options
    widest = 1
    for i in range(len(must)):
        widest = max(widest, start[i + 1] - start[i])
    reduced, used, squared = np.empty(widest), np.empty(widest), np.empty(widest)
    where = np.empty(widest, np.int64)
    total = 0.0
    for i in range(len(must)):
        first, last = start[i], start[i + 1]
        if first == last:
            continue
        best = -np.inf if must[i] else 0.0
        for o in range(first, last):
            reduced[o - first] = value[o] - minutes[o] * prices[resource[o]]
            best = max(best, reduced[o - first])
        mass = 0.0 if must[i] else np.exp(-best / temperature)
        limit, count = best - 14 * temperature, 0
        for o in range(first, last):
            if reduced[o - first] < limit:
                continue
            weight = np.exp((reduced[o - first] - best) / temperature)
            mass += weight
            if count == 0 or where[count - 1] != resource[o]:
                where[count], used[count], squared[count] = resource[o], 0.0, 0.0
                count += 1
            used[count - 1] += weight * minutes[o]
            squared[count - 1] += weight * minutes[o] * minutes[o]
        total += best + temperature * np.log(mass)
        if count == 1 and mass == 1.0 and must[i]:
            slope_out[where[0]] -= used[0]
            continue
        used[:count] /= mass
        for j in range(count):
            slope_out[where[j]] -= used[j]
            curve_out[where[j], where[j]] += (squared[j] / mass - used[j] * used[j]) / temperature
            part = used[j] / temperature
            for other in range(j + 1, count):
                curve_out[where[j], where[other]] -= part * used[other]
    return total
