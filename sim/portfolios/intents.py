"""From when invoices are paid, as any payment-timing model says, to when customers decide to pay.

The simulator lets a customer decide on some day and pay on the next of its payment weekdays. So what a model says about
payments has to be taken back to decisions, such that moving them on to the payment days gives the model's own
distribution again:

1. Ask the model about typical invoices of each customer: seven of its latest, from the shortest term to the longest,
   each as of its own issue and moved back by up to six days, so that they fall due on the seven weekdays. (Invoices of
   days to come would not do: by then the customer would have paid others, and a model that looks at that, and sees
   nothing, takes it for a bad sign.)
2. Hazard of a payment on a weekday on which the customer does not pay (of a model that knows no weekdays) goes to the
   payment days before and after it, in the shares that leave the mean where it was.
3. The hazard of each payment day is spread over the days since the payment day before it, not before issue: evenly at
   first, then as the decisions of all seven suggest (expectation and maximisation by turns, as for any censored time).
4. The seven become one hazard by days past due: that of their mixture, weighted day by day by what is undecided.
"""

from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.months import day_number, day_numbers
from models.history.weekdays import days_since, weekday
from models.timing import PaymentTiming

TYPICAL: Final = 7  # invoices of each customer; their due dates fall on the seven weekdays
LATEST: Final = 91  # days before the ledger's end that they are taken from
FEW: Final = 28
_SPREAD: Final = 3  # weekdays between one term and the next longer, so that neither goes with the other
_ROUNDS: Final = 6  # the last ones move no simulated share by a thousandth
_CERTAIN: Final = 50.0  # cumulative hazard of what a model holds for certain
_NOTHING: Final = 1e-12  # of a decision where none was seen: there it is spread evenly
_CHUNK: Final = 256  # customers asked about at a time


def intent_hazard(
    ledger: Ledger, timing: PaymentTiming, weekdays: Flags, customers: Ints, *, first_day: int, last_day: int
) -> Floats:
    """Return the daily hazard of deciding to pay, of some customers, shape (customers, days).

    Parameters
    ----------
    ledger
        What is known.
    timing
        The model, told of the ledger.
    weekdays
        On which each customer of the ledger pays, shape (all customers, 7), Monday first.
    customers
        Rows of `ledger.customers`, all of whom have an invoice.
    first_day, last_day
        Days past due of the first and last column. What is decided earlier counts on the first.
    """
    typical = typical_invoices(ledger, customers)
    out = np.empty((len(customers), last_day - first_day + 1))
    for low in range(0, len(customers), _CHUNK):  # in parts: seven curves of a year and more for each customer
        part = slice(low, min(low + _CHUNK, len(customers)))
        rows = typical.iloc[TYPICAL * part.start : TYPICAL * part.stop].reset_index(drop=True)
        allowed = np.repeat(weekdays[customers[part]], TYPICAL, axis=0)
        hazard = _payments(timing, rows, first_day, last_day + 7)
        out[part] = _decisions(hazard, rows, allowed, first_day)[:, : out.shape[1]]
    return out


def typical_invoices(ledger: Ledger, customers: Ints) -> pd.DataFrame:
    """Return `TYPICAL` invoices of each customer, one customer after the other, with the model's columns.

    They are like those of its last `LATEST` days, and like its last `FEW` where that is more; taken evenly from the
    shortest term to the longest, some several times where there are fewer.
    """
    invoices, owner = ledger.invoices, ledger.customer_of_invoice
    issue, due = day_numbers(invoices["issue_date"]), day_numbers(invoices["due_date"])
    newest = np.lexsort((due, -issue, owner))
    rank = np.empty(len(owner), np.int64)
    rank[newest] = np.arange(len(owner)) - np.searchsorted(owner[newest], owner[newest])
    late = np.flatnonzero((rank < FEW) | (issue > day_number(ledger.as_of) - LATEST))
    order = late[np.lexsort((invoices["amount"].to_numpy()[late], (due - issue)[late], owner[late]))]
    first = np.searchsorted(owner[order], customers)
    number = np.searchsorted(owner[order], customers, "right") - first
    k = np.arange(TYPICAL)
    like = order[first[:, None] + ((k + 0.5) / TYPICAL * number[:, None]).astype(np.int64)].ravel()
    back = (due[like] - np.tile(_SPREAD * k, len(customers))) % 7  # a weekday for each k
    return pd.DataFrame(
        {
            "customer_id": ledger.customers["customer_id"].take(np.repeat(customers, TYPICAL)).reset_index(drop=True),
            "issue_date": pd.to_datetime(issue[like] - back, unit="D"),
            "due_date": pd.to_datetime(due[like] - back, unit="D"),
            "amount": invoices["amount"].to_numpy()[like],
            "currency": invoices["currency"].take(like).reset_index(drop=True),
        }
    )


