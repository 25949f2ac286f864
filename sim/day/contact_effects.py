"""Evening: what the day's contacts do to payments, promises and memory."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from models.assumed.assumptions import Assumptions
from sim.day.ladder import blocked
from sim.world.keyed import uniform
from sim.world.payment import boost
from sim.world.state import Accounts, Invoices, Ladder, Payments


class Response(NamedTuple):
    """Assumptions about contacts, as numbers that the kernels read."""

    fatigue: float
    memory: float  # days
    promise: float
    kept: float
    promise_low: float
    promise_high: float
    talk_extra: float  # hazard ratio - 1 of a call that the customer made
    promise_key: np.uint64

    @classmethod
    def of(cls, assume: Assumptions, promise_key: np.uint64) -> "Response":
        """Return the assumed response."""
        return cls(
            fatigue=assume.fatigue,
            memory=assume.fatigue_memory,
            promise=assume.promise_given_right_party,
            kept=assume.promise_kept,
            promise_low=assume.promise_days_low,
            promise_high=assume.promise_days_high,
            talk_extra=assume.hazard_ratio("inbound", "friendly", personal=True) - 1,
            promise_key=promise_key,
        )


class PromiseLog(NamedTuple):
    """Promises made: number of the contact, invoice, day made, day due, minor units."""

    contact: Ints
    invoice: Ints
    made: SmallInts
    due: SmallInts
    amount: Ints

    @classmethod
    def of_size(cls, size: int) -> "PromiseLog":
        """Return a log with room for so many promises."""
        long, short = np.zeros((3, size), np.int64), np.zeros((2, size), np.int32)
        return cls(long[0], long[1], short[0], short[1], long[2])

    def up_to(self, size: int) -> "PromiseLog":
        """Return the first promises."""
        return PromiseLog(*(column[:size] for column in self))  # type: ignore[arg-type]  # columns keep their types

    def with_room(self, size: int) -> "PromiseLog":
        """Return the log with room for at least so many promises in all."""
        if size <= len(self.contact):
            return self
        larger = PromiseLog.of_size(max(size, 2 * len(self.contact)))
        for name in self._fields:
            getattr(larger, name)[: len(self.contact)] = getattr(self, name)
        return larger


@njit(cache=True)
def room_for(who: Ints, acc: Accounts) -> int:
    """Return an upper bound on the promises that these accounts can make."""
    total = 0
    for c in who:
        total += acc.tail[c] - acc.head[c]
    return total


@njit(cache=True)
def respond(
    today: int,
    who: Ints,
    step: SmallInts,
    talked: SmallInts,
    inv: Invoices,
    acc: Accounts,
    ladder: Ladder,
    pays: Payments,
    response: Response,
    log: PromiseLog,
    used: int,
    promised: SmallInts,
) -> int:
    """Apply contacts to all the invoices they cover; return how many promises the log holds.

    Nobody promises a rest: what a customer has left out of a payment it does not think it owes.

    The log gives a contact's place in `who`. `step` is -1 where the customer rang back. `talked` is 1 where the right
    party was on the line, 0 for a message; calls that reached nobody are not passed. `promised` receives 1 where a
    promise was made.
    """
    for k in range(len(who)):
        c = who[k]
        extra = response.talk_extra if step[k] < 0 else ladder.extra[step[k]]
        memory = acc.memory[c] * np.exp(-(today - acc.memory_day[c]) / response.memory)
        extra *= response.fatigue**memory
        acc.memory[c], acc.memory_day[c] = memory + 1.0, today
        for j in range(6):
            acc.recent[c, j] = acc.recent[c, j + 1]
        acc.recent[c, 6] = today
        until, kept = 0, False
        if talked[k]:
            n = acc.talks[c]
            acc.talks[c] = n + 1
            if uniform(response.promise_key, acc.entity[c], 3 * n) < response.promise:
                spread = uniform(response.promise_key, acc.entity[c], 3 * n + 1)
                width = response.promise_high - response.promise_low + 1
                day = today + int(response.promise_low + spread * width)
                runs = pays.runs[acc.run_row[c]]
                until = runs[day] if day < len(runs) and runs[day] < NEVER else 0
                kept = uniform(response.promise_key, acc.entity[c], 3 * n + 2) < response.kept * acc.keeps[c]
        used, made = _cover(today, c, extra, until, kept, k, inv, acc, ladder, pays, log, used)
        promised[k] = made
    return used


@njit(cache=True)
def _cover(today, c, extra, until, kept, contact, inv, acc, ladder, pays, log, used):  # type: ignore[no-untyped-def]  # numba infers them
    """Apply one contact to the customer's chased invoices; return the promises so far, and whether one was made."""
    due, pay, lapse, hold, dispute, resolve = inv.due, inv.pay, inv.lapse, inv.hold, inv.dispute, inv.resolve
    rungs, first_day, last = ladder.rung, ladder.first_day, len(ladder.rung) - 1
    tables = (pays.cumulative, pays.decayed, pays.first_day)
    runs = pays.runs[acc.run_row[c]]
    made = 0
    for i in range(acc.head[c], acc.tail[c]):
        if pay[i] <= today or lapse[i] <= today or blocked(hold[i], dispute[i], resolve[i], today):
            continue
        if rungs[min(max(today - due[i] - first_day, 0), last)] < 0:
            continue
        inv.added[i], inv.target[i], pay[i] = boost(
            tables, pays.growth, inv.kind[i], inv.added[i], inv.target[i], inv.clock[i], today, extra, pay[i], runs
        )
        if until > today and due[i] < today and inv.kind[i] < pays.rest_kind:
            hold[i] = until
            acc.quiet[c] = 0
            if kept:
                pay[i] = min(pay[i], until)
            owed = inv.amount[i] - (inv.credit[i] if resolve[i] <= today else 0)
            log.contact[used], log.invoice[used], log.made[used] = contact, i, today
            log.due[used], log.amount[used] = until, owed
            used += 1
            made = 1
    return used, made


@njit(cache=True)
def after_calls(today: int, who: Ints, step: SmallInts, reached: SmallInts, acc: Accounts, ladder: Ladder) -> None:
    """Count the calls made; a step is over when the customer was reached or its attempts are used up."""
    for k in range(len(who)):
        c = who[k]
        acc.calls[c] += 1
        acc.touches[c] += 1
        acc.tries[c] += 1
        acc.next_try[c] = today + ladder.retry[step[k]]
        acc.quiet[c] = min(acc.quiet[c], acc.next_try[c])
        if acc.step[c] == step[k] and (reached[k] or acc.tries[c] >= ladder.attempts[step[k]]):
            acc.step[c] = -1


@njit(cache=True)
def callbacks(
    today: int, tomorrow: int, who: Ints, share: Floats, key: np.uint64, acc: Accounts, window: int
) -> tuple[Ints, Ints]:
    """Return who will ring back tomorrow, and how many seconds after the start of the shift."""
    caller, second = np.empty(len(who), np.int64), np.empty(len(who), np.int64)
    n = 0
    for k in range(len(who)):
        c = who[k]
        touch = acc.touches[c]
        if acc.callback[c] < today + 1 and uniform(key, acc.entity[c], 2 * touch) < share[k]:
            acc.callback[c] = tomorrow
            caller[n] = c
            second[n] = int(uniform(key, acc.entity[c], 2 * touch + 1) * window)
            n += 1
    return caller[:n], second[:n]
