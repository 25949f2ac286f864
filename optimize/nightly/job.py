"""The nightly job: read the ledger, check that it is fresh, plan, publish files and database, say what became of it."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.files.database import safe
from ledger.files.storage import reported
from ledger.json_ready import json_ready
from optimize.nightly.contents import about_of, contents, inputs_of
from optimize.nightly.job_log import Stages
from optimize.nightly.model import NightModel, night_model
from optimize.nightly.request import NightInputs, NightRequest, check_request, task_of
from optimize.plans.call_plan import (
    BINDING_COLUMNS,
    HOLDOUT_COLUMNS,
    PRICE_COLUMNS,
    ROW_COLUMNS,
    UNMET_COLUMNS,
    CallPlan,
    framed,
)
from optimize.plans.planning import plan as make_plan
from optimize.publish.database import PlanDatabase
from optimize.publish.difference import Difference, difference
from optimize.publish.folder import STANDS, TABLE, PublishedPlan, earlier, only_one, publish, published, read_plan


@dataclass(frozen=True, eq=False, kw_only=True)
class Night:
    """What became of it.

    Parameters
    ----------
    about
        Contents of ``plan.json``; without the sums of the files on a dry run.
    plan, change
        The plan that was made, and what differs from the one before; None where it was there already.
    folder
        Where its files lie; None on a dry run.
    stored
        Whether the database was changed; None where none was asked for.
    notes
        What a person must know besides the plan's own notes.
    """

    about: dict[str, Any]
    plan: CallPlan | None = None
    change: Difference | None = None
    folder: Path | None = None
    stored: bool | None = None
    notes: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether the plan was published before."""
        return self.plan is None


def nightly(request: NightRequest, *, dry_run: bool = False, now: pd.Timestamp | None = None) -> Night:
    """Make and publish the plan of a night; do nothing where the same plan stands already.

    Parameters
    ----------
    request
        What is asked.
    dry_run
        Plan, and write nothing.
    now
        Moment with time zone from which the default date is found; default: the clock.

    Raises
    ------
    BadInput
        Where something given cannot be used; nothing is written.
    Unavailable
        Where the ledger is stale, the disk is full, the database is down or another run is at work.
    TrackingUnavailable
        Where the model registry is down and no copy of the model was kept.
    """
    stages = Stages(path=None if dry_run else request.state / "log" / "plan.jsonl")
    checked = check_request(request)
    with stages.stage("read", ledger=safe(request.ledger)) as told:
        task = task_of(request, *checked, now=now)
        told |= {"date": task.day, "snapshot": task.known.fingerprint, "invoices": len(task.known.invoices)}
    if dry_run:
        plan, change, about = _planned(task, stages)
        return Night(about=about, plan=plan, change=change, notes=task.notes)
    with only_one(request.out):
        night = _on_disk(task, stages)
        if task.database is not None and night.folder is not None:
            night = replace(night, stored=_in_database(task.database, night.folder, stages))
    lost = (f"The log {stages.path} could not be written.",) if stages.lost else ()
    return replace(night, notes=(*night.notes, *lost))


def _on_disk(task: NightInputs, stages: Stages) -> Night:
    """Return the night with its plan published as files."""
    request = task.request
    found = published(request.out)
    if found is not None and not request.again:
        if found.is_of(task.day, task.known.fingerprint):
            return Night(about=dict(found.about), folder=found.folder, notes=task.notes + _differing(task, found))
        if not found.damaged and str(found.about["date"]) > task.day:
            rule = f"lies before the published plan's, {found.about['date']}; --again replaces it"
            raise BadInput(rule, where=str(request.out), field="date", value=task.day)
    plan, change, about = _planned(task, stages)
    with stages.stage("publish files", folder=str(request.out)) as told:
        names = {person.id: person.label for person in task.team.specialists}
        with reported(request.out, stands=STANDS):  # a workbook is made by way of temporary files
            files = contents(plan, about=about, names=names, change=change)
        folder = publish(request.out, f"{task.day}-{plan.snapshot}-{plan.run_id}", files)
        told["bytes"] = sum(map(len, files.values()))
    said = task.notes
    if found is not None and found.damaged:
        said += (f"The plan in {found.folder} was not whole ({', '.join(found.damaged)}): planned again.",)
    return Night(about=dict(read_plan(folder).about), plan=plan, change=change, folder=folder, notes=said)