def _payments(timing: PaymentTiming, invoices: pd.DataFrame, first_day: int, last_day: int) -> Floats:
    """Return the hazard of a payment on each day; what the model expects before the first day counts on it."""
    total = timing.cumulative_hazard(invoices, np.arange(first_day, last_day + 1))
    return np.maximum(np.diff(np.minimum(total, _CERTAIN), axis=1, prepend=0.0), 0.0)


def _decisions(hazard: Floats, invoices: pd.DataFrame, allowed: Flags, first_day: int) -> Floats:
    """Return each customer's hazard of deciding, whose sums over the days up to a payment day are those of payments."""
    due = day_numbers(invoices["due_date"])
    day = first_day + np.arange(hazard.shape[1])
    first = np.maximum(day_numbers(invoices["issue_date"]) - due, first_day)[:, None]
    row, on = np.arange(len(due))[:, None], weekday(due[:, None] + day)
    back = days_since(allowed)[row, on]
    paid = _on_payment_days(hazard, back, days_since(allowed[:, ::-1])[row, 6 - on], day - back >= first)
    length = np.minimum(1 + days_since(allowed)[row, (on - 1) % 7], np.maximum(day - first + 1, 1))
    mixed = np.ones((len(hazard) // TYPICAL, hazard.shape[1]))
    for _ in range(_ROUNDS):
        mixed = _mixed(_spread(paid, length, np.repeat(mixed, TYPICAL, axis=0)), invoices, first_day)
    return mixed


def _on_payment_days(hazard: Floats, back: Ints, ahead: Ints, earlier: Flags) -> Floats:
    """Move each day's hazard to the payment days `back` before and `ahead` after it; before only where `earlier`."""
    share = np.where(earlier, ahead / np.maximum(back + ahead, 1), 0.0)
    paid = np.where(back == 0, hazard, 0.0)
    for days in range(1, 7):
        paid[:, :-days] += np.where(back == days, hazard * share, 0.0)[:, days:]
        paid[:, days:] += np.where((ahead == days) & (back > 0), hazard * (1 - share), 0.0)[:, :-days]
    return paid


def _spread(paid: Floats, length: Ints, weight: Floats) -> Floats:
    """Return the hazard of each day spread over the `length` days up to it, by the weight of those days."""
    weight = weight + _NOTHING
    total = np.zeros_like(paid)
    for days in range(7):
        total[:, days:] += np.where(length > days, 1.0, 0.0)[:, days:] * weight[:, : paid.shape[1] - days]
    part, decided = paid / total, np.zeros_like(paid)
    for days in range(7):
        decided[:, : paid.shape[1] - days] += np.where(length > days, part, 0.0)[:, days:]
    return decided * weight


def _mixed(hazard: Floats, invoices: pd.DataFrame, first_day: int) -> Floats:
    """Return one hazard for each customer's invoices: deciding today among those issued and undecided."""
    shape = (len(hazard) // TYPICAL, TYPICAL, hazard.shape[1])
    term = day_numbers(invoices["due_date"]) - day_numbers(invoices["issue_date"])
    issued = first_day + np.arange(shape[2]) >= -term[:, None]
    before = np.cumsum(hazard, axis=1) - hazard
    undecided = np.where(issued, np.exp(-before), 0.0).reshape(shape)
    left = undecided.sum(axis=1)
    deciding = -np.expm1(-hazard).reshape(shape)
    chance = (undecided * deciding).sum(axis=1) / np.maximum(left, np.exp(-_CERTAIN))
    mixed = -np.log1p(-np.minimum(chance, 1 - np.exp(-_CERTAIN / 2)))
    return np.asarray(np.where(left > np.exp(-_CERTAIN / 2), mixed, hazard.reshape(shape).mean(axis=1)))
