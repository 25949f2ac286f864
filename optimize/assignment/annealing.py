"""Compiled: a plan in the making, the moves that change it, and annealing."""

from typing import Any, NamedTuple

import numpy as np

from ledger.compiling import njit

TRIES = 12  # calls of a resource that are looked at when one of them has to go


class State(NamedTuple):
    """A plan in the making: the option chosen per account (-1: none), free minutes per resource, and who is where.

    The accounts of resource k are ``members[first[k]:first[k] + count[k]]``; account i stands at ``place[i]`` there.
    """

    chosen: Any
    free: Any
    members: Any
    first: Any
    count: Any
    place: Any


class Journal(NamedTuple):
    """The best choices seen, and which accounts may have changed since: the first ``noted[0]`` of `changed`."""

    saved: Any
    stale: Any
    changed: Any
    noted: Any


@njit(cache=True)
def listed(resource, resources):  # type: ignore[no-untyped-def]  # numba infers them
    """Return where each resource's options begin when they are listed by resource."""
    first = np.zeros(resources + 1, np.int64)
    for k in resource:
        first[k + 1] += 1
    return np.cumsum(first)


@njit(cache=True)
def enter(i, o, columns, state):  # type: ignore[no-untyped-def]  # numba infers them
    """Choose option o for account i, which has none."""
    k = columns.resource[o]
    state.chosen[i] = o
    state.free[k] -= columns.minutes[o]
    state.place[i] = state.first[k] + state.count[k]
    state.members[state.place[i]] = i
    state.count[k] += 1


@njit(cache=True)
def leave(i, columns, state):  # type: ignore[no-untyped-def]  # numba infers them
    """Take the choice of account i, which has one, back."""
    o = state.chosen[i]
    k = columns.resource[o]
    state.free[k] += columns.minutes[o]
    state.count[k] -= 1
    last = state.members[state.first[k] + state.count[k]]
    state.members[state.place[i]], state.place[last] = last, state.place[i]
    state.chosen[i] = -1


@njit(cache=True)
def fill_up(order, reduced, columns, state):  # type: ignore[no-untyped-def]  # numba infers them
    """Give accounts without a choice, in `order`, the option of best reduced value that fits."""
    for i in order:
        if state.chosen[i] >= 0:
            continue
        best, taken = -np.inf, -1
        for o in range(columns.start[i], columns.start[i + 1]):
            if reduced[o] > best and columns.minutes[o] <= state.free[columns.resource[o]]:
                best, taken = reduced[o], o
        if taken >= 0:
            enter(i, taken, columns, state)


