"""When a model version becomes champion: a gate of numbers, all from one back-test.

Challenger, champion and baselines predict the same invoices, those issued in the 92 days before the challenger's last
day. All but a champion that was fitted before those days are fitted again on what was known at their start: what has
seen the outcomes is no fair rival.

- **Judged at all**: with too few customers there is no interval, nothing is surely worse, and nothing is proven either.
- **Not worse than any baseline**: in none of `JUDGED` does the 95 % interval of the paired difference (bootstrap over
  customers) lie wholly on the bad side.
- **Better than the champion**: a lower integrated Brier score, and in none of the others an interval wholly on the bad
  side. A newer fit of the same kind need only not be worse: what it knows of later days is what makes it better.
"""

import json
import math
from dataclasses import dataclass
from typing import Final

import pandas as pd

from ledger import Ledger, Refused
from ledger.progress import Progress, silent
from ledger.table.answers import few
from models.evaluation.backtest import Backtest, backtest, cell
from models.evaluation.metrics import METRICS
from models.evaluation.test_set import BASELINES, UNJUDGED
from models.figures.page import document
from models.registry.model_file import SavedModel
from models.timing import PaymentTiming

TEST_DAYS: Final = 92
DECIDES: Final = "integrated_brier"
JUDGED: Final = (DECIDES, "concordance", "mae", "auc_late")
CHAMPION: Final = "champion"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A number that stands against promotion: which metric, against whom, by how much, and that in a sentence."""

    metric: str
    text: str
    by: float = math.inf


def not_promoted(who: str, failed: tuple[Failure, ...], /, **details: object) -> Refused:
    """Return the refusal of a model that must not become champion.

    Parameters
    ----------
    failed
        What stands against it; the message tells the most of each metric.
    details
        For machines: the version, its file.
    """
    worst: dict[str, Failure] = {}
    for one in sorted(failed, key=lambda one: -one.by):
        worst.setdefault(one.metric, one)
    message = f"{who} stays challenger: {'; '.join(one.text for one in worst.values())}"
    return Refused(message, **(details | {"failed": [one.text for one in failed]}))


@dataclass(frozen=True, kw_only=True, eq=False)
class Trialled:
    """A challenger's back-test, with the champion that it was compared with."""

    model: str
    ledger: Ledger
    found: Backtest
    champion: str = ""  # in words; empty where there is none
    same_kind: bool = False  # as the champion
    newer: bool = False  # the challenger knows of later days than the champion

    def metrics(self) -> dict[str, float]:
        """Return the challenger's metrics, and its rivals' under ``rival.metric``; only what is defined."""
        table = self.found.metrics
        rows = {name: "" if name == self.model else f"{name}." for name in table.index}
        named = {f"{rows[name]}{key}": float(table[key][name]) for name in rows for key in table}
        own = self.found.intervals[self.found.intervals["model"] == self.model]
        for end in ("low", "high"):
            named |= {f"{row['metric']}.{end}": float(row[end]) for row in own.to_dict("records")}
        return {key: value for key, value in named.items() if math.isfinite(value)}

    def params(self) -> dict[str, object]:
        """Return what the back-test was made with."""
        found = self.found
        return {
            "backtest_cut": f"{found.cut:%Y-%m-%d}",
            "backtest_until": f"{found.until:%Y-%m-%d}",
            "backtest_invoices": found.invoices,
            "backtest_customers": found.customers,
            "brier_support": f"{found.support[0]} to {found.support[1]} days late",
            "bootstrap": found.bootstrap,
            "champion": self.champion or "none",
        }

    def files(self) -> dict[str, str]:
        """Return the back-test as files for its run, by name: its numbers, its table, its plots."""
        return {
            "backtest.html": document(self.found, self.ledger, [self.model]),
            "backtest.json": json.dumps(self.found.to_dict(), indent=2, allow_nan=False) + "\n",
            "backtest.txt": self.found.summary() + "\n",
        }

    def failures(self) -> tuple[Failure, ...]:
        """Return what stands against promotion; empty where nothing does."""
        if not math.isfinite(self.found.metrics[DECIDES][self.model]):
            rule = f"{DECIDES} is not defined: too few invoices of the back-test were followed to their end"
            return (Failure(metric=DECIDES, text=rule),)
        if (self.found.paired["verdict"] == UNJUDGED).all():
            return (Failure(metric="back-test", text=f"its back-test proves nothing: {self._unproven()}"),)
        failed = [one for base in BASELINES if base != self.model for one in self._worse(base, base)]
        return (*failed, *(self._against_champion() if self.champion else ()))

    def _unproven(self) -> str:
        return few(self.found.units, " with a payment that was seen") or "it has no intervals"

    def _against_champion(self) -> list[Failure]:
        if self.same_kind and not self.newer:
            rule = f"it is of the same kind as {self.champion}, and no later day is known"
            return [Failure(metric="as_of", text=rule)]
        if CHAMPION not in self.found.models:
            return []
        table = self.found.metrics[DECIDES]
        failed = self._worse(CHAMPION, self.champion)
        lower = table[self.model] < table[CHAMPION] or any(one.metric == DECIDES for one in failed)
        if not (self.same_kind or lower):
            failed.append(self._failure(DECIDES, CHAMPION, f"is not below that of {self.champion}"))
        return failed

    def _worse(self, rival: str, name: str) -> list[Failure]:
        pairs = self._pairs(rival)
        return [
            self._failure(metric, rival, f"is worse than that of {name}")
            for metric in JUDGED
            if metric in pairs.index and pairs["verdict"][metric] == "worse"
        ]

    def _failure(self, metric: str, rival: str, rule: str) -> Failure:
        table, pair = self.found.metrics[metric], self._pairs(rival).loc[metric]
        places, apart = METRICS[metric].places, float(pair["difference"])
        span = f"difference {apart:+.{places}f}"
        if math.isfinite(pair["low"]):
            span += f", 95 % interval {pair['low']:+.{places}f} to {pair['high']:+.{places}f}"
        text = f"{metric} {cell(metric, table[self.model])} {rule}, {cell(metric, table[rival])} ({span})"
        return Failure(metric=metric, text=text, by=abs(apart))

    def _pairs(self, rival: str) -> pd.DataFrame:
        pairs = self.found.paired
        return pairs[(pairs["model"] == self.model) & (pairs["baseline"] == rival)].set_index("metric")


