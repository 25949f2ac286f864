"""One day's call list inside a simulation: prices of minutes, from yesterday's, and a plan that fits them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from optimize.options import Options

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
_CLOSE: Final = 0.5  # of yesterday's prices: who is not worth that is not looked at when prices are sought
_STEPS: Final = 20_000
_HEAT: Final = 0.03
_NEAR: Final = 0.2


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

    specialist: npt.NDArray[np.int32]
    block: npt.NDArray[np.int32]
    place: npt.NDArray[np.int64]
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
        desk = Desk.of(work)
        if desk is None or not len(work.entity):
            return _nobody(work)
        if self.prices is None or self.prices.shape != desk.room.shape:
            self.prices = desk.priced(calling_today(work, None, desk), None)
        value = calling_today(work, self.prices, desk)
        self.prices = desk.priced(value, self.prices)
        return desk.filled(value, self.prices)


def calling_today(work: Work, prices: Floats | None, desk: "Desk") -> Floats:
    """Return what a call in each block brings rather than a call later, minor units, shape (accounts, blocks).

    Notes
    -----
    With an answer in a share p of calls: p · (U − κ · max(0, max_t (U_t − S_t · c))), where U is the uplift of a talk
    today, U_t that of one after delay t, S_t the chance that anything is open then, κ the share of the later talk that
    one today uses up, and c what a talk costs at yesterday's prices in the block where it costs least. This is the
    condition of Whittle's index (see `sim.planners.indices.whittle_index`) at those prices, so that a call is planned
    where its index lies above the price of the minutes it takes. Without prices: p · U.
    """
    talks = work.prospects
    if talks is None:
        raise ValueError("the work list comes without prospects: the planner's outlook was not asked for")
    if prices is None:
        return np.asarray(work.reach * talks.uplift[:, None])
    from optimize.day_moves import calling_today

    out = np.empty(work.reach.shape)
    calling_today(
        talks.uplift, talks.later, talks.still_open, talks.spent, work.reach, work.minutes, desk.cheapest(prices),
        desk.need, out,
    )  # fmt: skip
    return out


@dataclass(frozen=True, eq=False, slots=True)
class Desk:
    """The day's specialists, those who can do the same together: a kind. K kinds, B blocks, N distinct needs."""

    work: Work
    kind: npt.NDArray[np.int64]  # of each specialist
    can: Bits  # of each kind
    room: Floats  # minutes of each kind and block
    needs: Bits  # distinct needs
    need: npt.NDArray[np.int64]  # of each account, its number among them

    @classmethod
    def of(cls, work: Work) -> "Desk | None":
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
        from optimize.day_moves import cheapest

        return np.asarray(cheapest(prices, self.room, self.can, self.needs))

    def priced(self, value: Floats, start: Floats | None) -> Floats:
        """Return prices of minutes by kind and block: those of the smoothed dual, near `start` if that is given."""
        from optimize.dual import prices

        options = self._options(value, start)
        if not len(options.value):
            return np.zeros(self.room.shape)
        found = prices(options, start=None if start is None else start.ravel(), precision=3e-3)
        return np.asarray(found).reshape(self.room.shape)

    def _options(self, value: Floats, start: Floats | None) -> "Options":
        from optimize.options import Options

        rows = np.arange(len(value))
        if start is not None:
            rows = np.flatnonzero(self._reduced(value, _CLOSE * self.cheapest(start)) > 0)
        able = (self.can[None, :] & self.work.needs[rows, None]) == self.work.needs[rows, None]
        worth = np.where(able[:, :, None] & (self.room > 0), value[rows, None, :], -np.inf)
        return Options.of(worth[:, None], self.work.minutes[rows][:, None, None, :], self.room)

    def _reduced(self, value: Floats, price: Floats) -> Floats:
        from optimize.day_moves import reduced_values

        out = np.empty(len(value))
        reduced_values(value, self.work.minutes, self.need, price, out)
        return out

    def filled(self, value: Floats, prices: Floats) -> DayPlan:
        """Return a plan near these prices, and the bound that they prove."""
        from optimize.day_moves import exchange, fill

        work, price = self.work, self.cheapest(prices)
        reduced = self._reduced(value, price)
        bound = float(np.maximum(reduced, 0).sum() + (prices * self.room).sum()) * (1 + 1e-12)
        margin = _NEAR * float(price[np.isfinite(price)].mean() * work.minutes.mean())
        near = np.flatnonzero(reduced > -margin)
        near = near[np.lexsort((work.entity[near], -reduced[near]))]
        able = (work.can[None, :] & work.needs[near, None]) == work.needs[near, None]
        worth, minutes, left = value[near], np.ascontiguousarray(work.minutes[near]), work.capacity.copy()
        who, when = np.full(len(near), -1, np.int32), np.full(len(near), -1, np.int32)
        by_person = prices[self.kind]
        fill(worth, minutes, able, left, by_person, who, when)
        heat = _HEAT * float((by_person.mean()) * minutes.mean())
        exchange(worth, minutes, able, left, by_person, who, when, _STEPS, heat)
        plan = _nobody(work, by_person, bound)
        plan.specialist[near], plan.block[near] = who, when
        done = np.flatnonzero(plan.block >= 0)
        rate = value[done, plan.block[done]] / work.minutes[done, plan.block[done]]
        plan.place[done[np.lexsort((work.entity[done], -rate))]] = np.arange(len(done))
        total = float(value[done, plan.block[done]].sum())
        return DayPlan(
            specialist=plan.specialist, block=plan.block, place=plan.place, value=total, bound=bound, prices=by_person
        )


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
