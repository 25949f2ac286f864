"""optimize.assign against brute force, the whole linear relaxation, and its own word."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import BadInput
from optimize import assign
from optimize.assignment import price_start as levels
from optimize.assignment import prices as dual
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.prices import bound, prices


def calls(accounts, *, desks=4, slots=3, actions=2, share=0.4, seed=0):
    """Draw an instance with value falling over slots and a third of it not allowed."""
    rng = np.random.default_rng(seed)
    size = (accounts, actions, desks, slots)
    value = rng.lognormal(3, 1, (accounts, 1, 1, 1)) * rng.uniform(0.8, 1.2, size) * 0.98 ** np.arange(slots)
    value[rng.random(size) < 0.3] = -np.inf
    minutes = rng.uniform(4, 20, (accounts, actions, 1, 1))
    return value, minutes, np.full((desks, slots), accounts * 10 * share / (desks * slots))


def enumerated(value, minutes, capacity, must):
    """Return the best value over all plans, None when no plan serves everyone it must."""
    best, (accounts, *rest) = None, value.shape
    places = [None, *itertools.product(*map(range, rest))]
    for plan in itertools.product(places, repeat=accounts):
        total, load = 0.0, np.zeros_like(capacity)
        for i, place in enumerate(plan):
            if place is None:
                total = -np.inf if must[i] else total
            else:
                total += value[i, *place]
                load[place[1:]] += minutes[i, *place]
        if total > -np.inf and (load <= capacity + 1e-9).all() and (best is None or total > best):
            best = total
    return best


@st.composite
def tiny(draw):
    """Draw up to three accounts on up to two actions, two desks and two slots, in small whole numbers."""
    accounts, actions, desks, slots = (draw(st.integers(1, most)) for most in (3, 2, 2, 2))
    size = (accounts, actions, desks, slots)
    numbers = st.sampled_from([-np.inf, -3.0, 0.0, 1.0, 2.0, 2.5, 7.0])
    value = np.array(draw(st.lists(numbers, min_size=int(np.prod(size)), max_size=int(np.prod(size))))).reshape(size)
    lengths = st.lists(st.integers(0, 4), min_size=accounts * actions, max_size=accounts * actions)
    minutes = np.broadcast_to(np.array(draw(lengths), float).reshape(accounts, actions, 1, 1), size)
    rooms = st.lists(st.integers(0, 6), min_size=desks * slots, max_size=desks * slots)
    capacity = np.array(draw(rooms), float).reshape(desks, slots)
    return value, minutes, capacity, np.array(draw(st.lists(st.booleans(), min_size=accounts, max_size=accounts)))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tiny())
def test_it_finds_what_enumeration_finds(instance):
    """The same value, infeasible exactly when enumeration says so, and a bound that holds."""
    value, minutes, capacity, must = instance
    best = enumerated(value, minutes, capacity, must)
    found = assign(value, minutes, capacity, must_serve=must)
    found.check(value, minutes, capacity, must)
    if best is None:
        assert found.status == "infeasible"
        assert len(found.unserved)
    else:
        assert found.status in ("optimal", "feasible")
        assert found.objective == pytest.approx(best, abs=1e-9)
        assert found.bound >= best
        assert found.status == "feasible" or found.bound == pytest.approx(best, abs=1e-7)


def relaxation(value, minutes, capacity):
    """Return the value of the whole linear relaxation of what fits a slot, by HiGHS."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    who, action, desk, slot = np.nonzero((value > 0) & (minutes <= capacity))  # what is longer than a slot cannot be
    many, accounts = len(who), len(value)
    rows = np.concatenate([who, accounts + desk * capacity.shape[1] + slot])
    columns = np.tile(np.arange(many), 2)
    length = np.broadcast_to(minutes, value.shape)[who, action, desk, slot]
    table = csr_array(
        (np.concatenate([np.ones(many), length]), (rows, columns)), shape=(accounts + capacity.size, many)
    )
    ceiling = np.concatenate([np.ones(accounts), capacity.ravel()])
    return -linprog(-value[who, action, desk, slot], A_ub=table, b_ub=ceiling, method="highs").fun


