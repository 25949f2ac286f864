"""Log a comparison to MLflow: one run per strategy below one parent run that holds the report."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.comparing.comparison import Comparison
from experiments.comparing.metrics import METRICS
from models.registry.mlflow_store import connected

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient


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
    with connected(state, kept=f"the comparison is kept in {folder}") as store:
        experiment = store.experiment(comparison.study.name)
        parent, runs = _log(store.client, experiment, comparison, Path(folder))
    return Tracked(uri=store.where, experiment=comparison.study.name, parent=parent, runs=runs)


def _log(client: "MlflowClient", experiment: str, comparison: Comparison, folder: Path) -> tuple[str, dict[str, str]]:
    tags = {
        "collectlab.version": comparison.version,
        "collectlab.data_fingerprint": comparison.fingerprint,
        "collectlab.finding": comparison.summary(),
    }
    parent = client.create_run(experiment, run_name=comparison.study.name, tags=tags).info.run_id
    try:
        runs = {
            name: _log_strategy(client, experiment, parent, comparison, name, tags=tags)
            for name in comparison.strategies
        }
        client.log_batch(parent, params=_params(comparison))
        client.log_artifacts(parent, str(folder))
    except BaseException:
        client.set_terminated(parent, "FAILED")
        raise
    client.set_terminated(parent, "FINISHED")
    return parent, runs


def _log_strategy(
    client: "MlflowClient", experiment: str, parent: str, comparison: Comparison, name: str, *, tags: dict[str, str]
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
        "model": comparison.model or "the portfolio's own",
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
