"""What a payment-timing model says of given invoices: the whole distribution of each one's payment day.

The survival is kept on every whole day from the earliest issue to `HORIZON` days late: about four kilobytes an invoice.
It is asked of the model in parts, so that the model's own working memory stays bounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput
from ledger.arrays import Floats, Ints
from ledger.files.storage import write_whole
from ledger.table.ledger import Day, as_day
from ledger.table.months import day_numbers
from models.timing import PaymentTiming

FIRST: Final = -60  # days relative to the due date in the predictions file, both ends included
LAST: Final = 180
HORIZON: Final = 400  # stands for "400 days late or later"
_PART: Final = 4096  # invoices asked about at once
FACTS: Final = ("invoice_id", "customer_id", "issue_date", "due_date", "amount")


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction:
    """Distribution of the payment day of each invoice, given that it is unpaid on the evening asked on.

    Days are whole days relative to the due date: positive is late, negative early.
    """

    model: str
    invoices: pd.DataFrame  # as asked, rows numbered from 0
    first: int
    last: int
    start: int  # day of the first column of `curves`; no invoice is issued earlier than the next day
    curves: Floats  # (invoices, HORIZON − start + 1): unpaid on the evening of each day from `start`

    def __len__(self) -> int:
        return len(self.invoices)

    @property
    def days(self) -> Ints:
        """The days of `survival`, from `first` to `last`."""
        return np.arange(self.first, self.last + 1)

    @property
    def survival(self) -> Floats:
        """Probability of still being unpaid on the evening of each of `days`, shape (invoices, days)."""
        return self.curves[:, self.first - self.start : self.last - self.start + 1]

    def at(self, days: npt.ArrayLike) -> Floats:
        """Return the probability of being unpaid on the evening of one day for each invoice, or of one for all.

        1 before the first day kept, that of day `HORIZON` after it. Days of shape (invoices, k) give that shape.
        """
        day = np.asarray(days, np.int64)
        column = np.clip(day, self.start, HORIZON) - self.start
        rows = np.arange(len(self)).reshape(-1, *[1] * max(day.ndim - 1, 0))
        return np.where(day < self.start, 1.0, self.curves[rows, column])

    def quantile(self, q: float) -> Ints:
        """Return the first whole day by whose evening each invoice is paid with probability q or more.

        Between 0 and 1 (ends excluded). `HORIZON` where that takes so long or longer.
        """
        if not 0 < q < 1:
            raise BadInput("must lie between 0 and 1", field="quantile", value=q)
        level = 1 - q
        reached = self.curves <= level
        found = np.where(reached.any(axis=1), reached.argmax(axis=1), HORIZON - self.start)
        return np.asarray(self.start + found, np.int64)

    def median(self) -> Ints:
        """Return the median payment day of each invoice, in days late."""
        return self.quantile(0.5)

    def probability_late(self, days: int = 0) -> Floats:
        """Return the probability of being paid more than so many days after the due date, or never."""
        return self.at(days)

    def order(self) -> Floats:
        """Return numbers that put the invoices in the order in which they are predicted to be paid after issue.

        The median days from issue, plus within a day the expected rank (0 to 1): the chance of being paid after an
        invoice drawn at random from these. A mean would let the few per cent that may stay unpaid for months decide
        the order of all; the chance of which of two comes first hardly depends on how late the late ones are.
        """
        begin = self._term + self.start
        shift, width = int(begin.min(initial=0)), self.curves.shape[1]
        total = np.zeros(int(begin.max(initial=0)) - shift + width + 1)
        for _, day, mass in self._masses(begin - shift):
            total += np.bincount(day.ravel(), mass.ravel(), len(total))
        earlier = (np.cumsum(total) - total / 2) / max(len(self), 1)
        rank = np.empty(len(self))
        for rows, day, mass in self._masses(begin - shift):
            rank[rows] = (mass * earlier[day]).sum(axis=1)
        return self._term + self.median() + rank

    def _masses(self, begin: Ints) -> Iterator[tuple[slice, Ints, Floats]]:
        """Yield, for parts of the invoices, days from `begin` on and the probability of payment on each of them."""
        for low in range(0, len(self), _PART):
            rows = slice(low, low + _PART)
            curves = self.curves[rows]
            mass = -np.diff(curves, axis=1, prepend=1.0, append=0.0)
            yield rows, begin[rows, None] + np.arange(mass.shape[1]), mass

    def expected_cash(
        self, starts: Sequence[Day] | pd.DatetimeIndex, *, amounts: npt.ArrayLike | None = None
    ) -> "pd.Series[float]":
        """Return the cash expected in the seven days from each start on.

        Parameters
        ----------
        starts
            First days of the weeks, at least one, in order.
        amounts
            What each invoice will bring, in base-currency minor units: open amount × rate. By default the column
            `amount`, which is right where that is in the base currency and nothing is paid yet.

        Returns
        -------
        pd.Series
            Base-currency minor units, by first day of the week.
        """
        index = pd.DatetimeIndex([as_day(day) for day in starts])
        value = np.asarray(self.invoices["amount"] if amounts is None else amounts, np.float64)
        evenings = np.stack([day_numbers(index) - 1, day_numbers(index) + 6])
        due = day_numbers(self.invoices["due_date"])
        totals = [value @ (self.at(before - due) - self.at(after - due)) for before, after in evenings.T]
        return pd.Series(totals, index=index, name="expected_cash", dtype=np.float64)

    def table(self) -> pd.DataFrame:
        """Return the predictions file as a table; `survival` holds an array of 241 numbers, for days −60 to 180."""
        missing = [name for name in FACTS if name not in self.invoices]
        if missing:
            raise BadInput(f"lacks {', '.join(missing)}", where="invoices")
        table = self.invoices[list(FACTS)].copy()
        table["median_days_late"] = self.median()
        table["q10"], table["q90"] = self.quantile(0.1), self.quantile(0.9)
        for days in (0, 15, 30):
            table[f"p_late_{days}"] = self.probability_late(days)
        table["survival"] = list(self._filed)
        return table

    def write(self, path: str | Path) -> Path:
        """Write the predictions file (Parquet), whole or not at all.

        Raises
        ------
        BadInput
            Where the path cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(self.table().drop(columns="survival"), preserve_index=False)
        filed = self._filed
        edges = pa.array(np.arange(len(filed) + 1, dtype=np.int32) * filed.shape[1])
        curves = pa.ListArray.from_arrays(edges, pa.array(filed.ravel()))
        whole = table.append_column("survival", curves)
        return write_whole(path, lambda part: pq.write_table(whole, part, compression="zstd"))

    @property
    def _filed(self) -> Floats:
        return self.curves[:, FIRST - self.start : LAST - self.start + 1]

    @property
    def _term(self) -> Ints:
        return day_numbers(self.invoices["due_date"]) - day_numbers(self.invoices["issue_date"])


