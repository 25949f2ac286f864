"""The randomised holdout: whom a draw left alone is not contacted, and the ledger says who that was."""

from functools import cache

import numpy as np
import pandas as pd

from ledger import read_ledger
from sim import Run, Step, Strategy, simulate
from tests.portfolios import flat, portfolio

SHARE, SPAN, CUSTOMERS, DAYS = 0.3, 14, 200, 100
STEPS = (
    Step(name="email", day=3, every=4, until=90, channel="email"),
    Step(name="call", day=5, every=4, until=90, channel="phone"),
)


@cache
def run_with(holdout: float, customers: int = CUSTOMERS) -> Run:
    """Return a run in which slow payers are written to and called all the time, but for the holdout."""
    strategy = Strategy(name="often", steps=STEPS, holdout=holdout, holdout_days=SPAN)
    return simulate(portfolio(customers, flat(0.01), term=10), strategy, days=DAYS, specialists=20, seed=3)


def test_nobody_who_is_left_alone_is_contacted() -> None:
    """No message or call falls into a span in which the customer was held; many fall into the others."""
    ledger = run_with(SHARE).ledger
    contacts = ledger.contacts.assign(day=ledger.contacts["time"].dt.tz_localize(None).dt.normalize())
    met = contacts.merge(ledger.holdouts, on="customer_id")
    met = met[(met["day"] >= met["start"]) & (met["day"] <= met["stop"])]
    assert len(met) == len(contacts) > 1000
    assert not met["held"].any()


def test_the_assignment_is_whole_and_has_its_probability(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Every customer and span once; the share held errs by 4 standard errors in 1 of 15,000 seeds."""
    ledger = run_with(SHARE).ledger.validate()
    plan = ledger.holdouts
    spans = -(-DAYS // SPAN)
    assert len(plan) == CUSTOMERS * spans
    assert not plan.duplicated(["customer_id", "start"]).any()
    assert (plan["probability"] == SHARE).all()
    assert abs(plan["held"].mean() - SHARE) < 4 * np.sqrt(SHARE * (1 - SHARE) / len(plan))
    pd.testing.assert_frame_equal(read_ledger(ledger.write(tmp_path / "ledger")).holdouts, plan)
    early = ledger.snapshot(ledger.as_of - pd.Timedelta(days=50)).validate()
    assert early.holdouts["start"].max() <= early.as_of < plan["start"].max()


def test_without_a_holdout_nothing_is_drawn_or_written() -> None:
    """A share of 0 gives the same contacts as a strategy that never heard of it, and no table."""
    plain = simulate(portfolio(CUSTOMERS, flat(0.01), term=10), Strategy(name="often", steps=STEPS), days=DAYS,
                     specialists=20, seed=3)  # fmt: skip
    assert not len(run_with(0.0).ledger.holdouts)
    assert run_with(0.0).ledger.fingerprint == plain.ledger.fingerprint != run_with(SHARE).ledger.fingerprint


def test_the_draw_is_the_customers_own() -> None:
    """The first customers are drawn alike in a smaller portfolio."""
    small, large = run_with(SHARE, 50).ledger.holdouts, run_with(SHARE).ledger.holdouts
    both = small.merge(large, on=["customer_id", "start"])
    assert len(both) == len(small)
    assert (both["held_x"] == both["held_y"]).all()
