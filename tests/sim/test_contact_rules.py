"""The rules of chasing hold in the contact log of whole runs, read as a stranger would: from the ledger."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from ledger.policy.roster import FULL_SHIFT, SHIFT_START
from sim import Assumptions, Plan, Portfolio, Run, Step, Strategy, WorkList, simulate, synthetic
from sim.planners import planner
from tests.handmade import invoice
from tests.portfolios import flat, portfolio, staff

STRATEGIES = ("escalated", "sop_cadence", "proactive")
NEW_YORK = "America/New_York"
PEOPLE = staff(
    {"languages": "en es", "skills": "firm"},
    {"languages": "en fr", "weekly_hours": 20.0, "skills": ""},
    {"languages": "en", "skills": "", "absences": "2026-10-06 2026-10-07 2026-10-20"},
    timezone=NEW_YORK,
)


@cache
def owners() -> Portfolio:
    """Return customers of three countries, languages and five time zones."""
    return synthetic("stress", customers=110, seed=2)


@cache
def run_of(strategy: str, **options: object) -> Run:
    """Return a run in which hours are scarce and people differ."""
    return simulate(owners(), strategy, days=75, specialists=PEOPLE, **options)


def contacts(run: Run, *, outbound: bool = True) -> pd.DataFrame:
    """Return the run's contacts with the day and second on the collectors' clock, and what the ledger knows of them."""
    ledger = run.ledger
    table = ledger.contacts[ledger.contacts["contact_id"].str.startswith(f"K{run.start:%y%m%d}").to_numpy(bool)]
    if outbound:
        table = table[table["channel"] != "inbound"]
    local = table["time"].dt.tz_convert(run.portfolio.timezone)
    people = ledger.customers.set_index("customer_id")
    table = table.assign(
        day=local.dt.tz_localize(None).dt.normalize(),
        second=(local.dt.hour * 3600 + local.dt.minute * 60 + local.dt.second).to_numpy(),
        language=people["language"].reindex(table["customer_id"]).to_numpy(),
        timezone=people["timezone"].reindex(table["customer_id"]).to_numpy(),
    )
    assert len(table) > 100
    return table


def calls(run: Run) -> pd.DataFrame:
    """Return the calls that specialists made."""
    table = contacts(run)
    return table[table["channel"] == "phone"]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("cap", [1, 3])
def test_contacts_within_seven_days_stay_under_the_cap(strategy: str, cap: int) -> None:
    """Messages and conversations count, the customer's own calls too; only these may lead beyond the cap."""
    capped = Strategy.load(strategy).model_copy(update={"contact_cap": cap})
    run = simulate(owners(), capped, days=60, specialists=3)
    table = contacts(run, outbound=False)
    table = table[table["outcome"].isin(["sent", "reached", "promise"])]
    most = 0
    for _, one in table.groupby("customer_id"):
        inbound = (one["channel"] == "inbound").to_numpy()
        day = one["day"].to_numpy().astype("datetime64[D]")
        for k in np.flatnonzero(~inbound):
            age = (day[k] - day).astype(int)
            count = ((age >= 0) & (age < 7) & ~(inbound & (age == 0))).sum()
            most = max(most, int(count))
    assert most <= cap
    assert most == cap or cap == 3  # a cap of one binds


def test_small_balances_are_left_alone() -> None:
    """Nobody whose overdue balance is under the minimum is contacted; others are."""
    least = 6000.0
    strict = Strategy.load("friendly").model_copy(update={"minimum_balance": least})
    prompt = Assumptions.default(cash_application_lag=0)
    run = simulate(owners(), strict, days=60, specialists=4, assumptions=prompt)
    table, ledger = contacts(run), run.ledger
    for day, on_day in table.groupby("day"):
        owed = pd.Series(ledger.open_amount(day - pd.Timedelta(days=1)), ledger.invoices["customer_id"])
        overdue = ((day - ledger.invoices["due_date"]).dt.days >= 3).to_numpy()  # the first step of the ladder
        balance = owed[overdue].groupby(level=0).sum()
        assert (balance.reindex(on_day["customer_id"]) >= least * 100).all()
    assert table["customer_id"].nunique() < contacts(run_of("escalated"))["customer_id"].nunique()


