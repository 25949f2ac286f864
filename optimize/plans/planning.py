"""From an open ledger, a payment-timing model, a strategy and a roster to the contacts of the next working days."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.policy.strategy import Strategy
from ledger.table.ledger import Day, positions
from ledger.table.months import day_numbers
from ledger.table.tables import TEXT
from models.assumed.assumptions import Assumptions
from models.effects.what_if import Effects
from models.history.write_offs import expected_write_offs
from models.timing import PaymentTiming
from optimize.plans.call_plan import CallPlan
from optimize.plans.candidates import Calls, choose
from optimize.plans.capacity import Desks, Reach
from optimize.plans.contact_value import contact_values
from optimize.plans.duties import tasks
from optimize.plans.messages import messages
from optimize.plans.notes import language_notes, zone_notes
from optimize.plans.plan_table import Writer
from optimize.plans.policy import Policy
from optimize.plans.reasons import Reasons
from optimize.plans.request import Request, request
from optimize.plans.rules import Rules, Stops, stopped_until
from optimize.plans.shortfalls import Findings, holdouts
from optimize.plans.steps_due import dunning
from optimize.roster.shifts import plan_shifts
from optimize.roster.team import Team

_VERSION: Final = "5"  # of this method: part of every run id


def plan(
    ledger: Ledger,
    model: PaymentTiming | str,
    strategy: Strategy | str | Path,
    roster: Team | str | Path | pd.DataFrame | int,
    date: Day,
    *,
    days: int = 5,
    effects: Effects | None = None,
    policy: Policy | None = None,
    horizon: int | None = None,
    assumptions: Assumptions | None = None,
    previous: pd.DataFrame | None = None,
    exploration: float = 0.0,
    stops: Stops | None = None,
    skills: Mapping[str, str] | None = None,
    seconds: float | None = None,
    seed: int = 0,
    model_version: str = "",
) -> CallPlan:
    """Return who contacts whom, how and when, so that expected incremental value is greatest under all rules.

    Parameters
    ----------
    ledger
        Used as known on the evening before `date`.
    model
        A payment-timing model, which is told of that ledger, or the name of one, which is fitted to it.
    strategy
        Its ladder says which step is due; a strategy, the name of an embedded one, or a TOML file.
    roster
        What `load_team` takes.
    date
        The first day, or the working day after it.
    days
        Number of working days; 1 to 60.
    effects
        Of contacts; by default the assumed ones.
    policy, horizon
        Named parameters of what a contact is worth; `horizon` (days) goes before the policy's.
    assumptions
        About calls: reach, minutes, wages, promises. A write-off age other than the default takes the place of the
        ages at which the ledger's house writes off (`models.history.write_offs`).
    previous
        `prices` of an earlier plan: what a minute usually is worth, at which later calls are weighed.
    exploration
        Chance of being left alone for a span of the strategy's `holdout_days`, drawn once per customer and span from
        `seed`; 0 takes the strategy's own `holdout`. Broken promises are followed up all the same.
    stops
        Dunning stops: last day by customer id, or a table customer_id, until.
    skills
        Skill that a segment asks for, by segment; "dispute" is that of acknowledging disputes.
    seconds
        Wall-clock limit, after which accounts are placed by index. Without it equal inputs give equal plans.
    seed
        Of the holdout's draws and of the solver.
    model_version
        Put in every row.

    Raises
    ------
    BadInput
        For an unknown model or strategy, a date before the first invoice, a number out of range, or a broken roster.
    """
    began = time.monotonic()
    chosen_policy = policy or Policy()
    asked = request(
        ledger, model, strategy, roster, date, days=days,
        effects=effects, policy=chosen_policy if horizon is None else replace(chosen_policy, horizon=horizon),
        assumptions=assumptions, exploration=exploration, stops=stops, skills=skills, seed=seed, version=model_version,
    )  # fmt: skip
    calls, held, held_back, notes = laid_out(asked)
    start = _started(previous, calls.desks)
    chosen = choose(calls, start, None if seconds is None else began + seconds, seed)
    sent = messages(calls, chosen, asked.assume)
    findings = Findings(calls=calls, chosen=chosen, sent=sent, held_back=held_back)
    about = {
        "model": asked.timing.name,
        "model_version": model_version,
        "strategy": asked.strategy.name,
        "snapshot": asked.known.fingerprint,
        "run_id": _identity(asked, calls, start),
    }
    writer = Writer(
        calls=calls,
        reasons=Reasons.of(asked.known, asked.policy.horizon, asked.strategy.name),
        productive=asked.assume.productive_share,
        about=about,
    )
    rows = writer.table(chosen, sent, held & ~findings.contacted, asked.share)
    told = _call_plan(asked, findings, rows, held, notes, run_id=about["run_id"])
    return replace(told, seconds=time.monotonic() - began)


def laid_out(asked: Request) -> tuple[Calls, Flags, dict[str, Ints], tuple[str, ...]]:
    """Return all that decides the calls, who is in the holdout, the accounts held back by each rule, and notes."""
    numbers = day_numbers(asked.dates)
    found = dunning(asked.known, asked.strategy, numbers, asked.assume.promise_kept)
    people = asked.known.customers.iloc[found.customer]
    shifts = plan_shifts(asked.team, asked.date, asked.days, assumptions=asked.assume)
    desks = Desks.of(asked.team, shifts, asked.assume, asked.known.base_currency)
    reach = Reach.of(found, (asked.team.timezone, asked.team.country), asked.assume, asked.policy)
    written = expected_write_offs(asked.known, asked.assume)
    worths = contact_values(found, asked.timing, asked.effects, written, policy=asked.policy, assume=asked.assume)
    held = asked.held(people["customer_id"])
    rules = Rules(
        dunning=found,
        stopped_until=stopped_until(asked.stops, people["customer_id"]),
        held=held,
        open_days=reach.open_days,
        reach=reach.chance,
        speaks=desks.speaks(people["language"]),
        skilled=desks.skilled(people["segment"], asked.skills),
        firm=desks.firm,
        tones=worths.tones,
        minimum_gap=asked.policy.minimum_gap,
    )
    free, held_back = rules.allowed()
    calls = Calls(
        dunning=found,
        worths=worths,
        reach=reach,
        desks=desks,
        usual=desks.usual(found),
        free=free,
        tasks=tasks(asked.known, desks, asked.policy.acknowledge_minutes, asked.skills),
        policy=asked.policy,
    )
    if shifts.chosen and asked.team.has_few_hours and (calls.must.any() or len(calls.tasks.customer)):
        shifts = plan_shifts(asked.team, asked.date, asked.days, value=1 + calls.wanted(), assumptions=asked.assume)
        calls = replace(calls, desks=replace(desks, minutes=shifts.minutes))
    zones = zone_notes(people, asked.team.timezone, asked.known.as_of.year)
    said = (*shifts.notes(), *zones, *language_notes(desks, people))
    return calls, held, held_back, said


def _started(previous: pd.DataFrame | None, desks: Desks) -> Floats | None:
    """Return prices per minute to start from, (S, slots): those of an earlier plan, its last day for days beyond it."""
    if previous is None or not len(previous) or not desks.team.specialists:
        return None
    row = positions(previous["specialist_id"].astype(TEXT), pd.Series(desks.ids, dtype=TEXT))
    out = np.zeros(desks.minutes.shape)
    days = day_numbers(desks.dates)
    day, block = day_numbers(previous["date"]), previous["block"].to_numpy(np.int64) - 1
    price = previous["price_per_hour"].to_numpy(np.float64) / 60
    for k in np.argsort(day, kind="stable").tolist():
        if row[k] >= 0:
            out[row[k], days >= day[k], block[k]] = price[k]
    return out.reshape(len(desks.ids), -1)


def _identity(asked: Request, calls: Calls, start: Floats | None) -> str:
    """Return the run id: a hash of all that the plan depends on, the model by what it says of the invoices."""
    words = [
        _VERSION, f"{asked.date:%Y-%m-%d}", asked.days, asked.known.fingerprint, asked.strategy.model_dump_json(),
        asked.timing.name, asked.version, asked.team.model_dump_json(), asked.effects, asdict(asked.policy),
        asked.assume.by_name(), asked.share, asked.seed, sorted(asked.skills.items()),
    ]  # fmt: skip
    digest = hashlib.sha256("\n".join(map(str, words)).encode())
    for part in (calls.worths.without, calls.worths.gain, calls.free, calls.desks.minutes, start):
        digest.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]


def _call_plan(
    asked: Request, findings: Findings, rows: pd.DataFrame, held: Flags, notes: tuple[str, ...], *, run_id: str
) -> CallPlan:
    """Return the plan with its evidence."""
    chosen, sent, unmet = findings.chosen, findings.sent, findings.unmet()
    planned = rows[rows["action"] != "leave alone"]
    objective, bound = chosen.objective + float(sent.net.sum()), chosen.bound + float(sent.net.sum())
    effect = asked.effects[0].of("phone", "friendly")
    return CallPlan(
        date=asked.date,
        days=asked.days,
        status="infeasible" if len(unmet) else chosen.status,
        rows=rows,
        objective=objective,
        bound=max(bound, objective),
        gap=max(bound - objective, 0.0) / max(abs(bound), 1e-9),
        seconds=0.0,
        prices=findings.prices(),
        binding=findings.binding(),
        unmet=unmet,
        holdouts=holdouts(asked, findings.calls, held),
        accounts=len(findings.calls.dunning.customer),
        contacts=len(planned),
        minutes_used=float(planned["minutes"].sum()),
        currency=asked.known.base_currency,
        strategy=asked.strategy.name,
        model=asked.words,
        model_version=asked.version,
        effects_basis=asked.effects[0].basis,
        effects_grade=effect.grade,
        snapshot=asked.known.fingerprint,
        run_id=run_id,
        notes=(*asked.notes, *notes, *chosen.notes),
    )