@pytest.mark.parametrize(("accounts", "share"), [(30, 0.4), (300, 0.4), (300, 3.0), (900, 0.3)])
def test_the_bound_is_that_of_the_linear_relaxation(accounts, share, monkeypatch):
    """Never below it, and at most a hundred-thousandth above; exactly, where GLOP is asked. Also from a sample."""
    monkeypatch.setattr(dual, "EFFORT", replace(EFFORT, sample=400))
    instance = calls(accounts, share=share)
    options = Options.of(*instance)
    best = relaxation(*instance)
    newton = bound(options, prices(options))
    assert best - 1e-7 * best <= newton <= best * (1 + (1e-5 if accounts > 100 else 1e-3))
    assert assign(*instance).bound == pytest.approx(best, rel=1e-8)


def test_any_prices_bound_any_plan():
    """Random prices give a valid bound, with accounts that must be served at a loss too."""
    rng = np.random.default_rng(0)
    value, minutes, capacity = calls(40, share=1.5)
    value = value - 15
    must = rng.random(40) < 0.3
    found = assign(value, minutes, capacity, must_serve=must)
    found.check(value, minutes, capacity, must)
    assert found.status in ("optimal", "feasible")
    options = Options.of(value, minutes, capacity, must)
    for level in (0.0, 0.1, 1.0, 10.0):
        assert bound(options, rng.uniform(0, level, capacity.size)) >= found.objective


def test_the_gap_is_small_and_the_plan_is_the_same_each_time():
    """Eight calls per slot on 48 slots: 0.8 percent; equal input, equal output; another seed, another plan."""
    instance = calls(1500, desks=12, slots=4, share=0.25)
    one, two, other = (assign(*instance, seed=seed) for seed in (0, 0, 1))
    one.check(*instance)
    assert one.gap <= 0.008
    assert one.choice.tolist() == two.choice.tolist()
    assert (one.objective, one.bound) == (two.objective, two.bound)
    assert one.choice.tolist() != other.choice.tolist()


def test_prices_say_what_a_minute_is_worth():
    """Sixty more minutes in a slot raise the bound by no more than their price, and by most of it."""
    value, minutes, capacity = calls(2000)
    found = assign(value, minutes, capacity)
    desk, slot = np.unravel_index(np.argmax(found.prices), capacity.shape)
    more = capacity.copy()
    more[desk, slot] += 60
    gain = assign(value, minutes, more).bound - found.bound
    assert 0.8 * 60 * found.prices.max() <= gain <= 60 * found.prices.max() * (1 + 1e-6)


def test_it_stops_when_the_gap_is_reached_or_the_time_is_up():
    """A wide gap is reached sooner and kept; with a deadline in the past there is still a plan."""
    instance = calls(1500, desks=12, slots=4, share=0.25)
    wide, hasty = assign(*instance, gap=0.02), assign(*instance, seconds=0)
    assert wide.gap <= 0.02
    assert wide.objective < assign(*instance).objective
    hasty.check(*instance)
    assert hasty.objective > 0.9 * hasty.bound


def test_yesterdays_prices_give_the_same_bound():
    """From prices ten percent off the bound comes out the same."""
    instance = calls(3000)
    cold = assign(*instance)
    warm = assign(*instance, prices=cold.prices * 1.1)
    assert warm.bound == pytest.approx(cold.bound, rel=1e-5)


def test_the_order_of_accounts_does_not_matter_to_the_bound():
    """Accounts in another order have the same relaxation."""
    value, minutes, capacity = calls(200)
    turned = np.random.default_rng(0).permutation(200)
    assert assign(value[turned], minutes[turned], capacity).bound == pytest.approx(
        assign(value, minutes, capacity).bound, rel=1e-9
    )