def predict(model: PaymentTiming, invoices: pd.DataFrame, *, first: int = FIRST, last: int = LAST) -> Prediction:
    """Return what the model says of the invoices, each asked about on its `asked_on` (default: the issue day).

    Parameters
    ----------
    model
        Any fitted model; `model.knowing(ledger)` for one with newer history.
    invoices
        Columns customer_id, issue_date, due_date, amount, currency; `invoice_id` for `Prediction.table`.
    first, last
        Days of `Prediction.survival`, relative to due.

    Raises
    ------
    BadInput
        Where the days are not in order or lie beyond ± `HORIZON`.
    """
    if not -HORIZON <= first <= last <= HORIZON:
        raise BadInput(f"must be in order and within ± {HORIZON}", field="days", value=(first, last))
    invoices = invoices.reset_index(drop=True)
    eve = day_numbers(invoices["issue_date"]) - 1 - day_numbers(invoices["due_date"])
    start = int(np.clip(eve.min(initial=FIRST), -HORIZON, min(first, FIRST)))
    days = np.arange(start, HORIZON + 1)
    curves = np.empty((len(invoices), len(days)))
    for low in range(0, len(invoices), _PART):
        part = invoices.iloc[low : low + _PART]
        curves[low : low + len(part)] = model.survival(part, days)
    return Prediction(model=model.name, invoices=invoices, first=first, last=last, start=start, curves=curves)
