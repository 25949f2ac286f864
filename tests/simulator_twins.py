"""The simulator's kernels once more in plain Python: slower, shorter, and without what makes the compiled ones fast.

No account is ever passed over, every invoice of a customer is looked at, and a payday is looked up in the whole row of
the hazard table. Draws are those of the kernels, for a uniform has one home.
"""

import numpy as np

from ledger.arrays import Bits, Floats, Ints, SmallInts
from ledger.table.calendar import NEVER
from models.assumed.call_minutes import CallMinutes
from models.assumed.contact_law import TalkLaw
from models.assumed.reach import SUREST
from sim.day.contact_effects import Response
from sim.mechanisms.part_payments_kernels import Parts
from sim.mechanisms.promises_kernels import PromiseLog
from sim.world.keyed_kernels import triangular_one, uniform
from sim.world.state import Accounts, Invoices, Ladder, Payments


def of(inv: Invoices, c: int) -> list[int]:
    """Return a customer's invoices."""
    return np.flatnonzero(inv.customer == c).tolist()


def rung(inv: Invoices, i: int, day: int, ladder: Ladder) -> int:
    """Return the rung on which an invoice stands, -1 for none."""
    return int(ladder.rung[np.clip(day - inv.due[i] - ladder.first_day, 0, len(ladder.rung) - 1)])


def free(inv: Invoices, i: int, day: int) -> bool:
    """Whether nothing forbids chasing an invoice."""
    return bool(inv.hold[i] < day and not inv.dispute[i] <= day < inv.resolve[i])


def owed(inv: Invoices, i: int, day: int) -> int:
    """Return what is asked for."""
    return int(inv.amount[i] - (inv.credit[i] if inv.resolve[i] <= day else 0))


def known_open(inv: Invoices, i: int, day: int, seen: int) -> bool:
    """Whether an invoice is issued and, as far as the collectors know, neither paid nor written off."""
    gone = inv.lapse[i] < day if inv.lapse[i] < inv.pay[i] else inv.pay[i] < seen
    return bool(inv.issue[i] <= day and not gone)


def asks(inv: Invoices, i: int, before: int, day: int, ladder: Ladder) -> int:
    """Return the rung for which an invoice asks anew today, -1 for none."""
    now = rung(inv, i, day, ladder)
    was = rung(inv, i, before, ladder) if inv.issue[i] <= before else -1
    freed = before <= inv.hold[i] < day or (inv.dispute[i] < NEVER and before < inv.resolve[i] <= day)
    return now if freed or now > was else -1


def sweep(day: int, before: int, seen: int, inv: Invoices, acc: Accounts, ladder: Ladder) -> None:
    """Find what each account owes and the step that is due."""
    for c in range(len(acc.end)):
        acc.tail[c] = acc.end[c]
        chased = [
            i
            for i in of(inv, c)
            if known_open(inv, i, day, seen) and free(inv, i, day) and rung(inv, i, day, ladder) >= 0
        ]
        acc.balance[c] = sum(owed(inv, i, day) for i in chased)
        acc.oldest[c] = max((day - inv.due[i] for i in chased), default=-NEVER)
        acc.lead[c] = max(chased, key=lambda i: (rung(inv, i, day, ladder), owed(inv, i, day), -i), default=-1)
        new = max((asks(inv, i, before, day, ladder) for i in chased), default=-1)
        if not chased or acc.balance[c] < ladder.minimum:
            acc.step[c] = -1
        elif new >= 0 and ladder.step_of_rung[new] >= acc.step[c]:
            acc.step[c], acc.tries[c] = ladder.step_of_rung[new], 0


def due_contacts(day: int, acc: Accounts, ladder: Ladder) -> tuple[Ints, Ints]:
    """Return who is to be sent a message, and who to be called."""
    waiting = np.flatnonzero((acc.step >= 0) & ((acc.recent > day - 7).sum(axis=1) < ladder.cap))
    phone = ladder.by_phone[acc.step[waiting]]
    ready = (acc.next_try[waiting] <= day) & (acc.callback[waiting] != day)
    return waiting[~phone], waiting[phone & ready]


def paid_on(inv: Invoices, acc: Accounts, pays: Payments, i: int, earliest: int) -> int:
    """Return the payment run on which an invoice is paid that is not decided before `earliest`."""
    row = pays.cumulative[inv.kind[i]] + inv.added[i] * pays.decayed[inv.kind[i]]
    day = inv.clock[i] + pays.first_day + np.arange(len(row))
    decided = day[(row >= inv.target[i]) & (day >= earliest)]
    runs = pays.runs[acc.run_row[inv.customer[i]]]
    if not len(decided) or row[-1] < inv.target[i] or max(decided[0], 1) >= len(runs):
        return NEVER
    return int(runs[max(decided[0], 1)])


def respond(
    day: int,
    who: Ints,
    step: SmallInts,
    inv: Invoices,
    acc: Accounts,
    ladder: Ladder,
    pays: Payments,
    response: Response,
) -> None:
    """Let contacts move the hazard of what they are about."""
    for c, s in zip(who.tolist(), step.tolist(), strict=True):
        memory = acc.memory[c] * np.exp(-(day - acc.memory_day[c]) / response.contact.memory)
        extra = (response.talk_extra if s < 0 else ladder.extra[s]) * response.contact.fatigue**memory
        acc.memory[c], acc.memory_day[c] = memory + 1, day
        acc.recent[c] = [*acc.recent[c, 1:], day]
        for i in about(inv, c, day, ladder):
            column = day - inv.clock[i] - pays.first_day
            if 0 <= column < pays.cumulative.shape[1]:
                weight = extra * pays.growth[column]
                inv.added[i] += weight
                inv.target[i] += weight * pays.decayed[inv.kind[i], column]
                inv.pay[i] = min(inv.pay[i], paid_on(inv, acc, pays, i, day + 1))


