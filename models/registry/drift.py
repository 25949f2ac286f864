"""Whether the model in office is still as good as it was, and invoices still look as those that it learned from.

It predicts every invoice issued since its last day, on its issue day, with history rolled forward. A metric has
*worsened* where its 95 % interval lies wholly on the bad side of the interval of the model's registered back-test, and
the model has *lost* to a baseline (fitted at its last day) where the paired interval does. What invoices are like is
compared by the population stability index of ten parts, ``Σ (p − q)·log(p ÷ q)`` with q the shares in the year before
the model's last day; by a rule of thumb of credit scoring 0.1 is some shift and 0.25 a large one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Floats
from ledger.json_ready import json_ready
from ledger.notes import Note
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.table.answers import few
from models.evaluation.backtest import Backtest, backtest, cell
from models.evaluation.metrics import METRICS
from models.evaluation.test_set import BASELINES, UNJUDGED
from models.registry.acquaintance import acquainted
from models.registry.model_file import SavedModel
from models.registry.promotion import CHAMPION, JUDGED

YEAR: Final = 365  # days before the model's last day that invoices are compared with
PARTS: Final = 10
SOME: Final = 0.1
LARGE: Final = 0.25


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Drift(Result):
    """A model on invoices issued since its last day.

    `metrics` has one row per metric of `JUDGED`: registered, now, low, high, compared (both have intervals), worsened,
    lost_to. `shifts` has one row per fact of an invoice: psi and shift (none, some, large).
    """

    called: str
    found: Backtest
    metrics: pd.DataFrame
    shifts: pd.DataFrame
    unseen: float  # share of the invoices whose customer had none before
    notes: tuple[Note, ...] = ()

    @property
    def verdict(self) -> str:
        """What follows, in one sentence."""
        if not self.judged:
            reason = few(self.found.units, " with a payment that was seen") or "there are no intervals"
            return f"Not judged: {reason}. Wait for more payments."
        worsened = list(self.metrics.index[self.metrics["worsened"]])
        lost = list(self.metrics.index[self.metrics["lost_to"] != ""])
        large = list(self.shifts.index[self.shifts["shift"] == "large"])
        if worsened or lost:
            what = [f"{' and '.join(worsened)} worsened"] if worsened else []
            what += [f"{' and '.join(lost)} lost to a baseline"] if lost else []
            return f"Drift: {', '.join(what)}. Fit a new version."
        if large:
            return f"Invoices changed ({', '.join(large)}), predictions did not get worse: watch it."
        if not self.metrics["compared"].any():
            return "No drift: the model lost to no baseline; its back-test had no intervals to compare it with."
        return "No drift: the model is as good as in its back-test, and invoices look as they did."

    @property
    def judged(self) -> bool:
        """Whether there are customers enough for intervals."""
        return bool((self.found.paired["verdict"] != UNJUDGED).any())

    @property
    def drifted(self) -> bool:
        """Whether any metric worsened or lost to a baseline."""
        return bool(self.metrics["worsened"].any() or (self.metrics["lost_to"] != "").any())

    def table(self) -> pd.DataFrame:
        """Return one row per metric: registered, now, low, high, compared, worsened, lost_to."""
        return self.metrics

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; None where a number is not defined."""

        def rows(table: pd.DataFrame, key: str) -> Any:
            return json_ready(table.rename_axis(key).reset_index().to_dict("records"))

        return {
            "since": f"{self.found.cut:%Y-%m-%d}",
            "until": f"{self.found.until:%Y-%m-%d}",
            "invoices": self.found.invoices,
            "customers": self.found.customers,
            "drift": self.drifted if self.judged else None,
            "verdict": self.verdict,
            "compared": rows(self.metrics, "metric"),
            "shifts": rows(self.shifts, "fact"),
            "unseen_customers": self.unseen,
            "warnings": list(self.notes),
        }

    def summary(self) -> str:
        """Return the result as text of at most 80 columns."""
        metrics = []
        for name, row in self.metrics.iterrows():
            metric = str(name)
            remark = " worsened" if row["worsened"] else ""
            remark += f" worse than {row['lost_to']}" if row["lost_to"] else ""
            span = f"{_span(metric, row['low'], row['high'])}{remark}"
            metrics.append((metric, cell(metric, row["registered"]), cell(metric, row["now"]), span))
        shifts = [(str(name), f"{row['psi']:.3f}", str(row["shift"])) for name, row in self.shifts.iterrows()]
        shifts.append(("new customers", f"{100 * self.unseen:.1f} %", "of invoices"))
        parts = [
            "\n".join(map(wrapped, (self.called, self.found.headline()))),
            text_table(("metric", "back-test", "now", "95 % interval"), metrics, words=[3]),
            text_table(("invoices", "PSI", "shift"), shifts, words=[2]),
            "\n".join(map(wrapped, (*self.notes, self.verdict))),
        ]
        return "\n\n".join(parts)


