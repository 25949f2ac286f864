import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from ledger import BadInput
from models.evaluation.metrics import (
    METRICS,
    auc_late,
    brier,
    bucket_accuracy,
    cash_error,
    concordance,
    coverage,
    d_calibration,
    median_error,
    scores,
    support,
)
from models.evaluation.outcomes import FLOOR, FollowUp, Outcomes
from models.evaluation.prediction import HORIZON, Prediction


def outcomes(late: list[int] | np.ndarray, paid: list[bool] | np.ndarray | None = None, term: int = 30) -> Outcomes:
    """Return outcomes, all paid unless said otherwise."""
    days = np.asarray(late, np.int64)
    known = np.ones(len(days), bool) if paid is None else np.asarray(paid, bool)
    return Outcomes(late=days, paid=known, term=np.full(len(days), term))


def prediction(curves: np.ndarray, start: int = -60, term: int = 30) -> Prediction:
    """Return a prediction with these survivals for the days from `start` on, constant after the last one given."""
    rest = np.repeat(curves[:, -1:], HORIZON - start + 1 - curves.shape[1], axis=1)
    due = pd.Timestamp("2024-03-01")
    invoices = pd.DataFrame({"issue_date": due - pd.Timedelta(days=term), "due_date": due}, index=range(len(curves)))
    invoices["amount"] = 100
    return Prediction(model="x", invoices=invoices, first=-60, last=180, start=start, curves=np.hstack([curves, rest]))


def scattered(n: int, seed: int, *, censored: bool) -> tuple[Prediction, Outcomes, np.ndarray]:
    """Return normal predictions of days late, outcomes drawn from them, and the whole outcome of the censored too."""
    rng = np.random.default_rng(seed)
    centre, spread = rng.integers(-5, 40, n), rng.integers(2, 9, n)
    days = np.arange(-60, 121)
    said = prediction(norm.sf((days[None, :] + 0.5 - centre[:, None]) / spread[:, None]))
    truth = np.ceil(norm.isf(rng.uniform(size=n)) * spread + centre - 0.5).astype(np.int64).clip(-29, 119)
    end = rng.integers(-10, 70, n) if censored else np.full(n, 500)
    return said, outcomes(np.minimum(truth, end), truth <= end), truth


def test_the_chance_of_being_followed_is_reverse_kaplan_meier_by_hand() -> None:
    """Ends 0 paid, 1 open, 1 paid, 3 open, 4 paid: on day 1 one of three at risk is lost, on day 3 one of two."""
    known = outcomes([0, 1, 1, 3, 4], [True, False, True, False, True])
    np.testing.assert_allclose(known.followed.at([-9, 0, 1, 2, 3, 4]), [1, 1, 1, 2 / 3, 2 / 3, 1 / 3])
    np.testing.assert_allclose(known.weight(3), [1, 0, 1, 1.5, 1.5])
    np.testing.assert_allclose(known.weight(4), [1, 0, 1, 0, 3])
    np.testing.assert_allclose(known.survival(np.arange(-1, 5)), [1, 0.8, 0.6, 0.6, 0.6, 0])


def test_weights_of_those_known_add_up_to_all() -> None:
    """At any day the known stand for all: a law of these weights, wherever the floor does not bind."""
    _, known, _ = scattered(500, 1, censored=True)
    for day in (-5, 3, 20, 35):
        assert known.weight(day).sum() == pytest.approx(500)


def test_concordance_is_that_of_lifelines_where_nothing_is_censored() -> None:
    """Ties of predictions and of times included."""
    rng = np.random.default_rng(2)
    late, guess = rng.integers(0, 30, 400), rng.integers(0, 12, 400).astype(float)
    assert concordance(guess, outcomes(late)).value == pytest.approx(concordance_index(late, guess), abs=1e-12)


def test_concordance_weighs_pairs_by_the_earlier_payment() -> None:
    """Against the sum over all pairs, written out."""
    said, known, _ = scattered(150, 3, censored=True)
    guess = said.order().round(6)
    days = known.late + known.term
    chance = known.followed_from_issue.at(days)
    right = pairs = 0.0
    for i in np.flatnonzero(known.paid & (chance >= FLOOR)):
        later = (days > days[i]) | ((days == days[i]) & ~known.paid)
        right += ((guess[later] > guess[i]) + 0.5 * (guess[later] == guess[i])).sum() / chance[i] ** 2
        pairs += later.sum() / chance[i] ** 2
    assert concordance(guess, known).value == pytest.approx(right / pairs, abs=1e-12)


