"""The inbound queue alone is M/M/c: its mean wait is Erlang's."""

from math import factorial

import numpy as np
import pytest
import simpy

from sim.day.desk import DESKS
from sim.day.desk_kernels import CallLists, DeskHours, Incoming
from tests.portfolios import covers

SERVERS, HANDLING = 3, 600.0  # seconds
BATCHES, SIZE = 40, 2500


def erlang_c(load: float, servers: int) -> float:
    """Return the chance that a call waits (Erlang C); `load` is arrival rate × mean handling time."""
    rho = load / servers
    last = load**servers / factorial(servers) / (1 - rho)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


def waits(desk: str, load: float, count: int, servers: int = SERVERS) -> np.ndarray:
    """Return the seconds that each of a Poisson stream of calls waits; nothing else to do, no end of the shift."""
    rng = np.random.default_rng(20240)
    arrival = np.floor(np.cumsum(rng.exponential(HANDLING / load, count))).astype(np.int64)
    seconds = np.maximum(np.round(rng.exponential(HANDLING, count)), 1).astype(np.int64)
    nobody = np.full(count, -1, np.int64)
    incoming = Incoming(np.arange(count), arrival, seconds, nobody, nobody.astype(np.int32))
    start = np.zeros(servers, np.int64)
    end = np.full(servers, arrival[-1] + 10**7)
    empty = np.empty(0, np.int64)
    lists = CallLists(np.zeros(servers + 1, np.int64), empty.astype(np.int32), empty, empty)
    env = simpy.Environment(initial_time=0)
    env.process(DESKS[desk]().work(env, DeskHours(start, end, start[:, None] + np.zeros(4, np.int64)), lists, incoming))
    env.run()
    assert (incoming.began >= arrival).all()
    return incoming.began - arrival


@pytest.mark.parametrize(("desk", "load"), [("fast", 2.1), ("event", 1.5)])
def test_mean_wait_is_erlangs(desk: str, load: float) -> None:
    """Batch means (batches of many hundred relaxation times) cover the value of M/M/3; 1 in 10,000 seeds would miss."""
    size = SIZE if desk == "fast" else SIZE // 3
    wait = waits(desk, load, BATCHES * size)
    means = wait.reshape(BATCHES, size).mean(axis=1)[1:]
    expected = erlang_c(load, SERVERS) * HANDLING / (SERVERS - load)
    assert covers(means, expected)
    assert not covers(means, 1.3 * expected)


def test_share_of_calls_that_wait_is_erlangs() -> None:
    """The chance of waiting covers Erlang C; whole seconds hardly shift it. 1 in 10,000 seeds would miss."""
    load = 2.1
    waiting = (waits("fast", load, BATCHES * SIZE) > 0).reshape(BATCHES, SIZE).mean(axis=1)[1:]
    assert covers(waiting, erlang_c(load, SERVERS))


def test_erlangs_formula_on_a_published_case() -> None:
    """One server: the chance to wait is the load."""
    assert erlang_c(0.7, 1) == pytest.approx(0.7)
    assert erlang_c(2.0, 3) == pytest.approx(4 / 9)  # textbook value for two erlangs on three servers


def test_both_desks_let_each_call_wait_the_same_seconds() -> None:
    """Exactly, call by call."""
    assert (waits("fast", 2.4, 3000) == waits("event", 2.4, 3000)).all()
