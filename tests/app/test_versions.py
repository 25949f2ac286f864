"""`fit`, `models` and `--model` on MLflow in SQLite and on a real server on loopback.

The server starts once; every test that needs a registry of its own copies one that is made once. All run in this
process but one, which loads the champion in a fresh one from another folder.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.cli import app
from app.exits import guarded
from ledger import Ledger, read_ledger
from ledger.errors import TrackingUnavailable
from models.registry import registry
from models.registry.mlflow_store import connected
from models.registry.model_file import SavedModel, fit_saved
from sim import simulate
from tests.portfolios import FIRST, LAST, portfolio

CUSTOMERS, DAYS = 40, 300
AS_OF = "2024-09-15"  # some weeks before the ledger ends
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the machine is set to, tests register in their own folder and give up on a server soon."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger's folder: ten months of customers of whom each pays in its own way."""
    number = np.arange(CUSTOMERS)
    days = np.arange(FIRST, LAST + 1)
    early = np.where(days < -3, 0.005, np.where(days <= 0, 0.3, 0.15))
    late = np.where(days < 0, 0.002, np.where(days < 12, 0.04, 0.2))
    truth = portfolio(
        CUSTOMERS,
        np.stack([early, late]),
        as_of="2024-01-02",
        weekdays=(0, 1, 2, 3, 4),
        kind=(number % 2).astype(np.int32),
        rate=0.15,
    )
    ledger = simulate(truth, "none", days=DAYS, specialists=0).ledger
    return ledger.write(tmp_path_factory.mktemp("versions") / "L")


@pytest.fixture(scope="module")
def ledger(folder: Path) -> Ledger:
    """Return the ledger itself."""
    return read_ledger(folder)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an MLflow database with its tables, to be copied: they take seconds to make."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    place = tmp_path_factory.mktemp("empty")
    with connected(place) as store:
        assert registry.versions(store) == []
    return place / "mlflow.db"


@pytest.fixture(scope="module")
def with_champion(folder: Path, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state folder in which Kaplan–Meier, known to AS_OF, is champion: made by the command."""
    state = tmp_path_factory.mktemp("champion") / "state"
    state.mkdir()
    shutil.copy(empty, state / "mlflow.db")
    arguments = ["fit", folder, "--as-of", AS_OF, "--model", "kaplan_meier", "--promote", "--state", state]
    assert guarded(lambda: app([str(a) for a in arguments], standalone_mode=False), debug=True, as_json=False) == 0
    return state


@pytest.fixture
def state(with_champion: Path, tmp_path: Path) -> Path:
    """Return a copy of the state folder, to be changed; its files stay where they were registered."""
    shutil.copytree(with_champion, tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture
def collectlab(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command with --json and returns exit code, result and standard error."""

    def run(*arguments: object) -> tuple[int, Any, str]:
        capfd.readouterr()
        given = [*map(str, arguments), "--json"]
        code = guarded(lambda: app(given, standalone_mode=False), debug=False, as_json=True)
        out, err = capfd.readouterr()
        return code, json.loads(out), err

    return run


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Iterator[str]:
    """Yield the address of an MLflow server with an empty registry."""
    place = tmp_path_factory.mktemp("server")
    shutil.copy(empty, place / "mlflow.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mlflow")), "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{place / 'mlflow.db'}", "--workers", "1"]
    command += ["--artifacts-destination", (place / "artifacts").as_uri()]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | quiet, start_new_session=True)
    try:
        _wait(port, process, place / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    from urllib.request import urlopen

    for _ in range(300):
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-2000:])


def listed(collectlab: Run, state: Path) -> dict[int, dict[str, Any]]:
    """Return the versions that `models` lists, by number."""
    code, found, _ = collectlab("models", "--state", state)
    assert code == 0
    return {one["version"]: one for one in found["versions"]}