@njit(cache=True)
def draw(bits):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the next 64 random bits (splitmix64); `bits` is an array of one number."""
    bits[0] += np.uint64(0x9E3779B97F4A7C15)
    z = bits[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def below(n, bits):  # type: ignore[no-untyped-def]  # numba infers them
    """Return a random whole number from 0 to n - 1."""
    return np.int64((draw(bits) >> np.uint64(32)) * np.uint64(n) >> np.uint64(32))


@njit(cache=True)
def random_share(bits):  # type: ignore[no-untyped-def]  # numba infers them
    """Return a random number in (0, 1)."""
    return (np.float64(draw(bits) >> np.uint64(11)) + 0.5) * 2.0**-53


@njit(cache=True)
def journal_of(state):  # type: ignore[no-untyped-def]  # numba infers them
    """Return a journal of which the state as it is now is the best."""
    accounts = len(state.chosen)
    return Journal(
        state.chosen.copy(), np.zeros(accounts, np.bool_), np.empty(accounts, np.int64), np.zeros(1, np.int64)
    )


@njit(cache=True)
def touch(i, journal):  # type: ignore[no-untyped-def]  # numba infers them
    """Note that the choice of account i may change."""
    if not journal.stale[i]:
        journal.stale[i] = True
        journal.changed[journal.noted[0]] = i
        journal.noted[0] += 1


@njit(cache=True)
def keep(journal, state):  # type: ignore[no-untyped-def]  # numba infers them
    """Make the state as it is now the best one."""
    for at in range(journal.noted[0]):
        i = journal.changed[at]
        journal.saved[i], journal.stale[i] = state.chosen[i], False
    journal.noted[0] = 0


@njit(cache=True)
def restore_best(journal, columns, state):  # type: ignore[no-untyped-def]  # numba infers them
    """Bring the best state back."""
    changed = journal.changed[: journal.noted[0]]
    for i in changed:
        if state.chosen[i] >= 0:
            leave(i, columns, state)
    for i in changed:
        if journal.saved[i] >= 0:
            enter(i, journal.saved[i], columns, state)


@njit(cache=True)
def ejected(i, o, at, columns, state):  # type: ignore[no-untyped-def]  # numba infers them
    """Return the least loss with which some account leaves room for option o of account i; who, and where it goes.

    It goes nowhere (-1), to where there is room, or to the place that account i leaves. Calls from `at` on are tried.
    """
    value, minutes, resource = columns.value, columns.minutes, columns.resource
    k, old, vacated, space, room = resource[o], state.chosen[i], -1, 0.0, state.free[resource[o]]
    if old >= 0 and resource[old] == k:
        room += minutes[old]
    elif old >= 0:
        vacated, space = resource[old], state.free[resource[old]] + minutes[old]
    loss, out, elsewhere = np.inf, -1, -1
    for j in range(min(state.count[k], TRIES)):
        e = state.members[state.first[k] + (at + j) % state.count[k]]
        mine = state.chosen[e]
        if e == i or minutes[mine] + room < minutes[o]:
            continue
        best, taken = (-np.inf, -2) if columns.must[e] else (0.0, -1)
        for other in range(columns.start[e], columns.start[e + 1]):
            there = resource[other]
            fits = minutes[other] <= (space if there == vacated else state.free[there])
            if fits and there != k and value[other] > best:
                best, taken = value[other], other
        if taken > -2 and value[mine] - best < loss:
            loss, out, elsewhere = value[mine] - best, e, taken
    return loss, out, elsewhere


@njit(cache=True)
def shift(i, o, out, elsewhere, columns, state, journal):  # type: ignore[no-untyped-def]  # numba infers them
    """Give account i option o, and account `out` (-1: nobody) the option `elsewhere` (-1: none)."""
    touch(i, journal)
    if state.chosen[i] >= 0:
        leave(i, columns, state)
    if out >= 0:
        touch(out, journal)
        leave(out, columns, state)
        if elsewhere >= 0:
            enter(out, elsewhere, columns, state)
    enter(i, o, columns, state)


@njit(cache=True)
def anneal(columns, state, ends, moves, seed):  # type: ignore[no-untyped-def]  # numba infers them
    """Improve a plan by moves that give an account an option and, where there is no room, eject another account.

    A move that loses is accepted with probability exp(-loss / temperature), which falls from the first of `ends` to
    the second. The state ends as the best one seen. Returns what that one gained.
    """
    value, minutes, resource, start = columns.value, columns.minutes, columns.resource, columns.start
    bits = np.array([np.uint64(seed)])
    movable = np.flatnonzero(start[1:] > start[:-1])
    journal, gain, best = journal_of(state), 0.0, 0.0
    temperature, cooling = ends[0], (ends[1] / ends[0]) ** (1024 / max(moves, 1))
    for step in range(moves if len(movable) > 0 else 0):
        if step % 1024 == 1023:
            temperature *= cooling
        i = movable[below(len(movable), bits)]
        o = start[i] + below(start[i + 1] - start[i], bits)
        old = state.chosen[i]
        if o == old:
            continue
        room, delta = state.free[resource[o]], value[o]
        if old >= 0:
            delta -= value[old]
            room += minutes[old] if resource[old] == resource[o] else 0.0
        allowed = -temperature * np.log(random_share(bits))
        out, elsewhere = -1, -1
        if minutes[o] > room:
            if state.count[resource[o]] == 0 or delta < -allowed:
                continue
            loss, out, elsewhere = ejected(i, o, below(state.count[resource[o]], bits), columns, state)
            delta -= loss
        if not delta >= -allowed:
            continue
        if delta < 0 and gain >= best:
            best = gain
            keep(journal, state)
        shift(i, o, out, elsewhere, columns, state, journal)
        gain += delta
    if gain < best:
        restore_best(journal, columns, state)
    return max(gain, best)
