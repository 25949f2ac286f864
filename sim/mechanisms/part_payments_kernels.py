"""Part payments, compiled."""

from typing import NamedTuple

from ledger.arrays import Floats, Ints, SmallInts
from ledger.compiling import njit
from sim.world.state import Accounts, Invoices, Payments
from sim.world.verbs_kernels import leave_rest


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
        parts.paid_on[j], parts.paid[j] = inv.pay[i], inv.amount[i] - parts.rest[j]
        leave_rest(inv, acc, pays, i, parts.rest[j], parts.kind[j], parts.threshold[j])
        parts.rest[j] = 0
