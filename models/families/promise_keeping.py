"""Who keeps promises that it would not have met anyway, from the ledger's own.

A promise is met by the day if the customer would have paid by then by itself, with chance p, or else keeps its word,
with chance k. So of matured promises Σ (p + (1 − p)·k) are met, and for a customer

    k = (Σ (met − p) + PSEUDO · k of its segment) ÷ (Σ (1 − p) + PSEUDO)

the segment's shrunk to the portfolio's, and that to what is assumed, by `_ASSUMED` promises. p is of the customer's own
curve, with the talk that won the promise and whatever else was felt. Invoices promised together for one day share one
promise.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_number, day_numbers
from models.assumed.assumptions import Assumptions
from models.families.kaplan_meier import KaplanMeier, hazards_by_customer
from models.history.contacted import SPAN
from models.history.contacts_felt import ContactsFelt
from models.history.main_payments import PaymentHistory, history

PSEUDO: Final = 2.0  # promises that the segment's share stands for
_ASSUMED: Final = 20.0  # promises that the assumed share stands for


@dataclass(frozen=True, eq=False, kw_only=True)
class _Promises:
    """Matured promises that say something: the invoice was unpaid on the evening they were made."""

    invoice: Ints
    made: Ints
    due: Ints
    weight: Floats  # those of a customer for one day together count as one

    @classmethod
    def of(cls, ledger: Ledger, past: PaymentHistory) -> "_Promises":
        """Return those that fell due before the ledger's last day."""
        table = ledger.promises
        row = positions(table["invoice_id"], ledger.invoices["invoice_id"])
        made, due = day_numbers(table["made_on"]), day_numbers(table["due_on"])
        telling = (due < day_number(ledger.as_of)) & (past.end[row] > made)
        row, made, due = row[telling], made[telling], due[telling]
        together = np.stack([past.customer[row], made, due])
        _, unit, many = np.unique(together, axis=1, return_inverse=True, return_counts=True)
        return cls(invoice=row, made=made, due=due, weight=1.0 / many[unit])


def keeps_promises(
    ledger: Ledger, past: PaymentHistory, timing: KaplanMeier, felt: ContactsFelt, assumed: float
) -> Floats:
    """Return each customer's share of promises kept that it would not have met anyway, 0 to 1.

    Parameters
    ----------
    timing, felt
        How customers pay by themselves, and what was felt of contacts on top.
    assumed
        The share where the ledger holds no promises.
    """
    people, promises = ledger.customers, _Promises.of(ledger, past)
    own = _met_anyway(ledger, past, promises, timing, felt)
    met = past.paid[promises.invoice] & (past.end[promises.invoice] <= promises.due)
    who = past.customer[promises.invoice]
    won, free = (
        np.bincount(who, promises.weight * part, len(people)).astype(np.float64) for part in (met - own, 1 - own)
    )
    segment, names = pd.factorize(people["segment"], sort=True)
    whole = np.clip((won.sum() + _ASSUMED * assumed) / (free.sum() + _ASSUMED), 0, 1)
    in_segment = [np.bincount(segment, part, len(names)).astype(np.float64) for part in (won, free)]
    of_segment = _shrunk(in_segment[0], in_segment[1], whole)
    return _shrunk(won, free, of_segment[segment])


def keeps_factor(ledger: Ledger, assume: Assumptions) -> Floats:
    """Return how many times as often as all do each customer keeps promises, by the ledger's own; 1 where it has none.

    `assume` says what contacts did, and the share of promises that are kept.
    """
    if not len(ledger.promises) or assume.promise_kept == 0:
        return np.ones(len(ledger.customers))
    past = history(ledger)
    felt = ContactsFelt.of(ledger, past, assume)
    timing = hazards_by_customer(past, ledger.customers, felt)
    return keeps_promises(ledger, past, timing, felt, assume.promise_kept) / assume.promise_kept


def _shrunk(won: Floats, free: Floats, parent: Floats | float) -> Floats:
    return np.asarray(np.clip((won + PSEUDO * parent) / (free + PSEUDO), 0, 1))


def _met_anyway(
    ledger: Ledger, past: PaymentHistory, promises: _Promises, timing: KaplanMeier, felt: ContactsFelt
) -> Floats:
    """Return the chance that each promised invoice would have been paid by the promised day by itself."""
    rows = ledger.invoices.iloc[promises.invoice].assign(asked_on=pd.to_datetime(promises.made, unit="D"))
    hazard = timing.hazard_until(rows, promises.due - past.due[promises.invoice])
    cells = pd.Series(felt.added, felt.invoice * SPAN + felt.day)
    extra = cells.reindex(promises.invoice * SPAN + promises.made + 1).fillna(0.0).to_numpy()
    length = np.maximum(promises.due - promises.made, 1)  # nobody is contacted again before the promised day
    faded = (1 - felt.decay**length) / ((1 - felt.decay) * length)
    return np.asarray(-np.expm1(-hazard * (1 + np.maximum(extra, 0.0) * faded)))
