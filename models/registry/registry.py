"""Versions of the payment-timing model in MLflow's registry, and who is champion.

Each fit is a run with parameters, the metrics of its back-test, plots and environment, and a version of the registered
model `NAME`: `mlflow.pyfunc.load_model("models:/payment-timing@champion")` loads it wherever collectlab is installed.
The newest version that is not champion has the alias `challenger`. A version is created when all its files are in
place, and its aliases are set last: what is interrupted leaves a failed run, never half a version.
"""

import json
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from ledger import BadInput, Ledger
from models.registry.mlflow_store import Store, exists, is_missing
from models.registry.model_file import SUFFIX, SavedModel

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

NAME: Final = "payment-timing"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
_REFERENCE: Final = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_FILE: Final = f"model{SUFFIX}"
_EXAMPLE: Final = 3  # invoices
_COLUMNS: Final = {
    "customer_id": "string",
    "issue_date": "datetime",
    "due_date": "datetime",
    "amount": "long",
    "currency": "string",
}


@dataclass(frozen=True, kw_only=True)
class Version:
    """One registered version: its number, aliases, run, origin (as `SavedModel.about`) and back-test metrics."""

    number: int
    aliases: tuple[str, ...]
    run: str
    source: str
    about: Mapping[str, str]
    metrics: Mapping[str, float]

    @property
    def words(self) -> str:
        """How it is called in messages and reports."""
        about = self.about
        return f"{NAME} version {self.number} ({about.get('model', '?')}, known to {about.get('as_of', '?')})"


def register(
    store: Store,
    saved: SavedModel,
    *,
    ledger: Ledger,
    metrics: Mapping[str, float],
    params: Mapping[str, object] | None = None,
    files: Mapping[str, str] | None = None,
) -> Version:
    """Log a fitted model as a run and register it as the next version, alias challenger.

    Parameters
    ----------
    ledger
        Whose last invoices are the input example.
    metrics, params
        Of the back-test.
    files
        Texts to keep with the run, by file name.
    """
    from mlflow.entities import Metric, Param

    client, about = store.client, {key: str(value) for key, value in saved.about().items()}
    tags = {"collectlab.version": saved.code, "collectlab.data_fingerprint": saved.fingerprint}
    run = client.create_run(store.experiment(NAME), run_name=f"{saved.model} {saved.as_of:%Y-%m-%d}", tags=tags)
    run_id, now = str(run.info.run_id), int(time.time() * 1000)
    try:
        given = about | {key: str(value) for key, value in (params or {}).items()}
        client.log_batch(run_id, [Metric(key, value, now, 0) for key, value in metrics.items()])
        client.log_batch(run_id, params=[Param(key, value) for key, value in given.items()])
        with tempfile.TemporaryDirectory(prefix="collectlab-") as place:
            _fill(Path(place), saved, ledger, files or {})
            client.log_artifacts(run_id, place)
        number = _new_version(store, f"{run.info.artifact_uri}/model", run_id, about)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    _name_challenger(store, number)
    client.set_terminated(run_id, "FINISHED")
    return version(store, str(number))


def _name_challenger(store: Store, number: int) -> None:
    """Give a version the alias; where another process names its own at the same moment, once more."""
    from mlflow.exceptions import MlflowException

    try:
        store.client.set_registered_model_alias(NAME, CHALLENGER, str(number))
    except MlflowException:
        store.client.set_registered_model_alias(NAME, CHALLENGER, str(number))


def _fill(place: Path, saved: SavedModel, ledger: Ledger, files: Mapping[str, str]) -> None:
    """Write what a run keeps: the model as MLflow wants it, the environment, and the texts."""
    from mlflow.models import ModelSignature
    from mlflow.pyfunc import save_model
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    for name, text in {"environment.json": json.dumps(saved.packages, indent=2) + "\n", **files}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    asked = [ColSpec("datetime", "asked_on", required=False)]
    numbers = ["median_days_late", "q10", "q90", "p_late_0", "p_late_15", "p_late_30"]
    signature = ModelSignature(
        inputs=Schema([*(ColSpec(kind, name) for name, kind in _COLUMNS.items()), *asked]),
        outputs=Schema([ColSpec("long" if "late_" not in name else "double", name) for name in numbers]),
        params=ParamSchema([ParamSpec("late", "long", [0, 15, 30], shape=(-1,))]),
    )
    with tempfile.TemporaryDirectory(prefix="collectlab-") as beside:
        save_model(
            place / "model",
            python_model=str(Path(__file__).with_name("pyfunc.py")),
            artifacts={"model": str(saved.write(Path(beside) / _FILE))},
            signature=signature,
            input_example=example(ledger),
            pip_requirements=[f"{name}=={number}" for name, number in saved.packages.items() if name != "python"],
        )


