"""How good predictions of payment days are: pure functions of predictions and outcomes.

Each takes a `Prediction` and the `Outcomes` of the same invoices, row by row, and returns a `Score`: its `value`, or
None where it is not defined, and the same for resampled customers. Invoices whose end is not known count through the
weights of `models.evaluation.outcomes`. The order of rows changes nothing. Days are days relative to the due date.

References: Uno et al. (2011), Statistics in Medicine 30:1105 (concordance); Graf et al. (1999), Statistics in Medicine
18:2529 (Brier score under censoring); Uno et al. (2007), JASA 102:527 (cumulative/dynamic AUC); Haider et al. (2020),
JMLR 21:85 (D-calibration); Czado et al. (2009), Biometrics 65:1254 (calibration of whole-number predictions).
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput
from ledger.arrays import Floats, Ints
from ledger.table.months import day_numbers
from models.evaluation.outcomes import FLOOR, Outcomes
from models.evaluation.prediction import Prediction
from models.evaluation.scores import BINS, Absolute, Averaged, DCalibration, Gap, Ranked, Score, Separated
from models.families.part_payments import ExpectedShares

SUPPORT: Final = (-10, 25)  # holds 95 % of the payments of a real ledger; both ends included
BUCKETS: Final = (0, 15, 30, 60)  # last days of: paid in time, 1–15, 16–30, 31–60 days late; the fifth is 61+


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingMetric:
    """How a metric is shown and judged."""

    label: str
    better: Literal[-1, 0, 1]  # +1: higher is better, −1: lower is better, 0: neither
    places: int
    meaning: str


METRICS: Final[dict[str, TimingMetric]] = {
    "concordance": TimingMetric(
        label="C", better=1, places=3, meaning="IPCW concordance of days from issue to payment"
    ),
    "integrated_brier": TimingMetric(
        label="IBS", better=-1, places=4, meaning="IPCW Brier score, mean over the support"
    ),
    "mae": TimingMetric(label="MAE", better=-1, places=2, meaning="mean absolute error of the median, days"),
    "mae_by_amount": TimingMetric(
        label="MAE/amt", better=-1, places=2, meaning="mean absolute error of the median weighted by amount, days"
    ),
    "rmse": TimingMetric(label="RMSE", better=-1, places=2, meaning="root mean squared error of the median, days"),
    "auc_late": TimingMetric(label="AUC>0", better=1, places=3, meaning="IPCW AUC of being late"),
    "auc_late_15": TimingMetric(label="AUC>15", better=1, places=3, meaning="IPCW AUC of being more than 15 days late"),
    "auc_late_30": TimingMetric(label="AUC>30", better=1, places=3, meaning="IPCW AUC of being more than 30 days late"),
    "coverage": TimingMetric(
        label="cover", better=0, places=3, meaning="share paid within the 10 % and 90 % quantiles"
    ),
    "coverage_expected": TimingMetric(
        label="expect", better=0, places=3, meaning="what the model itself says of that share"
    ),
    "coverage_gap": TimingMetric(label="gap", better=-1, places=3, meaning="|coverage − coverage_expected|"),
    "d_calibration": TimingMetric(label="D-p", better=1, places=3, meaning="p value of the D-calibration test"),
    "d_calibration_gap": TimingMetric(
        label="D-gap", better=-1, places=3, meaning="largest error of a D-calibration bin"
    ),
    "bucket_accuracy": TimingMetric(
        label="bucket", better=1, places=3, meaning="share in the most probable of five buckets"
    ),
    "cash_error": TimingMetric(label="cash %", better=-1, places=1, meaning="weekly cash-forecast error, % of cash"),
}


def concordance(predicted: npt.ArrayLike, outcomes: Outcomes) -> Ranked:
    """Return how often, of two invoices, the one predicted to take longer from issue to payment does.

    0.5 for guessing, 1 is best. Uno's estimator: pairs in which invoice i is paid on day t after issue and j is still
    unpaid then, each weighted by ``1 ÷ G(t)²``, G the chance of being followed so many days from issue. Equal
    predictions count half. Pairs with G(t) below `FLOOR` are not compared.

    Parameters
    ----------
    predicted
        Numbers that put the invoices in order of payment, such as `Prediction.order`, shape (n,); differences below a
        millionth are ties.
    outcomes
        What became of the same invoices.
    """
    guess = _checked(predicted, outcomes)
    days, chance = outcomes.late + outcomes.term, outcomes.followed_from_issue.at(outcomes.late + outcomes.term)
    key = 2 * days + ~outcomes.paid  # one unpaid on a day's evening outlasts one paid that day
    order = np.argsort(-key, kind="stable")
    event = np.where(outcomes.paid & (chance >= FLOOR), 1 / np.maximum(chance, FLOOR) ** 2, 0.0)
    rank = 1 + np.unique(np.round(guess, 6), return_inverse=True)[1]
    return Ranked(order=order, group=-key[order], event=event[order], rank=rank[order])


def brier(survival: npt.ArrayLike, outcomes: Outcomes, days: Ints) -> Averaged:
    """Return the Brier score, mean over the days: 0 is best, 0.25 for always saying one half.

    At each day t the weighted mean over invoices of ``(S(t) − [unpaid on the evening of t])²``, with the weights
    ``1 ÷ G(min(T, t))`` of those whose state at t is known (Graf et al.), G in days relative to due.

    Parameters
    ----------
    survival
        S(t), shape (n, days), 0 to 1.
    outcomes
        What became of the same invoices.
    days
        The support, in days relative to due; see `support`.
    """
    said = _checked(survival, outcomes, columns=len(days))
    weight = np.stack([outcomes.weight(day) for day in days], axis=1)
    unpaid = np.stack([outcomes.unpaid_on(day) for day in days], axis=1)
    return Averaged(top=weight * (said - unpaid) ** 2, bottom=weight)


def support(outcomes: Outcomes, wanted: tuple[int, int] = SUPPORT) -> Ints:
    """Return the days of the integrated Brier score: those wanted, clipped to what the follow-up reaches.

    Raises
    ------
    BadInput
        Where the two days are out of order.
    """
    first, last = wanted
    if first > last:
        raise BadInput("must not end before it begins", field="support", value=wanted)
    return np.arange(first, max(first, min(last, outcomes.followed.reach)) + 1)


def median_error(
    median: npt.ArrayLike, outcomes: Outcomes, *, squared: bool = False, amounts: Floats | None = None
) -> Averaged:
    """Return the mean absolute error of the median days late, or with `squared` the root mean squared one; 0 is best.

    Over invoices whose payment was seen, each weighted by ``1 ÷ G(T)``, and by its amount where `amounts` are given.
    """
    wrong = np.abs(_checked(median, outcomes) - outcomes.late)
    weight = np.where(outcomes.paid, outcomes.weight(2**30), 0.0) * (1.0 if amounts is None else amounts)
    top = weight * (wrong**2 if squared else wrong)
    return Averaged(top=top[:, None], bottom=weight[:, None], power=0.5 if squared else 1.0)


def auc_late(probability: npt.ArrayLike, outcomes: Outcomes, days: int) -> Separated:
    """Return the AUC of being more than so many days late: 0.5 for guessing, 1 is best.

    Cumulative/dynamic at that one day: cases are unpaid on its evening, controls paid by then, both weighted by
    ``1 ÷ G(min(T, day))``. Not defined where all or none are late, or the follow-up does not reach the day.
    """
    said = _checked(probability, outcomes)
    weight = outcomes.weight(days) if days <= outcomes.followed.reach else np.zeros(len(said))
    late = outcomes.unpaid_on(days)
    order = np.argsort(said, kind="stable")
    case, control = np.where(late, weight, 0.0), np.where(late, 0.0, weight)
    return Separated(order=order, group=_ranks(said)[order], case=case[order], control=control[order])


def coverage(low: npt.ArrayLike, high: npt.ArrayLike, outcomes: Outcomes) -> Averaged:
    """Return the share of invoices paid from day `low` to day `high`, ends included.

    Weighted by ``1 ÷ G(min(T, high))``. In whole days it cannot be 0.80: compare it with the model's own mass in the
    interval, `mean` of ``S(low − 1) − S(high)``.
    """
    first, last = _checked(low, outcomes), _checked(high, outcomes)
    weight = outcomes.weight(last.astype(np.int64))
    inside = outcomes.paid & (outcomes.late >= first) & (outcomes.late <= last)
    return Averaged(top=(weight * inside)[:, None], bottom=weight[:, None])


def mean(values: npt.ArrayLike) -> Averaged:
    """Return the plain mean over invoices."""
    column = np.asarray(values, np.float64).reshape(-1, 1)
    return Averaged(top=column, bottom=np.ones_like(column))


def bucket_accuracy(survival: npt.ArrayLike, outcomes: Outcomes) -> Averaged:
    """Return the share of invoices that fall into the bucket predicted as the most probable one; 1 is best.

    Buckets: paid in time, 1–15, 16–30, 31–60, 61+ days late; of equally probable ones the earliest counts. Weighted
    by ``1 ÷ G(min(T, 60))``; not defined where the follow-up does not reach day 60.

    Parameters
    ----------
    survival
        S at the evenings of `BUCKETS`, shape (n, 4).
    outcomes
        What became of the same invoices.
    """
    said = _checked(survival, outcomes, columns=len(BUCKETS))
    ends = np.pad(said, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
    guess = np.argmax(-np.diff(ends, axis=1).round(9), axis=1)
    truth = np.stack([outcomes.unpaid_on(day) for day in BUCKETS]).sum(axis=0)
    reached = outcomes.followed.reach >= BUCKETS[-1]
    weight = outcomes.weight(BUCKETS[-1]) if reached else np.zeros(len(said))
    return Averaged(top=(weight * (guess == truth))[:, None], bottom=weight[:, None])


def d_calibration(
    before: npt.ArrayLike, after: npt.ArrayLike, outcomes: Outcomes, *, gap: bool = False
) -> DCalibration:
    """Return the p value of D-calibration (high is good), or the largest error of a bin (0 is best).

    Each payment on day T is spread evenly over ``[S(T), S(T − 1)]`` (whole days have no density), each censored
    invoice over ``[0, S(c)]``; shares in ten equal bins are compared with one tenth by χ² with 9 degrees of freedom.
    The test takes invoices as independent: those of one customer are not, and over thousands it rejects any model.

    Parameters
    ----------
    before, after
        S(T − 1) and S(T) at each invoice's end T, shape (n,).
    outcomes
        What became of the same invoices.
    gap
        Return the largest error of a bin.
    """
    high = np.where(outcomes.paid, _checked(before, outcomes), _checked(after, outcomes))[:, None]
    low = np.where(outcomes.paid, _checked(after, outcomes), 0.0)[:, None]
    edges = np.arange(BINS + 1) / BINS
    width = high - low
    inside = np.clip(edges[1:], low, high) - np.clip(edges[:-1], low, high)
    point = np.minimum((high * BINS).astype(np.int64), BINS - 1) == np.arange(BINS)
    share = np.divide(inside, width, out=point.astype(np.float64), where=width > 1e-9)
    return DCalibration(bins=share, gap=gap)


def cash_error(
    prediction: Prediction, cash: pd.DataFrame, amounts: Floats, shares: ExpectedShares | None = None
) -> Absolute:
    """Return the weekly cash-forecast error in percent of the cash that came; 0 is best.

    ``100 · Σ |expected − came| ÷ Σ came`` over whole weeks, all invoices together.

    Parameters
    ----------
    prediction
        Of n invoices.
    cash
        What came of each invoice in each week, base-currency minor units, shape (n, weeks); columns are first days.
    amounts
        Of the invoices, base-currency minor units, shape (n,).
    shares
        What main payments and rests bring of them; None: all at once, by the main payment.
    """
    if not len(cash.columns):
        return Absolute(forecast=np.zeros((len(prediction), 1)), came=np.zeros((len(prediction), 1)))
    starts = day_numbers(pd.DatetimeIndex(cash.columns))
    due = day_numbers(prediction.invoices["due_date"])
    if shares is not None:
        prediction = replace(prediction, curves=1 - shares.received(1 - prediction.curves))
    before, after = prediction.at(starts - 1 - due[:, None]), prediction.at(starts + 6 - due[:, None])
    return Absolute(forecast=amounts[:, None] * (before - after), came=cash.to_numpy(np.float64))


def scores(
    prediction: Prediction,
    outcomes: Outcomes,
    cash: pd.DataFrame,
    amounts: Floats,
    days: Ints,
    *,
    shares: ExpectedShares | None = None,
) -> dict[str, Score]:
    """Return every metric of `METRICS`; `days` is the support of the Brier score, the rest is as for `cash_error`."""
    low, high = prediction.quantile(0.1), prediction.quantile(0.9)
    ends = prediction.at(outcomes.late - 1), prediction.at(outcomes.late)
    observed = coverage(low, high, outcomes)
    expected = mean(prediction.at(low - 1) - prediction.at(high))
    return {
        "concordance": concordance(prediction.order(), outcomes),
        "integrated_brier": brier(np.stack([prediction.at(day) for day in days], axis=1), outcomes, days),
        "mae": median_error(prediction.median(), outcomes),
        "mae_by_amount": median_error(prediction.median(), outcomes, amounts=amounts),
        "rmse": median_error(prediction.median(), outcomes, squared=True),
        "auc_late": auc_late(prediction.probability_late(0), outcomes, 0),
        "auc_late_15": auc_late(prediction.probability_late(15), outcomes, 15),
        "auc_late_30": auc_late(prediction.probability_late(30), outcomes, 30),
        "coverage": observed,
        "coverage_expected": expected,
        "coverage_gap": Gap(one=observed, other=expected),
        "d_calibration": d_calibration(*ends, outcomes),
        "d_calibration_gap": d_calibration(*ends, outcomes, gap=True),
        "bucket_accuracy": bucket_accuracy(np.stack([prediction.at(day) for day in BUCKETS], axis=1), outcomes),
        "cash_error": cash_error(prediction, cash, amounts, shares),
    }


def _checked(values: npt.ArrayLike, outcomes: Outcomes, *, columns: int | None = None) -> Floats:
    """Return predictions as finite numbers of the right shape."""
    array = np.asarray(values, np.float64)
    wanted = (len(outcomes),) if columns is None else (len(outcomes), columns)
    if array.shape != wanted:
        raise BadInput(f"must have shape {wanted}", field="predictions", value=array.shape)
    if not np.isfinite(array).all():
        raise BadInput("must be finite numbers", field="predictions")
    return array


def _ranks(values: Floats) -> Ints:
    return np.asarray(np.unique(values, return_inverse=True)[1], np.int64)
