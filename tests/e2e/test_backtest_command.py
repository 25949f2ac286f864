"""`collectlab backtest` as a person runs it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cli import main
from models.evaluation.metrics import METRICS
from tests.handmade import handmade, invoice, payment

Run = Callable[..., "subprocess.CompletedProcess[str]"]
START = pd.Timestamp("2024-01-01")
CUT = "2024-06-01"


def day(number: int) -> str:
    """Return a day as text."""
    return f"{START + pd.Timedelta(days=number):%Y-%m-%d}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger folder: 600 invoices of 30 customers in 240 days, each paid about as late as its customer."""
    rng = np.random.default_rng(5)
    lines = [(k, int(rng.integers(0, 30)), int(rng.integers(0, 240))) for k in range(600)]
    late = {k: max(-30, int(rng.normal(4 * (c // 3) - 8, 3))) for k, c, _ in lines}
    invoices = [invoice(f"i{k}", day(i), day(i + 30), 100 * k + 100, customer_id=f"c{c}") for k, c, i in lines]
    paid = [payment(f"i{k}", day(i + 30 + late[k]), 100 * k + 100) for k, _, i in lines if i + 30 + late[k] <= 240]
    return handmade(day(240), invoices, paid).write(tmp_path_factory.mktemp("ledgers") / "L")


def test_a_model_beside_the_baselines_with_its_files(collectlab: Run, folder: Path, tmp_path: Path) -> None:
    """All metrics with intervals and paired differences as JSON; the predictions file and the page are written."""
    files = ("--predictions", "new/p.parquet", "--figures", "plots")
    done = collectlab("backtest", folder, "--cut", CUT, "--model", "kaplan_meier", *files, "--bootstrap", 200, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found["metrics"]) == ["due_date", "customer_mean", "kaplan_meier"]
    assert set(METRICS) < set(found["metrics"]["kaplan_meier"])
    low, high = found["intervals"]["kaplan_meier"]["concordance"]
    assert 0.5 < low <= found["metrics"]["kaplan_meier"]["concordance"] <= high <= 1
    assert {row["baseline"] for row in found["paired"]} == set(found["metrics"])
    read = pd.read_parquet(tmp_path / "new" / "p.parquet")
    assert len(read) == found["invoices"]
    assert read["issue_date"].min() > pd.Timestamp(CUT)
    assert set(read["survival"].map(len)) == {241}
    assert "<html" in (tmp_path / "plots" / "backtest.html").read_text()


def test_the_tables_fit_and_say_what_is_proven(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred columns; every model against every baseline."""
    code, out, _ = ran(capsys, folder, "--model", "customer_mean,kaplan_meier", "--bootstrap", "20")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for word in ("kaplan_meier against due_date: better", "customer_mean against kaplan_meier:", "95 % interval"):
        assert word in out


def test_walking_forward(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two cuts a month apart, the last the one given, and their means."""
    code, out, _ = ran(capsys, folder, "--model", "due_date", "--walk-forward", "2", "--bootstrap", "0")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    cuts = [line.split()[0] for line in out.splitlines() if line[:1] not in (" ", "")]
    assert cuts == ["cut", "2024-05-01", CUT, "mean"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--cut", "2030-01-01"), "cut is '2030-01-01': must lie in what the ledger knows"),
        (("--cut", "2023-12-31"), "must lie in what the ledger knows"),
        (("--cut", "yesterday's"), "must be a date"),
        (("--cut", "2024-06-01T00:00+02:00"), "must be a date"),
        (("--until", "2024-05-01"), "until is '2024-05-01': must lie after the cut"),
        (("--model", "bset"), "model is 'bset': must be one of due_date"),
        (("--model", "all", "--predictions", "p.parquet"), "holds the predictions of one model"),
        (("--predictions", "."), "must be a file, and is a folder"),
        (("--figures", __file__ + "/x.html"), "must be a folder, and is a file"),
        (("--walk-forward", "0"), "--walk-forward"),
        (("--walk-forward", "100"), "must lie in what the ledger knows"),
        (("--bootstrap", "-1"), "--bootstrap"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    options: tuple[str, ...], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and the rule; nothing on standard output."""
    code, out, err = ran(capsys, folder, "--model", "due_date", *options)
    assert code == 2
    assert out == ""
    assert words in err
    assert len(err.strip().splitlines()) == 1


def ran(capsys: pytest.CaptureFixture[str], folder: Path, *options: str) -> tuple[int, str, str]:
    """Return exit code, standard output and error of the command within this process; later options win."""
    with pytest.raises(SystemExit) as ended:
        main(["backtest", str(folder), "--cut", CUT, *options])
    said = capsys.readouterr()
    return int(str(ended.value.code)), said.out, said.err
