"""One back-test's test invoices: what became of them, how a model predicted them, and how sure a difference is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.answers import FEW_CUSTOMERS
from ledger.table.ledger import Day, as_day, positions
from ledger.table.months import day_number, day_numbers, timestamp
from models.evaluation.footprint import measured
from models.evaluation.metrics import METRICS, scores, support
from models.evaluation.outcomes import Outcomes
from models.evaluation.prediction import Prediction, predict
from models.evaluation.scores import Score
from models.families.part_payments import ExpectedShares, PartPayments
from models.timing import PaymentTiming, fit

BASELINES: Final = ("due_date", "customer_mean", "kaplan_meier")
CONFIDENCE: Final = 0.95
PAIRED: Final = ("model", "baseline", "metric", "difference", "low", "high", "verdict")
UNJUDGED: Final = "not judged"
_DEFINED: Final = 0.9  # share of the resamples in which a metric must be defined to have an interval


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelResult:
    """One model's predictions, metrics, resampled metrics and costs."""

    fitted: PaymentTiming
    prediction: Prediction
    scores: dict[str, float]
    samples: dict[str, Floats]
    costs: dict[str, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class HeldOut:
    """The test invoices, what became of them, and the resamples of their customers."""

    cut: pd.Timestamp
    until: pd.Timestamp
    invoices: pd.DataFrame
    outcomes: Outcomes
    cash: pd.DataFrame
    amounts: Floats
    shares: ExpectedShares  # of the amounts, as known at the cut
    wanted: tuple[int, int]  # support of the Brier score as asked for, and below as followed
    days: Ints
    owner: Ints
    units: int  # customers with a payment that was seen: what is independent
    counts: Floats
    seed: int

    @classmethod
    def of(
        cls, ledger: Ledger, cut: pd.Timestamp, until: Day | None, *, days: tuple[int, int], bootstrap: int, seed: int
    ) -> "HeldOut":
        """Return the test of invoices issued after the cut."""
        last = ledger.as_of if until is None else as_day(until, field="until")
        _check(ledger, cut, last)
        issue = ledger.invoices["issue_date"]
        rows = ((issue > cut) & (issue <= last)).to_numpy(bool)
        if not rows.any():
            raise BadInput(f"no invoice was issued after it and by {last:%F}", field="cut", value=f"{cut:%F}")
        invoices = ledger.invoices[rows].reset_index(drop=True)
        outcomes = Outcomes.of(ledger, rows)
        owner, counts = resamples(invoices["customer_id"], bootstrap, seed)
        units = len(np.unique(owner[outcomes.paid]))
        return cls(
            cut=cut,
            until=last,
            invoices=invoices,
            outcomes=outcomes,
            cash=weekly_cash(ledger, rows, cut),
            amounts=invoices["amount"].to_numpy(np.float64) * ledger.base_rate[rows],
            shares=_shares(ledger.snapshot(cut), invoices["customer_id"]),
            wanted=days,
            days=support(outcomes, days),
            owner=owner,
            units=units,
            counts=counts if units >= FEW_CUSTOMERS else counts[:0],
            seed=seed,
        )

    def run(self, model: str | PaymentTiming, known: Ledger, ledger: Ledger, *, seed: int) -> ModelResult:
        """Fit, predict and score one model."""
        learned = measured(lambda: fit(known, model=model, seed=seed) if isinstance(model, str) else model)
        told = measured(lambda: predict(learned.result.knowing(ledger), self.invoices))
        peaks = [step.peak_mib for step in (learned, told) if step.peak_mib is not None]
        found: dict[str, Score] = scores(
            told.result, self.outcomes, self.cash, self.amounts, self.days, shares=self.shares
        )
        values = {name: score.value for name, score in found.items()}
        return ModelResult(
            fitted=learned.result,
            prediction=told.result,
            scores={name: np.nan if value is None else value for name, value in values.items()},
            samples={name: score.resampled(self.owner, self.counts) for name, score in found.items()},
            costs={
                "fit_seconds": learned.seconds if isinstance(model, str) else np.nan,
                "predict_seconds": told.seconds,
                "peak_mib": max(peaks, default=np.nan),
            },
        )


def _shares(known: Ledger, customers: "pd.Series[str]") -> ExpectedShares:
    return PartPayments.of(known).expected(positions(customers, known.customers["customer_id"]))


def resamples(customers: "pd.Series[str]", size: int, seed: int) -> tuple[Ints, Floats]:
    """Return whose each invoice is, (invoices,), and how often each customer counts, (size, customers).

    With fewer than `FEW_CUSTOMERS` there is no resample: their spread would be too small. Customers are numbered in the
    order of their ids, so the order of rows changes nothing.
    """
    ids, owner = np.unique(customers.to_numpy(dtype=object), return_inverse=True)
    size = size if len(ids) >= FEW_CUSTOMERS else 0
    draw = np.random.default_rng((seed, len(ids)))
    return owner, draw.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=size).astype(np.float64)


