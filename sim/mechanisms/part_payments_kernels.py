"""Part payments, compiled."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from sim.world.payment_kernels import PaydayState, payday
from sim.world.state import Accounts, Invoices, Payments


class Parts(NamedTuple):
    """Invoices that are part-paid: those open on day 0 as rests, and those whose main payment will leave one."""

    invoice: Ints  # row of the run's invoices
    rest: Ints  # minor units that the main payment will leave; 0 where it has been made
    kind: SmallInts  # row of the hazard tables of the rest
    threshold: Floats  # of the rest
    settled_by: Ints  # place in PAYMENT_KINDS of what settles the rest
    paid_on: SmallInts  # day of the main payment in this run; NEVER
    paid: Ints  # minor units of the main payment in this run


@njit(cache=True)
def pay_main_parts(until: int, parts: Parts, inv: Invoices, acc: Accounts, pays: Payments) -> None:
    """Let every main payment of a day before `until` leave its rest."""
    for j in range(len(parts.invoice)):
        i = parts.invoice[j]
        if parts.rest[j] == 0 or inv.pay[i] >= until or inv.pay[i] > inv.lapse[i]:
            continue
        c, day = inv.customer[i], inv.pay[i]
        parts.paid_on[j], parts.paid[j] = day, inv.amount[i] - parts.rest[j]
        inv.amount[i], parts.rest[j] = parts.rest[j], 0
        inv.kind[i], inv.clock[i], inv.lapse[i] = parts.kind[j], day, NEVER
        inv.added[i] = 0.0
        frailty = acc.frailty[c]
        inv.target[i] = parts.threshold[j] / frailty if frailty > 0 else np.inf
        inv.pay[i] = payday(pays, PaydayState(inv.kind[i], acc.run_row[c], day, 0.0, inv.target[i]), day)
        acc.quiet[c] = 0
