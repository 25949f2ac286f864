"""The plan as a whole: feasible, the same for the same inputs, blind to the future, and never without an answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ledger import BadInput, Ledger
from ledger.policy.strategy import Step, Strategy
from models.assumed.assumptions import Assumptions
from optimize import CallPlan, Policy, plan
from optimize.plans.call_plan import ROW_COLUMNS
from tests.handmade import contact, handmade, invoice, payment
from tests.timings import constant

DATE = "2025-04-01"  # a Tuesday
CALLS = Strategy(name="calls", steps=(Step(name="call", day=5, channel="phone"),))
MIXED = Strategy(
    name="mixed",
    steps=(
        Step(name="reminder", day=1, channel="email"),
        Step(name="call", day=10, channel="phone"),
        Step(name="letter", day=30, channel="letter", tone="firm", stage="demand"),
    ),
)
MODEL = constant(0.02)


def owing(count: int, *, late: int = 20, **tables: Any) -> Ledger:
    """Return a ledger in which so many customers owe an invoice each, of growing amounts."""
    due = f"{pd.Timestamp('2025-03-31') - pd.Timedelta(days=late - 1):%Y-%m-%d}"
    rows = [invoice(f"i{k:03}", "2025-01-02", due, 1_000_00 + 500_00 * k, customer_id=f"c{k:03}") for k in range(count)]
    return handmade("2025-03-31", rows, **tables)


def feasible(found: CallPlan) -> None:
    """Check minutes, one contact per customer and gap, order and times."""
    rows = found.rows
    assert list(rows.columns) == list(ROW_COLUMNS)
    assert (found.prices["minutes_used"] <= found.prices["minutes"] + 1e-9).all()
    desk = rows[rows["specialist_id"] != ""]
    used = desk.groupby(["specialist_id", "date", "block"])["minutes"].sum()
    told = found.prices.set_index(["specialist_id", "date", "block"])["minutes_used"]
    assert np.allclose(told[told > 0].sort_index(), used.sort_index())
    for _, block in desk.groupby(["specialist_id", "date", "block"]):
        assert block["order"].tolist() == list(range(1, len(block) + 1))
        assert block["starts"].is_monotonic_increasing
    assert found.objective <= found.bound + 1e-6
    assert np.allclose(rows["value_with"] - rows["value_without"], rows["uplift"])
    assert max(map(len, found.summary().splitlines())) <= 80


def test_scarce_minutes_go_to_the_larger_balances_and_have_a_price():
    """One part-timer, more accounts than hours: a proven gap, a price, and the smaller balances held back."""
    ledger = owing(120)
    staff = pd.DataFrame([{"specialist_id": "s1", "languages": "en", "weekly_hours": 10.0, "timezone": "UTC"}])
    found = plan(ledger, MODEL, CALLS, staff, DATE, days=2)
    feasible(found)
    assert found.status in ("optimal", "feasible")
    assert found.gap < 0.05  # nine calls to a block: the bound is not reached
    assert found.prices["price_per_hour"].max() > 0
    called = set(found.rows["customer_id"])
    assert 5 < len(called) < 60
    assert found.binding.set_index("rule").loc["capacity", "accounts"] == 120 - len(called)
    assert found.rows["open_amount"].min() > ledger.invoices["amount"].median()
    warm = plan(ledger, MODEL, CALLS, staff, DATE, days=2, previous=found.prices)
    assert warm.rows["net_value"].sum() == pytest.approx(found.rows["net_value"].sum(), rel=0.05)


def test_equal_inputs_give_equal_rows_and_another_input_another_run():
    """Rows and run id depend on what is asked, not on the order of the ledger's rows, nor on the clock."""
    ledger = owing(40)
    shuffled = replace(ledger, invoices=ledger.invoices.sample(frac=1, random_state=3).reset_index(drop=True))
    first = plan(ledger, MODEL, CALLS, 2, DATE, days=3)
    again, other = (
        plan(shuffled, MODEL, CALLS, 2, DATE, days=3),
        plan(ledger, MODEL, CALLS, 2, DATE, days=3, horizon=20),
    )
    pd.testing.assert_frame_equal(first.rows.drop(columns="run_id"), again.rows.drop(columns="run_id"))
    assert first.run_id == again.run_id
    assert plan(ledger, MODEL, CALLS, 2, DATE, days=3).to_dict() | {"seconds": 0} == first.to_dict() | {"seconds": 0}
    assert other.run_id != first.run_id


