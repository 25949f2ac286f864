"""The planner that is studied is the planner that runs at night: equal values, equal choices, on one morning."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ledger.table.months import day_numbers
from models.effects.what_if import Effects
from models.history.write_offs import WriteOffs
from models.planning.protocol import Outlook, WorkList
from optimize import Policy, plan
from optimize.in_simulator.planner import Daily, DayPlan
from optimize.plans.contact_value import contact_values
from optimize.plans.steps_due import dunning
from sim import Portfolio, Step, Strategy, simulate
from tests.handmade import invoice
from tests.portfolios import flat, portfolio, staff
from tests.timings import constant

HAZARD, HORIZON = 0.01, 100
CALLS = Strategy(name="calls", steps=(Step(name="call", day=10, every=1, until=120, channel="phone"),))
ASSUMED = {"call_hazard_ratio": 1.6, "effect_half_life": 14.0, "write_off_age": 200.0}
POLICY: dict[str, Any] = {"horizon": HORIZON, "discount_rate": 0.2}
MORNING = pd.Timestamp("2024-01-02")


class Watched:
    """The optimised planner, with what it was asked and what it answered."""

    name = "watched"

    def __init__(self, later_cash: float = 0.0) -> None:
        self.outlook = Outlook(horizon=HORIZON, discount=0.2, later_cash=later_cash)
        self.kept = Daily(outlook=self.outlook)
        self.asked: list[WorkList] = []
        self.told: list[DayPlan] = []

    def plan(self, work: WorkList) -> DayPlan:
        """Plan, and remember."""
        self.asked.append(work)
        self.told.append(self.kept.plan(work))
        return self.told[-1]


def customers(count: int) -> Portfolio:
    """Return customers who owe one or two invoices each, of very different amounts and ages."""
    rng, rows = np.random.default_rng(4), []
    for k in range(count):
        for j in range(1 + k % 2):
            due = MORNING - pd.Timedelta(days=int(rng.integers(11, 110)))
            issue, owed = due - pd.Timedelta(days=30), int(rng.lognormal(11, 1.5))
            rows.append(invoice(f"i{k:03d}{j}", f"{issue:%F}", f"{due:%F}", owed, customer_id=f"c{k:03d}"))
    return portfolio(count, flat(HAZARD), invoices=rows, rate=0, assumptions=ASSUMED)


@pytest.mark.parametrize("later_cash", [0.0, 0.5, 1.0])
def test_simulator_and_night_value_talks_alike(later_cash: float) -> None:
    """Uplift today and later, chances of being open, what a talk uses up: within what their grids leave open."""
    some, watched = customers(12), Watched(later_cash)
    simulate(some, CALLS, days=1, planner=watched, specialists=1)
    work, assume = watched.asked[0], some.assumptions
    days = day_numbers(pd.DatetimeIndex([MORNING, MORNING + pd.Timedelta(days=1)]))
    effects = Effects.assumed(assume)
    found = contact_values(
        dunning(some.ledger, CALLS, days, assume.promise_kept), constant(HAZARD), (effects, effects),
        WriteOffs.at(200), policy=Policy(**POLICY, later_cash=later_cash), assume=assume,
    ).talks(0, 0.0)  # fmt: skip
    assert work.prospects is not None
    assert work.balance.min() > 0
    assert found.uplift == pytest.approx(work.prospects.uplift, rel=0.01)
    assert found.later == pytest.approx(work.prospects.later, rel=0.02)
    assert found.still_open == pytest.approx(work.prospects.still_open, rel=0.01)
    assert found.spent == pytest.approx(work.prospects.spent)


def test_simulator_and_night_call_the_same_customers() -> None:
    """One specialist with time for few of forty customers: who is called, and who waits."""
    some, watched = customers(40), Watched()
    people = staff({"weekly_hours": 10.0})
    simulate(some, CALLS, days=1, planner=watched, specialists=people)
    called = np.flatnonzero(watched.told[0].specialist >= 0)
    policy = Policy(**POLICY, goodwill=0.0)
    night = plan(
        some.ledger, constant(HAZARD), CALLS, people, MORNING, days=1, policy=policy, assumptions=some.assumptions
    ).rows
    assert 4 <= len(called) <= 30
    by_night = set(night.loc[night["action"] == "call", "open_amount"])
    by_day = set(watched.asked[0].balance[called].tolist())
    assert len(by_night) == len(by_day)
    assert len(by_night ^ by_day) <= 2, (sorted(by_night), sorted(by_day))
