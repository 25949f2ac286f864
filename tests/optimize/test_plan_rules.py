"""Every rule holds back the account that it is about, is named with its sentence, and leaves its neighbour alone."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ledger import Ledger
from ledger.policy.strategy import Step, Strategy
from optimize import CallPlan, Policy, plan
from optimize.plans.rules import Rules, sentence
from tests.handmade import contact, handmade, invoice
from tests.timings import constant

DATE = "2025-04-01"  # a Tuesday
LADDER = Strategy(
    name="ladder",
    contact_cap=2,
    minimum_balance=100,
    steps=(
        Step(name="call", day=5, channel="phone"),
        Step(name="firm call", day=60, channel="phone", tone="firm", stage="demand"),
    ),
)
Case = dict[str, Any]
PLACE = {"segment": "all", "country": "US", "timezone": "UTC", "language": "en", "terms": None, "credit_limit": None}


def people(customer: Case) -> list[Case]:
    """Return two customers, the first with some changes."""
    return [{"customer_id": "c1", **PLACE, "since": None, **customer}, {"customer_id": "c2", **PLACE, "since": None}]


def owing(customer: Case | None = None, amount: int = 9_000_00, due: str = "2025-03-12", **tables: Any) -> Ledger:
    """Return a ledger in which two customers owe an invoice each; the first one's is given."""
    rows = [
        invoice("i1", "2025-01-02", due, amount),
        invoice("i2", "2025-01-02", "2025-03-12", 9_000_00, customer_id="c2"),
    ]
    return handmade("2025-03-31", rows, customers=people(customer or {}), **tables)


def staff(**columns: Any) -> pd.DataFrame:
    """Return two specialists who speak English; none may be firm."""
    row = {"skills": "", "languages": "en", "timezone": "UTC", "weekly_hours": 40.0, "absences": "", "cost_per_hour": 0}
    return pd.DataFrame([{"specialist_id": name, **row, **columns} for name in ("s1", "s2")])


def reached(*days: str) -> list[Case]:
    """Return talks with the first customer."""
    return [contact(f"k{d}", f"{d} 10:00", outcome="reached") for d in days]


CASES: dict[str, Callable[[], tuple[Ledger, Case]]] = {
    "stop": lambda: (owing(), {"stops": {"c1": "2025-04-07"}}),
    "promise": lambda: (
        owing(
            contacts=reached("2025-03-28"),
            promises=[
                {
                    "contact_id": "k2025-03-28",
                    "invoice_id": "i1",
                    "made_on": "2025-03-28",
                    "due_on": "2025-04-20",
                    "amount": 1,
                }
            ],
        ),
        {},
    ),
    "dispute": lambda: (owing(disputes=[disputed()]), {}),
    "minimum_balance": lambda: (owing(amount=99_99), {}),
    "ladder": lambda: (owing(contacts=reached("2025-03-20")), {}),
    "minimum_gap_kept": lambda: (owing(due="2025-01-31", contacts=reached("2025-03-31")), {"days": 1}),
    "frequency_cap": lambda: (
        owing(due="2025-01-28", contacts=reached("2025-03-26", "2025-03-27")),
        {"days": 1, "skilled": "firm"},
    ),
    "holiday": lambda: (owing({"country": "DE"}), {"date": "2025-04-18", "days": 1}),  # Good Friday
    "calling_window": lambda: (owing({"timezone": "Pacific/Auckland"}), {}),
    "language": lambda: (owing({"language": "fr"}), {"people": {"languages": ["en", "en fr"], "absent": "s2"}}),
    "skill": lambda: (owing({"segment": "public"}), {"skills": {"public": "tender"}}),
    "authority": lambda: (owing(due="2025-01-20"), {}),
    "worth": lambda: (owing(amount=100_00), {"horizon": 90}),
}


def disputed() -> Case:
    """Return an open dispute that was acknowledged."""
    return {
        "invoice_id": "i1", "opened": "2025-03-20", "acknowledged": "2025-03-21", "resolved": None,
        "reason": "pricing", "resolution": None, "amount": 100,
    }  # fmt: skip


