"""How many hours pay: a week's plan at other hours than the roster's, and what one more hour would bring.

The plan's calls are worth what they are worth to `optimize.plan`, except that no hour costs anything: the roster's
hours are paid whether they are used or not, so what an hour brings is compared with what it costs. Later weeks are
taken to be staffed as the roster says.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Floats
from ledger.policy.roster import BLOCKS
from ledger.table.currency import decimals
from ledger.table.ledger import Day
from models.assumed.assumptions import Assumptions
from models.timing import PaymentTiming
from optimize.assignment.instance import Options
from optimize.assignment.prices import bound as bound_of
from optimize.assignment.prices import prices as prices_of
from optimize.assignment.result import Assignment
from optimize.assignment.solve import assign
from optimize.plans.candidates import WEEK, Calls
from optimize.plans.placement import PASSES, SETTLED, mean_price
from optimize.plans.planning import laid_out
from optimize.plans.policy import Policy
from optimize.plans.request import request
from optimize.roster.shifts import Shifts, plan_shifts
from optimize.roster.team import Rules, Specialist, Team

_GAP: Final = 5e-4  # at which a plan is good enough
_PRECISION: Final = 1e-6  # of the value of a week, by which the bound may be too high


@dataclass(frozen=True, eq=False, kw_only=True)
class Week:
    """A week's calls and tasks (items) at the desks of a team and of newcomers who have no hours yet.

    Money is in major units of `currency`, minutes are productive ones.

    Parameters
    ----------
    team, shifts, assumptions
        The roster, who works when, and how many of a day's paid minutes go into calls.
    newcomers
        One for each language of the team, with and without the authority to be firm.
    worth
        Value of each item, shape (items, specialists and newcomers, slots), -inf where not allowed; the penalty for
        leaving it undone is in the value of what must be done.
    minutes
        Of each item, shape (items, slots).
    must
        Promises to be followed up and disputes to be acknowledged, shape (items,).
    penalty
        For each of these that is left undone.
    """

    team: Team
    shifts: Shifts
    assumptions: Assumptions
    newcomers: tuple[Specialist, ...]
    worth: Floats
    minutes: Floats
    must: Flags
    penalty: float
    currency: str
    notes: tuple[str, ...]

    @property
    def capacity(self) -> Floats:
        """Minutes of the roster, shape (specialists, slots)."""
        return self.shifts.minutes.reshape(len(self.team), -1)

    @property
    def cost_per_hour(self) -> float:
        """Mean cost of the roster's paid hours."""
        return self.shifts.cost / max(self.shifts.hours, 1e-9)

    @cached_property
    def _options(self) -> Options:
        """All options, whatever the hours are: blocks are wide open, newcomers included."""
        length = np.ascontiguousarray(np.broadcast_to(self.minutes[:, None], self.worth.shape))[:, None]
        return Options.of(self.worth[:, None], length, np.full(self.worth.shape[1:], 1e9))

    def relaxed(self, capacity: Floats) -> tuple[float, Floats]:
        """Return an upper bound on the value of any plan with these minutes, and the price of a minute.

        `capacity` and the prices have shape (specialists and newcomers, slots); where there are no minutes their price
        says nothing. What must be done counts less its penalty: the value is that of a plan that does all of it.
        """
        open_ = capacity > 0
        options = self._options.keep(np.asarray(open_.ravel()[self._options.resource]))
        options = options.people(np.flatnonzero(np.diff(options.start) > 0))
        options = replace(options, capacity=capacity.ravel())
        price = prices_of(options, precision=_PRECISION)
        value = bound_of(options, price) - self.penalty * int(self.must.sum())
        return value, price.reshape(capacity.shape)

    def next_hour(self, capacity: Floats, prices: Floats) -> Floats:
        """Return a price for one more paid hour at every desk and slot, shape (specialists and newcomers, slots).

        At given prices of the other minutes each item is worth `have` without the hour, and would bring its value less
        `have` in it. The hour is filled with these gains, most per minute first, the last in part. By duality no hour
        brings more than that. It is less than the price of a minute times its minutes, since the best gains come first.
        """
        have = self._have(capacity, prices)
        hour, filled = 60 * self.shifts.productive, np.zeros(capacity.shape)
        for desk in range(len(capacity)):
            gain = np.maximum(self.worth[:, desk] - have[:, None], 0.0)
            order = np.argsort(-gain / np.maximum(self.minutes, 1e-9), axis=0, kind="stable")
            minutes = np.take_along_axis(self.minutes, order, axis=0)
            before = np.cumsum(minutes, axis=0) - minutes
            part = np.clip((hour - before) / np.maximum(minutes, 1e-9), 0.0, 1.0)
            filled[desk] = (part * np.take_along_axis(gain, order, axis=0)).sum(axis=0)
        return filled

    def _have(self, capacity: Floats, prices: Floats) -> Floats:
        """Return what each item brings at these prices, with the penalty that it saves, (items,)."""
        left = np.where((capacity > 0)[None], self.worth - self.minutes[:, None] * prices, -np.inf)
        return np.asarray(left.max(axis=(1, 2), initial=0.0))

    def nothing_undone(self, capacity: Floats, prices: Floats) -> bool:
        """Return whether all that must be done is worth doing at these prices of a minute, its penalty counted."""
        possible = np.isfinite(self.worth[:, : len(self.team)]).any(axis=(1, 2))
        return bool((self._have(capacity, prices)[self.must & possible] > 0).all())

    def opened(self, factor: float) -> Floats:
        """Return the minutes of specialists, times a factor, and newcomers (none), shape (both, slots)."""
        return self.beside_newcomers(self.shifts.minutes * factor)

    def beside_newcomers(self, minutes: Floats) -> Floats:
        """Return minutes of specialists, (specialists, days, blocks), and newcomers (none), shape (both, slots)."""
        flat = minutes.reshape(len(minutes), -1)
        return np.concatenate([flat, np.zeros((len(self.newcomers), flat.shape[1]))])

    def planned(self, capacity: Floats, prices: Floats, seed: int = 0) -> Assignment:
        """Return a plan with these minutes; its value and bound count what must be done with its penalty."""
        length = np.broadcast_to(self.minutes[:, None, None], (len(self.worth), 1, *capacity.shape))
        return assign(self.worth[:, None], length, capacity, prices=prices, gap=_GAP, seed=seed)


