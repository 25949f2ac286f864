"""Which calls are planned: their worth at every desk and slot, and the days looked ahead together."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ledger.currency import decimals
from optimize.chase import Chase, Flags, Floats, Ints
from optimize.desks import Desks, Reach
from optimize.placing import Placing, balanced, place, price, worst
from optimize.policy import Policy
from optimize.tasks import Tasks
from optimize.values import Values

WEEK: Final = 5  # working days for which an account gets one planned call: tonight's plan makes the retries
_PASSES: Final = 3  # of finding the prices at which later calls are worth making
_CLOSE: Final = 0.02  # by which these may still change


@dataclass(frozen=True, eq=False, kw_only=True)
class Calls:
    """Everything that decides the calls; the days of `chase`, `worths` and `reach` include the one after the plan.

    `free` is what the rules allow, (accounts, tones, specialists, days, blocks).
    """

    chase: Chase
    worths: Values
    reach: Reach
    desks: Desks
    usual: Ints  # (n,)
    free: Flags
    tasks: Tasks
    policy: Policy

    @property
    def days(self) -> int:
        """Days of the plan."""
        return len(self.chase.days) - 1

    @property
    def must(self) -> Flags:
        """Accounts whose promise must be followed up by a call, (n,)."""
        return np.asarray((self.chase.follow_up & self.chase.by_phone())[:, :-1].any(axis=1), np.bool_)

    def worth(self, weight: Floats) -> tuple[Floats, Ints]:
        """Return the net value of each call, (n, S, D, B), -inf where not allowed, and its tone, (n, S, D).

        `weight` is the chance that the call is still wanted, (n, D).
        """
        phone = self.chase.by_phone()
        phone = phone & (self.chase.follow_up | ~self.must[:, None])  # before its follow-up no other call
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
        goodwill = self.policy.goodwill * 10 ** decimals(self.chase.ledger.base_currency) * self.reach.chance
        spent = self.reach.minutes[:, None] * self.desks.cost[:, None, None] + goodwill[:, None]
        return np.asarray(owing * spent)

    def cost_of(self, account: int, desk: int, day: int, block: int) -> float:
        """Return the same of one call that is surely wanted."""
        goodwill = self.policy.goodwill * 10 ** decimals(self.chase.ledger.base_currency)
        spent = self.reach.minutes[account, day, block] * self.desks.cost[desk]
        heard = self.reach.chance[account, day, block] * goodwill
        return float(self.worths.owing[account, day] * (spent + heard))

    def ahead(self, net: Floats, price: Floats) -> Floats:
        """Return the net values with what is to come: the look ahead over the plan's days and beyond.

        Backwards over the days, with p(d) the price of a minute on day d,

            W(d) = max(W(d+1), best call of d: net − p(d)·minutes + (1 − reach)·W(first day after the gap))

        is what an account is worth that is free to be called from day d on; W(after the plan) is that of a call on the
        next day at the last price. A call on day d is worth net + (1 − reach)·W(after the gap) − W(after the plan):
        who is not reached may be called again, and who is not called in the plan may be called after it.
        """
        if not self.policy.lookahead:
            return net
        missed, last = 1 - self.reach.chance, self.days
        later = np.zeros((len(net), last + 1))  # W
        follows = np.zeros(net.shape[:1] + net.shape[2:])  # (1 − reach)·W(after the gap)
        for day in range(last, -1, -1):
            if day < last:
                again = np.take_along_axis(later, self.next_turn(day)[:, None], axis=1)
                follows[:, day] = missed[:, day] * again
            call = net[:, :, day] + (follows[:, day] - price[day] * self.reach.minutes[:, day])[:, None]
            best = np.maximum(call.max(axis=(1, 2), initial=-np.inf), 0.0)
            later[:, day] = best if day == last else np.maximum(best, later[:, day + 1])
        return np.asarray(net + follows[:, None] - later[:, None, -1:, None])

    def promptly(self, value: Floats) -> Floats:
        """Return the worth of calls with follow-ups of promises on their first possible day, or soon after it.

        Each working day later costs more than any call is worth.
        """
        if not self.must.any():
            return value
        possible = np.isfinite(value[self.must]).any(axis=(1, 3))
        late = np.maximum(np.arange(value.shape[2]) - possible.argmax(axis=1)[:, None], 0)
        out = value.copy()
        out[self.must] -= (float(value[np.isfinite(value)].max(initial=0.0)) + 1) * late[:, None, :, None]
        return out

    def next_turn(self, day: int) -> Ints:
        """Return the first day (number) on which each account may be called again after a call on the day, (n,)."""
        chase = self.chase
        retry = np.array([*(step.retry_days for step in chase.strategy.steps), 1, 1])[chase.step[:, day]]
        free = chase.days[day] + np.maximum(self.policy.minimum_gap, retry)
        return np.asarray(np.minimum(np.searchsorted(chase.days, free), self.days), np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Chosen:
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


def choose(calls: Calls, previous: Floats | None, until: float | None, seed: int) -> Chosen:
    """Return the calls and tasks of the plan: one per account and week of the plan, then what still fits."""
    capacity = calls.desks.minutes.reshape(len(calls.desks.ids), -1)
    n, days = calls.chase.step.shape
    weight, before = np.ones((n, days)), np.full((n, days), -1)
    parts: list[tuple[Placing, Floats, Ints, Ints]] = []
    used, wanted, tasks = np.zeros_like(capacity), np.zeros(n, np.bool_), calls.tasks
    for turn in range(-(-calls.days // WEEK)):
        turned = replace(calls, tasks=tasks)
        placed, best, some = _planned(turned, weight, capacity - used, turn == 0, previous, until, seed)
        wanted |= some
        parts.append((placed, weight, best, before))
        used = used + placed.used(_minutes(turned))
        tasks = tasks.none()
        if turn * WEEK + WEEK < calls.days:
            weight, before = _still_wanted(calls, weight, before, placed)
        previous = placed.prices
    return _joined(calls, parts, used, wanted)


def _planned(
    calls: Calls, weight: Floats, room: Floats, first: bool, previous: Floats | None, until: float | None, seed: int
) -> tuple[Placing, Ints, Flags]:
    """Return where calls and tasks are placed, the tone of each call (n, S, D), and who is worth calling."""
    must = np.r_[calls.must & first, calls.tasks.must]
    minutes = _minutes(calls)
    net, tone = calls.worth(weight)
    by_day = _by_day(previous, room, calls.days)
    for _ in range(_PASSES if calls.policy.lookahead else 0):
        items = _items(calls, calls.ahead(net, by_day), room)
        previous = price(items, minutes, room, must, prices=previous, seed=seed)
        last, by_day = by_day, _by_day(previous, room, calls.days)
        if np.abs(by_day - last).max() <= _CLOSE * by_day.max():
            break
    value = calls.ahead(net, by_day)
    items = _items(calls, value, room)
    if calls.policy.lookahead:
        placed = place(items, minutes, room, must, prices=previous, until=until, seed=seed)
    else:
        placed = _day_by_day(items, minutes, room, must, len(calls.desks.starts), until, seed)
    worthwhile: Flags = np.asarray((value[:, :, :-1] > 0).any(axis=(1, 2, 3)))
    return balanced(placed, items, minutes, room), tone, worthwhile


def _items(calls: Calls, value: Floats, room: Floats) -> Floats:
    """Return the worth of calls and then tasks in the plan's slots, (items, S, slots)."""
    own = calls.promptly(value)[:, :, :-1].reshape(len(value), *room.shape)
    return np.concatenate([own, calls.tasks.worth(value)])


