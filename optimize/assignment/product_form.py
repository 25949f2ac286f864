"""Instances too large to write out: values are products, and classes say who may be served where."""

import time
from dataclasses import dataclass, replace

import numpy as np

from ledger.arrays import Flags, Floats, Ints, SmallInts
from ledger.errors import BadInput
from optimize.assignment import prices as dual
from optimize.assignment.construct import MARGIN, Effort, build
from optimize.assignment.instance import Options
from optimize.assignment.price_kernels import ROUNDING
from optimize.assignment.price_start import grouped, pooled_minutes
from optimize.assignment.product_kernels import (
    Envelope,
    Products,
    best_products,
    envelope,
    fill_products,
    near_products,
    product_sum,
)
from optimize.assignment.result import Assignment
from optimize.assignment.solve import HASTY, PROVEN, checked_gap, deadline, verified, worth

MOST = 10  # options of an account that a plan is made of
LAST = 4e-4  # last temperature, as a share of the worth of a call at the margin


@dataclass(frozen=True, eq=False, kw_only=True)
class Factored:
    """Values ``worth[account, action] * desk[desk, action] * slot[slot]``, where the account's class may be served.

    Parameters
    ----------
    worth
        Worth of an action, more is better, -inf where it is not allowed; shape (accounts, actions).
    minutes
        Minutes of an action, at least 0; shape (accounts, actions).
    desk
        Factor of a desk with an action, above 0; shape (desks, actions).
    slot
        Factor of a slot, above 0; shape (slots,).
    kind
        Class of each account, from 0; shape (accounts,).
    allowed
        Whether accounts of a class may be served; shape (classes, desks, slots).
    capacity
        Minutes, at least 0; shape (desks, slots).

    Raises
    ------
    BadInput
        A shape does not fit, or a number makes no sense.
    """

    worth: Floats
    minutes: Floats
    desk: Floats
    slot: Floats
    kind: Ints
    allowed: Flags
    capacity: Floats

    def __post_init__(self) -> None:
        accounts, actions = self.worth.shape
        classes = len(self.allowed)
        shapes = {
            "minutes": (accounts, actions),
            "desk": (len(self.desk), actions),
            "slot": (len(self.slot),),
            "kind": (accounts,),
            "allowed": (classes, len(self.desk), len(self.slot)),
            "capacity": (len(self.desk), len(self.slot)),
        }
        for name, right in shapes.items():
            if getattr(self, name).shape != right:
                raise BadInput(f"{right} is needed", field=f"shape of {name}", value=getattr(self, name).shape)
        if not (self.worth < np.inf).all():
            raise BadInput("a worth is a number or -inf", field="worth")
        for name, least in (("minutes", 0.0), ("capacity", 0.0), ("desk", 1e-300), ("slot", 1e-300)):
            numbers = getattr(self, name)
            if not ((numbers >= least) & (numbers < np.inf)).all():
                raise BadInput(f"finite and {'above' if least else 'at least'} 0", field=name)
        if accounts and not ((self.kind >= 0) & (self.kind < classes)).all():
            raise BadInput(f"a class from 0 to {classes - 1}", field="kind")

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.worth)

    @property
    def length(self) -> float:
        """Mean minutes of an action."""
        return float(self.minutes.mean()) if self.minutes.size else 0.0

    def sample(self, size: int, seed: int) -> "Factored":
        """Return so many accounts, drawn at random, with their share of the capacity; all when there are few more."""
        if self.accounts <= 1.5 * size:
            return self
        chosen = np.sort(np.random.default_rng(seed).choice(self.accounts, size, replace=False))
        return replace(
            self,
            worth=self.worth[chosen],
            minutes=self.minutes[chosen],
            kind=self.kind[chosen],
            capacity=self.capacity * (size / self.accounts),
        )

    def coarse(self, step: int) -> "Factored":
        """Return the instance with one slot of each `step`, which has the minutes of all of them."""
        group, middle = grouped(len(self.slot), step)
        room = pooled_minutes(self.capacity.ravel(), group).reshape(len(self.desk), -1)
        return replace(self, slot=self.slot[middle], allowed=self.allowed[:, :, middle], capacity=room)

    def products(self) -> Products:
        """Return what compiled code reads."""
        shortest = self.minutes.min() if self.minutes.size else 0.0
        allowed = (self.allowed & (self.capacity >= shortest)).reshape(len(self.allowed), -1)
        return Products(
            worth=np.ascontiguousarray(self.worth, np.float64),
            minutes=np.ascontiguousarray(self.minutes, np.float64),
            kind=np.asarray(self.kind, np.int64),
            factor=(self.desk.T[:, :, None] * self.slot).reshape(self.worth.shape[1], -1),
            capacity=self.capacity.ravel(),
            first=np.concatenate([[0], np.cumsum(allowed.sum(1))]),
            listed=np.nonzero(allowed)[1],
        )

    def near(self, prices: Floats, margin: float, most: int = 1 << 40, taken: Ints | None = None) -> Options:
        """Return each account's options at most `margin` below its best, about `most` of them, and `taken`.

        Of more than `most` the best half stays, and of the others every n-th: else accounts that are alike would all
        look at the same few resources.
        """
        products = self.products()
        hull: Envelope = envelope(products, prices)
        also = np.full(self.accounts, -1) if taken is None else taken
        start, room = np.zeros(self.accounts + 1, np.int64), 1000 + 4 * self.accounts
        filled = _columns(room)
        while not near_products(products, hull, prices, margin, most, also, start, filled):
            room *= 4  # memory that is not written is not taken
            filled = _columns(room)
        made = int(start[-1])
        return Options(
            start=start,
            resource=filled[0][:made],
            value=filled[1][:made],
            minutes=filled[2][:made],
            capacity=products.capacity,
            must_serve=np.zeros(self.accounts, np.bool_),
            origin=filled[3][:made],
        )

    def greedy(self, prices: Floats, margin: float) -> Ints:
        """Return resource * actions + action per account, -1 for none: by reduced value, what fits, of all options."""
        products = self.products()
        best: Floats = best_products(products, envelope(products, prices))
        order = np.argsort(-best, kind="stable")
        taken: Ints = fill_products(products, order[best[order] > -margin], prices, -margin)
        return taken

    def bound(self, prices: Floats) -> float:
        """Return a value that no plan exceeds, for any prices; see `optimize.assignment.prices.bound`."""
        products = self.products()
        total, slack = product_sum(products, envelope(products, prices))
        room = float(products.capacity @ prices)
        return float(total + room + slack + room * (dual.SLACK + 2 * len(prices) * ROUNDING))


