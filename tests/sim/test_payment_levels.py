"""All customers pay slower or quicker of late: a factor on their hazards, drawn once in each replication."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks._made_ledgers import CUT, Truth, made_ledger
from models.history.main_payments import PaymentHistory
from models.history.weekdays import weekday
from sim import from_ledger, simulate
from sim.demand.order_level import Level
from sim.world.payment_level import FEWEST, payment_level

FIRST = -30
HAZARD = np.full((1, 400), 0.05)


def paid_at(daily: np.ndarray, seed: int = 1) -> PaymentHistory:
    """Return invoices of one customer, ten a day and due at once, paid at the hazard of each day, the last known."""
    rng = np.random.default_rng(seed)
    issue = np.repeat(np.arange(len(daily)), 10)
    cumulative = np.r_[0, np.cumsum(daily)]
    end = np.searchsorted(cumulative, cumulative[issue] + rng.exponential(size=len(issue))) - 1
    last = len(daily) - 1
    return PaymentHistory(
        customer=np.zeros(len(issue), np.int64),
        issue=issue,
        due=issue,
        end=np.minimum(np.maximum(end, issue), last),
        paid=end <= last,
        prepaid=np.zeros(len(issue), np.bool_),
    )


def level_of(daily: np.ndarray) -> Level | None:
    """Return what is told of a history that was expected to pay at 5 % a day."""
    return of_past(paid_at(daily), len(daily) - 1, np.ones((1, 7), np.bool_))


def of_past(past: PaymentHistory, until: int, weekdays: np.ndarray) -> Level | None:
    """Return what is told of one customer's history that was expected to pay at 5 % a day on its weekdays."""
    return payment_level(HAZARD, np.zeros(1, np.int32), past, until, first_day=FIRST, weekdays=weekdays)


def drawn(told: Level) -> np.ndarray:
    """Return levels of the next three months over a grid of uniforms."""
    grid = np.arange(0.025, 1, 0.05)
    return np.array([told.drawn(way, height, 3.0)[0] for way in grid for height in grid])


def test_steady_payments_have_a_level_of_one():
    """A year at one hazard is told as such within 3 %, whoever pays in it."""
    told = level_of(np.full(365, 0.05))
    assert told is not None
    assert told.expected == pytest.approx(1.0, abs=0.03)
    assert drawn(told).std() < 0.06
    assert not told.trend.any()


def test_a_quarter_of_slow_payments_goes_on():
    """Nine months at 5 % a day and three at 3 % go on at well below their mean."""
    told = level_of(np.r_[np.full(273, 0.05), np.full(92, 0.03)])
    assert told is not None
    assert told.expected < 0.8


def test_months_that_differ_leave_doubt():
    """Where each month has a hazard of its own, the factor of a replication is as unsure: half as wide at least."""
    own = np.exp(np.random.default_rng(4).normal(0, 0.3, 24))
    told = level_of(0.05 * np.repeat(own, 30))
    assert told is not None
    assert drawn(told).std() > 0.5 * 0.3 / np.sqrt(3)


def test_waiting_for_a_payment_run_is_no_common_cause():
    """Who pays on Fridays pays four or five times a month; that alone makes no month quick or slow."""
    plain = paid_at(np.full(728, 0.05))
    friday = plain.end + (4 - weekday(plain.end)) % 7
    late = replace(plain, end=np.minimum(friday, 727), paid=plain.paid & (friday <= 727))
    on_fridays, on_any = (np.arange(7) == 4)[None], np.ones((1, 7), np.bool_)
    known, unknown = (of_past(late, 727, weekdays) for weekdays in (on_fridays, on_any))
    assert known is not None
    assert unknown is not None
    assert known.weight @ known.spread < 2
    assert unknown.weight @ unknown.spread > 4


def test_a_short_history_cannot_tell():
    """Less than eight months: no common factor, and a ledger says so."""
    assert level_of(np.full(30 * (FEWEST - 1), 0.05)) is None
    young = made_ledger(Truth(customers=20, history=150), 1).snapshot(CUT)
    start = from_ledger(young)
    assert start.behaviour.payment_level is None
    assert any("too short" in note for note in start.notes)


def test_a_factor_of_a_half_pays_later_and_is_the_same_for_all_strategies():
    """Halving every hazard brings less cash; the draw depends on seed and replication only."""
    start = from_ledger(made_ledger(Truth(customers=20), 1).snapshot(CUT))
    one = np.ones(1)
    sure = Level(weight=one, shape=1e9 * one, mean=one, kept=one, trend=0 * one, spread=one, monthly=1.0)
    cash = []
    for level in (sure, replace(sure, mean=0.5 * one)):
        odd = replace(start, behaviour=replace(start.behaviour, payment_level=level))
        run = simulate(odd, "none", days=60, specialists=0).ledger
        cash.append(run.payments.loc[run.payments["received_date"] > CUT, "amount"].sum())
    assert cash[1] < 0.9 * cash[0]
    plain = replace(start, behaviour=replace(start.behaviour, payment_level=None))
    run = simulate(plain, "none", days=60, specialists=0).ledger
    assert run.payments.loc[run.payments["received_date"] > CUT, "amount"].sum() == cash[0]
