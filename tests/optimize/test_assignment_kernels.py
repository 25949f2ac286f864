"""Compiled functions of the solver: as their plain twins, or, where these draw at random, by what must hold.

A plain twin of annealing would be its code once more, so of the three searches the laws are tested: what they keep up
to date is what a recount gives, no capacity is exceeded, and the plan is worth what they say, never less than before.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimize.assignment import price_kernels
from optimize.assignment.annealing import annealed, empty_plan, greedy
from optimize.assignment.annealing_kernels import fill_up
from optimize.assignment.ejection_chains import field_of
from optimize.assignment.ejection_chains_kernels import ChainPlan, Weights, anneal_chains
from optimize.assignment.instance import Options
from optimize.assignment.near_best import close_to_best, option_arrays
from optimize.assignment.pair_exchange import lists_of, pair_exchanged
from tests.optimize import twins_of_assignment as plain

few = settings(max_examples=30, deadline=None, derandomize=True)
levels = st.floats(0, 1)
seeds = st.integers(0, 1000)


def priced(options: Options, level: float) -> np.ndarray:
    """Return prices that differ, around a level."""
    return level * np.linspace(0.5, 1.5, len(options.capacity))


@few
@given(seeds)
def test_a_dense_instance_is_thinned_to_what_can_matter(seed):
    """`compact`: each account and resource keeps the actions that no other beats."""
    rng = np.random.default_rng(seed)
    value, minutes = rng.integers(-1, 4, (3, 3, 2, 2)).astype(float), rng.integers(1, 4, (3, 3, 1, 2)).astype(float)
    capacity, must = rng.integers(1, 4, (2, 2)).astype(float), rng.random(3) < 0.5
    found = Options.of(value, minutes, capacity, must)
    wide = np.broadcast_to(minutes, value.shape)
    expected = [
        (i, a * 4 + k)
        for i in range(3)
        for k in range(4)
        for a in plain.kept(value[i, :, k // 2, k % 2], wide[i, :, k // 2, k % 2], capacity.flat[k], must[i])
    ]
    assert list(zip(found.owner().tolist(), found.origin.tolist(), strict=True)) == expected
    assert found.value.tolist() == [value.reshape(3, -1)[at] for at in expected]
    assert found.minutes.tolist() == [wide.reshape(3, -1)[at] for at in expected]


@few
@given(plain.instances(), levels)
def test_best_choices_add_up_to_within_the_stated_rounding(options, level):
    """`best_sum`: the exactly rounded sum lies within the slack."""
    total, slack = price_kernels.best_sum(option_arrays(options), priced(options, level))
    expected = plain.best_sum(options, priced(options, level))
    assert total == expected or abs(total - expected) <= slack


@few
@given(plain.instances(), levels, st.sampled_from([0.0, 0.5, np.inf]))
def test_options_near_the_best_are_picked(options, level, margin):
    """`near`: those at most the margin below, by account."""
    picked, start = close_to_best(options, priced(options, level), margin)
    parts = np.split(picked, start[1:-1])
    assert [part.tolist() for part in parts] == plain.near(options, priced(options, level), margin)


@few
@given(plain.instances(), levels, st.sampled_from([0.2, 1.0]))
def test_smoothed_choices_are_the_logistic_ones(options, level, temperature):
    """`smooth`: to within the weights below e^-14 that are left out."""
    prices = priced(options, level)
    slope, curve = np.zeros(len(prices)), np.zeros((len(prices), len(prices)))
    total = price_kernels.smooth(option_arrays(options), prices, temperature, slope, curve)
    expected, used, spread = plain.smooth(options, prices, temperature)
    assert total == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(-slope, used, atol=1e-3)
    np.testing.assert_allclose(curve, np.triu(spread), atol=2e-3)


@few
@given(plain.instances(), levels, seeds)
def test_accounts_take_what_fits_in_their_order(options, level, seed):
    """`fill_up`: the choices of the twin, and a state that is consistent."""
    plan, order = empty_plan(options), np.random.default_rng(seed).permutation(options.accounts)
    worth = options.value - options.minutes * priced(options, level)[options.resource]
    expected = plain.fill_up(order.tolist(), worth, options, plan)
    fill_up(order, worth, option_arrays(options), plan)
    assert plan.chosen.tolist() == expected
    plain.recounted(options, plan)


@few
@given(plain.instances(), levels, seeds, st.booleans())
def test_annealing_keeps_its_books_and_never_ends_worse(options, level, seed, exchanging):
    """`anneal` and `weave`: the gain is that of the values, nobody who must be served is dropped, and all fits."""
    plan, prices = empty_plan(options), priced(options, level)
    greedy(options, prices, plan)
    before = plan.chosen.copy()
    if exchanging:
        lists = lists_of(options)
        gain = pair_exchanged(options, lists, prices, ends=(1.0, 0.1), moves=300, seed=seed, plan_out=plan)
    else:
        gain = annealed(options, ends=(1.0, 0.1), moves=300, seed=seed, plan_out=plan)
    plain.recounted(options, plan)
    worth = [options.value[chosen[chosen >= 0]].sum() for chosen in (before, plan.chosen)]
    assert gain == pytest.approx(worth[1] - worth[0], abs=1e-9)
    assert gain >= 0
    assert not (options.must_serve & (before >= 0) & (plan.chosen < 0)).any()


@few
@given(plain.instances(), levels, seeds)
def test_ejection_chains_keep_their_books_and_report_a_plan_that_fits(options, level, seed):
    """`anneal_chains`: minutes, energies and rings are those of what is taken; the best plan costs what is returned."""
    prices = priced(options, level)
    field = field_of(options, prices, most=5)
    these, accounts, resources = field.candidates, options.accounts, len(field.prices)
    plan = ChainPlan(
        taken=these.start[:-1].copy(),
        used=np.empty(resources),
        first=np.empty(resources, np.int64),
        after=np.empty(accounts, np.int64),
        before=np.empty(accounts, np.int64),
        energy=np.empty(resources),
    )
    weights, best = Weights(spare=field.prices, over=field.prices + 1.0), plan.taken.copy()
    cost = anneal_chains(these, weights, 0.5, 300, np.random.default_rng(seed), np.inf, plan, best)
    np.testing.assert_allclose(
        plan.used, np.bincount(these.resource[plan.taken], these.minutes[plan.taken], resources), atol=1e-9
    )
    room = these.capacity - plan.used
    spare = np.where(field.prices > 0, field.prices * np.where(np.isinf(room), 0.0, room), 0.0)
    np.testing.assert_allclose(plan.energy, np.where(room < 0, -room * weights.over, spare), atol=1e-9)
    for k in range(resources):
        ring, at = [], plan.first[k]
        while at >= 0 and at not in ring:
            ring.append(at)
            assert plan.before[plan.after[at]] == at
            at = plan.after[at]
        assert sorted(ring) == np.flatnonzero(these.resource[plan.taken] == k).tolist()
    if cost < np.inf:
        load = np.bincount(these.resource[best], these.minutes[best], resources)
        assert (load <= these.capacity + 1e-9).all()
        assert these.cost[best].sum() == pytest.approx(cost)
