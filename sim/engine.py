"""One replication: a day clock that plans in the morning, lets the desk work, and settles in the evening."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import simpy

from sim.assumptions import Assumptions
from sim.calendar import NEVER, Calendar
from sim.desk import DESKS, Incoming, Lists, Shifts
from sim.draws import Minutes, outcomes, talk_seconds
from sim.evening import PromiseLog, Response, after_calls, callbacks, respond, room_for
from sim.keyed import Purpose, key, uniforms
from sim.morning import at_risk, due_contacts, open_disputes, sweep
from sim.planners import Planner, WorkList, planner as planner_named
from sim.portfolio import Portfolio
from sim.reach import reach_by_block
from sim.roster import BLOCKS, FIRM, FULL_SHIFT, SHIFT_START, Roster, roster
from sim.run import ContactLog, Run
from sim.setup import prepare
from sim.state import ladder
from sim.strategy import Strategy

_DAY = 86_400


def simulate(
    portfolio: Portfolio,
    strategy: Strategy | str,
    *,
    days: int,
    specialists: int | pd.DataFrame | Roster = 2,
    planner: str | Planner = "risk_weighted",
    seed: int = 0,
    replication: int = 0,
    desk: str = "fast",
    assumptions: Assumptions | None = None,
    every_day: bool = False,
) -> Run:
    """Simulate a strategy on a portfolio from the day after `portfolio.start`.

    Parameters
    ----------
    portfolio
        Where to start and how customers behave: `synthetic`, `embedded` or `from_ledger`.
    strategy
        A strategy, the name of an embedded one, or the path of a TOML file.
    days
        Horizon in calendar days, 1 to 3650.
    specialists
        Number of standard full-timers, a staff table, or a roster.
    planner
        A planner, or the name of an embedded one.
    seed, replication
        Equal values give equal fates of customers under every strategy (common random numbers).
    desk
        "fast" (lists advanced in compiled code) or "event" (a SimPy event per attempt); the results are identical.
    assumptions
        Instead of the portfolio's own.
    every_day
        Everybody works and pays on every day of the week; for comparison with theory.

    Raises
    ------
    BadInput
        For an unknown name or a number out of range.
    """
    from ledger import BadInput

    if not 1 <= days <= 3650:
        raise BadInput("must lie between 1 and 3650", field="days", value=days)
    if desk not in DESKS:
        raise BadInput(f"known: {', '.join(DESKS)}", field="desk", value=desk)
    chosen = Strategy.load(strategy)
    people = roster(specialists, portfolio.timezone)
    planning = planner_named(planner)
    began = time.perf_counter()
    clock = _DayClock(
        portfolio, chosen, people, planning, assumptions or portfolio.assumptions, days, (seed, replication), desk, every_day
    )
    env = simpy.Environment(initial_time=0)
    env.process(clock.run(env))
    env.run()
    return clock.finish(time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class _Messages:
    """Contacts that need no specialist's time."""

    who: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    step: "np.ndarray[tuple[int], np.dtype[np.int32]]"


