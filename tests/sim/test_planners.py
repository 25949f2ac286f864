"""Planners that know what a talk brings: the numbers they are given, how they rank, and what each belief changes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from experiments.planner_study.cash_value import settlement
from ledger import BadInput
from optimize.in_simulator.planner import Daily
from sim import Belief, Outlook, Plan, Prospects, Step, Strategy, WorkList, simulate, synthetic
from sim.planners import planner
from sim.planners.indices import uplift_index, whittle_index
from tests.handmade import invoice
from tests.portfolios import covers, flat, portfolio, staff
from tests.sim.test_call_plans import order, work

HORIZON, HAZARD, AMOUNT = 100, 0.01, 120_000
CALLS = Strategy(name="calls", steps=(Step(name="call", day=10, every=10, until=120, channel="phone"),))
EVE = np.exp(-HAZARD)  # unpaid on the evening of the call, as known on the evening before
EXTRA = 0.888  # a friendly call's assumed hazard ratio, less 1


class Asking:
    """Keeps the work lists, and calls nobody."""

    name = "asking"

    def __init__(self, **outlook: Any) -> None:
        self.outlook = Outlook(**{"horizon": HORIZON, "discount": 0.0} | outlook)
        self.asked: list[WorkList] = []

    def plan(self, work: WorkList) -> Plan:
        """Call nobody."""
        self.asked.append(work)
        nobody = np.full(len(work.entity), -1, np.int32)
        return Plan(specialist=nobody, block=nobody, place=nobody.astype(np.int64))


def talks(
    outlook: dict[str, Any] | None = None, belief: str | Belief = "right", frailty: float = 1.0, **assumed: float
) -> Prospects:
    """Return the prospects of one customer who owes one invoice, 40 days past due, at a flat hazard."""
    rows = [invoice("one", "2023-10-24", "2023-11-23", AMOUNT, customer_id="c000")]
    asking = Asking(**(outlook or {}))
    assumed = {"call_hazard_ratio": 1.6, "friendly_tone_ratio": 1.18, "effect_half_life": 14} | assumed
    one = portfolio(1, flat(HAZARD), invoices=rows, rate=0, frailty=frailty, assumptions=assumed)
    simulate(one, CALLS, days=1, planner=asking, belief=belief)
    found = asking.asked[0].prospects
    assert found is not None
    return found


def felt(days: int, half_life: float = 14) -> float:
    """Return the sum of a contact's fading effect over so many days."""
    return float((0.5 ** (np.arange(1, days + 1) / half_life)).sum())


def test_uplift_is_what_the_higher_hazard_pays_by_the_horizon() -> None:
    """Without promises and discount: the difference of two chances, in closed form."""
    found = talks(promise_given_right_party=0, write_off_age=365)
    unpaid = EVE * np.exp(-HAZARD * HORIZON)
    assert found.uplift == pytest.approx([AMOUNT * (unpaid - unpaid * np.exp(-HAZARD * EXTRA * felt(HORIZON)))])
    later = [AMOUNT * unpaid * (1 - np.exp(-HAZARD * EXTRA * felt(HORIZON - days))) for days in (8, 16, 32)]
    assert found.later[0] == pytest.approx(later, rel=1e-9)
    assert found.still_open[0] == pytest.approx(EVE * np.exp(-HAZARD * np.array([8, 16, 32])))
    assert found.spent == pytest.approx([1 - 0.85])


def test_a_promise_kept_pays_what_would_be_unpaid_at_the_horizon() -> None:
    """With chance 0.5 · 0.7 all of it is paid, else the hazard works."""
    found = talks(write_off_age=365, promise_given_right_party=0.5, promise_kept=0.7)
    unpaid = EVE * np.exp(-HAZARD * HORIZON)
    boosted = unpaid * (1 - np.exp(-HAZARD * EXTRA * felt(HORIZON)))
    assert found.uplift == pytest.approx([AMOUNT * (0.35 * unpaid + 0.65 * boosted)])
    assert found.spent == pytest.approx([1 - 0.65 * 0.85])


def test_nothing_is_brought_after_the_write_off() -> None:
    """Five days before it a promise comes too late; on its eve nothing is left to win."""
    near = talks(write_off_age=45, promise_given_right_party=1, promise_kept=1)
    unpaid = EVE * np.exp(-HAZARD * 5)
    assert near.uplift == pytest.approx([AMOUNT * unpaid * (1 - np.exp(-HAZARD * EXTRA * felt(5)))], rel=1e-6)
    assert near.later == pytest.approx(0)


def test_discount_makes_earlier_cash_worth_more_and_goodwill_costs() -> None:
    """Half of all that a talk brings forward in a certain payer is interest; goodwill is taken off in full."""
    plain, dear = talks(write_off_age=365), talks({"goodwill": 3.0}, write_off_age=365)
    assert plain.uplift - dear.uplift == pytest.approx([300])
    sure = {"frailty": 30.0, "promise_given_right_party": 0.0}  # paid within days
    assert talks(**sure).uplift[0] < 1e-6 * AMOUNT < talks({"discount": 0.5}, **sure).uplift[0]


