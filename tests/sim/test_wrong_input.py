"""What a person gets wrong is named: the field, the value, the rule."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledger import BadInput
from sim import Assumptions, Strategy, assumptions, embedded, simulate, strategies, synthetic
from sim.portfolios.presets import preset
from tests.handmade import invoice
from tests.portfolios import behaviour, flat, portfolio, staff

GRADES = {"A", "B", "C", "weak", "policy", "target", "G"}


def file(folder: Path, text: str) -> Path:
    """Return a file with this text."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


STEP = 'name = "mine"\n[[steps]]\nname = "call"\nday = 3\nchannel = "phone"\n'


@pytest.mark.parametrize("name", strategies())
def test_embedded_strategies_load(name: str) -> None:
    """By name, as themselves, with a description and steps that rise."""
    strategy = Strategy.load(name)
    assert strategy.name == name
    assert strategy.description
    assert (name == "none") == (not strategy.steps)
    assert Strategy.load(strategy) is strategy
    assert [step.day for step in strategy.steps] == sorted(step.day for step in strategy.steps)


def test_six_strategies_are_embedded() -> None:
    """Mildest first."""
    assert strategies()[:6] == ("none", "email_only", "friendly", "escalated", "sop_cadence", "proactive")


def test_a_strategy_is_read_from_a_file(tmp_path: Path) -> None:
    """A TOML file with the same keys."""
    read = Strategy.load(file(tmp_path, STEP + "every = 7\nuntil = 20\n"))
    assert read.steps[0].days == (3, 10, 17)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        (STEP.replace("phone", "pigeon"), "channel", "pigeon"),
        (STEP.replace("day = 3", "day = 9999"), "day", 9999),
        (STEP + "attempts = 0\n", "attempts", 0),
        (STEP + "retry_days = -1\n", "retry_days", -1),
        (STEP + 'tone = "rude"\n', "tone", "rude"),
        (STEP + "colour = 1\n", "colour", 1),
        ("contact_cap = 0\n" + STEP, "contact_cap", 0),
        ("contact_cap = 8\n" + STEP, "contact_cap", 8),
        ("minimum_balance = -1\n" + STEP, "minimum_balance", -1),
        (STEP.replace("mine", "my file"), "name", "my file"),
        (STEP + "every = 7\n", None, None),
        (STEP + "every = 7\nuntil = 1\n", None, None),
    ],
)
def test_a_broken_rule_of_a_strategy_is_named(tmp_path: Path, text: str, field: str, value: Any) -> None:
    """File, key and value."""
    path = file(tmp_path, text)
    with pytest.raises(BadInput) as error:
        Strategy.load(path)
    assert error.value.field == field
    assert str(path) in str(error.value)
    assert ("step 1 (call)" in str(error.value)) == (field not in ("contact_cap", "minimum_balance", "name"))
    if value is not None:
        assert error.value.value == value


@pytest.mark.parametrize("text", ["name = ", "\x00", "steps = 3", ""])
def test_a_file_that_is_no_strategy_is_named(tmp_path: Path, text: str) -> None:
    """Not TOML, or not these keys."""
    path = file(tmp_path, text)
    with pytest.raises(BadInput) as error:
        Strategy.load(path)
    assert str(path) in str(error.value)


def test_two_steps_of_one_name_are_refused(tmp_path: Path) -> None:
    """A contact names its step."""
    with pytest.raises(BadInput, match="name of its own"):
        Strategy.load(file(tmp_path, STEP + STEP.split("\n", 1)[1]))


def test_an_unknown_strategy_gets_a_hint() -> None:
    """The nearest name."""
    with pytest.raises(BadInput, match="did you mean 'friendly'") as error:
        Strategy.load("freindly")
    assert error.value.value == "freindly"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(BadInput, match=r"nowhere\.toml"):
        Strategy.load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"days": 0}, "days", 0),
        ({"days": -3}, "days", -3),
        ({"days": 100_000}, "days", 100_000),
        ({"specialists": -1}, "specialists", -1),
        ({"desk": "slow"}, "desk", "slow"),
        ({"planner": "alphabetical"}, "planner", "alphabetical"),
        ({"strategy": "shout"}, "strategy", "shout"),
    ],
)
def test_simulate_names_what_is_out_of_range(options: dict[str, Any], field: str, value: Any) -> None:
    """Field and value, before anything runs."""
    with pytest.raises(BadInput) as error:
        simulate(portfolio(2, flat(0.1)), **({"strategy": "none", "days": 5} | options))
    assert (error.value.field, error.value.value) == (field, value)


