"""Four forecasts of weekly cash that need no model: what a projection has to beat."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.table.columns import Columns, columns
from ledger.table.months import day_number, day_numbers

Floats = npt.NDArray[np.float64]
_LAST: Final = 13  # weeks that sales and roll rates are taken from
_AGES: Final = 30  # weeks before and after the due date that the roll rate tells apart


def weekly_cash(known: Ledger | Columns, after: pd.Timestamp, weeks: int) -> Floats:
    """Return the cash received in each of some weeks after a day, base-currency minor units."""
    book = columns(known) if isinstance(known, Ledger) else known
    week = (book.received - day_number(after) - 1) // 7
    kept = book.received_cash & (week >= 0) & (week < weeks)
    value = book.rates[book.received_currency[kept]] * book.received_amount[kept]
    return np.bincount(week[kept], value, weeks).astype(np.float64)


def last_eight_weeks(known: Ledger, weeks: int) -> Floats:
    """Return the mean of the last eight weeks, for every week."""
    return np.full(weeks, weekly_cash(known, known.as_of - pd.Timedelta(weeks=8), 8).mean())


def last_year(known: Ledger, weeks: int) -> Floats:
    """Return the same weeks of last year; NaN where the ledger is younger."""
    then = known.as_of - pd.Timedelta(weeks=52)
    young = known.payments["received_date"].min() > then + pd.Timedelta(weeks=1)
    return np.full(weeks, np.nan) if young else weekly_cash(known, then, weeks)


def roll_rate(known: Ledger, weeks: int) -> Floats:
    """Return the cash of what is open, rolled from week to week at the shares that were left of it lately.

    The share that is still open a week later, by weeks past due, is that of the last 13 weeks; sales come in as in
    these, at their mean, by weeks to the due date.
    """
    due, issue = day_numbers(known.invoices["due_date"]), day_numbers(known.invoices["issue_date"])
    ages = 2 * _AGES + 1
    was: Floats = np.zeros(ages)
    begun, kept, fresh = (np.zeros(ages) for _ in range(3))
    for back in range(_LAST, -1, -1):
        evening = known.as_of - pd.Timedelta(weeks=back)
        left = known.open_amount(evening) * known.base_rate
        age = np.clip((day_number(evening) - due) // 7 + _AGES, 0, ages - 1)
        new = issue > day_number(evening) - 7
        if back < _LAST:
            begun += _older(was)
            kept += np.bincount(age[~new], left[~new], ages)
            fresh += np.bincount(age[new], left[new], ages) / _LAST
        was = np.bincount(age, left, ages).astype(np.float64)
    share = np.clip(np.divide(kept, begun, out=np.ones(ages), where=begun > 0), 0, 1)
    out = np.zeros(weeks)
    for week in range(weeks):
        out[week] = (_older(was) * (1 - share)).sum()
        was = _older(was) * share + fresh
    return out


def _older(amounts: Floats) -> Floats:
    """Return amounts by age a week later; the last age keeps what it has."""
    older = np.zeros(len(amounts))
    older[1:] = amounts[:-1]
    older[-1] += amounts[-1]
    return older


def mean_delay(known: Ledger, weeks: int) -> Floats:
    """Return the cash where each invoice is paid at its customer's mean delay, and the last 13 weeks' sales repeat.

    What is later already is paid in the first week; customers without payments have the mean of all.
    """
    owner, paid = known.customer_of_invoice, known.settled_date.notna().to_numpy()
    due, issue = day_numbers(known.invoices["due_date"]), day_numbers(known.invoices["issue_date"])
    late = day_numbers(known.settled_date[paid]) - due[paid]
    size = len(known.customers)
    counts = np.bincount(owner[paid], minlength=size)
    mean = np.where(counts, np.bincount(owner[paid], late, size) / np.maximum(counts, 1), late.mean())
    today, span = day_number(known.as_of), 7 * _LAST
    left, new = known.open_amount() * known.base_rate, np.flatnonzero(issue > today - span)
    whole = known.invoices["amount"].to_numpy(np.float64) * known.base_rate
    out = np.zeros(weeks)
    for shift in range(0, 7 * weeks + span, span):
        chosen, amount = (new, whole[new]) if shift else (np.arange(len(due)), left)
        day = np.maximum(due[chosen] + shift + mean[owner[chosen]], np.maximum(issue[chosen] + shift, today + 1))
        week = ((day - today - 1) // 7).astype(np.int64)
        out += np.bincount(week[week < weeks], amount[week < weeks], weeks)[:weeks]
    return out


NAIVE: Final[dict[str, Callable[[Ledger, int], Floats]]] = {
    "last 8 weeks": last_eight_weeks,
    "last year": last_year,
    "roll rate": roll_rate,
    "mean delay": mean_delay,
}