@pytest.mark.parametrize("strategy", ["escalated", "sop_cadence"])
def test_disputed_invoices_are_not_chased(strategy: str) -> None:
    """No message or call is about an invoice with an open dispute."""
    run = run_of(strategy)
    both = contacts(run).merge(run.ledger.disputes, on="invoice_id")
    assert len(both)
    open_ = (both["opened"] <= both["day"]) & ~(both["resolved"] <= both["day"])
    assert not open_.any()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_promised_invoices_are_not_chased(strategy: str) -> None:
    """No message or call is about an invoice while a promise lives: after the day it was made, to the day it is due."""
    run = run_of(strategy)
    both = contacts(run).merge(run.ledger.promises, on="invoice_id")
    assert len(both)
    assert not ((both["made_on"] < both["day"]) & (both["day"] <= both["due_on"])).any()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_paid_invoices_are_chased_only_until_the_cash_is_applied(strategy: str) -> None:
    """No lag, no call about a paid invoice; with a day of lag it happens, but not later than that."""
    run = run_of(strategy)
    prompt = run_of(strategy, assumptions=Assumptions.default(cash_application_lag=0))
    for some, lag in ((prompt, 0), (run, 1)):
        cash = some.ledger.payments[some.ledger.payments["kind"] == "cash"][["invoice_id", "received_date"]]
        both = contacts(some).merge(cash, on="invoice_id")
        paid, day = (both[name].to_numpy().astype("datetime64[D]") for name in ("received_date", "day"))
        late = np.busday_count(paid, day)
        after = paid < day
        if lag == 0:
            assert not after.any()
        else:
            assert (late[after] <= lag + 1).all()  # a bank holiday may lie between


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("America/Los_Angeles", 40.0),
        ("Europe/London", 40.0),
        ("Europe/London", 20.0),
        ("Asia/Kolkata", 20.0),
        ("America/Denver", 40.0),
        ("America/Denver", 20.0),
        ("America/Los_Angeles", 20.0),
        ("Asia/Kolkata", 40.0),
    ],
)
def test_calls_reach_customers_within_their_own_day(zone: str, hours: float) -> None:
    """Every call begins between 8 and 18 h on the customer's clock, also when the desk is short of time."""
    home = NEW_YORK if zone.startswith("America") else "UTC"
    far = portfolio(
        150, flat(0.005), invoices=_open_rows(150), as_of="2024-01-07", people={"timezone": zone}, timezone=home
    )
    run = simulate(far, "escalated", days=30, specialists=staff({"weekly_hours": hours}, timezone=home))
    local = calls(run)["time"].dt.tz_convert(zone)
    hour = local.dt.hour + local.dt.minute / 60
    assert ((hour >= 8) & (hour < 18)).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_only_able_specialists_call(strategy: str) -> None:
    """The language is spoken where anybody speaks it; firm calls are made by those who may be firm."""
    run = run_of(strategy)
    table = calls(run).merge(run.staff, on="specialist_id", suffixes=("", "_staff"))
    anybody = {code for spoken in run.staff["languages"] for code in spoken.split()}
    for row in table.itertuples():
        assert row.language in row.languages.split() or row.language not in anybody
        assert row.tone != "firm" or "firm" in row.skills.split()
    assert {"es", "fr"} <= set(table["language"])
    assert (table["tone"] == "firm").any() or strategy == "proactive"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_tries_are_spaced(strategy: str) -> None:
    """Two calls to one customer lie at least the step's `retry_days` apart; nobody is called twice on a day."""
    run = run_of(strategy)
    steps = {step.name: step for step in run.strategy.steps}
    for _, one in calls(run).sort_values("time").groupby("customer_id"):
        gap = one["day"].diff().dt.days.to_numpy()[1:]
        least = [steps[name].retry_days for name in one["step"].iloc[:-1]]
        assert (gap >= least).all()


