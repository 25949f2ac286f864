"""Episodes and person-periods of small ledgers, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings

from ledger import BadInput
from models.history.contact_log import ContactLog
from models.history.episodes import ENDS, WINDOW, Episodes, episodes, person_periods
from models.history.main_payments import history
from tests.handmade import contact, handmade, invoice, payment
from tests.strategies import ledgers


def _rows(made: Episodes) -> list[tuple[int, int, int, str]]:
    codes = (ENDS[code] for code in made.end)
    return list(zip(made.invoice.tolist(), made.start.tolist(), made.stop.tolist(), codes, strict=True))


def test_each_way_to_end_is_told_apart() -> None:
    """Paid late, on the day of issue, before it, first in small part; credited, written off, sold; and open."""
    issue, due = "2024-01-01", "2024-01-11"
    invoices = [invoice(f"i{k}", issue, due, 100) for k in range(8)]
    payments = [
        payment("i0", "2024-01-16", 100),
        payment("i1", issue, 100),
        payment("i2", issue, 100, received="2023-12-20"),
        payment("i3", "2024-01-05", 4),
        payment("i3", "2024-01-21", 96, received="2024-01-20"),
        payment("i4", "2024-01-05", 4),
        payment("i4", "2024-01-09", 96, "credit_note"),
        payment("i5", "2024-01-30", 100, "write_off"),
        payment("i6", "2024-01-30", 100, "factoring"),
    ]
    made = episodes(handmade("2024-02-01", invoices, payments))
    ends = ["paid", "paid", "paid", "paid", "credited", "written_off", "other", "none"]
    assert _rows(made) == [(k, -1, stop, ends[k]) for k, stop in enumerate([15, 0, 0, 19, 8, 29, 29, 31])]
    assert (made.term == 10).all()


def test_contacts_and_disputes_cut_from_the_day_after() -> None:
    """A call on day 15 is felt on days 16 to 29, unless the invoice is not yet due, promised, disputed or paid."""
    late, due = invoice("late", "2024-01-01", "2024-01-11", 100), invoice("due", "2024-01-01", "2024-03-31", 100)
    calls = [
        contact("k0", "2024-01-16 10:00", outcome="reached", invoice_id="late"),
        contact("k1", "2024-01-17 10:00", outcome="no_answer", invoice_id="late"),
        contact("k2", "2024-01-21 10:00", outcome="promise", tone="firm", promise_made=True),
        contact("k3", "2024-01-23 10:00", outcome="reached"),  # under a promise
        contact("k4", "2024-02-06 10:00", channel="inbound", outcome="reached"),  # in dispute
    ]
    promise = {"contact_id": "k2", "invoice_id": "late", "made_on": "2024-01-21", "due_on": "2024-01-25", "amount": 100}
    dispute = {"invoice_id": "late", "opened": "2024-02-05", "acknowledged": None, "resolved": "2024-02-10"}
    dispute |= {"reason": "quality", "resolution": "rejected", "amount": 100}
    paid = [payment("late", "2024-02-20", 100)]
    tables = {"contacts": calls, "promises": [promise], "disputes": [dispute]}
    made = episodes(handmade("2024-03-01", [late, due], paid, **tables)).table()
    mine = made[made["invoice"] == 0]
    assert mine["start"].tolist() == [-1, 15, 20, 29, 34, 39]
    assert mine["recent_phone_friendly"].tolist() == [False, True, True, False, False, False]
    assert mine["recent_phone_firm"].tolist() == [False, False, True, True, False, False]
    assert mine["contacts_phone_friendly"].tolist() == [0, 1, 1, 1, 1, 1]
    assert mine["disputed"].tolist() == [False, False, False, False, True, False]
    assert made[made["invoice"] == 1]["start"].tolist() == [-1]
    assert WINDOW == 14


def test_a_contact_shortly_before_midnight_belongs_to_the_day_of_the_ledgers_clock() -> None:
    """03:00 UTC is the evening before in New York."""
    rows = [invoice("i0", "2024-01-01", "2024-01-02", 100)]
    calls = [contact("k0", "2024-01-11 03:00", outcome="reached")]
    log = ContactLog.of(handmade("2024-02-01", rows, timezone="America/New_York", contacts=calls))
    assert log.day.tolist() == [int(np.datetime64("2024-01-10", "D").astype(int))]


def test_entry_is_delayed_and_censoring_brought_forward() -> None:
    """With `since` the days before it do not count; as of an earlier day a later payment is unknown."""
    rows = [invoice("i0", "2024-01-01", "2024-01-11", 100), invoice("i1", "2024-01-01", "2024-01-11", 100)]
    paid = [payment("i0", "2024-01-16", 100), payment("i1", "2024-02-16", 100)]
    ledger = handmade("2024-03-01", rows, paid)
    assert _rows(episodes(ledger, since="2024-01-20")) == [(1, 18, 46, "paid")]
    assert _rows(episodes(ledger, as_of="2024-02-01")) == [(0, -1, 15, "paid"), (1, -1, 31, "none")]
    with pytest.raises(BadInput, match="since"):
        episodes(ledger, as_of="2024-02-01", since="2024-02-02")


@settings(max_examples=40, deadline=None)
@given(ledgers())
def test_episodes_tile_the_time_at_risk(ledger) -> None:  # type: ignore[no-untyped-def]
    """From the eve of issue to the end without gap or overlap, one event at most; a row for each day."""
    made, past = episodes(ledger), history(ledger)
    first = np.r_[True, made.invoice[1:] != made.invoice[:-1]][: len(made)]
    assert (made.start[first] == -1).all()
    assert (made.start[~first] == made.stop[:-1][~first[1:]]).all()
    assert (made.stop > made.start).all()
    last = np.r_[first[1:], True][: len(made)]
    assert (made.stop[last] == (past.end - past.issue)).all()
    assert not made.end[~last].any()
    days = person_periods(made)
    assert len(days) == (past.end - past.issue + 1).sum()
    assert days["paid"].sum() == past.paid.sum()
