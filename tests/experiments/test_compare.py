from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from experiments import Comparison, Study, compare
from experiments.comparing.metrics import METRICS, metrics_of, path_of
from experiments.comparing.replication import portfolio_with_model
from ledger import BadInput, kpis
from ledger.policy import strategy
from tests.handmade import handmade, invoice, payment

SMALL = {"customers": 40, "days": 45, "replications": 2, "specialists": 1}


@pytest.fixture(scope="module")
def portfolio() -> sim.Portfolio:
    """Return forty customers."""
    return sim.synthetic("normal", customers=40)


@pytest.fixture(scope="module")
def run(portfolio: sim.Portfolio) -> sim.Run:
    """Return one simulated run of them."""
    return sim.simulate(portfolio, "friendly", days=45, specialists=1)


@pytest.fixture(scope="module")
def small() -> Comparison:
    """Return a comparison of two strategies, run here."""
    return compare(Study(strategies=("none", "friendly"), **SMALL))


def test_metrics_are_those_of_the_ledger(run: sim.Run):
    """Each metric is a KPI of the run's ledger, or a count of the run; with and without the path the same."""
    metrics = metrics_of(run)
    assert list(metrics) == list(METRICS)
    month = kpis(run.ledger)
    for name in ("dso", "cei", "dso_count_back", "best_possible_dso", "add", "percent_current", "percent_over_91"):
        assert metrics[name] == month[name]
    cash = run.ledger.payments
    cash = cash[(cash["kind"] == "cash") & (cash["received_date"] > run.start)]
    assert metrics["cash_collected"] == pytest.approx(cash["amount"].sum() / 100)
    assert metrics["contacts"] == run.contacts
    assert metrics["cost_per_1000_collected"] == pytest.approx(1000 * run.cost / metrics["cash_collected"])
    assert metrics_of(run, path_of(run)) == metrics


def test_a_path_goes_from_the_start_to_the_end(run: sim.Run):
    """Thirteen days at most; it ends where the metrics are taken, and cash begins at zero."""
    path = path_of(run)
    assert (path["elapsed"].iloc[0], path["elapsed"].iloc[-1], len(path)) == (0, 45, 13)
    assert path["cash_since_start"].iloc[0] == 0
    assert path["cash_since_start"].is_monotonic_increasing
    assert path["cash_since_start"].iloc[-1] == pytest.approx(metrics_of(run)["cash_collected"])


def test_any_number_of_workers_gives_the_same_digits(small: Comparison):
    """Results are keyed by strategy and replication, not by the order in which they come in."""
    seen: list[tuple[int, int]] = []
    study = Study(strategies=("none", "friendly"), **SMALL)
    other = compare(study, workers=2, progress=lambda done, total, _: seen.append((done, total)))
    pd.testing.assert_frame_equal(other.replications, small.replications, check_exact=True)
    pd.testing.assert_frame_equal(other.paths, small.paths, check_exact=True)
    assert seen == [(done, 4) for done in range(5)]
    assert other.fingerprint == small.fingerprint


def test_all_strategies_start_from_the_same_receivables(small: Comparison):
    """On day 0 nothing differs; at the end the strategies do: under `none` only those ring who were called before."""
    start = small.paths[small.paths["elapsed"] == 0]
    assert start.groupby("elapsed")[["dso", "cei", "ar_open"]].nunique().eq(1).all(axis=None)
    ringing = small.values("none", "contacts")
    assert (ringing <= 2).all()
    assert (small.values("friendly", "contacts") > 10 * ringing + 10).all()


def test_the_same_strategy_under_another_name_makes_no_difference(tmp_path: Path):
    """Common random numbers: with equal rules every difference is zero, to the last digit."""
    text = (Path(strategy.__file__).with_name("strategies") / "friendly.toml").read_text()
    (tmp_path / "twin.toml").write_text(text.replace('"friendly"', '"twin"', 1))
    (tmp_path / "study.toml").write_text('strategies = ["friendly", "twin.toml"]\n')
    study = Study.load(tmp_path / "study.toml").model_copy(update=SMALL)
    comparison = compare(study)
    assert comparison.strategies == ("friendly", "twin")
    for pair in comparison.pairs:
        assert (pair.difference.mean, pair.difference.low, pair.difference.high) == (0, 0, 0)
        assert pair.verdict == "undecided"
        assert pair.equal
    (tmp_path / "twin.toml").write_text(text)
    with pytest.raises(BadInput, match="two strategies of the study have this name"):
        compare(study)


