"""What may happen to an invoice in a run: compiled verbs, each of which keeps every law of a ledger.

From day 1 on, nothing else writes the columns that say when an invoice is paid or written off; what mechanisms draw
before it, when they begin, they write themselves.
"""

import numpy as np

from ledger.compiling import njit
from ledger.table.calendar import NEVER
from sim.world.payment_kernels import PaydayState, boost, pause, payday
from sim.world.state import Accounts, Invoices, Payments


@njit(cache=True)
def _state(inv: Invoices, acc: Accounts, i: int) -> PaydayState:
    return PaydayState(inv.kind[i], acc.run_row[inv.customer[i]], inv.clock[i], inv.added[i], inv.target[i])


@njit(cache=True)
def change_hazard(inv: Invoices, acc: Accounts, pays: Payments, i: int, day: int, extra: float) -> None:
    """Add `extra` to the relative hazard of an invoice from the day after `day`; it is never paid later for it."""
    inv.added[i], inv.target[i], inv.pay[i] = boost(pays, _state(inv, acc, i), inv.pay[i], day, extra)


@njit(cache=True)
def suspend(inv: Invoices, acc: Accounts, pays: Payments, i: int, begin: int, end: int) -> None:
    """Let nobody decide to pay an invoice, nor write it off, on the days begin .. end - 1."""
    inv.lapse[i] = max(inv.lapse[i], end)
    inv.target[i], inv.pay[i] = pause(pays, _state(inv, acc, i), begin, end)
    acc.quiet[inv.customer[i]] = 0


@njit(cache=True)
def block(inv: Invoices, acc: Accounts, i: int, until: int) -> None:
    """Let nobody chase an invoice up to and including a day; from the next one on its step is asked for again."""
    inv.hold[i] = until
    acc.quiet[inv.customer[i]] = 0


@njit(cache=True)
def settle_by(inv: Invoices, i: int, day: int) -> None:
    """Let an invoice be paid on a day at the latest."""
    inv.pay[i] = min(inv.pay[i], day)


@njit(cache=True)
def leave_rest(inv: Invoices, acc: Accounts, pays: Payments, i: int, rest: int, kind: int, threshold: float) -> None:
    """Let the payment of an invoice settle all but a rest, which goes on from that day under a hazard of its own.

    Nobody writes it off: that is among the ends of rests.
    """
    day, c = inv.pay[i], inv.customer[i]
    frailty = acc.frailty[c]
    inv.amount[i], inv.kind[i], inv.clock[i], inv.lapse[i], inv.added[i] = rest, kind, day, NEVER, 0.0
    inv.target[i] = threshold / frailty if frailty > 0 else np.inf
    inv.pay[i] = payday(pays, _state(inv, acc, i), day)
    acc.quiet[c] = 0
