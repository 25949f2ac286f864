"""What settled the invoices of a run, as columns: tables and key figures are both made of these."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Ints, SmallInts
from ledger.table.calendar import NEVER
from ledger.table.tables import PAYMENT_KINDS
from sim.result.history import History


class Settlements(NamedTuple):
    """Settlements of one kind; `prefix` begins the numbers under which they are booked."""

    prefix: str
    kind: int  # place in PAYMENT_KINDS
    at: Ints  # place among the invoices that are shown
    day: SmallInts  # received and applied, days of the run
    amount: Ints  # minor units of the invoice's own currency


def settlements(run: History, shown: Ints) -> list[Settlements]:
    """Return credit notes, main payments, write-offs and other payments of the invoices `shown`, up to the last day.

    An invoice that was open on day 0 in another currency is settled in that: by the same shares of what was open.
    """
    inv, end = run.columns, run.days
    pay, lapse, resolve = inv.pay[shown], inv.lapse[shown], inv.resolve[shown]
    owed, credit, rest = run.amount[shown], inv.credit[shown].copy(), inv.amount[shown]
    old = np.flatnonzero(run.number[shown] < 0)
    original = run.portfolio.opening.own_amount[-1 - run.number[shown[old]]]
    credit[old] = credit[old] * original // owed[old]
    rest[old] = rest[old] * original // owed[old]
    owed[old] = original
    credited = (inv.dispute[shown] < NEVER) & (resolve <= end) & (credit > 0)
    main, settled_by = _main_payments(run, shown)
    part_paid = main <= end
    left = owed - np.where(credited, credit, 0) - np.where(part_paid, owed - rest, 0)
    paid = (pay <= lapse) & (pay <= end)
    written_off = (lapse < pay) & (lapse <= end)

    def of(prefix: str, kind: str, which: Flags, day: SmallInts, amount: Ints) -> Settlements:
        at = np.flatnonzero(which)
        return Settlements(prefix, PAYMENT_KINDS.index(kind), at, day[at], amount[at])

    parts = [
        of("C", "credit_note", credited, resolve, credit),
        of("M", "cash", part_paid, main, owed - rest),
        of("W", "write_off", written_off, lapse, left),
        *(of("P", kind, paid & (settled_by == k), pay, left) for k, kind in enumerate(PAYMENT_KINDS)),
    ]
    return [part for part in parts if len(part.at)] or parts[:1]


def _main_payments(run: History, shown: Ints) -> tuple[SmallInts, Ints]:
    """Return the day of each invoice's main payment, NEVER where none is apart, and the kind that settles the rest."""
    place = np.full(len(run.number), -1)
    place[shown] = np.arange(len(shown))
    main, kind = np.full(len(shown), NEVER, np.int32), np.full(len(shown), PAYMENT_KINDS.index("cash"))
    at, parts = place[run.parts.invoice], run.parts
    seen = at >= 0
    main[at[seen]] = parts.paid_on[seen]
    kind[at[seen]] = np.where(parts.rest == 0, parts.settled_by, kind[at])[seen]
    return main, kind


def promised_amount(run: History, at: Ints) -> Ints:
    """Return what some of the run's promises are of: minor units of the invoice's own currency, at least 1."""
    invoice, amount = run.promises.invoice[at], run.promises.amount[at]
    original, number = run.amount[invoice], run.number[invoice]
    old = number < 0
    original[old] = run.portfolio.opening.own_amount[-1 - number[old]]
    return np.asarray(np.maximum(amount * original // run.amount[invoice], 1))
