"""Where prices begin: on few accounts, and where there are many slots on some of them, standing for their neighbours.

A sample's own prices are off by more than the last temperatures can tell apart, so the larger the sample, the lower
the temperature from which it is looked at.
"""

from dataclasses import dataclass, replace

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.near_best import nearby


@dataclass(frozen=True, eq=False, kw_only=True)
class Listed:
    """Options of which some can be asked for; `slots` of each desk, 1 where resources have no such order."""

    options: Options
    slots: int = 1

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return self.options.accounts

    @property
    def length(self) -> float:
        """Mean minutes of an option."""
        return float(self.options.minutes.mean()) if len(self.options.minutes) else 0.0

    def near(self, prices: Floats, margin: float) -> Options:
        """Return each account's options at most `margin` below its best."""
        return self.options if margin == np.inf else nearby(self.options, prices, margin)

    def sample(self, size: int, seed: int) -> "Listed":
        """Return so many accounts, drawn at random, with their share of the capacity; all when there are few more."""
        return replace(self, options=sample(self.options, size, seed))

    def coarse(self, step: int) -> "Listed":
        """Return the instance with one slot of each `step`, which has the minutes of all of them."""
        group, middle = grouped(self.slots, step)
        desks = len(self.options.capacity) // self.slots
        number = np.full((desks, self.slots), -1, np.int32)
        number[:, middle] = np.arange(desks * len(middle), dtype=np.int32).reshape(desks, -1)
        there = number.ravel()[self.options.resource]
        kept = self.options.keep(there >= 0)
        return Listed(
            options=replace(kept, resource=there[there >= 0], capacity=pooled_minutes(self.options.capacity, group)),
            slots=len(middle),
        )


def grouped(slots: int, step: int) -> tuple[Ints, Ints]:
    """Return the group of each slot, and the slot in the middle of each group."""
    group = np.arange(slots) // step
    return group, np.array([int(np.median(np.flatnonzero(group == g))) for g in range(group[-1] + 1)])


def pooled_minutes(capacity: Floats, group: Ints) -> Floats:
    """Return the minutes of each desk in each group of slots, flat."""
    rooms = capacity.reshape(-1, len(group))
    return np.stack([rooms[:, group == g].sum(axis=1) for g in range(group[-1] + 1)], axis=1).ravel()


def spread(prices: Floats, slots: int, step: int) -> Floats:
    """Return prices of all slots from those of one slot of each `step`: straight lines between."""
    _, middle = grouped(slots, step)
    desks = prices.reshape(-1, len(middle))
    return np.concatenate([np.interp(np.arange(slots), middle, desk) for desk in desks])


def coarseness(resources: int, slots: int) -> int:
    """Return how many slots make a group; 1 where all are looked at from the start."""
    return max(slots // EFFORT.slot_groups, 1) if resources > EFFORT.many_resources else 1


def sample(options: Options, size: int, seed: int) -> Options:
    """Return so many accounts, drawn at random, with their share of the capacity; all when there are few more."""
    if options.accounts <= 1.5 * size:
        return options
    chosen = np.sort(np.random.default_rng(seed).choice(options.accounts, size, replace=False))
    return replace(options.people(chosen), capacity=options.capacity * (size / options.accounts))


def one_price(options: Options) -> tuple[float, float]:
    """Return one price for all minutes, and the worth of a typical call at the margin.

    The price is that at which accounts, best first, use up the sum of all capacity, 0 where they do not. The worth is
    the scale of temperatures; where minutes are not scarce it is the mean of what the choice is worth to an account.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(options.minutes > 0, options.value / options.minutes, np.inf)
    owner, order = options.owner(), np.argsort(ratio, kind="stable")
    best = np.full(options.accounts, -1)
    best[owner[order]] = order
    taken = best[best >= 0]
    taken = taken[np.argsort(-ratio[taken], kind="stable")]
    filled = int(np.searchsorted(np.cumsum(options.minutes[taken]), options.capacity.sum()))
    price = float(ratio[taken[filled]]) if filled < len(taken) else 0.0
    if 0 < price < np.inf:
        return price, price * float(options.minutes.mean())
    someone = np.flatnonzero(best >= 0)
    first = options.start[someone]
    low, high = np.minimum.reduceat(options.value, first), np.maximum.reduceat(options.value, first)
    return 0.0, float(np.mean(high - np.where(options.must_serve[someone], low, 0)))
