"""One replication: a day clock that plans in the morning, lets the desk work, and settles in the evening."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import simpy

from ledger import BadInput
from ledger.arrays import Flags, Ints, SmallInts
from ledger.files.reading import one_of
from ledger.policy.roster import BLOCKS, FULL_SHIFT, SHIFT_START, Roster, roster
from ledger.policy.strategy import Strategy
from ledger.table.calendar import NEVER, Calendar
from ledger.table.currency import decimals
from models.assumed.assumptions import Assumptions
from models.assumed.call_minutes import CallMinutes
from models.assumed.reach import reach_by_block
from sim.day.call_outcomes import chances, outcomes, talk_seconds
from sim.day.contact_effects import PromiseLog, Response, after_calls, callbacks, respond, room_for
from sim.day.desk import DESKS, CallLists, DeskHours, Incoming
from sim.day.ladder import due_contacts, open_disputes, sweep
from sim.mechanisms.holdout import Holdout
from sim.planners import Belief, Planner
from sim.planners import belief as belief_named
from sim.planners import planner as planner_named
from sim.planners.protocol import for_one_run
from sim.planners.work_list import WorkLists
from sim.result.history import Batch, ContactRecorder
from sim.result.run import Run
from sim.world.keyed import Purpose, key
from sim.world.layout import prepare
from sim.world.part_payments import pay_main_parts
from sim.world.portfolio import Portfolio
from sim.world.prices import in_base
from sim.world.resume import resume, touched
from sim.world.state import ladder

LONGEST: Final = 3650  # days
_DAY: Final = 86_400


def simulate(
    portfolio: Portfolio,
    strategy: Strategy | str,
    *,
    days: int,
    specialists: int | pd.DataFrame | Roster = 2,
    planner: str | Planner = "risk_weighted",
    belief: str | Belief = "right",
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
    belief
        What the planner's payment model gets wrong: "right" (nothing), "biased", "stale", or a `Belief`.
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
        For an unknown name, a number out of range, or a minimum balance in a currency for which the ledger has no rate.
    """
    if not 1 <= days <= LONGEST:
        raise BadInput(f"must lie between 1 and {LONGEST}", field="days", value=days)
    one_of(desk, DESKS, field="desk")
    people = roster(specialists, portfolio.timezone)
    chosen, assume = in_base(portfolio, strategy, assumptions)
    setting = _Setting(
        portfolio=portfolio.under(assume),
        strategy=chosen,
        people=people,
        planner=for_one_run(planner_named(planner)),
        belief=belief_named(belief),
        assume=assume,
        days=days,
        seeds=(seed, replication),
        desk=desk,
        every_day=every_day,
    )
    began = time.perf_counter()
    clock = _DayClock(setting)
    env = simpy.Environment(initial_time=0)
    env.process(clock.run(env))
    env.run()
    return clock.result(time.perf_counter() - began)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Setting:
    """What `simulate` was asked for."""

    portfolio: Portfolio
    strategy: Strategy
    people: Roster
    planner: Planner
    belief: Belief
    assume: Assumptions
    days: int
    seeds: tuple[int, int]
    desk: str
    every_day: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Calls:
    """A day's call lists, one after the other: whom each attempt is for, and whether it reaches anybody."""

    who: Ints
    reached: SmallInts
    lists: CallLists


