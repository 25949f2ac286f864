"""Sales of a run follow the ledger: level, trend, season, customers who stopped and customers who are new."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import nbinom

from benchmarks._made_ledgers import CUT, Truth, made_ledger
from ledger import Ledger
from sim import from_ledger, simulate
from sim.demand.demand import Demand, demand
from sim.demand.newcomers import Newcomers, newcomers
from sim.demand.order_days import OrderExposure, order_days, weekly
from sim.demand.order_level import Level, level
from sim.demand.order_sizes import catalogue
from sim.demand.season import NO_SEASON, Season, season
from sim.demand.turnover import _chances, turnover
from tests.handmade import Row, handmade, invoice

AS_OF = pd.Timestamp("2024-12-31")
NOBODY_CHANGED = np.zeros(1, np.bool_)


def ordered_on(days: pd.DatetimeIndex, customer: str, amount: int = 10_000) -> list[Row]:
    """Return an invoice of 30 days for each day."""
    return [
        invoice(f"{customer}-{k}", f"{day:%F}", f"{day + pd.Timedelta(days=30):%F}", amount, customer_id=customer)
        for k, day in enumerate(days)
    ]


def demand_of(*customers: list[Row]) -> Demand:
    """Return the demand of a ledger of these customers, by the order of their names."""
    return demand(handmade(f"{AS_OF:%F}", [row for rows in customers for row in rows]))[0]


def issued(ledger: Ledger, days: int, replications: int) -> np.ndarray:
    """Return how many invoices each replication issues."""
    start = from_ledger(ledger)
    return np.array(
        [simulate(start, "none", days=days, specialists=0, replication=k).invoices for k in range(replications)]
    )


@cache
def jumped() -> Ledger:
    """Return two orders a working day for nine months, and eight a day in the last quarter, of forty customers."""
    days = pd.bdate_range(AS_OF - pd.Timedelta(days=364), AS_OF)
    each = np.where(days > AS_OF - pd.Timedelta(days=91), 8, 2)
    rows = [
        invoice(f"i{n}", f"{day:%F}", f"{day + pd.Timedelta(days=30):%F}", 10_000, customer_id=f"c{n * 7 % 40:02d}")
        for n, day in enumerate(np.repeat(days, each))
    ]
    return handmade(f"{AS_OF:%F}", rows)


def test_a_quarter_that_differs_beyond_chance_is_the_level():
    """Eight a day come again: 65 working days bring about 520, where the year's mean would bring 218."""
    counts = issued(jumped(), 91, 40)
    assert 470 < counts.mean() < 560
    assert np.quantile(counts, 0.05) < 504 < np.quantile(counts, 0.95)  # 63 working days in the first quarter of 2025


def test_a_steady_year_counts_whole():
    """Of 200 steady years of 300 orders, the level is farther than 3 of its own errors from the year in few.

    The error of a year's mean is 1/√300; 15 or more of 200 would be farther in fewer than 1 of 10,000 tries if the
    level were that mean, and the walk that is allowed for may add as many again.
    """
    rng = np.random.default_rng(3)
    far = sum(
        abs(level(rng.poisson(25, 12).astype(float), np.full(12, 25.0))[0].expected - 1) > 3 / np.sqrt(300)
        for _ in range(200)
    )
    assert far < 30


def test_forecasts_are_weighted_by_their_negative_binomial_chance():
    """With one month, one δ and no dispersion the weights are the chances of that count, by scipy."""
    told, _ = level(np.array([30.0]), np.array([25.0]))
    plain = (told.trend == 0) & np.isclose(told.shape - 30, 2 * told.kept)  # φ = 1
    a = 2 * told.kept[plain]
    chance = nbinom.pmf(30, a, a / (a + 25.0))
    assert np.allclose(told.weight[plain] / told.weight[plain].sum(), chance / chance.sum())


