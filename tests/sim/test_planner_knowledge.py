"""Planners know laws, not draws: what happens tomorrow changes nothing that they see today."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ledger import Ledger
from models.history.write_offs import WriteOffs
from sim import Prospects, Run, WorkList, from_ledger, simulate
from tests.handmade import invoice, table
from tests.portfolios import flat, portfolio
from tests.sim.test_planners import AMOUNT, CALLS, HAZARD, Asking
from tests.sim.test_write_offs import house


def seen(ledger: Ledger) -> tuple[WorkList, Run]:
    """Return what a planner with an outlook sees on the first morning, and the run."""
    asking = Asking()
    run = simulate(from_ledger(ledger), CALLS, days=90, planner=asking)
    return asking.asked[0], run


def assert_same(one: WorkList | Prospects, other: WorkList | Prospects) -> None:
    """Assert that two work lists say the same, to the last digit."""
    for column in fields(one):
        left, right = getattr(one, column.name), getattr(other, column.name)
        if isinstance(left, Prospects):
            assert_same(left, right)
        else:
            assert np.array_equal(left, right), column.name


def test_the_draw_of_write_offs_changes_nothing_that_a_planner_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other invoices go, on other days; the first morning is the same, also where a dispute was open before it."""
    ledger = house([*range(160, 400), *range(60, 120)], {k: 100 + k % 60 for k in range(0, 240, 2)})
    rows = [
        {"invoice_id": f"z{k}", "opened": "2024-12-20", "reason": "pricing", "amount": 50_000}
        | dict.fromkeys(("acknowledged", "resolved", "resolution"))
        for k in range(240, 300, 3)
    ]
    ledger = replace(ledger, disputes=table("disputes", rows))
    work, run = seen(ledger)
    drawn = WriteOffs.lapse
    monkeypatch.setattr(WriteOffs, "lapse", lambda law, due, threshold: drawn(law, due, threshold[::-1]))
    again, other = seen(ledger)
    assert work.prospects is not None
    assert (work.prospects.uplift > 0).any()
    assert not np.array_equal(run.columns.lapse, other.columns.lapse)
    assert_same(work, again)


def test_what_a_planner_expects_is_the_mean_over_the_draws() -> None:
    """Half go at 60 days: the mean of what a talk brings if all go, and if none goes; all go as by an age of 60."""
    rows = [invoice("one", "2023-10-24", "2023-11-23", AMOUNT, customer_id="c000")]

    def uplift(law: WriteOffs | None, age: float = 365) -> float:
        assumed = {"promise_given_right_party": 0.0, "write_off_age": age}
        one = portfolio(1, flat(HAZARD), invoices=rows, rate=0, assumptions=assumed)
        asking = Asking()
        simulate(replace(one, behaviour=replace(one.behaviour, write_offs=law)), CALLS, days=1, planner=asking)
        found = asking.asked[0].prospects
        assert found is not None
        return float(found.uplift[0])

    none, half, whole = (
        uplift(WriteOffs(age=np.array([60]), cumulative=np.array([hazard]), seen=1, followed=999))
        for hazard in (0.0, np.log(2), np.inf)
    )
    assert half == pytest.approx((none + whole) / 2, rel=1e-9)
    assert none == pytest.approx(uplift(None), rel=1e-9)
    assert whole == pytest.approx(uplift(None, 60), rel=0.02)  # a grid of about eight days
    assert whole > 1.1 * none


def test_a_dispute_holds_the_write_off_until_it_is_over() -> None:
    """All go at 120 days; what is disputed then goes on the day on which the dispute ends, or later, not before."""
    ledger = house([*range(200, 400), *[118] * 30], dict.fromkeys(range(200), 120))
    rows = [
        {"invoice_id": f"z{k}", "opened": "2024-12-20", "reason": "pricing", "amount": 50_000}
        | dict.fromkeys(("acknowledged", "resolved", "resolution"))
        for k in range(200, 230)
    ]
    run = simulate(from_ledger(replace(ledger, disputes=table("disputes", rows))), "none", days=60, specialists=0)
    disputed = run.carried_dispute
    assert disputed.sum() == 30
    assert (run.columns.lapse[disputed] >= run.columns.resolve[disputed]).all()
    run.ledger.validate()
