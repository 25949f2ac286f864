"""Portfolios written by hand for tests of the simulator: every hazard, rate and term is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.table.tables import COLUMNS
from sim import Assumptions, Behaviour, Portfolio, Run
from tests.handmade import Row, handmade

FIRST, LAST = -60, 300
EVERY_DAY = tuple(range(7))
# nothing happens but payment: no dispute, no delay in booking, nobody rings back, nothing is written off
PLAIN = {"dispute_share": 0, "cash_application_lag": 0, "write_off_age": 3000} | {
    "callback_share_message": 0,
    "callback_share_unreached": 0,
}


def point_masses(survival: Mapping[int, float]) -> npt.NDArray[np.float64]:
    """Return the daily hazard, (1, days), of paying only on some days past due, surviving each with a given chance."""
    hazard = np.zeros((1, LAST - FIRST + 1))
    for day, left in survival.items():
        hazard[0, day - FIRST] = -np.log(left)
    return hazard


def flat(hazard: float) -> npt.NDArray[np.float64]:
    """Return the same hazard for every day, (1, days)."""
    return np.full((1, LAST - FIRST + 1), hazard)


def behaviour(customers: int, hazard: npt.NDArray[np.float64], **changes: Any) -> Behaviour:
    """Return customers alike: one order a fortnight of 100.00 at 30 days, payment on every day of the week."""
    rate, amount, term = (changes.pop(name, value) for name, value in [("rate", 0.1), ("amount", 10_000), ("term", 30)])
    frailty, weekdays = changes.pop("frailty", 1.0), changes.pop("weekdays", EVERY_DAY)
    runs = np.zeros((customers, 7), np.bool_)
    runs[:, list(weekdays)] = True
    lines = int(changes["lines"][-1]) if "lines" in changes else customers
    values: dict[str, Any] = {
        "first_day": FIRST,
        "hazard": hazard,
        "kind": np.zeros(customers, np.int32),
        "frailty": np.full(customers, float(frailty)),
        "payment_weekdays": runs,
        "order_rate": np.full(customers, float(rate)),
        "orders": np.arange(customers + 1),
        "lines": np.arange(customers + 1),
        "amount": np.broadcast_to(np.asarray(amount, np.int64), lines),
        "term": np.broadcast_to(np.asarray(term, np.int32), lines),
        "reach": np.ones(customers),
        "keeps": np.ones(customers),
        "disputes": 1.0,
    }
    return Behaviour(**(values | changes))


def portfolio(
    customers: int,
    hazard: npt.NDArray[np.float64],
    *,
    invoices: Sequence[Row] = (),
    assumptions: Mapping[str, float] | None = None,
    as_of: str = "2024-01-01",
    timezone: str = "UTC",
    country: str = "",
    people: Mapping[str, Any] | None = None,
    ledger: Ledger | None = None,
    **changes: Any,
) -> Portfolio:
    """Return a portfolio of customers c000, c001, … who behave alike, with these invoices open."""
    who = {"country": country, "timezone": timezone, **(people or {})}
    rows = [{"customer_id": f"c{k:03d}", **who} for k in range(customers)]
    return Portfolio(
        name="handmade",
        ledger=ledger or handmade(as_of, invoices, customers=rows, timezone=timezone, check=False),
        behaviour=behaviour(customers, hazard, **changes),
        assumptions=Assumptions.default(**(PLAIN | dict(assumptions or {}))),
        timezone=timezone,
        country=country,
    )


def chosen(portfolio: Portfolio, rows: Sequence[int]) -> Portfolio:
    """Return the portfolio with only these customers, in this order."""
    rows = np.asarray(rows)
    ledger, old = portfolio.ledger, portfolio.behaviour
    customers = ledger.customers.iloc[rows].reset_index(drop=True)
    ids = set(customers["customer_id"])
    tables: dict[str, pd.DataFrame] = {}
    for name in COLUMNS:
        table = getattr(ledger, name)
        if "customer_id" in table and name != "customers":
            tables[name] = table[table["customer_id"].isin(ids)].reset_index(drop=True)
    kept = set(tables["invoices"]["invoice_id"])
    for name in ("promises", "disputes"):
        table = getattr(ledger, name)
        tables[name] = table[table["invoice_id"].isin(kept)].reset_index(drop=True)
    orders = [np.arange(old.orders[c], old.orders[c + 1]) for c in rows]
    order = np.concatenate(orders) if orders else np.zeros(0, np.int64)
    lines = [np.arange(old.lines[o], old.lines[o + 1]) for o in order]
    line = np.concatenate(lines) if lines else np.zeros(0, np.int64)
    each = ("kind", "frailty", "payment_weekdays", "order_rate", "reach", "keeps")
    fresh = replace(
        old,
        orders=np.r_[0, np.cumsum([len(part) for part in orders])].astype(np.int64),
        lines=np.r_[0, np.cumsum([len(part) for part in lines])].astype(np.int64),
        amount=old.amount[line],
        term=old.term[line],
        **{name: getattr(old, name)[rows] for name in each},
    )
    return replace(portfolio, ledger=replace(ledger, customers=customers, **tables), behaviour=fresh)


def shuffled(portfolio: Portfolio, rng: np.random.Generator) -> Portfolio:
    """Return the same portfolio with the rows of every table in another order."""
    mixed = chosen(portfolio, rng.permutation(portfolio.customers))
    tables = {
        name: getattr(mixed.ledger, name).sample(frac=1, random_state=rng).reset_index(drop=True)
        for name in COLUMNS
        if name not in ("customers", "staff")
    }
    return replace(mixed, ledger=replace(mixed.ledger, **tables))


def events(run: Run, but: str = "") -> dict[str, pd.DataFrame]:
    """Return what happened to customers, by id; the clock time and the specialist of a call may differ."""
    ledger, zone = run.ledger, run.portfolio.timezone
    contacts = ledger.contacts.copy()
    contacts["day"] = contacts["time"].dt.tz_convert(zone).dt.date.astype(str)
    promises = ledger.promises.merge(contacts[["contact_id", "customer_id", "day", "step"]], on="contact_id")
    tables = {
        "invoices": ledger.invoices,
        "payments": ledger.payments,
        "contacts": contacts.drop(columns=["contact_id", "time", "specialist_id"]),
        "promises": promises.drop(columns="contact_id"),
        "disputes": ledger.disputes.merge(ledger.invoices[["invoice_id", "customer_id"]], on="invoice_id"),
    }
    out = {}
    for name, table in tables.items():
        kept = table[table["customer_id"] != but]
        out[name] = kept.astype(str).sort_values(list(kept.columns)).reset_index(drop=True)
    assert len(out["invoices"])
    assert len(out["contacts"])
    return out


def assert_same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    """Assert that two runs tell the same story."""
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], obj=name)


def staff(*people: Mapping[str, Any], timezone: str = "UTC") -> pd.DataFrame:
    """Return a staff table: full-timers who speak English and may be firm, where nothing else is said."""
    from tests.handmade import table

    standard = {"skills": "firm", "languages": "en", "timezone": timezone, "weekly_hours": 40.0, "absences": ""}
    rows = [{"specialist_id": f"s{k}", "cost_per_hour": 0, **standard, **person} for k, person in enumerate(people)]
    return table("staff", rows)


def covers(samples: Sequence[float], value: float) -> bool:
    """Whether the 99.99 % Student interval of the mean of independent samples covers the value: 1 miss in 10,000."""
    from scipy.stats import t

    data = np.asarray(samples, float)
    half = t.ppf(1 - 0.5e-4, len(data) - 1) * data.std(ddof=1) / np.sqrt(len(data))
    return bool(abs(data.mean() - value) <= half)