def test_a_trend_goes_on_where_it_foretells_better():
    """Growth of 4 % a month is seen as such, and 12 months of it are not taken for a level that jumps."""
    expected = np.full(12, 100.0)
    told, path = level(np.round(100 * np.exp(0.04 * (np.arange(12) - 11.5))), expected)
    assert told.weight @ told.trend > 0.02
    assert path[-1] > path[0] * 1.3
    stands, _ = level(np.r_[np.full(9, 50.0), np.full(3, 200.0)], expected)
    assert abs(stands.weight @ stands.trend) < 0.005
    assert stands.expected == pytest.approx(2.0, rel=0.03)


def test_before_any_month_is_seen_the_level_is_the_usual_one():
    """A ledger that begins on its last day has no month to learn from."""
    told, months = level(np.zeros(0), np.zeros(0))
    assert told.expected == pytest.approx(1.0)
    assert len(months) == 0
    issued_today = handmade("2024-05-31", [invoice("a", "2024-05-31", "2024-06-30", 100)], [])
    assert demand(issued_today)[0].level.expected == pytest.approx(1.0)


def test_last_years_season_comes_again_where_it_told_this_years():
    """Two years of one wave give the wave; two that have nothing in common give none."""
    months = np.arange(24)
    wave = np.exp(0.4 * np.sin(2 * np.pi * months / 12))
    told = season(np.round(200 * wave), np.full(24, 21.0)).factor
    assert np.abs(np.log(told) - np.log(wave[:12])).max() < 0.05
    grown = season(np.round(200 * wave * np.exp(0.03 * months)), np.full(24, 21.0)).factor
    assert np.abs(np.log(grown) - np.log(wave[:12])).max() < 0.05


def test_no_season_is_seen_in_noise_but_once_in_a_hundred():
    """Of 400 ledgers without one, 4 are expected to show one by luck; more than 14 in fewer than 1 of 10,000 tries."""
    rng = np.random.default_rng(8)
    seen = sum(season(rng.poisson(60, 26).astype(float), np.full(26, 21.0)).seen for _ in range(400))
    assert seen <= 14


def test_less_than_eighteen_months_show_no_season():
    """One year alone cannot tell a season from a change."""
    assert season(np.r_[np.full(9, 50.0), np.full(8, 200.0)], np.full(17, 21.0)) is NO_SEASON


def test_the_doubt_about_a_season_is_the_error_of_its_factors():
    """Of 100 waves by Poisson counts, the errors of logarithms spread as the doubt says, within a fifth.

    1,200 errors, 12 of one ledger leaning on each other by a common mean, have a spread known to some 5 %.
    """
    rng = np.random.default_rng(11)
    wave = 0.4 * np.sin(2 * np.pi * np.arange(24) / 12)
    spread, doubt = [], []
    for mean in (60, 600):
        told = [season(rng.poisson(mean * np.exp(wave)).astype(float), np.full(24, 21.0)) for _ in range(100)]
        seen = [one for one in told if one.seen]
        off = np.array([np.log(one.factor) - wave[:12] for one in seen])
        spread.append(off.std())
        doubt.append(np.sqrt(np.mean([one.doubt**2 for one in seen])))
    assert np.allclose(doubt, spread, rtol=0.2)
    assert doubt[0] > 2.5 * doubt[1]  # √10 by counts alone


def test_drawn_factors_of_a_season_have_their_mean():
    """Mean of 40,000 draws: the factor within 4.5 standard errors; no doubt draws it exactly."""
    told = Season(factor=np.linspace(0.7, 1.3, 12), doubt=0.2)
    drawn = np.array([told.drawn(z) for z in np.random.default_rng(1).standard_normal((40_000, 12))])
    assert (np.abs(drawn.mean(axis=0) / told.factor - 1) < 4.5 * 0.203 / np.sqrt(40_000)).all()
    assert (NO_SEASON.drawn(np.full(12, 2.0)) == 1).all()