def _differing(task: NightInputs, found: PublishedPlan) -> tuple[str, ...]:
    """Return a remark where the plan that stands was asked for in another way."""
    names = [name for name, value in inputs_of(task).items() if found.about.get("inputs", {}).get(name) != value]
    if not names:
        return ()
    return (f"It was planned with other options ({', '.join(names)}), and stands; --again replaces it.",)


def _in_database(database: PlanDatabase, folder: Path, stages: Stages) -> bool:
    with stages.stage("publish database", database=database.where) as told:
        try:
            told["changed"] = database.publish(read_plan(folder))
        except Unavailable as error:
            kept = f"the plan's files are published in {folder.parent.parent}, and the next run publishes them there"
            raise Unavailable(f"{error}; {kept}") from error
    return bool(told["changed"])


def _planned(task: NightInputs, stages: Stages) -> tuple[CallPlan, Difference | None, dict[str, Any]]:
    """Return the plan, what differs from the one before, and what ``plan.json`` says of them."""
    request = task.request
    before = _before(task)
    with stages.stage("model", model=request.model) as told:
        empty = not len(task.known.invoices)
        model = (
            NightModel(timing=request.model) if empty else night_model(request.model, task.known, state=request.state)
        )
        told |= {"version": model.version, "from_copy": model.from_copy}
    with stages.stage("plan", date=task.day, days=request.days) as told:
        plan = _nothing(task) if empty else _plan(task, model)
        names = ("run_id", "status", "gap", "accounts", "contacts")
        told |= json_ready({name: getattr(plan, name) for name in names})
    if plan.snapshot != task.known.fingerprint:
        raise RuntimeError(f"the plan is of snapshot {plan.snapshot}, and not of {task.known.fingerprint}")
    change = None
    if before is not None:
        rows = pd.read_parquet(before.folder / TABLE)
        day, run = str(before.about["date"]), str(before.about["run_id"])
        change = difference(rows, plan.rows, first=plan.date, against=day, run_id=run)
    return plan, change, about_of(task, plan, change, model)


def _plan(task: NightInputs, model: NightModel) -> CallPlan:
    request = task.request
    plan = make_plan(
        task.known,
        model.timing,
        task.strategy,
        task.team,
        task.date,
        days=request.days,
        exploration=request.exploration,
        stops=task.stops,
        seconds=request.seconds,
        seed=request.seed,
        model_version=model.version,
    )
    return replace(plan, notes=(*plan.notes, *model.notes))


def _nothing(task: NightInputs) -> CallPlan:
    """Return the plan of a ledger without a single invoice: nobody is contacted."""
    run = json.dumps(inputs_of(task) | {"date": task.day, "snapshot": task.known.fingerprint})
    return CallPlan(
        date=task.date,
        days=task.request.days,
        status="optimal",
        rows=framed(ROW_COLUMNS),
        objective=0.0,
        bound=0.0,
        gap=0.0,
        seconds=0.0,
        prices=framed(PRICE_COLUMNS),
        binding=framed(BINDING_COLUMNS),
        unmet=framed(UNMET_COLUMNS),
        holdouts=framed(HOLDOUT_COLUMNS),
        accounts=0,
        contacts=0,
        minutes_used=0.0,
        currency=task.known.base_currency,
        strategy=task.strategy.name,
        model=task.request.model,
        model_version="",
        effects_basis="none",
        effects_grade="-",
        snapshot=task.known.fingerprint,
        run_id=hashlib.sha256(run.encode()).hexdigest()[:16],
        notes=("The ledger holds no invoice: there is nobody to contact.",),
    )


def _before(task: NightInputs) -> PublishedPlan | None:
    """Return the plan to compare with."""
    request = task.request
    if request.previous is None:
        return earlier(request.out, task.day)
    found = read_plan(request.previous)
    if found.damaged:
        rule = f"holds no whole plan ({', '.join(found.damaged)})"
        raise BadInput(rule, where=str(request.previous), field="previous")
    return found
