"""Orders and keyed draws, compiled, beside plain loops that follow their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.world.keyed import Purpose, key
from sim.world.keyed_kernels import child, child_of_each, triangular, uniform
from sim.world.orders_kernels import Catalogue, Keys, OrderDays, Processes, counted, drawn, numbered, strangers

ONES = 2**64 - 1


def plain_mix(x: int) -> int:
    """Return the finaliser of splitmix64 in whole numbers, as published."""
    x = (x + 0x9E3779B97F4A7C15) & ONES
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & ONES
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & ONES
    return x ^ (x >> 31)


def plain_uniform(draw: int, entity: int, k: int) -> float:
    """Return the same as `uniform`."""
    return ((plain_mix((plain_mix(draw ^ entity) + k) & ONES) >> 11) + 0.5) * 2.0**-53


@given(draw=st.integers(0, ONES), entity=st.integers(0, ONES), k=st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_uniforms_are_hashes_of_key_entity_and_number(draw: int, entity: int, k: int) -> None:
    """To the last bit."""
    assert uniform(np.uint64(draw), np.uint64(entity), k) == plain_uniform(draw, entity, k)
    assert int(child(np.uint64(entity), k)) == plain_mix(entity ^ plain_mix(k))
    pair = np.array([entity, entity], np.uint64)
    assert child_of_each(pair, np.array([3, 4], np.int32)).tolist() == [
        plain_mix(entity ^ plain_mix(n)) for n in (3, 4)
    ]
    assert strangers(pair).tolist() == [plain_mix((entity + plain_mix(n)) & ONES) for n in (0, 1)]


@given(u=st.floats(0.001, 0.999), low=st.floats(0, 5), a=st.floats(0, 5), b=st.floats(0, 5))
@settings(max_examples=50, deadline=None)
def test_triangular_quantiles_are_those_of_scipy(u: float, low: float, a: float, b: float) -> None:
    """Of any shape with some width."""
    from scipy.stats import triang

    if a + b < 0.01:
        return
    expected = triang.ppf(u, a / (a + b), loc=low, scale=a + b)
    assert triangular(np.array([u]), (low, low + a, low + a + b))[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seed=st.integers(0, 10**6), resampled=st.booleans())
@settings(max_examples=25, deadline=None)
def test_orders_follow_their_processes(seed: int, resampled: bool) -> None:
    """Gaps are exponential in order time, the order is one of the customer's own, each of its lines an invoice."""
    rng = np.random.default_rng(seed)
    entity = rng.integers(0, 2**63, 3).astype(np.uint64)
    process = Processes(
        np.array([0, 1, 2]), entity, np.array([0.4, 0.0, 1.0]), np.array([0.0, 0.0, 3.0]),
        np.array([np.inf, np.inf, 12.0]), np.array([False, False, True]),
    )  # fmt: skip
    lines = np.array([0, 1, 3, 4, 6])
    catalogue = Catalogue(
        np.array([0, 2, 2, 4]),
        lines,
        rng.integers(1, 99, 6),
        rng.integers(5, 40, 6).astype(np.int32),
        entity,
        resampled,
    )
    days = np.arange(1, 21, dtype=np.int32)[None]
    upto = np.cumsum(rng.uniform(0.5, 1.5, (1, 20)), axis=1)
    when = OrderDays(np.zeros(3, np.int32), days, np.array([20]), upto)
    keys = Keys(
        *(key(seed, 0, purpose) for purpose in (Purpose.ORDER_TIME, Purpose.ORDER_CHOICE, Purpose.ORDER_SAMPLE))
    )
    rows, counts = [], [0, 0, 0]
    for p in (0, 2):
        clock, k = float(process.begin[p]), 0
        while True:
            if not (k == 0 and process.greets[p]):
                clock -= np.log(plain_uniform(int(keys.time), int(entity[p]), k)) / process.rate[p]
            if clock >= min(process.end[p], upto[0, -1]):
                break
            first, many = catalogue.orders[p], catalogue.orders[p + 1] - catalogue.orders[p]
            place = int(plain_uniform(int(keys.choice), int(entity[p]), k) * many)
            if resampled:
                place = int(plain_uniform(int(keys.sample), int(entity[p]), place) * many)
            day = int(days[0, np.searchsorted(upto[0], clock, "right")])
            for line in range(lines[first + place], lines[first + place + 1]):
                rows.append((p, day, day + catalogue.term[line], catalogue.amount[line]))
                counts[p] += 1
            k += 1
    assert counted(process, when, catalogue, keys).tolist() == counts
    columns = drawn(process, when, catalogue, keys, np.cumsum(counts))
    assert [tuple(row) for row in np.stack(columns, axis=1).tolist()] == [tuple(map(int, row)) for row in rows]
    number, own = numbered(columns[0], entity)
    assert number.tolist() == [sum(row[0] == r[0] for r in rows[:i]) for i, row in enumerate(rows)]
    assert own.tolist() == [int(child(entity[row[0]], n)) for row, n in zip(rows, number.tolist(), strict=True)]
