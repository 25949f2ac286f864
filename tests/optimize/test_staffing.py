"""The staffing frontier: concave bounds, prices that hold when solved anew, hours that are simulated."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import sim
from app.cli import main
from experiments.hours.hours import scaled, staffed
from ledger import BadInput
from ledger.policy.strategy import Step, Strategy
from optimize.roster.labour_rules import breaches
from optimize.roster.load import load_team
from optimize.roster.shift_model import patterns
from optimize.roster.team import Team
from optimize.staffing.frontier import Frontier, frontier
from optimize.staffing.shift_choice import choose_shifts
from optimize.staffing.week import Week, week

ROSTER = Path(__file__).parents[2] / "data" / "synthetic" / "roster.toml"
BUSY = Strategy(name="busy", contact_cap=5, steps=(Step(name="call", day=1, every=3, until=160, channel="phone"),))


@pytest.fixture(scope="module")
def portfolio() -> sim.Portfolio:
    """Return a small company."""
    return sim.synthetic(customers=250, seed=1, history_days=62)


@pytest.fixture(scope="module")
def busy(portfolio: sim.Portfolio) -> Week:
    """Its week, with more calls than one person can make."""
    return week(portfolio.ledger, "kaplan_meier", BUSY, 1, portfolio.start + pd.Timedelta(days=3), days=3)


@pytest.fixture(scope="module")
def found(busy: Week) -> Frontier:
    """Its frontier."""
    return frontier(busy, [60, 150])


def test_the_bound_is_that_of_the_whole_linear_relaxation(busy: Week):
    """Within a millionth: every account at most once, minutes of every block, by an independent solver."""
    capacity = busy.opened(1.0)
    rows, desks, slots = np.nonzero(np.isfinite(busy.worth) & (capacity > 0))
    once = np.zeros((len(busy.worth), len(rows)))
    once[rows, np.arange(len(rows))] = 1
    used = np.zeros((capacity.size, len(rows)))
    used[desks * capacity.shape[1] + slots, np.arange(len(rows))] = busy.minutes[rows, slots]
    solved = linprog(
        -busy.worth[rows, desks, slots],
        A_ub=np.concatenate([once, used]),
        b_ub=np.r_[np.ones(len(once)), capacity.ravel()],
    )
    best = -solved.fun - busy.penalty * busy.must.sum()
    bound, _ = busy.relaxed(capacity)
    assert best <= bound + 1e-9 * abs(best)
    assert bound == pytest.approx(best, rel=3e-6)


def test_the_frontier_is_concave_and_no_plan_lies_above_it(found: Frontier):
    """Slopes fall, plans stay below, and each slope carries the bound over the next level."""
    curve, levels = found.curve, found.levels
    slopes = np.diff(curve["bound"]) / np.diff(curve["paid_hours"])
    assert (np.diff(slopes) <= 1e-6 * slopes.max()).all()
    assert (levels["value"] <= levels["bound"] * (1 + 1e-9)).all()
    assert (levels["gap"] < 0.02).all()
    after = levels["bound"].iloc[:-1] + levels["price_per_hour"].iloc[:-1] * np.diff(levels["paid_hours"])
    assert (levels["bound"].to_numpy()[1:] <= after.to_numpy() * (1 + 1e-6)).all()


def test_the_price_of_an_hour_holds_when_it_is_added(busy: Week, found: Frontier):
    """What an hour brings lies between the prices without and with it; a twentieth brings the price of its minutes."""
    checked = found.checked
    near = 2e-5 * found.levels["bound"].max()  # twice the tolerance of a bound, and more
    assert checked["predicted"].max() > 10
    assert (checked["resolved"] <= checked["predicted"] + near).all()
    assert (checked["resolved"] >= checked["after"] - near).all()
    best = checked.loc[checked["predicted"].idxmax()]
    base, prices = busy.relaxed(busy.opened(1.0))
    more, hour = busy.opened(1.0), 60 * busy.shifts.productive
    slot = 4 * list(busy.shifts.dates).index(best["date"]) + best["block"] - 1
    more[1, slot] += hour / 20
    off = 20 * 2 * 3e-6 * abs(base)  # twenty times what two bounds may be off, as far as linear programming found
    assert 20 * (busy.relaxed(more)[0] - base) == pytest.approx(hour * prices[0, slot], rel=0.03, abs=off)
    assert best["resolved"] == pytest.approx(best["predicted"], rel=0.15)
    assert best["planned"] == pytest.approx(best["predicted"], rel=0.5)


def test_hours_pay_up_to_where_bound_less_cost_is_greatest(found: Frontier):
    """No other number of hours on the curve nets more."""
    net = found.curve["bound"] - found.curve["cost"]
    best = found.curve.loc[net.idxmax(), "hours_percent"]
    assert abs(best - found.pays_up_to) <= 20
    at = found.curve.set_index("hours_percent").loc[found.pays_up_to]
    assert at["bound"] - at["cost"] >= net.max() * (1 - 1e-4)
    assert "Another hour pays up to" in found.summary()


@pytest.fixture(scope="module")
def western(portfolio: sim.Portfolio) -> Week:
    """Return a day of one half-timer in New York, whose customers get up three hours later."""
    ledger = portfolio.ledger
    customers = ledger.customers.assign(timezone="America/Los_Angeles").astype(ledger.customers.dtypes)
    person = {"id": "A", "weekly_hours": 20.0, "languages": ["en"]}
    team = Team.model_validate({"timezone": "America/New_York", "country": "US", "specialists": [person]})
    moved = replace(ledger, customers=customers)
    return week(moved, "kaplan_meier", BUSY, team, portfolio.start + pd.Timedelta(days=3), days=1)


def test_shifts_are_chosen_by_what_minutes_are_worth(western: Week):
    """As good as the best of all shifts of that day, and better than the roster's mornings; its rules hold."""
    found = choose_shifts(western)
    assert found.worth > 1.2 * found.own > 0
    assert breaches(western.team, western.shifts.dates, found.shifts.paid) == []
    assert found.shifts.hours == western.shifts.hours == 4
    every = patterns(western.team.rules, np.array([240.0]))
    values = []
    for pattern in every:
        capacity = western.opened(0.0)
        capacity[0] = np.array(pattern.blocks) * western.shifts.productive
        bound, prices = western.relaxed(capacity)
        assert bound <= found.bound * (1 + 1e-6)
        values.append(western.planned(capacity, prices).objective - western.penalty * western.must.sum())
    assert len(every) > 4
    assert found.worth >= 0.995 * max(values)
    assert "instead of" in found.summary()


