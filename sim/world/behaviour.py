"""How the customers of a portfolio order, pay and answer: columns, one row per customer."""

from dataclasses import dataclass

import numpy as np

from ledger import BadInput
from ledger.arrays import Flags, Floats, Ints, SmallInts
from models.families.part_payments import CLASSES, PartPayments
from models.history.write_offs import WriteOffs
from sim.demand.demand import Demand
from sim.demand.order_level import Level


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """The truth that a simulation runs on.

    Parameters
    ----------
    first_day
        Days past due of the hazard tables' first column (negative).
    hazard
        Daily hazard of deciding to pay, by days past due, shape (kinds, days). The payment itself is made on the
        customer's next payment day.
    kind
        Row of `hazard` for each customer.
    frailty
        Factor on the hazard of each customer (mean about 1).
    payment_weekdays
        Weekdays of each customer's payment runs, shape (customers, 7).
    order_rate
        Order days per working day of each customer, while it orders at the portfolio's usual level.
    orders, lines, amount, term
        The order catalogue: customer c repeats one of orders `orders[c] .. orders[c+1]-1` at random; order o
        consists of the lines `lines[o] .. lines[o+1]-1`, one invoice each, of `amount` (base-currency minor units)
        and `term` (days).
    reach
        Factor on the right-party contact rate of each customer.
    keeps
        Factor on the assumed share of promises that each customer keeps.
    disputes
        Factor on the assumed share of disputed invoices; 0 where the hazard already contains the delay by disputes.
    demand
        How rates and level go on and what is not known of them; None where they are the truth.
    write_offs
        When unpaid invoices are written off; None where all are at the assumed age.
    part_payments
        What main payments bring and what becomes of rests, whose hazards are then the last two rows of `hazard` (small
        and large), by days since the main payment; None: all pay in full.
    payment_level
        Factor on all hazards from day 1 on, which each replication draws (`payment_level`); None where it is 1.
    """

    first_day: int
    hazard: Floats
    kind: SmallInts
    frailty: Floats
    payment_weekdays: Flags
    order_rate: Floats
    orders: Ints
    lines: Ints
    amount: Ints
    term: SmallInts
    reach: Floats
    keeps: Floats
    disputes: float
    demand: Demand | None = None
    write_offs: WriteOffs | None = None
    part_payments: PartPayments | None = None
    payment_level: Level | None = None

    @property
    def rest_kind(self) -> int:
        """Row of `hazard` of small rests, large ones have the next; the number of rows where all pay in full."""
        return len(self.hazard) - (0 if self.part_payments is None else len(CLASSES))

    def __post_init__(self) -> None:
        """Check shapes and ranges once, so that no kernel has to."""
        n = len(self.kind)
        for name in ("frailty", "order_rate", "reach", "keeps"):
            column = getattr(self, name)
            if column.shape != (n,) or not (np.isfinite(column).all() and (column >= 0).all()):
                raise BadInput("must be finite, not negative, one per customer", where="behaviour", field=name)
        if not (np.isfinite(self.hazard).all() and (self.hazard >= 0).all()):
            raise BadInput("must be finite and not negative", where="behaviour", field="hazard")
        if self.first_day >= 0 or self.hazard.shape[1] <= -self.first_day:
            raise BadInput("must cover days before and after the due date", where="behaviour", field="hazard")
        if n and (self.kind.min() < 0 or self.kind.max() >= len(self.hazard)):
            raise BadInput("must be a row of hazard", where="behaviour", field="kind")
        if self.payment_weekdays.shape != (n, 7) or not self.payment_weekdays.any(axis=1).all():
            raise BadInput("every customer needs at least one weekday", where="behaviour", field="payment_weekdays")
        if len(self.orders) != n + 1 or len(self.amount) != self.lines[-1] or (self.amount <= 0).any():
            raise BadInput("must be a catalogue of positive amounts", where="behaviour", field="orders")
        if ((np.diff(self.orders) == 0) & (self.order_rate > 0)).any():
            raise BadInput("a customer who orders needs an order to repeat", where="behaviour", field="orders")
