"""Which calls are planned: their worth at every desk and slot, and the days looked ahead together."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from ledger.table.currency import decimals
from models.planning.waiting import given_up, talk_price
from optimize.plans.capacity import Desks, Reach
from optimize.plans.contact_value import ContactValues
from optimize.plans.duties import Tasks
from optimize.plans.placement import Placing, balanced, planned_day, worst
from optimize.plans.policy import Policy
from optimize.plans.steps_due import Dunning

WEEK: Final = 5  # working days for which an account gets one planned call: tonight's plan makes the retries


@dataclass(frozen=True, eq=False, kw_only=True)
class Calls:
    """Everything that decides the calls; the days of `dunning`, `worths` and `reach` include the one after the plan.

    `free` is what the rules allow, (accounts, tones, specialists, days, blocks).
    """

    dunning: Dunning
    worths: ContactValues
    reach: Reach
    desks: Desks
    usual: Ints  # (n,)
    free: Flags
    tasks: Tasks
    policy: Policy

    @property
    def days(self) -> int:
        """Days of the plan."""
        return len(self.dunning.days) - 1

    @property
    def goodwill(self) -> float:
        """Price of a contact that is heard, base-currency minor units."""
        price = self.policy.goodwill
        assert price is not None, "a request's policy is in the base currency"
        return price * 10.0 ** decimals(self.dunning.ledger.base_currency)

    @property
    def must(self) -> Flags:
        """Accounts whose promise must be followed up by a call, (n,)."""
        return np.asarray((self.dunning.follow_up & self.dunning.by_phone())[:, :-1].any(axis=1), np.bool_)

    def wanted(self) -> Floats:
        """Return how much of what must be done each desk may do in each slot, (S, D, B); sooner counts for more."""
        follow_up = (self.dunning.follow_up & self.dunning.by_phone())[:, None, :, None]
        calls = np.where(self.free.any(axis=1) & follow_up, self.reach.chance[:, None], 0.0)[:, :, :-1].sum(axis=0)
        answers = self.tasks.able.sum(axis=0, dtype=np.float64)[:, None, None]
        return np.asarray((calls + answers) / np.arange(1, self.days + 1)[:, None])

    def worth(self, weight: Floats) -> tuple[Floats, Ints]:
        """Return the net value of each call, (n, S, D, B), -inf where not allowed, and its tone, (n, S, D).

        `weight` is the chance that the call is still wanted, (n, D).
        """
        phone = self.dunning.by_phone()
        phone = phone & (self.dunning.follow_up | ~self.must[:, None])  # before its follow-up no other call
        allowed = self.free & (phone & (weight > 0))[:, None, None, :, None]
        gain = np.where(allowed.any(axis=4), self.worths.gain[:, :, None], -np.inf)  # (n, 2, S, D)
        heard = gain.max(axis=1)
        familiar = 1 + self.policy.continuity * (self.usual[:, None] == np.arange(len(self.desks.ids)))
        heard = np.where(np.isfinite(heard), heard, 0.0) * familiar[:, :, None] * weight[:, None]
        net = self.reach.chance[:, None] * heard[..., None] - self.cost(weight)
        return np.where(allowed.any(axis=1), net, -np.inf), np.asarray(gain.argmax(axis=1))

    def cost(self, weight: Floats) -> Floats:
        """Return expected minutes at their cost, and the price of goodwill where the customer hears, (n, S, D, B)."""
        owing = (self.worths.owing * weight)[:, None, :, None]
        heard = self.goodwill * self.reach.chance
        spent = self.reach.minutes[:, None] * self.desks.cost[:, None, None] + heard[:, None]
        return np.asarray(owing * spent)

    def cost_of(self, account: int, desk: int, day: int, block: int) -> float:
        """Return the same of one call that is surely wanted."""
        spent = self.reach.minutes[account, day, block] * self.desks.cost[desk]
        heard = self.reach.chance[account, day, block] * self.goodwill
        return float(self.worths.owing[account, day] * (spent + heard))

    def waiting(self, day: int, prices: Floats | None, open_: Flags) -> Floats:
        """Return what a call on a day of the plan gives up, (n, B): the later ones, at these prices of a minute.

        `prices` have shape (S, B), None before any are known; `open_` says which calls may be made, (n, S, B).
        """
        if prices is None or not self.policy.lookahead:
            return np.zeros((len(open_), open_.shape[2]))
        cheapest = np.where(open_, prices + self.desks.cost[:, None], np.inf).min(axis=1, initial=np.inf)
        price = talk_price(cheapest, self.reach.chance[:, day], self.reach.minutes[:, day])
        lost = given_up(self.worths.talks(day, self.goodwill), price)
        return np.asarray(self.reach.chance[:, day] * lost[:, None])

    def lateness(self, net: Floats, must: Flags) -> Floats:
        """Return what is taken from the worth of calls and then tasks on each day, (items, days), for being late.

        A promise is followed up on its first possible day, and a dispute is acknowledged within its service level, or
        soon after it: each working day later costs more than any call is worth. `must` are the accounts with a call
        that follows up, (n,).
        """
        most = float(net[np.isfinite(net)].max(initial=0.0)) + 1
        first = np.isfinite(net).any(axis=(1, 3)).argmax(axis=1)
        days = np.maximum(np.arange(self.days) - first[:, None], 0)
        return np.concatenate([most * days * must[:, None], 10 * most * self.tasks.late])

    def next_turn(self, day: int) -> Ints:
        """Return the first day (number) on which each account may be called again after a call on the day, (n,)."""
        dunning = self.dunning
        retry = np.array([*(step.retry_days for step in dunning.strategy.steps), 1, 1])[dunning.step[:, day]]
        free = dunning.days[day] + np.maximum(self.policy.minimum_gap, retry)
        return np.asarray(np.minimum(np.searchsorted(dunning.days, free), self.days), np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class ChosenCalls:
    """Calls (and tasks) that are planned: item below n is a call with that account, else a task."""

    item: Ints
    desk: Ints
    slot: Ints
    tone: Ints
    weight: Floats  # chance that the call is still wanted
    before: Ints  # day number of the call that it repeats if that reached nobody, -1
    status: str
    objective: float
    bound: float
    prices: Floats
    used: Floats
    wanted: Flags  # (n,) accounts with a call worth making
    notes: tuple[str, ...]


def choose(calls: Calls, previous: Floats | None, until: float | None, seed: int) -> ChosenCalls:
    """Return the calls and tasks of the plan: one per account and week of the plan, then what still fits."""
    capacity = calls.desks.minutes.reshape(len(calls.desks.ids), -1)
    n, days = calls.dunning.step.shape
    weight, before = np.ones((n, days)), np.full((n, days), -1)
    parts: list[tuple[Placing, Floats, Ints, Ints]] = []
    used, wanted, tasks = np.zeros_like(capacity), np.zeros(n, np.bool_), calls.tasks
    for turn in range(-(-calls.days // WEEK)):
        turned = replace(calls, tasks=tasks)
        placed, best, some = _planned(turned, weight, capacity - used, turn == 0, previous, until=until, seed=seed)
        wanted |= some
        parts.append((placed, weight, best, before))
        used = used + placed.used(_minutes(turned))
        tasks = tasks.none()
        if turn * WEEK + WEEK < calls.days:
            weight, before = _still_wanted(calls, weight, before, placed)
        previous = placed.prices
    return _joined(calls, parts, used, wanted)


def _planned(
    calls: Calls, weight: Floats, room: Floats, first: bool, previous: Floats | None, *, until: float | None, seed: int
) -> tuple[Placing, Ints, Flags]:
    """Return where calls and tasks are placed, the tone of each call (n, S, D), and who is worth calling."""
    must = np.r_[calls.must & first, calls.tasks.must]
    minutes = _minutes(calls)
    net, tone = calls.worth(weight)
    late = calls.lateness(net, must[: len(net)])
    placed = _day_by_day(
        calls, net, late, minutes, room, weight=weight, must=must, previous=previous, until=until, seed=seed
    )
    days = range(calls.days)
    items = np.concatenate([_items(calls, net[:, :, day], late[:, day]) for day in days], axis=2)
    worthwhile: Flags = np.asarray((net[:, :, :-1] > 0).any(axis=(1, 2, 3)))
    return balanced(placed, items, minutes, room), tone, worthwhile


def _items(calls: Calls, value: Floats, late: Floats) -> Floats:
    """Return the worth of calls (n, S, B) and then tasks on a day, less their lateness (items,), (items, S, B)."""
    tasks = np.repeat(calls.tasks.worth()[:, :, None], value.shape[2], axis=2)
    return np.concatenate([value, tasks]) - late[:, None, None]


def _day_by_day(
    calls: Calls,
    net: Floats,
    late: Floats,
    minutes: Floats,
    room: Floats,
    *,
    weight: Floats,
    must: Flags,
    previous: Floats | None,
    until: float | None,
    seed: int,
) -> Placing:
    """Return the plan made one day after the other, each call weighed against later ones (see `Calls.waiting`)."""
    blocks = len(calls.desks.starts)
    desk, slot = np.full((2, len(minutes)), -1)
    parts, prices = [], np.zeros_like(room)
    for day in range(calls.days):
        here = slice(day * blocks, (day + 1) * blocks)

        def worth(price: Floats | None, day: int = day, left: Flags = desk < 0) -> Floats:
            given = calls.waiting(day, price, np.isfinite(net[:, :, day])) * weight[:, day, None]
            items = _items(calls, net[:, :, day] - given[:, None], late[:, day])
            return np.where(left[:, None, None], items, -np.inf)

        due = must & (desk < 0)
        start = None if previous is None else previous[:, here]
        part = planned_day(worth, minutes[:, here], room[:, here], due, prices=start, until=until, seed=seed)
        some = part.desk >= 0
        desk[some], slot[some] = part.desk[some], part.slot[some] + day * blocks
        prices[:, here] = part.prices
        taken = float(late[some, day].sum())
        parts.append(replace(part, objective=part.objective + taken, bound=part.bound + taken))
    return Placing(
        status=worst(*parts),
        desk=desk,
        slot=slot,
        objective=sum(part.objective for part in parts),
        bound=sum(part.bound for part in parts),
        prices=prices,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _minutes(calls: Calls) -> Floats:
    """Return the minutes of each item in each slot."""
    own = calls.reach.minutes[:, :-1].reshape(len(calls.dunning.customer), calls.days * len(calls.desks.starts))
    return np.concatenate([own, np.repeat(calls.tasks.minutes[:, None], own.shape[1], axis=1)])


def _still_wanted(calls: Calls, weight: Floats, before: Ints, placed: Placing) -> tuple[Floats, Ints]:
    """Return the chance that another call is wanted on each day, after those that are placed, and which it repeats.

    Within the minimum gap of a placed call there is none. After it the same step is called for only if nobody was
    reached; a step that is asked for later is called for in any case.
    """
    dunning, blocks = calls.dunning, len(calls.desks.starts)
    weight, before = weight.copy(), before.copy()
    turns = np.stack([calls.next_turn(day) for day in range(calls.days)], axis=1)
    for account in np.flatnonzero(placed.desk[: len(dunning.customer)] >= 0).tolist():
        day, block = divmod(int(placed.slot[account]), blocks)
        after = np.arange(len(dunning.days)) >= turns[account, day]
        same = dunning.step[account] == dunning.step[account, day]
        missed = 1 - calls.reach.chance[account, day, block]
        weight[account] = np.where(after, weight[account, day] * np.where(same, missed, 1.0), 0.0)
        before[account] = np.where(after & same, dunning.days[day], -1)
    return weight, before


def _joined(calls: Calls, parts: list[tuple[Placing, Floats, Ints, Ints]], used: Floats, wanted: Flags) -> ChosenCalls:
    n, blocks = len(calls.dunning.customer), len(calls.desks.starts)
    columns = []
    for placed, weight, tone, before in parts:
        item = np.flatnonzero(placed.desk >= 0)
        desk, slot = placed.desk[item], placed.slot[item]
        day, call = slot // blocks, item < n
        account = np.where(call, item, 0)
        columns.append((
            item, desk, slot,
            np.where(call, tone[account, desk, day], 0) if n else item,
            np.where(call, weight[account, day], 1.0) if n else np.ones(len(item)),
            np.where(call, before[account, day], -1) if n else item,
        ))  # fmt: skip
    item, desk, slot, tone, weight, before = (np.concatenate(column) for column in zip(*columns, strict=True))
    placings = [part[0] for part in parts]
    return ChosenCalls(
        item=item.astype(np.int64),
        desk=desk,
        slot=slot,
        tone=tone.astype(np.int64),
        weight=weight,
        before=before.astype(np.int64),
        status=worst(*placings),
        objective=sum(part.objective for part in placings),
        bound=sum(part.bound for part in placings),
        prices=placings[0].prices,
        used=used,
        wanted=wanted,
        notes=tuple(dict.fromkeys(note for part in placings for note in part.notes)),
    )
