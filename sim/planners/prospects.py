"""What a talk today would bring: expected cash with it less without, and the same for a talk later instead.

An invoice that is unpaid this evening, x days past due, is unpaid t days on with chance

    S(t) = exp(−frailty · (H[x + t] − H[x] + A·(G[x + t] − G[x])))

in the terms of `payment`. A talk after k days adds w = extra · E[x + k] to A from then on. With the chance q that
it wins a promise that is kept, the rest is paid on the promised day. Cash is discounted, counts up to the horizon, and
none comes after the write-off: of its day a planner knows what the house's policy says, one age for all or the share
that stands at each age, and never the day that was drawn. A later talk is about the invoices for which the strategy
still asks for calls then. A planner that knows the thresholds, and the day of the write-off with them, has S(t) = 1
while H + A·G < target, else 0.
"""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit
from ledger.table.calendar import NEVER
from models.assumed.contact_law_kernels import added_hazard, chance_won, spent_by_talk, still_remembered
from sim.day.contact_effects import Response
from sim.day.ladder_kernels import blocked, settled
from sim.planners.protocol import Outlook, Prospects
from sim.world.state import Accounts, Invoices, Ladder, Payments

_COARSE = (0, 1, 2, 3, 4, 5, 7, 9, 13, 18, 26, 36, 50)  # grid points, in mean promise lengths
_FINE = 2  # days between grid points where the thresholds are known


class Grid(NamedTuple):
    """Days from today on which survival is looked up, and what cash is worth that comes then."""

    days: Ints
    between: Floats  # worth today of one unit paid between this grid day and the one before
    on: Floats  # worth today of one unit paid on the grid day
    delays: Ints  # grid numbers of the later talks
    promised: Ints  # grid number of the promised day of a talk now and of each later one; the last + 1: beyond
    standing: Floats  # share not written off by days past due; empty where the day of each write-off is known
    stood: Floats  # its sum over the days past due before each

    @classmethod
    def of(cls, outlook: Outlook, step: int, standing: Floats) -> "Grid":
        """Return the grid of an outlook, given after how many days promises fall due on average, and `standing`."""
        coarse = step * np.array(_COARSE, np.int64)
        days = np.arange(0, outlook.horizon + 1, _FINE) if outlook.foresight else coarse
        days = np.append(days[days < outlook.horizon], outlook.horizon).astype(np.int64)
        daily = outlook.discount / 365
        on = np.exp(-daily * days)
        between = np.exp(-daily * np.append(0, (days[1:] + days[:-1]) / 2))
        delays = np.searchsorted(days, [delay for delay in outlook.delays if delay < outlook.horizon])
        promised = np.searchsorted(days, np.append(0, days[delays]) + step)
        stood = np.cumsum(np.append(0.0, standing))
        return cls(days, between, on, delays.astype(np.int64), promised.astype(np.int64), standing, stood)


def prospects(
    day: int,
    seen: int,
    who: Ints,
    inv: Invoices,
    acc: Accounts,
    *,
    ladder: Ladder,
    pays: Payments,
    response: Response,
    effect: float,
    outlook: Outlook,
    grid: Grid,
    minor: int,
) -> Prospects:
    """Return the prospects of these accounts; `effect` scales what a talk is believed to do, `minor` is per major."""
    uplift, spent = np.zeros(len(who)), np.zeros(len(who))
    later, still = np.zeros((2, len(who), len(grid.delays)))
    out = uplift, later, still, spent
    _prospects(day, seen, who, inv, acc, ladder, pays, response, effect, outlook.foresight, grid, out)
    cost = outlook.goodwill * minor
    return Prospects(
        uplift=uplift - cost, later=later - cost * still * grid.on[grid.delays], still_open=still, spent=spent
    )


