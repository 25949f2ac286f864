"""Plain versions of the compiled functions of `optimize.assignment`, and instances small enough for them."""

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from optimize.assignment.annealing_kernels import PlanState
from optimize.assignment.instance import Options


@st.composite
def instances(draw: st.DrawFn) -> Options:
    """Draw up to six accounts on up to two actions and three resources, some of whom must be served."""
    accounts, actions, desks = draw(st.integers(1, 6)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    value = rng.integers(-2, 9, (accounts, actions, desks, 1)) / 2
    value[rng.random(value.shape) < 0.2] = -np.inf
    minutes = rng.integers(1, 6, (accounts, actions, desks, 1)).astype(float)
    must = rng.random(accounts) < 0.3
    return Options.of(value, minutes, rng.integers(3, 12, (desks, 1)).astype(float), must)


def reduced(options: Options, prices: np.ndarray, i: int) -> dict[int, float]:
    """Return the reduced value of each option of an account, and of none (-1) where it may be left alone."""
    rest = {} if options.must_serve[i] else {-1: 0.0}
    mine = range(options.start[i], options.start[i + 1])
    return rest | {o: options.value[o] - options.minutes[o] * prices[options.resource[o]] for o in mine}


def kept(value: np.ndarray, minutes: np.ndarray, room: float, must: bool) -> list[int]:
    """Return the actions worth having on one resource: allowed, short enough, beaten by no other (ties: the first)."""
    able = [a for a in range(len(value)) if value[a] > (-np.inf if must else 0.0) and minutes[a] <= room]

    def beats(one: int, other: int) -> bool:
        better = value[one] >= value[other] and minutes[one] <= minutes[other]
        return better and (one < other or value[one] > value[other] or minutes[one] < minutes[other])

    return [a for a in able if not any(beats(other, a) for other in able)]


def best_sum(options: Options, prices: np.ndarray) -> float:
    """Return the sum of the best reduced values."""
    return math.fsum(max(reduced(options, prices, i).values(), default=-np.inf) for i in range(options.accounts))


def near(options: Options, prices: np.ndarray, margin: float) -> list[list[int]]:
    """Return each account's options at most `margin` below its best."""
    worth = [reduced(options, prices, i) for i in range(options.accounts)]
    return [[o for o, of in mine.items() if o >= 0 and of >= max(mine.values()) - margin] for mine in worth]


def smooth(options: Options, prices: np.ndarray, temperature: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the sum of temperature * log-sum-exp, the expected minutes used, and their covariance by temperature."""
    total, used, spread = 0.0, np.zeros(len(prices)), np.zeros((len(prices), len(prices)))
    for i in range(options.accounts):
        mine = reduced(options, prices, i)
        if options.start[i] == options.start[i + 1]:
            continue
        weight = {o: math.exp(of / temperature) for o, of in mine.items()}
        mass = sum(weight.values())
        mean, square = np.zeros(len(prices)), np.zeros(len(prices))
        for o in (o for o in mine if o >= 0):
            mean[options.resource[o]] += weight[o] / mass * options.minutes[o]
            square[options.resource[o]] += weight[o] / mass * options.minutes[o] ** 2
        total += temperature * math.log(mass)
        used += mean
        spread += (np.diag(square) - np.outer(mean, mean)) / temperature
    return total, used, spread


def fill_up(order: Sequence[int], worth: np.ndarray, options: Options, plan: PlanState) -> list[int]:
    """Return the choices when accounts without one take, in turn, what is worth most and fits."""
    chosen, free = plan.chosen.tolist(), plan.free.copy()
    for i in (i for i in order if chosen[i] < 0):
        fits = [
            o for o in range(options.start[i], options.start[i + 1]) if options.minutes[o] <= free[options.resource[o]]
        ]
        if fits:
            chosen[i] = max(fits, key=lambda o: (worth[o], -o))
            free[options.resource[chosen[i]]] -= options.minutes[chosen[i]]
    return chosen


def recounted(options: Options, plan: PlanState) -> None:
    """Assert that free minutes and lists of a plan are those of its choices, and that it fits."""
    taken = plan.chosen[plan.chosen >= 0]
    load = np.bincount(options.resource[taken], options.minutes[taken], len(options.capacity))
    np.testing.assert_allclose(plan.free, options.capacity - load, atol=1e-8)
    assert (plan.free >= 0).all()
    for k in range(len(options.capacity)):
        there = plan.members[plan.first[k] : plan.first[k] + plan.calls[k]]
        who = [i for i in np.flatnonzero(plan.chosen >= 0) if options.resource[plan.chosen[i]] == k]
        assert sorted(there) == who
    for i in np.flatnonzero(plan.chosen >= 0):
        assert options.start[i] <= plan.chosen[i] < options.start[i + 1]
        assert plan.members[plan.place[i]] == i
