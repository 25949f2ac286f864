"""All results speak alike: a summary, a table, plain values, a short name, a page of a notebook."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from collectlab import __all__ as public
from experiments import Staffing, Study, compare
from experiments.comparing.replication import PortfolioSource
from experiments.hours.hours import staffed
from experiments.planner_study.planner_study import PlannerStudy, compare_planners
from ledger import gaming, kpis
from ledger.importing import import_ledger
from ledger.results import Result
from models.effects.estimates import contact_effects
from models.effects.what_if import Effects, incremental_cash, what_if
from models.evaluation.backtest import backtest
from models.evaluation.walk_forward import walk_forward
from models.registry.drift import drift
from models.registry.model_file import fit_saved
from models.timing import fit
from optimize import assign
from optimize.plans.planning import plan
from optimize.publish.difference import difference
from optimize.publish.folder import PublishedPlan
from optimize.publish.reconcile import reconcile
from optimize.roster.load import load_team
from optimize.roster.shifts import plan_shifts
from optimize.staffing.frontier import frontier
from optimize.staffing.shift_choice import choose_shifts
from optimize.staffing.week import Week, week
from tests.call_plans import MONDAY, made

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@cache
def ledger() -> "sim.Portfolio":
    """Return a small company's receivables."""
    return sim.synthetic("normal", customers=30, history_days=300)


@cache
def tuesday() -> Week:
    """Return a day's work of one person."""
    known = ledger().ledger
    return week(known, "kaplan_meier", "friendly", 1, known.as_of + pd.Timedelta(days=1), days=1)


def hours() -> Result:
    """Return half a roster's hours simulated for a few days."""
    return staffed(ledger(), load_team(1), "friendly", [50], days=5, replications=1)


def compared() -> Result:
    """Return two strategies, compared for a few days."""
    return compare(Study(strategies=("none", "friendly"), days=5, replications=1, customers=8))


def planners() -> Result:
    """Return one planner against nobody who calls."""
    source = PortfolioSource(preset="normal", customers=8)
    study = PlannerStudy(source=source, specialists=1, planners=("random",), beliefs=("right",), days=5, replications=2)
    return compare_planners(study)


def reconciled(folder: Path) -> Result:
    """Return what became of a plan that nobody worked from."""
    known = ledger().ledger
    first = known.as_of - pd.Timedelta(days=9)
    planned = plan(known.snapshot(first - pd.Timedelta(days=1)), "due_date", "friendly", 1, date=first, days=1)
    planned.rows.to_parquet(folder / "plan.parquet", index=False)
    return reconcile(PublishedPlan(folder=folder, about=planned.to_dict(), damaged=()), known)


def contact() -> dict[str, object]:
    """Return a contact to ask about."""
    effects = Effects.assumed(ledger().assumptions)
    return {"channel": "phone", "tone": "friendly", "on": ledger().ledger.as_of, "effects": effects}


def asked() -> tuple[object, pd.DataFrame]:
    """Return a model and the invoices that are open."""
    known = ledger().ledger
    return fit(known, model="customer_mean"), known.invoices[known.open_amount() > 0]


def month(back: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return a month that ends so many days before the ledger does."""
    end = ledger().ledger.as_of - pd.Timedelta(days=back)
    return end - pd.Timedelta(days=29), end


CUT = "2026-08-15"
FOUND: dict[str, Callable[[Path], Result]] = {
    "Assignment": lambda _: assign(np.ones((3, 1, 1, 1)), 1.0, np.array([[2.0]])),
    "Backtest": lambda _: backtest(ledger().ledger, cut=CUT, models=["customer_mean"], bootstrap=0),
    "CallPlan": lambda _: made(MONDAY),
    "Comparison": lambda _: compared(),
    "Difference": lambda _: difference(made(MONDAY).rows, made(MONDAY, seed=1).rows, against="2026-07-03"),
    "Drift": lambda _: drift(
        ledger().ledger, fit_saved(ledger().ledger, as_of=CUT, model="customer_mean"), registered={}, called="version 1"
    ),
    "EffectStudy": lambda _: contact_effects(ledger().ledger),
    "Frontier": lambda _: frontier(tuesday(), [100]),
    "Gaming": lambda _: gaming(ledger().ledger, month(60), month(0)),
    "Imported": lambda _: import_ledger(ledger().ledger.invoices.astype(str), as_of=ledger().ledger.as_of),
    "IncrementalCash": lambda _: incremental_cash(*asked(), **contact(), horizon=30),
    "Kpis": lambda _: kpis(ledger().ledger),
    "PlannerComparison": lambda _: planners(),
    "Reconciliation": reconciled,
    "Run": lambda _: sim.simulate(ledger(), "friendly", days=5, specialists=1),
    "ShiftChoice": lambda _: choose_shifts(tuesday()),
    "Shifts": lambda _: plan_shifts(load_team(1), "2026-07-06", 2),
    "Staffed": lambda _: hours(),
    "Staffing": lambda _: Staffing(
        frontier=frontier(tuesday(), [100]), shifts=choose_shifts(tuesday()), simulated=hours()
    ),
    "WalkForward": lambda _: walk_forward(ledger().ledger, [CUT], models=["customer_mean"], bootstrap=0),
    "WhatIf": lambda _: what_if(*asked(), **contact(), days=[0, 30]),
}


def refuse(constant: str) -> None:
    """Fail as a strict reader does."""
    raise ValueError(f"{constant} is not JSON")


@pytest.mark.parametrize("name", FOUND)
def test_a_result_speaks_as_all_do(name: str, tmp_path: Path):
    """Text that fits, a table, strict JSON, one line, and a page with both for a notebook."""
    found = FOUND[name](tmp_path)
    assert type(found).__name__ == name
    assert isinstance(found, Result)
    assert found.summary().strip()
    table = found.table()
    assert isinstance(table, pd.DataFrame)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False), parse_constant=refuse)
    assert plain == found.to_dict()
    assert plain
    assert re.fullmatch(rf"<{name}: [^\n]{{5,100}}>", repr(found))
    page = found._repr_html_()
    assert page.startswith("<pre>")
    assert page.count("<table") == 1


def test_every_result_is_here_and_on_the_page():
    """All that derive from `Result`, and no other; the public ones among them."""
    kinds = {kind.__name__ for kind in Result.__subclasses__()} - {"History"} | {"Run"}
    assert kinds == FOUND.keys()
    listed = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8").split("is a **result**")[1].split(")")[0]))
    assert listed == FOUND.keys()
    assert FOUND.keys() & {*public} == {
        "Kpis",
        "Imported",
        "Backtest",
        "Run",
        "CallPlan",
        "Assignment",
        "Comparison",
        "Staffing",
    }
