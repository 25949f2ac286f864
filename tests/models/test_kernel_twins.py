"""The compiled functions of payment histories beside plain ones that follow their definitions, on drawn histories."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assumed.contact_law import ContactLaw
from models.effects import exposure_kernels as exposure
from models.history import customer_hazards_kernels as hazards
from models.history.contact_log_kernels import remembered
from models.history.contacts_felt_kernels import FAINT, Blocks, Heard, felt_days
from models.history.features import FEATURES
from models.history.features_kernels import Asking, Looked, look_back

Array = np.ndarray[Any, Any]
drawn = given(seed=st.integers(0, 10**6), many=st.integers(1, 12))
few = settings(max_examples=25, deadline=None)


def lives(rng: np.random.Generator, many: int) -> tuple[Array, Array, Array, Array]:
    """Return issue, due and last days of invoices, and whether they are paid then."""
    issue = np.sort(rng.integers(0, 90, many))
    return issue, issue + rng.integers(5, 40, many), issue + rng.integers(0, 80, many), rng.random(many) < 0.7


def by_owner(rng: np.random.Generator, many: int, items: int) -> tuple[Array, Array]:
    """Return owners of items, ascending, and where those of each begin."""
    owner = np.sort(rng.integers(0, many, items))
    return owner, np.searchsorted(owner, np.arange(many + 1))


@drawn
@few
def test_what_is_remembered_is_a_sum_over_earlier_contacts(seed: int, many: int) -> None:
    """Each fades on its own."""
    rng = np.random.default_rng(seed)
    customer, day = rng.integers(0, 3, many), rng.integers(0, 60, many)
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    expected = [
        sum(np.exp(-(day[i] - day[j]) / 20.0) for j in range(i) if customer[j] == customer[i]) for i in range(many)
    ]
    assert remembered(customer, day, ContactLaw(0.8, 20.0, 14.0)) == pytest.approx(expected)


@drawn
@few
def test_felt_days_are_those_that_the_definition_names(seed: int, many: int) -> None:
    """On each day the sum of what contacts added before, faded; −1 in a span that says nothing."""
    rng = np.random.default_rng(seed)
    issue, _, end, _ = lives(rng, many)
    owner, begin = by_owner(rng, many, 10)
    day = issue[owner] + rng.integers(0, 40, 10)
    day = day[np.lexsort((day, owner))]
    extra = rng.uniform(0.1, 2, 10)
    blocked, first = by_owner(rng, many, 4)
    start = issue[blocked] + rng.integers(0, 40, 4)
    blocks = Blocks(first, start, start + rng.integers(0, 9, 4))
    rows = []
    for i in range(many):
        if not (owner == i).any() and not (blocked == i).any():
            continue
        for today in range(issue[i], end[i] + 1):
            added = sum(extra[k] * 0.9 ** (today - day[k]) for k in np.flatnonzero((owner == i) & (day < today)))
            inside = ((blocked == i) & (blocks.first <= today) & (today <= blocks.last)).any()
            if inside or added > FAINT:
                rows.append((i, today, -1.0 if inside else added, added))
    found = felt_days(issue, end, Heard(begin, day, extra), blocks, 0.9)
    assert np.stack(found, axis=1) == pytest.approx(np.array(rows).reshape(-1, 4))


@drawn
@few
def test_chances_to_pay_are_the_days_between_payment_runs(seed: int, many: int) -> None:
    """Rows end on payment runs; doses are means over their days; spans that say nothing are left out."""
    rng = np.random.default_rng(seed)
    issue, due, end, paid = lives(rng, many)
    owner, begin = by_owner(rng, many, 10)
    heard = issue[owner] + rng.integers(0, 40, 10)
    heard = heard[np.lexsort((heard, owner))]
    kind, weight = rng.integers(0, 2, 10), rng.uniform(0.2, 1, 10)
    blocked, first = by_owner(rng, many, 3)
    start = issue[blocked] + rng.integers(0, 40, 3)
    blocks = Blocks(first, start, start + rng.integers(0, 5, 3))
    pays = rng.random((1, 400)) < 0.3
    free, rate, low = rng.choice([0.0, 0.3, -0.7], (1, 400)), rng.uniform(0, 0.2, (2, 60)), -20
    rows = []

    def pushed(i: int, kind: int, day: int) -> float:
        """Return what a draw let be felt on a day: of each day before it, faded."""
        out = 0.0
        for on in range(issue[i], day + 1):  # of the evening before each
            late = min(max(on - 1 - due[i] - low, 0), 59)
            out += rate[kind, late] * free[0, max(on - 1, 0)] * 0.9 ** (day + 1 - on)
        return out

    for i in range(many):
        days: list[int] = []
        for today in range(issue[i], (end[i] + exposure.BEYOND if paid[i] else end[i]) + 1):
            days.append(today)
            last = today == (end[i] + exposure.BEYOND if paid[i] else end[i])
            if not pays[0, today] and not last:
                continue
            if not pays[0, today] and not paid[i]:
                break
            event = bool(paid[i]) and today >= end[i]
            if not ((blocked == i) & (blocks.first <= today) & (blocks.last >= days[0])).any():
                dose = [
                    sum(
                        weight[k] * 0.9 ** (day - heard[k])
                        for day in days
                        for k in np.flatnonzero((owner == i) & (kind == one) & (heard < day))
                    )
                    / len(days)
                    for one in (0, 1)
                ]
                assigned = [sum(pushed(i, one, day) for day in days) / len(days) for one in (0, 1)]
                allowed = sum(free[0, max(day - 1, 0)] for day in days) / len(days)
                rows.append((i, today, len(days), event, *dose, *assigned, allowed))
            if event:
                break
            days = []
    found = exposure.payment_chances(
        exposure.ExposedInvoices(np.arange(many), np.zeros(many, np.int64), issue, due, end, paid),
        exposure.Runs(pays, 0),
        exposure.Doses(begin, heard, kind, weight, 2),
        blocks,
        exposure.Draws(free, rate, low),
        0.9,
    )
    columns = np.c_[found.invoice, found.day, found.days, found.paid, found.dose, found.assigned, found.allowed]
    assert columns == pytest.approx(np.array(rows, float).reshape(-1, 9))


def kaplan_meier(weight: Array, enter: Array, stop: Array, event: Array, cells: int) -> tuple[Array, Array]:
    """Return weighted payments and invoices at risk in each cell, by definition."""
    x = np.arange(cells)[:, None]
    inside = (stop >= np.maximum(enter, 0)) & (np.maximum(enter, 0) <= x) & (x <= stop)
    paid = event & (stop == x) & (stop >= np.maximum(enter, 0))
    return (weight * paid).sum(axis=1), np.maximum((weight * inside).sum(axis=1), (weight * paid).sum(axis=1))


@drawn
@few
def test_hazards_of_customers_are_weighted_payments_over_those_at_risk(seed: int, many: int) -> None:
    """Of one customer's invoices issued before the evening, by the kernel's weights."""
    rng = np.random.default_rng(seed)
    issue, due, end, paid = lives(rng, many)
    seen, low, cells = end + rng.integers(0, 4, many), -40, 90
    parent = rng.uniform(0.01, 0.2, (1, cells)).astype(np.float32)
    evening, own_due, term = 95, 100, 20
    books = hazards.HazardBooks(np.array([0, many]), issue, due, seen, paid, issue, due, end)
    asked = hazards.Askers(
        *(np.array(pair) for pair in ((0, -1), *((v, v) for v in (own_due, term, evening, evening))))
    )
    weights = hazards.KernelWeights(50.0, 0.5, 0.25)
    hazard, support = hazards.by_customer(books, asked, np.repeat(parent, 2, axis=0), weights, low)
    assert hazard[1] == pytest.approx(parent[0])  # of a customer never seen
    assert (support[1] == 0).all()
    weight = 2.0 ** (-(evening - issue) / 50.0) * np.where((due - own_due) % 7 != 0, 0.5, 1.0)
    weight = weight * np.where(abs(due - issue - term) > 2, 0.25, 1.0) * (issue < evening)
    known = seen <= evening
    stop = np.where(known, end, evening) - due - low
    d, n = kaplan_meier(weight, issue - due - low, stop, known & paid, cells)
    assert support[0] == pytest.approx(n, rel=1e-5, abs=1e-6)
    assert hazard[0] == pytest.approx((d + hazards.PSEUDO * parent[0]) / (n + hazards.PSEUDO), rel=1e-5)


@drawn
@few
def test_hazards_of_groups_are_shrunk_to_all_weekdays_and_these_to_the_parent(seed: int, many: int) -> None:
    """On two Sundays, with the weight that halves in 60 days."""
    rng = np.random.default_rng(seed)
    issue, due, end, paid = lives(rng, many)
    seen, cells, sundays = end + rng.integers(0, 4, many), 80, np.array([40, 100])
    day, parent = rng.integers(0, 7, many), rng.uniform(0.01, 0.2, (2, cells))
    zero = due - 40
    group = hazards.GroupBooks(
        issue, seen, paid, day, np.zeros(many, np.int64), issue - zero, end - zero, zero
    )  # fmt: skip
    found = hazards.by_group(group, sundays, sundays[None], parent, 60.0, 3.0)
    for w, sunday in enumerate(sundays):
        weight = 2.0 ** (-(sunday - issue) / 60.0) * ((issue <= sunday) & (issue >= sunday - hazards.WINDOW))
        known = seen <= sunday
        stop = np.where(known, end, sunday) - zero
        parts = [kaplan_meier(weight * (day == k), issue - zero, stop, known & paid, cells) for k in range(7)]
        d, n = np.array([part[0] for part in parts]), np.array([part[1] for part in parts])
        whole = (d.sum(axis=0) + 3.0 * parent[w]) / (n.sum(axis=0) + 3.0)
        expected = (d + hazards.GROUP_PSEUDO * whole) / (n + hazards.GROUP_PSEUDO)
        assert found[w] == pytest.approx(expected, rel=1e-9)


@drawn
@few
def test_recent_weekdays_are_counted_payments(seed: int, many: int) -> None:
    """Of payments seen by the evening, with the weight that halves in 90 days, beside an even share."""
    rng = np.random.default_rng(seed)
    issue, _, end, paid = lives(rng, many)
    seen, even = end + rng.integers(0, 4, many), np.full((1, 7), 1 / 7)
    books = (np.array([0, many]), issue, seen, end, paid)
    found = hazards.recent_weekdays(books, np.array([0, -1]), np.array([100, 100]), np.repeat(even, 2, axis=0))
    assert found[1] == pytest.approx(even[0])
    some = paid & (seen <= 100)
    weight = 2.0 ** (-(100 - end[some]) / hazards.WEEKDAY_HALF_LIFE)
    count = even[0] * hazards.WEEKDAY_PSEUDO + np.bincount((end[some] + 3) % 7, weight, 7)
    assert found[0] == pytest.approx(count / count.sum(), rel=1e-6)


@drawn
@few
def test_features_are_counts_and_means_of_what_was_known(seed: int, many: int) -> None:
    """Of a customer's invoices issued by the evening."""
    rng = np.random.default_rng(seed)
    issue, due, end, paid = lives(rng, many)
    seen, size, evening, own_due = end + rng.integers(0, 4, many), rng.uniform(3, 9, many), 80, 90
    out = np.zeros((1, len(FEATURES)), np.float32)
    asking = Asking(
        customer=np.array([0]), issue=np.array([79]), due=np.array([own_due]), evening=np.array([evening]),
        log_amount=np.array([5.0]), peers=np.array([2.0]),
    )  # fmt: skip
    look_back(Looked(np.array([0, many]), issue, due, end, seen, paid, size), asking, out)
    got = dict(zip(FEATURES, out[0].tolist(), strict=True))
    here, known = issue <= evening, seen <= evening
    open_, money = here & ~known, np.exp(size - 5.0)
    some = here & known & paid
    late = np.clip(end - due, -60, 60)[some]
    latest = np.clip(end - due, -60, 60)[np.flatnonzero(some)[::-1]]
    latest = latest[np.argsort(-due[np.flatnonzero(some)[::-1]], kind="stable")]
    for name, last in (("late_last_5", 5), ("late_last_20", 20)):
        assert got[name] == pytest.approx(
            (latest[:last].sum() + 2.0) / (min(len(latest), last) + 1), rel=1e-5, abs=1e-5
        )
    assert got["trend"] == pytest.approx(got["late_last_5"] - got["late_last_20"], abs=1e-4)
    if len(late):
        assert (got["late_q10"], got["late_q90"]) == pytest.approx(tuple(np.quantile(late, (0.1, 0.9))), abs=1e-4)
        assert got["late_deviation"] == pytest.approx(late.std(), rel=1e-5)
        assert got["share_late_15"] == pytest.approx(((late > 15).sum() + 0.05) / (len(late) + 1), rel=1e-5)
        assert got["share_early"] == pytest.approx(((late < -3).sum() + 0.2) / (len(late) + 1), rel=1e-5)
        assert got["since_payment"] == min(evening - end[some].max(), 60)
        assert got["after_newest_paid"] == np.clip(own_due - due[some].max(), -60, 60)
    near = end[some & (evening - end < 30)]
    assert got["paydays_per_30"] == len(np.unique(near))
    over = open_ & (due < evening)
    assert got["known"] == pytest.approx(np.log1p(here.sum()), rel=1e-6)
    assert got["open_count"] == pytest.approx(np.log1p(open_.sum()), rel=1e-6)
    assert got["open_amount"] == pytest.approx(np.log1p(money[open_].sum()), rel=1e-6)
    assert got["overdue_count"] == pytest.approx(np.log1p(over.sum()), rel=1e-6)
    assert got["overdue_amount"] == pytest.approx(np.log1p(money[over].sum()), rel=1e-6)
    assert got["oldest_overdue"] == min((evening - due[over]).max(initial=0), 60)
    if open_.any():
        assert got["after_oldest_open"] == np.clip(own_due - due[open_].min(), -60, 60)
    assert (got["term"], got["asked_age"]) == (own_due - 79, max(evening - own_due, -60))
    assert got["queue"] == pytest.approx(np.log1p((open_ & (due < own_due)).sum()), rel=1e-6)
    assert got["same_day"] == pytest.approx(np.log(1 + (here & (due == own_due)).sum()), rel=1e-6)
    assert got["late_median"] == pytest.approx(np.median(late) if len(late) else 2.0, rel=1e-6)
    assert got["share_late"] == pytest.approx(((late > 0).sum() + 0.5) / (len(late) + 1) if len(late) else 0.5)
    assert got["relative_amount"] == pytest.approx(
        5.0 - (size[here].sum() + 5.0) / (here.sum() + 1), rel=1e-4, abs=1e-5
    )
