"""Whom a plan may call when: nobody at six in the morning for want of a time zone, and what is not known is counted."""

from typing import Any

import pandas as pd
import pytest

from ledger import Ledger
from ledger.policy.strategy import Step, Strategy
from optimize import CallPlan, plan
from optimize.roster.team import Specialist, Team
from sim import from_ledger, simulate
from tests.handmade import handmade, invoice, payment
from tests.timings import constant

CALLS = Strategy(name="calls", steps=(Step(name="call", day=5, channel="phone"),))
LONDON, CHICAGO = "Europe/London", "America/Chicago"


def owing(*people: dict[str, Any]) -> Ledger:
    """Return a ledger in which each of these customers owes one invoice and has paid another."""
    rows, paid, customers = [], [], []
    for k, person in enumerate(people):
        rows.append(invoice(f"i{k}", "2025-01-02", "2025-03-01", 900_00, customer_id=f"c{k}"))
        rows.append(invoice(f"p{k}", "2024-11-01", "2024-12-01", 900_00, customer_id=f"c{k}"))
        paid.append(payment(f"p{k}", "2024-12-20", 900_00, customer_id=f"c{k}"))
        customers.append({"customer_id": f"c{k}", "timezone": "", "country": "", **person})
    return handmade("2025-03-31", rows, paid, customers=customers)


def planned(home: str, *people: dict[str, Any], languages: tuple[str, ...] = ("en",)) -> CallPlan:
    """Return two days' plan of a team on a clock."""
    team = Team(timezone=home, specialists=(Specialist(id="s", languages=languages),))
    return plan(owing(*people), constant(0.02), CALLS, team, "2025-04-01", days=2)


def local_hours(found: CallPlan, home: str, zone: str) -> list[float]:
    """Return the hours of a zone's clock at which calls begin."""
    rows = found.rows[found.rows["action"] == "call"]
    start = (rows["date"] + pd.to_timedelta(rows["starts"] + ":00")).dt.tz_localize(home).dt.tz_convert(zone)
    return (start.dt.hour + start.dt.minute / 60).tolist()


def test_nobody_is_called_early_for_want_of_a_zone():
    """From London an American without a zone would be called when it is past eight in Hawaii too: never."""
    found = planned(LONDON, {"country": "US"}, {"country": "US"}, {"country": "DE"})
    assert set(found.rows["customer_id"]) == {"c2"}
    (said,) = [text for text in found.notes if "time zone" in text]
    assert said.startswith("2 customers have no time zone, and a country with several (US 2)")
    assert "only when it is time to call in all of them" in said
    assert found.binding.set_index("rule").loc["calling_window", "accounts"] == 2


def test_a_zone_is_taken_from_a_country_with_one_clock():
    """From Chicago the Germans are called from nine to eleven, which is 16 to 18 h in Germany, and nothing is noted."""
    found = planned(CHICAGO, *[{"country": "DE"}] * 4)
    assert len(found.rows) == 4
    assert all(16 <= hour <= 18 for hour in local_hours(found, CHICAGO, "Europe/Berlin"))
    assert not found.notes


def test_at_home_the_collectors_clock_stands_for_a_country_with_several():
    """A team in Chicago calls Americans without a zone on its own clock, and says how many."""
    found = planned(CHICAGO, {"country": "US"}, {"country": "US", "timezone": "America/New_York"}, {})
    assert len(found.rows) == 3
    said = " ".join(found.notes)
    assert "1 customer has no time zone, and a country with several (US 1): the collectors' clock, America/Ch" in said
    assert "1 customer has no known time zone: the collectors' clock is taken" in said


def test_languages_that_nobody_speaks_are_counted():
    """Two Finns and a Swede are called in English by a team of English and Spanish."""
    people = [{"timezone": LONDON, "language": code} for code in ("fi", "fi", "sv", "en", "es")]
    found = planned(LONDON, *people, languages=("en", "es"))
    assert len(found.rows) == 5
    assert "3 customers speak what nobody of the team does (fi 2, sv 1): English serves." in found.notes


def test_standard_full_timers_work_where_the_customers_are():
    """A number for a roster, and a ledger in UTC with customers in Tokyo: people on their clock, not in Greenwich."""
    found = plan(owing({"timezone": "Asia/Tokyo"}), constant(0.02), CALLS, 1, "2025-04-01", days=1)
    assert len(found.rows) == 1


@pytest.mark.parametrize(("country", "called"), [("US", False), ("GB", True), ("", True)])
def test_a_simulation_keeps_to_the_same_clocks(country: str, called: bool):
    """Collectors in London: an American without a zone is never called, whose country is not known on their clock."""
    portfolio = from_ledger(owing({"country": country}, {"country": "GB", "timezone": LONDON}))
    assert portfolio.timezone == LONDON
    later = Strategy(name="later", steps=(Step(name="call", day=32, channel="phone"),))  # reached within the run
    run = simulate(portfolio, later, days=30, specialists=1)
    calls = run.ledger.contacts[run.ledger.contacts["channel"] == "phone"]
    assert ("c0" in set(calls["customer_id"])) is called
