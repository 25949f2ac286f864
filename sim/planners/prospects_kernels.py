"""Compiled: what talks with the accounts of a morning would bring; see `prospects`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from models.assumed.contact_law_kernels import added_hazard, chance_won, spent_by_talk, still_remembered
from models.planning.talk_value import Grid
from models.planning.talk_value_kernels import gain, reckon
from sim.day.contact_effects import Response
from sim.day.ladder_kernels import blocked, settled
from sim.world.state import Accounts, Invoices, Ladder, Payments


class Believed(NamedTuple):
    """Customers and invoices as a planner believes them to be."""

    inv: Invoices
    acc: Accounts
    ladder: Ladder
    pays: Payments
    response: Response
    effect: float  # scales what a talk is believed to do
    foresight: bool  # the thresholds are known


class Later(NamedTuple):
    """When talks are held and promised to pay, as grid numbers: that of today first, then the later ones."""

    at: Ints
    promised: Ints  # the grid's length: too late


class Talks(NamedTuple):
    """What talks bring, to be filled in; see `models.planning.protocol.Prospects`."""

    uplift: Floats
    later: Floats
    still_open: Floats
    spent: Floats


@njit
def prospects(today: int, seen: int, who: Ints, told: Believed, grid: Grid, when: Later, out: Talks) -> None:
    """Fill in what talks bring; `seen` is the first day of whose payments nothing is known this morning."""
    inv, acc, pays, response = told.inv, told.acc, told.pays, told.response
    ladder = told.ladder
    first_day, last = ladder.first_day, len(ladder.rung) - 1
    n, talks = len(grid.days), len(when.at)
    columns, base, helped = np.empty(n, np.int64), np.empty(n), np.empty(n)
    extra = np.empty(talks)
    known, worth = len(grid.standing) == 0, np.ones((3, n))
    worth[0], worth[1] = grid.between, grid.on
    for a in range(len(who)):
        c = who[a]
        memory = still_remembered(acc.memory[c], today - acc.memory_day[c], response.contact)
        for k in range(talks):
            faded = still_remembered(memory, grid.days[when.at[k]], response.contact)
            extra[k] = added_hazard(told.effect * ladder.extra[acc.step[c]], faded, response.contact)
        won = chance_won(acc.keeps[c], told.effect, response.talk)
        out.spent[a] = spent_by_talk(won, response.contact)
        out.still_open[a, :] = 1.0  # for now, the chance that nothing is open
        for i in range(acc.head[c], acc.tail[c]):
            if settled(inv.pay[i], inv.lapse[i], today, seen) or (known and inv.lapse[i] <= today):
                continue
            if blocked(inv.hold[i], inv.dispute[i], inv.resolve[i], today) or (told.foresight and inv.pay[i] <= today):
                continue
            if ladder.rung[min(max(today - inv.due[i] - first_day, 0), last)] < 0:
                continue
            owed = inv.amount[i] - (inv.credit[i] if inv.resolve[i] <= today else 0)
            lapse = inv.lapse[i] if known else NEVER
            _columns(today, inv.clock[i], lapse, pays, grid.days, columns)
            if not known:
                reckon(grid, today - inv.due[i] if inv.kind[i] < pays.rest_kind else -NEVER, worth)
            left = inv.target[i] if told.foresight else 0.0
            frailty = 0.0 if told.foresight else acc.frailty[c]
            start = min(max(seen - 1 - inv.clock[i] - pays.first_day, 0), pays.cumulative.shape[1] - 1)
            for j in range(n):
                base[j] = _unpaid(pays, inv.kind[i], frailty, inv.added[i], left, start, columns[j], 0.0)
            for k in range(talks):
                g = when.at[k]
                if k > 0 and today + grid.days[g] - inv.due[i] > ladder.last_call:
                    continue
                weight = extra[k] * pays.growth[columns[g]]
                at = pays.decayed[inv.kind[i], columns[g]]
                for j in range(g + 1, n):
                    more = weight * (pays.decayed[inv.kind[i], columns[j]] - at)
                    if frailty > 0:
                        helped[j] = base[j] * np.exp(-frailty * more)
                    else:
                        helped[j] = _unpaid(pays, inv.kind[i], frailty, inv.added[i], left, start, columns[j], more)
                promised = when.promised[k]
                if promised < n and columns[promised] - columns[0] < grid.days[promised]:
                    promised = n  # cut off at the write-off, or at the end of the tables
                asked = inv.due[i] < today + grid.days[g] and inv.kind[i] < pays.rest_kind
                found = owed * gain(base, helped, g, won if asked else 0.0, promised, worth)
                if k == 0:
                    out.uplift[a] += found
                else:
                    out.later[a, k - 1] += found
                    out.still_open[a, k - 1] *= 1.0 - base[g] * worth[2, g]
        out.still_open[a, :] = 1.0 - out.still_open[a, :]


@njit
def _columns(today: int, clock: int, lapse: int, pays: Payments, days: Ints, columns_out: Ints) -> None:
    """Fill in the column of each grid day, none beyond the write-off."""
    start = today - clock - pays.first_day
    top = pays.cumulative.shape[1] - 1
    for j in range(len(days)):
        columns_out[j] = min(max(start + min(days[j], lapse - today), 0), top)


@njit
def _unpaid(
    pays: Payments, row: int, frailty: float, added: float, left: float, start: int, column: int, more: float
) -> float:
    """Return the chance of being unpaid at a column; `frailty` 0: whether the target `left` is not reached."""
    total = pays.cumulative[row, column] + added * pays.decayed[row, column]
    if frailty == 0:
        return 1.0 if total + more < left else 0.0
    now = pays.cumulative[row, start] + added * pays.decayed[row, start]
    return float(np.exp(-frailty * (total + more - now)))
