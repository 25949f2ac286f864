"""The mutable columns of one replication, and the fixed tables that the kernels read."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Flags, Floats, Ints, SmallInts
from ledger.policy.strategy import Strategy
from ledger.table.calendar import NEVER
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import extra_of
from models.history.ladder import last_call, rungs


class Invoices(NamedTuple):
    """One row per invoice that is open on day 0 or issued later, sorted by customer and issue day."""

    customer: SmallInts
    issue: SmallInts
    due: SmallInts
    kind: SmallInts  # row of the hazard tables
    clock: SmallInts  # day from which that hazard counts its days: the due date; of a rest, the day of its main payment
    amount: Ints  # minor units still to be settled
    pay: SmallInts  # day on which it is paid as things stand; NEVER
    lapse: SmallInts  # day on which it is written off if unpaid
    target: Floats  # see sim.world.payment
    added: Floats  # A, see sim.world.payment
    hold: SmallInts  # last day of its latest promise; nobody chases it until then
    dispute: SmallInts  # day on which a dispute opens, NEVER where none does
    resolve: SmallInts  # day from which the dispute is over
    credit: Ints  # minor units credited when the dispute is over
    entity: Bits


class Accounts(NamedTuple):
    """One row per customer."""

    entity: Bits
    kind: SmallInts
    frailty: Floats
    run_row: SmallInts
    zone: SmallInts
    reach: Floats
    keeps: Floats
    need: Bits  # language bit
    head: Ints  # first invoice that may be open
    tail: Ints  # one past the last invoice that may have reached a rung
    end: Ints  # one past the last invoice
    shortest_term: SmallInts  # days from issue to due
    quiet: SmallInts  # next day on which an invoice may ask for a contact; no need to look at the account before
    step: SmallInts  # step waiting to be carried out, -1 for none
    lead: Ints  # the chased invoice that stands highest on the ladder, -1 for none
    tries: SmallInts  # calls made for that step
    next_try: SmallInts  # first day of the next call
    calls: SmallInts  # calls made in all
    touches: SmallInts  # calls and messages in all
    talks: SmallInts  # right-party conversations in all
    recent: SmallInts  # days of the last seven contacts, shape (customers, 7)
    memory: Floats  # contacts not yet forgotten
    memory_day: SmallInts
    callback: SmallInts  # day on which the customer will ring back
    balance: Ints  # chased balance this morning, minor units
    oldest: SmallInts  # days past due of its oldest invoice


class Ladder(NamedTuple):
    """A strategy as tables: `rung[x - first_day]` is the last occurrence of a step up to x days past due, or -1."""

    first_day: int
    rung: SmallInts
    next_rung: SmallInts  # days past due of the next occurrence after x; NEVER after the last
    step_of_rung: SmallInts
    by_phone: Flags
    firm: Flags
    attempts: SmallInts
    retry: SmallInts
    extra: Floats  # hazard ratio - 1
    cap: int
    minimum: int  # minor units
    first_step: int  # days past due of the first step
    last_call: int  # days past due of the last call


class Payments(NamedTuple):
    """Hazard tables and payment runs."""

    cumulative: Floats
    decayed: Floats
    growth: Floats
    first_day: int
    rest_kind: int  # first row of the tables that is of rests left by part payments
    runs: SmallInts  # next payment day by (run_row, day)
    applied: SmallInts  # day on which cash received on a day is applied


def ladder(strategy: Strategy, assumptions: Assumptions, minor_per_major: int) -> Ladder:
    """Return the strategy's lookup tables; where two steps fall on one day the later in the file wins."""
    first_day, last_day = -91, 731
    day_of, step_of = (part[:-1] for part in rungs(strategy))
    rung = (np.searchsorted(day_of, np.arange(first_day, last_day + 1), "right") - 1).astype(np.int32)
    changes = np.flatnonzero(np.diff(rung)) + 1
    after = np.searchsorted(changes, np.arange(len(rung)), "right")
    next_rung = np.append(changes + first_day, NEVER)[after].astype(np.int32)
    ratio = [assumptions.hazard_ratio(s.channel, s.tone, personal=s.personal) for s in strategy.steps]
    return Ladder(
        first_day=first_day,
        rung=rung,
        next_rung=next_rung,
        step_of_rung=step_of.astype(np.int32),
        by_phone=np.array([s.channel == "phone" for s in strategy.steps], np.bool_),
        firm=np.array([s.tone == "firm" for s in strategy.steps], np.bool_),
        attempts=np.array([s.attempts for s in strategy.steps], np.int32),
        retry=np.array([s.retry_days for s in strategy.steps], np.int32),
        extra=extra_of(np.array(ratio, np.float64)),
        cap=strategy.contact_cap,
        minimum=round(strategy.minimum_balance * minor_per_major),
        first_step=int(day_of[0]) if len(day_of) else NEVER,
        last_call=last_call(strategy),
    )