def test_months_to_come_spread_as_those_seen():
    """A month of n = 50 orders at φ = 5 has variance n·φ: a factor of mean 1 and variance 4/50; at φ = 1 none."""
    one = np.ones(1)
    known = {"weight": one, "shape": 1e9 * one, "mean": one, "kept": one, "trend": 0 * one, "monthly": 50.0}
    drawn = Level(spread=5 * one, **known).months(0.5, (np.arange(20_000) + 0.5) / 20_000)
    assert drawn.mean() == pytest.approx(1, abs=1e-3)
    assert drawn.var() == pytest.approx(4 / 50, rel=0.01)
    assert (Level(spread=one, **known).months(0.5, np.linspace(0.01, 0.99, 9)) == 1).all()


def test_a_level_that_broke_is_not_held_to_the_old_one():
    """Four times as many orders as before, in three of twelve months: the level is theirs, within half a percent."""
    told, _ = level(np.r_[np.full(9, 500.0), np.full(3, 2000.0)], np.full(12, 875.0))
    assert told.expected == pytest.approx(2000 / 875, rel=0.005)


def test_a_level_counts_invoices_and_not_order_days():
    """Twice the invoices on as many order days: the level of the quarter is above the year's."""
    days = pd.bdate_range(AS_OF - pd.Timedelta(days=500), AS_OF)
    late = days > AS_OF - pd.Timedelta(days=91)
    rows = [ordered_on(days[k::20], f"c{k:02d}") for k in range(20)]
    more = [ordered_on(days[late][k % 20 :: 20], f"c{k % 20:02d}", 9_000) for k in range(20)]
    more = [[row | {"invoice_id": f"more-{row['invoice_id']}"} for row in some] for some in more]
    assert demand_of(*rows).level.expected == pytest.approx(1, abs=0.05)
    assert demand_of(*rows, *more).level.expected > 1.4


def test_silence_that_is_long_for_its_rate_is_a_stop():
    """Thirteen weeks without an order: a weekly customer has stopped, one who orders each quarter has not."""
    everybody = pd.date_range("2024-01-02", AS_OF, freq="28D")
    weekly = pd.date_range("2024-01-02", AS_OF - pd.Timedelta(days=91), freq="7D")
    rarely = pd.date_range("2024-01-02", AS_OF - pd.Timedelta(days=80), freq="91D")
    rows = [ordered_on(everybody + pd.Timedelta(days=k % 28), f"c{k:02d}") for k in range(30)]
    rows = [[row for row in some if row["issue_date"] <= f"{AS_OF:%F}"] for some in rows]
    told = demand_of(*rows, ordered_on(weekly, "x"), ordered_on(rarely, "y"))
    assert told.alive[:30].min() > 0.95
    assert told.alive[30] < 0.1
    assert told.alive[31] > 0.8


def test_the_chance_of_having_stopped_is_the_integral_over_when():
    """∫ μ·(b/(b + u))^k du over the silence, by quadrature."""
    for shape, scale, silence, stop in ((3.0, 40.0, 60.0, 0.002), (0.4, 5.0, 250.0, 0.01), (120.0, 90.0, 20.0, 1e-4)):
        still, gone = _chances(np.array([shape]), np.array([scale]), np.array([silence]), stop)
        k = shape + stop * scale
        integral = quad(lambda u, k=k, b=scale, m=stop: m * (b / (b + u)) ** k, 0, silence, epsabs=1e-14)[0]
        assert gone[0] == pytest.approx(integral, rel=1e-6)
        assert still[0] == pytest.approx((scale / (scale + silence)) ** k)


def test_rates_and_stops_are_recovered():
    """Of 3,000 customers of known rates, of whom a third stopped: rates, stops and who is left, within 10 %."""
    rng = np.random.default_rng(5)
    rate, ends = rng.gamma(1.5, 0.1 / 1.5, 3000), rng.exponential(1 / 0.002, 3000)
    followed = np.minimum(ends, 250.0)
    orders = rng.poisson(rate * followed).astype(float)
    last = np.where(orders > 0, followed * rng.random(3000) ** (1 / np.maximum(orders, 1)), 0.0)
    told = turnover(orders, last, 250.0 - last)
    assert told.stop == pytest.approx(0.002, rel=0.1)
    assert told.alive.sum() == pytest.approx((ends > 250).sum(), rel=0.05)
    assert (told.alive * told.rate).sum() == pytest.approx(rate[ends > 250].sum(), rel=0.05)


