"""Compiled: a plan in the making, the moves that change it, and annealing; see `optimize.assignment.annealing`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Flags, Floats, Ints
from ledger.compiling import njit
from ledger.splitmix_kernels import GOLDEN, mix
from optimize.assignment.price_kernels import OptionArrays


class PlanState(NamedTuple):
    """A plan in the making: the option chosen per account, free minutes per resource, and who is where.

    The accounts of resource k are ``members[first[k]:first[k] + calls[k]]``; account i stands at ``place[i]`` there.
    """

    chosen: Ints  # option, -1 for none; (accounts,)
    free: Floats  # minutes; (resources,)
    members: Ints  # accounts by resource, room for every option; (options,)
    first: Ints  # (resources + 1,)
    calls: Ints  # how many; (resources,)
    place: Ints  # (accounts,)


class Cooling(NamedTuple):
    """How many moves are tried; a loss is accepted with probability exp(-loss / temperature)."""

    hot: float  # first temperature, units of value
    cold: float  # last
    moves: int
    seed: int
    looks: int  # calls of a resource that are looked at when one of them has to go


class Journal(NamedTuple):
    """The best choices seen, and which accounts may have changed since: the first ``noted[0]`` of `changed`."""

    saved: Ints  # option of each account in the best plan, -1 for none; (accounts,)
    stale: Flags  # (accounts,)
    changed: Ints  # (accounts,)
    noted: Ints  # (1,)


class Ejection(NamedTuple):
    """What is lost when account `out` (-1: nobody) leaves and takes option `elsewhere` (-1: none)."""

    loss: float
    out: int
    elsewhere: int


@njit(cache=True)
def enter(i: int, o: int, options: OptionArrays, plan_out: PlanState) -> None:
    """Choose option o for account i, which has none."""
    k = options.resource[o]
    plan_out.chosen[i] = o
    plan_out.free[k] -= options.minutes[o]
    plan_out.place[i] = plan_out.first[k] + plan_out.calls[k]
    plan_out.members[plan_out.place[i]] = i
    plan_out.calls[k] += 1


@njit(cache=True)
def leave(i: int, options: OptionArrays, plan_out: PlanState) -> None:
    """Take the choice of account i, which has one, back."""
    o = plan_out.chosen[i]
    k = options.resource[o]
    plan_out.free[k] += options.minutes[o]
    plan_out.calls[k] -= 1
    last = plan_out.members[plan_out.first[k] + plan_out.calls[k]]
    plan_out.members[plan_out.place[i]], plan_out.place[last] = last, plan_out.place[i]
    plan_out.chosen[i] = -1


@njit(cache=True)
def fill_up(order: Ints, reduced: Floats, options: OptionArrays, plan_out: PlanState) -> None:
    """Give accounts without a choice, in `order`, the option of best `reduced` value, (options,), that fits."""
    for i in order:
        if plan_out.chosen[i] >= 0:
            continue
        best, taken = -np.inf, -1
        for o in range(options.start[i], options.start[i + 1]):
            if reduced[o] > best and options.minutes[o] <= plan_out.free[options.resource[o]]:
                best, taken = reduced[o], o
        if taken >= 0:
            enter(i, taken, options, plan_out)


@njit(cache=True)
def draw(bits_out: Bits) -> np.uint64:
    """Return the next 64 random bits (splitmix64); `bits_out` is an array of one number."""
    mixed = mix(bits_out[0])
    bits_out[0] += GOLDEN
    return mixed


@njit(cache=True)
def below(n: int, bits_out: Bits) -> int:
    """Return a random whole number from 0 to n - 1."""
    return np.int64((draw(bits_out) >> np.uint64(32)) * np.uint64(n) >> np.uint64(32))  # type: ignore[return-value]  # an int of 64 bits


@njit(cache=True)
def random_share(bits_out: Bits) -> float:
    """Return a random number in (0, 1)."""
    return float((np.float64(draw(bits_out) >> np.uint64(11)) + 0.5) * 2.0**-53)


@njit(cache=True)
def journal_of(plan: PlanState) -> Journal:
    """Return a journal of which the plan as it is now is the best."""
    accounts = len(plan.chosen)
    return Journal(
        plan.chosen.copy(), np.zeros(accounts, np.bool_), np.empty(accounts, np.int64), np.zeros(1, np.int64)
    )


@njit(cache=True)
def touch(i: int, journal_out: Journal) -> None:
    """Note that the choice of account i may change."""
    if not journal_out.stale[i]:
        journal_out.stale[i] = True
        journal_out.changed[journal_out.noted[0]] = i
        journal_out.noted[0] += 1


@njit(cache=True)
def keep(plan: PlanState, journal_out: Journal) -> None:
    """Make the plan as it is now the best one."""
    for at in range(journal_out.noted[0]):
        i = journal_out.changed[at]
        journal_out.saved[i], journal_out.stale[i] = plan.chosen[i], False
    journal_out.noted[0] = 0


@njit(cache=True)
def restore_best(journal: Journal, options: OptionArrays, plan_out: PlanState) -> None:
    """Bring the best plan back."""
    changed = journal.changed[: journal.noted[0]]
    for i in changed:
        if plan_out.chosen[i] >= 0:
            leave(i, options, plan_out)
    for i in changed:
        if journal.saved[i] >= 0:
            enter(i, journal.saved[i], options, plan_out)


@njit(cache=True)
def ejected(i: int, o: int, at: int, looks: int, options: OptionArrays, plan: PlanState) -> Ejection:
    """Return the least loss with which some account leaves room for option o of account i; who, and where it goes.

    It goes nowhere (-1), to where there is room, or to the place that account i leaves. Calls from `at` on are tried.
    """
    value, minutes, resource = options.value, options.minutes, options.resource
    k, old, vacated, space, room = resource[o], plan.chosen[i], -1, 0.0, plan.free[resource[o]]
    if old >= 0 and resource[old] == k:
        room += minutes[old]
    elif old >= 0:
        vacated, space = resource[old], plan.free[resource[old]] + minutes[old]
    loss, out, elsewhere = np.inf, -1, -1
    for j in range(min(plan.calls[k], looks)):
        e = plan.members[plan.first[k] + (at + j) % plan.calls[k]]
        mine = plan.chosen[e]
        if e == i or minutes[mine] + room < minutes[o]:
            continue
        best, taken = (-np.inf, -2) if options.must[e] else (0.0, -1)
        for other in range(options.start[e], options.start[e + 1]):
            there = resource[other]
            fits = minutes[other] <= (space if there == vacated else plan.free[there])
            if fits and there != k and value[other] > best:
                best, taken = value[other], other
        if taken > -2 and value[mine] - best < loss:
            loss, out, elsewhere = value[mine] - best, e, taken
    return Ejection(loss, out, elsewhere)


@njit(cache=True)
def shift(i: int, o: int, gone: Ejection, options: OptionArrays, plan_out: PlanState, journal_out: Journal) -> None:
    """Give account i option o, and who is ejected for it what that one takes instead."""
    touch(i, journal_out)
    if plan_out.chosen[i] >= 0:
        leave(i, options, plan_out)
    if gone.out >= 0:
        touch(gone.out, journal_out)
        leave(gone.out, options, plan_out)
        if gone.elsewhere >= 0:
            enter(gone.out, gone.elsewhere, options, plan_out)
    enter(i, o, options, plan_out)


@njit(cache=True)
def anneal(options: OptionArrays, cooling: Cooling, plan_out: PlanState) -> float:
    """Improve a plan by moves that give an account an option and, where there is no room, eject another account.

    The plan ends as the best one seen. Returns what that one gained.
    """
    value, minutes, resource, start = options.value, options.minutes, options.resource, options.start
    bits = np.array([np.uint64(cooling.seed)])
    movable = np.flatnonzero(start[1:] > start[:-1])
    journal, gain, best = journal_of(plan_out), 0.0, 0.0
    temperature, factor = cooling.hot, (cooling.cold / cooling.hot) ** (1024 / max(cooling.moves, 1))
    for step in range(cooling.moves if len(movable) > 0 else 0):
        if step % 1024 == 1023:
            temperature *= factor
        i = movable[below(len(movable), bits)]
        o = start[i] + below(start[i + 1] - start[i], bits)
        old = plan_out.chosen[i]
        if o == old:
            continue
        room, delta = plan_out.free[resource[o]], value[o]
        if old >= 0:
            delta -= value[old]
            room += minutes[old] if resource[old] == resource[o] else 0.0
        allowed = -temperature * np.log(random_share(bits))
        gone = Ejection(0.0, -1, -1)
        if minutes[o] > room:
            if plan_out.calls[resource[o]] == 0 or delta < -allowed:
                continue
            gone = ejected(i, o, below(plan_out.calls[resource[o]], bits), cooling.looks, options, plan_out)
            delta -= gone.loss
        if not delta >= -allowed:
            continue
        if delta < 0 and gain >= best:
            best = gain
            keep(plan_out, journal)
        shift(i, o, gone, options, plan_out, journal)
        gain += delta
    if gain < best:
        restore_best(journal, options, plan_out)
    return max(gain, best)