def _by_day(prices: Floats | None, room: Floats, days: int) -> Floats:
    """Return the mean price of a minute on each day, and on the one after the plan: that of the last day."""
    if prices is None:
        return np.zeros(days + 1)
    minutes = np.maximum(room, 1e-9).reshape(len(room), days, -1)
    mean = (prices.reshape(minutes.shape) * minutes).sum(axis=(0, 2)) / minutes.sum(axis=(0, 2))
    return np.append(mean, mean[-1])


def _day_by_day(
    items: Floats, minutes: Floats, room: Floats, must: Flags, blocks: int, until: float | None, seed: int
) -> Placing:
    """Return the plan that takes on each day what is best that day: what greed brings, for comparison."""
    desk, slot = np.full((2, len(items)), -1)
    parts, prices = [], np.zeros_like(room)
    for first in range(0, room.shape[1], blocks):
        here = slice(first, first + blocks)
        rest = np.where((desk < 0)[:, None, None], items[:, :, here], -np.inf)
        part = place(rest, minutes[:, here], room[:, here], must & (desk < 0), until=until, seed=seed)
        some = part.desk >= 0
        desk[some], slot[some] = part.desk[some], part.slot[some] + first
        prices[:, here] = part.prices
        parts.append(part)
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
    own = calls.reach.minutes[:, :-1].reshape(len(calls.chase.customer), calls.days * len(calls.desks.starts))
    return np.concatenate([own, np.repeat(calls.tasks.minutes[:, None], own.shape[1], axis=1)])


def _still_wanted(calls: Calls, weight: Floats, before: Ints, placed: Placing) -> tuple[Floats, Ints]:
    """Return the chance that another call is wanted on each day, after those that are placed, and which it repeats.

    Within the minimum gap of a placed call there is none. After it the same step is called for only if nobody was
    reached; a step that is asked for later is called for in any case.
    """
    chase, blocks = calls.chase, len(calls.desks.starts)
    weight, before = weight.copy(), before.copy()
    turns = np.stack([calls.next_turn(day) for day in range(calls.days)], axis=1)
    for account in np.flatnonzero(placed.desk[: len(chase.customer)] >= 0).tolist():
        day, block = divmod(int(placed.slot[account]), blocks)
        after = np.arange(len(chase.days)) >= turns[account, day]
        same = chase.step[account] == chase.step[account, day]
        missed = 1 - calls.reach.chance[account, day, block]
        weight[account] = np.where(after, weight[account, day] * np.where(same, missed, 1.0), 0.0)
        before[account] = np.where(after & same, chase.days[day], -1)
    return weight, before


def _joined(calls: Calls, parts: list[tuple[Placing, Floats, Ints, Ints]], used: Floats, wanted: Flags) -> Chosen:
    n, blocks = len(calls.chase.customer), len(calls.desks.starts)
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
    return Chosen(
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