@pytest.mark.parametrize(
    ("value", "minutes", "capacity", "served"),
    [
        (np.zeros((0, 1, 1, 1)), 5.0, np.ones((1, 1)), 0),  # nobody
        (np.ones((3, 0, 1, 1)), 5.0, np.ones((1, 1)), 0),  # no action
        (np.full((3, 1, 1, 1), -np.inf), 5.0, np.full((1, 1), 50.0), 0),  # nothing allowed
        (np.ones((3, 1, 1, 1)), 5.0, np.zeros((1, 1)), 0),  # no minutes
        (np.ones((3, 1, 1, 1)), 5.0, np.full((1, 1), 4.0), 0),  # longer than a slot
        (np.ones((3, 1, 1, 1)), 0.0, np.zeros((1, 1)), 3),  # takes no time
        (np.ones((5, 1, 1, 1)), 5.0, np.full((1, 1), 10.0), 2),  # identical
        (np.full((3, 1, 1, 1), -1.0), 5.0, np.full((1, 1), 50.0), 0),  # at a loss
        (np.full((3, 1, 1, 1), 0.1), 0.1, np.full((1, 1), 0.3), 3),  # fits but for rounding
    ],
)
def test_edges(value, minutes, capacity, served):
    """Each has one right answer, and it is proven."""
    found = assign(value, minutes, capacity)
    found.check(value, minutes, capacity)
    assert (found.choice[:, 0] >= 0).sum() == served
    assert found.status == "optimal"


def test_who_must_be_served_and_cannot_is_named():
    """One has no option; two want the same ten minutes, and that is proven."""
    value = np.array([-np.inf, 1.0, 1.0]).reshape(3, 1, 1, 1)
    assert assign(value, 8.0, np.full((1, 1), 10.0), must_serve=[True, False, False]).unserved.tolist() == [0]
    found = assign(value, 8.0, np.full((1, 1), 10.0), must_serve=[False, True, True])
    assert (found.status, len(found.unserved), found.objective) == ("infeasible", 1, 1.0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"value": np.full((2, 1, 1, 1), np.nan)}, "value[0, 0, 0, 0]"),
        ({"value": np.full((2, 1, 1, 1), np.inf)}, "value[0, 0, 0, 0]"),
        ({"value": np.ones((2, 1, 1))}, "value"),
        ({"minutes": -1.0}, "minutes"),
        ({"minutes": np.ones((3, 1, 1, 1))}, "minutes"),
        ({"capacity": np.full((1, 1), -1.0)}, "capacity[0, 0]"),
        ({"capacity": np.full((1, 2), 1.0)}, "capacity"),
        ({"must_serve": [True]}, "must_serve"),
        ({"prices": np.full((1, 1), np.nan)}, "prices[0, 0]"),
        ({"gap": -0.1}, "gap"),
        ({"seconds": np.inf}, "seconds"),
    ],
)
def test_wrong_input_is_named(change, named):
    """One line that names the place and the rule."""
    given = {"value": np.ones((2, 1, 1, 1)), "minutes": 5.0, "capacity": np.full((1, 1), 20.0), **change}
    with pytest.raises(BadInput) as error:
        assign(given.pop("value"), given.pop("minutes"), given.pop("capacity"), **given)
    assert named in str(error.value)


def test_a_false_claim_does_not_pass_the_check():
    """The check sees an overfull slot, an option not allowed, and a wrong sum."""
    value, minutes, capacity = calls(60)
    found = assign(value, minutes, capacity)
    everyone = found.choice.copy()
    everyone[:] = 0
    for false in (replace(found, objective=found.objective * 0.99), replace(found, choice=everyone)):
        with pytest.raises(AssertionError):
            false.check(value, minutes, capacity)


def test_grouped_slots_and_samples_lead_to_the_same_prices(monkeypatch):
    """With many resources and accounts prices begin on some of them; the bound is that of all."""
    value, minutes, capacity = calls(3000)
    options = Options.of(value, minutes, capacity)
    slots = capacity.shape[-1]
    plain = bound(options, prices(options, slots=slots))
    for module in (levels, dual):
        monkeypatch.setattr(module, "EFFORT", replace(EFFORT, many_resources=2, sample=300, large=500))
    assert bound(options, prices(options, slots=slots)) == pytest.approx(plain, rel=2e-4)
