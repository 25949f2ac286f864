"""When customers pay: the simulated payment days have the distribution that their hazard implies, day by day.

Twenty thousand customers owe one invoice each, issued on day 0 and due 20 days later.
"""

from functools import cache

import numpy as np
import pytest

from sim import Portfolio, Step, Strategy, simulate
from tests.handmade import invoice
from tests.portfolios import FIRST, LAST, PLAIN, flat, portfolio

CUSTOMERS, DUE, DAYS, EMAILED, RATIO, HALF_LIFE = 20_000, 20, 150, 5, 2.5, 10.0
EMAIL = Strategy(
    name="one_email", steps=(Step(name="email", day=EMAILED, channel="email", personal=True), )
)  # fmt: skip


def hazard() -> np.ndarray:
    """Return a hazard with early, on-time and late parts."""
    days = np.arange(FIRST, LAST + 1)
    late = 0.015 + 0.05 * np.exp(-days / 15)
    return np.where(days < 0, 0.012, np.where(days == 0, 0.35, late))[None, :]


@cache
def owners(frailty: float = 1.0, weekdays: tuple[int, ...] = tuple(range(7))) -> Portfolio:
    """Return customers with one open invoice each, who answer to an email."""
    rows = [invoice(f"i{k}", "2024-01-01", "2024-01-21", 10_000, customer_id=f"c{k:03d}") for k in range(CUSTOMERS)]
    effect = {"email_personal_hazard_ratio": RATIO, "effect_half_life": HALF_LIFE}
    return portfolio(
        CUSTOMERS, hazard(), invoices=rows, rate=0, assumptions=PLAIN | effect, frailty=frailty, weekdays=weekdays
    )


def paid(who: Portfolio, strategy: Strategy | str, **options: object) -> np.ndarray:
    """Return the number of invoices paid on each of days 1 .. DAYS, and of those unpaid by then."""
    run = simulate(who, strategy, days=DAYS, specialists=0, **({"every_day": True, "seed": 5} | options))
    day = (run.ledger.payments["received_date"] - run.start).dt.days.to_numpy()
    counts = np.bincount(day, minlength=DAYS + 1)
    assert counts[0] == 0
    return np.r_[counts[1:], CUSTOMERS - len(day)]


def expected(daily: np.ndarray) -> np.ndarray:
    """Return the expected numbers, given the hazard of days 1 .. DAYS."""
    survival = np.exp(-np.cumsum(np.r_[0.0, daily]))
    return CUSTOMERS * np.r_[-np.diff(survival), survival[-1]]


def with_email(daily: np.ndarray) -> np.ndarray:
    """Return the hazard after an email on day DUE + EMAILED whose effect decays from the day after."""
    since = np.arange(1, DAYS + 1) - DUE - EMAILED
    return daily * np.where(since > 0, 1 + (RATIO - 1) * 0.5 ** (since / HALF_LIFE), 1.0)


def daily(frailty: float = 1.0) -> np.ndarray:
    """Return the baseline hazard of days 1 .. DAYS."""
    first = 1 - DUE - FIRST
    return frailty * hazard()[0, first : first + DAYS]


def fits(observed: np.ndarray, expectation: np.ndarray) -> bool:
    """Whether Pearson's chi-square is below the quantile that 1 in 10,000 exceeds; thin days are joined to the next."""
    from scipy.stats import chi2

    cell = np.cumsum(expectation) // 25
    group = np.unique(cell, return_inverse=True)[1]
    seen, due = np.bincount(group, observed), np.bincount(group, expectation)
    return bool(((seen - due) ** 2 / due).sum() < chi2.ppf(1 - 1e-4, len(due) - 1))


@pytest.mark.parametrize("frailty", [1.0, 0.5, 1.8])
def test_payment_days_follow_the_hazard(frailty: float) -> None:
    """The exact distribution fits; the one of a hazard 15 % higher does not. 1 in 10,000 seeds would fail."""
    seen = paid(owners(frailty), "none")
    assert fits(seen, expected(daily(frailty)))
    assert not fits(seen, expected(daily(1.15 * frailty)))


def test_payment_days_follow_the_hazard_that_a_contact_raised() -> None:
    """The exact distribution with a decaying effect fits, the one without does not. 1 in 10,000 seeds would fail."""
    seen = paid(owners(), EMAIL)
    assert fits(seen, expected(with_email(daily())))
    assert not fits(seen, expected(daily()))


def test_a_contact_changes_nothing_before_the_day_after() -> None:
    """With the same thresholds, the very same invoices are paid up to the day of the email, and fewer remain open."""
    without, emailed = paid(owners(), "none"), paid(owners(), EMAIL)
    last = DUE + EMAILED
    assert (without[:last] == emailed[:last]).all()
    assert emailed[-1] < without[-1]


def test_payment_runs_move_decisions_to_the_next_payment_day() -> None:
    """With runs on Tuesdays and Fridays the decisions since the last run add up. 1 in 10,000 seeds would fail."""
    runs = (1, 4)
    seen = paid(owners(1.0, runs), "none")
    due, moved = expected(daily()), np.zeros(DAYS + 1)
    weekday = np.arange(1, DAYS + 1) % 7  # 2024-01-01, day 0, is a Monday
    carried = 0.0
    for k in range(DAYS):
        carried += due[k]
        if weekday[k] in runs:
            moved[k], carried = carried, 0.0
    moved[-1] = due[-1] + carried
    assert (seen[:-1][~np.isin(weekday, runs)] == 0).all()
    assert fits(seen, np.maximum(moved, 1e-9))


def test_hazard_that_never_comes_is_never_paid() -> None:
    """Exactly: no hazard, no payment; an unpaid invoice stays open to the end."""
    nobody = portfolio(3, flat(0.0), rate=0.2)
    run = simulate(nobody, "none", days=60, every_day=True)
    assert run.invoices
    assert not len(run.ledger.payments)
