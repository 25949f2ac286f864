"""What a ledger's record tells of contacts: what was felt of them on which day, who was reached, who disputes."""

import numpy as np
import pandas as pd
import pytest

from models.assumed.assumptions import Assumptions
from models.history.contacted import Contacted
from models.history.contacts_felt import ContactsFelt
from models.history.dispute_share import disputed_share
from models.history.main_payments import history
from tests.handmade import contact, handmade, invoice, payment

USUAL = Assumptions.default()


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
