"""Compiled: the chances to pay of each invoice, walked through day by day; see `exposure`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from ledger.compiling import njit
from models.history.contacts_felt_kernels import Blocks

BEYOND = 21  # days by which a payment run may follow the payment


class ExposedInvoices(NamedTuple):
    """The invoices asked for, and columns of all; days are days since 1970-01-01."""

    row: Ints
    customer: Ints
    issue: Ints
    due: Ints
    end: Ints
    paid: Flags


class Runs(NamedTuple):
    """Whether each customer pays on each day from `origin` on."""

    open: Flags  # (customers, days)
    origin: int


class Doses(NamedTuple):
    """The contacts that covered each invoice, by invoice and day."""

    begin: Ints  # (invoices + 1,)
    day: Ints
    kind: Ints
    weight: Floats  # dose at their moment
    kinds: int


class Draws(NamedTuple):
    """How much freer than on average customers were, and how often free ones were contacted; see `exposure`."""

    free: Floats  # (customers, days)
    rate: Floats  # (kinds, days past due)
    rate_from: int  # days past due of the first of these


class Chances(NamedTuple):
    """One row per invoice and payment run; see `Exposure`."""

    invoice: Ints
    day: Ints
    days: Ints
    paid: Flags
    dose: Floats
    assigned: Floats
    allowed: Floats


@njit
def payment_chances(
    books: ExposedInvoices, runs: Runs, doses: Doses, blocks: Blocks, draws: Draws, decay: float
) -> Chances:
    """Return the rows of all invoices asked for: counted first, then filled in."""
    out = _rows(0, doses.kinds)
    for _ in range(2):
        size = 0
        for i in books.row:
            size = _of_invoice(i, books, runs, doses, blocks, draws, decay, (size, out))
        if size != len(out.day):
            out = _rows(size, doses.kinds)
    return out


@njit
def _rows(size: int, kinds: int) -> Chances:
    """Return room for so many rows."""
    return Chances(
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.bool_),
        np.empty((size, kinds)),
        np.empty((size, kinds)),
        np.empty(size),
    )


@njit
def _of_invoice(
    i: int,
    books: ExposedInvoices,
    runs: Runs,
    doses: Doses,
    blocks: Blocks,
    draws: Draws,
    decay: float,
    to: tuple[int, Chances],
) -> int:
    """Write the rows of one invoice from a place on, if there is room; return the next place."""
    place, out = to
    c, kinds = books.customer[i], doses.kinds
    issue, due, end, paid = books.issue[i], books.due[i], books.end[i], books.paid[i]
    now, mean = np.zeros(kinds), np.zeros(kinds)
    push, pushed = np.zeros(kinds), np.zeros(kinds)
    days, spoilt, j, freer = 0, False, doses.begin[i], 0.0
    last = min(end + BEYOND, runs.origin + runs.open.shape[1] - 1) if paid else end
    for day in range(issue, last + 1):
        while j < doses.begin[i + 1] and doses.day[j] < day:
            now[doses.kind[j]] += doses.weight[j]
            j += 1
        late = min(max(day - 1 - due - draws.rate_from, 0), draws.rate.shape[1] - 1)
        excess = draws.free[c, min(max(day - 1 - runs.origin, 0), draws.free.shape[1] - 1)]
        freer += excess
        for k in range(kinds):
            push[k] = (push[k] + draws.rate[k, late] * excess) * decay
            now[k] *= decay
            mean[k] += now[k]
            pushed[k] += push[k]
        days += 1
        for s in range(blocks.begin[i], blocks.begin[i + 1]):
            if blocks.first[s] <= day <= blocks.last[s]:
                spoilt = True
        if not runs.open[c, day - runs.origin] and day < last:
            continue
        if not runs.open[c, day - runs.origin] and not paid:
            break
        event = paid and day >= end
        if not spoilt:
            if place < len(out.day):
                out.invoice[place], out.day[place], out.days[place], out.paid[place] = i, day, days, event
                out.allowed[place] = freer / days
                for k in range(kinds):
                    out.dose[place, k] = mean[k] / days
                    out.assigned[place, k] = pushed[k] / days
            place += 1
        if event:
            break
        days, spoilt, freer = 0, False, 0.0
        mean[:] = 0.0
        pushed[:] = 0.0
    return place
