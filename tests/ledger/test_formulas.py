"""Known answers: every figure here was worked by hand from its formula before the code was written."""

import doctest
from collections.abc import Callable

import pytest

from ledger.kpi import formulas
from ledger.table import months

APPROX = 5e-7  # relative, for figures given to nine digits


@pytest.mark.parametrize(("ar", "sales", "days", "expected"), [(15_000, 10_000, 30, 45.0), (25_000, 15_000, 30, 50.0)])
def test_dso_simple(ar: float, sales: float, days: int, expected: float) -> None:
    """AR over sales, in days."""
    assert formulas.dso_simple(ar, sales, days) == expected


@pytest.mark.parametrize(("current", "sales", "expected"), [(4_000, 10_000, 12.0), (6_000, 15_000, 12.0)])
def test_best_possible_dso(current: float, sales: float, expected: float) -> None:
    """Only what is not past due."""
    assert formulas.best_possible_dso(current, sales, 30) == expected


@pytest.mark.parametrize(("dso", "best", "expected"), [(45.0, 12.0, 33.0), (50.0, 12.0, 38.0)])
def test_average_days_delinquent(dso: float, best: float, expected: float) -> None:
    """The difference of the two."""
    assert formulas.average_days_delinquent(dso, best) == expected


@pytest.mark.parametrize(
    ("ar", "sales", "days", "expected"),
    [
        (212_000, [100_000, 80_000, 70_000], [30, 30, 30], 73.7142857),
        (2_100_000, [900_000, 800_000, 700_000], [31, 28, 31], 76.7142857),
        (300_000, [100_000, 80_000], [30, 30], None),
        (180_000, [100_000, 80_000], [30, 30], 60.0),
        (0, [100_000], [30], 0.0),
        (50, [0, 100], [30, 30], 45.0),
    ],
)
def test_dso_count_back(ar: float, sales: list[float], days: list[int], expected: float | None) -> None:
    """Whole months, then pro rata; not available when history runs out before the balance does."""
    found = formulas.dso_count_back(ar, sales, days)
    assert found == (None if expected is None else pytest.approx(expected, rel=APPROX))


@pytest.mark.parametrize("rate", [0.9, 1.1, 0.0061, 7.3])
def test_dso_count_back_is_all_days_where_every_invoice_is_open_in_two_currencies(rate: float) -> None:
    """Months and balance are converted apart, so a residue of floats is left where nothing is; it is no balance."""
    euros, others = [70_100, 33_333, 12_345, 99_999], [10_007, 20_011, 30_013, 40_009]
    sales = [e / 100 + rate * o / 100 for e, o in zip(euros, others, strict=True)]
    ar = sum(euros) / 100 + rate * sum(others) / 100
    for residue in (-1e-10, 0.0, 1e-10):
        assert formulas.dso_count_back(ar + residue, sales, [30, 31, 29, 31]) == pytest.approx(121.0)
    assert formulas.dso_count_back(ar + 0.01, sales, [30, 31, 29, 31]) is None


def test_cei_is_zero_to_the_last_digit_where_nothing_was_collected() -> None:
    """0.1 + 0.2 is not .3 in floats, yet no money came."""
    assert formulas.cei(0.1, 0.2, 0.3, 0.1) == 0.0


def test_dso_true() -> None:
    """Each open invoice by its age and the sales of its own month."""
    assert formulas.dso_true([30_000, 16_000, 7_000], [20, 45, 80], [100_000, 80_000, 70_000]) == pytest.approx(23.0)
    assert formulas.dso_true([1], [1], [0]) is None


@pytest.mark.parametrize(
    ("beginning", "sales", "ending", "current", "expected"),
    [(6_200, 10_890, 6_340, 3_590, 79.63), (6_200, 3_610, 6_000, 3_560, 60.96), (6_000, 3_890, 6_340, 3_590, 56.35)],
)
def test_cei(beginning: float, sales: float, ending: float, current: float, expected: float) -> None:
    """Collected over collectible, with the sales of the whole window."""
    assert formulas.cei(beginning, sales, ending, current) == pytest.approx(expected, abs=0.005)


def test_cei_crf_divides_sales_by_the_months() -> None:
    """The same quarter by the CRF's variant is far lower, and over one month it is the same."""
    assert formulas.cei_crf(6_200, 10_890, 6_340, 3_590, months=3) == pytest.approx(55.93, abs=0.005)
    assert formulas.cei_crf(6_200, 3_610, 6_000, 3_560, months=1) == formulas.cei(6_200, 3_610, 6_000, 3_560)


def test_promise_kept() -> None:
    """Ten matured, seven kept: 70 % by count; 65,000 paid of 100,000 promised."""
    assert formulas.promise_kept_percent(7, 10) == 70.0
    assert formulas.promise_kept_amount_percent(55_000 + 10_000, 55_000 + 25_000 + 20_000) == 65.0


