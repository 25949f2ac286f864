"""Money of several places: wages, message costs, minimum balances and goodwill in the ledger's currency, or refused."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from experiments.comparing.metrics import metrics_of
from ledger import BadInput, Ledger
from ledger.policy.strategy import Step, Strategy
from ledger.table.currency import decimals
from ledger.table.exchange import Exchange
from models.assumed.assumptions import Assumptions
from optimize import CallPlan, Policy, plan
from optimize.roster.costs import exchange_of, hourly_cost
from optimize.roster.load import load_team
from optimize.roster.team import Specialist, Team
from optimize.staffing.week import week
from sim import from_ledger, simulate
from tests.handmade import handmade, invoice, payment
from tests.timings import constant

DATE = "2025-04-01"
STEPS = (
    Step(name="reminder", day=1, channel="email"),
    Step(name="call", day=10, channel="phone"),
    Step(name="letter", day=40, channel="letter"),
)
MIXED = Strategy(name="mixed", steps=STEPS, minimum_balance=40, currency="USD")
CALLS = Strategy(name="calls", steps=STEPS[1:2])
NO_RATE = "no rate from"


def owing(currency: str, rates: dict[str, float], *, times: float = 1, count: int = 24) -> Ledger:
    """Return a ledger in which customers owe growing amounts (minor units), and have paid before."""
    rows, paid = [], []
    for k in range(count):
        due, who = f"2025-0{1 + k % 3}-{10 + k % 15}", f"c{k:02}"
        amount = round((20_00 + 15_00 * k) * times)
        rows += [
            invoice(f"i{k:02}", "2025-01-02", due, amount, customer_id=who, currency=currency),
            invoice(f"p{k:02}", "2024-11-01", "2024-12-01", amount, customer_id=who, currency=currency),
        ]
        paid.append(payment(f"p{k:02}", "2024-12-20", amount, currency=currency, customer_id=who))
    table = [{"currency": code, "rate": rate} for code, rate in rates.items()]
    return handmade("2025-03-31", rows, paid, base_currency=currency, rates=table)


def planned(ledger: Ledger, roster: object = 1, strategy: Strategy = MIXED, **options: object) -> CallPlan:
    """Return two days' plan."""
    return plan(ledger, constant(0.02), strategy, roster, DATE, days=2, **options)


def team(currency: str, cost: float, **fields: object) -> Team:
    """Return two people who cost so much an hour."""
    people = tuple(Specialist(id=name, cost_per_hour=cost) for name in ("a", "b"))
    return Team(currency=currency, specialists=people, **fields)


def contacts(found: CallPlan) -> list[tuple[str, str, str]]:
    """Return who is contacted how, and when."""
    rows = found.rows.sort_values(["date", "customer_id"])
    return list(zip(rows["date"].astype(str), rows["customer_id"], rows["action"], strict=True))


@pytest.mark.parametrize(("currency", "rate", "times"), [("JPY", 100.0, 1), ("KWD", 0.1, 1), ("EUR", 0.5, 0.5)])
def test_the_same_money_is_planned_alike_in_every_currency(currency: str, rate: float, times: float):
    """A hundred yen, a tenth of a dinar and half a euro to the dollar: the same calls, the same net in dollars."""
    usual = planned(owing("USD", {}))
    found = planned(owing(currency, {"USD": rate}, times=times))
    assert contacts(found) == contacts(usual)
    assert found.currency == currency
    (money,) = [line for line in found.summary().splitlines() if line.startswith("expected uplift")]
    cents = f"[.][0-9]{{{decimals(currency)}}}" if decimals(currency) else ""
    assert re.search(f" [0-9,]+{cents} {currency},", money)
    assert found.objective == pytest.approx(usual.objective * times, rel=1e-6)


def test_a_plan_costs_what_the_minute_costs_in_the_ledgers_money():
    """At 150 yen to the dollar a call costs 150 times as many yen: fewer are worth making than at a yen a dollar."""
    dear, cheap = (planned(owing("JPY", {"USD": rate}), strategy=CALLS) for rate in (150.0, 1.0))
    assert 0 < len(dear.rows) < len(cheap.rows)