def test_a_new_customer_counts_with_its_rate_over_its_own_time():
    """Weekly since six weeks: its rate is that of a weekly customer, not an eighth of it."""
    old = [ordered_on(pd.date_range(f"2024-01-0{2 + k % 2}", AS_OF, freq="7D"), f"c{k}") for k in range(8)]
    told = demand_of(*old, ordered_on(pd.date_range(AS_OF - pd.Timedelta(days=42), AS_OF, freq="7D"), "n"))
    assert told.rate[-1] == pytest.approx(told.rate[0], rel=0.3)


def test_new_customers_go_on_coming_as_they_came():
    """Four a month for a year: about twelve in a quarter; and all on the accounts of those who came."""
    old = [ordered_on(pd.date_range("2023-10-02", AS_OF, freq="14D"), f"a{k}") for k in range(10)]
    came = pd.date_range("2024-01-05", AS_OF, freq="7D")
    fresh = [ordered_on(pd.date_range(day, AS_OF, freq="28D"), f"n{k:02d}") for k, day in enumerate(came)]
    told = demand_of(*old, *fresh)
    assert float(told.newcomers.expected(65.0)) == pytest.approx(13, abs=4)
    assert set(told.like) <= set(range(10, 10 + len(fresh)))


def test_a_young_ledger_meets_its_old_customers_less_and_less():
    """First orders that fall as one over the ledger's age are not taken for a stream of new customers."""
    at = np.exp(np.linspace(np.log(4), np.log(120), 60)).astype(int)
    begin = AS_OF - pd.Timedelta(days=120)
    rows = [
        ordered_on(pd.DatetimeIndex([begin + pd.Timedelta(days=int(day))]), f"c{k:02d}") for k, day in enumerate(at)
    ]
    rows.append(ordered_on(pd.DatetimeIndex([begin]), "z"))
    ledger = handmade(f"{AS_OF:%F}", [row for some in rows for row in some])
    days = order_days(ledger)
    told = newcomers(days, OrderExposure.of(ledger, days.begin, weekly(days, days.begin)))
    assert told.steady < 0.05
    assert float(told.expected(65.0)) == pytest.approx(60 / np.log(30) * np.log1p(65 / told.age), rel=0.3)


def test_newcomers_arrive_at_their_intensity():
    """Where so many are expected is the inverse of how many are expected until then."""
    told = Newcomers(steady=0.2, fading=30.0, age=100.0, seen=50)
    number = np.array([0.5, 3.0, 17.0])
    assert np.allclose(np.asarray(told.expected(told.when(number, 90.0))), number, rtol=1e-3)
    assert told.when(np.array([1e6]), 90.0)[0] > 90


def test_sizes_follow_the_last_quarter_where_they_changed():
    """A customer whose orders doubled repeats the doubled ones; one that always orders the same is left alone."""
    days = pd.bdate_range(AS_OF - pd.Timedelta(days=360), AS_OF, freq="6B")
    recent = days > AS_OF - pd.Timedelta(days=91)
    doubled = [
        row | {"amount": (2 if late else 1) * (9_000 + 100 * (k % 17))}
        for k, (row, late) in enumerate(zip(ordered_on(days, "d"), recent, strict=True))
    ]
    found = order_days(handmade(f"{AS_OF:%F}", [*doubled, *ordered_on(days, "s")]))
    orders, _, amount, _ = catalogue(found, found.end - 91, NOBODY_CHANGED)
    assert amount[: orders[1]].min() >= 18_000
    assert orders[1] == recent.sum()
    assert (amount[orders[1] :] == 10_000).all()
    assert orders[2] - orders[1] == len(days)


