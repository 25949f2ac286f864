"""The baselines: one day each, valid whenever they are asked, and blind to what comes later."""

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from models.families.baselines import FLOOR, fit_customer_mean, fit_due_date
from tests.handmade import handmade, invoice, payment

ONE = pd.DataFrame({"customer_id": ["a"], "issue_date": ["2024-03-01"], "due_date": ["2024-03-31"]})


def asks(*rows: tuple[str, str]) -> pd.DataFrame:
    """Return an invoice due on 31 March for each (customer, evening asked on)."""
    who, when = zip(*rows, strict=True)
    asked = ONE.loc[[0] * len(rows)].assign(customer_id=list(who), asked_on=list(when))
    return asked.astype(dict.fromkeys(("issue_date", "due_date", "asked_on"), "datetime64[ns]"))


def history() -> Ledger:
    """Return a ledger: a pays 10 days late, then 2 early (booked four days after it came); b pays 1 late."""
    rows = [("a1", "a"), ("a2", "a"), ("b1", "b"), ("c1", "c")]
    invoices = [invoice(id, "2024-01-01", "2024-01-31", 100, customer_id=who) for id, who in rows]
    payments = [
        payment("a1", "2024-02-10", 100),
        payment("a2", "2024-02-02", 100, received="2024-01-29"),
        payment("b1", "2024-02-01", 100),
    ]
    return handmade("2024-04-30", invoices, payments)


def test_the_due_date_model_pays_then_or_on_the_next_day() -> None:
    """Unpaid to the eve of the due date and paid on it; asked when nine days overdue, paid on the tenth."""
    model = fit_due_date(history())
    rows = asks(("a", "2024-02-29"), ("a", "2024-04-09"))
    survival = model.survival(rows, [-31, -1, 0, 9, 10, 400])
    assert (survival > FLOOR * 1.01).tolist() == [[True, True, False, False, False, False], [True] * 4 + [False] * 2]
    assert (survival[survival > FLOOR * 1.01] == 1.0).all()
    assert np.isfinite(model.cumulative_hazard(rows, np.arange(-31, 401))).all()


@pytest.mark.parametrize(
    ("customer", "evening", "mean"),
    [
        ("a", "2024-01-31", 0.0),  # nothing is known of anybody: the due date
        ("a", "2024-02-01", 1.0),  # received, but not in the books: the portfolio, that is b's single day
        ("a", "2024-02-09", -2.0),
        ("a", "2024-02-10", 4.0),
        ("c", "2024-02-10", 3.0),
        ("who?", "2024-02-10", 3.0),
    ],
)
def test_customer_means_are_those_known_on_the_evening_asked_on(customer: str, evening: str, mean: float) -> None:
    """A payment counts from the evening on which it is in the books; without one the portfolio's mean is taken."""
    invoices = asks((customer, evening)).assign(issue_date=pd.Timestamp("2024-01-02"))
    assert fit_customer_mean(history()).mean_days_late(invoices).tolist() == [mean]


def test_each_question_in_one_call_has_its_own_history() -> None:
    """A model fitted early and told of the whole ledger answers as one fitted on the evening of each question."""
    whole = history()
    evenings = ["2024-02-01", "2024-02-05", "2024-02-10", "2024-04-30"]
    rows = asks(*[("a", day) for day in evenings]).assign(issue_date=pd.Timestamp("2024-01-02"))
    days = np.arange(-60, 60)
    early = fit_customer_mean(whole.snapshot("2024-01-15"))
    expected = [
        fit_customer_mean(whole.snapshot(day)).survival(rows.iloc[[k]], days)[0] for k, day in enumerate(evenings)
    ]
    np.testing.assert_array_equal(early.knowing(whole).survival(rows, days), expected)
    assert early.mean_days_late(rows).tolist() == [0.0] * 4