def trial(
    ledger: Ledger,
    challenger: SavedModel,
    *,
    champion: SavedModel | None = None,
    called: str = "the champion",
    bootstrap: int = 200,
    progress: Progress = silent,
) -> Trialled:
    """Back-test a challenger beside the baselines and the champion.

    Parameters
    ----------
    ledger
        Which the challenger was fitted on; what is later than its last day is not used.
    champion, called
        The version in office, and its name in words.

    Raises
    ------
    BadInput
        Where the ledger is too short: nothing known 92 days before its end, or nothing issued since.
    """
    known = ledger.snapshot(challenger.as_of)
    cut = challenger.as_of - pd.Timedelta(days=TEST_DAYS)
    models: dict[str, str | PaymentTiming] = {challenger.model: challenger.model}
    same_kind = champion is not None and champion.model == challenger.model
    if champion is not None and champion.as_of <= cut:
        models[CHAMPION] = champion.timing
    elif champion is not None and not same_kind:
        models[CHAMPION] = champion.model
    found = backtest(
        known, cut=cut, models=models, bootstrap=bootstrap, seed=challenger.seed, against=(CHAMPION,), progress=progress
    )
    return Trialled(
        model=challenger.model,
        ledger=known,
        found=found,
        champion="" if champion is None else called,
        same_kind=same_kind,
        newer=champion is not None and challenger.as_of > champion.as_of,
    )