def test_the_first_promoted_model_is_champion_and_its_run_says_where_it_comes_from(
    with_champion: Path, collectlab: Run, folder: Path
):
    """Parameters, metrics with intervals and rivals, plots, data, code, environment; the version has its files."""
    found = listed(collectlab, with_champion)
    assert list(found) == [1]
    one = found[1]
    assert (one["aliases"], one["model"], one["as_of"]) == (["champion"], "kaplan_meier", AS_OF)
    assert {"integrated_brier", "concordance.low", "due_date.mae", "fit_seconds"} <= one["metrics"].keys()
    with connected(with_champion) as store:
        run = store.client.get_run(one["run"])
        files = {item.path for item in store.client.list_artifacts(one["run"])}
    assert run.info.status == "FINISHED"
    assert run.data.params["backtest_cut"] == "2024-06-15"
    assert run.data.params["fingerprint"] == read_ledger(folder).snapshot(AS_OF).fingerprint
    assert files == {"backtest.html", "backtest.json", "backtest.txt", "environment.json", "model"}
    assert run.data.tags["collectlab.version"]


FRESH = """
import json, sys, mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/payment-timing@champion")
rows = pd.read_parquet(sys.argv[2])
print(json.dumps([model.predict(rows).to_dict("list"), model.predict(rows, params={"late": [7, 60]}).to_dict("list")]))
"""


def test_the_champion_loads_in_a_fresh_process_elsewhere(
    with_champion: Path, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
):
    """`mlflow.pyfunc.load_model` gives the predictions of the fitted model; a customer never seen is no trouble."""
    from models.evaluation.prediction import predict

    place = tmp_path_factory.mktemp("elsewhere")
    rows = registry.example(ledger)
    rows.loc[0, "customer_id"] = "never seen"
    rows.to_parquet(place / "rows.parquet")
    command = [sys.executable, "-c", FRESH, f"sqlite:///{with_champion / 'mlflow.db'}", str(place / "rows.parquet")]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, env=os.environ | quiet, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    usual, wanted = json.loads(done.stdout.splitlines()[-1])
    assert list(usual) == ["median_days_late", "q10", "q90", "p_late_0", "p_late_15", "p_late_30"]
    assert list(wanted)[3:] == ["p_late_7", "p_late_60"]
    told = predict(fit_saved(ledger, as_of=AS_OF, model="kaplan_meier").timing, rows)
    assert usual["median_days_late"] == told.median().tolist()
    assert np.allclose(usual["p_late_15"], told.probability_late(15))
    assert np.allclose(wanted["p_late_7"], told.probability_late(7))


def test_a_worse_model_is_refused_with_the_number_and_stays_challenger(state: Path, collectlab: Run, folder: Path):
    """Exit code 3; the champion stays; the file and the version are there."""
    code, found, err = collectlab("fit", folder, "--model", "due_date", "--promote", "--state", state)
    assert code == 3, err
    assert err.count("\n") == 1
    error = found["error"]
    assert "integrated_brier" in error["message"]
    assert "worse than that of kaplan_meier" in error["message"]
    assert "concordance 0.5" in error["message"]
    assert (error["version"], error["aliases"], error["promoted"]) == (2, ["challenger"], False)
    assert SavedModel.read(error["file"]).model == "due_date"
    versions = listed(collectlab, state)
    assert [versions[k]["aliases"] for k in (2, 1)] == [["challenger"], ["champion"]]


def test_newer_data_moves_the_alias_to_the_same_kind_of_model(state: Path, collectlab: Run, folder: Path):
    """The challenger that is promoted is challenger no more; the same again is no news."""
    code, found, _ = collectlab("fit", folder, "--promote", "--state", state)
    assert (code, found["promoted"], found["version"], found["aliases"]) == (0, True, 2, ["champion"])
    assert [listed(collectlab, state)[k]["aliases"] for k in (2, 1)] == [["champion"], []]
    code, found, err = collectlab("fit", folder, "--promote", "--state", state)
    assert code == 3, err
    assert "no later day is known" in found["error"]["message"]


