"""The gate to champion, with back-tests made of numbers; files of fitted models; the stability index."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

import models.registry.promotion as promotion
from ledger import BadInput, Ledger
from models.evaluation.test_set import BASELINES
from models.registry.drift import stability
from models.registry.model_file import SavedModel, fit_saved
from models.registry.promotion import CHAMPION, JUDGED, Trialled, not_promoted
from tests.handmade import handmade, invoice, payment

GOOD = {"integrated_brier": 0.040, "concordance": 0.80, "mae": 2.5, "auc_late": 0.85}
POOR = {"integrated_brier": 0.060, "concordance": 0.70, "mae": 3.5, "auc_late": 0.75}


def trialled(
    challenger: dict[str, float], champion: dict[str, float] | None = None, sure: bool = True, **fields: Any
) -> Trialled:
    """Return a back-test of `cox` with these metrics beside poor baselines; differences are sure, or not at all."""
    rows = dict.fromkeys(BASELINES, POOR) | {"cox": challenger} | ({CHAMPION: champion} if champion else {})
    pairs = []
    for rival in [*BASELINES, *([CHAMPION] if champion else [])]:
        for metric in JUDGED:
            apart = challenger[metric] - rows[rival][metric]
            wide = abs(apart) / 2 if sure else abs(apart) + 1
            worse = sure and apart * (-1 if metric in ("integrated_brier", "mae") else 1) < 0
            judged = "worse" if worse else "undecided"
            pairs.append(("cox", rival, metric, apart, apart - wide, apart + wide, judged))
    columns = ["model", "baseline", "metric", "difference", "low", "high", "verdict"]
    paired = pd.DataFrame(pairs, columns=columns)
    found: Any = SimpleNamespace(metrics=pd.DataFrame(rows).T, paired=paired, models=tuple(rows))
    called = "version 1" if champion or fields.get("same_kind") else ""
    return Trialled(model="cox", ledger=None, found=found, champion=called, **fields)  # type: ignore[arg-type]


def metrics_of(test: Trialled) -> list[str]:
    """Return which numbers stand against promotion."""
    return [one.metric for one in test.failures()]


def test_the_first_needs_only_to_be_no_worse_than_the_baselines():
    """Better passes; each number that is surely worse than a baseline's is named with both values."""
    assert trialled(GOOD).failures() == ()
    assert trialled(POOR).failures() == ()
    failed = trialled(GOOD | {"mae": 4.0}).failures()
    assert {one.metric for one in failed} == {"mae"}
    assert len(failed) == len(BASELINES)
    assert "mae 4.00 is worse than that of due_date, 3.50 (difference +0.50, 95 % interval +0.25" in failed[0].text


def test_a_rival_in_office_must_be_beaten_in_its_brier_score():
    """An equal or higher score is refused, even where nothing is sure; a lower one with nothing surely worse passes."""
    better = GOOD | {"integrated_brier": 0.039}
    assert metrics_of(trialled(better, GOOD)) == []
    assert metrics_of(trialled(GOOD, GOOD)) == ["integrated_brier"]
    assert metrics_of(trialled(GOOD | {"integrated_brier": 0.041}, GOOD, sure=False)) == ["integrated_brier"]
    assert metrics_of(trialled(better | {"concordance": 0.79}, GOOD)) == ["concordance"]
    assert metrics_of(trialled(better | {"concordance": 0.79}, GOOD, sure=False)) == []


def test_newer_data_makes_a_model_of_the_same_kind_better():
    """It must not be worse; without a later day it is no news."""
    assert metrics_of(trialled(GOOD, same_kind=True, newer=True)) == []
    assert metrics_of(trialled(GOOD, GOOD, same_kind=True, newer=True)) == []
    assert metrics_of(trialled(POOR, GOOD, same_kind=True, newer=True)) == list(JUDGED)
    assert metrics_of(trialled(GOOD, same_kind=True)) == ["as_of"]


def test_a_score_that_is_not_defined_cannot_win():
    """Too few invoices followed to their end."""
    assert metrics_of(trialled(GOOD | {"integrated_brier": np.nan})) == ["integrated_brier"]


