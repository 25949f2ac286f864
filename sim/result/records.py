"""A run's key figures without its tables: what the ledger held on day 0, and the columns of the run behind it.

`sim.result.booking` makes the ledger of the same columns. A test holds the figures of both to be equal.
"""

from dataclasses import replace

import numpy as np

from ledger.arrays import Ints
from ledger.kpi.activity import OPEN, Activity, ContactDays, DisputeDays, PromiseRows
from ledger.kpi.kpis import Records
from ledger.table.columns import Entries, columns_of
from ledger.table.months import day_number
from sim.day.today import DAY
from sim.result.history import History
from sim.result.settlements import promised_amount, settlements


def records(run: History) -> Records:
    """Return what `ledger.kpis` reads of a run; the same figures come of its ledger."""
    shown = np.flatnonzero(run.columns.issue <= run.days)
    row = _ledger_rows(run, shown)
    entries = run.portfolio.entries.joined(_entries(run, shown, row))
    parts = _contacts(run), _promises(run, row), _disputes(run, shown, row)
    return Records(
        as_of=run.end,
        currency=run.portfolio.currency,
        book=columns_of(entries),
        activity=Activity(entries, *parts, run.staff),
        origin=run.portfolio.ledger.origin,
    )


def _ledger_rows(run: History, shown: Ints) -> Ints:
    """Return where each invoice of the run stands in the ledger at its end, -1 where it is not issued by then."""
    row = np.full(len(run.number), -1)
    new = shown[run.number[shown] >= 0]
    row[new] = len(run.portfolio.entries.amount) + np.arange(len(new))
    old = np.flatnonzero(run.number < 0)
    row[old] = run.portfolio.opening.row[-1 - run.number[old]]
    return row


def _entries(run: History, shown: Ints, row: Ints) -> Entries:
    """Return the invoices issued in the run, and all that was settled in it."""
    before, start = run.portfolio.entries, day_number(run.start)
    new = shown[run.number[shown] >= 0]
    parts = settlements(run, shown)
    to = row[shown[np.concatenate([part.at for part in parts])]]
    day = start + np.concatenate([part.day for part in parts]).astype(np.int64)
    currency = np.full(len(to), before.base)
    was_open = to < len(before.amount)
    currency[was_open] = before.currency[to[was_open]]
    return Entries(
        rates=before.rates,
        scale=before.scale,
        base=before.base,
        issue=start + run.columns.issue[new].astype(np.int64),
        due=start + run.columns.due[new].astype(np.int64),
        amount=run.amount[new],
        currency=np.full(len(new), before.base),
        to=to,
        received=day,
        applied=day,
        paid=np.concatenate([part.amount for part in parts]),
        kind=np.repeat([part.kind for part in parts], [len(part.at) for part in parts]),
        paid_currency=currency,
    )


def _contacts(run: History) -> ContactDays:
    log, before = run.log, run.portfolio.contact_days
    talked = (log.talked > 0) | log.promised
    phone = np.array([step.channel == "phone" for step in run.strategy.steps] + [False])[log.step]
    return ContactDays(
        day=np.concatenate([before.day, day_number(run.start) + log.began // DAY]),
        customer=np.concatenate([before.customer, log.customer]),
        outbound=np.concatenate([before.outbound, log.step >= 0]),
        phone=np.concatenate([before.phone, phone]),
        reached=np.concatenate([before.reached, talked]),
    )


def _promises(run: History, row: Ints) -> PromiseRows:
    log, before, start = run.promises, run.portfolio.promise_rows, day_number(run.start)
    at = np.flatnonzero(row[log.invoice] >= 0)
    return PromiseRows(
        invoice=np.concatenate([before.invoice, row[log.invoice[at]]]),
        made=np.concatenate([before.made, start + log.made[at].astype(np.int64)]),
        due=np.concatenate([before.due, start + log.due[at].astype(np.int64)]),
        amount=np.concatenate([before.amount, promised_amount(run, at)]),
    )


def _disputes(run: History, shown: Ints, row: Ints) -> DisputeDays:
    """Return the disputes of before, closed where the run resolved them, and those that opened in it."""
    inv, before, start = run.columns, run.portfolio.dispute_days, day_number(run.start)
    carried = run.carried_dispute
    closed = np.full(len(run.portfolio.entries.amount), OPEN)
    over = np.flatnonzero(carried & (inv.resolve <= run.days))
    closed[row[over]] = start + inv.resolve[over]
    at = shown[(inv.dispute[shown] <= run.days) & ~carried[shown]]
    resolve = inv.resolve[at].astype(np.int64)
    return replace(
        before,
        invoice=np.concatenate([before.invoice, row[at]]),
        opened=np.concatenate([before.opened, start + inv.dispute[at].astype(np.int64)]),
        resolved=np.concatenate(
            [
                np.where(before.resolved == OPEN, closed[before.invoice], before.resolved),
                np.where(resolve <= run.days, start + resolve, OPEN),
            ]
        ),
    )
