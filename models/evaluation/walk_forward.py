"""The same back-test from several past days: is a model good, or was it lucky once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pandas as pd

from ledger import BadInput, Ledger
from ledger.json_ready import json_ready
from ledger.progress import Progress, silent
from ledger.results import Result
from ledger.screen import text_table
from ledger.table.ledger import Day, as_day
from ledger.table.months import day_number, month_ends, timestamp
from ledger.wording import plural
from models.evaluation.backtest import Backtest, backtest, cell
from models.evaluation.metrics import METRICS, SUPPORT


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WalkForward(Result):
    """Back-tests in the order of their cuts; only the last keeps its predictions."""

    backtests: tuple[Backtest, ...]

    @property
    def metrics(self) -> pd.DataFrame:
        """Every metric by cut and model."""
        tables = {f"{test.cut:%F}": test.metrics for test in self.backtests}
        return pd.concat(tables, names=["cut", "model"])

    def means(self) -> pd.DataFrame:
        """Return the plain mean over cuts of each metric by model; where one is not defined, over the others."""
        means: pd.DataFrame = self.metrics.groupby("model", sort=False).mean()
        return means

    def summary(self) -> str:
        """Return the means over cuts as text."""
        names = ("concordance", "integrated_brier", "mae", "auc_late", "auc_late_30", "cash_error")
        rows = [
            (str(model), *(cell(name, float(row[name])) for name in names)) for model, row in self.means().iterrows()
        ]
        table = text_table(("mean over cuts", *(METRICS[name].label for name in names)), rows)
        return f"{plural(len(self.backtests), 'cut')}, {self.backtests[0].cut:%F} to {self.last.cut:%F}\n{table}"

    def table(self) -> pd.DataFrame:
        """Return every metric by cut and model."""
        return self.metrics

    @property
    def last(self) -> Backtest:
        """The back-test of the last cut."""
        return self.backtests[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return all as plain values; None where a number is not defined."""
        return {
            "cuts": [test.to_dict() for test in self.backtests],
            "means": json_ready(self.means().to_dict("index")),
        }


def cuts_before(cut: Day, count: int) -> list[pd.Timestamp]:
    """Return so many cuts, a month apart, that end with the given one."""
    return [timestamp(int(day)) for day in month_ends(day_number(as_day(cut, field="cut")), count)[::-1]]


def walk_forward(
    ledger: Ledger,
    cuts: Sequence[Day],
    *,
    models: Sequence[str],
    until: Day | None = None,
    days: tuple[int, int] = SUPPORT,
    bootstrap: int = 200,
    seed: int = 0,
    progress: Progress = silent,
) -> WalkForward:
    """Return back-tests from each of the cuts, every model fitted anew at each.

    Parameters
    ----------
    ledger, days, bootstrap, seed, progress
        As for `backtest`.
    cuts
        In order.
    models
        Names of `FITTERS`: a model fitted elsewhere cannot be fitted anew.
    until
        End of the test from the last cut; the earlier tests are as many days long. By default each ends at the next
        cut, and the last is as long as the one before it, or a month.

    Raises
    ------
    BadInput
        As `backtest` does, and where the cuts are not in order.
    """
    starts = [as_day(cut, field="cut") for cut in cuts]
    if not starts or any(one >= other for one, other in pairwise(starts)):
        raise BadInput("must be given, in order", field="cuts", value=[f"{cut:%F}" for cut in starts])
    ends = _ends(starts, until, ledger.as_of)
    done: list[Backtest] = []
    for k, (cut, end) in enumerate(zip(starts, ends, strict=True)):

        def step(at: int, total: int, what: str, k: int = k, cut: pd.Timestamp = cut) -> None:
            progress(k * total + at, len(starts) * total, f"{what} from {cut:%F}")

        test = backtest(
            ledger, cut=cut, models=models, until=end, days=days, bootstrap=bootstrap, seed=seed, progress=step
        )
        done.append(test if k == len(starts) - 1 else replace(test, predictions={}, fitted={}))
    return WalkForward(backtests=tuple(done))


def _ends(starts: list[pd.Timestamp], until: Day | None, as_of: pd.Timestamp) -> list[pd.Timestamp]:
    if until is not None:
        length = as_day(until, field="until") - starts[-1]
        return [min(start + length, as_of) for start in starts]
    length = starts[-1] - starts[-2] if len(starts) > 1 else pd.Timedelta(days=30)
    return [*starts[1:], min(starts[-1] + length, as_of)]
