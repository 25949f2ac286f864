"""Which shifts are worth the most: CP-SAT chooses them by the prices of minutes, and prices follow the shifts.

What a week's calls are worth is concave in the minutes of each specialist and block, so its prices at any minutes c
overestimate it elsewhere: V(x) <= V(c) + p·(x − c). Shifts x that maximise the right-hand side under the labour rules,
again and again at the mean of those found so far, are the method of Frank and Wolfe (1956); the least right-hand side
is a bound that no shifts exceed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimize.chase import Floats
from optimize.labour import available
from optimize.shifts import BLOCK_MINUTES, Shifts
from optimize.staffing import Week

_ROUNDS: Final = 5
_EVERYWHERE: Final = 0.1  # share of all available minutes in the first mean, so that each has a price
_CLOSE: Final = 1e-3  # share of the bound from which no better shifts are looked for


@dataclass(frozen=True, eq=False, kw_only=True)
class ShiftChoice:
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
    best, highest, most = own, _relaxed(week, own.minutes)[0], np.inf
    for k in range(_ROUNDS):
        value, price = _relaxed(week, mean)
        price = np.where(mean > 0, price, 0.0)
        if not price.any():
            most = min(most, value)
            break
        made = week.team.shifts(own.dates[0], len(own.dates), value=price, seed=seed)
        share = own.productive / made.productive
        most = min(most, value + made.bound * share - float((price * mean).sum()))
        minutes = made.paid * own.productive
        worth = _relaxed(week, minutes)[0]
        if worth > highest and len(made.broken) <= len(own.broken):
            best, highest = made, worth
        if most - highest <= _CLOSE * abs(most):
            break
        mean = mean + (minutes - mean) * 2 / (k + 3)
    before, after = (_planned(week, one.paid * own.productive, seed) for one in (own, best))
    if after <= before:
        best, after = own, before
    return ShiftChoice(shifts=best, own=before, worth=after, bound=max(most, after), currency=week.currency)


def _relaxed(week: Week, minutes: Floats) -> tuple[float, Floats]:
    """Return `Week.relaxed` of the specialists' minutes alone, prices with their shape."""
    value, price = week.relaxed(_capacity(week, minutes))
    return value, price[: len(week.team)].reshape(minutes.shape)


def _planned(week: Week, minutes: Floats, seed: int) -> float:
    """Return what a plan with these minutes is worth."""
    capacity = _capacity(week, minutes)
    plan = week.planned(capacity, week.relaxed(capacity)[1], seed)
    return plan.objective - week.penalty * int(week.must.sum())


def _capacity(week: Week, minutes: Floats) -> Floats:
    flat = minutes.reshape(len(minutes), -1)
    return np.concatenate([flat, np.zeros((len(week.newcomers), flat.shape[1]))])