def test_beliefs_are_wrong_in_the_way_they_say() -> None:
    """Twice the hazard is a customer of twice the frailty; the uninformed see everybody as the mean; noise is kept."""
    assumed = {"promise_given_right_party": 0.0, "write_off_age": 365.0}
    doubled = talks(belief=Belief(name="twice", hazard=2.0), **assumed)
    assert doubled.uplift == pytest.approx(talks(frailty=2.0, **assumed).uplift)
    assert talks(belief="stale", frailty=3.0, **assumed).uplift == pytest.approx(talks(**assumed).uplift)
    weak = talks(belief=Belief(name="weak", effect=0.5), **assumed)
    assert weak.uplift == pytest.approx(talks(call_hazard_ratio=(1 + EXTRA / 2) / 1.18, **assumed).uplift)
    noisy = Belief(name="noisy", noise=1.0)
    assert talks(belief=noisy, **assumed).uplift == talks(belief=noisy, **assumed).uplift
    assert talks(belief=noisy, **assumed).uplift != talks(**assumed).uplift
    with pytest.raises(BadInput, match="bogus"):
        talks(belief="bogus")


def test_the_clairvoyant_is_told_what_really_happens() -> None:
    """With a known threshold cash with and without a talk is all or nothing, and on average what the hazard says."""
    rows = [invoice(f"i{k}", "2023-10-24", "2023-11-23", AMOUNT, customer_id=f"c{k:03d}") for k in range(400)]
    asking = Asking(foresight=True)
    assumed = {"call_hazard_ratio": 1.6, "friendly_tone_ratio": 1.18, "promise_given_right_party": 0.0}
    many = portfolio(400, flat(HAZARD), invoices=rows, rate=0, assumptions={**assumed, "write_off_age": 365})
    simulate(many, CALLS, days=1, planner=asking, specialists=1)
    found = asking.asked[0].prospects
    assert found is not None
    assert set(np.unique(np.round(found.uplift))) == {0.0, float(AMOUNT)}
    unpaid = EVE * np.exp(-HAZARD * HORIZON)
    assert covers(found.uplift.tolist(), AMOUNT * unpaid * (1 - np.exp(-HAZARD * EXTRA * felt(HORIZON))))


def ranked(**changes: Any) -> WorkList:
    """Return three accounts of equal reach and minutes."""
    parts = {"uplift": [30.0, 30.0, 20.0], "later": [[28.0], [0.0], [0.0]], "still_open": [[0.5], [0.5], [1.0]]}
    columns = {name: np.array(value) for name, value in (parts | changes).items()}
    return work(3, prospects=Prospects(**columns, spent=np.full(3, 0.5)))


def test_the_index_is_the_price_at_which_now_and_later_are_worth_the_same() -> None:
    """By hand: (30 − 14) / (1 − 0.25) for the first, its own uplift for the others, times talks per minute."""
    assert uplift_index(ranked()) == pytest.approx(np.array([30, 30, 20]) * 0.4 / 20)
    assert whittle_index(ranked()) == pytest.approx(np.array([16 / 0.75, 30, 20]) * 0.4 / 20)
    assert order("whittle", ranked()) == [1, 0, 2]
    assert order("uplift_per_minute", ranked()) == [0, 1, 2]
    with pytest.raises(BadInput, match="prospects"):
        order("whittle", replace(ranked(), prospects=None))


@pytest.mark.parametrize("changes", [{"horizon": 1}, {"discount": -0.1}, {"delays": (8, 8)}, {"delays": (0, 4)}])
def test_an_outlook_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    """With the rule that it breaks."""
    with pytest.raises(BadInput, match="outlook"):
        Outlook(**changes)


def test_one_planner_serves_many_runs_and_each_starts_afresh() -> None:
    """A run after another, and alone: yesterday's prices belong to the run."""
    customers, short = (
        synthetic("stress", customers=80, seed=9),
        staff({"weekly_hours": 4.0}, timezone="America/New_York"),
    )
    setting: dict[str, Any] = {"days": 40, "specialists": short, "seed": 1}
    shared = Daily(outlook=Outlook())
    simulate(customers, "escalated", planner=shared, replication=1, **setting)
    after = simulate(customers, "escalated", planner=shared, **setting)
    alone = simulate(customers, "escalated", planner=Daily(outlook=Outlook()), **setting)
    assert after.planner == "optimised"
    assert (after.log.customer == alone.log.customer).all()
    assert (after.columns.pay == alone.columns.pay).all()
    assert shared.prices is None


def test_foresight_is_worth_more_than_any_rule() -> None:
    """Six replications, time for few calls; were it no better, one such test in 200 would pass for each rule."""
    rng = np.random.default_rng(0)
    rows = [
        invoice(f"i{k}", "2023-10-24", "2023-11-23", int(amount), customer_id=f"c{k:03d}")
        for k, amount in enumerate(rng.lognormal(10, 1, 200))
    ]
    assumed = {"call_hazard_ratio": 2.5, "promise_given_right_party": 0.0, "write_off_age": 90.0}
    some = portfolio(200, flat(0.015), invoices=rows, rate=0, assumptions=assumed)
    people = staff({"weekly_hours": 4.0})

    def cash(name: str) -> np.ndarray[Any, Any]:
        runs = (
            simulate(some, CALLS, days=60, specialists=people, planner=planner(name), replication=k) for k in range(6)
        )
        return np.array([settlement(run, 0.1).cash for run in runs])

    best = cash("clairvoyant")
    for name in ("largest_first", "risk_weighted", "uplift_per_minute", "whittle"):
        ahead = best - cash(name)
        assert ahead.mean() / (ahead.std(ddof=1) / np.sqrt(6)) > 4.0, name