@njit(cache=True)
def _prospects(today, seen, who, inv, acc, ladder, pays, response, effect, foresight, grid, out):  # type: ignore[no-untyped-def]  # numba infers them
    uplift, later, still, spent = out
    rungs, first_day, last = ladder.rung, ladder.first_day, len(ladder.rung) - 1
    talks, last_call = len(grid.delays) + 1, _last_call(ladder)
    columns, base, extra = np.empty(len(grid.days), np.int64), np.empty(len(grid.days)), np.empty(talks)
    known, worth = len(grid.standing) == 0, np.ones((3, len(grid.days)))
    worth[0], worth[1] = grid.between, grid.on
    for a in range(len(who)):
        c = who[a]
        step = acc.step[c]
        memory = still_remembered(acc.memory[c], today - acc.memory_day[c], response.contact)
        for k in range(talks):
            ahead = 0 if k == 0 else grid.days[grid.delays[k - 1]]
            faded = still_remembered(memory, ahead, response.contact)
            extra[k] = added_hazard(effect * ladder.extra[step], faded, response.contact)
        kept = chance_won(acc.keeps[c], effect, response.talk)
        spent[a] = spent_by_talk(kept, response.contact)
        still[a, :] = 1.0  # for now, the chance that nothing is open
        for i in range(acc.head[c], acc.tail[c]):
            if settled(inv.pay[i], inv.lapse[i], today, seen) or (known and inv.lapse[i] <= today):
                continue
            if blocked(inv.hold[i], inv.dispute[i], inv.resolve[i], today) or (foresight and inv.pay[i] <= today):
                continue
            if rungs[min(max(today - inv.due[i] - first_day, 0), last)] < 0:
                continue
            owed = inv.amount[i] - (inv.credit[i] if inv.resolve[i] <= today else 0)
            _columns(today, inv.clock[i], inv.lapse[i] if known else NEVER, pays, grid.days, columns)
            if not known:
                _reckon(grid, today - inv.due[i] if inv.kind[i] < pays.rest_kind else -NEVER, worth)
            left = inv.target[i] if foresight else 0.0
            frailty = 0.0 if foresight else acc.frailty[c]
            _unpaid(pays, inv.kind[i], frailty, inv.added[i], left, columns, base)
            for k in range(talks):
                g = 0 if k == 0 else grid.delays[k - 1]
                if k > 0 and today + grid.days[g] - inv.due[i] > last_call:
                    continue
                promises = inv.due[i] < today + grid.days[g] and inv.kind[i] < pays.rest_kind
                weight = extra[k] * pays.growth[columns[g]]
                gain = owed * _gain(
                    pays, inv.kind[i], frailty, inv.added[i], weight, left, columns, base,
                    g, kept if promises else 0.0, grid.promised[k], grid.days, worth,
                )  # fmt: skip
                if k == 0:
                    uplift[a] += gain
                else:
                    later[a, k - 1] += gain
                    still[a, k - 1] *= 1.0 - base[g] * worth[2, g]
        still[a, :] = 1.0 - still[a, :]


@njit(cache=True)
def _reckon(grid: Grid, late: int, worth: Floats) -> None:
    """Fill in what cash is worth between and on grid days, and the chance of standing, `late` days past due today.

    All fall by the chance of having been written off before, given that nobody has by this morning.
    """
    top = len(grid.standing) - 1
    now = grid.standing[min(late - 1, top)] if late > 0 else 1.0
    before = 0.0
    for j in range(len(grid.days)):
        age = late + grid.days[j]
        upto = grid.stood[min(age, top)] + max(age - top, 0) * grid.standing[top] if age > 0 else float(age)
        stands, mean = 1.0, 1.0
        if j > 0 and now > 0:  # what outlived the law stands for good
            stands = (grid.standing[min(age - 1, top)] if age > 0 else 1.0) / now
            mean = (upto - before) / (grid.days[j] - grid.days[j - 1]) / now
        before = upto
        worth[0, j], worth[1, j], worth[2, j] = grid.between[j] * mean, grid.on[j] * stands, stands


@njit(cache=True)
def _last_call(ladder: Ladder) -> int:
    """Return the last day past due on which the strategy asks for a call."""
    for column in range(len(ladder.rung) - 1, 0, -1):
        rung = ladder.rung[column]
        if rung > ladder.rung[column - 1] and ladder.by_phone[ladder.step_of_rung[rung]]:
            return ladder.first_day + column
    return -NEVER


@njit(cache=True)
def _columns(today: int, clock: int, lapse: int, pays: Payments, days: Ints, columns: Ints) -> None:
    """Fill in the column of each grid day, none beyond the write-off."""
    start = today - clock - pays.first_day
    top = pays.cumulative.shape[1] - 1
    for j in range(len(days)):
        columns[j] = min(max(start + min(days[j], lapse - today), 0), top)


@njit(cache=True)
def _unpaid(pays, row, frailty, added, left, columns, out):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill in the chance of being unpaid on each grid day; `frailty` 0: whether the target `left` is not reached."""
    now = pays.cumulative[row, columns[0]] + added * pays.decayed[row, columns[0]]
    for j in range(len(columns)):
        total = pays.cumulative[row, columns[j]] + added * pays.decayed[row, columns[j]]
        if frailty > 0:
            out[j] = np.exp(-frailty * (total - now))
        else:
            out[j] = 1.0 if total < left else 0.0


@njit(cache=True)
def _gain(pays, row, frailty, added, weight, left, columns, base, g, kept, promised, days, worth):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the worth today of one unit's earlier payment by a talk on grid day g."""
    n, decayed = len(columns), pays.decayed
    at = decayed[row, columns[g]]
    before, gain, paid, lapsed = base[g], 0.0, 0.0, promised >= n
    if not lapsed:  # cut off at the write-off, or at the end of the tables
        lapsed = columns[promised] - columns[0] < days[promised]
    for j in range(g + 1, n):
        more = weight * (decayed[row, columns[j]] - at)
        if frailty > 0:
            unpaid = base[j] * np.exp(-frailty * more)
        else:
            total = pays.cumulative[row, columns[j]] + added * decayed[row, columns[j]]
            unpaid = 1.0 if total + more < left else 0.0
        gain += worth[0, j] * ((before - unpaid) - (base[j - 1] - base[j]))
        if j <= promised:
            paid = gain
        if j == promised and not lapsed:  # the rest comes on the promised day, and not as it would have come
            paid += worth[1, j] * unpaid
        if j > promised and not lapsed:
            paid -= worth[0, j] * (base[j - 1] - base[j])
        before = unpaid
    if lapsed:
        return gain
    return (1.0 - kept) * gain + kept * paid