def test_a_seed_is_a_seed(small: Comparison):
    """Another seed gives other numbers; replications of one seed differ from each other."""
    other = compare(Study(strategies=("none", "friendly"), seed=1, **SMALL))
    assert not np.array_equal(other.values("friendly", "dso"), small.values("friendly", "dso"))
    assert len(set(small.values("friendly", "dso"))) == 2


def test_a_ledger_in_memory_or_in_a_folder_is_the_same(portfolio: sim.Portfolio, tmp_path: Path):
    """A ledger takes the place of the portfolio, by value or by place."""
    study = Study(strategies=("none", "friendly"), days=30, replications=1, specialists=1)
    folder = portfolio.ledger.write(tmp_path / "L")
    by_value, by_place = compare(study, ledger=portfolio.ledger), compare(study, ledger=folder)
    pd.testing.assert_frame_equal(by_value.replications, by_place.replications, check_exact=True)
    assert by_value.fingerprint == by_place.fingerprint == portfolio.ledger.fingerprint
    assert by_value.start == portfolio.ledger.as_of


def test_a_ledger_of_few_customers_warns_of_its_verdicts():
    """Three customers with a payment: the runs differ by luck, and the notes say what that leaves out."""
    rows = [
        invoice(f"i{k}", f"2024-0{k % 6 + 1}-01", f"2024-0{k % 6 + 1}-28", 10_000, customer_id=f"c{k % 3}")
        for k in range(18)
    ]
    paid = [payment(row["invoice_id"], row["due_date"], 10_000) for row in rows[:15]]
    people = [{"customer_id": f"c{k}"} for k in range(3)]
    found = compare(
        Study(strategies=("none", "friendly"), days=30, replications=2),
        ledger=handmade("2024-07-01", rows, paid, customers=people),
    )
    assert any("3 customers with a payment" in warning and "unknown" in warning for warning in found.warnings)


def test_the_study_that_is_kept_names_the_ledger(portfolio: sim.Portfolio, tmp_path: Path):
    """A folder is named in full, so that the study can be repeated; a ledger in memory by its fingerprint."""
    study = Study(strategies=("none",), days=10, replications=1)
    folder = portfolio.ledger.write(tmp_path / "mine")
    assert compare(study, ledger=folder).study.ledger == folder.resolve()
    assert portfolio.ledger.fingerprint in str(compare(study, ledger=portfolio.ledger).study.ledger)


def test_nonsense_is_refused_before_anything_runs(tmp_path: Path):
    """Workers below one, a ledger that is none, a strategy file that is none."""
    study = Study(strategies=("none", "friendly"), **SMALL)
    with pytest.raises(BadInput, match="at least 1"):
        compare(study, workers=0)
    with pytest.raises(BadInput, match="not a ledger"):
        compare(Study(strategies=("none",)), ledger=tmp_path)
    with pytest.raises(BadInput, match=r"mine\.toml"):
        compare(Study(strategies=(str(tmp_path / "mine.toml"),)))


def test_the_default_model_by_name_is_the_default(portfolio: sim.Portfolio, tmp_path: Path):
    """On a ledger that was chased `kaplan_meier` and nothing said are one: contacts on record are taken out of both."""
    assert len(portfolio.ledger.contacts)
    named, silent = portfolio_with_model(portfolio.ledger, "kaplan_meier", tmp_path), sim.from_ledger(portfolio.ledger)
    assert not named.contains_contacts
    assert np.array_equal(named.behaviour.hazard, silent.behaviour.hazard)
    assert portfolio_with_model(portfolio.ledger, "weibull", tmp_path).contains_contacts
