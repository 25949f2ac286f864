"""What a talk today gives up: the later talk that it takes the place of. One rule for the simulator and the night.

A talk today is weighed against the same talk after each of some delays while the strategy goes on. With U the uplift of
a talk today, κ the share of a later talk's uplift that one today uses up, U_t the uplift of a talk after delay t, S_t
the chance that anything is open then and c what a talk costs, waiting is worth, backwards over the delays,

    C_t = max(C_next, U_t − S_t · c + (1 − κ) · C_next)

and with an answer in a share p of calls a call today is worth p · (U − κ · C) rather than later, less its minutes at
their price: the condition of Whittle's index (`sim.planners.indices.whittle_index`, which looks at one later talk).
"""

import numpy as np

from ledger.arrays import Floats
from models.planning.protocol import Prospects


def talk_price(cheapest: Floats, reach: Floats, minutes: Floats) -> Floats:
    """Return what a talk costs where it costs least, shape (accounts,); inf where nobody can hold it.

    All have shape (accounts, blocks): the lowest price of a minute among those who can, the chance of an answer, and
    the minutes of a call.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.where(reach > 0, cheapest * minutes / reach, np.inf)
    return np.asarray(np.nan_to_num(cost, nan=np.inf, posinf=np.inf).min(axis=1, initial=np.inf))


def given_up(talks: Prospects, price: Floats) -> Floats:
    """Return κ · C, what a talk today gives up, shape (accounts,); `price` is what a talk costs each."""
    worth = np.zeros(len(talks.uplift))
    possible = np.isfinite(price)
    cost = np.where(possible, price, 0.0)
    for k in range(talks.later.shape[1] - 1, -1, -1):
        talk = talks.later[:, k] - talks.still_open[:, k] * cost + (1.0 - talks.spent) * worth
        worth = np.where(possible & (talks.still_open[:, k] > 0), np.maximum(worth, talk), worth)
    return np.asarray(talks.spent * worth)
