"""Small ledgers written by hand: only what a test is about, the rest filled in."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ledger import Ledger
from ledger.table.tables import COLUMNS, empty

_INVOICE = {"customer_id": "c1", "currency": "USD", "discount_percent": None, "discount_days": None}
_CUSTOMER = {
    "segment": "all",
    "country": "US",
    "timezone": "UTC",
    "language": "en",
    "terms": None,
    "credit_limit": None,
    "since": None,
}
_CONTACT = {
    "customer_id": "c1",
    "invoice_id": None,
    "channel": "phone",
    "tone": "friendly",
    "step": None,
    "specialist_id": None,
    "outcome": "sent",
    "minutes": 1.0,
    "promise_made": False,
}

Row = dict[str, Any]


def table(name: str, rows: Iterable[Row]) -> pd.DataFrame:
    """Return the rows as the named table, with its column types."""
    rows = list(rows)
    if not rows:
        return empty(name)
    columns = COLUMNS[name].items()
    return pd.DataFrame({key: pd.Series([row[key] for row in rows], dtype=column.dtype) for key, column in columns})


def invoice(id: str, issue: str, due: str, amount: int, **other: Any) -> Row:
    """Return one row of invoices."""
    return {**_INVOICE, "invoice_id": id, "issue_date": issue, "due_date": due, "amount": amount, **other}


def payment(invoice_id: str | None, day: str, amount: int, kind: str = "cash", **other: Any) -> Row:
    """Return one row of payments; `received` may differ from the day applied."""
    return {
        "payment_id": None,
        "invoice_id": invoice_id,
        "customer_id": None,
        "received_date": other.pop("received", day),
        "applied_date": None if invoice_id is None else day,
        "amount": amount,
        "currency": "USD",
        "kind": kind,
        **other,
    }


def contact(id: str, time: str, **other: Any) -> Row:
    """Return one row of contacts; the time is in UTC."""
    return {**_CONTACT, "contact_id": id, "time": pd.Timestamp(time, tz="UTC"), **other}


def handmade(
    as_of: str,
    invoices: Sequence[Row] = (),
    payments: Sequence[Row] = (),
    *,
    customers: Sequence[Row] | None = None,
    base_currency: str = "USD",
    timezone: str = "UTC",
    check: bool = True,
    **tables: Sequence[Row],
) -> Ledger:
    """Return a ledger of these rows; customers who are not given are made from the invoices."""
    ids = sorted({row["customer_id"] for row in [*invoices, *tables.get("contacts", ())]})
    people = [{**_CUSTOMER, "customer_id": id} for id in ids] if customers is None else customers
    numbered = [{**row, "payment_id": row["payment_id"] or f"p{k}"} for k, row in enumerate(payments)]
    given: dict[str, Any] = {name: table(name, rows) for name, rows in tables.items()}
    ledger = Ledger(
        as_of=pd.Timestamp(as_of),
        base_currency=base_currency,
        timezone=timezone,
        customers=table("customers", [{**_CUSTOMER, **row} for row in people]),
        invoices=table("invoices", invoices),
        payments=table("payments", numbered),
        **given,
    )
    return ledger.validate() if check else ledger


def chain(
    monthly_sales: Sequence[int], months: Sequence[pd.Timestamp], *, pay: Sequence[float] = (0.80, 0.90, 0.85)
) -> Ledger:
    """Return an absorbing aging chain as a ledger: the known-answer case of the KPIs.

    Sales are invoiced on the last day of each month, due 20 days later. By each of the following month ends the next
    share of what remains is paid; with the last payment the rest is written off.
    """
    invoices, payments = [], []
    for k, (month, sales) in enumerate(zip(months, monthly_sales, strict=True)):
        day = f"{month:%Y-%m-%d}"
        invoices.append(invoice(f"i{k}", day, f"{month + pd.Timedelta(days=20):%Y-%m-%d}", sales))
        left = sales
        for step, share in enumerate(pay, start=1):
            if k + step >= len(months):
                break
            paid = round(left * share)
            left -= paid
            on = f"{months[k + step]:%Y-%m-%d}"
            payments.append(payment(f"i{k}", on, paid))
            if step == len(pay) and left:
                payments.append(payment(f"i{k}", on, left, "write_off"))
    return handmade(f"{months[-1]:%Y-%m-%d}", invoices, payments)