def about(inv: Invoices, c: int, day: int, ladder: Ladder) -> list[int]:
    """Return the invoices that a contact of the day is about."""
    return [
        i
        for i in of(inv, c)
        if inv.issue[i] <= day < min(inv.pay[i], inv.lapse[i]) and free(inv, i, day) and rung(inv, i, day, ladder) >= 0
    ]


def after_calls(day: int, who: Ints, step: SmallInts, reached: SmallInts, acc: Accounts, ladder: Ladder) -> None:
    """Count calls, and end the steps that are done."""
    acc.calls[who] += 1
    acc.touches[who] += 1
    acc.tries[who] += 1
    acc.next_try[who] = day + ladder.retry[step]
    over = (acc.step[who] == step) & ((reached > 0) | (acc.tries[who] >= ladder.attempts[step]))
    acc.step[who[over]] = -1


def promise(
    day: int, who: Ints, inv: Invoices, acc: Accounts, ladder: Ladder, pays: Payments, law: TalkLaw, draw: np.uint64
) -> PromiseLog:
    """Let those who were talked to promise."""
    rows = []
    for k, c in enumerate(who.tolist()):
        u = [uniform(draw, acc.entity[c], 3 * int(acc.talks[c]) + j) for j in range(3)]
        acc.talks[c] += 1
        wait = int(law.low + u[1] * (law.high - law.low + 1))
        runs = pays.runs[acc.run_row[c]]
        until = int(runs[day + wait]) if day + wait < len(runs) else NEVER
        if u[0] >= law.promise or not day < until < NEVER:
            continue
        for i in about(inv, c, day, ladder):
            if inv.due[i] < day and inv.kind[i] < pays.rest_kind:
                rows.append((k, i, day, until, owed(inv, i, day)))
                inv.hold[i] = until
                if u[2] < law.kept * acc.keeps[c]:
                    inv.pay[i] = min(inv.pay[i], until)
    kinds = (np.int64, np.int64, np.int32, np.int32, np.int64)
    columns = zip(*rows, strict=True) if rows else [()] * 5
    return PromiseLog(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def open_disputes(inv: Invoices, acc: Accounts, pays: Payments, by_day: Ints, first: int, last: int) -> None:
    """Open disputes; one whose invoice is paid, promised or written off never opens."""
    for i in by_day[first:last].tolist():
        begin, end = int(inv.dispute[i]), int(inv.resolve[i])
        if min(inv.pay[i], inv.lapse[i]) < begin or inv.hold[i] >= begin:
            inv.dispute[i] = inv.resolve[i] = NEVER
            continue
        inv.lapse[i] = max(inv.lapse[i], end)
        a, z = np.clip(np.array([begin, end]) - 1 - inv.clock[i] - pays.first_day, 0, pays.cumulative.shape[1] - 1)
        risk, faded = pays.cumulative[inv.kind[i]], pays.decayed[inv.kind[i]]
        inv.target[i] += risk[z] - risk[a] + inv.added[i] * (faded[z] - faded[a])
        inv.pay[i] = paid_on(inv, acc, pays, i, end)


def pay_main_parts(until: int, parts: Parts, inv: Invoices, acc: Accounts, pays: Payments) -> None:
    """Let main payments leave their rests."""
    for j, i in enumerate(parts.invoice.tolist()):
        if parts.rest[j] and inv.pay[i] < until and inv.pay[i] <= inv.lapse[i]:
            parts.paid_on[j], parts.paid[j] = inv.pay[i], inv.amount[i] - parts.rest[j]
            inv.amount[i], parts.rest[j] = parts.rest[j], 0
            inv.kind[i], inv.clock[i], inv.lapse[i], inv.added[i] = parts.kind[j], inv.pay[i], NEVER, 0
            frailty = acc.frailty[inv.customer[i]]
            inv.target[i] = parts.threshold[j] / frailty if frailty > 0 else np.inf
            inv.pay[i] = paid_on(inv, acc, pays, i, int(inv.clock[i]))


def will_ring(
    day: int, following: int, who: Ints, share: Floats, key: np.uint64, acc: Accounts, window: int
) -> tuple[Ints, Ints]:
    """Return who will ring on the next working day, and when."""
    rings = []
    for c, chance in zip(who.tolist(), share.tolist(), strict=True):
        k = 2 * int(acc.touches[c])
        if acc.callback[c] <= day and uniform(key, acc.entity[c], k) < chance:
            acc.callback[c] = following
            rings.append((c, int(uniform(key, acc.entity[c], k + 1) * window)))
    found = np.array(rings, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def chances(who: Ints, zone: SmallInts, factor: Floats, by_block: Floats) -> Floats:
    """Return the chance of an answer."""
    return np.minimum(by_block[zone[who]] * factor[who][:, None], SUREST)


def outcomes(
    keys: tuple[np.uint64, np.uint64], entity: Bits, call: SmallInts, chance: Floats, minutes: CallMinutes
) -> tuple[SmallInts, Ints]:
    """Return whom calls reach, and how many seconds they take."""
    reached, seconds = [], []
    for one, k, p in zip(entity, call.tolist(), chance.tolist(), strict=True):
        u = [uniform(keys[1], one, 3 * k + j) for j in range(3)]
        reached.append(uniform(keys[0], one, k) < p)
        talk = triangular_one(u[0], minutes.talk) + triangular_one(u[1], minutes.wrap)
        spent = talk if reached[-1] else triangular_one(u[2], minutes.unreached)
        seconds.append(max(round(60 * spent), 1))
    return np.array(reached, np.int32), np.array(seconds, np.int64)