def test_auc_is_that_of_scikit_learn_where_nothing_is_censored() -> None:
    """Ties of scores included; and none where all are late."""
    rng = np.random.default_rng(4)
    late, said = rng.integers(-10, 30, 300), rng.integers(0, 9, 300) / 9
    assert auc_late(said, outcomes(late), 15).value == pytest.approx(roc_auc_score(late > 15, said), abs=1e-12)
    assert auc_late(said, outcomes(late + 50), 15).value is None


def test_brier_score_by_hand() -> None:
    """Two paid on days 0 and 2, one open on day 1: at 1 two of three count once, at 2 the last payment counts twice."""
    known = outcomes([0, 2, 1], [True, True, False])
    said = np.array([[0.5, 0.2], [0.9, 0.4], [0.8, 0.6]])
    at_1 = (0.5**2 + 0.1**2 + 0.2**2) / 3
    at_2 = (0.2**2 + 2 * 0.4**2) / 3
    assert brier(said, known, np.array([1, 2])).value == pytest.approx((at_1 + at_2) / 2)


def test_the_support_ends_where_too_few_are_followed() -> None:
    """All invoices are followed to day 5, one in a hundred further."""
    known = outcomes([5] * 99 + [9], [False] * 99 + [True])
    assert support(known).tolist() == list(range(-10, 6))
    assert support(outcomes([5, 9])).tolist() == list(range(-10, 26))
    with pytest.raises(BadInput, match="must not end before"):
        support(known, (3, 1))


def test_errors_of_the_median_by_hand() -> None:
    """Paid on days 1, 2 and 9 where 0, 4 and 4 were said; an invoice open on day 3 leaves two to stand for three."""
    known, said = outcomes([1, 2, 9, 3], [True, True, True, False]), [0, 4, 4, 9]
    assert median_error(said, known).value == pytest.approx((1 + 2 + 2 * 5) / 4)
    assert median_error(said, known, squared=True).value == pytest.approx(np.sqrt((1 + 4 + 2 * 25) / 4))
    by_amount = median_error(said, known, amounts=np.array([3.0, 1.0, 1.0, 7.0]))
    assert by_amount.value == pytest.approx((3 * 1 + 2 + 2 * 5) / (3 + 1 + 2))


def test_coverage_and_buckets_by_hand() -> None:
    """Three of four lie within 0 to 10, its ends included; buckets 1–15 and 61+ are told right, the others not."""
    known = outcomes([0, 10, 7, 70])
    assert coverage([0] * 4, [10] * 4, known).value == 0.75
    said = np.array([[0.3, 0.3, 0.2, 0.1], [0.9, 0.2, 0.1, 0.0], [0.9, 0.8, 0.1, 0.0], [0.9, 0.9, 0.9, 0.8]])
    assert bucket_accuracy(said, known).value == pytest.approx(3 / 4)
    assert bucket_accuracy(said, outcomes([0, 10, 7, 20], [True, True, True, False])).value is None


def test_d_calibration_by_hand() -> None:
    """A payment over [.25, .5] fills bins 3 to 5 by .2, .4, .4; an open invoice at .5 fills the lower five evenly."""
    found = d_calibration([0.5, 0.9], [0.25, 0.5], outcomes([3, 3], [True, False]))
    np.testing.assert_allclose(found.bins, [[0, 0, 0.2, 0.4, 0.4, 0, 0, 0, 0, 0], [0.2] * 5 + [0] * 5])
    assert d_calibration([0.5, 0.9], [0.25, 0.5], outcomes([3, 3], [True, False]), gap=True).value == pytest.approx(0.2)


def test_d_calibration_accepts_the_truth_and_rejects_haste() -> None:
    """P > 0.0001 for the model that the outcomes were drawn from (fails once in 10,000 at most); shifted, it is 0."""
    said, known, _ = scattered(2000, 5, censored=True)
    right = d_calibration(said.at(known.late - 1), said.at(known.late), known).value
    early = d_calibration(said.at(known.late + 1), said.at(known.late + 2), known).value
    assert right is not None
    assert right > 1e-4
    assert early == pytest.approx(0, abs=1e-9)