def test_the_refusal_tells_the_most_of_each_metric_and_machines_all():
    """One sentence a metric in the message; all of them, the version and its file in the details."""
    failed = trialled(POOR | {"mae": 4.0}, GOOD).failures()
    error = not_promoted("version 7", failed, file="there")
    assert str(error).startswith("version 7 stays challenger: ")
    assert str(error).count("mae 4.00") == 1
    assert "mae 4.00 is worse than that of version 1, 2.50" in str(error)
    assert error.details["failed"] == [one.text for one in failed]
    assert error.details["file"] == "there"


def a_ledger(as_of: str = "2024-12-31", customers: int = 3) -> Ledger:
    """Return a year of invoices, each paid on its due date."""
    days = pd.date_range("2024-01-01", "2024-11-20", freq="W-MON")
    rows = [(f"i{k}-{c}", day, f"c{c}") for k, day in enumerate(days) for c in range(customers)]
    due = pd.Timedelta(days=30)
    invoices = [invoice(name, f"{day:%F}", f"{day + due:%F}", 100, customer_id=who) for name, day, who in rows]
    return handmade(as_of, invoices, [payment(name, f"{day + due:%F}", 100) for name, day, _ in rows])


def test_rivals_have_not_seen_the_test(monkeypatch: pytest.MonkeyPatch):
    """A champion fitted before the test days stands as it is; a later one is fitted again at their start."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(promotion, "backtest", lambda ledger, **given: asked.update(given, known=ledger.as_of))
    ledger = a_ledger()
    challenger = fit_saved(ledger, as_of="2024-12-01", model="kaplan_meier")
    old, late = (fit_saved(ledger, as_of=day, model="customer_mean") for day in ("2024-08-31", "2024-11-01"))
    assert promotion.trial(ledger, challenger, champion=old, called="v1").champion == "v1"
    assert asked["known"] == pd.Timestamp("2024-12-01")
    assert asked["cut"] == pd.Timestamp("2024-08-31")
    assert asked["models"] == {"kaplan_meier": "kaplan_meier", CHAMPION: old.timing}
    promotion.trial(ledger, challenger, champion=late)
    assert asked["models"] == {"kaplan_meier": "kaplan_meier", CHAMPION: "customer_mean"}
    same = promotion.trial(ledger, challenger, champion=fit_saved(ledger, as_of="2024-11-01", model="kaplan_meier"))
    assert asked["models"] == {"kaplan_meier": "kaplan_meier"}
    assert same.same_kind
    assert same.newer


def test_a_file_gives_the_model_and_its_origin_back(tmp_path: Path):
    """Predictions to the bit, last day, data and versions; equal fits have one file name."""
    ledger = a_ledger()
    saved = fit_saved(ledger, as_of="2024-10-01", model="kaplan_meier")
    assert saved.file_name == fit_saved(ledger.snapshot("2024-10-01"), model="kaplan_meier").file_name
    path = saved.write(tmp_path / saved.file_name)
    for place in (path, tmp_path):
        again = SavedModel.read(place)
        assert again.about() == saved.about()
        rows = ledger.invoices.tail(5)
        assert (again.timing.survival(rows, range(-30, 60)) == saved.timing.survival(rows, range(-30, 60))).all()
    assert saved.as_of == pd.Timestamp("2024-10-01")
    assert {"python", "collectlab", "scikit-learn"} <= saved.packages.keys()


def test_files_that_are_no_models(tmp_path: Path):
    """Missing, cut off, something else, an empty folder: told as bad input that names the file."""
    whole = fit_saved(a_ledger(), model="customer_mean").write(tmp_path / "whole.joblib").read_bytes()
    (tmp_path / "half.joblib").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.joblib").write_text("dear")
    joblib.dump({"a": 1}, tmp_path / "other.joblib")
    (tmp_path / "empty").mkdir()
    for name in ("half.joblib", "text.joblib", "other.joblib", "none.joblib", "empty"):
        with pytest.raises(BadInput, match=name):
            SavedModel.read(tmp_path / name)


def test_the_stability_index():
    """0 for equal shares, (½ − ¼)·log 2 + (¾ − ½)·log 1.5 by hand, large where all moved."""
    old = np.repeat([0.0, 1.0], 50_000)
    assert stability(old, old) == 0
    new = np.repeat([0.0, 1.0], [25_000, 75_000])
    assert np.isclose(stability(old, new), 0.25 * np.log(2) + 0.25 * np.log(1.5), atol=1e-4)
    spread = np.arange(1000.0)
    assert stability(spread, spread + 1) < 0.01
    assert stability(spread, spread + 5000) > 1
