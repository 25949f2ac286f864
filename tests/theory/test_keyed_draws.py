"""Keyed draws are uniform, and independent over keys, entities and running numbers."""

import numpy as np
import pandas as pd
import pytest

from sim.world.keyed import Purpose, entities, key, normals
from sim.world.keyed_kernels import child, children, uniform, uniforms

SIZE = 100_000


def ids(count: int) -> np.ndarray:
    """Return the entities of so many customers."""
    return entities(pd.Series([f"C{k:06d}" for k in range(count)]))


def grid(how: str) -> np.ndarray:
    """Return uniforms that differ in one part of their key alone."""
    if how == "entity":
        return uniforms(key(0, 0, Purpose.PAYMENT), ids(SIZE), 0)
    if how == "k":
        return np.array([uniform(key(0, 0, Purpose.PAYMENT), np.uint64(12), k) for k in range(SIZE // 5)])
    if how == "child":
        return uniforms(key(0, 0, Purpose.PAYMENT), children(ids(SIZE // 100), 100), 0)
    one = ids(1)
    vary = {"seed": (1, 0), "replication": (0, 1)}[how]
    count = SIZE // 10
    return np.array([uniforms(key(vary[0] * n, vary[1] * n, Purpose.PAYMENT), one, 0)[0] for n in range(count)])


@pytest.mark.parametrize("how", ["entity", "k", "child", "seed", "replication"])
def test_draws_are_uniform(how: str) -> None:
    """Kolmogorov–Smirnov accepts at 1 in 10,000, whichever part of the key varies."""
    from scipy.stats import kstest

    draws = grid(how)
    assert ((draws > 0) & (draws < 1)).all()
    assert kstest(draws, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("how", ["entity", "k", "child", "seed", "replication"])
def test_neighbours_are_uncorrelated(how: str) -> None:
    """The lag-1 correlation lies within 3.9 standard errors of 0: 1 in 10,000 would not."""
    draws = grid(how)
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 3.9 / np.sqrt(len(draws))


def test_streams_are_uncorrelated_with_each_other() -> None:
    """Seeds, replications, purposes and running numbers give streams whose correlations are 0 (66 pairs, 4.8 s.e.)."""
    people = ids(SIZE)
    keys = [key(s, r, p) for s, r in ((0, 0), (1, 0), (0, 1), (1, 1)) for p in (Purpose.PAYMENT, Purpose.REACH)]
    streams = [uniforms(k, people, 0) for k in keys] + [uniforms(keys[0], people, n) for n in (1, 2, 3, 64)]
    correlation = np.corrcoef(streams)[np.triu_indices(len(streams), 1)]
    assert abs(correlation).max() < 4.8 / np.sqrt(SIZE)  # 1 in 10,000 for all pairs together


def test_seed_and_replication_are_not_interchangeable() -> None:
    """Keys of all small seeds, replications and purposes differ: none is the sum of others."""
    keys = {int(key(s, r, p)) for s in range(40) for r in range(-1, 40) for p in Purpose}
    assert len(keys) == 40 * 41 * len(Purpose)


def test_a_draw_depends_on_its_key_alone() -> None:
    """The same entity gets the same number in any order and any company."""
    people, draw = ids(1000), key(3, 1, Purpose.REACH)
    order = np.random.default_rng(0).permutation(1000)
    assert (uniforms(draw, people[order], 4) == uniforms(draw, people, 4)[order]).all()
    assert uniform(draw, people[17], 4) == uniforms(draw, people, 4)[17]
    assert (children(people, 3) == [child(e, n) for e in people for n in range(3)]).all()


def test_an_entity_is_its_name_not_its_row() -> None:
    """Ids hash by their text; different ids differ."""
    names = pd.Series([f"C{k}" for k in range(5000)])
    assert (entities(names.iloc[::-1]) == entities(names)[::-1]).all()
    assert len(np.unique(entities(names))) == 5000


def test_normals_are_normal() -> None:
    """Kolmogorov–Smirnov accepts at 1 in 10,000."""
    from scipy.stats import kstest

    assert kstest(normals(key(0, 0, Purpose.CUSTOMER), ids(SIZE), 5), "norm").pvalue > 1e-4


def test_a_text_is_a_purpose_of_its_own() -> None:
    """Mechanisms name theirs: the same text is the same key, and neither another's nor a numbered one."""
    numbered = {int(key(1, 2, purpose)) for purpose in Purpose}
    named = {int(key(1, 2, name)) for name in ("credit_hold", "goodwill", "goodwill, return")}
    assert len(numbered | named) == len(Purpose) + 3
    assert key(1, 2, "goodwill") == key(1, 2, "goodwill") != key(1, 3, "goodwill")