def assign_factored(
    factored: Factored,
    *,
    prices: Floats | None = None,
    seconds: float | None = None,
    gap: float | None = None,
    seed: int = 0,
) -> Assignment:
    """Do what `optimize.assign` does, for a factored instance in which nobody must be served.

    Parameters
    ----------
    factored
        The instance.
    prices
        Value per minute that may be close; shape (desks, slots).
    seconds, gap, seed
        As in `optimize.assign`.
    """
    began = time.perf_counter()
    until, gap = deadline(began, seconds), checked_gap(gap)
    desks, slots = factored.capacity.shape
    start = None if prices is None else np.ravel(prices)
    found, scale = np.zeros(desks * slots), 0.0
    if factored.accounts and desks * slots:
        found, scale = dual.sought(factored, desks * slots, slots, start, LAST, seed)
    bound = factored.bound(found)
    margin = MARGIN * scale if scale > 0 else np.inf
    taken = factored.greedy(found, margin)
    close = factored.near(found, margin, MOST, taken)
    effort = Effort(enough=bound - max(gap, PROVEN) * abs(bound), until=until, seed=seed, hasty=gap >= HASTY)
    begin = numbered(close, taken, factored.worth.shape[1])
    chosen = build(close, found, scale=scale, effort=effort, begin=begin)
    objective = worth(close, chosen)
    verified(close, chosen, objective, bound)
    choice, who = np.full((factored.accounts, 3), -1), np.flatnonzero(chosen >= 0)
    action, resource = np.divmod(close.origin[chosen[who]], max(desks * slots, 1))
    choice[who] = np.stack([action, resource // max(slots, 1), resource % max(slots, 1)], axis=1)
    return Assignment(
        status="optimal" if bound - objective <= PROVEN * max(abs(bound), 1e-12) else "feasible",
        choice=choice,
        objective=objective,
        bound=bound,
        prices=found.reshape(desks, slots),
        seconds=time.perf_counter() - began,
        unserved=np.zeros(0, np.int64),
    )


def numbered(options: Options, taken: Ints, actions: int) -> Ints:
    """Return the option number of what is `taken`, resource * actions + action per account, -1 for none."""
    resource, action = np.divmod(taken, actions)
    same = options.origin == (action * len(options.capacity) + resource)[options.owner()]
    number = np.full(options.accounts, -1)
    at = np.flatnonzero(same & (taken >= 0)[options.owner()])
    number[options.owner()[at]] = at
    return number


def _columns(size: int) -> tuple[SmallInts, Floats, Floats, Ints]:
    return np.empty(size, np.int32), np.empty(size), np.empty(size), np.empty(size, np.int64)