class _DayClock:
    """The morning, the desk and the evening of every working day."""

    def __init__(
        self,
        portfolio: Portfolio,
        strategy: Strategy,
        people: Roster,
        planning: Planner,
        assume: Assumptions,
        days: int,
        seeds: tuple[int, int],
        desk: str,
        every_day: bool,
    ) -> None:
        self.portfolio, self.strategy, self.people, self.planning = portfolio, strategy, people, planning
        self.assume, self.days, self.seeds = assume, days, seeds
        codes = tuple(sorted({portfolio.country, *portfolio.ledger.customers["country"].unique()}))
        self.calendar = Calendar(
            start=portfolio.start, days=days, countries=codes, home=portfolio.country, every_day=every_day
        )
        self.desk = DESKS[desk]()
        world = prepare(portfolio, people, assume, self.calendar, seeds)
        self.world, self.inv, self.acc, self.pays = world, world.invoices, world.accounts, world.payments
        from ledger.currency import decimals

        self.ladder = ladder(strategy, assume, 10 ** decimals(portfolio.currency))
        self.calls_by_phone = np.append(self.ladder.by_phone, True)  # position -1: the customer rang
        self.keys = {purpose: key(*seeds, purpose) for purpose in Purpose}
        self.minutes = Minutes.of(assume)
        self.response = Response(
            fatigue=assume.fatigue,
            memory=assume.fatigue_memory,
            promise=assume.promise_given_right_party,
            kept=assume.promise_kept,
            promise_low=assume.promise_days_low,
            promise_high=assume.promise_days_high,
            talk_extra=assume.hazard_ratio("inbound", "friendly", personal=True) - 1,
            promise_key=self.keys[Purpose.PROMISE],
        )
        self.reach = reach_by_block(self.calendar, world.zones, portfolio.timezone, assume.right_party_contact_rate)
        self.present = people.present(portfolio.start, self.calendar.span)
        self.shift_length = np.round(people.share * FULL_SHIFT).astype(np.int64)
        block_minutes = assume.productive_hours_per_day * 60 / BLOCKS
        self.block_minutes = np.repeat((people.share * block_minutes)[:, None], BLOCKS, axis=1)
        self.log = ContactLog()
        self.promises = PromiseLog(*(np.empty(1024, kind) for kind in (np.int64, np.int64, np.int32, np.int32, np.int64)))
        self.promised = 0
        self.ringing = (np.empty(0, np.int64), np.empty(0, np.int64))
        self.busy_seconds = 0
        self.paid_days = 0.0

    def run(self, env: simpy.Environment) -> Generator[simpy.Event, object, None]:
        working = np.flatnonzero(self.calendar.working(self.calendar.home)[: self.days + 1])
        before = -NEVER
        days = working[working > 0].tolist()
        for day, following in zip(days, [*days[1:], NEVER], strict=True):
            yield env.timeout(day * _DAY - env.now)
            messages, calls = self.morning(day, before)
            yield from self.work(env, day, following, messages, calls)
            before = day
        self.disputes_until(self.days)

    def seen(self, day: int) -> int:
        """Return the first day whose payments the collectors do not know of on this morning."""
        return int(np.searchsorted(self.pays.applied, day))

    def disputes_until(self, day: int) -> None:
        first, last = self.world.dispute_opened, int(np.searchsorted(self.world.dispute_days, day, "right"))
        open_disputes(self.inv, self.acc, self.pays, self.world.disputes, first, last)
        self.world.dispute_opened = last

    def morning(self, day: int, before: int) -> "tuple[_Messages, np.ndarray[tuple[int], np.dtype[np.int64]]]":
        """Open disputes, find who is to be contacted; return the messages to send and the accounts to call."""
        self.disputes_until(day)
        sweep(day, before, self.seen(day), self.inv, self.acc, self.ladder)
        sent, calls = due_contacts(day, self.acc, self.ladder)
        return _Messages(sent, self.acc.step[sent].copy()), calls

    def work(
        self,
        env: simpy.Environment,
        day: int,
        following: int,
        messages: _Messages,
        calls: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    ) -> Generator[simpy.Event, object, None]:
        """Let the desk carry out the day's plan, then settle what it did."""
        midnight = day * _DAY
        here = self.present[:, day]
        start = np.full(len(self.people), midnight + SHIFT_START, np.int64)
        length = np.where(here, self.shift_length, 0)
        shifts = Shifts(start, start + length, start[:, None] + length[:, None] * np.arange(BLOCKS) // BLOCKS)
        self.paid_days += float((self.people.share * here).sum())

        who, lists, reached = self.plan(day, calls, here)
        callers, seconds = self.ringing
        took = talk_seconds(self.keys[Purpose.CALLBACK], self.acc.entity[callers], self.acc.touches[callers], self.minutes)
        order = np.lexsort((callers, seconds))
        incoming = Incoming(
            midnight + SHIFT_START + seconds[order], took[order], np.full(len(order), -1, np.int64), np.full(len(order), -1, np.int32)
        )
        yield from self.desk.work(env, shifts, lists, incoming)
        self.evening(day, following, messages, who, lists, reached, callers[order], incoming)

    def plan(
        self, day: int, calls: "np.ndarray[tuple[int], np.dtype[np.int64]]", here: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    ) -> "tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Lists, np.ndarray[tuple[int], np.dtype[np.int32]]]":
        """Ask the planner for today's lists; draw whom they reach and how long each call takes."""
        people = len(self.people)
        nothing = Lists(np.zeros(people + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64))
        if not len(calls) or not here.any():
            return np.empty(0, np.int64), nothing, np.empty(0, np.int32)
        acc = self.acc
        chance = np.minimum(self.reach[acc.zone[calls], day] * acc.reach[calls, None], 0.95)
        firm = np.where(self.ladder.firm[acc.step[calls]], FIRM, np.uint64(0))
        work = WorkList(
            day=day,
            entity=acc.entity[calls],
            key=self.keys[Purpose.PLANNER],
            balance=acc.balance[calls],
            days_past_due=acc.oldest[calls],
            at_risk=at_risk(day, self.seen(day), calls, self.inv, acc, self.pays, 30),
            needs=acc.need[calls] | firm,
            reach=chance,
            minutes=self.minutes.expected(chance),
            can=self.people.can,
            capacity=self.block_minutes * here[:, None],
        )
        plan = self.planning.plan(work)
        chosen = np.flatnonzero(plan.specialist >= 0)
        order = chosen[np.lexsort((plan.place[chosen], plan.block[chosen], plan.specialist[chosen]))]
        who = calls[order]
        keys = self.keys[Purpose.REACH], self.keys[Purpose.DURATION]
        reached, seconds = outcomes(keys, acc.entity[who], acc.calls[who], chance[order, plan.block[order]], self.minutes)
        first = np.searchsorted(plan.specialist[order], np.arange(people + 1)).astype(np.int64)
        return who, Lists(first, plan.block[order], seconds, np.full(len(order), -1, np.int64)), reached

    def evening(
        self,
        day: int,
        following: int,
        messages: _Messages,
        who: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        lists: Lists,
        reached: "np.ndarray[tuple[int], np.dtype[np.int32]]",
        callers: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        incoming: Incoming,
    ) -> None:
        """Let the day's contacts take effect, log them, and find out who will ring back tomorrow."""
        acc = self.acc
        specialist = np.repeat(np.arange(len(self.people), dtype=np.int32), np.diff(lists.first))
        done = lists.began >= 0
        who, reached, began = who[done], reached[done], lists.began[done]
        step = acc.step[who].copy()
        answered = incoming.began >= 0
        rang = np.full(len(callers), -1, np.int32)

        parts = (
            _Part(messages.who, messages.step, 0, np.full(len(messages.who), day * _DAY + SHIFT_START), -1, 0),
            _Part(who, step, reached, began, specialist[done], lists.seconds[done]),
            _Part(callers, rang, answered, np.where(answered, incoming.began, incoming.arrival), incoming.specialist, np.where(answered, incoming.seconds, 0)),
        )
        for part in parts:
            self.settle(day, part)
        self.busy_seconds += int(lists.seconds[done].sum() + incoming.seconds[answered].sum())
        acc.touches[messages.who] += 1
        sent = messages.who[acc.step[messages.who] == messages.step]
        acc.step[sent] = -1
        after_calls(day, who, step, reached, acc, self.ladder)
        acc.step[callers[answered]] = -1
        unreached = who[reached == 0]
        share = np.r_[
            np.full(len(messages.who), self.assume.callback_share_message / 100),
            np.full(len(unreached), self.assume.callback_share_unreached / 100),
        ]
        touched = np.r_[messages.who, unreached]
        self.ringing = callbacks(day, following, touched, share, self.keys[Purpose.CALLBACK], acc, FULL_SHIFT)

    def settle(self, day: int, part: "_Part") -> None:
        """Apply the contacts of one kind that took place, and log all of them."""
        happened = np.flatnonzero((part.talked > 0) | (part.specialist < 0) & (part.step >= 0))
        room = room_for(part.who[happened], self.acc)
        if self.promised + room > len(self.promises.contact):
            grow = max(room, len(self.promises.contact))
            self.promises = PromiseLog(*(np.r_[column, np.empty(grow, column.dtype)] for column in self.promises))
        promised = np.zeros(len(happened), np.int32)
        used = self.promised
        self.promised = respond(
            day, part.who[happened], part.step[happened], part.talked[happened], 0,
            self.inv, self.acc, self.ladder, self.pays, self.response, self.promises, used, promised,
        )  # fmt: skip
        self.promises.contact[used : self.promised] = self.log.size + happened[self.promises.contact[used : self.promised]]
        made = np.zeros(len(part.who), np.bool_)
        made[happened] = promised > 0
        self.log.add(part.who, self.acc.lead[part.who], part.began, part.step, part.specialist, part.talked, part.seconds, made)

    def finish(self, seconds: float) -> Run:
        """Return the result."""
        assume = self.assume
        return Run(
            portfolio=self.portfolio,
            strategy=self.strategy,
            planner=self.planning.name,
            staff=self.people.table,
            seed=self.seeds[0],
            replication=self.seeds[1],
            days=self.days,
            seconds=seconds,
            calendar=self.calendar,
            opening=self.world.opening,
            columns=self.inv,
            number=self.world.number,
            log=self.log.frozen(),
            promises=PromiseLog(*(column[: self.promised] for column in self.promises)),
            busy_minutes=self.busy_seconds / 60,
            productive_minutes=self.paid_days * assume.productive_hours_per_day * 60,
            assumptions=assume,
        )


class _Part:
    """Contacts of one kind on one day, as columns."""

    __slots__ = ("began", "seconds", "specialist", "step", "talked", "who")

    def __init__(self, who, step, talked, began, specialist, seconds):  # type: ignore[no-untyped-def]
        n = len(who)
        self.who, self.step, self.began = who, step, began
        self.talked = np.broadcast_to(np.asarray(talked, np.int32), n)
        self.specialist = np.broadcast_to(np.asarray(specialist, np.int32), n)
        self.seconds = np.broadcast_to(np.asarray(seconds, np.int64), n)