def test_prices_that_rose_for_all_bring_earlier_orders_to_their_level():
    """Everybody pays a quarter more since the last quarter: the mean size is the new one, within 3 %."""
    known = made_ledger(Truth(prices=0.25, history=365), 4).snapshot(CUT)
    found = order_days(known).after(order_days(known).end - 365)
    orders, lines, amount, _ = catalogue(found, found.end - 91, NOBODY_CHANGED)
    log = np.log(np.add.reduceat(amount, lines[:-1]))
    late, owner = found.day > found.end - 91, found.owner
    gap = [
        log[(owner == c) & late].mean() - log[(owner == c) & ~late].mean()
        for c in range(40)
        if orders[c + 1] - orders[c] > 12
    ]
    assert abs(np.mean(gap)) < 0.1


def test_every_strategy_meets_the_same_orders():
    """Level, rates, stops and newcomers of a replication are drawn alike: chasing changes no order."""
    start = from_ledger(made_ledger(Truth(stops=0.6, arrivals=0.6, customers=40), 2).snapshot(CUT))
    runs = [simulate(start, strategy, days=60, replication=3) for strategy in ("none", "escalated")]
    tables = [run.ledger.invoices.iloc[len(start.ledger.invoices) :].reset_index(drop=True) for run in runs]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["invoice_id"].is_unique
    assert simulate(start, "none", days=60, replication=4).invoices != runs[0].invoices


def test_invoices_fall_on_the_weekdays_on_which_the_house_writes_them():
    """Where a third is written on Saturdays and nothing on Fridays, so it is in the run, within 4.5 standard errors."""
    days = pd.date_range("2024-01-01", AS_OF, freq="D")
    chosen = days[days.dayofweek.isin([0, 1, 5])]
    ledger = handmade(f"{AS_OF:%F}", [row for k in range(20) for row in ordered_on(chosen[k % 7 :: 7], f"c{k:02d}")])
    run = simulate(from_ledger(ledger), "none", days=180, specialists=0)
    fresh = run.ledger.invoices.iloc[len(ledger.invoices) :]["issue_date"].dt.dayofweek
    assert set(fresh) == {0, 1, 5}
    assert abs((fresh == 5).mean() - 1 / 3) < 4.5 * np.sqrt(2 / 9 / len(fresh)) + 0.02  # 0.02: holidays on Mondays


def test_what_is_not_known_of_the_level_is_in_the_projection():
    """Between replications orders vary more than by Poisson: four times as many would be seen by luck in no case."""
    counts = issued(jumped(), 91, 40)
    assert counts.var(ddof=1) > 2 * counts.mean()


def test_the_notes_tell_what_goes_on():
    """Level, stopped and new customers are in the portfolio's notes."""
    note = next(note for note in from_ledger(jumped()).notes if note.startswith("Orders:"))
    assert "of their year's level" in note
    assert "have stopped" in note


def test_who_orders_at_another_rate_repeats_orders_of_the_quarter_alone():
    """One invoice a day before, two a day in the quarter: who is known to have changed brings two each time."""
    days = pd.bdate_range(AS_OF - pd.Timedelta(days=360), AS_OF, freq="5B")
    recent = days > AS_OF - pd.Timedelta(days=91)
    rows = [
        *ordered_on(days[~recent], "d"),
        *ordered_on(days[recent], "e", 5_000),
        *ordered_on(days[recent], "f", 5_000),
    ]
    found = order_days(handmade(f"{AS_OF:%F}", [row | {"customer_id": "d"} for row in rows]))
    for changed, orders_of in ((False, len(days)), (True, int(recent.sum()))):
        orders, lines, _, _ = catalogue(found, found.end - 91, np.array([changed]))
        assert orders[1] == orders_of
        assert (np.diff(lines)[-int(recent.sum()) :] == 2).all()
