"""Log a comparison to MLflow: one run per strategy below one parent run that holds the report.

The store is SQLite in the state folder unless MLFLOW_TRACKING_URI names another. MLflow takes more than a second to
import, so nothing here is imported before something is logged.
"""

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from experiments.comparison import Comparison
from experiments.metrics import METRICS

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient

_QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # a server that is down is told within seconds, not minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}


class TrackingUnavailable(RuntimeError):
    """The tracking server cannot be reached, or refuses; the command line ends with exit code 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """Where a comparison was logged."""

    uri: str
    experiment: str
    parent: str
    runs: dict[str, str]


def track(comparison: Comparison, folder: str | Path, state: str | Path) -> Tracked:
    """Log a comparison, whose files lie in a folder, and return where.

    Each strategy's run holds the study's settings as parameters, every metric (`dso`, with `dso.low` and `dso.high`),
    its replications as one Parquet file and the study file; the parent run holds all files of the folder, the report
    included.

    Raises
    ------
    TrackingUnavailable
        Where the tracking server cannot be reached; the files in the folder stay.
    """
    for key, setting in _QUIET.items():
        os.environ.setdefault(key, setting)
    state = Path(state).absolute()
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{state / 'mlflow.db'}"
    with _quiet():
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
        from requests.exceptions import RequestException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            state.mkdir(parents=True, exist_ok=True)
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            experiment = _experiment(client, comparison.study.name, state if uri.startswith("sqlite:") else None)
            parent, runs = _log(client, experiment, comparison, Path(folder))
        except (MlflowException, RequestException, SQLAlchemyError, OSError) as error:
            rule = str(error).splitlines()[0] if str(error) else type(error).__name__
            message = f"MLflow at {uri} cannot be used ({_short(rule)}); the comparison is kept in {folder}"
            raise TrackingUnavailable(message) from error
    return Tracked(uri=uri, experiment=comparison.study.name, parent=parent, runs=runs)


def _short(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _experiment(client: "MlflowClient", name: str, state: Path | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    place = None if state is None else (state / "artifacts").as_uri()
    return client.create_experiment(name, artifact_location=place)


def _log(client: "MlflowClient", experiment: str, comparison: Comparison, folder: Path) -> tuple[str, dict[str, str]]:
    tags = {
        "collectlab.version": comparison.version,
        "collectlab.data_fingerprint": comparison.fingerprint,
        "collectlab.finding": comparison.summary(),
    }
    parent = client.create_run(experiment, run_name=comparison.study.name, tags=tags).info.run_id
    try:
        runs = {
            name: _log_strategy(client, experiment, parent, comparison, name, tags) for name in comparison.strategies
        }
        client.log_batch(parent, params=_params(comparison))
        client.log_artifacts(parent, str(folder))
    except BaseException:
        client.set_terminated(parent, "FAILED")
        raise
    client.set_terminated(parent, "FINISHED")
    return parent, runs


def _log_strategy(
    client: "MlflowClient", experiment: str, parent: str, comparison: Comparison, name: str, tags: dict[str, str]
) -> str:
    from mlflow.entities import Param

    run_id = client.create_run(experiment, run_name=name, tags=tags | {"mlflow.parentRunId": parent}).info.run_id
    client.log_batch(run_id, metrics=_metrics(comparison, name), params=[*_params(comparison), Param("strategy", name)])
    with tempfile.TemporaryDirectory(prefix="collectlab-") as place:
        rows = comparison.replications[comparison.replications["strategy"] == name]
        rows.to_parquet(Path(place) / "replications.parquet", index=False)
        (Path(place) / "study.toml").write_text(comparison.study.to_toml(), encoding="utf-8")
        client.log_artifacts(run_id, place)
    client.set_terminated(run_id, "FINISHED")
    return str(run_id)


def _params(comparison: Comparison) -> "list[Param]":
    from mlflow.entities import Param

    study = comparison.study
    values = {
        "portfolio": comparison.portfolio,
        "customers": comparison.customers,
        "baseline": comparison.baseline,
        "planner": study.planner,
        "specialists": study.specialists,
        "days": study.days,
        "replications": study.replications,
        "seed": study.seed,
        "confidence": study.confidence,
    }
    return [Param(key, str(value)) for key, value in values.items()]


def _metrics(comparison: Comparison, name: str) -> "list[Metric]":
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    found = []
    for metric in METRICS:
        interval = comparison.mean(name, metric)
        for suffix, value in (("", interval.mean), (".low", interval.low), (".high", interval.high)):
            if value is not None:
                found.append(Metric(metric + suffix, value, now, 0))
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's and Alembic's remarks off the screen, and leave the loggers as they were."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
