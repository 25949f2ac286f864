"""How well would it have predicted: train on what was known at a past day, judge by what came after it.

A model learns from `ledger.snapshot(cut)` alone. Each test invoice, issued after the cut, is predicted on its
issue day with history rolled forward to that evening (`PaymentTiming.knowing`). Its outcome is what the whole ledger
knows; what is still open, or ended without cash, is censored.

Intervals are percentiles over resampled *customers*, for invoices of one customer are alike; the same resamples serve
all models, so that differences are paired. The weights for censoring stay as estimated from all test invoices. With
few customers (`ledger.table.answers`) of whom a payment was seen there is no interval and no verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.files.reading import one_of
from ledger.json_ready import json_ready
from ledger.progress import Progress, silent
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.table.answers import few
from ledger.table.ledger import Day, as_day
from ledger.wording import plural
from models.evaluation.metrics import BUCKETS, METRICS, SUPPORT
from models.evaluation.outcomes import Outcomes
from models.evaluation.prediction import Prediction
from models.evaluation.test_set import BASELINES, CONFIDENCE, HeldOut, ModelResult, intervals, paired
from models.timing import FITTERS, PaymentTiming

SHOWN: Final = (
    *("concordance", "integrated_brier", "mae", "auc_late", "auc_late_15", "auc_late_30"),
    *("coverage", "coverage_expected", "bucket_accuracy", "cash_error"),
)
COSTS: Final = ("fit_seconds", "predict_seconds", "peak_mib")
Models = Sequence[str | PaymentTiming] | Mapping[str, str | PaymentTiming]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backtest(Result):
    """How well each model would have predicted the invoices issued after a day.

    `metrics` has one row per model, columns `METRICS` and `COSTS`, NaN where not defined; `intervals` columns model,
    metric, low, high; `paired` columns model, baseline, metric, difference (model − baseline), low, high, verdict.
    """

    cut: pd.Timestamp
    until: pd.Timestamp
    as_of: pd.Timestamp
    invoices: int
    customers: int
    units: int  # customers with a payment that was seen
    observed: float  # share of the test invoices whose payment was seen
    support: tuple[int, int]  # of the Brier score, days relative to due
    wanted: tuple[int, int]  # the same, before it was clipped to what is followed
    weeks: int  # of the cash-forecast error
    bootstrap: int
    seed: int
    metrics: pd.DataFrame
    intervals: pd.DataFrame
    paired: pd.DataFrame
    predictions: dict[str, Prediction]
    fitted: dict[str, PaymentTiming]
    outcomes: Outcomes

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order they were given, baselines first where those were not."""
        return tuple(self.metrics.index)

    def summary(self, *, costs: bool = True) -> str:
        """Return the result as text of at most 80 columns, with or without seconds and memory."""
        labels = {name: METRICS[name].label for name in SHOWN} | (_COST_LABELS if costs else {})
        rows = [(model, *(cell(name, row[name]) for name in labels)) for model, row in self._rows(self.metrics)]
        table = text_table(("model", *labels.values()), rows)
        return "\n".join([wrapped(self.headline()), table, *map(wrapped, self.notes())])

    def headline(self) -> str:
        """Return what was tested, in one line."""
        return (
            f"{plural(self.invoices, 'invoice')} of {plural(self.customers, 'customer')}, issued "
            f"{self.cut + pd.Timedelta(days=1):%F} "
            f"to {self.until:%F}; {100 * self.observed:.1f} % seen paid"
        )

    def notes(self) -> list[str]:
        """Return why what is not available is not, and what models had to leave out, a sentence each."""
        reach = self.outcomes.followed.reach
        absent = [name for name in METRICS if self.metrics[name].isna().all()]
        said = [f"{METRICS[name].label} is not available: {_reason(name, self.outcomes, reach)}." for name in absent]
        if self.support[1] < self.wanted[1]:
            said.append(
                f"IBS ends on day {self.support[1]}, not {self.wanted[1]}: beyond, too few invoices are followed."
            )
        if reason := few(self.units, " with a payment that was seen"):
            lone = "Intervals resample customers, and there is only one. " if self.customers == 1 else ""
            said.append(f"{lone}There is no interval and no verdict: {reason}.")
        return said + [
            f"{name}: {note}." for name, model in self.fitted.items() for note in getattr(model, "notes", ())
        ]

    def table(self) -> pd.DataFrame:
        """Return one row per model and metric: value (NaN where not defined), low, high."""
        values = [(model, name, row[name]) for model, row in self._rows(self.metrics) for name in METRICS]
        table = pd.DataFrame(values, columns=["model", "metric", "value"]).set_index(["model", "metric"])
        return table.join(self.intervals.set_index(["model", "metric"])[["low", "high"]])

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the predictions as plain values; None where a number is not defined."""
        bounds = self.intervals.set_index(["model", "metric"])[["low", "high"]].T.to_dict("list")
        return {
            "cut": f"{self.cut:%F}",
            "until": f"{self.until:%F}",
            "as_of": f"{self.as_of:%F}",
            "invoices": self.invoices,
            "customers": self.customers,
            "paying_customers": self.units,
            "observed": self.observed,
            "brier_support": list(self.support),
            "notes": self.notes(),
            "weeks": self.weeks,
            "bootstrap": self.bootstrap,
            "seed": self.seed,
            "confidence": CONFIDENCE,
            "baselines": [name for name in BASELINES if name in self.models],
            "metrics": json_ready(dict(self._rows(self.metrics))),
            "intervals": {model: {name: _bounds(bounds[model, name]) for name in METRICS} for model in self.models},
            "paired": json_ready(self.paired.to_dict("records")),
        }

    @staticmethod
    def _rows(table: pd.DataFrame) -> list[tuple[str, dict[str, float]]]:
        return [(str(model), {str(k): float(v) for k, v in row.items()}) for model, row in table.iterrows()]


_COST_LABELS: Final = {"fit_seconds": "fit s", "predict_seconds": "pred s", "peak_mib": "MiB"}


def _reason(metric: str, outcomes: Outcomes, reach: int) -> str:
    """Return why a metric is not defined."""
    if metric == "cash_error":
        return "no cash came in a whole week after the cut"
    needed = {"auc_late_15": 15, "auc_late_30": 30, "bucket_accuracy": BUCKETS[-1]}.get(metric, 0)
    if reach < needed:
        return f"too few invoices are followed to day {needed}"
    if not outcomes.paid.any():
        return "no payment was seen"
    return f"all or none of the invoices are more than {needed} days late" if "auc" in metric else "too little is known"


def cell(metric: str, value: float) -> str:
    """Return a metric or a cost as it is shown; – where it is not defined."""
    places = METRICS[metric].places if metric in METRICS else 0 if metric == "peak_mib" else 1
    return f"{value:.{places}f}" if np.isfinite(value) else "–"


def _bounds(pair: list[float]) -> list[float] | None:
    plain: list[float] = json_ready(pair)
    return None if None in plain else plain


def backtest(
    ledger: Ledger,
    *,
    cut: Day,
    models: Models,
    until: Day | None = None,
    days: tuple[int, int] = SUPPORT,
    bootstrap: int = 200,
    seed: int = 0,
    against: Sequence[str] = (),
    progress: Progress = silent,
) -> Backtest:
    """Return how well models would have predicted the invoices issued after a day; the baselines always run beside.

    Parameters
    ----------
    ledger
        All that is known now.
    cut
        Last day of what the models may learn from.
    models
        Names of `FITTERS`, or fitted models (which must have been fitted by the cut; their fit is not timed). A mapping
        gives them other names than their own.
    until
        Last issue day of the test; default the ledger's last day.
    days
        Support of the integrated Brier score, relative to due.
    bootstrap
        Resamples of customers; 0 for no intervals.
    seed
        Of models that draw, and of the resamples.
    against
        Names of further models, beside the baselines, that the others are compared with in `paired`.
    progress
        Called with steps done, steps in all and what is under way.

    Raises
    ------
    BadInput
        Where the cut lies outside the ledger, nothing is known at it or issued after it, or a model is unknown.
    Refused
        Where what is known at the cut cannot teach when invoices are paid.
    """
    start = as_day(cut, field="cut")
    chosen, held_out = named(models), HeldOut.of(ledger, start, until, days=days, bootstrap=bootstrap, seed=seed)
    known = ledger.snapshot(start)
    if not len(known.invoices):
        raise BadInput("no invoice was issued by then: nothing to learn from", field="cut", value=f"{start:%F}")
    known.answers().demand("timing", f"a back-test from {start:%F} has nothing to learn from")
    runs: dict[str, ModelResult] = {}
    for k, (name, model) in enumerate(chosen.items()):
        progress(k, len(chosen), name)
        runs[name] = held_out.run(model, known, ledger, seed=seed)
    progress(len(chosen), len(chosen), "done")
    return _result(held_out, runs, ledger, (*BASELINES, *against))


def _result(held_out: HeldOut, runs: dict[str, ModelResult], ledger: Ledger, against: tuple[str, ...]) -> Backtest:
    return Backtest(
        cut=held_out.cut,
        until=held_out.until,
        as_of=ledger.as_of,
        invoices=len(held_out.invoices),
        customers=held_out.counts.shape[1],
        units=held_out.units,
        observed=float(held_out.outcomes.paid.mean()),
        support=(int(held_out.days[0]), int(held_out.days[-1])),
        wanted=held_out.wanted,
        weeks=len(held_out.cash.columns),
        bootstrap=len(held_out.counts),
        seed=held_out.seed,
        metrics=pd.DataFrame({model: run.scores | run.costs for model, run in runs.items()}).T,
        intervals=intervals(runs),
        paired=paired(runs, against),
        predictions={model: run.prediction for model, run in runs.items()},
        fitted={model: run.fitted for model, run in runs.items()},
        outcomes=held_out.outcomes,
    )


def named(models: Models) -> dict[str, str | PaymentTiming]:
    """Return the models by name, with the baselines before them.

    Raises
    ------
    BadInput
        Where a name is unknown, or two models have one.
    """
    pairs = models.items() if isinstance(models, Mapping) else [(_name(model), model) for model in models]
    given: dict[str, str | PaymentTiming] = {}
    for name, model in pairs:
        if isinstance(model, str):
            one_of(model, FITTERS, field="model")
        if name in given:
            raise BadInput("is named twice", field="model", value=name)
        given[name] = model
    return {name: name for name in BASELINES if name not in given} | given


def _name(model: str | PaymentTiming) -> str:
    return model if isinstance(model, str) else model.name
