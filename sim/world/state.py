"""The mutable columns of one replication, and the fixed tables that the kernels read."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ledger.policy.strategy import Strategy
from ledger.table.calendar import NEVER
from models.assumed.assumptions import Assumptions

I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint64]
F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]


class Invoices(NamedTuple):
    """One row per invoice that is open on day 0 or issued later, sorted by customer and issue day."""

    customer: I4
    issue: I4
    due: I4
    kind: I4  # row of the hazard tables
    clock: I4  # day from which that hazard counts its days: the due date; of a rest, the day of its main payment
    amount: I8  # minor units still to be settled
    pay: I4  # day on which it is paid as things stand; NEVER
    lapse: I4  # day on which it is written off if unpaid
    target: F8  # see sim.payment
    added: F8  # A, see sim.payment
    hold: I4  # last day of a live promise; nobody chases it until then
    dispute: I4  # day on which a dispute opens, NEVER where none does
    resolve: I4  # day from which the dispute is over
    credit: I8  # minor units credited when the dispute is over
    entity: U8


class Accounts(NamedTuple):
    """One row per customer."""

    entity: U8
    kind: I4
    frailty: F8
    run_row: I4
    zone: I4
    reach: F8
    keeps: F8
    need: U8  # language bit
    head: I8  # first invoice that may be open
    tail: I8  # one past the last invoice that may have reached a rung
    end: I8  # one past the last invoice
    shortest_term: I4  # days from issue to due
    quiet: I4  # next day on which an invoice may ask for a contact; no need to look at the account before
    step: I4  # step waiting to be carried out, -1 for none
    lead: I8  # the chased invoice that stands highest on the ladder, -1 for none
    tries: I4  # calls made for that step
    next_try: I4  # first day of the next call
    calls: I4  # calls made in all
    touches: I4  # calls and messages in all
    talks: I4  # right-party conversations in all
    recent: I4  # days of the last seven contacts, shape (customers, 7)
    memory: F8  # contacts not yet forgotten
    memory_day: I4
    callback: I4  # day on which the customer will ring back
    balance: I8  # chased balance this morning, minor units
    oldest: I4  # days past due of its oldest invoice


class Ladder(NamedTuple):
    """A strategy as tables: `rung[x - first_day]` is the last occurrence of a step up to x days past due, or -1."""

    first_day: int
    rung: I4
    next_rung: I4  # days past due of the next occurrence after x; NEVER after the last
    step_of_rung: I4
    by_phone: B1
    firm: B1
    attempts: I4
    retry: I4
    extra: F8  # hazard ratio - 1
    cap: int
    minimum: int  # minor units
    first_step: int  # days past due of the first step


class Payments(NamedTuple):
    """Hazard tables and payment runs."""

    cumulative: F8
    decayed: F8
    growth: F8
    first_day: int
    rest_kind: int  # first row of the tables that is of rests left by part payments
    runs: I4  # next payment day by (run_row, day)
    applied: I4  # day on which cash received on a day is applied


def ladder(strategy: Strategy, assumptions: Assumptions, minor_per_major: int) -> Ladder:
    """Return the strategy's lookup tables; where two steps fall on one day the later in the file wins."""
    first_day, last_day = -91, 731
    at = sorted((day, s) for s, step in enumerate(strategy.steps) for day in step.days)
    rung = np.full(last_day - first_day + 1, -1, np.int32)
    for k, (day, _) in enumerate(at):
        rung[day - first_day :] = k
    changes = np.flatnonzero(np.diff(rung)) + 1
    after = np.searchsorted(changes, np.arange(len(rung)), "right")
    next_rung = np.append(changes + first_day, NEVER)[after].astype(np.int32)
    ratio = [assumptions.hazard_ratio(s.channel, s.tone, personal=s.personal) for s in strategy.steps]
    return Ladder(
        first_day=first_day,
        rung=rung,
        next_rung=next_rung,
        step_of_rung=np.array([s for _, s in at], np.int32),
        by_phone=np.array([s.channel == "phone" for s in strategy.steps], np.bool_),
        firm=np.array([s.tone == "firm" for s in strategy.steps], np.bool_),
        attempts=np.array([s.attempts for s in strategy.steps], np.int32),
        retry=np.array([s.retry_days for s in strategy.steps], np.int32),
        extra=np.array(ratio, np.float64) - 1.0,
        cap=strategy.contact_cap,
        minimum=round(strategy.minimum_balance * minor_per_major),
        first_step=at[0][0] if at else NEVER,
    )
