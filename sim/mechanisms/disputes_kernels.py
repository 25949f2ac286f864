"""Disputes, compiled."""

from ledger.arrays import Ints
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from sim.world.state import Accounts, Invoices, Payments
from sim.world.verbs_kernels import suspend


@njit(cache=True)
def open_disputes(inv: Invoices, acc: Accounts, pays: Payments, by_day: Ints, first: int, last: int) -> None:
    """Open the disputes by_day[first:last]; one whose invoice is paid, promised or written off by then never opens.

    Nobody writes off what is disputed: the write-off waits for the dispute's end.
    """
    for j in range(first, last):
        i = by_day[j]
        day = inv.dispute[i]
        if inv.pay[i] < day or inv.hold[i] >= day or inv.lapse[i] < day:
            inv.dispute[i] = inv.resolve[i] = NEVER
        else:
            suspend(inv, acc, pays, i, day, inv.resolve[i])
