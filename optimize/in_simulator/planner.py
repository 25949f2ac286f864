"""One day's call list inside a simulation: prices of minutes, from yesterday's, and a plan that fits them."""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import numpy as np

from ledger.arrays import Bits, Floats, Ints, SmallInts
from optimize.assignment.annealing import annealed, empty_plan, greedy
from optimize.assignment.instance import Options
from optimize.assignment.pair_exchange import lists_of, woven
from optimize.assignment.prices import prices
from optimize.in_simulator.planner_kernels import cheapest, places, reduced_values, values_today

_CLOSE: Final = 0.8  # of yesterday's prices: who is not worth that is not looked at when prices are sought
_PRECISE: Final = 0.003  # last temperature of the smoothed dual, as a share of the worth of a call at the margin
_FEW: Final = 100  # so few accounts are all looked at, in all places
_NEAR: Final = 0.05  # of a call's worth at the margin: who falls short by more is not called
_HEAT: Final = 0.02  # of that worth: the loss that annealing accepts at first
_WARM: Final = 0.3  # the same where accounts are few
_STEPS: Final = 3_000  # moves of one account in annealing
_WOVEN: Final = 20_000  # exchanges between two places, divided by the number of places: each costs as much more


class Talks(Protocol):
    """What talks bring; `sim.planners.Prospects` satisfies this."""

    @property
    def uplift(self) -> Floats:
        """What a talk today brings, minor units, shape (accounts,)."""
        ...

    @property
    def later(self) -> Floats:
        """What a talk after each delay brings instead, shape (accounts, delays)."""
        ...

    @property
    def still_open(self) -> Floats:
        """Chance that anything is open then, shape (accounts, delays)."""
        ...

    @property
    def spent(self) -> Floats:
        """Share of a later talk's uplift that a talk today uses up, shape (accounts,)."""
        ...


class Work(Protocol):
    """A morning's accounts and desk; `sim.planners.WorkList` satisfies this."""

    @property
    def entity(self) -> Bits:
        """Identity of each account, shape (accounts,)."""
        ...

    @property
    def needs(self) -> Bits:
        """Bits that a specialist must have, shape (accounts,)."""
        ...

    @property
    def reach(self) -> Floats:
        """Chance of an answer, shape (accounts, blocks)."""
        ...

    @property
    def minutes(self) -> Floats:
        """Expected minutes of a call, shape (accounts, blocks)."""
        ...

    @property
    def can(self) -> Bits:
        """Bits that each specialist has, shape (specialists,)."""
        ...

    @property
    def capacity(self) -> Floats:
        """Minutes, shape (specialists, blocks)."""
        ...

    @property
    def prospects(self) -> Talks | None:
        """What talks bring."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class DayPlan:
    """Who calls whom today, and how good that is.

    Parameters
    ----------
    specialist, block
        Of each account; -1: not today.
    place
        Order within the block.
    value
        Minor units that the plan is expected to bring now rather than later.
    bound
        No plan brings more.
    prices
        Minor units that one more minute would bring, shape (specialists, blocks).
    """

    specialist: SmallInts
    block: SmallInts
    place: Ints
    value: float
    bound: float
    prices: Floats

    @property
    def gap(self) -> float:
        """Share of the bound by which the plan may fall short of the best one."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


@dataclass(slots=True)
class Daily:
    """Planner of one run. It remembers the day's prices: the next morning's, and what waiting costs, start from them.

    `outlook` is handed to whoever makes the work lists (`sim.planners.Outlook`).
    """

    outlook: Any
    name: str = "optimised"
    prices: Floats | None = field(default=None, init=False)  # of kinds of specialists in blocks

    def begin(self) -> "Daily":
        """Return the planner of another run, which remembers nothing."""
        return Daily(outlook=self.outlook, name=self.name)

    def plan(self, work: Work) -> DayPlan:
        """Return the plan of a morning whose value is greatest, to within its gap."""
        desk = DeskKinds.of(work)
        if desk is None or not len(work.entity):
            return _nobody(work)
        if self.prices is None or self.prices.shape != desk.room.shape:
            self.prices = desk.priced(calling_today(work, None, desk), None)
        value = calling_today(work, self.prices, desk)
        self.prices = desk.priced(value, self.prices)
        return desk.filled(value, self.prices)


def calling_today(work: Work, prices: Floats | None, desk: "DeskKinds") -> Floats:
    """Return what a call in each block brings rather than a call later, minor units, shape (accounts, blocks).

    Notes
    -----
    With an answer in a share p of calls: p · (U − κ·C), where U is the uplift of a talk today, κ the share of later
    talks that one today uses up, and C what the later talks bring that are worth their price: backwards over the
    delays, C_t = max(C_next, U_t − S_t·c + (1 − κ)·C_next), with U_t the uplift of a talk after delay t, S_t the chance
    that anything is open then, and c what a talk costs at yesterday's prices in the block where it costs least. A call
    is planned where p·(U − κ·C) exceeds the price of its minutes: the condition of Whittle's index (see
    `sim.planners.indices.whittle_index`, which looks at one later talk) at those prices. Without prices: p · U.
    """
    talks = work.prospects
    if talks is None:
        raise ValueError("the work list comes without prospects: the planner's outlook was not asked for")
    if prices is None:
        return np.asarray(work.reach * talks.uplift[:, None])

    out = np.empty(work.reach.shape)
    values_today(
        talks.uplift, talks.later, talks.still_open, talks.spent, work.reach, work.minutes, desk.cheapest(prices),
        desk.need, out,
    )  # fmt: skip
    return out