def _check(ledger: Ledger, cut: pd.Timestamp, last: pd.Timestamp) -> None:
    if not len(ledger.invoices):
        raise BadInput("has no invoices: nothing to learn from, nothing to predict", where="ledger")
    first = ledger.invoices["issue_date"].min()
    if not first <= cut < ledger.as_of:
        rule = f"must lie in what the ledger knows, {first:%F} to the day before {ledger.as_of:%F}"
        raise BadInput(rule, field="cut", value=f"{cut:%F}")
    if not cut < last <= ledger.as_of:
        rule = f"must lie after the cut and not after {ledger.as_of:%F}, the ledger's last day"
        raise BadInput(rule, field="until", value=f"{last:%F}")


def intervals(runs: dict[str, ModelResult]) -> pd.DataFrame:
    """Return the interval of each metric of each model; columns model, metric, low, high."""
    rows = [
        {"model": model, "metric": name, **interval(run.samples[name])}
        for model, run in runs.items()
        for name in METRICS
    ]
    return pd.DataFrame(rows)


def paired(runs: dict[str, ModelResult], against: Sequence[str] = BASELINES) -> pd.DataFrame:
    """Return the difference of every model to every baseline in every metric that has a direction and resamples.

    Columns `PAIRED`. A difference is better or worse where its whole interval lies on one side of zero, else undecided;
    without an interval it is not judged.
    """
    pairs = [(one, base) for one in runs for base in against if base in runs and one != base]
    judged = [name for name, metric in METRICS.items() if metric.better and name != "d_calibration"]
    rows = []
    for one, base in pairs:
        for name in judged:
            bounds = interval(runs[one].samples[name] - runs[base].samples[name])
            apart = runs[one].scores[name] - runs[base].scores[name]
            verdict = _verdict(bounds["low"], bounds["high"], METRICS[name].better)
            rows.append((one, base, name, apart, bounds["low"], bounds["high"], verdict))
    return pd.DataFrame(rows, columns=list(PAIRED))


def _verdict(low: float, high: float, better: int) -> str:
    """Return whether the whole interval lies on one side of no difference; see `paired`."""
    if not np.isfinite([low, high]).all():
        return UNJUDGED
    if low > 0 or high < 0:
        return "better" if (low > 0) == (better > 0) else "worse"
    return "undecided"


def interval(samples: Floats) -> dict[str, float]:
    """Return the percentile interval of resampled values; NaN where too few are defined."""
    defined = samples[np.isfinite(samples)]
    if len(defined) < max(2, _DEFINED * len(samples)):
        return {"low": np.nan, "high": np.nan}
    low, high = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {"low": float(low), "high": float(high)}


def weekly_cash(ledger: Ledger, rows: Flags, cut: pd.Timestamp) -> pd.DataFrame:
    """Return the cash that came of each chosen invoice in each whole week after the cut, by first day of the week.

    Base-currency minor units; cash that came before its invoice was issued counts on the issue day.
    """
    start = day_number(cut) + 1
    weeks = (day_number(ledger.as_of) + 1 - start) // 7
    place = np.full(len(rows), -1)
    place[rows] = np.arange(rows.sum())
    payments, row = ledger.payments, ledger.invoice_of_payment
    counts = (row >= 0) & (payments["kind"] == "cash").to_numpy(bool)
    row = row[counts]
    came = np.maximum(day_numbers(payments["received_date"])[counts], day_numbers(ledger.invoices["issue_date"])[row])
    week = (came - start) // 7
    kept = (place[row] >= 0) & (week >= 0) & (week < weeks)
    cash = np.zeros((int(rows.sum()), weeks))
    value = payments["amount"].to_numpy(np.float64)[counts] * ledger.base_rate[row]
    np.add.at(cash, (place[row][kept], week[kept]), value[kept])
    return pd.DataFrame(cash, columns=pd.DatetimeIndex([timestamp(start + 7 * k) for k in range(weeks)]))
