"""A run on a ledger that was chased: what contacts, promises and disputes did is taken out of its customers' timing."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from ledger.arrays import Floats
from models import fit
from models.assumed.assumptions import Assumptions
from models.families.decision_days import DAYS, FIRST_DAY, DecisionDays
from models.history.contacted import Contacted
from models.history.contacts_felt import ContactsFelt
from models.history.dispute_share import disputed_share
from models.history.main_payments import PaymentHistory, history
from sim import Portfolio, Step, Strategy, from_ledger, simulate
from tests.handmade import contact, handmade, invoice, payment
from tests.portfolios import FIRST, flat, portfolio

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
    before = late_hazard(-np.log1p(-model.table[1:]))  # type: ignore[attr-defined]
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


@pytest.mark.parametrize("share", [0.08, 0.4])
def test_a_share_of_disputes_is_found_again_by_draws_apart_from_the_simulator(share: float):
    """Drawn by numpy: invoices of 30 days, paid after 25 to 60; a dispute delays payment. Within 4 standard errors."""
    rng, n = np.random.default_rng(5), 4000
    opens, paid = 1 + np.floor(rng.uniform(0, 40, n)), rng.integers(25, 60, n)
    disputed = (rng.random(n) < share) & (opens < paid)
    issue = pd.Timestamp("2024-01-01")
    rows = [invoice(f"i{k}", f"{issue:%F}", f"{issue + pd.Timedelta(days=30):%F}", 1_000) for k in range(n)]
    paid = paid + np.where(disputed, 30, 0)
    came = [payment(f"i{k}", f"{issue + pd.Timedelta(days=int(paid[k])):%F}", 1_000) for k in range(n)]
    told = [
        {"invoice_id": f"i{k}", "opened": f"{issue + pd.Timedelta(days=int(opens[k])):%F}", "acknowledged": None}
        | {"resolved": None, "reason": "pricing", "resolution": None, "amount": 1_000}
        for k in np.flatnonzero(disputed)
    ]
    ledger = handmade("2024-06-30", rows, came, disputes=told, check=False)
    error = np.sqrt(share * (1 - share) / n)
    assert abs(disputed_share(ledger, history(ledger)) - share) < 4.5 * error


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


def felt(as_of: str, contacts: list[dict[str, object]], **tables: list[dict[str, object]]) -> ContactsFelt:
    """Return what was felt of contacts with one customer that owes one invoice due on 10 January, unpaid."""
    ledger = handmade(as_of, [invoice("one", "2024-01-01", "2024-01-10", 1_000)], contacts=contacts, **tables)
    return ContactsFelt.of(ledger, history(ledger), USUAL)


def test_what_is_felt_of_two_calls_is_their_decayed_sum():
    """From the day after; the second adds less, as much as fatigue and what is remembered of the first say."""
    calls = [contact(f"k{d}", f"2024-01-{d} 12:00", outcome="reached", invoice_id="one") for d in (12, 15)]
    out = felt("2024-01-20", calls)
    extra = USUAL.hazard_ratio("phone", "friendly", personal=True) - 1
    tired = extra * USUAL.fatigue ** np.exp(-3 / USUAL.fatigue_memory)
    fade = 0.5 ** (1 / USUAL.effect_half_life)
    by_hand = [extra * fade, extra * fade**2, extra * fade**3]
    by_hand += [extra * fade ** (3 + k) + tired * fade**k for k in range(1, 6)]
    assert pd.to_datetime(out.day, unit="D").day.tolist() == [13, 14, 15, 16, 17, 18, 19, 20]
    assert out.extra == pytest.approx(by_hand)


def test_days_in_a_dispute_are_not_at_risk():
    """From its opening to the eve of its resolution."""
    row = {"invoice_id": "one", "opened": "2024-01-12", "acknowledged": None, "resolved": "2024-01-15"}
    row |= {"reason": "pricing", "resolution": "rejected", "amount": 1_000}
    out = felt("2024-01-20", [], disputes=[row])
    assert pd.to_datetime(out.day, unit="D").day.tolist() == [12, 13, 14]
    assert (out.extra == -1).all()


def test_days_under_a_promise_and_what_is_paid_on_them_say_nothing():
    """From the day after it was made to its own: a payment a day early may be word kept as well as habit."""
    call = contact("k", "2024-01-12 12:00", outcome="promise", promise_made=True, invoice_id="one")
    row = {"contact_id": "k", "invoice_id": "one", "made_on": "2024-01-12", "due_on": "2024-01-16", "amount": 1_000}
    rows = [invoice("one", "2024-01-01", "2024-01-10", 1_000)]
    paid = [payment("one", "2024-01-15", 1_000)]
    ledger = handmade("2024-01-20", rows, paid, contacts=[call], promises=[row])
    out = ContactsFelt.of(ledger, history(ledger), USUAL)
    assert pd.to_datetime(out.day, unit="D").day.tolist() == [13, 14, 15]
    assert (out.extra == -1).all()
    assert (out.added > 0).all()
    assert out.told.tolist() == [False]


def test_before_the_log_begins_as_much_contact_is_taken_as_later():
    """Of two invoices alike, the older one was late before anything was logged: it counts as under the same contact."""
    rows = [invoice("old", "2023-01-01", "2023-01-10", 1_000), invoice("new", "2024-01-01", "2024-01-10", 1_000)]
    paid = [payment("old", "2023-01-20", 1_000), payment("new", "2024-01-20", 1_000)]
    call = contact("k", "2024-01-12 12:00", outcome="reached", invoice_id="new")
    ledger = handmade("2024-01-31", rows, paid, contacts=[call])
    out = ContactsFelt.of(ledger, history(ledger), USUAL)
    old, new = (out.extra[out.invoice == k] for k in range(2))
    assert len(old) > 0
    assert old == pytest.approx(new)
    row = {"invoice_id": "old", "opened": "2023-01-14", "acknowledged": None, "resolved": "2023-01-16"}
    row |= {"reason": "pricing", "resolution": "rejected", "amount": 1_000}
    disputed = handmade("2024-01-31", rows, paid, contacts=[call], disputes=[row])
    out = ContactsFelt.of(disputed, history(disputed), USUAL)
    days = pd.to_datetime(out.day[out.invoice == 0], unit="D").day
    assert days.is_unique  # those in a dispute are that and nothing else
    assert out.extra[out.invoice == 0][days.isin([14, 15])].tolist() == [-1, -1]


def test_reach_counts_calls_at_their_hour():
    """Three in ten calls answered at an hour at which people answer 1.2 times as often: fewer than the usual rate."""
    calls = [
        contact(f"k{d}", f"2024-01-{d:02d} 10:00", outcome="reached" if d in (9, 16, 23) else "no_answer")
        for d in (9, 16, 23, 30, 10, 17, 24, 11, 18, 25)  # Tuesdays to Thursdays
    ]
    ledger = handmade("2024-02-01", [invoice("one", "2024-01-01", "2024-01-10", 1_000)], contacts=calls)
    log = Contacted.of(ledger)
    assert log.expected == pytest.approx([10 * 1.2 * 1.05])
    assert log.reach(0.4, 4.0) == pytest.approx([(4 + 3 / 0.4) / (4 + 12.6)])


def test_a_payment_run_hides_the_day_of_decision_and_other_due_days_tell_it():
    """Who decides on the due date and pays on Fridays: most of each payment is put on the due date."""
    due = np.arange(19_000, 19_350, 3)
    friday = due + (1 - due) % 7  # 1970-01-02 was a Friday
    size = len(due)
    past = PaymentHistory(
        customer=np.zeros(size, np.int64),
        issue=due - 30,
        due=due,
        end=friday,
        paid=np.ones(size, np.bool_),
        prepaid=np.zeros(size, np.bool_),
    )
    since = np.array([[3, 4, 5, 6, 0, 1, 2]])
    decided = DecisionDays.of(past, since)
    row = np.zeros(1, np.int64)
    shares = []
    for _ in range(40):
        paid, at_risk = decided.tables(row, 1)
        shares.append(paid[0, -FIRST_DAY] / size)
        decided = decided.told_by(paid / np.maximum(at_risk, 1), row)
    assert paid.sum() == pytest.approx(size)
    assert shares[0] == pytest.approx(1 / 7, abs=0.02)
    assert shares[1] > 1.4 * shares[0]
    assert sorted(shares) == shares
    assert shares[-1] > 0.85
    assert paid.shape == (1, DAYS)
    assert FIRST > FIRST_DAY