def test_plan_knows_nothing_later_than_the_evening_before():
    """What is paid, said or issued on the day itself changes nothing."""
    later = handmade(
        "2025-04-30",
        [
            *(invoice(f"i{k}", "2025-01-02", "2025-03-12", 9_000_00, customer_id=f"c{k}") for k in range(6)),
            invoice("new", "2025-04-01", "2025-04-01", 9_000_00, customer_id="c1"),
        ],
        [payment("i0", DATE, 9_000_00), payment("i1", "2025-04-02", 1_00)],
        contacts=[contact("k1", "2025-04-01 08:00", customer_id="c2", outcome="reached")],
    )
    found = plan(later, MODEL, CALLS, 2, DATE, days=3)
    told = plan(later.snapshot("2025-03-31"), MODEL, CALLS, 2, DATE, days=3)
    pd.testing.assert_frame_equal(found.rows, told.rows)
    assert set(found.rows["customer_id"]) == {f"c{k}" for k in range(6)}


def broken(count: int) -> Ledger:
    """Return a ledger with so many promises that were due yesterday and not kept, of trifling amounts."""
    return owing(
        count,
        contacts=[contact(f"k{k}", "2025-03-25", customer_id=f"c{k:03}", outcome="promise") for k in range(count)],
        promises=[
            {"contact_id": f"k{k}", "invoice_id": f"i{k:03}", "made_on": "2025-03-25", "due_on": "2025-03-30",
             "amount": 1} for k in range(count)
        ],
    )  # fmt: skip


def test_broken_promises_are_followed_up_whatever_they_are_worth():
    """Nobody would pay for a call: each is still followed up on the first day, before other calls, and says why."""
    words = Assumptions.default(promise_given_right_party=0)
    found = plan(broken(5), constant(1e-9), CALLS, 2, DATE, days=3, assumptions=words)
    feasible(found)
    assert (found.rows["date"] == DATE).all()
    assert len(found.rows) == 5
    assert found.rows["reason"].str.contains("a promise to pay has passed unpaid").all()
    assert (found.rows["net_value"] < 0).all()
    assert found.status == "optimal"


def test_what_must_be_done_and_cannot_is_named():
    """More broken promises than minutes: as many as fit are followed up, the others are named with the rule."""
    staff = pd.DataFrame([{"specialist_id": "s1", "languages": "en", "weekly_hours": 10.0, "timezone": "UTC"}])
    found = plan(broken(30), MODEL, CALLS, staff, DATE, days=1)
    feasible(found)
    assert found.status == "infeasible"
    served, missed = set(found.rows["customer_id"]), set(found.unmet["customer_id"])
    assert served
    assert served | missed == {f"c{k:03}" for k in range(30)}
    assert not served & missed
    assert set(found.unmet["rule"]) == {"promise_follow_up"}
    shortest = found.rows["minutes"].min()
    assert (found.prices["minutes"] - found.prices["minutes_used"]).max() < shortest + 1


def test_disputes_are_acknowledged_in_time():
    """An unacknowledged dispute takes somebody's minutes on the first day; its invoice is not chased."""
    opened = {"invoice_id": "i001", "opened": "2025-03-31", "acknowledged": None, "resolved": None,
              "reason": "pricing", "resolution": None, "amount": 1}  # fmt: skip
    found = plan(owing(3, disputes=[opened]), MODEL, CALLS, 2, DATE, days=3)
    feasible(found)
    task = found.rows[found.rows["action"] == "acknowledge"]
    assert task["customer_id"].tolist() == ["c001"]
    assert task["date"].tolist() == [pd.Timestamp(DATE)]
    assert task["minutes"].tolist() == [Policy().acknowledge_minutes]
    assert "c001" not in set(found.rows.loc[found.rows["action"] == "call", "customer_id"])
    nobody = plan(owing(3, disputes=[opened]), MODEL, CALLS, 0, DATE, days=3)
    assert nobody.unmet["customer_id"].tolist() == ["c001"]
    assert nobody.status == "infeasible"


