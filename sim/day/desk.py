"""The desk: specialists work their lists through the day, and take the calls that come in.

Two desks with one meaning, equal to the second by test. `EventDesk` is the readable one: every specialist is a SimPy
process and every attempt an event. `FastDesk` advances all lists in compiled code from one incoming call to the next.

The rules. Times are whole seconds after midnight of day 0. An attempt starts when its specialist is free and its block
has begun, but not after the specialist's shift. An incoming call goes to the specialist who has been free the longest,
else it waits, first come first served, for the next one to be free; it comes before the list. One that nobody could
take before the shifts end is missed. Whether an attempt reaches anybody, and how long it takes, is fixed by the plan;
only its time is decided here.
"""

from collections import deque
from collections.abc import Generator
from typing import Protocol, cast

import simpy
from simpy.events import URGENT

from sim.day.desk_kernels import CallLists, DeskHours, Incoming, work_lists

Process = Generator[simpy.Event, object, None]


class Desk(Protocol):
    """Works one day."""

    def work(self, env: simpy.Environment, shifts: DeskHours, lists: CallLists, incoming: Incoming) -> Process:
        """Run the day as a SimPy process, filling in the times."""
        ...


class FastDesk:
    """All lists advanced in compiled code, from one incoming call to the next."""

    def work(self, env: simpy.Environment, shifts: DeskHours, lists: CallLists, incoming: Incoming) -> Process:
        """Run the day as a SimPy process, filling in the times."""
        if len(shifts.start):
            work_lists(shifts, lists, incoming)
            yield env.timeout(max(int(shifts.end.max()) - env.now, 0))


class _Turn(simpy.Event):
    """An event at a given second; among those of one second the specialist with the lower number comes first."""

    def __init__(self, env: simpy.Environment, delay: int, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, priority=URGENT + 1 + rank, delay=delay)  # type: ignore[arg-type]  # any order is a priority


class EventDesk:
    """A SimPy process for every specialist, an event for every attempt."""

    def work(self, env: simpy.Environment, shifts: DeskHours, lists: CallLists, incoming: Incoming) -> Process:
        """Run the day as a SimPy process, filling in the times."""
        day = _EventDay(env, shifts, lists, incoming)
        people = [env.process(day.specialist(s)) for s in range(len(shifts.start))]
        if people:
            env.process(day.calls_come_in())
            yield env.all_of(people)


class _EventDay:
    def __init__(self, env: simpy.Environment, shifts: DeskHours, lists: CallLists, incoming: Incoming) -> None:
        self.env, self.shifts, self.lists, self.incoming = env, shifts, lists, incoming
        self.waiting: deque[int] = deque()
        self.idle: dict[int, tuple[int, simpy.Event]] = {}

    def calls_come_in(self) -> Process:
        for call, arrival in enumerate(self.incoming.arrival.tolist()):
            came = self.env.event()
            came._ok, came._value = True, None
            self.env.schedule(came, priority=URGENT, delay=arrival - self.env.now)
            yield came
            present = [s for s in self.idle if self.shifts.end[s] > arrival]
            if present:
                s = min(present, key=lambda who: (self.idle[who][0], who))
                self.idle.pop(s)[1].succeed(call)
            else:
                self.waiting.append(call)

    def specialist(self, s: int) -> Process:
        start, end = int(self.shifts.start[s]), int(self.shifts.end[s])
        todo = deque(range(int(self.lists.first[s]), int(self.lists.first[s + 1])))
        if start >= end:
            return
        yield _Turn(self.env, start - int(self.env.now), s)
        since = start
        while self.env.now < end:
            call = self.waiting.popleft() if self.waiting else None
            ready = int(self.shifts.block[s, self.lists.block[todo[0]]]) if todo else end
            if call is None and ready > self.env.now:
                call = cast(int | None, (yield self._idle(s, since, min(ready, end))))
            if call is not None:
                self.incoming.began[call], self.incoming.specialist[call] = self.env.now, s
                yield _Turn(self.env, int(self.incoming.seconds[call]), s)
            elif todo and ready <= self.env.now < end:
                attempt = todo.popleft()
                self.lists.began[attempt] = self.env.now
                yield _Turn(self.env, int(self.lists.seconds[attempt]), s)
            else:
                continue
            since = int(self.env.now)

    def _idle(self, s: int, since: int, until: int) -> simpy.Event:
        """Return the event that ends the wait: a call handed over (its number), or the time `until` (None)."""
        event = self.env.event()
        self.idle[s] = since, event

        def enough(_: simpy.Event) -> None:
            if not event.triggered:
                del self.idle[s]
                event.succeed(None)

        alarm = _Turn(self.env, until - int(self.env.now), s)
        assert alarm.callbacks is not None
        alarm.callbacks.append(enough)
        return event


DESKS: dict[str, type[Desk]] = {"fast": FastDesk, "event": EventDesk}
