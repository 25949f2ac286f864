"""The learned models: what they see, that they see nothing too early, and that they find a hazard that is known."""

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from models.families.forest import ANSWERS, paid_by_then
from models.families.hazard import fit_hazard, fit_hazard_linear, pooled, snapped, training_of
from models.families.lateness import Lateness
from models.history.candidate_days import DAY_FEATURES, INVOICE_FEATURES, CandidateDays, spanning
from models.history.customer_hazards import Axis, Kernel, customer_hazards
from models.history.features import FEATURES, invoice_features
from models.history.history_columns import Past
from models.history.paydays import Paydays
from tests.handmade import handmade, invoice, payment

WEEK = np.array([1, 1, 1, 1, 1, 0, 0], bool)
EVERY_DAY = np.ones(7, bool)


def number(day: str) -> int:
    """Return days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


def three() -> Ledger:
    """Return a customer that paid 2 days early and 4 late, and owes a third invoice since five days past due."""
    invoices = [
        invoice("a", "2024-03-01", "2024-03-31", 10_000),
        invoice("b", "2024-03-05", "2024-04-04", 20_000),
        invoice("c", "2024-03-20", "2024-04-19", 40_000),
    ]
    payments = [payment("a", "2024-03-29", 10_000), payment("b", "2024-04-08", 20_000)]
    return handmade("2024-04-24", invoices, payments)


def ask(ledger: Ledger, issue: str, due: str, evening: str, customer: str = "c1") -> CandidateDays:
    """Return the view of one invoice asked about on an evening."""
    past = Past.of(ledger)
    days = {"issue_date": issue, "due_date": due, "asked_on": evening}
    frame = pd.DataFrame([{"customer_id": customer, "amount": 20_000, "currency": "USD", **days}])
    return CandidateDays.of(past, past.asked(frame.astype(dict.fromkeys(days, "datetime64[ns]"))), EVERY_DAY)


def test_features_by_hand() -> None:
    """Two payments, one open overdue invoice: the numbers that a person would write down."""
    seen = dict(zip(FEATURES, ask(three(), "2024-04-24", "2024-05-24", "2024-04-24").features[0], strict=True))
    assert seen["term"] == 30
    assert seen["due_weekday"] == 4
    assert seen["late_median"] == 1.0  # of −2 and 4
    assert seen["late_last_5"] == pytest.approx((4 - 2 + seen["peers_late"]) / 3)
    assert seen["peers_late"] == pytest.approx((4 - 2) / (2 + 5))
    assert seen["share_late"] == pytest.approx(1.5 / 3)
    assert seen["since_payment"] == 16
    assert seen["open_count"] == pytest.approx(np.log1p(1))
    assert seen["open_amount"] == pytest.approx(np.log1p(40_000 / 20_000))
    assert seen["oldest_overdue"] == 5
    assert seen["after_newest_paid"] == 50
    assert seen["after_oldest_open"] == 35
    assert seen["relative_amount"] == pytest.approx(np.log(2e4) - np.log([1e4, 2e4, 4e4, 2e4]).mean(), abs=1e-5)


def test_a_kernel_by_hand() -> None:
    """With full weights the hazard is payments over invoices at risk, shrunk by two invoices to the hazard above."""
    ledger = three()
    past = Past.of(ledger)
    asked = ask(ledger, "2024-04-24", "2024-05-24", "2024-04-24").asked
    kernel = Kernel(by_payment_days=False, half_life=1e9, other_weekday=1.0, other_term=1.0)
    axis = Axis.of(kernel, spanning(past, asked, EVERY_DAY))
    hazard, at_risk = customer_hazards(past, asked, axis, kernel)
    on = lambda day: day - axis.first  # noqa: E731  # the cell of a day late
    assert at_risk[0, [on(-2), on(-1), on(4), on(5), on(6)]].tolist() == [3, 2, 2, 1, 0]
    above = (hazard[0, on(-1)] * (2 + 2)) / 2  # nobody paid on day −1: what is left is the hazard above
    assert 0 < above < 0.2
    nobody, _ = customer_hazards(past, ask(ledger, "2024-04-24", "2024-05-24", "2024-04-24", "?").asked, axis, kernel)
    assert hazard[0, on(4)] == pytest.approx((1 + 2 * nobody[0, on(4)]) / (2 + 2))
    assert hazard[0, on(6)] == pytest.approx(nobody[0, on(6)])


def test_nothing_later_is_seen() -> None:
    """Features and kernels on an evening are the same to the bit whether or not the ledger knows what came later."""
    full = random_ledger(seed=3)
    for evening in ("2024-05-06", "2024-07-12"):
        known = full.snapshot(evening)
        told, still = Past.of(full), Past.of(known)
        rows = np.flatnonzero((still.issue <= number(evening)) & (still.seen > number(evening) + 1))
        invoices = known.invoices[known.open_amount() > 0].assign(asked_on=pd.Timestamp(evening))
        assert len(rows) == len(invoices) > 20
        one, two = (CandidateDays.of(past, past.asked(invoices), WEEK) for past in (told, still))
        assert np.array_equal(one.features, two.features)
        assert all(np.array_equal(a, b) for a, b in zip(one.hazards, two.hazards, strict=True))
        assert np.array_equal(one.shares, two.shares)


def test_payment_days_skip_weekends_and_bank_holidays() -> None:
    """2024-07-04 is a holiday in the United States and a Thursday; no country, no holiday."""
    days = Paydays.of(("US", ""), WEEK, number("2024-06-20"), number("2024-07-31"))
    wednesday, monday = number("2024-07-03"), number("2024-07-08")
    us, none = (days.counted(np.array(c), np.array([wednesday, monday])) for c in (0, 1))
    assert np.diff(us) == 2
    assert np.diff(none) == 3
    assert days.day_of[0, us[0] + 1] == number("2024-07-05")
    assert days.of_month[0, number("2024-07-05") - days.first] == 4
    assert days.to_month_end[0, number("2024-07-31") - days.first] == 0
    assert days.after_holiday[0, number("2024-07-06") - days.first] == 2


def test_names_match_columns() -> None:
    """Every feature has a name."""
    view = ask(three(), "2024-04-24", "2024-05-24", "2024-04-24")
    row, day = view.candidates()
    assert view.day_features(row, day).shape == (len(row), len(FEATURES) + len(DAY_FEATURES))
    assert view.invoice_features.shape == (1, len(INVOICE_FEATURES))
    assert view.features.shape == invoice_features(Past.of(three()), view.asked).shape


def random_ledger(seed: int, invoices: int = 900, hazard: float = 0.15) -> Ledger:
    """Return invoices of 30 customers paid with one probability on each working day, whatever else."""
    rng = np.random.default_rng(seed)
    issue = np.sort(rng.integers(0, 200, invoices))
    workdays = [day for day in pd.date_range("2024-02-01", periods=420) if day.dayofweek < 5]
    calendar = pd.DatetimeIndex([day for day in workdays if f"{day:%m-%d}" not in _HOLIDAYS])
    first = pd.Timestamp("2024-02-01")
    rows, payments = [], []
    for k, start in enumerate(issue):
        day = first + pd.Timedelta(days=int(start))
        paid = calendar[calendar.searchsorted(day) + rng.geometric(hazard) - 1]
        due = day + pd.Timedelta(days=14)
        rows.append(invoice(f"i{k}", f"{day:%F}", f"{due:%F}", 10_000, customer_id=f"c{k % 30}"))
        if paid <= pd.Timestamp("2024-09-30"):
            payments.append(payment(f"i{k}", f"{paid:%F}", 10_000))
    return handmade("2024-09-30", rows, payments)


_HOLIDAYS = ("02-19", "05-27", "06-19", "07-04", "09-02", "10-14")


@pytest.mark.parametrize("learn", [fit_hazard, fit_hazard_linear])
def test_a_known_hazard_is_found(learn) -> None:  # type: ignore[no-untyped-def]  # one of two functions
    """With one hazard for all, the mean survival is the geometric one: no difference is found where there is none.

    The share of 900 unpaid has a standard error below 0.017; the tolerance is two of them, on fixed data. Drawing the
    later evening within each invoice's life, or growing 120 trees on so few, is wrong by 0.06 and more.
    """
    ledger = random_ledger(seed=11)
    asked = ledger.invoices[ledger.invoices["issue_date"].between("2024-05-01", "2024-07-31")]
    days = np.array([-8, -4, 0, 4])
    issue = asked["issue_date"].to_numpy().astype("datetime64[D]")[:, None]
    holidays = [f"2024-{day}" for day in _HOLIDAYS]
    chances = np.busday_count(issue, issue + 15 + days, holidays=holidays)
    mean = learn(ledger).survival(asked, days).mean(axis=0)
    assert mean == pytest.approx((0.85**chances).mean(axis=0), abs=0.035)


@pytest.mark.parametrize("learn", [fit_hazard, fit_hazard_linear])
def test_certainty_does_not_overflow(learn) -> None:  # type: ignore[no-untyped-def]  # one of two functions
    """Where every one of 300 invoices is paid on its due date, so are most of the next; nothing overflows."""
    days = [pd.Timestamp("2024-01-01") + pd.Timedelta(days=k % 100) for k in range(300)]
    due = [day + pd.Timedelta(days=28) for day in days]
    rows = [invoice(f"i{k}", f"{day:%F}", f"{due[k]:%F}", 100, customer_id=f"c{k % 9}") for k, day in enumerate(days)]
    ledger = handmade("2024-06-30", rows, [payment(f"i{k}", f"{day:%F}", 100) for k, day in enumerate(due)])
    survival = learn(ledger).survival(ledger.invoices[-50:], np.array([-3, -1, 0, 3]))
    assert (survival[:, 1] > 0.8).all()
    assert survival[:, 2].mean() < 0.25


def test_a_pool_keeps_what_its_members_agree_on() -> None:
    """Equal curves stay, zero stays zero, and the pool of two lies between them and never falls."""
    one, two = np.array([[0.0, 0.1, 0.7, 3.0, 12.0]]), np.array([[0.0, 0.4, 0.5, 5.0, 14.0]])
    assert pooled([one, one], [0.5, 0.5]) == pytest.approx(one, abs=1e-6)
    both = pooled([one, two], [0.3, 0.7])
    assert both[0, 0] == 0
    assert (both >= np.minimum(one, two)).all()
    assert (both <= np.maximum(one, two)).all()
    assert (np.diff(both) > 0).all()


def test_snapped_columns_keep_order_and_few_levels() -> None:
    """At most 255 levels, none out of order, none further away than the widest gap between quantiles."""
    column = np.random.default_rng(5).normal(size=20_000).astype(np.float32)[:, None]
    made = snapped(column)
    order = np.argsort(column[:, 0])
    assert len(np.unique(made)) <= 255
    assert (np.diff(made[order, 0]) >= 0).all()
    assert np.median(np.abs(made - column)) < 0.01
    assert np.array_equal(snapped(np.float32([[1], [2], [2], [9]])), [[1], [2], [2], [9]])


def test_a_forest_learns_from_what_is_known() -> None:
    """A paid invoice answers yes from its day on; an open one no up to today, then with a probability that grows."""
    training, _ = training_of(random_ledger(seed=7), seed=0)
    made = paid_by_then(training)
    paid = training.paid
    assert set(np.unique(made[paid])) == {0.0, 1.0}
    assert (np.diff(made, axis=1) >= 0).all()
    paydays, asked = training.view.paydays, training.asked
    open_late = paydays.counted(asked.country, training.end) - paydays.counted(asked.country, asked.due)
    assert (made[~paid][open_late[~paid][:, None] >= ANSWERS] == 0).all()
    assert (made[~paid][:, -1] > 0.5).all()


class Says:
    """A classifier that always says the same."""

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        """Return nine chances in ten of being late."""
        return np.tile([0.1, 0.9], (len(rows), 1))


def test_a_curve_is_bent_to_the_chance_of_being_late() -> None:
    """Log-odds on the due date are pooled; among the early, and among the late, nothing changes; the overdue stay."""
    ledger = three()
    past, days = Past.of(ledger), np.arange(-20, 41)
    new = ask(ledger, "2024-04-24", "2024-05-24", "2024-04-24")
    curve = 0.02 * np.maximum(days + 10.0, 0.0)[None, :]
    bent = Lateness(trees=Says()).bent(new, days, curve, np.array([0.2]))
    before, after = np.exp(-curve[0]), np.exp(-bent[0])
    due = int(np.flatnonzero(days == 0)[0])
    odds = np.log(before[due] / (1 - before[due]))
    assert np.log(after[due] / (1 - after[due])) == pytest.approx(0.7 * odds + 0.3 * np.log(9))
    np.testing.assert_allclose(after[due:] / after[due], before[due:] / before[due])
    np.testing.assert_allclose((1 - after[:due]) / (1 - after[due]), (1 - before[:due]) / (1 - before[due]), atol=1e-12)
    overdue = CandidateDays.of(
        past, past.asked(ledger.invoices.head(1).assign(asked_on=pd.Timestamp("2024-09-01"))), WEEK
    )
    assert (Lateness(trees=Says()).bent(overdue, days, curve, np.array([0.0])) == curve).all()
