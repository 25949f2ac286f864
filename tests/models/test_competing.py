"""Competing ends: they add up to one, agree with counting and with lifelines, and treat ties exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter

from ledger import BadInput, Ledger
from models.evaluation.competing import CAUSES, Ended, aalen_johansen
from tests.handmade import handmade, invoice, payment
from tests.strategies import days, ledgers

PAID, CREDITED, WRITTEN_OFF = (1 + CAUSES.index(name) for name in ("paid", "credited", "written_off"))


@settings(max_examples=20, deadline=None)
@given(ledgers(), days)
def test_all_ends_and_open_add_up_to_one(ledger: Ledger, on: str) -> None:
    """On every day of any ledger, in each segment; no chance falls, and the limits enclose it."""
    known = ledger.invoices["issue_date"] <= on
    if not known.any():
        with pytest.raises(BadInput, match="has no invoice issued by"):
            Ended.of(ledger, as_of=on)
        return
    ended = Ended.of(ledger, as_of=on)
    for found in [ended.portfolio, *ended.by_segment.values()]:
        np.testing.assert_allclose(found.incidence.sum(axis=0) + found.open, 1.0, atol=1e-12)
        assert (np.diff(found.incidence, axis=1) >= 0).all()
        low, high = found.interval()
        assert ((low >= 0) & (low <= found.incidence) & (found.incidence <= high) & (high <= 1)).all()


def test_untied_times_give_what_lifelines_gives() -> None:
    """Estimate, variance and limits of 120 ends and losses on as many days: to 1e-10."""
    rng = np.random.default_rng(4)
    duration, cause = rng.permutation(np.arange(1, 121)), rng.integers(0, 4, 120)
    ours = aalen_johansen(duration, cause)
    low, high = ours.interval()
    for end in (PAID, CREDITED, WRITTEN_OFF):
        theirs = AalenJohansenFitter().fit(duration, cause, event_of_interest=end)
        at = theirs.cumulative_density_.index.to_numpy().astype(int)
        np.testing.assert_allclose(ours.incidence[end - 1, at], theirs.cumulative_density_.iloc[:, 0], atol=1e-10)
        before = at[:-1]  # on the last day, with one invoice left, theirs divides by zero
        np.testing.assert_allclose(ours.variance[end - 1, before], theirs.variance_.iloc[:-1], atol=1e-10)
        limits = theirs.confidence_interval_.to_numpy()
        inside = (ours.incidence[end - 1, at] > 0) & np.isfinite(limits).all(axis=1)
        assert inside.sum() > 90
        drawn = np.column_stack([low[end - 1, at], high[end - 1, at]])
        np.testing.assert_allclose(drawn[inside], np.sort(limits, axis=1)[inside], atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, len(CAUSES))), min_size=1, max_size=40))
def test_without_censoring_it_is_the_share_that_ended_so(ends: list[tuple[int, int]]) -> None:
    """However many ends fall on one day: the share by the day, with the binomial variance."""
    duration, cause = np.array(ends).T
    found = aalen_johansen(duration, cause)
    for end in range(1, len(CAUSES) + 1):
        share = ((cause == end) & (duration <= found.days[:, None])).mean(axis=1)
        np.testing.assert_allclose(found.incidence[end - 1], share, atol=1e-12)
        np.testing.assert_allclose(found.variance[end - 1], share * (1 - share) / len(ends), atol=1e-12)


def test_each_end_is_known_by_what_settled_the_invoice() -> None:
    """Ten days after issue, of six: two paid, one credited but for a little, one written off, one sold, one open."""
    invoices = [invoice(f"i{k}", "2024-01-01", "2024-01-08", 100) for k in range(6)]
    payments = [
        payment("i0", "2024-01-03", 100),
        payment("i1", "2024-01-02", 5),
        payment("i1", "2024-01-11", 95),
        payment("i2", "2024-01-05", 5),
        payment("i2", "2024-01-09", 95, "credit_note"),
        payment("i3", "2024-01-10", 100, "write_off"),
        payment("i4", "2024-01-06", 100, "factoring"),
    ]
    found = Ended.of(handmade("2024-01-11", invoices, payments)).portfolio
    assert dict(zip(CAUSES, found.incidence[:, -1] * 6, strict=True)) == pytest.approx(
        {"paid": 2, "credited": 1, "written_off": 1, "other": 1}
    )
    assert found.incidence[0, 9] * 6 == pytest.approx(1)
    assert found.at_risk[[0, 10]].tolist() == [6, 2]
    assert found.table().query("end == 'paid' and day == 10")["open"].tolist() == pytest.approx([1 / 6])