def example(ledger: Ledger) -> pd.DataFrame:
    """Return the ledger's last invoices, as a served model is asked about them."""
    rows = ledger.invoices.sort_values("issue_date", kind="stable").tail(_EXAMPLE)[list(_COLUMNS)]
    texts = {name: object for name, kind in _COLUMNS.items() if kind == "string"}
    return rows.reset_index(drop=True).astype(texts)


def _new_version(store: Store, source: str, run_id: str, about: Mapping[str, str]) -> int:
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(NAME, description="When will an invoice be paid (collectlab)")
    except MlflowException as error:
        if not exists(error):
            raise
    return int(store.client.create_model_version(NAME, source, run_id, tags=dict(about)).version)


def promote(store: Store, number: int) -> None:
    """Make a version champion."""
    store.client.set_registered_model_alias(NAME, CHAMPION, str(number))
    aliases = _aliases(store)
    if aliases.get(CHALLENGER) == number:
        store.client.delete_registered_model_alias(NAME, CHALLENGER)


def champion(store: Store) -> Version | None:
    """Return the version in office; None where there is none yet."""
    number = _aliases(store).get(CHAMPION)
    return None if number is None else version(store, str(number))


def versions(store: Store) -> list[Version]:
    """Return all versions, the newest first."""
    found = store.client.search_model_versions(f"name='{NAME}'")
    aliases = _aliases(store)
    return sorted((_version(store, one, aliases) for one in found), key=lambda one: -one.number)


def version(store: Store, number: str, name: str = NAME) -> Version:
    """Return one version."""
    return _version(store, store.client.get_model_version(name, number), _aliases(store, name))


def load(store: Store, reference: str) -> tuple[SavedModel, Version]:
    """Return the model that a reference such as ``models:/payment-timing@champion`` or ``…/3`` names, and its version.

    Raises
    ------
    BadInput
        Where the reference is none, or names nothing.
    """
    from mlflow.exceptions import MlflowException

    read = _REFERENCE.fullmatch(reference)
    if read is None:
        rule = f"must look like models:/{NAME}@champion or models:/{NAME}/3"
        raise BadInput(rule, field="model", value=reference)
    name, alias, number = read["name"], read["alias"], read["version"]
    try:
        if alias:
            number = str(store.client.get_model_version_by_alias(name, alias).version)
        found = version(store, number, name)
    except MlflowException as error:
        if not is_missing(error):
            raise
        known = ", ".join(f"{one.number}{_named(one)}" for one in versions(store)) or "none"
        rule = f"is not registered at {store.where}; versions of {NAME} there: {known}"
        raise BadInput(rule, field="model", value=reference) from error
    return read_version(store, found), found


def read_version(store: Store, found: Version) -> SavedModel:
    """Return the fitted model of a version."""
    from mlflow.artifacts import download_artifacts

    with tempfile.TemporaryDirectory(prefix="collectlab-") as place:
        file = download_artifacts(
            artifact_uri=f"{found.source}/artifacts/{_FILE}", dst_path=place, tracking_uri=store.uri
        )
        return SavedModel.read(file)


def _named(one: Version) -> str:
    return f" ({', '.join(one.aliases)})" if one.aliases else ""


def _version(store: Store, one: "ModelVersion", aliases: Mapping[str, int]) -> Version:
    number, run = int(one.version), str(one.run_id or "")
    return Version(
        number=number,
        aliases=tuple(sorted(alias for alias, to in aliases.items() if to == number)),
        run=run,
        source=str(one.source),
        about=dict(one.tags),
        metrics=dict(store.client.get_run(run).data.metrics) if run else {},
    )


def _aliases(store: Store, name: str = NAME) -> dict[str, int]:
    """Return the number of each alias; none where nothing is registered yet."""
    from mlflow.exceptions import MlflowException

    try:
        return {alias: int(number) for alias, number in store.client.get_registered_model(name).aliases.items()}
    except MlflowException as error:
        if not is_missing(error):
            raise
        return {}