def planned(ledger: Ledger, options: Case, **more: Any) -> CallPlan:
    """Return the plan of a case."""
    options = dict(options)
    skilled, people_ = options.pop("skilled", ""), options.pop("people", None)
    table = staff(skills=skilled)
    if people_:
        table["languages"] = people_["languages"]
    date, days = options.pop("date", DATE), options.pop("days", 3)
    return plan(ledger, constant(0.02), LADDER, table, date, days=days, **options, **more)


@pytest.mark.parametrize("rule", [name for name in CASES if name != "language"])
def test_rule_holds_back_its_account(rule: str):
    """The account is not contacted, its neighbour is, and the rule is reported with one account and its sentence."""
    found = planned(*CASES[rule]())
    contacted = set(found.rows.loc[found.rows["action"] == "call", "customer_id"])
    assert contacted == {"c2"}
    assert found.binding["rule"].tolist() == [rule]
    assert found.binding["accounts"].tolist() == [1]
    assert found.binding["sentence"].tolist() == [sentence(rule)]
    assert sentence(rule) in found.summary().replace("\n  ", " ")
    assert found.status != "infeasible"


def test_language_goes_to_who_speaks_it():
    """A French customer is called by the specialist who speaks French; where she has no minutes, by nobody."""
    ledger = owing({"language": "fr"})
    table = staff()
    table["languages"] = ["en", "en fr"]
    rows = plan(ledger, constant(0.02), LADDER, table, DATE, days=2).rows.set_index("customer_id")
    assert rows.loc["c1", "specialist_id"] == "s2"
    table["absences"] = ["", "2025-04-01 2025-04-02"]
    away = plan(ledger, constant(0.02), LADDER, table, DATE, days=2)
    assert set(away.rows["customer_id"]) == {"c2"}
    assert away.binding["rule"].tolist() == ["capacity"]


def test_authority_goes_to_who_has_it():
    """A firm step is carried out by who may be firm; offered both tones, a friendly call needs no authority."""
    ledger, table = owing(due="2025-01-20"), staff()
    table["skills"] = ["", "firm"]
    rows = plan(ledger, constant(0.02), LADDER, table, DATE, days=2).rows.set_index("customer_id")
    assert (rows.loc["c1", "specialist_id"], rows.loc["c1", "tone"]) == ("s2", "firm")
    both = plan(ledger, constant(0.02), LADDER, staff(), DATE, days=2, policy=Policy(tones="best"))
    assert both.rows.set_index("customer_id").loc["c1", "tone"] == "friendly"


def test_holdout_is_a_fixed_draw_and_is_logged():
    """The same customers are left alone on every night of a span, at about the share asked for.

    400 draws at 0.25: outside 66 .. 134 with probability below 1e-4.
    """
    mails = Strategy(name="mails", steps=(Step(name="reminder", day=5, channel="email"),))
    rows = [invoice(f"i{k:03}", "2025-01-02", "2025-03-12", 9_000_00, customer_id=f"c{k:03}") for k in range(400)]
    ledger = handmade("2025-03-31", rows)
    found = plan(ledger, constant(0.02), mails, 0, DATE, days=1, exploration=0.25)
    left = found.rows[found.rows["action"] == "leave alone"]
    assert 66 <= len(left) <= 134
    assert left["exploration"].all()
    assert (found.rows["exploration_probability"] == 0.25).all()
    assert set(left["customer_id"]) == set(found.holdouts.loc[found.holdouts["held"], "customer_id"])
    assert len(found.holdouts) == 400
    assert not set(left["customer_id"]) & set(found.rows.loc[found.rows["action"] == "message", "customer_id"])
    half = plan(handmade("2025-03-31", rows[::2]), constant(0.02), mails, 0, DATE, days=1, exploration=0.25)
    again = set(half.rows.loc[half.rows["exploration"], "customer_id"])
    assert again == set(left["customer_id"]) & {row["customer_id"] for row in rows[::2]}


def test_every_rule_has_one_sentence():
    """A rule without a sentence could not be reported; a sentence without a rule would never be."""
    masks = {name for name in vars(Rules) if not name.startswith("_") and name not in Rules.__dataclass_fields__}
    assert masks - {"applied", "allowed"} <= set(CASES) | {"holdout"}
    assert all(sentence(name).endswith(".") for name in [*CASES, "holdout", "capacity", "promise_follow_up"])
