"""Disputes: some invoices that stay unpaid long enough are contested, and not paid until that is resolved.

Which, from when to when and what is credited in the end is drawn before the run, so it is the same under every
strategy; one whose invoice is paid, promised or written off by its day never opens. While a dispute is open nobody
chases the invoice and its hazard is nil.
"""

from typing import ClassVar

import numpy as np

from ledger.arrays import Ints, SmallInts
from ledger.table.calendar import NEVER, Calendar
from models.assumed.assumptions import Assumptions
from models.history.dispute_share import DISPUTED_BY
from sim.day.today import Today
from sim.mechanisms.disputes_kernels import open_disputes
from sim.mechanisms.protocol import Begun
from sim.world.keyed import Purpose
from sim.world.keyed_kernels import triangular, uniforms
from sim.world.state import Accounts, Invoices, Payments


class Disputes:
    """Invoices by the day on which each is disputed, and how many of them have been looked at."""

    name: ClassVar[str] = "disputes"
    parameters: ClassVar[tuple[str, ...]] = (
        "dispute_share",
        "dispute_resolve",
        "dispute_credited",
        "dispute_credit_low",
        "dispute_credit_high",
    )

    def __init__(self, invoices: Invoices, accounts: Accounts, payments: Payments) -> None:
        disputed = np.flatnonzero(invoices.dispute < NEVER)
        self.by_day: Ints = disputed[np.argsort(invoices.dispute[disputed], kind="stable")]
        self.days: SmallInts = invoices.dispute[self.by_day]
        self.opened = 0
        self._tables = invoices, accounts, payments

    @classmethod
    def begin(cls, begun: Begun) -> "Disputes | None":
        """Draw the run's disputes; off where none is open or assumed to come."""
        inv, share = begun.world.invoices, begun.assume.dispute_share / 100 * begun.portfolio.behaviour.disputes
        if share == 0 and not (inv.dispute < NEVER).any():
            return None
        _draw(inv, share, begun.assume, begun.calendar, begun.draw(Purpose.DISPUTE))
        return cls(inv, begun.world.accounts, begun.world.payments)

    def morning(self, today: Today) -> None:
        """Open what is disputed by this morning."""
        self.close(today.day)

    def close(self, day: int) -> None:
        """Open what is disputed by this day."""
        last = int(np.searchsorted(self.days, day, "right"))
        open_disputes(*self._tables, self.by_day, self.opened, last)
        self.opened = last


def _draw(inv: Invoices, share: float, assume: Assumptions, calendar: Calendar, draw: np.uint64) -> None:
    """Draw which invoices will be disputed if still unpaid by then, from when to when, and what is credited.

    One that is open on day 0 without a dispute has fewer days left in which one can begin.
    """
    carried = inv.dispute == 1
    length = np.maximum(inv.due - inv.issue + DISPUTED_BY, 1)
    gone = np.clip(-inv.issue / length, 0, 1)  # part of these days up to day 0
    chance = share * (1 - gone) / (1 - np.minimum(share * gone, 0.99))
    hit = np.flatnonzero(carried | (uniforms(draw, inv.entity, 0) < chance))
    u = [uniforms(draw, inv.entity[hit], k) for k in range(1, 5)]
    part = gone[hit] + u[0] * (1 - gone[hit])
    opens = inv.issue[hit] + 1 + (part * length[hit]).astype(np.int32)
    opens = np.where(carried[hit], 1, np.maximum(opens, 1)).astype(np.int32)
    working = np.flatnonzero(calendar.working(calendar.home))
    takes = np.round(triangular(u[1], assume.minutes("dispute_resolve"))).astype(np.int64)
    position = np.searchsorted(working, np.minimum(opens, calendar.span - 1), "right") + np.maximum(takes, 1) - 1
    inside = (position < len(working)) & (opens < calendar.span)
    resolves = np.where(inside, working[np.minimum(position, len(working) - 1)], NEVER)
    keep = opens <= calendar.days
    inv.dispute[hit] = np.where(keep, opens, NEVER)
    inv.resolve[hit] = np.where(keep, resolves, NEVER)
    percent = assume.dispute_credit_low + u[3] * (assume.dispute_credit_high - assume.dispute_credit_low)
    credited = keep & (u[2] < assume.dispute_credited / 100)
    inv.credit[hit] = np.where(credited, np.floor(inv.amount[hit] * percent / 100), 0).astype(np.int64)
