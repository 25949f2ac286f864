"""Long plans, and people with few hours or too many: hours are planned where they are needed, or the lack is said."""

import pandas as pd
import pytest

from ledger import BadInput, Ledger
from ledger.policy.strategy import Step, Strategy
from optimize import CallPlan, plan
from optimize.roster.labour_rules import breaches
from optimize.roster.shifts import plan_shifts
from optimize.roster.team import Specialist, Team
from tests.handmade import contact, handmade, invoice
from tests.timings import constant

CALLS = Strategy(name="calls", steps=(Step(name="call", day=5, every=7, until=200, channel="phone"),))
TUESDAY, WEDNESDAY, MONDAY = "2025-04-01", "2025-04-02", "2025-04-07"


def broken(count: int, *, due: str = "2025-03-28") -> Ledger:
    """Return a ledger with so many customers who promised to pay by a day and have not."""
    ids = [f"{k:02}" for k in range(count)]
    rows = [invoice(f"i{k}", "2025-01-02", "2025-03-01", 500_00, customer_id=f"c{k}") for k in ids]
    said = {"outcome": "promise", "promise_made": True}
    talks = [contact(f"k{k}", "2025-03-20 10:00", customer_id=f"c{k}", invoice_id=f"i{k}", **said) for k in ids]
    made = [
        {"contact_id": f"k{k}", "invoice_id": f"i{k}", "made_on": "2025-03-20", "due_on": due, "amount": 500_00}
        for k in ids
    ]
    return handmade("2025-03-31", rows, contacts=talks, promises=made)


def planned(hours: float, date: str, days: int, ledger: Ledger | None = None) -> CallPlan:
    """Return the plan of one person with so many weekly hours."""
    team = Team(specialists=(Specialist(id="s", weekly_hours=hours),))
    return plan(broken(30) if ledger is None else ledger, constant(0.02), CALLS, team, date, days=days)


@pytest.mark.parametrize("days", [23, 45, 60])
def test_a_plan_may_be_as_long_as_sixty_working_days(days: int):
    """Beyond the horizon too: whatever falls due in it is called, up to its end, and how far cash counts is said."""
    due = pd.Timestamp(TUESDAY) + pd.to_timedelta(range(0, 88, 2), unit="D")
    rows = [invoice(f"i{k}", "2025-01-02", f"{day:%Y-%m-%d}", 900_00, customer_id=f"c{k}") for k, day in enumerate(due)]
    found = planned(40, TUESDAY, days, handmade("2025-03-31", rows))
    last = found.prices["date"].max()
    within = {f"c{k}" for k, day in enumerate(due) if day + pd.Timedelta(days=8) <= last}  # a weekend later
    assert within <= set(found.rows["customer_id"])
    assert last - found.rows["date"].max() < pd.Timedelta(days=7)
    assert found.status in ("optimal", "feasible")
    assert any("cash counts within" in text for text in found.notes)


def test_limits_are_those_of_what_was_given():
    """61 days are refused as 61, and 60 not as 61; a plan within the horizon keeps it."""
    with pytest.raises(BadInput, match="days is 61: must lie between 1 and 60"):
        planned(40, TUESDAY, 61)
    with pytest.raises(BadInput, match="days is 61"):
        plan_shifts(Team(specialists=(Specialist(id="s"),)), TUESDAY, 61)
    assert len(plan_shifts(Team(specialists=(Specialist(id="s"),)), TUESDAY, 60).dates) == 60
    assert not planned(40, TUESDAY, 20).notes


@pytest.mark.parametrize(("date", "days"), [(TUESDAY, 5), (WEDNESDAY, 1), (MONDAY, 5)])
@pytest.mark.parametrize("hours", [2.0, 9.0])
def test_few_hours_are_there_on_the_days_on_which_promises_must_be_followed_up(hours: float, date: str, days: int):
    """Also where the plan begins within a week; what the hours do not hold is not met, and says so."""
    found = planned(hours, date, days)
    assert found.minutes_used > 0.85 * min(found.prices["minutes"].sum(), 30 * 7.5)
    assert found.prices["minutes"].sum() >= 75
    assert found.rows["date"].min() == pd.Timestamp(date)
    assert len(found.unmet) == 30 - found.rows["customer_id"].nunique()


def test_few_hours_wait_for_the_day_on_which_there_is_work():
    """Promises due on Thursday are followed up on Friday, by whoever has two hours a week."""
    found = planned(2, MONDAY, 5, broken(5, due="2025-04-10"))
    assert set(found.rows["date"]) == {pd.Timestamp("2025-04-11")}
    assert not len(found.unmet)


@pytest.mark.parametrize(("hours", "said"), [(45, "s 40 of 45"), (1, "s 0 of 1"), (40, ""), (30, "")])
def test_contracted_hours_that_cannot_be_planned_are_said(hours: float, said: str):
    """A day has at most eight hours, a shift at least two: 45 and 1 a week do not fit."""
    text = " ".join(planned(hours, MONDAY, 5).notes)
    assert said in text
    assert ("Contracted hours" in text) is bool(said)


def test_a_part_of_a_week_holds_one_short_shift_of_whoever_has_few_hours():
    """Three of five days of two weekly hours: one shift of two hours, and no more in the week."""
    team = Team(specialists=(Specialist(id="s", weekly_hours=2), Specialist(id="t", weekly_hours=1)))
    shifts = plan_shifts(team, WEDNESDAY, 3)
    assert shifts.paid.sum(axis=(1, 2)).tolist() == [120, 0]
    assert breaches(team, shifts.dates, shifts.paid) == []
    twice = shifts.paid.copy()
    twice[0, :2] = [120, 0, 0, 0]
    assert any("more than the contracted 2 hours" in words for words in breaches(team, shifts.dates, twice))