def test_the_same_on_a_server(
    server: str, collectlab: Run, folder: Path, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Register, promote, list, use: through HTTP, files by the server too."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    code, found, _ = collectlab("fit", folder, "--as-of", AS_OF, "--promote", "--state", "s")
    assert (code, found["promoted"], found["version"]) == (0, True, 1)
    with connected("s") as store:
        registry.register(store, fit_saved(ledger, model="due_date"), ledger=ledger, metrics={"mae": 9.0})
    versions = listed(collectlab, Path("s"))
    assert [versions[k]["aliases"] for k in (2, 1)] == [["challenger"], ["champion"]]
    assert not (tmp_path / "s" / "mlflow.db").exists()
    study = ("--days", 20, "--specialists", 0, "--ledger", folder, "--model", "models:/payment-timing@champion")
    code, run, _ = collectlab("simulate", *study)
    assert code == 0
    assert run["model"] == f"payment-timing version 1 (kaplan_meier, known to {AS_OF})"


def test_a_server_that_is_down_keeps_the_fitted_model(collectlab: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Exit code 4; the message names the address and the file, which works."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    code, found, err = collectlab("fit", folder, "--as-of", AS_OF, "--state", "s")
    assert code == 4
    assert err.count("\n") == 1
    assert "http://127.0.0.1:9" in err
    (file,) = Path("s/models").iterdir()
    assert str(file) in err
    assert SavedModel.read(file).as_of == pd.Timestamp(AS_OF)
    assert collectlab("models", "--state", "s")[0] == 4
    assert collectlab("simulate", "--ledger", folder, "--model", "models:/payment-timing@champion")[0] == 4
    code, found, _ = collectlab("simulate", "--ledger", folder, "--model", file, "--days", 10, "--specialists", 0)
    assert code == 0
    assert found["model"].startswith(f"kaplan_meier, known to {AS_OF}, saved as kaplan_meier-{AS_OF}-")


def test_compare_names_the_version_and_gives_the_same_digits_on_two_workers(
    with_champion: Path, collectlab: Run, folder: Path, tmp_path: Path
):
    """In comparison.json, report and study file; the payment curves are in the report; reading gives the same bytes."""
    study = ["compare", "--ledger", folder, "--model", "models:/payment-timing@champion", "--state", with_champion]
    study += ["--strategies", "none,friendly", "--days", 30, "--replications", 7, "--specialists", 1, "--no-track"]
    found = []
    for workers in (1, 2):
        code, one, _ = collectlab(*study, "--workers", workers, "--out", f"out{workers}")
        assert code == 0
        found.append(one)
    assert found[0]["strategies"] == found[1]["strategies"]
    words = f"payment-timing version 1 (kaplan_meier, known to {AS_OF})"
    assert found[0]["model"] == words
    assert 'model = "models:/payment-timing@champion"' in (tmp_path / "out1" / "study.toml").read_text()
    html = (tmp_path / "out1" / "report.html").read_bytes()
    curves = [pd.read_parquet(tmp_path / out / "payment_curves.parquet") for out in ("out1", "out2")]
    assert curves[0].equals(curves[1])
    assert words.encode() in html
    assert b'id="figure-payments"' in html
    assert collectlab("report", "out1", "--out", "again.html")[0] == 0
    assert (tmp_path / "again.html").read_bytes() == html


def test_a_model_that_knows_later_days_is_told(with_champion: Path, collectlab: Run, ledger: Ledger):
    """Simulating from a day that the model has seen the future of: a warning on the screen."""
    early = ledger.snapshot("2024-08-01").write("early")
    arguments = ("--ledger", early, "--model", "models:/payment-timing/1", "--days", 5, "--specialists", 0)
    code, _, err = collectlab("simulate", *arguments, "--state", with_champion)
    assert code == 0
    assert "Warning: payment-timing version 1" in err
    assert "later than the ledger's last, 2024-08-01" in err


def test_drift_sets_what_came_beside_the_back_test(with_champion: Path, collectlab: Run, folder: Path, ledger: Ledger):
    """Customers as before: no drift (checked for this seed). All paying three weeks later: drift, and which numbers."""
    code, found, _ = collectlab("models", "--drift", folder, "--state", with_champion)
    assert code == 0
    assert (found["drift"], found["version"], found["since"]) == (False, 1, AS_OF)
    assert found["invoices"] == int((ledger.invoices["issue_date"] > AS_OF).sum())
    later = ledger.payments.copy()
    moved = later["received_date"] > AS_OF
    for column in ("received_date", "applied_date"):
        later.loc[moved, column] += pd.Timedelta(days=21)
    from dataclasses import replace

    slow = replace(ledger, as_of=ledger.as_of + pd.Timedelta(days=21), payments=later).validate().write("slow")
    code, found, _ = collectlab("models", "--drift", slow, "--state", with_champion)
    assert code == 0
    assert found["drift"]
    assert "mae" in found["verdict"]


def test_an_interrupted_fit_leaves_no_version(state: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C while files are sent: the run has failed, versions and aliases are as before."""
    from mlflow.tracking import MlflowClient

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MlflowClient, "log_artifacts", interrupted)
    saved = fit_saved(ledger, model="customer_mean")
    with connected(state) as store:
        with pytest.raises(KeyboardInterrupt):
            registry.register(store, saved, ledger=ledger, metrics={})
        assert [(one.number, one.aliases) for one in registry.versions(store)] == [(1, ("champion",))]
        runs = store.client.search_runs([store.experiment(registry.NAME)])
        assert sorted(run.info.status for run in runs) == ["FAILED", "FINISHED"]


def test_two_fits_at_once_are_two_versions(state: Path, ledger: Ledger):
    """Each whole, one of them challenger, the champion untouched."""
    kinds = ("customer_mean", "due_date")
    saved = {kind: fit_saved(ledger, model=kind) for kind in kinds}

    def register(kind: str) -> int:
        with connected(state) as store:
            return registry.register(store, saved[kind], ledger=ledger, metrics={"mae": 1.0}).number

    with ThreadPoolExecutor(2) as both:
        numbers = list(both.map(register, kinds))
    assert sorted(numbers) == [2, 3]
    with connected(state) as store:
        found = {one.number: one for one in registry.versions(store)}
        for kind, number in zip(kinds, numbers, strict=True):
            assert registry.read_version(store, found[number]).model == kind
    assert found[1].aliases == ("champion",)
    assert sorted(found[k].aliases for k in numbers) == [(), ("challenger",)]


def test_a_store_that_fails_midway_is_unavailable(tmp_path: Path):
    """Whatever the database says becomes one error with the address and what is kept."""
    (tmp_path / "mlflow.db").write_text("not a database " * 100)
    with pytest.raises(TrackingUnavailable, match=r"mlflow\.db.*kept here"), connected(tmp_path, kept="kept here") as s:
        s.experiment("x")


GARBAGE = {
    "unknown kind": (("fit", "L", "--model", "nonsense"), ("nonsense", "kaplan_meier")),
    "before the ledger": (("fit", "L", "--as-of", "1999-01-01"), ("no invoice",)),
    "after the ledger": (("fit", "L", "--as-of", "2999-01-01"), ("knows nothing after",)),
    "no day": (("fit", "L", "--as-of", "yesterday-ish"), ("yesterday-ish",)),
    "no ledger": (("fit", "nowhere"), ("nowhere",)),
    "promote without registry": (("fit", "L", "--promote", "--no-track"), ("--promote",)),
    "model without ledger": (("compare", "--model", "kaplan_meier"), ("needs a ledger",)),
    "nearly a model": (("simulate", "--ledger", "L", "--model", "kaplan_mayer"), ("did you mean 'kaplan_meier'",)),
    "nobody": (("compare", "--ledger", "L", "--model", "models:/payment-timing@nobody"), ("nobody", "1 (champion)")),
    "no such version": (("simulate", "--ledger", "L", "--model", "models:/payment-timing/99"), ("/99", "1 (champion)")),
    "no such name": (("simulate", "--ledger", "L", "--model", "models:/other@champion"), ("models:/other@champion",)),
    "no reference": (("simulate", "--ledger", "L", "--model", "models:/payment-timing"), ("must look like",)),
    "no such file": (("simulate", "--ledger", "L", "--model", "there.joblib"), ("there.joblib", "no such model")),
    "corrupt file": (("simulate", "--ledger", "L", "--model", "bad.joblib"), ("bad.joblib", "cannot be read")),
    "nothing newer": (("models", "--drift", "early"), ("knows nothing after",)),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_told_in_one_line(
    name: str, with_champion: Path, collectlab: Run, folder: Path, ledger: Ledger, tmp_path: Path
):
    """Exit code 2 and the value that was wrong; nothing is registered, no file is written."""
    arguments, words = GARBAGE[name]
    (tmp_path / "bad.joblib").write_bytes(b"\x80\x04 not a pickle")
    if "early" in arguments:
        ledger.snapshot("2024-08-01").write("early")
    before = set((with_champion / "models").iterdir())
    given = [folder if argument == "L" else argument for argument in arguments]
    code, found, err = collectlab(*given, "--state", with_champion)
    assert code == 2, err
    assert err.count("\n") == 1
    for word in words:
        assert word in err
    assert found["error"]["exit_code"] == 2
    assert set((with_champion / "models").iterdir()) == before