def test_cash_error_by_hand() -> None:
    """Expected 60 + 20 and 40 + 80, came 100 and 50: off by 20 and 70 in 150."""
    curves = np.array([[1.0] * 60 + [0.4] * 7 + [0.0], [1.0] * 60 + [0.8] * 7 + [0.0]])
    weeks = pd.DatetimeIndex(["2024-03-01", "2024-03-08"])
    came = pd.DataFrame([[100.0, 0.0], [0.0, 50.0]], columns=weeks)
    found = cash_error(prediction(curves), came, np.array([100.0, 100.0]))
    np.testing.assert_allclose(found.forecast, [[60, 40], [20, 80]])
    assert found.value == pytest.approx(100 * 90 / 150)
    assert cash_error(prediction(curves), came[[]], np.array([100.0, 100.0])).value is None


def every(said: Prediction, known: Outcomes, rows: np.ndarray) -> dict[str, object]:
    """Return all scores of the chosen rows."""
    part = prediction(said.curves[rows])
    found = Outcomes(late=known.late[rows], paid=known.paid[rows], term=known.term[rows])
    came = pd.DataFrame({pd.Timestamp("2024-03-01"): (1.0 * found.paid * (found.late % 3))})
    return dict(scores(part, found, came, np.full(len(rows), 100.0), np.arange(-10, 26)))


def test_the_order_of_rows_changes_nothing() -> None:
    """Every metric, with censoring."""
    said, known, _ = scattered(300, 6, censored=True)
    one, other = every(said, known, np.arange(300)), every(said, known, np.random.default_rng(0).permutation(300))
    assert list(one) == list(METRICS)
    for name in METRICS:
        assert one[name].value == pytest.approx(other[name].value, abs=1e-9), name


def test_a_customer_drawn_twice_counts_as_two() -> None:
    """Resampled values are those of the rows repeated, for every metric that is resampled.

    The order of the invoices is that among the rows themselves: a rank is one among others.
    """
    said, known, _ = scattered(300, 7, censored=False)
    owner = np.arange(300) % 7
    counts = np.array([3, 0, 1, 2, 0, 1, 1])
    found = every(said, known, np.arange(300))
    rows = np.repeat(np.arange(300), counts[owner])
    repeated = every(said, known, rows)
    repeated["concordance"] = concordance(said.order()[rows], outcomes(known.late[rows]))
    for name in METRICS:
        sample = found[name].resampled(owner, counts[None, :].astype(float))
        if name == "d_calibration":
            assert np.isnan(sample).all()
        else:
            assert sample[0] == pytest.approx(repeated[name].value, abs=1e-9), name


def test_weights_undo_the_censoring() -> None:
    """Censored at random days, each metric is that of whole outcomes: within 4 standard errors (1 in 10,000)."""
    said, known, truth = scattered(20_000, 8, censored=True)
    rows = np.arange(20_000)
    seen, whole = every(said, known, rows), every(said, outcomes(truth), rows)
    rng = np.random.default_rng(9)
    counts = rng.multinomial(200, np.full(200, 1 / 200), size=60).astype(float)
    for name in ("concordance", "integrated_brier", "mae", "auc_late", "auc_late_15", "coverage", "bucket_accuracy"):
        error = seen[name].resampled(rows % 200, counts).std()
        assert abs(seen[name].value - whole[name].value) < 4 * error, name


def test_predictions_must_be_numbers_of_the_right_shape() -> None:
    """The message names the shape."""
    with pytest.raises(BadInput, match=r"must have shape \(2,\)"):
        concordance([1.0], outcomes([1, 2]))
    with pytest.raises(BadInput, match="must be finite numbers"):
        median_error([1.0, np.nan], outcomes([1, 2]))
    with pytest.raises(BadInput, match="must have one length"):
        Outcomes(late=np.array([1]), paid=np.array([True, False]), term=np.array([3]))


def test_nobody_to_judge_is_not_a_number() -> None:
    """No invoice at all: every metric is None, and nothing warns."""
    assert FollowUp.of(np.array([], np.int64), np.array([], bool)).chance.tolist() == [1.0]
    nobody = outcomes(np.array([], np.int64))
    assert median_error([], nobody).value is None
    assert concordance([], nobody).value is None
    assert auc_late([], nobody, 0).value is None
    assert d_calibration([], [], nobody).value is None
