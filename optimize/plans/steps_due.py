"""What the strategy's ladder asks for: accounts, the step due on each day, and what forbids it.

The meaning is that of the simulator's mornings. A step is due from the day on which an invoice reaches its rung, until
a contact takes place or its attempts are used up; of several the one furthest up the ladder counts. One contact covers
all overdue invoices of the customer that are chased, and a step before the due date all that have reached the ladder.
Promises and disputes block an invoice; when they end it asks again.
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
from ledger.table.months import day_number, day_numbers
from models.history.contact_log import EFFECTIVE, dispute_days

_SPAN: Final = 2**21  # more days than any calendar here has
_LONG_AGO: Final = -(2**20)
FOLLOW_UP: Final = "promise follow-up"  # a step of its own: no strategy leaves a broken promise alone


@dataclass(frozen=True, eq=False, kw_only=True)
class Contacted:
    """The contact log by row of the ledger's customers; days are days since 1970-01-01, up to the evening known."""

    heard: Ints  # customer × _SPAN + day of every contact that was heard, ascending
    tried: Ints  # the same of every call made
    unanswered: Ints  # the same of calls that reached nobody
    last_heard: Ints  # (customers,)
    last_call: Ints
    calls: Ints  # (customers,) calls made
    reached: Ints  # of these, answered by the right party

    @classmethod
    def of(cls, ledger: Ledger) -> "Contacted":
        """Return the contacts of a ledger."""
        log, people = ledger.contacts, len(ledger.customers)
        day = day_numbers(log["time"].dt.tz_convert(ledger.timezone).dt.tz_localize(None))
        who = positions(log["customer_id"], ledger.customers["customer_id"])
        heard = log["outcome"].isin(EFFECTIVE).to_numpy(bool)
        call = (log["channel"] == "phone").to_numpy(bool)

        def last(which: Flags) -> Ints:
            out = np.full(people, _LONG_AGO)
            np.maximum.at(out, who[which], day[which])
            return out

        key = who * _SPAN + day
        return cls(
            heard=np.sort(key[heard]),
            tried=np.sort(key[call]),
            unanswered=np.sort(key[call & ~heard]),
            last_heard=last(heard),
            last_call=last(call),
            calls=np.bincount(who[call], minlength=people),
            reached=np.bincount(who[call & heard], minlength=people),
        )

    @staticmethod
    def count(keys: Ints, customer: Ints, first: Ints, last: Ints) -> Ints:
        """Return how many of a customer's days lie in first .. last."""
        low = np.searchsorted(keys, customer * _SPAN + first, "left")
        return np.searchsorted(keys, customer * _SPAN + last, "right") - low


@dataclass(frozen=True, eq=False, kw_only=True)
class Chase:
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
    asked: Ints  # (m, D) day on which the step that the invoice stands on was asked for
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


def chase(ledger: Ledger, strategy: Strategy, days: Ints, kept: float) -> Chase:
    """Return what the ladder asks for on these days of a ledger as known; `kept` is the chance that a promise is."""
    contacted, amount = Contacted.of(ledger), ledger.open_amount()
    row = np.flatnonzero(amount > 0)
    row = row[np.argsort(ledger.customer_of_invoice[row], kind="stable")]
    due, who = day_numbers(ledger.invoices["due_date"])[row][:, None], ledger.customer_of_invoice[row]
    hold, disputed, freed = _blocks(ledger, row)
    day_of, step_of = _rungs(strategy)
    rung = np.searchsorted(day_of[:-1], days - due, "right") - 1
    broken = (hold > 0) & (hold < days) & (hold > contacted.last_heard[who][:, None]) & ~disputed
    reached = (rung >= 0) | broken
    chased = np.zeros(len(ledger.customers), np.bool_)
    chased[who[reached[:, :-1].any(axis=1)]] = True
    mine = chased[who]
    customer, account = np.unique(who[mine], return_inverse=True)
    asked = np.maximum(due + day_of[rung], np.maximum(np.where(hold < days, hold + 1, 0), freed))
    open_now = broken & (hold > day_number(ledger.as_of))  # whether the promise is kept is not known yet
    made = Chase(
        ledger=ledger,
        strategy=strategy,
        days=days,
        customer=customer,
        invoice=row[mine],
        account=account,
        due=due[mine, 0],
        open=amount[row[mine]] * ledger.base_rate[row[mine]],
        reached=reached[mine],
        promised=(hold >= days)[mine],
        disputed=np.broadcast_to(disputed, reached.shape)[mine],
        asked=asked[mine],
        covered=reached[mine],
        step=np.zeros((0, 0), np.int64),
        follow_up=np.zeros((0, 0), np.bool_),
        kept=np.where(open_now, kept, 0.0)[mine],
        contacted=contacted,
    )
    return _with_steps(made, rung[mine], (day_of, step_of), broken[mine])


