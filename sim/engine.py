"""One replication: a day clock that plans in the morning, lets the desk work, and settles in the evening."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import simpy

from ledger import BadInput
from ledger.files.reading import one_of
from ledger.policy.roster import BLOCKS, FULL_SHIFT, SHIFT_START, Roster, roster
from ledger.policy.strategy import Strategy
from ledger.table.calendar import NEVER, Calendar
from ledger.table.currency import decimals
from models.assumed.assumptions import Assumptions
from models.assumed.call_minutes import CallMinutes
from models.assumed.contact_law import ContactLaw
from models.assumed.reach import reach_by_block
from models.planning.protocol import for_one_run
from sim.day.call_outcomes import outcomes
from sim.day.call_outcomes_kernels import chances
from sim.day.contact_effects import Response
from sim.day.contact_effects_kernels import after_calls, respond
from sim.day.contact_records import Batch, ContactRecorder, messages_sent
from sim.day.desk import DESKS, Process
from sim.day.desk_kernels import CallLists, DeskHours, Incoming
from sim.day.ladder_kernels import due_contacts, sweep
from sim.day.today import DAY, CallAttempts, Today
from sim.mechanisms.protocol import Begun, acting
from sim.mechanisms.registry import begin
from sim.planners import Belief, Planner
from sim.planners import belief as belief_named
from sim.planners import planner as planner_named
from sim.planners.work_list import WorkLists
from sim.result.run import Run
from sim.world.keyed import Purpose
from sim.world.layout import prepare
from sim.world.portfolio import Portfolio
from sim.world.prices import in_base
from sim.world.resume import resume
from sim.world.state import ladder

LONGEST: Final = 3650  # days


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


class Stage(NamedTuple):
    """One stage of a working day. Time passes in it only where it returns a SimPy process."""

    name: str
    by: str  # the mechanism that acts; empty for the core
    act: Callable[[Today], Process | None]

    @property
    def words(self) -> str:
        """What is done, in words."""
        return (self.act.__doc__ or "").splitlines()[0]


class _DayClock:
    """The stages of every working day."""

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
        working = np.flatnonzero(self.calendar.working(self.calendar.home)[: setting.days + 1])
        self.working = working[working > 0].tolist()
        self.world = prepare(portfolio, people, assume, self.calendar, setting.seeds)
        self.inv, self.acc, self.pays = self.world.invoices, self.world.accounts, self.world.payments
        minor = 10 ** decimals(portfolio.currency)
        self.ladder = ladder(setting.strategy, assume, minor)
        resume(self.acc, portfolio, setting.strategy, ContactLaw.of(assume))
        begun = Begun(
            portfolio=portfolio,
            strategy=setting.strategy,
            world=self.world,
            ladder=self.ladder,
            calendar=self.calendar,
            assume=assume,
            seeds=setting.seeds,
            first=self.working[0] if self.working else NEVER,
        )
        self.mechanisms = begin(begun)
        self.contacted = [act for _, act in acting(self.mechanisms, "contacted")]
        self.minutes = CallMinutes.of(assume)
        self.response = Response.of(assume)
        self.work_lists = WorkLists(
            self.world, self.ladder, people, setting.planner, setting.belief,
            assume=assume, response=self.response, minor=minor, key=begun.draw(Purpose.PLANNER), seed=setting.seeds[0],
        )  # fmt: skip
        self.draws = begun.draw(Purpose.REACH), begun.draw(Purpose.DURATION)
        self.reach = reach_by_block(
            self.calendar, self.world.zones, portfolio.timezone, assume.right_party_contact_rate
        )
        self.present = people.present(portfolio.start, setting.days)
        self.shift_seconds = np.round(people.share * FULL_SHIFT).astype(np.int64)
        worked = np.clip(people.share[:, None] * BLOCKS - np.arange(BLOCKS), 0, 1)  # of each block
        self.block_minutes = worked * assume.productive_hours_per_day * 60 / BLOCKS
        self.desk = DESKS[setting.desk]()
        self.log = ContactRecorder()
        self.busy_seconds, self.staffed_days = 0, 0.0
        self.stages = self._stages()

    def _stages(self) -> tuple[Stage, ...]:
        """Return the stages of a day, in order."""

        def mechanisms(stage: str) -> Iterator[Stage]:
            return (Stage(stage, name, act) for name, act in acting(self.mechanisms, stage))

        return (
            *mechanisms("morning"),
            Stage("ladder", "", self._sweep),
            *mechanisms("spare"),
            Stage("plan", "", self._plan),
            *mechanisms("incoming"),
            Stage("desk", "", self._work),
            Stage("contacts", "", self._take_effect),
            *mechanisms("evening"),
        )

    def run(self, env: simpy.Environment) -> Generator[simpy.Event, object, None]:
        """Walk through the working days; on others customers pay, but nobody is contacted."""
        self.env, before = env, 0  # the ladder stands where the ledger says that it does on the evening of day 0
        for day, following in zip(self.working, [*self.working, NEVER][1:], strict=True):
            yield env.timeout(day * DAY - env.now)
            seen = int(np.searchsorted(self.pays.applied, day))
            today = Today(day=day, before=before, following=following, seen=seen)
            for stage in self.stages:
                process = stage.act(today)
                if process is not None:
                    yield from process
            before = day
        for _, close in acting(self.mechanisms, "close"):
            close(self.setting.days)

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
            log=self.log.frozen(),
            mechanisms=self.mechanisms,
            stages=tuple((stage.name, stage.by, stage.words) for stage in self.stages),
            busy_minutes=self.busy_seconds / 60,
            productive_minutes=self.staffed_days * setting.assume.productive_hours_per_day * 60,
            assumptions=setting.assume,
        )

    def _sweep(self, today: Today) -> None:
        """Find what each account owes, the step that is due, and who is to be sent a message or called."""
        sweep(today.day, today.before, today.seen, self.inv, self.acc, self.ladder)
        today.messages, today.to_call = due_contacts(today.day, self.acc, self.ladder)

    def _plan(self, today: Today) -> None:
        """Ask the planner for today's lists; draw whom they reach and how long each attempt takes."""
        people, acc, to_call, here = self.setting.people, self.acc, today.to_call, self.present[:, today.day]
        chance = chances(to_call, acc.zone, acc.reach, self.reach[:, today.day])
        work = self.work_lists.work(today.day, today.seen, to_call, chance, self.block_minutes * here[:, None])
        plan = self.setting.planner.plan(work)
        taken = np.flatnonzero(plan.specialist >= 0)
        order = taken[np.lexsort((plan.place[taken], plan.block[taken], plan.specialist[taken]))]
        who, block = to_call[order], plan.block[order]
        reached, seconds = outcomes(self.draws, acc.entity[who], acc.calls[who], chance[order, block], self.minutes)
        first = np.searchsorted(plan.specialist[order], np.arange(len(people) + 1)).astype(np.int64)
        lists = CallLists(first, block, seconds, np.full(len(who), -1, np.int64))
        today.calls = CallAttempts(who=who, reached=reached, lists=lists)

    def _work(self, today: Today) -> Process:
        """Let specialists work their lists through the day, and take the calls that come in."""
        assert today.calls is not None
        return self.desk.work(self.env, self._hours(today.day), today.calls.lists, today.incoming)

    def _hours(self, day: int) -> DeskHours:
        start = np.full(len(self.setting.people), day * DAY + SHIFT_START, np.int64)
        length = np.where(self.present[:, day], self.shift_seconds, 0)
        block = start[:, None] + FULL_SHIFT * np.arange(BLOCKS) // BLOCKS
        self.staffed_days += float((self.setting.people.share * self.present[:, day]).sum())
        return DeskHours(start, start + length, block)

    def _take_effect(self, today: Today) -> None:
        """Let the day's contacts take effect: messages, calls, then the calls that came in."""
        acc, who = self.acc, today.messages
        sent = messages_sent(who, acc.lead[who], acc.step[who], today.day * DAY + SHIFT_START)
        assert today.calls is not None
        called, rang = self._called(today.calls), self._rang(today.day, today.incoming)
        for batch in (sent, called, rang):
            if len(batch.who):
                self._apply(today, batch)
        self.busy_seconds += int(called.seconds.sum() + rang.seconds.sum())
        acc.step[who[acc.step[who] == sent.step]] = -1
        acc.touches[who] += 1
        after_calls(today.day, called.who, called.step, called.talked, acc, self.ladder)
        acc.step[rang.who[rang.happened]] = -1
        today.sent, today.called = sent, called

    def _called(self, calls: CallAttempts) -> Batch:
        """Return the attempts that were made."""
        lists = calls.lists
        done = lists.began >= 0
        specialist = np.repeat(np.arange(len(lists.first) - 1, dtype=np.int32), np.diff(lists.first))[done]
        who, reached = calls.who[done], calls.reached[done]
        return Batch(
            who=who,
            lead=self.acc.lead[who],
            step=self.acc.step[who],
            talked=reached,
            began=lists.began[done],
            specialist=specialist,
            seconds=lists.seconds[done],
            happened=np.flatnonzero(reached),
            promised=np.zeros(len(who), np.bool_),
        )

    def _rang(self, day: int, incoming: Incoming) -> Batch:
        """Return the calls that came in; each is about the account's lead invoice where that is open, undisputed."""
        answered, inv, lead = incoming.began >= 0, self.inv, self.acc.lead[incoming.who]
        disputed = (inv.dispute[lead] <= day) & (inv.resolve[lead] > day)
        return Batch(
            who=incoming.who,
            lead=np.where((inv.pay[lead] > day) & ~disputed, lead, -1),
            step=np.full(len(answered), -1, np.int32),
            talked=answered.astype(np.int32),
            began=np.where(answered, incoming.began, incoming.arrival),
            specialist=incoming.specialist,
            seconds=np.where(answered, incoming.seconds, 0),
            happened=np.flatnonzero(answered),
            promised=np.zeros(len(answered), np.bool_),
        )

    def _apply(self, today: Today, batch: Batch) -> None:
        """Apply the contacts that took place, and log the whole batch."""
        at = batch.happened
        respond(today.day, batch.who[at], batch.step[at], self.inv, self.acc, self.ladder, self.pays, self.response)
        for act in self.contacted:
            act(today, batch, self.log.size)
        self.log.add(batch)