def test_messages_need_nobody_and_leave_calls_alone():
    """Emails and letters are sent without a specialist on the day that they are due; calls are made all the same."""
    rows = [
        invoice("mail", "2025-01-02", "2025-03-30", 90_000_00, customer_id="c1"),
        invoice("soon", "2025-01-02", "2025-04-01", 90_000_00, customer_id="c2"),
        invoice("call", "2025-01-02", "2025-03-12", 90_000_00, customer_id="c3"),
        invoice("post", "2025-01-02", "2025-02-12", 90_000_00, customer_id="c4"),
    ]
    found = plan(handmade("2025-03-31", rows), MODEL, MIXED, 1, DATE, days=3)
    feasible(found)
    got = {row.customer_id: (row.action, row.channel, f"{row.date:%d}") for row in found.rows.itertuples()}
    assert got == {
        "c1": ("message", "email", "01"),
        "c2": ("message", "email", "02"),
        "c3": ("call", "phone", "01"),
        "c4": ("message", "letter", "01"),
    }
    assert found.rows.loc[found.rows["action"] == "message", "specialist_id"].eq("").all()


def test_who_can_be_called_as_well_later_waits_for_who_cannot():
    """Half leave the ladder within days; the others, worth a little more, are called as well in a week or two.

    Taking the best of each day calls those who can wait. Told that minutes usually cost nothing, the look ahead calls
    first who cannot.
    """
    ladder = Strategy(name="calls", steps=(Step(name="call", day=1, every=1, until=60, channel="phone"),))
    rows = [
        invoice(f"i{k:02}", "2025-01-02", *(("2025-02-01", 10_000_00) if k % 2 else ("2025-03-12", 10_300_00)),
                customer_id=f"c{k:02}")
        for k in range(36)
    ]  # fmt: skip
    staff = pd.DataFrame([{"specialist_id": "s1", "languages": "en", "weekly_hours": 20.0, "timezone": "UTC"}])
    asked = (handmade("2025-03-31", rows), constant(0.02), ladder, staff, DATE)
    greedy = plan(*asked, days=1, policy=Policy(lookahead=False))
    ahead = plan(*asked, days=1, previous=greedy.prices.assign(price_per_hour=0.0))
    feasible(greedy)
    feasible(ahead)
    assert 6 <= len(greedy.rows) < 30
    cannot = [int((found.rows["customer_id"].str[1:].astype(int) % 2 == 1).sum()) for found in (greedy, ahead)]
    assert cannot == [max(len(greedy.rows) - 18, 0), min(len(ahead.rows), 18)]


def test_a_plan_of_weeks_calls_again_and_keeps_the_gap():
    """Four weeks: a second call of the same step is only for who was not reached, and is worth less for that."""
    found = plan(owing(4), MODEL, CALLS, 1, DATE, days=20)
    feasible(found)
    again = found.rows[found.rows["reason"].str.contains("only if nobody was reached")]
    assert len(again) > 4
    for _, calls in found.rows.groupby("customer_id"):
        assert (calls["date"].diff().dropna() >= pd.Timedelta(days=2)).all()
    first = found.rows[~found.rows.index.isin(again.index)].set_index("customer_id")["uplift"]
    assert (again["uplift"] < first.reindex(again["customer_id"]).to_numpy()).all()


@pytest.mark.parametrize("failure", [RuntimeError("no licence"), MemoryError()])
def test_without_an_answer_from_the_solver_there_is_a_plan_by_index(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
):
    """Marked as such, feasible, and with a bound that holds."""

    def fails(*args: Any, **options: Any) -> None:
        raise failure

    best = plan(owing(30), MODEL, CALLS, 1, DATE, days=1)
    monkeypatch.setattr("optimize.plans.placement.assign", fails)
    found = plan(owing(30), MODEL, CALLS, 1, DATE, days=1)
    feasible(found)
    assert found.status == "fallback"
    assert 0 < found.objective <= best.bound + 1e-6
    assert "no answer" in found.notes[-1]
    late = plan(owing(30), MODEL, CALLS, 1, DATE, days=1, seconds=0.0)
    pd.testing.assert_frame_equal(late.rows, found.rows)


