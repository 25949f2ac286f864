"""Call plans made by hand, and the files that they are published in."""

from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

from optimize.nightly.contents import contents
from optimize.plans.call_plan import (
    BINDING_COLUMNS,
    HOLDOUT_COLUMNS,
    PRICE_COLUMNS,
    ROW_COLUMNS,
    UNMET_COLUMNS,
    CallPlan,
    framed,
)
from optimize.publish.folder import check_out, only_one, publish, reported

MONDAY = pd.Timestamp("2026-07-06")
PEOPLE = {"S1": "Ana Ruiz", "S2": "=Bo [night]/day: 'a name that is far too long for a sheet'", "": "automatic"}


def made(date: pd.Timestamp = MONDAY, contacts: int = 12, snapshot: str = "5a5a", seed: int = 0) -> CallPlan:
    """Return a plan as the planner would give it, of so many contacts; its figures depend on the seed."""
    random_ = np.random.default_rng(seed)
    who = [list(PEOPLE)[k % 3] for k in range(contacts)]
    person = np.array([name != "" for name in who])
    run, k = f"{seed:04x}{date:%m%d}", np.arange(contacts)
    values = {
        "date": [date + pd.Timedelta(days=n) for n in np.sort(k % 5)],
        "block": np.sort(k % 4) % 4 + 1,
        "starts": "09:00",
        "order": k + 1,
        "specialist_id": who,
        "specialist": [PEOPLE[name] for name in who],
        "customer_id": [f"{'=+-@'[n % 4]}C{n:03d}" for n in k],
        "invoices": [" ".join(f"I{n}-{m}" for m in range(n + 1)) for n in k],
        "invoice_count": k + 1,
        "open_amount": 123_456_789 + 100 * k,
        "days_past_due": k - 3,
        "action": np.where(person, "call", "message"),
        "channel": np.where(person, "phone", "email"),
        "tone": "friendly",
        "step": "first_call",
        "minutes": np.where(person, 7.5, 0.0),
        "reach_probability": 0.4,
        "value_with": 1000 * random_.random(contacts),
        "value_without": 500.0,
        "uplift": 250.25,
        "net_value": 240.125,
        "reason": "12 days late; a call brings 2.50 more than waiting, and it is the third reminder of the ladder",
        "model": "kaplan_meier",
        "model_version": "",
        "strategy": "friendly",
        "snapshot": snapshot,
        "run_id": run,
        "exploration": False,
        "exploration_probability": 0.0,
        "open_as_invoiced": [f"{1_000_000 + n:,.2f} EUR" for n in k],
        "customer_name": [f"{'=+-@'[n % 4]} & Sons {n}" for n in k],
        "customer_details": "phone: +1 555 0100; email: pay@example.test",
    }
    rows = framed(ROW_COLUMNS, {key: list(np.broadcast_to(value, contacts)) for key, value in values.items()})
    prices = {
        "specialist_id": ["S1", "S2"],
        "date": [date] * 2,
        "block": [1, 1],
        "minutes_used": [60.0, 30.0],
        "minutes": [90.0, 90.0],
        "price_per_hour": [1234.5, 0.0],
    }
    return CallPlan(
        date=date,
        days=5,
        status="feasible",
        rows=rows,
        objective=1000.0,
        bound=1001.0,
        gap=0.001,
        seconds=0.1,
        prices=framed(PRICE_COLUMNS, prices),
        binding=framed(BINDING_COLUMNS, {"rule": ["capacity"], "accounts": [3], "sentence": ["No more minutes."]}),
        unmet=framed(UNMET_COLUMNS),
        holdouts=framed(HOLDOUT_COLUMNS),
        accounts=40,
        contacts=contacts,
        minutes_used=90.0,
        currency="USD",
        strategy="friendly",
        model="kaplan_meier",
        model_version="",
        effects_basis="assumed",
        effects_grade="D",
        snapshot=snapshot,
        run_id=run,
        notes=("The effects are assumed.",),
    )


def name_of(plan: CallPlan) -> str:
    """Return the name of the plan's folder."""
    return f"{plan.date:%Y-%m-%d}-{plan.snapshot}-{plan.run_id}"


def put_out(out: Path, plan: CallPlan) -> Path:
    """Publish a plan as files, as the nightly job does."""
    with only_one(check_out(out)), reported(out):
        return publish(out, name_of(plan), contents(plan, about=plan.to_dict()))


def current(url: str) -> tuple[list[tuple], list[tuple]]:
    """Return what readers of the database see: the current runs, and rows by run."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        runs = connection.execute(sa.text("SELECT run_id, contacts FROM current_call_plan_run")).all()
        rows = connection.execute(sa.text("SELECT run_id, count(*) FROM current_call_plan GROUP BY run_id")).all()
    engine.dispose()
    return [tuple(run) for run in runs], [tuple(row) for row in rows]
