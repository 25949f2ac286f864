"""What a study found: every replication, and what follows from them."""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from experiments.comparing.metrics import METRICS
from experiments.comparing.number_format import called
from experiments.comparing.statistics import (
    Interval,
    mean_interval,
    no_worse,
    paired_difference,
    verdict,
    within_margin,
)
from experiments.comparing.study import Study
from experiments.comparing.verdict import Evidence, Pair, finding
from ledger import BadInput
from ledger.arrays import Floats
from ledger.json_ready import json_object
from ledger.notes import Note, warnings_among
from ledger.results import Result

MARKER: Final = "comparison.json"
CURVES: Final = "payment_curves.parquet"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison(Result):
    """A finished study.

    Parameters
    ----------
    names
        Name of each strategy by the way the study gives it.
    replications
        One row per strategy and replication: `strategy`, `replication` and one column per metric (NaN: not available).
    paths
        One row per strategy, replication and day: `elapsed` days since the start, KPIs, aging, `cash_since_start`.
    assumptions
        The simulator's parameters with range, source and evidence grade.
    portfolio, customers, currency, start, notes, fingerprint
        The receivables: name, number of customers, base currency, the day before the first simulated one, where the
        customers' behaviour comes from, and what tells one set of data from another.
    model
        The payment-timing model that the customers follow; empty where the portfolio has a law of its own.
    curves
        With a ledger: the share of invoices paid by days past due, `source` observed or simulated (baseline), `day`,
        `mean`, `low`, `high`.
    version
        Of the code.
    seconds
        That the study took.
    """

    study: Study
    names: Mapping[str, str]
    replications: pd.DataFrame
    paths: pd.DataFrame
    assumptions: pd.DataFrame
    portfolio: str
    customers: int
    currency: str
    start: pd.Timestamp
    notes: tuple[str, ...]
    fingerprint: str
    version: str
    seconds: float
    model: str = ""
    curves: pd.DataFrame | None = None

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies, in the order of the study."""
        return tuple(self.names[strategy] for strategy in self.study.strategies)

    @property
    def baseline(self) -> str:
        """Name of the strategy that the others are compared with."""
        return self.names[self.study.baseline]

    @property
    def end(self) -> pd.Timestamp:
        """Last simulated day."""
        return self.start + pd.Timedelta(days=self.study.days)

    @cached_property
    def _by_strategy(self) -> dict[str, pd.DataFrame]:
        """The replications of each strategy, in their order."""
        rows = self.replications.sort_values("replication")
        return {name: rows[rows["strategy"] == name] for name in self.strategies}

    def values(self, strategy: str, metric: str) -> Floats:
        """Return a metric of a strategy, one number per replication, in their order."""
        return self._by_strategy[strategy][metric].to_numpy(np.float64)

    def mean(self, strategy: str, metric: str) -> Interval:
        """Return the mean of a metric over replications, with its interval."""
        return mean_interval(self.values(strategy, metric), self.study.confidence)

    @property
    def warnings(self) -> tuple[Note, ...]:
        """Notes without which a result would be taken for more than it is."""
        return warnings_among(self.notes)

    def margin(self, metric: str) -> float:
        """Return the smallest difference that matters, in the metric's unit; see `margin_notes`.

        NaN where it is a share of means that are not available.
        """
        means = [self.mean(strategy, metric).mean for strategy in self.strategies]
        known = [abs(mean) for mean in means if mean is not None]
        base = self.mean(self.baseline, metric).mean
        if self.study.share(metric) is not None and (base is None or not known):
            return float("nan")
        return self.study.margin(metric, base, max(known, default=0.0))

    def margin_notes(self, metrics: Iterable[str] = METRICS) -> list[str]:
        """Return whose margin is a share of the largest mean, because the baseline has nothing to take a share of."""
        bare = [
            METRICS[metric].title
            for metric in metrics
            if self.study.share(metric) is not None
            and not self.mean(self.baseline, metric).mean
            and self.margin(metric) > 0
        ]
        if not bare:
            return []
        return [f"{', '.join(bare)}: {called(self.baseline)} has none, so the margin is a share of the largest mean."]

    def pair(self, strategy: str, metric: str) -> Pair:
        """Return a strategy's difference to the baseline in one metric, with its verdict."""
        baseline = self.values(self.baseline, metric)
        difference = paired_difference(self.values(strategy, metric), baseline, self.study.confidence)
        margin = self.margin(metric)
        return Pair(
            strategy=strategy,
            metric=metric,
            difference=difference,
            margin=margin,
            verdict=verdict(difference, better=METRICS[metric].better, margin=margin),
            equal=within_margin(difference, margin),
            no_worse=no_worse(difference, better=METRICS[metric].better, margin=margin),
        )

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every strategy but the baseline, in every metric."""
        others = (strategy for strategy in self.strategies if strategy != self.baseline)
        return tuple(self.pair(strategy, metric) for strategy in others for metric in METRICS)

    def path(self, column: str, *, against_baseline: bool = False) -> pd.DataFrame:
        """Return mean, low and high of a path by strategy and day (`strategy`, `elapsed`, `mean`, `low`, `high`)."""
        rows = self.paths.set_index(["strategy", "elapsed", "replication"])[column]
        wide = pd.DataFrame({name: rows.loc[name] for name in self.strategies})
        if against_baseline:
            wide = wide.sub(wide[self.baseline], axis=0)
        found = []
        for strategy in self.strategies:
            for elapsed, values in wide[strategy].groupby(level="elapsed"):
                own = mean_interval(values.to_numpy(np.float64), self.study.confidence)
                found.append((strategy, elapsed, own.mean, own.low, own.high))
        table = pd.DataFrame(found, columns=["strategy", "elapsed", "mean", "low", "high"])
        return table.astype(dict.fromkeys(("mean", "low", "high"), "float64"))

    def table(self) -> pd.DataFrame:
        """Return one row per strategy and metric: mean, interval, difference to the baseline, verdict."""
        rows = []
        for strategy in self.strategies:
            for metric in METRICS:
                own, pair = self.mean(strategy, metric), self.pair(strategy, metric)
                apart = pair.difference
                judged = "baseline" if strategy == self.baseline else pair.verdict
                rows.append(
                    (
                        strategy,
                        metric,
                        own.mean,
                        own.low,
                        own.high,
                        apart.mean,
                        apart.low,
                        apart.high,
                        pair.margin,
                        judged,
                    )
                )
        columns = ["mean", "low", "high", "difference", "difference_low", "difference_high", "margin", "verdict"]
        return pd.DataFrame(rows, columns=["strategy", "metric", *columns]).set_index(["strategy", "metric"])

    def summary(self) -> str:
        """Return what was found, and how sure, in one sentence; after it the warnings."""
        return " ".join([self.finding(), *self.warnings])

    def finding(self) -> str:
        """Return what was found, and how sure, in one sentence."""
        evidence = Evidence(
            baseline=self.baseline,
            pairs=self.pairs,
            dso={name: self.values(name, "dso") for name in self.strategies},
            days=self.study.days,
            replications=self.study.replications,
            confidence=self.study.confidence,
            currency=self.currency,
        )
        return finding(evidence)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain numbers and text; None where a number is not available."""
        about = {
            "name": self.study.name,
            "finding": self.summary(),
            "baseline": self.baseline,
            "replications": self.study.replications,
            "confidence": self.study.confidence,
            "seconds": round(self.seconds, 3),
            "portfolio": self.portfolio,
            "customers": self.customers,
            "currency": self.currency,
            "start": f"{self.start:%Y-%m-%d}",
            "end": f"{self.end:%Y-%m-%d}",
            "model": self.model or None,
            "notes": [*self.notes, *self.margin_notes()],
            "warnings": list(self.warnings),
            "fingerprint": self.fingerprint,
            "version": self.version,
            "strategies": [
                {"name": name, "metrics": {metric: _plain(self.mean(name, metric)) for metric in METRICS}}
                for name in self.strategies
            ],
            "pairs": [_pair(pair) for pair in self.pairs],
            "study": self.study.fields(),
            "names": dict(self.names),
        }
        return json_object(about)

    @classmethod
    def read(cls, path: str | Path) -> "Comparison":
        """Read a comparison from its folder, or from the comparison.json in it.

        Raises
        ------
        BadInput
            Where it is not a comparison, or not whole.
        """
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        try:
            about = json.loads((folder / MARKER if path.is_dir() else path).read_text(encoding="utf-8"))
            tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in _TABLES}
            return cls(
                study=Study.of(about["study"], where=str(path)),
                start=pd.Timestamp(about["start"]),
                notes=tuple(_note(text, about.get("warnings", ())) for text in about["notes"]),
                seconds=float(about["seconds"]),
                model=about.get("model") or "",
                curves=pd.read_parquet(folder / CURVES) if (folder / CURVES).is_file() else None,
                **{
                    key: about[key] for key in ("names", "portfolio", "customers", "currency", "fingerprint", "version")
                },
                replications=tables["replications"],
                paths=tables["paths"],
                assumptions=tables["assumptions"],
            )
        except FileNotFoundError as error:
            missing = Path(str(error.filename))
            there = "there is no such file" if missing == path else f"{missing.name} is missing"
            rule = f"is not a comparison: {there} (make one with `collectlab compare`)"
            raise BadInput(rule, where=str(path)) from error
        except (KeyError, TypeError, ValueError, OSError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"cannot be read as a comparison: {error!r}", where=str(path)) from error


_TABLES = ("replications", "paths", "assumptions")


def _note(text: str, warnings: Container[str]) -> str:
    return Note(text.removeprefix("Warning: "), level="warning") if text in warnings else text


def _plain(interval: Interval) -> dict[str, float | None]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high, "n": interval.n}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "strategy": pair.strategy,
        "metric": pair.metric,
        "difference": pair.difference.mean,
        "low": pair.difference.low,
        "high": pair.difference.high,
        "verdict": pair.verdict,
        "n": pair.difference.n,
        "margin": pair.margin,
        "equal": pair.equal,
        "no_worse": pair.no_worse,
    }
