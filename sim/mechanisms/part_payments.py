"""Part payments in a run: what a main payment leaves open, and what settles it.

Each customer's main payments bring the shares that its own did (`part_payments`). The share of an invoice is
drawn before the run, so it is the same under every strategy, and so are the threshold of its rest and the kind of
payment that will settle it. On the morning on which the collectors see the main payment, the invoice goes on as its
rest: a smaller amount, on the hazard of rests, whose clock is the day of the main payment. A contact moves that hazard
as it moves any other. The house's write-offs of rests are among their ends, so no write-off age applies to them.
"""

from typing import ClassVar

import numpy as np

from ledger.arrays import Ints
from ledger.table.calendar import NEVER
from ledger.table.tables import PAYMENT_KINDS
from models.families.part_payments import PartPayments, class_of
from sim.day.today import Today
from sim.mechanisms.part_payments_kernels import Parts, pay_main_parts
from sim.mechanisms.protocol import Begun
from sim.world.keyed import Purpose
from sim.world.keyed_kernels import uniforms
from sim.world.state import Invoices


class PartialPayments:
    """Invoices whose main payment leaves a rest."""

    name: ClassVar[str] = "part_payments"
    parameters: ClassVar[tuple[str, ...]] = ()  # the shares are the customers' own

    def __init__(self, begun: Begun, parts: Parts) -> None:
        self.parts = parts
        self._tables = begun.world.invoices, begun.world.accounts, begun.world.payments

    @classmethod
    def begin(cls, begun: Begun) -> "PartialPayments | None":
        """Draw the run's part payments; off where all pay in full and no rest is open."""
        inv, first = begun.world.invoices, begun.world.payments.rest_kind
        how, rests = begun.portfolio.behaviour.part_payments, np.flatnonzero(inv.kind >= first)
        if how is None or (how.all_in_full and not len(rests)):
            return None
        return cls(begun, _drawn(how, first, inv, rests, begun.draw(Purpose.PART_PAYMENT)))

    def morning(self, today: Today) -> None:
        """Let the main payments that are seen this morning leave their rests."""
        pay_main_parts(today.seen, self.parts, *self._tables)

    def close(self, day: int) -> None:
        """Let those up to the last day do so."""
        pay_main_parts(day + 1, self.parts, *self._tables)


def no_parts() -> Parts:
    """Return the parts of a run in which all pay in full."""
    whole, short = np.zeros((4, 0), np.int64), np.zeros((2, 0), np.int32)
    return Parts(whole[0], whole[1], short[0], np.zeros(0), whole[2], short[1], whole[3])


def _drawn(how: PartPayments, first_kind: int, invoices: Invoices, rests: Ints, draw: np.uint64) -> Parts:
    """Return part payments; `first_kind` is the row of the hazard tables of small rests, `rests` are those of day 0."""
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