@pytest.mark.parametrize(("attempts", "retry"), [(1, 1), (3, 2), (5, 4)])
def test_a_step_is_given_up_after_its_attempts(attempts: int, retry: int) -> None:
    """Customers who never answer are called exactly so often for one step, so many days apart or a weekend more."""
    silent = portfolio(40, flat(0.0), invoices=_open_rows(40), rate=0, assumptions={"right_party_contact_rate": 1e-9})
    call = Step(name="call", day=18, channel="phone", attempts=attempts, retry_days=retry)  # reached on day 1
    run = simulate(silent, Strategy(name="calls", steps=(call,)), days=50, specialists=10)
    table = run.ledger.contacts
    assert (table["outcome"] == "no_answer").all()
    assert (table["customer_id"].value_counts() == attempts).all()
    assert table["customer_id"].nunique() == 40
    days = table["time"].dt.tz_localize(None).dt.normalize()
    gap = days.groupby(table["customer_id"]).diff().dt.days.dropna()
    assert ((gap >= retry) & (gap <= retry + 2)).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nobody_works_two_calls_at_once(strategy: str) -> None:
    """Calls made and taken by one specialist follow one another without overlap."""
    table = contacts(run_of(strategy), outbound=False)
    for _, one in table[table["specialist_id"].notna()].sort_values("time").groupby("specialist_id"):
        begin = one["time"].dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
        end = begin + np.round(60 * one["minutes"].to_numpy()).astype(np.int64)
        assert (begin[1:] >= end[:-1]).all()
        assert len(one) > 20


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_shifts_absences_and_holidays_are_respected(strategy: str) -> None:
    """Calls begin within the specialist's own shift, on working days, and never on a day of absence."""
    run = run_of(strategy)
    table = contacts(run, outbound=False).merge(run.staff, on="specialist_id", suffixes=("", "_staff"))
    length = table["weekly_hours"] / 40 * FULL_SHIFT
    assert ((table["second"] >= SHIFT_START) & (table["second"] < SHIFT_START + length)).all()
    assert not [day for day, away in zip(table["day"], table["absences"], strict=True) if f"{day:%F}" in away.split()]
    everything = contacts(run)["day"]
    assert (everything.dt.dayofweek < 5).all()
    assert not everything.isin(pd.to_datetime(["2026-10-12", "2026-11-11", "2026-11-26"])).any()
    assert set(table["specialist_id"]) == set(run.staff["specialist_id"])


class Recording:
    """A planner that keeps what it was asked and what it answered."""

    name = "recording"

    def __init__(self) -> None:
        self.days: list[tuple[WorkList, Plan]] = []

    def plan(self, work: WorkList) -> Plan:
        """Plan by risk, and remember."""
        plan = planner("risk_weighted").plan(work)
        self.days.append((work, plan))
        return plan


def test_attempts_are_planned_within_productive_minutes() -> None:
    """Every morning each specialist's expected minutes stay within the productive ones of every block."""
    watch, assume = Recording(), Assumptions.default()
    run = simulate(owners(), "escalated", days=60, specialists=PEOPLE, planner=watch)
    assert run.planner == "recording"
    full = 0
    for work, plan in watch.days:
        minutes = assume.productive_hours_per_day * 60
        assert (work.capacity <= minutes / 4 + 1e-9).all()
        assert (work.capacity.sum(axis=1) <= minutes * np.array([1, 0.5, 1]) + 1e-9).all()
        used = np.zeros(work.capacity.shape)
        at = np.flatnonzero(plan.specialist >= 0)
        np.add.at(used, (plan.specialist[at], plan.block[at]), work.minutes[at, plan.block[at]])
        assert (used <= work.capacity + 1e-9).all()
        assert (work.reach[at, plan.block[at]] > 0).all()
        full += bool((plan.specialist < 0).any())
    assert full  # on some day there was more to do than time


def test_unreached_calls_are_no_contact_and_change_no_payday() -> None:
    """Where nobody ever answers, calls cost time but paydays and memory stay."""
    deaf = Assumptions.default(right_party_contact_rate=0, callback_share_unreached=0)
    calling = Strategy(name="calls", steps=(Step(name="call", day=3, every=5, until=60, channel="phone"),))
    run = simulate(owners(), calling, days=50, assumptions=deaf)
    silent = simulate(owners(), "none", days=50, assumptions=deaf)
    assert not run.calls  # a planner sees no chance, so it plans none
    pd.testing.assert_frame_equal(run.ledger.payments, silent.ledger.payments)


# --- payments


@cache
def closed_days(country: str) -> "np.ndarray":
    """Return the public holidays of a country as the calendar library gives them."""
    import holidays

    return np.array(sorted(holidays.country_holidays(country, years=range(2025, 2028))), "datetime64[D]")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_customers_pay_on_their_own_payment_days(strategy: str) -> None:
    """Cash comes on the customer's payment weekdays and never on its bank holidays, kept promises included."""
    run = run_of(strategy)
    ledger, weekdays = run.ledger, run.portfolio.behaviour.payment_weekdays
    row = pd.Series(range(len(ledger.customers)), ledger.customers["customer_id"])
    country = ledger.customers.set_index("customer_id")["country"]
    cash = ledger.payments[(ledger.payments["kind"] == "cash") & (ledger.payments["received_date"] > run.start)]
    promises = ledger.promises.merge(ledger.contacts[["contact_id", "customer_id"]], on="contact_id")
    promises = promises[promises["made_on"] > run.start]
    assert len(cash) > 200
    assert len(promises) > 20
    for who, day in ((cash["customer_id"], cash["received_date"]), (promises["customer_id"], promises["due_on"])):
        assert weekdays[row[who].to_numpy(), day.dt.dayofweek.to_numpy()].all()
        for place in set(country):
            here = day[(country[who] == place).to_numpy()]
            assert not np.isin(here.to_numpy().astype("datetime64[D]"), closed_days(place)).any()


