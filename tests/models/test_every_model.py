"""What holds for every payment-timing model: valid answers at the edges, nothing known too early, no side effects."""

import io
from dataclasses import replace
from functools import cache
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from models import PaymentTiming, fit
from models.timing import FITTERS, unpaid_on
from tests.handmade import contact, handmade, invoice, payment

START = pd.Timestamp("2024-01-01")
DAY = [f"{START + pd.Timedelta(days=k):%Y-%m-%d}" for k in range(700)]
GRID = np.arange(-200, 401, 3)
CUT, END = 150, 260  # days of the busy ledger: fitted on the evening of the first, known to the second
RATES = [{"currency": "EUR", "rate": 1.1}, {"currency": "JPY", "rate": 0.0067}]
Line = tuple[str, int, int, int | None]  # customer, issued, due, paid


def ledger_of(lines: list[Line], as_of: int, *, kind: str = "cash", **other: Any) -> Ledger:
    """Return a ledger of invoices over 100.00 each, where `other` holds no columns for them."""
    invoices = [
        invoice(f"i{k}", DAY[i], DAY[d], 10_000, customer_id=c, **other) for k, (c, i, d, _) in enumerate(lines)
    ]
    currency = other.get("currency", "USD")
    payments = [
        payment(f"i{k}", DAY[p], 10_000, kind, currency=currency) for k, (*_, p) in enumerate(lines) if p is not None
    ]
    return handmade(DAY[as_of], invoices, payments, rates=RATES, check=False)


