"""The contents of a plan's files."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, Final

import pandas as pd

from ledger import Ledger
from ledger.files.database import safe
from ledger.json_ready import json_object, json_ready
from ledger.table.tables import TEXT
from models.registry.code_version import code_version, environment
from optimize.nightly.model import NightModel
from optimize.nightly.request import NightInputs
from optimize.plans.call_plan import ROW_COLUMNS, CallPlan
from optimize.publish.difference import Difference
from optimize.publish.folder import ABOUT, TABLE
from optimize.publish.workbook import workbook

_PACKAGES: Final = ("ortools", "openpyxl", "sqlalchemy")


def contents(
    plan: CallPlan,
    *,
    about: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
    change: Difference | None = None,
) -> dict[str, bytes]:
    """Return the contents of a plan's files; equal plans give equal bytes of ``plan.csv``.

    Parameters
    ----------
    plan
        The plan.
    about
        What ``plan.json`` says.
    names
        Specialists who get a sheet of the workbook in any case, by id.
    change
        What differs from the plan before; only ``plan.json`` and ``plan.xlsx`` speak of it.
    """
    texts: dict[str, Any] = {name: TEXT for name, kind in ROW_COLUMNS.items() if kind == "str"}
    table = io.BytesIO()
    plan.rows.astype(texts).to_parquet(table, index=False, compression="zstd")
    return {
        "plan.csv": plan.rows.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode(),
        "plan.xlsx": workbook(plan, names=names, difference=change),
        TABLE: table.getvalue(),
        ABOUT: json.dumps(json_ready(about), allow_nan=False).encode(),
    }


def about_of(task: NightInputs, plan: CallPlan, change: Difference | None, model: NightModel) -> dict[str, Any]:
    """Return what ``plan.json`` says: the plan without its rows, its origin, and what differs from the one before."""
    holdouts = plan.holdouts.assign(**{name: plan.holdouts[name].dt.strftime("%Y-%m-%d") for name in ("start", "stop")})
    about = plan.to_dict() | {
        "ledger": safe(task.request.ledger),
        "ledger_as_of": f"{task.known.as_of:%Y-%m-%d}",
        "overdue": overdue(task.known, task.date),
        "model_from_copy": model.from_copy,
        "holdouts": holdouts.to_dict("records"),
        "difference": None if change is None else change.to_dict(),
        "inputs": inputs_of(task),
        "versions": {"code": code_version(), **environment(), **{name: version(name) for name in _PACKAGES}},
    }
    return json_object(about)


def overdue(ledger: Ledger, date: pd.Timestamp) -> int:
    """Return what is open and due before a day, in minor units of the base currency."""
    late = (ledger.invoices["due_date"] < date).to_numpy(bool)
    return round(float((ledger.open_amount() * ledger.base_rate)[late].sum()))


def inputs_of(task: NightInputs) -> dict[str, Any]:
    """Return what was asked for, so that a later run can say what differs; files as hashes of their contents."""
    request = task.request
    names = ("days", "model", "exploration", "seed", "seconds")
    return {
        **{name: value for name, value in asdict(request).items() if name in names},
        "roster": _hash(task.team.model_dump_json().encode()),
        "strategy": _hash(task.strategy.model_dump_json().encode()),
        "stops": None if task.stops is None else _hash(task.stops.to_csv(index=False).encode()),
    }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
