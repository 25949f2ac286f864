import numpy as np
import pytest
from scipy import stats

from experiments.comparing.statistics import (
    Interval,
    mean_interval,
    no_worse,
    paired_difference,
    verdict,
    within_margin,
)


def interval(low: float | None, high: float | None) -> Interval:
    """Return an interval with these bounds."""
    mean = None if low is None or high is None else (low + high) / 2
    return Interval(mean=mean, low=low, high=high, n=0 if low is None else 5)


def test_interval_is_that_of_scipy():
    """The t interval of scipy is a known answer."""
    values = [38.2, 37.1, 39.4, 38.8, 36.9, 38.0]
    low, high = stats.t.interval(0.95, 5, loc=np.mean(values), scale=stats.sem(values))
    found = mean_interval(values, 0.95)
    assert found.low == pytest.approx(low, rel=1e-12)
    assert found.high == pytest.approx(high, rel=1e-12)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-15)


def test_paired_difference_is_the_interval_of_the_differences():
    """Pairing subtracts replication by replication: a shift that all share leaves no uncertainty."""
    noise = np.random.default_rng(0).normal(38, 5, 8)
    found = paired_difference(noise - 2, noise)
    assert found.mean == pytest.approx(-2)
    assert (found.low, found.high) == pytest.approx((-2, -2), abs=1e-12)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_interval_covers_the_true_mean_as_often_as_it_says(confidence: float):
    """Of 4,000 intervals over 10 normal values, the share that covers lies within 4 binomial standard errors.

    Two-sided 4 standard errors: a right interval fails less than once in 10,000 seeds.
    """
    samples = np.random.default_rng(11).normal(3.0, 2.0, (4000, 10))
    found = [mean_interval(sample, confidence) for sample in samples]
    covered = np.mean([one.low <= 3.0 <= one.high for one in found if one.low is not None and one.high is not None])
    assert abs(covered - confidence) < 4 * np.sqrt(confidence * (1 - confidence) / 4000)


def test_one_replication_has_no_interval():
    """One number has a mean, no spread and no verdict."""
    found = mean_interval([4.0])
    assert (found.mean, found.low, found.high, found.n) == (4.0, None, None, 1)
    assert verdict(found, better=-1, margin=0.0) == "undecided"
    assert not within_margin(found, 100.0)


def test_values_that_are_not_available_are_left_out():
    """NaN is no zero; nothing at all has no mean."""
    assert mean_interval([1.0, np.nan, 3.0]) == mean_interval([1.0, 3.0])
    assert mean_interval([np.nan, np.nan]) == Interval(mean=None, low=None, high=None, n=0)
    assert paired_difference([1.0, np.nan], [0.5, 0.5]).n == 1


def test_equal_differences_give_an_interval_without_width():
    """Where every replication agrees, so does the interval, to the last digit."""
    assert mean_interval([0.1] * 7) == Interval(mean=0.1, low=0.1, high=0.1, n=7)
    assert verdict(mean_interval([0.0] * 7), better=1, margin=0.0) == "undecided"


@pytest.mark.parametrize(
    ("low", "high", "better", "expected"),
    [
        (-2.0, -1.0, -1, "better"),
        (-2.0, -1.0, 1, "worse"),
        (1.0, 2.0, 1, "better"),
        (1.0, 2.0, -1, "worse"),
        (-2.0, -0.4, -1, "undecided"),
        (-0.1, 0.1, 1, "undecided"),
        (None, None, 1, "undecided"),
    ],
)
def test_verdict_asks_for_the_whole_interval_beyond_the_margin(
    low: float | None, high: float | None, better: int, expected: str
):
    """Better or worse only where the interval lies beyond 0.5 as a whole, on the side the metric calls good."""
    assert verdict(interval(low, high), better=better, margin=0.5) == expected


def test_a_difference_within_the_margin_does_not_matter():
    """An interval inside ± margin is told from one that is merely wide."""
    assert within_margin(interval(-0.4, 0.3), 0.5)
    assert not within_margin(interval(-0.4, 0.6), 0.5)


@pytest.mark.parametrize(
    ("low", "high", "better", "holds"), [(-0.4, 9, 1, True), (-9, 0.4, -1, True), (-0.6, 9, 1, False)]
)
def test_no_worse_looks_at_the_bad_side_alone(low: float, high: float, better: int, holds: bool):
    """The bad end of the interval must lie within the margin; without an interval nothing is known."""
    assert no_worse(interval(low, high), better=better, margin=0.5) is holds
    assert not no_worse(interval(None, None), better=better, margin=0.5)
