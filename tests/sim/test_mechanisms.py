"""What every mechanism must satisfy, over the registry; a new one needs its entry in `SETTINGS` and nothing else."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import Assumptions, Portfolio, Run, Strategy, assumptions, simulate, strategies
from sim.mechanisms import registry
from sim.mechanisms.protocol import STAGES, Mechanism
from tests.mechanisms_on import PROMISES, RINGS, SETTINGS, Case, customers
from tests.portfolios import assert_same, chosen, events, shuffled

NAMES = [mechanism.name for mechanism in registry.MECHANISMS]


def simulated(case: Case, portfolio: Portfolio | None = None, **other: Any) -> Run:
    """Return a run of ninety days under a strategy that writes and calls, with more specialists than it needs."""
    return simulate(
        portfolio or customers(case.shares, carried=case.carried),
        Strategy.load("sop_cadence").model_copy(update={"holdout": case.holdout}),
        days=90,
        specialists=6,
        assumptions=Assumptions.default(**dict(case.assume)),
        seed=5,
        **other,
    )


@cache
def everything() -> Run:
    """Return the run in which every mechanism is on."""
    return simulated(Case())


def test_every_mechanism_has_its_settings_and_known_stages() -> None:
    """The names differ, the table below is complete, and each acts at a stage that the day has, or before it."""
    assert sorted(NAMES) == sorted(SETTINGS)
    assert [one.name for one in everything().mechanisms] == NAMES
    public = {name for one in registry.MECHANISMS for name in vars(one) if callable(getattr(one, name))}
    assert public & STAGES.keys() == STAGES.keys()


def test_their_parameters_are_assumptions_with_a_grade() -> None:
    """So that reports tell what each rests on."""
    table = assumptions().set_index("parameter")
    for one in registry.MECHANISMS:
        assert (table.loc[list(one.parameters), "grade"].str.len() > 0).all()
        assert all(one.parameters) or one.parameters == ()


@pytest.mark.parametrize("name", NAMES)
def test_off_is_as_if_it_were_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mechanism that is off leaves the ledger that the simulator without its file would give."""
    off = simulated(SETTINGS[name][0](Case()))
    assert name not in [one.name for one in off.mechanisms]
    rest: tuple[type[Mechanism], ...] = tuple(one for one in registry.MECHANISMS if one.name != name)
    monkeypatch.setattr(registry, "MECHANISMS", rest)
    assert simulated(SETTINGS[name][0](Case())).ledger.fingerprint == off.ledger.fingerprint


@pytest.mark.parametrize("name", NAMES)
def test_on_without_effect_is_off(name: str) -> None:
    """It acts, and changes nothing; with effect it does."""
    off, neutral = (simulated(settings(Case())) for settings in SETTINGS[name])
    assert name in [one.name for one in neutral.mechanisms]
    ours, theirs = neutral.ledger, off.ledger
    if name == "holdout":  # that it drew nobody is on record
        assert not ours.holdouts["held"].any()
        ours = replace(ours, holdouts=theirs.holdouts)
    assert ours.fingerprint == theirs.fingerprint != everything().ledger.fingerprint


def test_no_cent_is_lost_and_the_run_can_be_repeated() -> None:
    """All on: the ledger satisfies its laws, and the same seed gives it again."""
    ledger = everything().ledger.validate()
    assert min(len(table) for table in (ledger.payments, ledger.contacts, ledger.promises, ledger.disputes)) > 20
    assert simulated(Case()).ledger.fingerprint == ledger.fingerprint


def test_one_more_customer_changes_nobody_elses_path() -> None:
    """All on: draws are everybody's own."""
    whole, short = customers(0.8), customers(0.8).customers - 1
    last = str(whole.ledger.customers["customer_id"].iloc[-1])
    fewer = chosen(whole, range(short))
    parts = whole.behaviour.part_payments
    assert parts is not None
    fewer = replace(
        fewer,
        behaviour=replace(
            fewer.behaviour, part_payments=replace(parts, share=parts.share[:short], offset=np.arange(short + 1))
        ),
    )
    assert_same(events(everything(), but=last), events(simulated(Case(), fewer)))


def test_the_order_of_rows_says_nothing() -> None:
    """All on: another order of customers and invoices tells the same story."""
    mixed = shuffled(customers(0.8), np.random.default_rng(1))
    assert_same(events(everything()), events(simulated(Case(), mixed)))


def test_the_day_is_a_list_of_stages() -> None:
    """Each stage is named with who acts in it and what is done; mechanisms stand where the protocol says."""
    table = pd.DataFrame(everything().stages, columns=["stage", "by", "does"])
    core = table.loc[table["by"] == "", "stage"].tolist()
    assert core == ["ladder", "plan", "desk", "contacts"]
    assert set(table.loc[table["by"] != "", "stage"]) <= STAGES.keys()
    assert (table["does"].str.len() > 10).all()
    calm = simulate(customers(None, carried=False), strategies()[0], days=5, seed=1, assumptions=Assumptions.default(
        **dict.fromkeys((*RINGS, *PROMISES, "dispute_share"), 0.0)
    ))  # fmt: skip
    assert [by for _, by, _ in calm.stages if by] == []