@dataclass(frozen=True, eq=False, slots=True)
class DeskKinds:
    """The day's specialists, those who can do the same together: a kind. K kinds, B blocks, N distinct needs."""

    work: Work
    kind: Ints  # of each specialist
    can: Bits  # of each kind
    room: Floats  # minutes of each kind and block
    needs: Bits  # distinct needs
    need: Ints  # of each account, its number among them

    @classmethod
    def of(cls, work: Work) -> "DeskKinds | None":
        """Return the desk; None where nobody works."""
        if not work.capacity.size:
            return None
        can, kind = np.unique(work.can, return_inverse=True)
        room = np.zeros((len(can), work.capacity.shape[1]))
        np.add.at(room, kind, work.capacity)
        needs, need = np.unique(work.needs, return_inverse=True)
        return cls(work, kind, can, room, needs, need)

    def cheapest(self, prices: Floats) -> Floats:
        """Return the lowest price of a minute by need and block; inf where nobody can."""
        return np.asarray(cheapest(prices, self.room, self.can, self.needs))

    def priced(self, value: Floats, start: Floats | None) -> Floats:
        """Return prices of minutes by kind and block: those of the smoothed dual, near `start` if that is given."""
        options = self._options(value, start)
        if not len(options.value):
            return np.zeros(self.room.shape)
        found = prices(options, start=None if start is None else start.ravel(), precision=_PRECISE)
        found = np.asarray(found).reshape(self.room.shape)
        if start is not None and (found < (1 + _CLOSE) / 2 * start).any():  # who was left out may matter
            return self.priced(value, None)
        return found

    def _options(self, value: Floats, start: Floats | None) -> Options:
        rows = np.arange(len(value))
        if start is not None:
            rows = np.flatnonzero(self._reduced(value, _CLOSE * self.cheapest(start)) > 0)
        able = (self.can[None, :] & self.work.needs[rows, None]) == self.work.needs[rows, None]
        worth = np.where(able[:, :, None] & (self.room > 0), value[rows, None, :], -np.inf)
        return Options.of(worth[:, None], self.work.minutes[rows][:, None, None, :], self.room)

    def _reduced(self, value: Floats, price: Floats) -> Floats:
        out = np.empty(len(value))
        reduced_values(value, self.work.minutes, self.need, price, out)
        return out

    def filled(self, value: Floats, prices: Floats) -> DayPlan:
        """Return a plan near these prices, and the bound that they prove."""
        work, price = self.work, self.cheapest(prices)
        reduced = self._reduced(value, price)
        bound = float(np.maximum(reduced, 0).sum() + (prices * self.room).sum()) * (1 + 1e-9)
        call = float(prices[self.room > 0].mean() * work.minutes.mean())  # what a call at the margin is worth
        few = len(reduced) <= _FEW or call == 0
        near = np.flatnonzero(reduced > (-np.inf if few else -_NEAR * call))
        near = near[np.lexsort((work.entity[near], -reduced[near]))]
        plan = _nobody(work, prices[self.kind], bound)
        heat = (_WARM if few else _HEAT) * (call or float(value.max(initial=0.0)))
        place = self._placed(near, value[near], plan.prices, heat, np.inf if few else 3 * heat)
        plan.specialist[near], plan.block[near] = np.where(place >= 0, np.divmod(place, value.shape[1]), -1)
        done = np.flatnonzero(plan.block >= 0)
        rate = value[done, plan.block[done]] / work.minutes[done, plan.block[done]]
        plan.place[done[np.lexsort((work.entity[done], -rate))]] = np.arange(len(done))
        return replace(plan, value=float(value[done, plan.block[done]].sum()))

    def _placed(self, rows: Ints, value: Floats, prices: Floats, heat: float, spread: float) -> Ints:
        """Return the place of each of these accounts (-1: none): best first, then by moves and exchanges."""
        work = self.work
        able = (work.can[None, :] & work.needs[rows, None]) == work.needs[rows, None]
        start, resource, worth, length = places(value, work.minutes[rows], able, prices, spread)
        options = Options(
            start=start,
            resource=resource,
            value=worth,
            minutes=length,
            capacity=work.capacity.ravel(),
            must_serve=np.zeros(len(rows), np.bool_),
            origin=resource.astype(np.int64),
        )
        state, flat = empty_plan(options), prices.ravel()
        greedy(options, flat, state)
        if len(resource) and heat > 0:
            annealed(options, ends=(heat, heat / 20), moves=_STEPS, seed=0, plan_out=state)
            moves, ends = _WOVEN // work.capacity.size, (heat / 6, heat / 60)
            woven(options, lists_of(options), flat, ends=ends, moves=moves, seed=1, plan_out=state)
        return np.where(state.chosen >= 0, np.append(resource, -1)[state.chosen], -1)


def _nobody(work: Work, prices: Floats | None = None, bound: float = 0.0) -> DayPlan:
    """Return the plan in which nobody is called."""
    m = len(work.entity)
    return DayPlan(
        specialist=np.full(m, -1, np.int32),
        block=np.full(m, -1, np.int32),
        place=np.full(m, -1, np.int64),
        value=0.0,
        bound=bound,
        prices=np.zeros(work.capacity.shape) if prices is None else prices,
    )