NOWHERE = {"segment": "", "country": "XX", "timezone": "Mars/Olympus", "language": "", "terms": None,
           "credit_limit": None, "since": None}  # fmt: skip


@pytest.mark.parametrize("days", [1, 20])
@pytest.mark.parametrize(
    ("ledger", "specialists", "contacts"),
    [
        (owing(1), 2, 1),
        (owing(1), 0, 0),
        (owing(3, late=-30), 2, 0),  # nothing is due
        (handmade("2025-03-31", [invoice("a", "2025-01-01", "2025-02-01", 5)], [payment("a", "2025-02-02", 5)]), 2, 0),
        (
            handmade(
                "2025-03-31",
                [invoice("a", "2025-01-01", "2025-03-01", 9_000_00, currency="EUR"),
                 invoice("b", "2025-01-01", "2025-03-01", 9_000_00),
                 invoice("c", "2025-01-01", "2025-03-01", 900_000, currency="JPY")],
                rates=[{"currency": "EUR", "rate": 1.1}, {"currency": "JPY", "rate": 0.007}],
            ), 2, 1,
        ),
        (handmade("2025-03-31", [invoice("a", "2025-01-01", "2025-03-01", 9_000_00)],
                  customers=[{"customer_id": "c1", **NOWHERE}]), 2, 1),
    ],
)  # fmt: skip
def test_odd_ledgers_have_plans(ledger: Ledger, specialists: int, contacts: int, days: int):
    """No people, nothing due, all paid, several currencies, customers from nowhere: a plan, if an empty one."""
    found = plan(ledger, MODEL, CALLS, specialists, DATE, days=days)
    feasible(found)
    assert (found.rows["customer_id"].nunique() if len(found.rows) else 0) == contacts
    assert found.status == "optimal"
    if ledger.invoices["currency"].nunique() == 3:
        assert (found.rows["open_amount"] == round(900_000 * 1.1 + 900_000 + 900_000 * 0.7)).all()


def test_a_ledger_that_ends_before_the_date_is_used_as_it_is_and_said_so():
    """Three working days later nothing more is known: the plan says it."""
    found = plan(owing(2), MODEL, CALLS, 1, "2025-04-04", days=2)
    assert len(found.rows) == 2
    assert any("3 working days" in text for text in found.notes)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "oracle"}, "model"),
        ({"strategy": "harsh"}, "strategy"),
        ({"date": "2024-01-01"}, "date"),
        ({"days": 0}, "days"),
        ({"exploration": 1.0}, "exploration"),
        ({"horizon": 0}, "horizon"),
        ({"stops": {"c000": "soon"}}, "until"),
        ({"roster": -1}, "specialists"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict[str, Any], field: str):
    """Bad input names its field."""
    asked = {"ledger": owing(2), "model": MODEL, "strategy": CALLS, "roster": 1, "date": DATE, "days": 2} | change
    with pytest.raises(BadInput) as error:
        plan(**asked)
    assert error.value.field == field


def test_where_not_all_can_be_served_the_most_are_and_the_gap_still_means_something():
    """Forty must be served by one desk with room for ten: ten are, and others fill the other desk."""
    from optimize.plans.placement import place

    draws = np.random.default_rng(0)
    value = draws.uniform(1, 20, (100, 2, 2))
    value[:40, 1] = -np.inf
    must = np.arange(100) < 40
    found = place(value, np.full((100, 2), 10.0), np.full((2, 2), 50.0), must)
    assert (found.desk[must] >= 0).sum() == 10
    assert (found.desk[~must] == 1).sum() == 10
    assert 0 <= found.bound - found.objective <= 0.02 * found.bound