def test_right_party_contact() -> None:
    """120 attempts, 48 connects, 18 right parties, 9 promises."""
    assert formulas.right_party_percent(18, 120) == 15.0
    assert formulas.right_party_percent(18, 48) == 37.5
    assert formulas.promises_per_right_party_percent(9, 18) == 50.0


def test_early_discount() -> None:
    """2/10 net 30 costs 37.24 % a year, 44.59 % compounded; 1/10 net 30 costs 18.43 %."""
    assert formulas.early_discount_apr(2, 10, 30) == pytest.approx(37.24, abs=0.005)
    assert formulas.early_discount_effective_rate(2, 10, 30) == pytest.approx(44.59, abs=0.005)
    assert formulas.early_discount_apr(1, 10, 30) == pytest.approx(18.43, abs=0.005)
    assert formulas.early_discount_apr(2, 30, 30) is None
    assert formulas.early_discount_effective_rate(100, 10, 30) is None


def test_markov_chain() -> None:
    """80, 90 and 85 % of what is left is paid in three months, the rest written off; sales 150,000 a month."""
    sales, pay = 150_000.0, (0.80, 0.90, 0.85)
    left = [sales, sales * (1 - pay[0]), sales * (1 - pay[0]) * (1 - pay[1])]
    ar, cash = sum(left), sum(share * balance for share, balance in zip(pay, left, strict=True))
    write_off = sales - cash
    dso, best = formulas.dso_simple(ar, sales, 30), formulas.best_possible_dso(sales, sales, 30)
    assert (ar, cash, write_off) == pytest.approx((183_000, 149_550, 450))
    assert dso == pytest.approx(36.6)
    assert best == pytest.approx(30.0)
    assert formulas.average_days_delinquent(dso, best) == pytest.approx(6.6)
    assert formulas.bad_debt_percent(write_off, sales) == pytest.approx(0.30)
    assert formulas.ar_turnover(sales, ar, 30, days_per_year=360) == pytest.approx(9.836, abs=0.0005)
    assert formulas.cei(ar, sales, ar, sales) == pytest.approx(81.967, abs=0.0005)
    assert formulas.cei_cash(cash, ar, sales, sales) == pytest.approx(81.721, abs=0.0005)


@pytest.mark.parametrize(
    ("growth", "month", "quarter", "count_back"),
    [(0.0, 36.60, 36.60, 36.60), (0.1, 35.95, 39.43, 36.55), (-0.1, 37.41, 33.54, 36.67)],
)
def test_a_sales_trend_moves_dso_though_customers_pay_alike(
    growth: float, month: float, quarter: float, count_back: float
) -> None:
    """The same chain with sales growing or shrinking: quarterly DSO moves three days, count-back hardly."""
    sales = [(1 + growth) ** -age for age in range(4)]
    ar = sales[0] + 0.2 * sales[1] + 0.02 * sales[2]
    assert formulas.dso_simple(ar, sales[0], 30) == pytest.approx(month, abs=0.005)
    assert formulas.dso_simple(ar, sum(sales[:3]), 90) == pytest.approx(quarter, abs=0.005)
    assert formulas.dso_count_back(ar, sales, [30] * 4) == pytest.approx(count_back, abs=0.005)


@pytest.mark.parametrize(
    "figure",
    [
        lambda: formulas.dso_simple(1, 0, 30),
        lambda: formulas.best_possible_dso(0, 0, 30),
        lambda: formulas.average_days_delinquent(None, 1.0),
        lambda: formulas.cei(100, 0, 100, 100),
        lambda: formulas.cei(0.1, 0.2, 0.3, 0.3),  # 0.1 + 0.2 > 0.3 in floats, yet nothing was collectible
        lambda: formulas.cei_cash(0, 0, 0, 0),
        lambda: formulas.bad_debt_percent(1, 0),
        lambda: formulas.ar_turnover(1, 0, 30),
        lambda: formulas.percent_of_ar(0, 0),
        lambda: formulas.promise_kept_percent(0, 0),
        lambda: formulas.promise_kept_amount_percent(0, 0),
        lambda: formulas.right_party_percent(0, 0),
        lambda: formulas.cost_to_collect(1, 0),
        lambda: formulas.forecast_error([1], [0]),
    ],
)
def test_what_has_no_base_is_not_available(figure: Callable[[], float | None]) -> None:
    """No sales, nothing collectible, nothing matured: `None`, never zero, NaN or infinity."""
    assert figure() is None


@pytest.mark.parametrize("module", [formulas, months])
def test_examples_in_the_docstrings_run(module: object) -> None:
    """The documentation says what the code does."""
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0
