"""Ledgers whose truth is known, made by plain numpy: nothing here comes from the simulator that is judged by them.

Every customer orders by a Poisson process of its own rate from the day it comes until it stops, with log-normal amounts
about its own mean and one term. It pays some days after the due date (a gamma time with the customer's mean), on its
own payment weekdays. `Truth` says what moves on top of that.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import Ledger
from ledger.table.tables import COLUMNS, TEXT

Floats = npt.NDArray[np.float64]
CUT: Final = pd.Timestamp("2024-09-30")
_MONTH: Final = 30.4375  # days


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a made ledger does; times in days, changes as logarithms, shares of 0 to 1.

    `growth` is per month, `jump` the change of all orders 91 days before the cut, `season` the amplitude of a yearly
    wave, `stops` and `arrivals` customers who stop or come per year and customer. `order_shock` and `pay_shock` are
    the standard deviations of steps, common to all customers, of monthly order levels and of mean delays.
    """

    customers: int = 120
    history: int = 456
    ahead: int = 91
    rate: float = 0.08  # orders per customer and day
    growth: float = 0.0
    jump: float = 0.0
    season: float = 0.0
    prices: float = 0.0  # change of all amounts 91 days before the cut
    stops: float = 0.0
    arrivals: float = 0.0
    part_payments: float = 0.0  # share of invoices paid in two parts, the second 20 to 60 days later
    residues: float = 0.0  # share of invoices short by 2 %, which stays open
    order_shock: float = 0.0
    pay_shock: float = 0.0


TRUTHS: Final = {
    "steady": Truth(),
    "growth": Truth(growth=0.04),
    "jump": Truth(jump=float(np.log(4.0)), rate=0.04),
    "season": Truth(history=820, season=0.4),
    "prices": Truth(prices=0.25),
    "turnover": Truth(stops=0.6, arrivals=0.6),
    "part payments": Truth(part_payments=0.3),
    "residues": Truth(residues=0.1),
    "shocks": Truth(order_shock=0.06, pay_shock=0.15),
}


def made_ledger(truth: Truth, seed: int) -> Ledger:
    """Return a ledger known to `truth.ahead` days after `CUT`, so that its snapshot at the cut can be judged."""
    rng = np.random.default_rng(seed)
    days = truth.history + truth.ahead
    level = _level(truth, rng)
    begins, ends = _spans(truth, rng, days)
    n = len(begins)
    rate = truth.rate * rng.gamma(1.0, 1.0, n) + 0.004
    working = (CUT + pd.to_timedelta(np.arange(days) - truth.history + 1, unit="D")).dayofweek.to_numpy() < 5
    lives = (np.arange(days) >= begins[:, None]) & (np.arange(days) < ends[:, None])
    orders = rng.poisson(1.4 * rate[:, None] * level * working * lives)
    owner, day = np.nonzero(orders)
    many = orders[owner, day]
    owner, day = np.repeat(owner, many), np.repeat(day, many)
    order = np.lexsort((day, owner))
    owner, day = owner[order], day[order]
    usual = np.exp(rng.normal(7.0, 0.8, n))
    amount = usual[owner] * np.exp(rng.normal(0.0, 0.6, len(owner)))
    amount *= np.where(day >= truth.history - 91, np.exp(truth.prices), 1.0)
    term = np.array([14, 30, 45])[rng.integers(0, 3, n)][owner]
    cents = np.maximum(np.round(amount * 100), 100).astype(np.int64)
    paid = _paid(truth, rng, owner, day + term)
    return _ledger(truth, rng, (owner, day, term, cents, paid), n)


def _level(truth: Truth, rng: np.random.Generator) -> Floats:
    """Return the factor on all orders of each day."""
    t = np.arange(truth.history + truth.ahead) - truth.history + 1.0
    steps = truth.order_shock * rng.standard_normal(int(len(t) / _MONTH) + 1)
    walk = np.cumsum(steps)[(np.arange(len(t)) / _MONTH).astype(int)]
    wave = truth.season * np.sin(2 * np.pi * t / 365.25)
    return np.asarray(np.exp(truth.growth * t / _MONTH + truth.jump * (t > -91) + wave + walk - walk[0]))


