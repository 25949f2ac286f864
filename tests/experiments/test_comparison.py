import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import Comparison
from experiments.comparing.metrics import METRICS
from experiments.reporting.files import write_comparison
from experiments.reporting.report import report
from ledger import BadInput
from ledger.notes import Note

Made = Callable[..., Comparison]
SHIFTS = {"friendly": 0.0, "none": 4.0, "escalated": -0.1, "proactive": -2.5}


def test_pairs_are_strategy_minus_baseline(made: Made):
    """Lower DSO is better, higher CEI is better, and a difference within the margin is called so."""
    comparison = made(SHIFTS)
    pairs = {(pair.strategy, pair.metric): pair for pair in comparison.pairs}
    assert len(pairs) == 3 * len(METRICS)
    assert pairs["none", "dso"].difference.mean == pytest.approx(4.0, abs=0.1)
    assert (pairs["none", "dso"].verdict, pairs["none", "cei"].verdict) == ("worse", "worse")
    assert (pairs["proactive", "dso"].verdict, pairs["proactive", "cei"].verdict) == ("better", "better")
    assert (pairs["escalated", "dso"].verdict, pairs["escalated", "dso"].equal) == ("undecided", True)


def test_json_has_the_keys_that_others_rely_on(made: Made):
    """The contract: baseline, replications, seconds, strategies with metrics, pairs with verdicts."""
    result = made(SHIFTS).to_dict()
    assert {"baseline", "replications", "seconds", "strategies", "pairs"} <= result.keys()
    assert [strategy["name"] for strategy in result["strategies"]] == list(SHIFTS)
    assert set(result["strategies"][0]["metrics"]) == set(METRICS)
    assert set(result["strategies"][0]["metrics"]["dso"]) == {"mean", "low", "high", "n"}
    assert {"strategy", "metric", "difference", "low", "high", "verdict"} <= result["pairs"][0].keys()
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_one_replication_has_null_bounds_and_no_verdict(made: Made):
    """The whole chain holds with a single replication: JSON, sentence and report."""
    comparison = made(SHIFTS, replications=1)
    assert {pair["verdict"] for pair in comparison.to_dict()["pairs"]} == {"undecided"}
    assert all(pair["low"] is None and pair["high"] is None for pair in comparison.to_dict()["pairs"])
    assert "at least two" in comparison.summary()
    assert "<!doctype html>" in report(comparison)


def test_a_metric_that_is_never_available_is_null(made: Made):
    """Count-back DSO runs out of history: null in JSON, n/a in the report."""
    whole = made(SHIFTS)
    comparison = replace(whole, replications=whole.replications.assign(dso_count_back=np.nan))
    assert comparison.to_dict()["strategies"][0]["metrics"]["dso_count_back"] == {
        "mean": None,
        "low": None,
        "high": None,
        "n": 0,
    }
    assert "n/a" in report(comparison)


@pytest.mark.parametrize(
    ("shifts", "words"),
    [
        (SHIFTS, "proactive has the lowest DSO: 2.5 days below friendly (95 % interval"),
        ({"friendly": 0.0, "none": 4.0}, "no strategy is sure to have a DSO"),
        ({"friendly": 0.0}, "nothing to compare"),
    ],
)
def test_the_finding_is_one_sentence(made: Made, shifts: dict[str, float], words: str):
    """It names the strategy, the difference and how sure it is; or says that there is none."""
    finding = made(shifts).summary()
    assert words in finding
    assert finding.endswith(".")
    assert "\n" not in finding


def test_what_is_written_can_be_read(made: Made, tmp_path: Path):
    """A stored comparison gives the same JSON and, to the byte, the same report; its study file is kept."""
    comparison = made(SHIFTS)
    folder = write_comparison(comparison, tmp_path / "a" / "study")
    read = Comparison.read(folder)
    assert read.to_dict() == comparison.to_dict()
    assert report(read) == (folder / "report.html").read_text()
    assert Comparison.read(folder / "comparison.json").to_dict() == comparison.to_dict()
    assert (folder / "study.toml").read_text() == comparison.study.to_toml()
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "replications.parquet"), comparison.replications)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["study"]


def test_an_older_comparison_is_replaced_and_other_folders_are_left_alone(made: Made, tmp_path: Path):
    """Results go where results were, never over something else."""
    write_comparison(made(SHIFTS), tmp_path / "study")
    write_comparison(made({"friendly": 0.0, "none": 1.0}), tmp_path / "study")
    assert Comparison.read(tmp_path / "study").strategies == ("friendly", "none")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("")
    for place in ("mine", "file", "file/below"):
        with pytest.raises(BadInput, match="nothing was written"):
            write_comparison(made(SHIFTS), tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine", "study"]


def test_a_write_that_fails_leaves_the_old_results(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Half a result is worse than none."""
    write_comparison(made(SHIFTS), tmp_path / "study")
    before = (tmp_path / "study" / "comparison.json").read_text()

    def broken(comparison: Comparison) -> str:
        raise RuntimeError("no ink")

    monkeypatch.setattr("experiments.reporting.files.report", broken)
    with pytest.raises(RuntimeError):
        write_comparison(made({"friendly": 0.0, "none": 1.0}), tmp_path / "study")
    assert (tmp_path / "study" / "comparison.json").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


@pytest.mark.parametrize("damage", ["missing", "no comparison", "no tables", "no JSON", "other JSON"])
def test_what_is_no_comparison_is_refused(made: Made, tmp_path: Path, damage: str):
    """A folder that is not a comparison, or not whole, is bad input and says why."""
    folder = tmp_path / "study"
    if damage != "missing":
        write_comparison(made(SHIFTS), folder)
    if damage == "no comparison":
        (folder / "comparison.json").unlink()
    if damage == "no tables":
        (folder / "paths.parquet").unlink()
    if damage in ("no JSON", "other JSON"):
        (folder / "comparison.json").write_text("{" if damage == "no JSON" else "[]")
    with pytest.raises(BadInput, match="comparison"):
        Comparison.read(folder)


def test_paths_have_a_band_around_the_mean(made: Made):
    """Intervals hold the mean, widen with the noise, and the baseline's difference to itself is nothing."""
    comparison = made(SHIFTS)
    path = comparison.path("dso").set_index(["strategy", "elapsed"])
    assert (path["low"] <= path["mean"]).all()
    assert path.loc[("none", 180), "mean"] == pytest.approx(42, abs=0.5)
    against = comparison.path("dso", against_baseline=True).set_index(["strategy", "elapsed"])
    assert (against.loc["friendly", ["mean", "low", "high"]] == 0).all(axis=None)


def test_the_table_for_notebooks_has_every_number(made: Made):
    """One row per strategy and metric; the baseline says so."""
    table = made(SHIFTS).table()
    assert table.loc[("friendly", "dso"), "verdict"] == "baseline"
    assert table.loc[("none", "dso"), "verdict"] == "worse"
    assert len(table) == len(SHIFTS) * len(METRICS)


def test_a_stored_comparison_knows_its_warnings(made: Made, tmp_path: Path):
    """Their level is stored beside their text."""
    notes = (Note("a published curve.", level="warning"), Note("a note"))
    write_comparison(replace(made({"friendly": 0.0, "proactive": -2.5}), notes=notes), tmp_path / "c")
    again = Comparison.read(tmp_path / "c")
    assert again.notes == notes
    assert again.warnings == notes[:1]
