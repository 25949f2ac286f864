"""What the strategy's ladder asks for: accounts, the step due on each day, and what forbids it.

The meaning is that of the simulator's mornings. Where each invoice stands, and whether its step is still to do, is the
law of `ladder`; of several steps the one furthest up the ladder counts. One contact covers all overdue invoices
of the customer that are chased, and a step before the due date all that have reached the ladder.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.policy.strategy import Strategy
from ledger.table.ledger import positions
from ledger.table.months import day_number
from models.history.contacted import Contacted
from models.history.ladder import Standing, rungs, standing

FOLLOW_UP: Final = "promise follow-up"  # a step of its own: no strategy leaves a broken promise alone


@dataclass(frozen=True, eq=False, kw_only=True)
class Dunning:
    """Accounts (n), their open invoices (m, sorted by account) and the days (D) of a plan, the day after it included.

    An account is a customer with an invoice that has reached the ladder by the end of the plan, or with a promise to be
    followed up. Days are days since 1970-01-01.
    """

    ledger: Ledger  # as known on the evening before
    strategy: Strategy
    days: Ints  # (D,)
    customer: Ints  # (n,) rows of the ledger's customers
    invoice: Ints  # (m,) rows of the ledger's invoices
    account: Ints  # (m,)
    due: Ints  # (m,)
    open: Floats  # (m,) base-currency minor units
    reached: Flags  # (m, D) has reached a rung, or is to be followed up
    promised: Flags  # (m, D) a live promise forbids it
    disputed: Flags  # (m, D) a dispute forbids it
    covered: Flags  # (m, D) a contact on the day is about it
    step: Ints  # (n, D) step that is due, -1 for none; len(strategy.steps) is a follow-up of no step
    follow_up: Flags  # (n, D) a promise whose day has passed must be followed up
    kept: Floats  # (m, D) chance that a promise due since then was kept
    contacted: Contacted

    @cached_property
    def active(self) -> Flags:
        """Which invoices are chased on each day, (m, D)."""
        return self.reached & ~self.promised & ~self.disputed

    def any_of(self, invoices: Flags) -> Flags:
        """Return whether any invoice of each account is one of these, (n, D) from (m, D)."""
        return self.total(invoices.astype(np.float64)) > 0

    def total(self, values: Floats) -> Floats:
        """Return sums by account, (n, ...) from (m, ...)."""
        out = np.zeros((len(self.customer), *values.shape[1:]))
        np.add.at(out, self.account, values)
        return out

    def by_phone(self) -> Flags:
        """Whether the step due is a call, (n, D)."""
        phone = np.array([step.channel == "phone" for step in self.strategy.steps] + [True, False])
        return phone[self.step]

    def step_name(self, step: int) -> str:
        """Return the name of a step."""
        return self.strategy.steps[step].name if 0 <= step < len(self.strategy.steps) else FOLLOW_UP


def dunning(ledger: Ledger, strategy: Strategy, days: Ints, kept: float) -> Dunning:
    """Return what the ladder asks for on these days of a ledger as known; `kept` is the chance that a promise is."""
    contacted, amount = Contacted.of(ledger), ledger.open_amount()
    row = np.flatnonzero(amount > 0)
    row = row[np.argsort(ledger.customer_of_invoice[row], kind="stable")]
    found = standing(ledger, strategy, days, row)
    heard = contacted.last_heard[found.customer][:, None]
    broken = (found.hold > 0) & (found.hold < days) & (found.hold > heard) & ~found.disputed
    reached = (found.rung >= 0) | broken
    chased = np.zeros(len(ledger.customers), np.bool_)
    chased[found.customer[reached[:, :-1].any(axis=1)]] = True
    mine = chased[found.customer]
    found, row, broken, reached = found.of(mine), row[mine], broken[mine], reached[mine]
    customer, account = np.unique(found.customer, return_inverse=True)
    open_now = broken & (found.hold > day_number(ledger.as_of))  # whether the promise is kept is not known yet
    made = Dunning(
        ledger=ledger,
        strategy=strategy,
        days=days,
        customer=customer,
        invoice=row,
        account=account,
        due=found.due,
        open=amount[row] * ledger.base_rate[row],
        reached=reached,
        promised=found.promised,
        disputed=np.broadcast_to(found.disputed, reached.shape),
        covered=reached,
        step=np.zeros((0, 0), np.int64),
        follow_up=np.zeros((0, 0), np.bool_),
        kept=np.where(open_now, kept, 0.0),
        contacted=contacted,
    )
    return _with_steps(made, found, broken)


def _with_steps(made: Dunning, found: Standing, broken: Flags) -> Dunning:
    """Return the accounts with the step due on each day."""
    strategy, days = made.strategy, made.days
    day_of, step_of = rungs(strategy)
    highest = np.full((len(made.customer), len(days)), -1)
    np.maximum.at(highest, made.account, np.where(found.pending(made.contacted), found.rung, -1))
    due = np.where(highest >= 0, step_of[highest], -1)
    follow_up = np.zeros(due.shape, np.bool_)
    np.logical_or.at(follow_up, made.account, broken & made.active)
    calls = [s.channel == "phone" for s in strategy.steps]
    if any(calls):  # a broken promise is followed up by a call
        is_call = np.array([*calls, False])[due]
        due = np.where(follow_up & ~is_call, len(strategy.steps), due)
    early = (day_of[highest] < 1) & (highest >= 0) & (due < len(strategy.steps))
    covered = made.active & ((days > made.due[:, None]) | broken | early[made.account])
    return replace(made, covered=covered, step=due, follow_up=follow_up & (due >= 0))


def usual_specialist(ledger: Ledger, customer: Ints, ids: tuple[str, ...]) -> Ints:
    """Return the specialist who has called each customer most often, -1 for none; of equals the first in `ids`."""
    log = ledger.contacts[ledger.contacts["specialist_id"].notna()]
    who = positions(log["customer_id"], ledger.customers["customer_id"])
    by = positions(log["specialist_id"], pd.Series(ids, dtype=log["specialist_id"].dtype))
    counts = np.zeros((len(ledger.customers), len(ids) + 1), np.int64)
    np.add.at(counts, (who[by >= 0], by[by >= 0] + 1), 1)
    best = counts.argmax(axis=1) - 1 if len(counts) else np.zeros(0, np.int64)
    return np.asarray(np.where(counts.max(axis=1, initial=0) > 0, best, -1)[customer])