def test_where_minutes_are_not_scarce_no_shifts_are_better(portfolio: sim.Portfolio):
    """Ten people with little to do: the roster stays, and the bound is what it brings."""
    found = choose_shifts(week(portfolio.ledger, "kaplan_meier", "sop_cadence", 10, portfolio.start, days=2))
    assert found.worth == found.own == pytest.approx(found.bound, rel=1e-6)
    assert "roster's own" in found.summary()


def test_scaled_hours_keep_the_mix_of_people():
    """Fewer hours are days off for everybody alike, more are people of the same skills."""
    team, start = load_team(ROSTER), pd.Timestamp("2026-10-02")
    half, twice = scaled(team, 0.5, start, 84), scaled(team, 2.0, start, 84)
    off = np.array([len(p.absences) for p in half.specialists]) - [len(p.absences) for p in team.specialists]
    assert ((off >= 22) & (off <= 31)).all()  # of 57 working days, less those of absence
    assert [p.languages for p in twice.specialists] == 2 * [p.languages for p in team.specialists]
    assert len(set(twice.ids)) == 16
    with pytest.raises(BadInput, match="must be positive"):
        scaled(team, 0, start, 84)


def test_hours_are_simulated_in_pairs(portfolio: sim.Portfolio):
    """Against itself the roster differs by nothing; with a tenth of the hours less is collected (all pairs agree)."""
    found = staffed(portfolio, load_team(1, timezone=portfolio.timezone), BUSY, [10], days=30, replications=2)
    same, less = found.difference(100, "dso"), found.difference(10, "cash_collected")
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    assert less.mean is not None
    assert less.mean < 0
    hours = found.table().set_index("hours_percent")["paid_hours"]
    assert hours[10] == pytest.approx(hours[100] / 10, abs=8)


def test_the_command_writes_files_and_says_where_hours_stop_to_pay(
    portfolio: sim.Portfolio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Tables within 80 columns, JSON, four CSV files and a figure; a percentage of none is bad input."""
    ledger = portfolio.ledger.write(tmp_path / "ledger")
    given = ["staffing", "--ledger", str(ledger), "--roster", str(ROSTER), "--out", str(tmp_path / "out")]
    few = ["--hours", "100", "--horizon", "5", "--replications", "2", "--days", "2"]
    for extra in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main([*given, *few, *extra])
        assert ended.value.code == 0
        out = capsys.readouterr().out
        if not extra:
            assert max(map(len, out.splitlines()[:-1])) <= 80
    result = json.loads(out)
    assert {row["hours_percent"] for row in result["levels"]} >= {100.0}
    assert result["currency"] == "USD"
    assert result["chosen_shifts"]["own"] <= result["chosen_shifts"]["worth"] <= result["chosen_shifts"]["bound"]
    shifts = pd.read_csv(tmp_path / "out" / "shifts.csv")
    assert shifts["hours"].sum() == pytest.approx(result["roster_hours"])
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "frontier.csv",
        "prices.csv",
        "checked.csv",
        "shifts.csv",
        "staffing.html",
    }
    with pytest.raises(SystemExit) as ended:
        main([*given, "--hours", "0"])
    assert ended.value.code == 2