class _DayClock:
    """The morning, the desk and the evening of every working day."""

    def __init__(self, setting: _Setting) -> None:
        portfolio, people, assume = setting.portfolio, setting.people, setting.assume
        self.setting = setting
        codes = {portfolio.country, *portfolio.ledger.customers["country"].unique()}
        self.calendar = Calendar(
            start=portfolio.start,
            days=setting.days,
            countries=tuple(sorted(codes)),
            home=portfolio.country,
            every_day=setting.every_day,
        )
        self.world = prepare(portfolio, people, assume, self.calendar, setting.seeds)
        self.inv, self.acc, self.pays = self.world.invoices, self.world.accounts, self.world.payments
        minor = 10 ** decimals(portfolio.currency)
        self.ladder = ladder(setting.strategy, assume, minor)
        resume(self.acc, portfolio, setting.strategy, assume.fatigue_memory)
        self.keys = {purpose: key(*setting.seeds, purpose) for purpose in Purpose}
        self.holdout = Holdout.of(setting.strategy, self.acc.entity, self.keys[Purpose.HOLDOUT])
        self.minutes = CallMinutes.of(assume)
        self.response = Response.of(assume, self.keys[Purpose.PROMISE])
        self.view = WorkLists(
            self.world, self.ladder, people, setting.planner, setting.belief,
            assume=assume, response=self.response, minor=minor, key=self.keys[Purpose.PLANNER], seed=setting.seeds[0],
        )  # fmt: skip
        self.reach = reach_by_block(
            self.calendar, self.world.zones, portfolio.timezone, assume.right_party_contact_rate
        )
        self.present = people.present(portfolio.start, setting.days)
        self.shift_seconds = np.round(people.share * FULL_SHIFT).astype(np.int64)
        worked = np.clip(people.share[:, None] * BLOCKS - np.arange(BLOCKS), 0, 1)  # of each block
        self.block_minutes = worked * assume.productive_hours_per_day * 60 / BLOCKS
        self.desk = DESKS[setting.desk]()
        self.log, self.promises, self.promised = ContactRecorder(), PromiseLog.of_size(1024), 0
        self.ringing = np.empty(0, np.int64), np.empty(0, np.int64)  # who rings back tomorrow, and when
        self.busy_seconds, self.staffed_days = 0, 0.0

    def run(self, env: simpy.Environment) -> Generator[simpy.Event, object, None]:
        """Walk through the working days; on others customers pay, but nobody is contacted."""
        working = np.flatnonzero(self.calendar.working(self.calendar.home)[: self.setting.days + 1])
        days = working[working > 0].tolist()
        before = 0  # the ladder stands where the ledger says that it does on the evening of day 0
        self._ring_back(before, days[0] if days else NEVER, *touched(self.setting.portfolio))
        for day, following in zip(days, [*days, NEVER][1:], strict=True):
            yield env.timeout(day * _DAY - env.now)
            self._open_disputes(day)
            pay_main_parts(self._seen(day), self.world.parts, self.inv, self.acc, self.pays)
            sweep(day, before, self._seen(day), self.inv, self.acc, self.ladder)
            messages, to_call = self.holdout.spared(day, *due_contacts(day, self.acc, self.ladder))
            sent = Batch.of(messages, self.acc.step[messages], day * _DAY + SHIFT_START)
            calls, shifts, incoming = self._plan(day, to_call), self._shifts(day), self._incoming(day)
            yield from self.desk.work(env, shifts, calls.lists, incoming)
            self._evening(day, following, sent, calls, incoming)
            before = day
        self._open_disputes(self.setting.days)
        pay_main_parts(self.setting.days + 1, self.world.parts, self.inv, self.acc, self.pays)

    def result(self, seconds: float) -> Run:
        """Return what happened."""
        setting = self.setting
        return Run(
            portfolio=setting.portfolio,
            strategy=setting.strategy,
            planner=setting.planner.name,
            staff=setting.people.table,
            seed=setting.seeds[0],
            replication=setting.seeds[1],
            days=setting.days,
            seconds=seconds,
            calendar=self.calendar,
            columns=self.inv,
            number=self.world.number,
            parts=self.world.parts,
            log=self.log.frozen(),
            promises=self.promises.up_to(self.promised),
            holdout=self.holdout,
            busy_minutes=self.busy_seconds / 60,
            productive_minutes=self.staffed_days * setting.assume.productive_hours_per_day * 60,
            assumptions=setting.assume,
        )

    def _open_disputes(self, day: int) -> None:
        world = self.world
        last = int(np.searchsorted(world.dispute_days, day, "right"))
        open_disputes(self.inv, self.acc, self.pays, world.disputes, world.disputes_opened, last)
        world.disputes_opened = last

    def _seen(self, day: int) -> int:
        """Return the first day whose payments the collectors do not know of on this morning."""
        return int(np.searchsorted(self.pays.applied, day))

    def _shifts(self, day: int) -> DeskHours:
        start = np.full(len(self.setting.people), day * _DAY + SHIFT_START, np.int64)
        length = np.where(self.present[:, day], self.shift_seconds, 0)
        block = start[:, None] + FULL_SHIFT * np.arange(BLOCKS) // BLOCKS
        self.staffed_days += float((self.setting.people.share * self.present[:, day]).sum())
        return DeskHours(start, start + length, block)

    def _incoming(self, day: int) -> Incoming:
        """Return the calls that come in today, in order of arrival."""
        who, second = self.ringing
        order = np.lexsort((who, second))
        who = who[order]
        talk = talk_seconds(
            self.keys[Purpose.CALLBACK_DURATION], self.acc.entity[who], self.acc.touches[who], self.minutes
        )
        unanswered = np.full(len(who), -1, np.int64)
        return Incoming(who, day * _DAY + SHIFT_START + second[order], talk, unanswered, unanswered.astype(np.int32))

    def _plan(self, day: int, to_call: Ints) -> _Calls:
        """Ask the planner for today's lists; draw whom they reach and how long each attempt takes."""
        people, acc, here = self.setting.people, self.acc, self.present[:, day]
        chance = chances(to_call, acc.zone, acc.reach, self.reach[:, day])
        work = self.view.work(day, self._seen(day), to_call, chance, self.block_minutes * here[:, None])
        plan = self.setting.planner.plan(work)
        taken = np.flatnonzero(plan.specialist >= 0)
        order = taken[np.lexsort((plan.place[taken], plan.block[taken], plan.specialist[taken]))]
        who, block = to_call[order], plan.block[order]
        keys = self.keys[Purpose.REACH], self.keys[Purpose.DURATION]
        reached, seconds = outcomes(keys, acc.entity[who], acc.calls[who], chance[order, block], self.minutes)
        first = np.searchsorted(plan.specialist[order], np.arange(len(people) + 1)).astype(np.int64)
        return _Calls(who=who, reached=reached, lists=CallLists(first, block, seconds, np.full(len(who), -1, np.int64)))

    def _evening(self, day: int, following: int, sent: Batch, calls: _Calls, incoming: Incoming) -> None:
        """Let the day's contacts take effect, and find out who will ring back on the next working day."""
        acc, lists = self.acc, calls.lists
        done = lists.began >= 0
        specialist = np.repeat(np.arange(len(lists.first) - 1, dtype=np.int32), np.diff(lists.first))[done]
        who, reached, seconds = calls.who[done], calls.reached[done], lists.seconds[done]
        called = Batch(who, acc.step[who], reached, lists.began[done], specialist, seconds)
        answered = incoming.began >= 0
        rang = Batch(
            incoming.who,
            np.full(len(answered), -1, np.int32),
            answered.astype(np.int32),
            np.where(answered, incoming.began, incoming.arrival),
            incoming.specialist,
            np.where(answered, incoming.seconds, 0),
        )
        lead = acc.lead[incoming.who]
        disputed = (self.inv.dispute[lead] <= day) & (self.inv.resolve[lead] > day)
        about = np.where((self.inv.pay[lead] > day) & ~disputed, lead, -1)
        self._settle(day, sent, np.arange(len(sent.who)), acc.lead[sent.who])
        self._settle(day, called, np.flatnonzero(reached), acc.lead[who])
        self._settle(day, rang, np.flatnonzero(answered), about)
        self.busy_seconds += int(seconds.sum() + incoming.seconds[answered].sum())

        acc.step[sent.who[acc.step[sent.who] == sent.step]] = -1
        acc.touches[sent.who] += 1
        after_calls(day, who, called.step, reached, acc, self.ladder)
        acc.step[incoming.who[answered]] = -1
        self._ring_back(day, following, sent.who, who[reached == 0])

    def _ring_back(self, day: int, following: int, sent: Ints, unreached: Ints) -> None:
        """Find out who will ring back on the next working day: of those sent a message, and those called in vain."""
        assume = self.setting.assume
        shares = [assume.callback_share_message / 100, assume.callback_share_unreached / 100]
        share, who = np.repeat(shares, [len(sent), len(unreached)]), np.concatenate([sent, unreached])
        self.ringing = callbacks(day, following, who, share, self.keys[Purpose.CALLBACK], self.acc, FULL_SHIFT)

    def _settle(self, day: int, batch: Batch, happened: npt.NDArray[np.intp], lead: Ints) -> None:
        """Apply the contacts that took place, and log the whole batch with the invoices that they were about."""
        if not len(batch.who):
            return
        who, used = batch.who[happened], self.promised
        self.promises = self.promises.with_room(used + room_for(who, self.acc))
        promised = np.zeros(len(who), np.int32)
        self.promised = respond(
            day, who, batch.step[happened], batch.talked[happened],
            self.inv, self.acc, self.ladder, self.pays, self.response, self.promises, used, promised,
        )  # fmt: skip
        new = slice(used, self.promised)
        self.promises.contact[new] = self.log.size + happened[self.promises.contact[new]]
        made: Flags = np.zeros(len(batch.who), np.bool_)
        made[happened] = promised > 0
        self.log.add(batch, lead, made)