def test_kept_promises_are_paid_by_the_day_they_are_due() -> None:
    """Where every promise is kept, each is paid on time; where none is, some are not."""
    shares = []
    for kept in (1.0, 0.0):
        assume = Assumptions.default(promise_kept=kept, dispute_share=0)
        run = simulate(owners(), "escalated", days=75, specialists=4, assumptions=assume)
        ledger = run.ledger
        reliable = set(ledger.customers["customer_id"][run.portfolio.behaviour.keeps >= 1])
        promises = ledger.promises.merge(ledger.contacts[["contact_id", "customer_id"]], on="contact_id")
        matured = promises["customer_id"].isin(reliable) & (promises["due_on"] <= run.end)
        promises = promises[matured & (promises["made_on"] > run.start)]
        cash = ledger.payments[ledger.payments["kind"] == "cash"].set_index("invoice_id")["received_date"]
        paid = cash.reindex(promises["invoice_id"]).to_numpy()
        lapsed = ledger.payments.loc[ledger.payments["kind"] == "write_off", "invoice_id"]
        alive = ~promises["invoice_id"].isin(lapsed).to_numpy()
        assert alive.sum() > 20
        shares.append((paid <= promises["due_on"].to_numpy())[alive].mean())
    assert shares[0] == 1
    assert shares[1] < 0.9


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_is_paid_during_a_dispute(strategy: str) -> None:
    """Cash comes before a dispute opens or from the day on which it is resolved."""
    run = run_of(strategy)
    cash = run.ledger.payments[run.ledger.payments["kind"] == "cash"]
    both = run.ledger.disputes.merge(cash, on="invoice_id")
    assert len(both) > 20
    resolved = both["resolved"].fillna(run.end + pd.Timedelta(days=1))
    assert not ((both["received_date"] >= both["opened"]) & (both["received_date"] < resolved)).any()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_credited_disputes_have_their_credit_note(strategy: str) -> None:
    """Credit notes are booked on the day of resolution, for credited disputes and for no other."""
    ledger = run_of(strategy).ledger
    notes = ledger.payments[ledger.payments["kind"] == "credit_note"]
    credited = ledger.disputes[ledger.disputes["resolution"] == "credited"]
    assert len(credited) > 5
    on = dict(zip(credited["invoice_id"], credited["resolved"], strict=True))
    assert dict(zip(notes["invoice_id"], notes["applied_date"], strict=True)) == on


@pytest.mark.parametrize("age", [40, 90])
def test_write_off_comes_exactly_at_its_age(age: int) -> None:
    """Every write-off of the run is `age` days past due, and nothing older is open."""
    rows = [invoice(f"i{k}", "2023-11-01", "2023-12-15", 5000, customer_id=f"c{k:03d}") for k in range(60)]
    slow = portfolio(60, flat(0.003), invoices=rows, rate=0.2, term=10, assumptions={"write_off_age": age})
    run = simulate(slow, "friendly", days=150)
    ledger = run.ledger
    written = ledger.payments[ledger.payments["kind"] == "write_off"].merge(ledger.invoices, on="invoice_id")
    assert len(written) > 10
    assert ((written["applied_date"] - written["due_date"]).dt.days == age).all()
    open_ = ledger.open_amount() > 0
    assert ((run.end - ledger.invoices["due_date"][open_]).dt.days < age).all()


def test_no_work_is_done_without_working_days() -> None:
    """A run over one weekend contacts nobody, but customers may pay."""
    weekend = portfolio(40, flat(0.2), invoices=_open_rows(40), as_of="2024-01-05")  # a Friday
    run = simulate(weekend, "escalated", days=2)
    assert not run.contacts
    assert len(run.ledger.payments)


def _open_rows(count: int) -> list[dict[str, object]]:
    return [invoice(f"i{k}", "2023-11-01", "2023-12-15", 50_000, customer_id=f"c{k:03d}") for k in range(count)]


def test_the_ledger_of_a_run_is_valid() -> None:
    """All schemas and laws, after a run with every kind of event."""
    ledger = run_of("escalated").ledger
    assert isinstance(ledger.validate(), Ledger)
    assert {"promise", "reached", "no_answer", "sent"} <= set(ledger.contacts["outcome"])
    assert (ledger.contacts["channel"] == "inbound").any()
