"""The optimised planner of a run: each morning is planned as a day of the nightly plan is."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints, SmallInts
from models.planning.protocol import Outlook, WorkList
from models.planning.waiting import given_up, talk_price
from optimize.plans.placement import Placing, planned_day

_CLOSE: Final = 0.8  # of yesterday's prices: who is not worth that is not looked at


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
        Minor units that the plan is expected to bring now rather than later, less the cost of its minutes.
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
    """Planner of one run. It remembers each specialist's prices of minutes: at them the next morning weighs waiting."""

    outlook: Outlook
    name: str = "optimised"
    prices: Floats | None = field(default=None, init=False)  # (specialists, blocks)

    def begin(self) -> "Daily":
        """Return the planner of another run, which remembers nothing."""
        return Daily(outlook=self.outlook, name=self.name)

    def plan(self, work: WorkList) -> DayPlan:
        """Return the plan of a morning whose value is greatest, to within its gap."""
        if work.prospects is None:
            raise ValueError("the work list comes without prospects: the planner's outlook was not asked for")
        order = np.argsort(work.entity)
        known = self.prices if self.prices is not None and self.prices.shape == work.capacity.shape else None
        morning = _Morning.of(work, order if known is None else order[_near(work, known)[order]])
        placed = morning.placed(known)
        if (
            known is not None and (placed.prices < _CLOSE * known)[work.capacity > 0].any()
        ):  # who was left out may matter
            morning = _Morning.of(work, order)
            placed = morning.placed(known)
        self.prices = placed.prices if known is None else np.where(work.capacity > 0, placed.prices, known)
        return morning.told(placed)


def _able(work: WorkList) -> tuple[Flags, Ints]:
    """Return who can call accounts of each distinct need, (needs, specialists), and each account's need."""
    needs, need = np.unique(work.needs, return_inverse=True)
    return (work.can[None, :] & needs[:, None]) == needs[:, None], need


def _cheapest(work: WorkList, prices: Floats) -> Floats:
    """Return the lowest price of a minute among those who can call each account, (accounts, blocks); inf for nobody."""
    able, need = _able(work)
    price = np.where(able[:, :, None] & (work.capacity > 0), prices, np.inf)
    return np.asarray(price.min(axis=1, initial=np.inf)[need])


def _near(work: WorkList, prices: Floats) -> Flags:
    """Return who may be worth a call if minutes cost a part of these prices, (accounts,)."""
    assert work.prospects is not None
    cost = np.where(np.isfinite(cheapest := _cheapest(work, _CLOSE * prices)), cheapest + work.cost, 1e300)
    return np.asarray((work.reach * work.prospects.uplift[:, None] > work.minutes * cost).any(axis=1))


@dataclass(frozen=True, eq=False, slots=True)
class _Morning:
    """The accounts of a work list that are looked at, as rows of it in an order that theirs does not change."""

    work: WorkList
    rows: Ints
    able: Flags  # (rows, specialists)

    @classmethod
    def of(cls, work: WorkList, rows: Ints) -> "_Morning":
        able, need = _able(work)
        return cls(work, rows, able[need[rows]])

    def placed(self, prices: Floats | None) -> Placing:
        work, rows = self.work, self.rows
        nobody = np.zeros(len(rows), np.bool_)
        return planned_day(self._worth, work.minutes[rows], work.capacity, nobody, prices=prices)

    def _worth(self, prices: Floats | None) -> Floats:
        """Return what calls bring rather than later ones, less their minutes, (rows, specialists, blocks)."""
        work, rows, talks = self.work, self.rows, self.work.prospects
        assert talks is not None
        brings = talks.uplift
        if prices is not None:
            brings = brings - given_up(talks, talk_price(_cheapest(work, prices) + work.cost, work.reach, work.minutes))
        net = work.reach[rows] * brings[rows, None] - work.minutes[rows] * work.cost
        return np.where(self.able[:, :, None] & (net > 0)[:, None, :], net[:, None, :], -np.inf)

    def told(self, placed: Placing) -> DayPlan:
        """Return the plan of all accounts; within a block those come first who bring most per minute."""
        work, n = self.work, len(self.work.entity)
        specialist, block = np.full((2, n), -1, np.int32)
        specialist[self.rows], block[self.rows] = placed.desk, placed.slot
        done = np.flatnonzero(block >= 0)
        assert work.prospects is not None
        rate = work.reach[done, block[done]] * work.prospects.uplift[done] / work.minutes[done, block[done]]
        place = np.full(n, -1, np.int64)
        place[done[np.lexsort((work.entity[done], -rate))]] = np.arange(len(done))
        return DayPlan(
            specialist=specialist, block=block, place=place, value=placed.objective, bound=placed.bound,
            prices=placed.prices,
        )  # fmt: skip
