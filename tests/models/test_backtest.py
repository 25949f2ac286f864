import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ledger import BadInput, Ledger
from models import fit
from models.evaluation.backtest import Backtest, backtest
from models.evaluation.footprint import measured
from models.evaluation.metrics import METRICS
from models.evaluation.outcomes import Outcomes
from models.evaluation.prediction import predict
from models.evaluation.test_set import UNJUDGED, weekly_cash
from models.evaluation.walk_forward import cuts_before, walk_forward
from models.figures.page import document
from tests.handmade import handmade, invoice, payment

START = pd.Timestamp("2024-01-01")


def day(number: int) -> str:
    """Return a day as text."""
    return f"{START + pd.Timedelta(days=number):%Y-%m-%d}"


@cache
def ledger() -> Ledger:
    """Return 600 invoices of 24 customers over 300 days, of whom two by two pay alike; two currencies."""
    rng = np.random.default_rng(3)
    invoices, payments = [], []
    for k in range(600):
        c, issue = int(rng.integers(0, 24)), int(rng.integers(0, 300))
        amount, other = int(rng.integers(100, 90_000)), {"currency": ["USD", "EUR"][c % 2]}
        invoices.append(invoice(f"i{k}", day(issue), day(issue + 20), amount, customer_id=f"c{c}", **other))
        paid = issue + 20 + max(-20, int(rng.normal(3 * (c // 2) - 6, 4)))
        if paid <= 300:
            kind = "credit_note" if k % 20 == 0 else "cash"
            payments.append(payment(f"i{k}", day(paid), amount, kind, **other))
    return handmade(day(300), invoices, payments, rates=[{"currency": "EUR", "rate": 2.0}], check=False)


@cache
def judged() -> Backtest:
    """Return a back-test of the baselines."""
    return backtest(ledger(), cut=day(200), models=["kaplan_meier"], bootstrap=50)


def test_baselines_always_run_beside() -> None:
    """The best of them is proven better than the due date, with all metrics, costs and intervals in place."""
    test = judged()
    assert test.models == ("due_date", "customer_mean", "kaplan_meier")
    assert set(METRICS) | {"fit_seconds", "predict_seconds", "peak_mib"} == set(test.metrics)
    won = test.paired[(test.paired["model"] == "kaplan_meier") & (test.paired["baseline"] == "due_date")]
    verdicts = won.set_index("metric")["verdict"]
    assert (verdicts[["concordance", "integrated_brier", "mae", "auc_late"]] == "better").all()
    assert test.metrics.loc["due_date", "auc_late"] == 0.5
    bounds = test.intervals.set_index(["model", "metric"]).loc[("kaplan_meier", "integrated_brier")]
    assert bounds["low"] < test.metrics.loc["kaplan_meier", "integrated_brier"] < bounds["high"]
    assert max(map(len, test.summary().splitlines())) <= 80


def test_a_loss_is_called_worse_and_a_difference_is_model_less_baseline() -> None:
    """The due date beside Kaplan–Meier: lower concordance, higher Brier score."""
    pairs = judged().paired.query("model == 'due_date' and baseline == 'kaplan_meier'")
    rows = pairs.set_index("metric")
    assert rows.loc["concordance", "difference"] < 0 < rows.loc["integrated_brier", "difference"]
    assert rows.loc["concordance", "verdict"] == rows.loc["integrated_brier", "verdict"] == "worse"


@pytest.mark.parametrize("name", ["customer_mean", "kaplan_meier"])
def test_models_learn_from_the_cut_and_answer_from_each_issue_day(name: str) -> None:
    """The same predictions, one by one, from a fresh ledger known to each invoice's issue day."""
    test = judged()
    model = fit(ledger(), as_of=day(200), model=name)
    said = test.predictions[name]
    assert said.invoices["issue_date"].min() > pd.Timestamp(day(200))
    for row in range(0, len(said), 14):
        one = said.invoices.iloc[[row]]
        told = predict(model.knowing(ledger().snapshot(one["issue_date"].iloc[0])), one)
        np.testing.assert_allclose(told.at(np.arange(-19, 61)[None, :])[0], said.at(np.arange(-19, 61)[None, :])[row])


def test_credit_notes_and_open_invoices_are_censored() -> None:
    """Outcomes are those of the whole ledger."""
    seen, rows = judged().outcomes, (ledger().invoices["issue_date"] > day(200)).to_numpy()
    notes = ledger().payments["kind"] == "credit_note"
    credited = ledger().invoices["invoice_id"].isin(ledger().payments.loc[notes, "invoice_id"]).to_numpy(bool)[rows]
    settled = (ledger().open_amount() == 0)[rows]
    assert (seen.paid == (settled & ~credited)).all()
    assert credited.any()


def test_the_order_of_the_ledger_changes_nothing() -> None:
    """Rows of all tables shuffled: equal metrics and intervals."""
    mixed = {
        name: table.sample(frac=1, random_state=1).reset_index(drop=True) for name, table in ledger().tables.items()
    }
    other = backtest(replace(ledger(), **mixed), cut=day(200), models=["kaplan_meier"], bootstrap=50)
    costs = ["fit_seconds", "predict_seconds", "peak_mib"]
    pd.testing.assert_frame_equal(judged().metrics.drop(columns=costs), other.metrics.drop(columns=costs))
    pd.testing.assert_frame_equal(judged().intervals, other.intervals)


def test_json_is_strict_and_says_what_is_not_available() -> None:
    """A test of two days: nothing is followed to day 30, no cash in a whole week; null, a reason, never NaN."""
    test = backtest(ledger(), cut=day(297), models=["due_date"], bootstrap=10)
    found = json.loads(json.dumps(test.to_dict(), allow_nan=False))
    assert found["metrics"]["due_date"]["auc_late_30"] is None
    assert found["intervals"]["due_date"]["auc_late_30"] is None
    assert "AUC>30 is not available: too few invoices are followed to day 30." in found["notes"]
    assert "cash % is not available: no cash came in a whole week after the cut." in found["notes"]
    assert found["brier_support"] == [-10, -10]


def test_one_customer_has_metrics_and_is_said_to_have_no_interval() -> None:
    """Resampling one customer shows no spread: no interval, no verdict, and the reason."""
    lone = replace(ledger(), invoices=ledger().invoices.query("customer_id == 'c3'").reset_index(drop=True))
    kept = lone.payments["invoice_id"].isin(lone.invoices["invoice_id"]).to_numpy(bool)
    lone = replace(lone, payments=lone.payments[kept].reset_index(drop=True))
    test = backtest(lone, cut=day(150), models=["due_date"], bootstrap=10)
    assert np.isfinite(test.metrics.loc["kaplan_meier", "mae"])
    assert any("only one" in note for note in test.notes())
    assert test.intervals[["low", "high"]].isna().all(axis=None)
    assert set(test.paired["verdict"]) == {UNJUDGED}


def test_what_a_model_left_out_is_said() -> None:
    """With one term of payment for all, its covariate is dropped."""
    with_one_term = replace(ledger(), invoices=ledger().invoices.assign(due_date=ledger().invoices["issue_date"]))
    test = backtest(with_one_term, cut=day(150), models=["weibull"], bootstrap=0)
    assert "weibull: log_term is left out: it is constant." in test.to_dict()["notes"]


def test_cash_of_a_week_in_base_currency() -> None:
    """Seven days from the day after the cut, part payments and prepayments included; other weeks and ends not."""
    rows = [invoice("a", day(10), day(20), 100), invoice("b", day(10), day(20), 50, currency="EUR")]
    paid = [
        payment("a", day(11), 30),
        payment("a", day(16), 20),
        payment("a", day(17), 50, "write_off"),
        payment("b", day(10), 40, received=day(2), currency="EUR"),
        payment("b", day(24), 10, currency="EUR"),
    ]
    book = handmade(day(30), rows, paid, rates=[{"currency": "EUR", "rate": 2.0}], check=False)
    cash = weekly_cash(book, np.array([True, True]), pd.Timestamp(day(9)))
    assert [f"{week:%Y-%m-%d}" for week in cash] == [day(10), day(17), day(24)]
    assert cash.to_numpy().tolist() == [[50, 0, 0], [80, 0, 20]]


def test_a_fitted_model_is_judged_under_a_name_of_its_own() -> None:
    """Beside the baseline of its kind: the same numbers, no time to fit."""
    model = fit(ledger(), as_of=day(200), model="customer_mean")
    test = backtest(ledger(), cut=day(200), models={"mine": model}, bootstrap=0)
    assert test.models == ("due_date", "customer_mean", "kaplan_meier", "mine")
    assert test.metrics.loc["mine", "mae"] == test.metrics.loc["customer_mean", "mae"]
    assert np.isnan(test.metrics.loc["mine", "fit_seconds"])


def test_walk_forward_repeats_the_back_test() -> None:
    """Cuts a month apart; each test ends at the next cut, the last like the one before it; the last is as alone."""
    cuts = cuts_before(day(200), 3)
    assert [f"{cut:%m-%d}" for cut in cuts] == ["05-19", "06-19", "07-19"]
    walk = walk_forward(ledger(), cuts, models=["kaplan_meier"], bootstrap=0)
    assert [f"{test.until:%m-%d}" for test in walk.backtests] == ["06-19", "07-19", "08-18"]
    alone = backtest(ledger(), cut=cuts[-1], until="2024-08-18", models=["kaplan_meier"], bootstrap=0)
    assert walk.last.metrics["mae"].tolist() == alone.metrics["mae"].tolist()
    mean = walk.metrics["mae"].xs("kaplan_meier", level="model").mean()
    assert walk.means().loc["kaplan_meier", "mae"] == pytest.approx(mean)
    assert [line.split()[0] for line in walk.summary().splitlines()] == ["3", "mean", *walk.last.models]
    assert len(json.loads(json.dumps(walk.to_dict(), allow_nan=False))["cuts"]) == 3
    longer = walk_forward(ledger(), cuts, models=["due_date"], until=day(250), bootstrap=0)
    assert {(test.until - test.cut).days for test in longer.backtests} == {50}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cut": day(-9)}, "cut is '2023-12-23': must lie in what the ledger knows"),
        ({"cut": day(300)}, "must lie in what the ledger knows"),
        ({"until": day(200)}, "until is '2024-07-19': must lie after the cut"),
        ({"until": day(301)}, "must lie after the cut and not after"),
        ({"models": ["bset"]}, "model is 'bset': must be one of"),
        ({"models": ["due_date", "due_date"]}, "model is 'due_date': is named twice"),
        ({"days": (3, -3)}, "support"),
    ],
)
def test_what_cannot_be_tested_is_refused(asked: dict[str, object], words: str) -> None:
    """The message names the field, the value and the rule."""
    with pytest.raises(BadInput) as refused:
        backtest(ledger(), **({"cut": day(200), "models": ["due_date"], "bootstrap": 0} | asked))
    assert words in str(refused.value)


def test_a_cut_after_the_last_invoice_is_refused() -> None:
    """Nothing was issued after it."""
    book = handmade(day(50), [invoice("a", day(1), day(9), 100)], check=False)
    with pytest.raises(BadInput, match="no invoice was issued after it"):
        backtest(book, cut=day(20), models=["due_date"])


def test_memory_is_what_the_work_adds() -> None:
    """Forty mebibytes and then forty again: each is measured alone, within ten."""
    for _ in range(2):
        done = measured(lambda: np.ones(40 * 2**17))
        if done.peak_mib is None:
            pytest.skip("this system does not tell a process its peak memory")
        assert done.peak_mib == pytest.approx(40, abs=10)
        assert done.seconds > 0
        del done


def test_the_page_stands_alone_and_is_the_same_each_time() -> None:
    """Four figures, no address of a server to load from, equal bytes for equal back-tests."""
    page = document(judged(), ledger(), ["kaplan_meier"])
    for key in ("residuals", "calibration-kaplan_meier", "segments-kaplan_meier", "age-kaplan_meier"):
        assert f'id="figure-{key}"' in page
    assert "<script src" not in page
    assert "<link" not in page
    again = backtest(ledger(), cut=day(200), models=["kaplan_meier"], bootstrap=50)
    assert document(again, ledger(), ["kaplan_meier"]) == page


def test_observed_shares_are_kaplan_meier() -> None:
    """All invoices of the test against the product-limit estimate of lifelines."""
    from lifelines import KaplanMeierFitter

    seen: Outcomes = judged().outcomes
    days = np.arange(-19, 60)
    curve = KaplanMeierFitter().fit(seen.late + 30, seen.paid).survival_function_at_times(days + 30)
    np.testing.assert_allclose(seen.survival(days), curve.to_numpy(), atol=1e-12)