def _spans(truth: Truth, rng: np.random.Generator, days: int) -> tuple[Floats, Floats]:
    """Return on which day each customer comes, and on which it stops."""
    fresh = rng.poisson(truth.customers * truth.arrivals * days / 365)
    begins = np.r_[np.zeros(truth.customers), rng.uniform(0, days, fresh)]
    lasts = rng.exponential(365 / truth.stops, len(begins)) if truth.stops else np.full(len(begins), np.inf)
    return begins, begins + lasts


def _paid(truth: Truth, rng: np.random.Generator, owner: Any, due: Any) -> Any:
    """Return the day on which each invoice is paid, on a payment weekday of its customer."""
    n = int(owner.max()) + 1
    mean = np.exp(rng.normal(2.3, 0.6, n))
    month = (due / _MONTH).astype(int)
    shock = np.exp(np.cumsum(truth.pay_shock * rng.standard_normal(month.max() + 1)) * 0.5)
    shock *= np.exp(truth.pay_shock * rng.standard_normal(month.max() + 1))
    late = rng.gamma(2.0, mean[owner] * shock[month] / 2.0) - 3.0
    day = np.floor(due + late).astype(np.int64)
    weekday = (day - truth.history + 1 + CUT.dayofweek) % 7
    run = np.where(rng.random(n) < 0.4, rng.integers(0, 5, n), -1)[owner]
    wait = np.where(run >= 0, (run - weekday) % 7, np.where(weekday < 5, 0, 7 - weekday))
    return day + wait


def _ledger(truth: Truth, rng: np.random.Generator, columns: Any, n: int) -> Ledger:
    """Return the tables; what comes before the first day or after the last one is not in them."""
    owner, day, term, cents, paid = columns
    paid = np.maximum(paid, day)
    ids = pd.array([f"I{k:06d}" for k in range(len(owner))], TEXT)
    names = pd.array([f"C{k:04d}" for k in range(n)], TEXT)
    zero = CUT - pd.Timedelta(days=truth.history - 1)
    u = rng.random((3, len(owner)))
    parts, short = u[0] < truth.part_payments, u[1] < truth.residues
    first = np.where(parts, np.round(cents * (0.3 + 0.5 * u[2])), np.where(short, np.round(cents * 0.98), cents))
    invoice, first = np.arange(len(owner)), first.astype(np.int64)
    rest = np.flatnonzero(parts & (first < cents))
    later = paid[rest] + 20 + (40 * u[1][rest]).astype(np.int64)
    row, on = np.r_[invoice, rest], np.r_[paid, later + np.maximum(0, (later + zero.dayofweek) % 7 - 4) * 2]
    money = np.r_[first, cents[rest] - first[rest]]
    known = on < truth.history + truth.ahead
    row, on, money = row[known], on[known], money[known]
    date = zero + pd.to_timedelta(on, unit="D")
    issue = zero + pd.to_timedelta(day, unit="D")
    invoices = {"invoice_id": ids, "customer_id": names[owner], "issue_date": issue, "amount": cents, "currency": "USD"}
    invoices |= {"due_date": issue + pd.to_timedelta(term, unit="D"), "discount_percent": np.nan, "discount_days": None}
    payments = {"payment_id": [f"P{k:06d}" for k in range(len(row))], "invoice_id": ids[row], "kind": "cash"}
    payments |= {"customer_id": names[owner[row]], "received_date": date, "applied_date": date, "amount": money}
    customers: dict[str, Any] = {
        "customer_id": names,
        "segment": "all",
        "country": "",
        "timezone": "UTC",
        "language": "en",
    }
    customers |= {"terms": None, "credit_limit": None, "since": None}
    return Ledger(
        as_of=CUT + pd.Timedelta(days=truth.ahead),
        base_currency="USD",
        customers=_typed("customers", customers),
        invoices=_typed("invoices", invoices),
        payments=_typed("payments", payments | {"currency": "USD"}),
    )


def _typed(name: str, columns: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame(columns)
    return table[list(COLUMNS[name])].astype({key: column.dtype for key, column in COLUMNS[name].items()})