def week(
    ledger: Ledger,
    model: PaymentTiming | str,
    strategy: Any,
    roster: Any,
    date: Day,
    *,
    days: int = 5,
    policy: Policy | None = None,
    assumptions: Assumptions | None = None,
    seed: int = 0,
) -> Week:
    """Return what there is to do in a week of at most five working days, and who is there; see `optimize.plan`.

    Raises
    ------
    BadInput
        As `optimize.plan`; for more than five days; for a team without anybody.
    """
    if not 1 <= days <= WEEK:
        raise BadInput(f"must lie between 1 and {WEEK}: hours are judged by one week's plan", field="days", value=days)
    asked = request(
        ledger, model, strategy, roster, date, days=days,
        effects=None, policy=policy or Policy(), assumptions=assumptions, exploration=0.0, stops=None, skills=None,
        seed=seed, version="",
    )  # fmt: skip
    if not len(asked.team):
        raise BadInput("must name at least one specialist", field="roster")
    shifts = plan_shifts(asked.team, asked.date, days, assumptions=asked.assume)
    newcomers = _newcomers(asked.team)
    everybody = asked.team.model_copy(update={"specialists": asked.team.specialists + newcomers, "rules": Rules()})
    calls, _, _, notes = laid_out(replace(asked, team=everybody))
    nothing = np.zeros((len(newcomers), days, BLOCKS))
    free = np.zeros_like(calls.desks.cost)  # the roster's hours are paid whether they are used or not
    desks = replace(calls.desks, minutes=np.concatenate([shifts.minutes, nothing]), cost=free)
    calls = replace(calls, desks=desks, tasks=replace(calls.tasks, cost=desks.cost))
    return _priced(asked.team, shifts, asked.assume, newcomers, calls, notes=(*asked.notes, *notes))


def _newcomers(team: Team) -> tuple[Specialist, ...]:
    """Return people without hours: English and each language of the team, with and without authority to be firm."""
    first = "en" if team.able(language="en").any() else team.specialists[0].languages[0]
    languages = sorted({code for person in team.specialists for code in person.languages} - {first})
    spoken = [(first,), *((first, code) for code in languages)]
    authority: tuple[tuple[str, ...], ...] = ((), ("firm",)) if team.able(skill="firm").any() else ((),)
    return tuple(
        Specialist(id="+".join((*codes, *skills)), skills=skills, languages=codes, weekly_hours=0)
        for codes in spoken
        for skills in authority
    )


def _priced(
    team: Team,
    shifts: Shifts,
    assume: Assumptions,
    newcomers: tuple[Specialist, ...],
    calls: Calls,
    *,
    notes: tuple[str, ...],
) -> Week:
    """Return the week with its calls at the worth that they have when the roster's own hours are priced."""
    n, slots, unit = (
        len(calls.dunning.customer),
        calls.days * BLOCKS,
        10 ** decimals(calls.dunning.ledger.base_currency),
    )
    own = calls.reach.minutes[:, :-1].reshape(n, slots)
    minutes = np.concatenate([own, np.repeat(calls.tasks.minutes[:, None], slots, axis=1)])
    must = np.r_[calls.must, calls.tasks.must]
    done = np.repeat(np.where(calls.tasks.able, 0.0, -np.inf)[:, :, None], slots, axis=2)
    net, _ = calls.worth(np.ones(calls.dunning.step.shape))
    mean: float | None = None
    for _ in range(PASSES):
        price = None if mean is None else np.full(net.shape[1:4:2], mean)
        waiting = [calls.waiting(day, price, np.isfinite(net[:, :, day])) for day in range(calls.days)]
        rather = [net[:, :, day] - waiting[day][:, None] for day in range(calls.days)]
        worth = np.concatenate([np.concatenate(rather, axis=2), done]) / unit
        penalty = 1 + 2 * float(np.abs(worth[np.isfinite(worth)]).max(initial=0.0))
        made = Week(
            team=team, shifts=shifts, assumptions=assume, newcomers=newcomers,
            worth=np.where(must[:, None, None], worth + penalty, worth), minutes=minutes, must=must, penalty=penalty,
            currency=calls.dunning.ledger.base_currency, notes=notes,
        )  # fmt: skip
        _, found = made.relaxed(made.opened(1.0))
        fresh = mean_price(found[: len(team)] * unit, shifts.minutes.reshape(len(team), -1))
        if mean is not None and abs(fresh - mean) <= SETTLED * fresh:
            break
        mean = fresh
    return made
