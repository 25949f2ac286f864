"""A run on a ledger that was chased: what contacts, promises and disputes did is taken out of its customers' timing."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ledger import Ledger
from ledger.arrays import Floats
from models import fit
from models.assumed.assumptions import Assumptions
from models.families.decision_days import FIRST_DAY
from models.families.kaplan_meier import KaplanMeier
from models.history.dispute_share import disputed_share
from models.history.main_payments import history
from sim import Portfolio, Step, Strategy, from_ledger, simulate
from tests.handmade import handmade, invoice, payment
from tests.portfolios import flat, portfolio

CALLS = Strategy(name="calls", steps=(Step(name="call", day=5, channel="phone", attempts=4, retry_days=2),))
STRONG = {"call_hazard_ratio": 3.0, "right_party_contact_rate": 0.6, "effect_half_life": 20.0}
HAZARD, KEEPS, DISPUTED = 0.03, 0.35, 10.0
USUAL = Assumptions.default()


@cache
def truth() -> Portfolio:
    """Return 300 customers whose hazard is flat, who keep half as many promises as assumed, and dispute a tenth."""
    return portfolio(
        300,
        flat(HAZARD),
        as_of="2023-01-02",
        country="US",
        keeps=np.full(300, KEEPS / USUAL.promise_kept),
        reach=np.full(300, 1.0),
        disputes=DISPUTED / USUAL.dispute_share,
        assumptions=STRONG | {"dispute_share": USUAL.dispute_share, "promise_kept": USUAL.promise_kept},
    )


@cache
def chased() -> Ledger:
    """Return a year and more of them under calls."""
    return simulate(truth(), CALLS, days=450, specialists=8).ledger


@cache
def learned() -> Portfolio:
    """Return the portfolio of that ledger, for contacts that do what they did."""
    return from_ledger(chased()).under(Assumptions.default(**STRONG))


def late_hazard(table: Floats) -> float:
    """Return the mean daily hazard of customers alike from the sixth to the thirtieth day past due."""
    return float(table[:, 6 - FIRST_DAY : 30 - FIRST_DAY].mean())


def test_without_its_contacts_a_ledger_tells_the_true_hazard():
    """Flat at .03 a day within 6 %; with the contacts left in, a fifth more and above."""
    model = fit(chased())
    assert isinstance(model, KaplanMeier)
    before = late_hazard(-np.log1p(-model.table[1:]))
    assert before > 1.2 * HAZARD
    assert late_hazard(learned().behaviour.hazard[: learned().behaviour.rest_kind]) == pytest.approx(HAZARD, rel=0.06)


def test_who_keeps_promises_is_learned():
    """The share of promises kept that would not have been met anyway: .35, of a thousand and more, within .05."""
    promises = chased().promises.drop_duplicates(["contact_id"])
    assert len(promises) > 1000
    mean = np.average(learned().behaviour.keeps) * USUAL.promise_kept
    assert mean == pytest.approx(KEEPS, abs=0.05)


def test_how_often_invoices_are_disputed_is_learned():
    """A tenth within four standard errors, though many are paid before they would be disputed."""
    past = history(chased())
    n = (past.issue > past.issue.min()).sum()
    assert abs(disputed_share(chased(), past) - DISPUTED / 100) < 4 * np.sqrt(0.1 * 0.9 / n) + 0.005


def test_contacts_that_do_nothing_leave_the_curve_to_the_payments():
    """With ratios of 1 only disputes and kept promises are taken out: the curve lies above that of strong contacts."""
    names = ("call", "friendly_tone", "firm_tone", "email_generic", "email_personal", "letter")
    nothing = {f"{name}_{'ratio' if 'tone' in name else 'hazard_ratio'}": 1.0 for name in names}
    idle = from_ledger(chased()).under(Assumptions.default(**nothing)).behaviour
    assert late_hazard(idle.hazard[: idle.rest_kind]) > 1.1 * late_hazard(
        learned().behaviour.hazard[: learned().behaviour.rest_kind]
    )


def test_a_portfolio_is_learned_once_for_each_set_of_effects():
    """The same object for the same effects, itself for its own; a cost that is no effect changes nothing."""
    start = from_ledger(chased())
    strong = Assumptions.default(**STRONG)
    assert start.under(strong) is start.under(replace(strong, letter_cost=9.0))
    assert start.under(replace(start.assumptions, promise_kept=0.1)) is start
    assert not start.contains_contacts


def test_a_ledger_without_a_record_of_contacts_is_left_as_it_is():
    """Nothing to take out: the timing contains what there was, and the notes say so."""
    rows = [invoice(f"i{k}", "2024-01-01", "2024-01-31", 100_000) for k in range(20)]
    paid = [payment(f"i{k}", f"2024-02-{k + 1:02d}", 100_000) for k in range(20)]
    start = from_ledger(handmade("2024-03-01", rows, paid))
    assert start.contains_contacts
    assert any("contains whatever chasing" in note for note in start.notes)
