"""The fast desk, compiled: all lists are advanced from one incoming call to the next; see `sim.day.desk`."""

from typing import NamedTuple

from ledger.arrays import Ints, SmallInts
from ledger.compiling import njit


class DeskHours(NamedTuple):
    """When each specialist works today: seconds since midnight of day 0."""

    start: Ints  # (S,)
    end: Ints  # (S,), equal to start for who is absent
    block: Ints  # start of each block, (S, B)


class CallLists(NamedTuple):
    """Attempts by specialist and order; those of s are first[s] .. first[s+1]-1. `began` is filled in, -1: not done."""

    first: Ints
    block: SmallInts
    seconds: Ints
    began: Ints


class Incoming(NamedTuple):
    """Calls from customers in order of arrival; `began` and `specialist` are filled in, -1: missed."""

    who: Ints
    arrival: Ints
    seconds: Ints
    began: Ints
    specialist: SmallInts


@njit(cache=True)
def work_lists(shifts: DeskHours, lists: CallLists, incoming: Incoming) -> None:
    """Work through the day: up to each incoming call, then to the end."""
    free, turn = shifts.start.copy(), lists.first[:-1].copy()
    for call in range(len(incoming.arrival)):
        _advance(incoming.arrival[call], free, turn, shifts, lists)
        _take(call, free, shifts, incoming)
    _advance(shifts.end.max(), free, turn, shifts, lists)


@njit(cache=True)
def _advance(until: int, free: Ints, turn: Ints, shifts: DeskHours, lists: CallLists) -> None:
    """Start every attempt that begins before `until`."""
    for s in range(len(free)):
        while turn[s] < lists.first[s + 1]:
            j = turn[s]
            begin = max(free[s], shifts.block[s, lists.block[j]])
            if begin >= until or begin >= shifts.end[s]:
                break
            lists.began[j] = begin
            free[s] = begin + lists.seconds[j]
            turn[s] += 1


@njit(cache=True)
def _take(call: int, free: Ints, shifts: DeskHours, incoming: Incoming) -> None:
    """Give an incoming call to who can start it first; of several who are free, to the longest idle."""
    best, start = -1, 0
    for s in range(len(free)):
        begin = max(incoming.arrival[call], free[s])
        if begin < shifts.end[s] and (best < 0 or begin < start or (begin == start and free[s] < free[best])):
            best, start = s, begin
    if best >= 0:
        incoming.began[call], incoming.specialist[call] = start, best
        free[best] = start + incoming.seconds[call]