def _blocks(ledger: Ledger, row: Ints) -> tuple[Ints, Flags, Ints]:
    """Return the last day of each invoice's latest promise (0: none), whether it is disputed, and freed on what day.

    All have shape (rows, 1).
    """
    hold, freed = np.zeros((2, len(ledger.invoices)), np.int64)
    disputed = np.zeros(len(ledger.invoices), np.bool_)
    promise = positions(ledger.promises["invoice_id"], ledger.invoices["invoice_id"])
    np.maximum.at(hold, promise, day_numbers(ledger.promises["due_on"]))
    closed = dispute_days(ledger)[1]
    at = positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"])
    still = ledger.disputes["resolved"].isna().to_numpy(bool)
    disputed[at[still]] = True
    np.maximum.at(freed, at[~still], closed[~still])
    return hold[row, None], disputed[row, None], freed[row, None]


def _rungs(strategy: Strategy) -> tuple[Ints, Ints]:
    """Return the days past due of the rungs, ascending, and their steps; the last entries stand for no rung."""
    at = sorted((day, s) for s, step in enumerate(strategy.steps) for day in step.days)
    return np.array([*(day for day, _ in at), 0], np.int64), np.array([*(s for _, s in at), -1], np.int64)


def _with_steps(found: Chase, rung: Ints, rungs: tuple[Ints, Ints], broken: Flags) -> Chase:
    """Return the accounts with the step due on each day."""
    strategy, days, log = found.strategy, found.days, found.contacted
    day_of, step_of = rungs
    who = found.customer[found.account][:, None]
    heard = log.last_heard[who] >= found.asked
    step = np.where(rung >= 0, step_of[rung], -1)
    attempts = np.array([s.attempts for s in strategy.steps] + [1], np.int64)[step]
    phone = np.array([s.channel == "phone" for s in strategy.steps] + [False])[step]
    tries = log.count(log.unanswered, np.broadcast_to(who, rung.shape), found.asked, np.broadcast_to(days, rung.shape))
    pending = found.active & (rung >= 0) & ~heard & ~(phone & (tries >= attempts))
    highest = np.full((len(found.customer), len(days)), -1)
    np.maximum.at(highest, found.account, np.where(pending, rung, -1))
    due = np.where(highest >= 0, step_of[highest], -1)
    follow_up = np.zeros(due.shape, np.bool_)
    np.logical_or.at(follow_up, found.account, broken & found.active)
    calls = [s.channel == "phone" for s in strategy.steps]
    if any(calls):  # a broken promise is followed up by a call
        is_call = np.array([*calls, False])[due]
        due = np.where(follow_up & ~is_call, len(strategy.steps), due)
    early = (day_of[highest] < 1) & (highest >= 0) & (due < len(strategy.steps))
    covered = found.active & ((days > found.due[:, None]) | broken | early[found.account])
    return replace(found, covered=covered, step=due, follow_up=follow_up & (due >= 0))


def usual_specialist(ledger: Ledger, customer: Ints, ids: tuple[str, ...]) -> Ints:
    """Return the specialist who has called each customer most often, -1 for none; of equals the first in `ids`."""
    log = ledger.contacts[ledger.contacts["specialist_id"].notna()]
    who = positions(log["customer_id"], ledger.customers["customer_id"])
    by = positions(log["specialist_id"], pd.Series(ids, dtype=log["specialist_id"].dtype))
    counts = np.zeros((len(ledger.customers), len(ids) + 1), np.int64)
    np.add.at(counts, (who[by >= 0], by[by >= 0] + 1), 1)
    best = counts.argmax(axis=1) - 1 if len(counts) else np.zeros(0, np.int64)
    return np.asarray(np.where(counts.max(axis=1, initial=0) > 0, best, -1)[customer])
