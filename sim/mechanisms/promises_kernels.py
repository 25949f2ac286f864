"""Promises to pay, compiled."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Ints, SmallInts
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from models.assumed.contact_law import TalkLaw
from models.assumed.contact_law_kernels import chance_kept, promised_day
from sim.day.ladder_kernels import chased
from sim.world.keyed_kernels import uniform
from sim.world.state import Accounts, Invoices, Ladder, Payments
from sim.world.verbs_kernels import block, settle_by


class PromiseLog(NamedTuple):
    """Promises made: number of the contact, invoice, day made, day due, minor units."""

    contact: Ints
    invoice: Ints
    made: SmallInts
    due: SmallInts
    amount: Ints


@njit(cache=True)
def promise(
    today: int,
    who: Ints,
    inv: Invoices,
    acc: Accounts,
    ladder: Ladder,
    pays: Payments,
    law: TalkLaw,
    draw: np.uint64,
) -> PromiseLog:
    """Let those who were talked to promise, and return what they did; `contact` is a place in `who`.

    A promise covers all overdue invoices that were chased, and is for a payment run. Nobody promises a rest: what a
    customer has left out of a payment it does not think it owes.
    """
    room = 0
    for c in who:
        room += acc.tail[c] - acc.head[c]
    log = PromiseLog(
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room, np.int64),
    )
    used = 0
    for k in range(len(who)):
        c = who[k]
        n = acc.talks[c]
        acc.talks[c] = n + 1
        if uniform(draw, acc.entity[c], 3 * n) >= law.promise:
            continue
        spread = uniform(draw, acc.entity[c], 3 * n + 1)
        day = promised_day(today, spread, law)
        runs = pays.runs[acc.run_row[c]]
        until = runs[day] if day < len(runs) else NEVER
        if until <= today or until == NEVER:
            continue
        kept = uniform(draw, acc.entity[c], 3 * n + 2) < chance_kept(acc.keeps[c], law)
        for i in range(acc.head[c], acc.tail[c]):
            if inv.due[i] >= today or inv.kind[i] >= pays.rest_kind or not chased(today, i, inv, ladder):
                continue
            block(inv, acc, i, until)
            if kept:
                settle_by(inv, i, until)
            log.contact[used], log.invoice[used], log.made[used], log.due[used] = k, i, today, until
            log.amount[used] = inv.amount[i] - (inv.credit[i] if inv.resolve[i] <= today else 0)
            used += 1
    return PromiseLog(log.contact[:used], log.invoice[:used], log.made[:used], log.due[:used], log.amount[:used])
