"""Options of each account that are near its best one at given prices."""

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.instance import Options
from optimize.assignment.price_kernels import OptionArrays, near


def nearby(options: Options, prices: Floats, margin: float) -> Options:
    """Return the instance with each account's options that are at most `margin` below its best."""
    return options.at(*close_to_best(options, prices, margin))


def close_to_best(options: Options, prices: Floats, margin: float) -> tuple[Ints, Ints]:
    """Return the numbers of each account's options at most `margin` below its best, and where each account's begin."""
    start = np.zeros(options.accounts + 1, np.int64)
    picked = np.empty(len(options.value), np.int64)
    made = near(option_arrays(options), prices, margin, picked, start)
    return picked[:made], start


def option_arrays(options: Options) -> OptionArrays:
    """Return what compiled code reads of the options."""
    return OptionArrays(options.start, options.resource, options.value, options.minutes, options.must_serve)
