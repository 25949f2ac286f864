"""A plan reckons with the write-offs of the ledger's own house, as the simulator does."""

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from ledger.policy.strategy import Step, Strategy
from models.assumed.assumptions import Assumptions
from models.history.write_offs import FEW, WriteOffs, write_offs
from optimize import Policy, plan
from optimize.staffing.week import week
from tests.handmade import Row, handmade, invoice, payment
from tests.timings import constant

AS_OF = pd.Timestamp("2025-03-31")
CALLS = Strategy(name="calls", steps=(Step(name="call", day=10, every=1, until=700, channel="phone"),))
PRESENT_VALUE = Policy(horizon=30, later_cash=1.0, discount_rate=0.0, goodwill=0.0)
RATE = 0.001  # a thousandth of what is open is decided on each day


def house(late: dict[str, int], written: dict[int, int] | None = None) -> Ledger:
    """Return a ledger whose customers owe 100,000.00 so many days past due, and whose house wrote off some others.

    `written` holds how many invoices it wrote off at which age; their due days lie 600 days back.
    Enough others were due 700 days back, and paid, for the history to be long.
    """
    rows: list[Row] = []
    paid: list[Row] = []
    for name, days in late.items():
        due = AS_OF - pd.Timedelta(days=days)
        rows.append(invoice(name, f"{due - pd.Timedelta(days=30):%F}", f"{due:%F}", 100_000_00, customer_id=name))
    due = AS_OF - pd.Timedelta(days=700)
    for k in range(FEW):
        rows.append(invoice(f"p{k}", f"{due - pd.Timedelta(days=30):%F}", f"{due:%F}", 1_000_00, customer_id="gone"))
        paid.append(payment(f"p{k}", f"{due:%F}", 1_000_00, customer_id="gone"))
    for age, count in (written or {}).items():
        due = AS_OF - pd.Timedelta(days=600)
        for k in range(count):
            name = f"w{age}-{k}"
            rows.append(invoice(name, f"{due - pd.Timedelta(days=30):%F}", f"{due:%F}", 1_000_00, customer_id="gone"))
            paid.append(payment(name, f"{due + pd.Timedelta(days=age):%F}", 1_000_00, "write_off", customer_id="gone"))
    return handmade(f"{AS_OF:%F}", rows, paid)


def worths(ledger: Ledger, **options: object) -> dict[str, float]:
    """Return the value without a contact of each customer's invoice on the first day, as a share of what is open."""
    rows = plan(ledger, constant(RATE), CALLS, 5, "2025-04-01", days=1, policy=PRESENT_VALUE, **options).rows
    return dict(zip(rows["customer_id"], rows["value_without"] / rows["open_amount"], strict=True))


def test_a_house_that_never_wrote_off_does_not_begin_to_in_a_plan():
    """Of what is 400 days late 1 − exp(−RATE · 3,250) is still to come, by 3,650 days past due; none is cut off."""
    found = worths(house({"old": 400, "oldest": 650, "young": 20}))
    for name, days in {"old": 3250, "oldest": 3000, "young": 3630}.items():
        assert found[name] == pytest.approx(-np.expm1(-RATE * days), rel=1e-6)


def test_a_house_that_writes_off_at_120_days_does_so_in_a_plan():
    """All of 200 went at 120 days: 110 days late, ten days are left, but for the share that stays."""
    ledger = house({"near": 110, "young": 20}, {120: 200})
    stays = float(write_offs(ledger).standing(np.array([120]))[0])
    assert stays < 0.01
    found = worths(ledger)
    for name, days, ever in (("near", 10, 3540), ("young", 100, 3630)):
        soon, late = np.exp(-RATE * days), np.exp(-RATE * ever)
        assert found[name] == pytest.approx(1 - soon + stays * (soon - late), rel=2e-3)  # the grid's days lie apart


def test_an_age_of_ones_own_goes_before_the_houses():
    """Assumptions with another write-off age than the default name the house's policy."""
    found = worths(house({"old": 400, "young": 20}), assumptions=Assumptions.default(write_off_age=60))
    assert found["young"] == pytest.approx(-np.expm1(-RATE * 40), rel=1e-6)


def test_staffing_follows_the_house_too():
    """A call brings more where its invoice is soon written off: elsewhere most of it would come later anyway."""
    late = {f"c{k}": 105 for k in range(8)}
    stands, goes = (
        week(ledger, constant(RATE), CALLS, 1, "2025-04-01", policy=PRESENT_VALUE).worth
        for ledger in (house(late), house(late, {120: 200}))
    )
    most = stands[np.isfinite(stands)].max()
    assert most > 0
    assert goes[np.isfinite(goes)].max() > 2 * most


def test_the_law_is_a_ratio_of_shares_standing():
    """Half went at 10 days and half of the rest at 20: ½ and ¼ stand, seen from before, ½ seen from 10 days on."""
    law = WriteOffs(age=np.array([10, 20]), cumulative=np.log([2.0, 4.0]), seen=9, followed=400)
    late, days = np.array([-5, 9, 10, 25]), np.array([1, 2, 11, 12, 400])
    expected = [[1, 1, 1, 1, 0.25], [1, 0.5, 0.5, 0.25, 0.25], [1, 1, 0.5, 0.5, 0.5], [1, 1, 1, 1, 1]]
    assert law.left(late, days) == pytest.approx(np.array(expected))
    assert (WriteOffs.at(30).left(np.array([29, 30]), np.array([1, 2])) == [[1, 0], [1, 1]]).all()
