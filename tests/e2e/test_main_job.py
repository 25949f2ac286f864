"""The main job through the real command: import, KPIs, compare, report."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sim

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SMALL = ("--customers", 40, "--days", 45, "--specialists", 1)
STUDY = (*SMALL, "--replications", 2, "--strategies", "none,friendly,proactive")


def result(done: "subprocess.CompletedProcess[str]") -> dict:
    """Return the JSON that a command printed, which must have ended well and printed nothing else."""
    assert done.returncode == 0, done.stderr[-800:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small ledger's folder."""
    return sim.synthetic("normal", customers=40).ledger.write(tmp_path_factory.mktemp("ledgers") / "history")


def test_simulate_prints_what_the_contract_says(collectlab: Run, tmp_path: Path):
    """Counts, speed, memory and metrics; the run is a ledger that `kpi` reads; the seed fixes it."""
    arguments = ("simulate", *SMALL, "--strategy", "friendly", "--planner", "oldest_first", "--seed", 7, "--json")
    first = result(collectlab(*arguments, "--out", "run"))
    assert {"invoices", "contacts", "calls", "seconds", "invoices_per_second", "peak_mib", "metrics"} <= first.keys()
    assert first["invoices"] > 0
    assert 50 < first["peak_mib"] < 2000
    figures = result(collectlab("kpi", "run", "--json"))
    assert figures["kpis"]["dso"] == first["metrics"]["dso"]
    again = result(collectlab(*arguments, "--desk", "event"))
    assert (again["metrics"], again["contacts"]) == (first["metrics"], first["contacts"])


def test_kpi_prints_what_the_contract_says(collectlab: Run, history: Path):
    """as_of, window, kpis and aging; a window of one's own; null where not available."""
    found = result(collectlab("kpi", history, "--json"))
    assert {"as_of", "window", "kpis", "aging"} <= found.keys()
    names = {"dso", "dso_count_back", "dso_true", "best_possible_dso", "add", "cei", "cei_cash", "percent_current"}
    assert names | {"percent_over_91", "bad_debt_percent", "ar_turnover"} <= found["kpis"].keys()
    assert len(found["aging"]) == 5
    month = result(collectlab("kpi", history, "--from", "2026-05-01", "--to", "2026-05-31", "--json"))
    assert month["window"] == {"from": "2026-05-01", "to": "2026-05-31"}
    shown = collectlab("kpi", history)
    assert "CEI" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    late = collectlab("kpi", history, "--from", "2026-06-01", "--to", "2026-05-31")
    assert (late.returncode, late.stdout) == (2, "")


def test_compare_prints_writes_and_logs_what_the_contract_says(collectlab: Run, tmp_path: Path):
    """JSON on standard output, files in the state folder, runs in MLflow; one or two workers give the same digits."""
    found = result(collectlab("compare", *STUDY, "--workers", 2, "--json"))
    assert {"baseline", "replications", "seconds", "strategies", "pairs"} <= found.keys()
    assert (found["baseline"], found["replications"]) == ("friendly", 2)
    assert len(found["tracking"]["runs"]) == 3
    folder = tmp_path / "runs" / "studies" / "embedded"
    assert Path(found["folder"]) == folder
    stored = json.loads((folder / "comparison.json").read_text())
    assert stored["strategies"] == found["strategies"]
    assert (tmp_path / "runs" / "mlflow.db").exists()
    html = (folder / "report.html").read_bytes()
    assert b"http://cdn" not in html
    again = result(
        collectlab("compare", folder / "study.toml", "--workers", 1, "--no-track", "--out", "other", "--json")
    )
    assert (again["strategies"], again["pairs"]) == (found["strategies"], found["pairs"])
    assert (tmp_path / "other" / "report.html").read_bytes() == html
    result(collectlab("report", "other/comparison.json", "--out", "memo.html", "--json"))
    assert (tmp_path / "memo.html").read_bytes() == html


def test_compare_shows_a_table_that_fits_and_says_what_it_found(collectlab: Run):
    """At most 80 columns; after the table come the finding and the place of the report."""
    done = collectlab("compare", *STUDY, "--no-track")
    assert done.returncode == 0, done.stderr[-800:]
    *lines, place = done.stdout.rstrip().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[lines.index("") + 1 :][0].startswith("After 45 days")
    assert place == "Report: runs/studies/embedded/report.html"
    assert done.stderr == ""


def test_a_tracking_server_that_is_down_ends_with_4_and_the_files_stay(collectlab: Run, tmp_path: Path):
    """The address is named, the comparison is kept."""
    done = collectlab("compare", *STUDY, "--json", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert done.returncode == 4
    assert "http://127.0.0.1:9" in done.stderr.strip().splitlines()[-1]
    assert json.loads(done.stdout)["error"]["exit_code"] == 4
    assert (tmp_path / "runs" / "studies" / "embedded" / "report.html").exists()


def test_a_closed_pipe_is_no_error(history: Path):
    """`collectlab … | head -1` ends quietly."""
    line = f"'{Path(sys.executable).with_name('collectlab')}' kpi '{history}' | head -1"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


REAL = {
    "erp_invoices_2019-11-15.csv": ("--preset", "erp_snapshot"),
    "late_payment_histories.csv": ("--preset", "late_payment_histories", "--as-of", "2013-06-30"),
}


@pytest.mark.parametrize("source", REAL)
def test_the_main_job_on_real_ledgers(source: str, collectlab: Run, shared: Path):
    """Every row is accounted for, KPIs are there, and strategies are compared over the days that follow."""
    imported = result(collectlab("import", shared / source, *REAL[source], "--out", "L", "--json"))
    rows = len((shared / source).read_text(encoding="utf-8-sig").splitlines()) - 1
    assert imported["imported"] + imported["rejected"] == rows
    figures = result(collectlab("kpi", "L", "--json"))
    assert figures["as_of"] == imported["as_of"]
    assert figures["kpis"]["dso"] > 0
    study = ("--ledger", "L", "--days", 60, "--replications", 2, "--strategies", "none,friendly", "--no-track")
    found = result(collectlab("compare", *study, "--workers", 1, "--json"))
    assert found["start"] == imported["as_of"]
    assert all(strategy["metrics"]["dso"]["mean"] > 0 for strategy in found["strategies"])
    assert all(strategy["metrics"]["cei"]["mean"] > 0 for strategy in found["strategies"])
