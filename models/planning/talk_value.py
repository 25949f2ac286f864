"""What a talk is worth: expected discounted cash with it, less the same without it. The one home of that valuation.

Days count from the day of the talk. An invoice unpaid on the evening before is unpaid on the evening of day t with
chance S(t), and with a talk on day g with chance S(t) · exp(−extra · E(g, t)), E the hazard that the talk multiplies,
faded (`models.assumed.contact_law`). S(g) is a factor of both: that the invoice may be paid on the day of the call, too
late to know, is in the value of the call. With the chance q that the talk wins a promise that is kept, what is unpaid
then comes on the promised day. Cash that comes on day t is worth

    v(t) = (1 + rate)^(−t/365) · L(t) · c(t)

with L(t) the chance that the invoice is not written off before (a write-off takes cash away as interest does, only
faster), and c(t) = 1 up to the horizon and the share `later_cash` after it. Cash that comes between two days of a grid
is taken to come on each of the days alike.
"""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from models.planning.protocol import Outlook

EVER = 3650  # days past due by which an invoice that nobody writes off is paid, if ever
_GROWTH = 0.1  # of the days looked ahead: how far apart the grid's days lie at the end


class Grid(NamedTuple):
    """Days from the day of the talk on which survival is looked up, and what cash is worth that comes then.

    Parameters
    ----------
    days
        Ascending from 0, shape (n,).
    between
        Worth of one unit paid between this day and the one before, shape (n,).
    on
        Worth of one unit paid on the day, shape (n,).
    standing
        Share not written off by days past due; empty where the day of each write-off is known.
    stood
        Its sum over the days past due before each.
    """

    days: Ints
    between: Floats
    on: Floats
    standing: Floats
    stood: Floats

    @classmethod
    def of(cls, days: Ints, outlook: Outlook, standing: Floats) -> "Grid":
        """Return the grid on these days and some after them, as far as cash counts: to the horizon, or for good."""
        days = np.union1d(np.concatenate([days, _onwards(int(days[-1]))]), [outlook.horizon])
        if outlook.later_cash == 0:
            days = days[days <= outlook.horizon]
        daily = np.log1p(outlook.discount) / 365
        counts = np.where(days <= outlook.horizon, 1.0, outlook.later_cash)
        middle = np.append(0.0, (days[1:] + days[:-1] + 1) / 2)
        stood = np.cumsum(np.append(0.0, standing))
        return cls(
            days.astype(np.int64), np.exp(-daily * middle) * counts, np.exp(-daily * days) * counts, standing, stood
        )

    def at(self, days: Ints) -> Ints:
        """Return the place of the first grid day that is not before each of these; their number where none is."""
        return np.searchsorted(self.days, days).astype(np.int64)


def _onwards(last: int) -> Ints:
    """Return days after the last one, further and further apart."""
    out = []
    while last < EVER:
        last = min(last + max(int(_GROWTH * last), 1), EVER)
        out.append(last)
    return np.array(out, np.int64)