def _span(metric: str, low: float, high: float) -> str:
    return f"{cell(metric, low)} to {cell(metric, high)}" if math.isfinite(low) else "none"


def drift(
    ledger: Ledger, saved: SavedModel, *, registered: Mapping[str, float], called: str, bootstrap: int = 200
) -> Drift:
    """Compare a model's registered back-test with how it does on what was issued since its last day.

    Raises
    ------
    BadInput
        Where the ledger knows nothing later than the model.
    Refused
        Where the model knows none of its customers, or it cannot teach the baselines.
    """
    if not ledger.as_of > saved.as_of:
        rule = f"knows nothing after {saved.as_of:%Y-%m-%d}, the last day of {called}: give a newer ledger"
        raise BadInput(rule, field="ledger", value=f"{ledger.as_of:%Y-%m-%d}")
    notes = acquainted(saved.known, ledger, called)
    found = backtest(ledger, cut=saved.as_of, models={CHAMPION: saved.timing}, bootstrap=bootstrap)
    issue = ledger.invoices["issue_date"]
    since = (issue > saved.as_of).to_numpy(bool)
    before = (issue <= saved.as_of).to_numpy(bool)
    year = before & (issue > saved.as_of - pd.Timedelta(days=YEAR)).to_numpy(bool)
    known = np.bincount(ledger.customer_of_invoice[before], minlength=len(ledger.customers)) > 0
    return Drift(
        called=called,
        notes=notes,
        found=found,
        metrics=_compared(found, registered),
        shifts=_shifts(ledger, year if year.any() else before, since),
        unseen=float(1 - known[ledger.customer_of_invoice[since]].mean()),
    )


def _compared(found: Backtest, registered: Mapping[str, float]) -> pd.DataFrame:
    own = found.intervals[found.intervals["model"] == CHAMPION].set_index("metric")
    pairs = found.paired[(found.paired["model"] == CHAMPION) & (found.paired["verdict"] == "worse")]
    rows = []
    for name in JUDGED:
        low, high = float(own["low"][name]), float(own["high"][name])
        ends = [registered.get(f"{name}.{end}", math.nan) for end in ("low", "high")]
        worsened = low > ends[1] if METRICS[name].better < 0 else high < ends[0]
        lost = [base for base in BASELINES if ((pairs["metric"] == name) & (pairs["baseline"] == base)).any()]
        now = float(found.metrics[name][CHAMPION])
        compared = bool(np.isfinite([low, high, *ends]).all())
        rows.append((name, registered.get(name, math.nan), now, low, high, compared, bool(worsened), ", ".join(lost)))
    columns = ["metric", "registered", "now", "low", "high", "compared", "worsened", "lost_to"]
    return pd.DataFrame(rows, columns=columns).set_index("metric")


def _shifts(ledger: Ledger, old: Flags, new: Flags) -> pd.DataFrame:
    """Return how far each fact of an invoice moved."""
    invoices = ledger.invoices
    facts: dict[str, pd.Series] = {
        "term": (invoices["due_date"] - invoices["issue_date"]).dt.days,
        "amount": invoices["amount"] * ledger.base_rate,
        "due weekday": invoices["due_date"].dt.dayofweek,
        "issue weekday": invoices["issue_date"].dt.dayofweek,
        "currency": invoices["currency"].astype("category").cat.codes,
        "customer": pd.Series(_by_size(ledger, old), index=invoices.index),
    }
    found = {name: stability(fact.to_numpy(float)[old], fact.to_numpy(float)[new]) for name, fact in facts.items()}
    table = pd.DataFrame({"psi": found}).rename_axis("fact")
    table["shift"] = np.select([table["psi"] >= LARGE, table["psi"] >= SOME], ["large", "some"], "none")
    return table


def _by_size(ledger: Ledger, old: Flags) -> Floats:
    """Return for each invoice the rank of its customer among those of the old ones: where sales come from."""
    counts = np.bincount(ledger.customer_of_invoice[old], minlength=len(ledger.customers))
    rank = np.empty(len(counts))
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.asarray(rank[ledger.customer_of_invoice])


def stability(old: Floats, new: Floats, parts: int = PARTS) -> float:
    """Return the population stability index: 0 for equal shares; half an observation is added to every part.

    Parts are the values themselves where there are no more than `parts`, else quantiles of the old ones.
    """
    values = np.unique(np.concatenate([old, new]))
    edges = values[1:] if len(values) <= parts else np.unique(np.quantile(old, np.arange(1, parts) / parts))
    shares = []
    for sample in (old, new):
        counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1) + 0.5
        shares.append(counts / counts.sum())
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
