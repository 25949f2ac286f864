"""Part payments in a run: what a main payment leaves open, and what settles it.

Each customer's main payments bring the shares that its own did (`part_payments`). The share of an invoice is
drawn before the run, so it is the same under every strategy, and so are the threshold of its rest and the kind of
payment that will settle it. On the morning on which the collectors see the main payment, the invoice goes on as its
rest: a smaller amount, on the hazard of rests, whose clock is the day of the main payment. A contact moves that hazard
as it moves any other. The house's write-offs of rests are among their ends, so no write-off age applies to them.
"""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from ledger.table.tables import PAYMENT_KINDS
from models.families.part_payments import PartPayments, class_of
from sim.world.keyed import Purpose, key, uniforms
from sim.world.payment import payday
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


def no_parts() -> Parts:
    """Return the parts of a run in which all pay in full."""
    whole, short = np.zeros((4, 0), np.int64), np.zeros((2, 0), np.int32)
    return Parts(whole[0], whole[1], short[0], np.zeros(0), whole[2], short[1], whole[3])


def draw_parts(
    how: PartPayments | None, first_kind: int, invoices: Invoices, rests: Ints, seeds: tuple[int, int]
) -> Parts:
    """Return the part payments of a run.

    Parameters
    ----------
    how
        The customers' part payments; None where all pay in full.
    first_kind
        Row of the hazard tables of small rests; large ones have the next.
    invoices
        The run's invoices.
    rests
        Rows of those that are rests on day 0.
    seeds
        Seed and replication.
    """
    if how is None or (how.all_in_full and not len(rests)):
        return no_parts()
    draw = key(*seeds, Purpose.PART_PAYMENT)
    share = how.drawn(invoices.customer.astype(np.int64), uniforms(draw, invoices.entity, 0))
    rest = np.floor(invoices.amount * (1 - share) + 0.5).astype(np.int64)
    rest[(rest >= invoices.amount) | (invoices.dispute < NEVER)] = 0
    rest[rests] = 0
    chosen = np.union1d(np.flatnonzero(rest > 0), rests)
    entity = invoices.entity[chosen]
    large = class_of(share[chosen])
    own = np.searchsorted(chosen, rests)
    large[own] = invoices.kind[rests] - first_kind
    by = np.cumsum(how.kinds, axis=1)[large]
    settled_by = (uniforms(draw, entity, 2)[:, None] * by[:, -1:] > by).sum(axis=1)
    return Parts(
        invoice=chosen,
        rest=rest[chosen],
        kind=(first_kind + large).astype(np.int32),
        threshold=-np.log(uniforms(draw, entity, 1)),
        settled_by=np.minimum(settled_by, len(PAYMENT_KINDS) - 1),
        paid_on=np.full(len(chosen), NEVER, np.int32),
        paid=np.zeros(len(chosen), np.int64),
    )


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
        row = inv.kind[i]
        inv.pay[i] = payday(
            pays.cumulative[row], pays.decayed[row], pays.first_day, 0.0, inv.target[i], day, day,
            pays.runs[acc.run_row[c]],
        )  # fmt: skip
        acc.quiet[c] = 0
