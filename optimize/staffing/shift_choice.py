"""Which shifts are worth the most: CP-SAT chooses them by the prices of minutes, and prices follow the shifts.

What a week's calls are worth is concave in the minutes of each specialist and block, so its prices at any minutes c
overestimate it elsewhere: V(x) <= V(c) + p·(x − c). Shifts x that maximise the right-hand side under the labour rules,
again and again at the mean of those found so far, are the method of Frank and Wolfe (1956); the least right-hand side
is a bound that no shifts exceed.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger.arrays import Floats
from ledger.json_ready import json_object
from ledger.results import Result
from optimize.roster.labour_rules import available
from optimize.roster.shifts import BLOCK_MINUTES, Shifts, plan_shifts
from optimize.staffing.week import Week

_ROUNDS: Final = 5
_EVERYWHERE: Final = 0.1  # share of all available minutes in the first mean, so that each has a price
_CLOSE: Final = 1e-3  # share of the bound from which no better shifts are looked for


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ShiftChoice(Result):
    """The best shifts found, under the same rules and contracts, beside the roster's own.

    Parameters
    ----------
    shifts
        Who works when; the roster's own where nothing better was found.
    own, worth
        What a week's plan is worth with the roster's own shifts, and with these; major units of `currency`, higher is
        better. What must be done and is not counts with its penalty against both.
    bound
        No shifts are worth more.
    """

    shifts: Shifts
    own: float
    worth: float
    bound: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return one row per shift; see `Shifts.table`."""
        return self.shifts.table()

    def to_dict(self) -> dict[str, Any]:
        """Return what the shifts are worth, and the shifts, as plain values."""
        return json_object(
            {name: getattr(self, name) for name in ("own", "worth", "bound", "currency")}
            | {"shifts": self.table().to_dict("records")}
        )

    def summary(self) -> str:
        """Return a sentence."""
        most = f"no shifts under its rules are worth more than {self.bound:,.0f}"
        if self.worth <= self.own:
            return f"Shifts: the roster's own are worth {self.own:,.0f} {self.currency}; {most}."
        return (
            f"Shifts: other ones under the same rules are worth {self.worth:,.0f} {self.currency} instead of "
            f"{self.own:,.0f}; {most}."
        )


def choose_shifts(week: Week, *, seed: int = 0) -> ShiftChoice:
    """Return shifts that are worth more than the roster's own, if they are found; see the module.

    Raises
    ------
    BadInput
        As `Team.shifts`.
    """
    own = week.shifts
    open_ = np.array([available(person, own.dates) for person in week.team.specialists])
    mean = (1 - _EVERYWHERE) * own.minutes + _EVERYWHERE * BLOCK_MINUTES * own.productive * open_
    highest, own_price = week.relaxed(week.beside_newcomers(own.minutes))
    best, best_price, most = own, own_price, np.inf
    for k in range(_ROUNDS):
        value, found = week.relaxed(week.beside_newcomers(mean))
        price = np.where(mean > 0, found[: len(mean)].reshape(mean.shape), 0.0)
        if not price.any():
            most = min(most, value)
            break
        made = plan_shifts(
            week.team, own.dates[0], len(own.dates), value=price, assumptions=week.assumptions, seed=seed
        )
        most = min(most, value + made.bound - float((price * mean).sum()))
        worth, found = week.relaxed(week.beside_newcomers(made.minutes))
        if worth > highest and len(made.broken) <= len(own.broken):
            best, best_price, highest = made, found, worth
        if most - highest <= _CLOSE * abs(most):
            break
        mean = mean + (made.minutes - mean) * 2 / (k + 3)
    before = _planned(week, own, own_price, seed)
    after = before if best is own else _planned(week, best, best_price, seed)
    if after <= before:
        best, after = own, before
    return ShiftChoice(shifts=best, own=before, worth=after, bound=max(most, after), currency=week.currency)


def _planned(week: Week, shifts: Shifts, prices: Floats, seed: int) -> float:
    """Return what a plan with the minutes of these shifts is worth, found from their prices."""
    plan = week.planned(week.beside_newcomers(shifts.minutes), prices, seed)
    return plan.objective - week.penalty * int(week.must.sum())