@pytest.mark.parametrize(
    ("roster", "strategy", "named"),
    [
        (1, CALLS, "specialist_wage is '20.59 USD'"),
        (team("JPY", 2500), MIXED, "minimum_balance is '40 USD'"),
        (team("JPY", 2500), MIXED.model_copy(update={"currency": None}), "email_cost is '0.02 USD'"),
        (team("JPY", 2500), CALLS, "goodwill is '1 USD'"),
        (team("GBP", 25), MIXED, "specialist a, cost_per_hour is '25 GBP'"),
        (pd.DataFrame({"specialist_id": ["s"], "cost_per_hour": [25_00], "currency": ["GBP"]}), CALLS, "'25 GBP'"),
    ],
)
def test_what_has_no_rate_is_refused_by_name(roster: object, strategy: Strategy, named: str):
    """The sentence says which amount, of what, in which currency, that the yen ledger has no rate, and what helps."""
    with pytest.raises(BadInput, match=named) as refused:
        planned(owing("JPY", {}), roster, strategy)
    assert NO_RATE in str(refused.value)
    assert re.search("give JPY for one (USD|GBP), as `--rate (USD|GBP)=…`", str(refused.value))


def test_whoever_names_all_amounts_needs_no_rate():
    """Hours in yen, no messages, goodwill of one's own: nothing is assumed, and nothing is missing."""
    found = planned(owing("JPY", {}), team("JPY", 2500), CALLS, policy=Policy(goodwill=100))
    assert len(found.rows) > 3
    rated = planned(owing("JPY", {"USD": 100.0}), team("JPY", 2500), CALLS)
    assert contacts(found) == contacts(rated)


def test_a_roster_may_bring_the_rates_that_the_ledger_lacks(tmp_path: Path):
    """In units of the roster's currency; the ledger's own rates come first."""
    file = tmp_path / "team.toml"
    file.write_text('currency = "GBP"\nrates = { JPY = 0.005, USD = 0.8 }\n[[specialists]]\nid = "a"\n')
    found = load_team(file)
    exchange = exchange_of(found, owing("JPY", {}))
    assert exchange.rates == {"GBP": 200, "JPY": 1, "USD": 160}
    assert exchange_of(found, owing("JPY", {"USD": 150.0})).rates["USD"] == 150
    assert exchange_of(found, owing("EUR", {})).rates == {"EUR": 1}
    assert contacts(planned(owing("JPY", {}), found)) == contacts(planned(owing("JPY", {"USD": 160.0})))


def test_a_roster_is_paid_in_its_own_currency():
    """20 pounds at 200 yen are 4,000 yen an hour, in plan and staffing alike."""
    ledger = owing("JPY", {"GBP": 200.0, "USD": 150.0})
    assert week(ledger, constant(0.02), MIXED, team("GBP", 20), DATE).cost_per_hour == pytest.approx(4000)
    yen = planned(ledger, team("JPY", 4000))
    assert contacts(planned(ledger, team("GBP", 20))) == contacts(yen)


def test_a_table_without_a_currency_is_in_the_ledgers():
    """`cost_per_hour` of the staff table: minor units, 2,500 yen and 25 euros."""
    table = pd.DataFrame({"specialist_id": ["s"], "cost_per_hour": [2500]})
    assert [load_team(table, currency=code).specialists[0].cost_per_hour for code in ("JPY", "EUR")] == [2500, 25]
    with pytest.raises(BadInput, match="must be one for all of a team"):
        load_team(pd.DataFrame({"specialist_id": ["s", "t"], "currency": ["EUR", "GBP"]}))


