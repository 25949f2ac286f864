"""The Markov oracle: an absorbing aging chain whose stationary receivables, KPIs and losses are known exactly.

80 % of each month's sales is paid in the month of sale, 90 % of the rest in the next month, 85 % of what then remains
in the month after, and what is left is written off; sales 150,000 a month of 30 days.

An invoice that is open on n evenings counts n days, and an invoice is not yet due on the evening of its due date. So
"in the month of sale" is: open for 30 evenings, all of them current; term 29, paid 1, 31 or 61 days past due, the rest
written off at 61. The chain's year has 360 days, the ledger's 365.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ledger import Kpis, kpis
from sim import simulate
from tests.portfolios import chosen, covers, point_masses, portfolio

MONTH, MONTHS, WARM_UP = 30, 3, 120
GROUPS, EACH = 25, 20
ORDERS, AMOUNT = 0.5, 50_000  # a day and customer: 20 × 0.5 × 500.00 = 5000.00 a day = 150,000 a month
EXPECTED = {
    "ar_open": 183_000,
    "cash_collected": 149_550,
    "written_off": 450,
    "dso": 36.6,
    "best_possible_dso": 30.0,
    "add": 6.6,
    "cei": 81.967,
    "cei_cash": 81.721,
    "bad_debt_percent": 0.30,
    "ar_turnover": 9.836 * 365 / 360,
}


@cache
def groups() -> list[list[Kpis]]:
    """Return the KPIs of some months of independent groups of customers, from one run."""
    hazard = point_masses({1: 0.2, 31: 0.1, 61: 0.15})
    owners = portfolio(GROUPS * EACH, hazard, rate=ORDERS, amount=AMOUNT, term=29, assumptions={"write_off_age": 61})
    run = simulate(owners, "none", days=WARM_UP + MONTHS * MONTH, specialists=0, every_day=True)
    after, found = replace(run.portfolio, ledger=run.ledger), []
    for g in range(GROUPS):
        part = chosen(after, range(g * EACH, (g + 1) * EACH)).ledger
        ends = [run.end - pd.Timedelta(days=MONTH * k) for k in range(MONTHS)]
        found.append([kpis(part, start=end - pd.Timedelta(days=MONTH - 1), end=end) for end in ends])
    return found


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_simulated_ledger_has_the_chains_figures(name: str) -> None:
    """The interval over independent groups covers the exact value; 1 in 1,000 seeds would miss any of the ten."""
    sample = [np.mean([month[name] for month in months]) for months in groups()]
    assert covers(sample, EXPECTED[name])


@pytest.mark.parametrize(("name", "other"), [("dso", 37.6), ("best_possible_dso", 30.2), ("cei", 83.5)])
def test_the_intervals_are_narrow_enough_to_find_an_error(name: str, other: float) -> None:
    """A day more or a point more of a KPI would be noticed."""
    assert not covers([np.mean([month[name] for month in months]) for months in groups()], other)


def test_cash_and_write_offs_are_all_that_is_sold() -> None:
    """Over a month, beginning AR + sales = cash + write-offs + ending AR, to the cent, in every group."""
    for month in (month for months in groups() for month in months):
        left = month["beginning_ar"] + month["sales"] - month["cash_collected"] - month["written_off"]
        assert round(left, 2) == round(month["ar_open"], 2)
