"""Compiled: what contacts on the days of a plan gain, invoice by invoice; see `contact_value`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from ledger.compiling import njit
from models.planning.talk_value import Grid
from models.planning.talk_value_kernels import gain, reckon


class OpenInvoices(NamedTuple):
    """Some open invoices, k; hazards up to A ages; days count from the first day of the plan."""

    total: Floats  # (k, A) cumulative hazard
    known: Ints  # (k,) column of the evening known
    column: Ints  # (k, n) column of each grid day
    late: Ints  # (k,) days past due on the first day, as write-offs count them
    due: Ints  # (k,) the due day
    rest: Flags  # (k,) what a main payment left: nobody promises it
    account: Ints  # (k,)
    covered: Flags  # (k, D)


class DueContacts(NamedTuple):
    """What contacts do: of n accounts on D days of the plan, each also put off by K delays (0 first)."""

    extra: Floats  # (n, 2, D) added hazard by tone
    later: Floats  # (n, D, K) the same of the later talks, in their best tone
    won: Floats  # (n, D) chance that a talk wins a promise that is kept; 0 where the step is a message
    at: Ints  # (D, K) grid number of each contact
    promised: Ints  # (D, K) that of the day promised
    last_call: int  # days past due
    daily: float  # share of an extra hazard that is left a day later


class Gained(NamedTuple):
    """Per unit of money of each invoice, to be filled in."""

    without: Floats  # (k,)
    gain: Floats  # (k, 2, D)
    later: Floats  # (k, D, K - 1)
    still_open: Floats  # (k, D, K - 1) chance of being open at the later talk


@njit
def gained(some: OpenInvoices, contacts: DueContacts, grid: Grid, out: Gained) -> None:
    """Fill in what the invoices are worth without a contact, and what contacts gain."""
    n, days, delays = len(grid.days), contacts.at.shape[0], contacts.at.shape[1]
    base, helped, felt, worth = np.empty(n), np.empty(n), np.empty(n), np.empty((3, n))
    for i in range(len(some.late)):
        a = some.account[i]
        now = some.total[i, some.known[i]]
        for j in range(n):
            base[j] = np.exp(-(some.total[i, some.column[i, j]] - now))
        reckon(grid, some.late[i], worth)
        out.without[i] = worth[1, 0] * (1.0 - base[0])
        for j in range(1, n):
            out.without[i] += worth[0, j] * (base[j - 1] - base[j])
        for d in range(days):
            if not some.covered[i, d]:
                continue
            for k in range(delays):
                g = contacts.at[d, k]
                if g >= n or (k > 0 and grid.days[g] > contacts.last_call + some.due[i]):
                    continue
                _felt(some.total[i], some.column[i], grid.days, g, contacts.daily, felt)
                promises = some.due[i] < grid.days[g] and not some.rest[i]
                won = contacts.won[a, d] if promises else 0.0
                for tone in range(2 if k == 0 else 1):
                    x = contacts.extra[a, tone, d] if k == 0 else contacts.later[a, d, k]
                    if x == 0:
                        continue
                    for j in range(g + 1, n):
                        helped[j] = base[j] * np.exp(-x * felt[j])
                    found = gain(base, helped, g, won, contacts.promised[d, k], worth)
                    if k == 0:
                        out.gain[i, tone, d] = found
                    else:
                        out.later[i, d, k - 1] = found
                if k > 0:
                    out.still_open[i, d, k - 1] = base[g] * worth[2, g]


@njit
def _felt(total: Floats, column: Ints, days: Ints, at: int, daily: float, felt_out: Floats) -> None:
    """Fill in the hazard after grid day `at` that a contact on it multiplies, faded, up to each later grid day.

    Between two grid days the fading is the mean over the days between.
    """
    so_far, faded = 0.0, 0.0
    for j in range(at + 1, len(days)):
        since = days[j] - days[at]
        fading = float(since) if daily >= 1 else daily * (1.0 - daily**since) / (1.0 - daily)
        part = (fading - faded) / (days[j] - days[j - 1])
        so_far += part * (total[column[j]] - total[column[j - 1]])
        felt_out[j], faded = so_far, fading