def test_a_minute_is_priced_at_the_wage_that_was_assumed():
    """At 500 dollars an hour hardly anybody is worth a call; a wage assumed in euros needs all amounts in euros."""
    ledger = owing("USD", {})
    assert len(planned(ledger, strategy=CALLS, assumptions=Assumptions.default(specialist_wage=500)).rows) < len(
        planned(ledger, strategy=CALLS).rows
    )
    with pytest.raises(BadInput, match=r"email_cost is 0\.02: is assumed in USD"):
        Assumptions.default(currency="EUR", specialist_wage=20)
    euros = Assumptions.default(currency="EUR", specialist_wage=20, email_cost=0.02, letter_cost=1)
    with pytest.raises(BadInput, match="specialist_wage is '20 EUR'"):
        planned(ledger, assumptions=euros)
    with pytest.raises(BadInput, match="assumed in USD, and the team is paid in GBP"):
        hourly_cost(team("GBP", 0), Assumptions.default())


def test_a_run_costs_what_its_hours_and_messages_cost_in_the_ledgers_money():
    """The same minor units at a hundred yen to the dollar: as many contacts, a hundred times the cost; none is free."""
    dollars, yen = (from_ledger(owing(code, rates)) for code, rates in (("USD", {}), ("JPY", {"USD": 100.0})))
    runs = [simulate(portfolio, MIXED, days=30, specialists=1) for portfolio in (dollars, yen)]
    assert runs[0].contacts == runs[1].contacts > 0
    assert runs[1].cost == pytest.approx(100 * runs[0].cost)
    nowhere = replace(yen, ledger=owing("JPY", {}))
    with pytest.raises(BadInput, match="minimum_balance is '40 USD'"):
        simulate(nowhere, MIXED, days=30, specialists=1)
    assert metrics_of(simulate(nowhere, "none", days=30, specialists=1))["cost"] == 0
    unpriced = metrics_of(simulate(nowhere, CALLS, days=30, specialists=1))
    priced = metrics_of(simulate(yen, CALLS, days=30, specialists=1))
    assert unpriced == priced | {"cost": None, "cost_per_1000_collected": None}
    paid = team("JPY", 2500).on_clock(nowhere.timezone).roster()
    assert metrics_of(simulate(nowhere, CALLS, days=30, specialists=paid))["cost"] > 0  # no message, no assumed wage


def test_nothing_is_nothing_in_every_currency():
    """A minimum balance of zero needs no rate."""
    exchange = Exchange.of(owing("JPY", {}))
    assert exchange.to_base(0, "USD", field="minimum_balance") == 0
    assert Strategy(name="all", currency="USD").in_base(exchange).currency is None


def test_amounts_are_quoted_as_they_were_invoiced():
    """A caller says pounds and yen to whom owes pounds and yen; the base amount stands beside, in its own column."""
    rows = [
        invoice("a", "2025-01-02", "2025-03-01", 1_200_00, customer_id="c1", currency="GBP"),
        invoice("b", "2025-01-02", "2025-03-02", 300_00, customer_id="c1", currency="GBP"),
        invoice("c", "2025-01-02", "2025-03-02", 90_000, customer_id="c1", currency="JPY"),
        invoice("d", "2025-01-02", "2025-03-02", 700_00, customer_id="c2"),
    ]
    paid = [payment(None, "2025-03-30", 50_00, currency="GBP", customer_id="c1")]
    rates = [{"currency": "GBP", "rate": 1.25}, {"currency": "JPY", "rate": 0.008}]
    found = planned(handmade("2025-03-31", rows, paid, rates=rates), strategy=CALLS).rows.set_index("customer_id")
    assert found["open_as_invoiced"].to_dict() == {"c1": "1,500.00 GBP and 90,000 JPY", "c2": "700.00 USD"}
    assert found["open_amount"].to_dict() == {"c1": 2_595_00, "c2": 700_00}
    assert found.loc["c1", "reason"].startswith(
        "Three invoices, 1,500.00 GBP and 90,000 JPY (2,595.00 USD) overdue, oldest 31 days"
    )
    assert "50.00 GBP (62.50 USD) of its cash is not applied yet" in found.loc["c1", "reason"]
    assert found.loc["c2", "reason"].startswith("One invoice, 700.00 USD overdue, 30 days")