@cache
def busy() -> Ledger:
    """Return 160 invoices of eight customers in two segments and three currencies: calls, credits, part payments."""
    rng = np.random.default_rng(8)
    invoices, payments, contacts = [], [], []
    for k in range(160):
        c, issue, term = int(rng.integers(0, 8)), int(rng.integers(0, END)), int(rng.choice([0, 14, 30, 60]))
        currency, amount = ["USD", "EUR", "JPY"][c % 3], int(rng.integers(500, 900_000))
        row = {"customer_id": f"c{c}", "currency": currency}
        invoices.append(invoice(f"i{k}", DAY[issue], DAY[issue + term], amount, **row))
        paid = max(issue, issue + term + int(rng.integers(-4, 6 + 6 * c)))
        kind = "credit_note" if k % 15 == 2 else "cash"
        if k % 4 == 0 and issue + 1 < paid <= END:
            payments.append(payment(f"i{k}", DAY[issue + 1], amount // 2, currency=currency))
            amount -= amount // 2
        if paid <= END and k % 11:
            payments.append(payment(f"i{k}", DAY[paid], amount, kind, currency=currency))
        if issue + term + 6 <= END and paid > issue + term + 5:
            time = f"{DAY[issue + term + 6]} 11:00"
            contacts.append(contact(f"k{k}", time, customer_id=f"c{c}", tone="firm" if k % 2 else "friendly"))
    people = [{"customer_id": f"c{c}", "segment": "big" if c % 2 else "small"} for c in range(8)]
    return handmade(DAY[END], invoices, payments, customers=people, contacts=contacts, rates=RATES, check=False)


@cache
def busy_on(day: int) -> Ledger:
    """Return what was known of the busy ledger on an evening."""
    return busy().snapshot(DAY[day])


EDGES = {
    "one invoice, open": lambda: ledger_of([("c1", 0, 30, None)], 10),
    "one invoice, paid": lambda: ledger_of([("c1", 0, 30, 33)], 40),
    "one customer": lambda: ledger_of([("c1", 9 * k, 9 * k + 30, 9 * k + 28 + k % 7) for k in range(12)], 150),
    "nothing paid": lambda: ledger_of(
        [(f"c{k % 3}", k, k + 30, [None, k + 20][k % 2]) for k in range(12)], 90, kind="credit_note"
    ),
    "all paid when due": lambda: ledger_of([(f"c{k % 3}", k, k + 30, k + 30) for k in range(20)], 90),
    "no time to pay": lambda: ledger_of([(f"c{k % 3}", k, k, k + k % 5) for k in range(20)], 90),
    "paid at once": lambda: ledger_of([(f"c{k % 3}", k, k + 14, k) for k in range(12)], 90),
    "every customer once": lambda: ledger_of([(f"c{k}", k, k + 10 + 5 * (k % 4), k + 9 + k) for k in range(12)], 60),
    "busy": lambda: busy_on(CUT),
}


@cache
def edge(which: str) -> Ledger:
    """Return the ledger of that name."""
    return EDGES[which]()


@cache
def fitted(name: str, which: str) -> PaymentTiming:
    """Return the model fitted to the ledger of that name."""
    return fit(edge(which), model=name)


def questions(as_of: pd.Timestamp) -> pd.DataFrame:
    """Return invoices of known and unknown customers, currencies and terms, asked at issue, late and very late."""
    lines = [
        ("c1", "USD", 10_000, 30, 1, None),
        ("nobody", "USD", 10_000, 30, 1, None),
        ("c1", "CHF", 10_000, 30, 1, None),
        ("c2", "JPY", 1, 0, 1, None),
        ("nobody", "XAU", 10**13, 365, 0, None),
        ("c1", "USD", 10_000, 30, -50, 0),  # overdue by 20 days
        ("nobody", "EUR", 10_000, 0, -600, 0),
    ]
    frame = pd.DataFrame(lines, columns=["customer_id", "currency", "amount", "term", "issued", "asked"])
    issue = as_of + pd.to_timedelta(frame["issued"], unit="D")
    asked = (as_of + pd.to_timedelta(frame["asked"], unit="D")).fillna(issue - pd.Timedelta(days=1))
    due = issue + pd.to_timedelta(frame["term"], unit="D")
    return frame[["customer_id", "currency", "amount"]].assign(issue_date=issue, due_date=due, asked_on=asked)


@pytest.mark.parametrize("which", EDGES)
@pytest.mark.parametrize("name", FITTERS)
def test_every_answer_is_a_distribution(name: str, which: str) -> None:
    """Whatever the ledger was, and whoever is asked about: in [0, 1], never rising, 1 while known unpaid."""
    model, invoices = fitted(name, which), questions(edge(which).as_of)
    survival, hazard = model.survival(invoices, GRID), model.cumulative_hazard(invoices, GRID)
    assert survival.shape == hazard.shape == (len(invoices), len(GRID))
    assert survival.dtype == hazard.dtype == np.float64
    assert np.isfinite(hazard).all()
    assert ((survival >= 0) & (survival <= 1)).all()
    assert (np.diff(survival, axis=1) <= 1e-12).all()
    assert (hazard >= 0).all()
    np.testing.assert_allclose(survival, np.exp(-hazard), atol=1e-9)
    due = invoices["due_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    past = GRID[None, :] + due[:, None] <= unpaid_on(invoices)[:, None]
    assert past.any(axis=1).sum() > 4
    assert (survival[past] == 1).all()


@pytest.mark.parametrize("name", FITTERS)
def test_what_was_always_paid_when_due_is_expected_about_then(name: str) -> None:
    """Twenty of twenty paid on the due date: more likely than not paid by ten days after it, and not ten before."""
    as_of = edge("all paid when due").as_of
    survival = fitted(name, "all paid when due").survival(questions(as_of).head(1), [-10, 10])
    assert survival[0, 0] > 0.5 > survival[0, 1]


@pytest.mark.parametrize("name", FITTERS)
def test_nothing_is_known_too_early(name: str) -> None:
    """Told of the whole ledger, each invoice of a call is answered as from what was known on its own evening."""
    whole, model = busy(), fitted(name, "busy")
    told = model.knowing(whole)
    issued = (whole.invoices["issue_date"] - START).dt.days.to_numpy()
    settled = (whole.settled_date - START).dt.days.fillna(10**6).to_numpy()
    evenings = range(160, 256, 5)
    parts = []
    for day in evenings:
        rows = whole.invoices[(issued <= day) & (settled > day) & (issued > day - 60)].head(8)
        rows = pd.concat([rows, rows.head(1).assign(currency="CHF"), rows.head(1).assign(customer_id="x")])
        parts.append(rows.assign(asked_on=pd.Timestamp(DAY[day])))
    answers = told.survival(pd.concat(parts), GRID)
    for day, part, answer in zip(
        evenings, parts, np.split(answers, np.cumsum([len(p) for p in parts])[:-1]), strict=True
    ):
        assert len(part)
        np.testing.assert_allclose(model.knowing(busy_on(day)).survival(part, GRID), answer, atol=1e-6)


@pytest.mark.parametrize("name", FITTERS)
def test_on_the_issue_day_its_own_payment_and_all_later_facts_are_unknown(name: str) -> None:
    """Asked without an evening: neither what comes after the issue day nor being paid on it changes anything."""
    whole, model = busy(), fitted(name, "busy")
    issue = whole.invoices["issue_date"][whole.invoices["issue_date"] >= DAY[200]].min()
    rows = whole.invoices[whole.invoices["issue_date"] == issue]
    known = whole.snapshot(issue)
    now = rows[["invoice_id", "customer_id", "amount", "currency"]].assign(
        payment_id=[f"own {row}" for row in range(len(rows))], received_date=issue, applied_date=issue, kind="cash"
    )
    paid_at_once = replace(
        known, payments=pd.concat([known.payments, now.astype(known.payments.dtypes)], ignore_index=True)
    )
    assert (paid_at_once.open_amount() == 0).sum() == (known.open_amount() == 0).sum() + len(rows)
    answer = model.knowing(whole).survival(rows, GRID)
    for other in (known, paid_at_once):
        np.testing.assert_allclose(model.knowing(other).survival(rows, GRID), answer, atol=1e-6)


@pytest.mark.parametrize("name", ["customer_mean", "cox", "hazard"])
def test_on_the_issue_day_all_other_payments_are_known(name: str) -> None:
    """Asked on a day on which its customer paid something: had the customer not, the answer would be another."""
    whole, model = busy(), fitted(name, "busy")
    for row in whole.payments[whole.payments["applied_date"] >= DAY[200]].head(8).itertuples():
        late = row.applied_date + pd.Timedelta(days=30)
        own = (whole.payments["payment_id"] == row.payment_id).to_numpy()
        invoice_of = whole.invoices["invoice_id"] == row.invoice_id
        asked = whole.invoices[invoice_of].assign(invoice_id="new", issue_date=row.applied_date, due_date=late)
        without = replace(whole, payments=whole.payments[~own].reset_index(drop=True))
        told, untold = (model.knowing(one).survival(asked, GRID) for one in (whole, without))
        if np.abs(told - untold).max() > 1e-6:
            return
    pytest.fail("no payment of an issue day changed any answer")


@pytest.mark.parametrize("name", FITTERS)
def test_an_invoice_is_answered_alike_whether_or_not_the_books_hold_it(name: str) -> None:
    """On a Tuesday, when it is issued: learned from the books, used before they know it."""
    model = fitted(name, "busy")
    issue = busy().invoices["issue_date"]
    day = issue[(issue >= DAY[200]) & (issue.dt.dayofweek == 1)].min()
    known = busy().snapshot(day)
    row = known.invoices[known.invoices["issue_date"] == day].head(1)
    own = (known.invoices["invoice_id"] == row["invoice_id"].iloc[0]).to_numpy()
    without = replace(known, invoices=known.invoices[~own].reset_index(drop=True))
    held, new = (model.knowing(one).survival(row, GRID) for one in (known, without))
    np.testing.assert_allclose(held, new, atol=1e-6)


@pytest.mark.parametrize("name", FITTERS)
def test_order_and_company_of_the_invoices_do_not_matter(name: str) -> None:
    """Permuted rows give permuted answers; an invoice asked about alone has the same; no question has no answer."""
    model, invoices = fitted(name, "busy"), questions(edge("busy").as_of)
    order = np.random.default_rng(1).permutation(len(invoices))
    survival = model.survival(invoices, GRID)
    np.testing.assert_allclose(model.survival(invoices.iloc[order], GRID), survival[order], atol=1e-6)
    np.testing.assert_allclose(model.survival(invoices.iloc[[2]], GRID), survival[[2]], atol=1e-6)
    assert model.survival(invoices.iloc[:0], GRID).shape == (0, len(GRID))


@pytest.mark.parametrize("name", FITTERS)
def test_a_stored_model_gives_the_same_answers(name: str) -> None:
    """Through joblib and back, without its ledger; and telling a model of a newer ledger leaves it as it was."""
    model, invoices = fitted(name, "busy"), questions(edge("busy").as_of)
    before = model.survival(invoices, GRID)
    stored = io.BytesIO()
    joblib.dump(model, stored)
    stored.seek(0)
    again: PaymentTiming = joblib.load(stored)
    assert again.name == name
    np.testing.assert_allclose(again.survival(invoices, GRID), before, atol=1e-12)  # threads may add up in any order
    assert again.knowing(busy()).name == name
    np.testing.assert_allclose(again.survival(invoices, GRID), before, atol=1e-12)  # threads may add up in any order


@pytest.mark.parametrize("name", FITTERS)
def test_a_segment_and_a_customer_that_came_later(name: str) -> None:
    """A customer of a segment that training never saw, met in a newer ledger: a valid answer."""
    lines: list[Line] = [("new", CUT + k, CUT + k + 30, CUT + k + 40) for k in range(6)]
    later = handmade(
        DAY[END],
        [invoice(f"n{k}", DAY[i], DAY[d], 500, customer_id=c) for k, (c, i, d, _) in enumerate(lines)],
        [payment(f"n{k}", DAY[p], 500) for k, (*_, p) in enumerate(lines) if p is not None],
        customers=[{"customer_id": "new", "segment": "unheard of"}],
        check=False,
    )
    asked = questions(later.as_of).assign(customer_id="new")
    survival = fitted(name, "busy").knowing(later).survival(asked, GRID)
    assert np.isfinite(survival).all()
    assert (np.diff(survival, axis=1) <= 1e-12).all()
