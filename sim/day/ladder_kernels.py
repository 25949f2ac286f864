"""Morning: which accounts the strategy wants contacted, and who can be called today."""

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from sim.world.state import Accounts, Invoices, Ladder, Payments


@njit(cache=True)
def settled(pay: int, lapse: int, today: int, seen: int) -> bool:
    """Whether the collectors know this morning that an invoice is paid (on a day before `seen`) or written off."""
    return lapse < today if lapse < pay else pay < seen


@njit(cache=True)
def blocked(hold: int, dispute: int, resolve: int, today: int) -> bool:
    """Whether a live promise or an open dispute forbids chasing an invoice."""
    return hold >= today or dispute <= today < resolve


@njit(cache=True)
def chased(today: int, i: int, inv: Invoices, ladder: Ladder) -> bool:
    """Whether a contact today is about an invoice: open this evening, not blocked, and on a rung of the ladder."""
    if inv.pay[i] <= today or inv.lapse[i] <= today or blocked(inv.hold[i], inv.dispute[i], inv.resolve[i], today):
        return False
    column = min(max(today - inv.due[i] - ladder.first_day, 0), len(ladder.rung) - 1)
    return bool(ladder.rung[column] >= 0)


@njit(cache=True)
def released(hold: int, dispute: int, resolve: int, before: int, today: int) -> bool:
    """Whether a promise or dispute ended since the last working day."""
    return before <= hold < today or (dispute < NEVER and before < resolve <= today)


@njit(cache=True)
def sweep(today: int, before: int, seen: int, inv: Invoices, acc: Accounts, ladder: Ladder) -> None:
    """Find each account's chased balance, and the step that a new rung of the ladder asks for.

    `before` is the last working day: rungs reached since then count today. Payments of days before `seen` are known.
    An invoice whose promise or dispute ended since then asks again for the step it stands on. A waiting call gives way
    only to a later step. An account is passed over until one of its invoices reaches a rung or is released, or its
    next call may be made.
    """
    issue, due, amount, pay, lapse = inv.issue, inv.due, inv.amount, inv.pay, inv.lapse
    hold, dispute, resolve, credit = inv.hold, inv.dispute, inv.resolve, inv.credit
    rungs, next_rungs, first_day, last = ladder.rung, ladder.next_rung, ladder.first_day, len(ladder.rung) - 1
    heads, tails, ends, balances, oldests = acc.head, acc.tail, acc.end, acc.balance, acc.oldest
    steps, leads, tries, next_try = acc.step, acc.lead, acc.tries, acc.next_try
    quiets, terms = acc.quiet, acc.shortest_term
    for c in range(len(heads)):
        if today < quiets[c]:
            continue
        earliest = max(terms[c] + ladder.first_step, 0)  # days from issue to the first rung
        head, end = heads[c], ends[c]
        while head < end and issue[head] <= today and settled(pay[head], lapse[head], today, seen):
            head += 1
        heads[c] = head
        balance, oldest, new, quiet = 0, -NEVER, -1, NEVER
        top, lead, lead_amount = -1, -1, 0
        tail = end
        for i in range(head, end):
            if issue[i] + earliest > today:  # so has every later one
                tail, quiet = i, min(quiet, issue[i] + earliest)
                break
            if pay[i] < seen:
                continue
            column = min(max(today - due[i] - first_day, 0), last)
            rung = rungs[column]
            quiet = min(quiet, due[i] + next_rungs[column])
            if rung < 0 or settled(pay[i], lapse[i], today, seen):
                continue
            if blocked(hold[i], dispute[i], resolve[i], today):
                quiet = min(quiet, max(hold[i] + 1, resolve[i]) if hold[i] < today else hold[i] + 1)
                continue
            owed = amount[i] - (credit[i] if resolve[i] <= today else 0)
            balance += owed
            oldest = max(oldest, today - due[i])
            old = -1
            if issue[i] <= before and not released(hold[i], dispute[i], resolve[i], before, today):
                old = rungs[min(max(before - due[i] - first_day, 0), last)]
            if rung > old:
                new = max(new, rung)
            if rung > top or (rung == top and owed > lead_amount):
                top, lead, lead_amount = rung, i, owed
        tails[c] = tail
        balances[c] = balance
        oldests[c] = oldest
        leads[c] = lead
        if balance == 0 or balance < ladder.minimum:
            steps[c] = -1
        elif new >= 0:
            step = ladder.step_of_rung[new]
            if step >= steps[c]:
                steps[c] = step
                tries[c] = 0
        quiets[c] = quiet if steps[c] < 0 else min(quiet, next_try[c])


@njit(cache=True)
def due_contacts(today: int, acc: Accounts, ladder: Ladder) -> tuple[Ints, Ints]:
    """Return the accounts to be sent a message, and those to be called, this morning."""
    messages, calls = np.empty(len(acc.step), np.int64), np.empty(len(acc.step), np.int64)
    m, n = 0, 0
    for c in range(len(acc.step)):
        step = acc.step[c]
        if step < 0:
            continue
        fresh = 0
        for day in acc.recent[c]:
            fresh += day > today - 7
        if fresh >= ladder.cap:
            continue
        if not ladder.by_phone[step]:
            messages[m] = c
            m += 1
        elif acc.next_try[c] <= today and acc.callback[c] != today:
            calls[n] = c
            n += 1
    return messages[:m], calls[:n]


@njit(cache=True)
def at_risk(today: int, seen: int, who: Ints, inv: Invoices, acc: Accounts, pays: Payments, ahead: int) -> Floats:
    """Return each account's overdue minor units times the chance that they are still unpaid `ahead` days from now."""
    issue, due, amount, pay, lapse, hold = inv.issue, inv.due, inv.amount, inv.pay, inv.lapse, inv.hold
    dispute, resolve, cumulative = inv.dispute, inv.resolve, pays.cumulative
    width = cumulative.shape[1]
    out = np.zeros(len(who))
    for k in range(len(who)):
        c = who[k]
        frailty = acc.frailty[c]
        for i in range(acc.head[c], acc.end[c]):
            if issue[i] + acc.shortest_term[c] >= today:  # neither this nor any later one is overdue
                break
            if due[i] >= today or settled(pay[i], lapse[i], today, seen):
                continue
            if blocked(hold[i], dispute[i], resolve[i], today):
                continue
            row = inv.kind[i]
            now = min(max(today - inv.clock[i] - pays.first_day, 0), width - 1)
            later = min(now + ahead, width - 1)
            out[k] += amount[i] * np.exp(-frailty * (cumulative[row, later] - cumulative[row, now]))
    return out