def test_specialists_elsewhere_are_refused() -> None:
    """All work on one clock."""
    with pytest.raises(BadInput, match="one clock") as error:
        simulate(portfolio(2, flat(0.1)), "none", days=5, specialists=staff({"timezone": "Asia/Tokyo"}))
    assert (error.value.field, error.value.value) == ("timezone", "Asia/Tokyo")


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"weekly_hours": -4.0}, "weekly_hours", -4.0),
        ({"weekly_hours": 200.0}, "weekly_hours", 200.0),
        ({"absences": "next tuesday"}, "absences", "next tuesday"),
    ],
)
def test_a_broken_staff_table_is_named(changes: dict[str, Any], field: str, value: Any) -> None:
    """Field and value of the row that breaks a rule."""
    with pytest.raises(BadInput) as error:
        simulate(portfolio(2, flat(0.1)), "none", days=5, specialists=staff(changes))
    assert (error.value.field, error.value.value) == (field, value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"call_ratio": 1.2}, "call_ratio"),
        ({"promise_kept": -0.1}, "promise_kept"),
        ({"promise_kept": float("nan")}, "promise_kept"),
        ({"promise_kept": 1.2}, "promise_kept"),
        ({"right_party_contact_rate": 3}, "right_party_contact_rate"),
        ({"fatigue": 1.5}, "fatigue"),
        ({"promise_days_low": 20}, "promise_days_high"),
        ({"call_hazard_ratio": 0.9}, None),
        ({"letter_hazard_ratio": 0.5}, None),
    ],
)
def test_a_broken_assumption_is_named(changes: dict[str, float], field: str | None) -> None:
    """Parameter or channel, and the rule."""
    with pytest.raises(BadInput) as error:
        Assumptions.default(**changes)
    assert error.value.field == field
    assert "assumption" in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"effect_half_life": 5},
        {"effect_half_life": 30},
        {"promise_days_high": 400},
        {"write_off_age": 0},
        {"reached_call_minutes": 0, "wrap_up_minutes": 0, "unreached_call_minutes": 0},
        {"cash_application_lag": 30},
        {"effect_half_life": 0},
        {"fatigue_memory": 0},
        {"productive_hours_per_day": 0},
        {"promise_days_low": 60, "promise_days_high": 60},
    ],
    ids=str,
)
def test_extreme_assumptions_are_refused_or_work(changes: dict[str, float]) -> None:
    """Never a crash, a NaN or a date beyond the calendar."""
    due = ("2023-12-15", "2024-01-21")
    rows = [invoice(f"i{k}", "2023-11-01", due[k % 2], 50_000, customer_id=f"c{k:03d}") for k in range(40)]
    try:
        assume = {"right_party_contact_rate": 1, "promise_given_right_party": 1, **changes}
        people = portfolio(40, flat(0.005), invoices=rows, assumptions=assume, weekdays=(2,))
    except BadInput:
        return
    run = simulate(people, "escalated", days=30)
    assert np.isfinite(run.cost)
    assert np.isfinite(run.columns.target).all()
    ledger = run.ledger.validate()
    due = ledger.promises["due_on"]
    assert ((due > run.start) & (due < run.end + np.timedelta64(1000, "D"))).all()


def test_the_table_of_assumptions_is_complete() -> None:
    """Every parameter has a default within its range, a unit, a grade and a source."""
    table = assumptions()
    assert list(table.columns) == ["parameter", "default", "low", "high", "unit", "grade", "source", "note"]
    assert {*table["parameter"], "currency"} == set(Assumptions.__dataclass_fields__)
    assert set(table["grade"]) <= GRADES
    assert (table["unit"].str.len() > 0).all()
    assert (table["source"].str.len() > 3).all()
    low, default, high = (table[name].astype(float) for name in ("low", "default", "high"))
    assert ((low <= default) & (default <= high)).all()
    guesses = table["source"].str.startswith("guess")
    assert (table.loc[guesses, "grade"] == "G").all()
    for row in table.itertuples():
        assert getattr(Assumptions.default(), row.parameter) == float(row.default)


def test_the_table_is_a_copy() -> None:
    """Writing to it changes no default."""
    table = assumptions()
    table["default"] = 0
    assert (assumptions()["default"].astype(float) > 0).any()


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"name": "boom"}, "portfolio", "boom"),
        ({"customers": 0}, "customers", 0),
        ({"history_days": 5}, "history_days", 5),
    ],
)
def test_a_wrong_portfolio_is_named(options: dict[str, Any], field: str, value: Any) -> None:
    """Field and value."""
    with pytest.raises(BadInput) as error:
        synthetic(**options)
    assert (error.value.field, error.value.value) == (field, value)


def test_an_unknown_embedded_portfolio_lists_the_known() -> None:
    """Both presets."""
    with pytest.raises(BadInput, match="normal, stress"):
        embedded("calm")
    assert {preset(name).name for name in ("normal", "stress")} == {"normal", "stress"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frailty": float("nan")}, "frailty"),
        ({"rate": -1.0}, "order_rate"),
        ({"reach": np.ones(2)}, "reach"),
        ({"kind": np.array([0, 0, 5], np.int32)}, "kind"),
        ({"payment_weekdays": np.zeros((3, 7), np.bool_)}, "payment_weekdays"),
        ({"amount": 0}, "orders"),
        ({"orders": np.array([0, 1, 1, 3])}, "orders"),
        ({"first_day": 0}, "hazard"),
        ({"hazard": flat(-0.1)}, "hazard"),
        ({"hazard": flat(float("inf"))}, "hazard"),
    ],
)
def test_behaviour_that_no_kernel_could_run_is_refused(changes: dict[str, Any], field: str) -> None:
    """Shapes and ranges are checked once, when it is made."""
    hazard = changes.pop("hazard", flat(0.1))
    with pytest.raises(BadInput) as error:
        behaviour(3, hazard, **changes)
    assert error.value.field == field
