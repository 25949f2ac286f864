from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from experiments import Comparison
from experiments.comparing.metrics import METRICS
from experiments.reporting.files import write_comparison
from experiments.reporting.tracking import track
from ledger.errors import TrackingUnavailable

Made = Callable[..., Comparison]
SHIFTS = {"friendly": 0.0, "proactive": -2.5}


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine is set to, the tests log into their own folder."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_one_run_per_strategy_below_a_parent_with_the_report(made: Made, tmp_path: Path):
    """Metrics with bounds, settings, replications and study file per strategy; the report once, at the parent."""
    from mlflow.tracking import MlflowClient

    comparison = made(SHIFTS, name="tracked")
    folder = write_comparison(comparison, tmp_path / "study")
    tracked = track(comparison, folder, tmp_path / "state")
    client = MlflowClient(tracking_uri=tracked.uri)
    run = client.get_run(tracked.runs["proactive"])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["dso"] == comparison.mean("proactive", "dso").mean
    assert {f"{metric}.low" for metric in METRICS} <= run.data.metrics.keys()
    assert run.data.params["strategy"] == "proactive"
    assert run.data.params["seed"] == "0"
    assert run.data.tags["mlflow.parentRunId"] == tracked.parent
    assert run.data.tags["collectlab.data_fingerprint"] == comparison.fingerprint
    kept = Path(client.download_artifacts(run.info.run_id, "replications.parquet"))
    assert set(pd.read_parquet(kept)["strategy"]) == {"proactive"}
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"replications.parquet", "study.toml"}
    assert "report.html" in {item.path for item in client.list_artifacts(tracked.parent)}
    assert (tmp_path / "state" / "mlflow.db").exists()
    assert any((tmp_path / "state" / "artifacts").iterdir())


def test_a_server_that_is_down_is_named_and_the_files_stay(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """MLFLOW_TRACKING_URI is honoured, and its address is in the message."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    folder = write_comparison(made(SHIFTS), tmp_path / "study")
    with pytest.raises(TrackingUnavailable, match=r"http://127\.0\.0\.1:9"):
        track(made(SHIFTS), folder, tmp_path / "state")
    assert (folder / "report.html").exists()
