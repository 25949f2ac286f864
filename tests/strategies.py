"""Hypothesis strategies for whole ledgers: everything a real one may hold, small enough to read when it fails."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ledger import Ledger
from ledger.table.tables import PAYMENT_KINDS
from tests.handmade import contact, handmade, invoice, payment

FIRST = date(2024, 1, 1)
SPAN = 240  # days of a generated ledger
RATES = [{"currency": "EUR", "rate": 1.0837}, {"currency": "JPY", "rate": 0.0066}]
_TERMS = st.sampled_from([0, 7, 14, 30, 45, 60, 90])


def day(number: int) -> str:
    """Return the ISO date of a day counted from the first."""
    return (FIRST + timedelta(days=number)).isoformat()


@st.composite
def _invoices(draw: st.DrawFn, count: int) -> list[dict[str, Any]]:
    rows = []
    for k in range(count):
        issue = draw(st.integers(0, SPAN))
        customer, currency = (
            draw(st.sampled_from(["c1", "c2", "c3"])),
            draw(st.sampled_from(["USD", "USD", "EUR", "JPY"])),
        )
        amount = draw(st.one_of(st.integers(1, 10), st.integers(1, 2_000_000)))
        row = invoice(f"i{k}", day(issue), day(issue + draw(_TERMS)), amount, customer_id=customer, currency=currency)
        rows.append({**row, "_issue": issue})
    return rows


@st.composite
def _settlements(draw: st.DrawFn, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Partial payments, credits and write-offs of one invoice, some received before it was issued or applied later."""
    rows, left = [], row["amount"]
    for _ in range(draw(st.integers(0, 3))):
        if left == 0:
            break
        amount = left if draw(st.booleans()) else draw(st.integers(1, left))
        left -= amount
        received = draw(st.integers(max(row["_issue"] - 10, 0), SPAN))
        applied = min(max(received, row["_issue"]) + draw(st.sampled_from([0, 0, 1, 5])), SPAN)
        kind = draw(st.sampled_from(["cash"] * 4 + list(PAYMENT_KINDS)))
        other = {"received": day(received), "currency": row["currency"], "customer_id": row["customer_id"]}
        rows.append(payment(row["invoice_id"], day(applied), amount, kind, **other))
        if draw(st.sampled_from([True, False, False, False])):
            return rows + draw(_taken_back(rows[-1], applied))
    return rows


@st.composite
def _taken_back(draw: st.DrawFn, row: dict[str, Any], applied: int) -> list[dict[str, Any]]:
    """Return what was taken back of a payment, perhaps paid again, perhaps taken back once more."""
    amount, kind, on = draw(st.integers(1, row["amount"])), row["kind"], applied
    other = {"currency": row["currency"], "customer_id": row["customer_id"]}
    rows = []
    for sign in (-1, 1, -1)[: draw(st.integers(1, 3))]:
        on = min(on + draw(st.integers(0, 30)), SPAN)
        rows.append(payment(row["invoice_id"], day(on), sign * amount, kind, **other))
    return rows


@st.composite
def _promises(draw: st.DrawFn, row: dict[str, Any], number: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return a contact about the invoice, and perhaps the promise won."""
    made = draw(st.integers(row["_issue"], SPAN))
    won = draw(st.booleans())
    talk = contact(
        f"k{number}",
        f"{day(made)} {draw(st.integers(0, 23)):02d}:30",
        customer_id=row["customer_id"],
        channel="phone" if won else draw(st.sampled_from(["email", "phone", "inbound"])),
        outcome="promise" if won else draw(st.sampled_from(["sent", "no_answer", "reached"])),
        promise_made=won,
    )
    if not won:
        return talk, None
    due, amount = made + draw(st.integers(0, 20)), draw(st.integers(1, row["amount"]))
    promise = {"contact_id": f"k{number}", "invoice_id": row["invoice_id"], "made_on": day(made), "due_on": day(due)}
    return talk, {**promise, "amount": amount}


@st.composite
def _dispute(draw: st.DrawFn, row: dict[str, Any]) -> dict[str, Any]:
    opened = draw(st.integers(row["_issue"], SPAN))
    resolved = draw(st.one_of(st.none(), st.integers(opened, SPAN)))
    return {
        "invoice_id": row["invoice_id"],
        "opened": day(opened),
        "acknowledged": day(min(opened + 1, SPAN)) if draw(st.booleans()) else None,
        "resolved": None if resolved is None else day(resolved),
        "reason": draw(st.sampled_from(["pricing", "quality"])),
        "resolution": None if resolved is None else draw(st.sampled_from(["rejected", "credited"])),
        "amount": row["amount"],
    }


@st.composite
def ledgers(draw: st.DrawFn, max_invoices: int = 8) -> Ledger:
    """Return a valid ledger in three currencies: prepayments, partial payments, credits, write-offs, unapplied cash.

    It may also hold promises kept and broken, disputes, contacts and staff; it ends `SPAN` days after `FIRST`.
    """
    invoices = draw(_invoices(draw(st.integers(0, max_invoices))))
    payments = [p for row in invoices for p in draw(_settlements(row))]
    payments += [
        payment(None, day(0), draw(st.integers(1, 90_000)), received=day(draw(st.integers(0, SPAN))), currency=currency)
        for currency in draw(st.lists(st.sampled_from(["USD", "EUR"]), max_size=2))
    ]
    talks = [draw(_promises(row, k)) for k, row in enumerate(invoices) if draw(st.booleans())]
    disputes = [draw(_dispute(row)) for row in invoices if draw(st.sampled_from([True, False, False]))]
    staff = {
        "specialist_id": "s1",
        "skills": "",
        "languages": "en",
        "timezone": "UTC",
        "weekly_hours": 37.5,
        "absences": day(40),
        "cost_per_hour": 4200,
    }
    return handmade(
        day(SPAN),
        invoices,
        payments,
        contacts=[talk for talk, _ in talks],
        promises=[promise for _, promise in talks if promise is not None],
        disputes=disputes,
        staff=[staff] if draw(st.booleans()) else [],
        rates=RATES,
        timezone=draw(st.sampled_from(["UTC", "America/New_York"])),
        check=False,  # pandera takes most of a second; `test_generated_ledgers_are_valid` checks them
    )


days = st.integers(-5, SPAN).map(day)
