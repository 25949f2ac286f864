"""Laws that hold path by path: the same draws, one thing changed."""

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.policy.roster import roster
from ledger.table.calendar import NEVER, Calendar
from sim import Assumptions, Portfolio, Step, Strategy, simulate, strategies, synthetic
from sim.day.contact_effects import Response
from sim.day.contact_effects_kernels import respond
from sim.mechanisms.disputes import Disputes
from sim.mechanisms.promises_kernels import promise
from sim.mechanisms.protocol import Begun
from sim.mechanisms.write_off import WriteOff
from sim.world.keyed import Purpose, key
from sim.world.layout import World, prepare
from sim.world.payment import hazard_tables
from sim.world.payment_kernels import PaydayState, boost, first_paydays, pause, payday
from sim.world.state import Accounts, Invoices, Payments, ladder
from tests.handmade import invoice
from tests.portfolios import FIRST, LAST, assert_same, chosen, events, portfolio, shuffled

# --- inverted paydays against summing the hazard day by day

_FIRST, _DAYS = -30, 120


class Case(NamedTuple):
    """One invoice and what happens to it, in the order of days."""

    hazard: np.ndarray  # (1, days)
    half_life: float
    threshold: float
    due: int
    begin: int
    runs: np.ndarray
    events: list[tuple[int, str, float]]  # a contact (day, "contact", boost) or a dispute (day, "pause", end)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return an invoice with random hazards, contacts, a dispute and payment runs."""
    due, weekdays = draw(st.integers(0, 25)), draw(st.sets(st.integers(0, 6), min_size=1))
    contacts = [
        (draw(st.integers(1, 70)), "contact", draw(st.sampled_from([0.0, 0.05, 0.6, 3.0])))
        for _ in range(draw(st.integers(0, 4)))
    ]
    pauses: list[tuple[int, str, float]] = []
    if draw(st.booleans()):
        begin = draw(st.integers(1, 60))
        pauses = [(begin, "pause", begin + draw(st.integers(1, 25)))]
        contacts = [event for event in contacts if not begin <= event[0] < pauses[0][2]]
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    dense = rng.random(_DAYS) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    daily = dense * rng.exponential(draw(st.sampled_from([0.01, 0.05, 0.3])), _DAYS)
    hazard = np.r_[0.0, daily][None, :]  # nothing happens on the table's first day
    open_ = np.isin(np.arange(200) % 7, list(weekdays))
    following = np.minimum.accumulate(np.where(open_, np.arange(200), NEVER)[::-1])[::-1]
    return Case(
        hazard=hazard,
        half_life=draw(st.sampled_from([5.0, 14.0, 30.0])),
        threshold=draw(st.floats(0.01, 6)),
        due=due,
        begin=draw(st.integers(max(1, due + _FIRST + 1), 20)),
        runs=following.astype(np.int32),
        events=sorted([*contacts, *pauses], key=lambda event: (event[0], event[1] != "pause")),
    )


def payments(hazard: np.ndarray, first_day: int, half_life: float, runs: np.ndarray) -> Payments:
    """Return the tables of one kind of customer with these payment runs."""
    tables = hazard_tables(hazard, first_day, half_life)
    return Payments(
        tables.cumulative, tables.decayed, tables.growth, tables.first_day, len(hazard), runs[None, :], runs
    )


def one_row(table: Any, **values: float) -> Any:
    """Return one row of a table of the simulator, nought in every column but these."""
    columns = get_type_hints(table)
    wide = {"recent": (1, 7)}
    return table(**{
        name: np.full(wide.get(name, 1), values.get(name, 0), get_args(get_args(kind)[1])[0])
        for name, kind in columns.items()
    })  # fmt: skip


def by_kernels(case: Case) -> int:
    """Return the payday by inversion: two numbers per invoice, an event is an addition and a bisection."""
    pays = payments(case.hazard, _FIRST, case.half_life, case.runs)
    inv, acc = one_row(Invoices, clock=case.due), one_row(Accounts, frailty=1)
    targets, paydays = first_paydays(pays, inv, acc, np.array([case.begin], np.int32), np.array([case.threshold]))
    added, target, pay = 0.0, targets[0], int(paydays[0])
    for day, what, value in case.events:
        if day < case.begin or pay < day or (what == "contact" and pay == day):
            continue
        if what == "contact":
            added, target, pay = boost(pays, PaydayState(0, 0, case.due, added, target), pay, day, value)
        else:
            target, pay = pause(pays, PaydayState(0, 0, case.due, added, target), day, int(value))
    return pay


def by_summation(case: Case) -> int:
    """Return the payday by adding up the hazard of every day, contact by contact."""
    total, decided = 0.0, None
    for day in range(case.begin, len(case.runs)):
        paused = [event for event in case.events if event[1] == "pause" and event[0] <= day < event[2]]
        column = day - case.due - _FIRST
        if paused and paused[0][0] >= case.begin:
            continue
        if 0 <= column <= _DAYS:
            known = [e for e in case.events if e[1] == "contact" and case.begin <= e[0] < day]
            known = [e for e in known if 0 <= e[0] - case.due - _FIRST <= _DAYS]
            ratio = 1 + sum(b * 0.5 ** ((day - y) / case.half_life) for y, _, b in known)
            total += case.hazard[0, column] * ratio
        assume(abs(total - case.threshold) > 1e-9)  # a tie may fall either way
        if decided is None and total > case.threshold:
            decided = day
        if decided is not None and case.runs[day] == day:
            return day
    return NEVER


@given(case=cases())
@settings(max_examples=200, deadline=None)
def test_inverted_paydays_are_those_of_daily_summation(case: Case) -> None:
    """Exactly the same day, under random hazards, contacts, a dispute and payment runs."""
    assert by_kernels(case) == by_summation(case)


def test_late_contacts_of_short_effect_are_exact_too() -> None:
    """Half an effect gone in 5 days, contacts 150 to 360 days past due: still the day that summation gives."""
    hazard = np.full((1, LAST - FIRST + 1), 0.004)
    runs = np.arange(500, dtype=np.int32)
    for half_life in (1.0, 5.0, 14.0):
        pays = payments(hazard, FIRST, half_life, runs)
        for day in (60, 150, 250, 290):
            for threshold in np.linspace(0.002, 0.05, 25):
                state = PaydayState(0, 0, 0, 0.0, pays.cumulative[0, day - FIRST] + threshold)
                _, _, pay = boost(pays, state, payday(pays, state, day + 1), day, 1.0)
                total, expected = 0.0, day
                while total < threshold * (1 - 1e-9) and expected < LAST:
                    expected += 1
                    total += 0.004 * (1 + 0.5 ** ((expected - day) / half_life))
                if total >= threshold * (1 + 1e-9):
                    assert pay == expected, (half_life, day, threshold)


# --- with the same contacts, a stronger effect never delays a payment

_CUSTOMERS, _EACH, _HORIZON = 12, 6, 80
CALLS = Strategy(name="calls", steps=(Step(name="call", day=-10, channel="phone"),))


def many(seed: int) -> tuple[World, Disputes]:
    """Return a small world with open invoices and orders, and its disputes to come."""
    rng = np.random.default_rng(seed)
    rows = []
    for c in range(_CUSTOMERS):
        for k in range(_EACH):
            issue = pd.Timestamp("2024-01-01") - pd.Timedelta(days=int(rng.integers(0, 60)))
            due = issue + pd.Timedelta(days=int(rng.integers(0, 45)))
            amount = int(rng.integers(1, 9) * 1000)
            rows.append(invoice(f"c{c}-{k}", f"{issue:%F}", f"{due:%F}", amount, customer_id=f"c{c:03d}"))
    hazard = rng.exponential(0.03, (1, LAST - FIRST + 1))
    assumptions = {"dispute_share": 40, "write_off_age": 90}
    owners = portfolio(_CUSTOMERS, hazard, invoices=rows, assumptions=assumptions, rate=0.2, weekdays=(0, 2, 3))
    calendar = Calendar(start=owners.start, days=_HORIZON, countries=("",), home="")
    world = prepare(owners, roster(1, "UTC"), owners.assumptions, calendar, (seed, 0))
    begun = Begun(
        portfolio=owners,
        strategy=CALLS,
        world=world,
        ladder=ladder(CALLS, owners.assumptions, 100),
        calendar=calendar,
        assume=owners.assumptions,
        seeds=(seed, 0),
        first=1,
    )
    WriteOff.begin(begun)
    disputes = Disputes.begin(begun)
    assert disputes is not None
    return world, disputes


def paydays(seed: int, contacts: Sequence[tuple[int, int, bool]], ratio: float, fatigue: float) -> np.ndarray:
    """Return when each invoice is paid under a fixed contact list; disputes and promises take their course."""
    world, disputes = many(seed)
    inv, acc, pays = world.invoices, world.accounts, world.payments
    assume_ = Assumptions.default(call_hazard_ratio=ratio, friendly_tone_ratio=1, fatigue=fatigue)
    rungs, response = ladder(CALLS, assume_, 100), Response.of(assume_)
    acc.tail[:] = acc.end
    for day in range(1, _HORIZON):
        disputes.close(day)
        today = sorted({(c, talked) for when, c, talked in contacts if when == day})
        for c, talked in today:
            who = np.array([c])
            respond(day, who, np.zeros(1, np.int32), inv, acc, rungs, pays, response)
            if talked:
                promise(day, who, inv, acc, rungs, pays, response.talk, key(seed, 0, Purpose.PROMISE))
    return inv.pay.copy()


_CONTACTS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, _CUSTOMERS - 1), st.booleans()), min_size=1, max_size=40
)


@given(
    seed=st.integers(0, 400),
    contacts=_CONTACTS,
    ratios=st.tuples(st.floats(1, 4), st.floats(1, 4)).map(sorted),
    fatigue=st.sampled_from([0.6, 0.85, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_a_stronger_effect_of_the_same_contacts_never_delays(
    seed: int, contacts: list[tuple[int, int, bool]], ratios: list[float], fatigue: float
) -> None:
    """Invoice by invoice, also with promises, disputes and payment runs."""
    weak, strong = (paydays(seed, contacts, ratio, fatigue) for ratio in ratios)
    assert (strong <= weak).all()


@given(seed=st.integers(0, 400), contacts=_CONTACTS)
@settings(max_examples=15, deadline=None)
def test_a_message_never_delays(seed: int, contacts: list[tuple[int, int, bool]]) -> None:
    """Against no contact at all, invoice by invoice, also with disputes."""
    messages = [(day, c, False) for day, c, _ in contacts]
    assert (paydays(seed, messages, 1.7, 0.9) <= paydays(seed, [], 1.7, 0.9)).all()


# --- whole runs

NO_EFFECT = dict.fromkeys(
    ("call_hazard_ratio", "friendly_tone_ratio", "firm_tone_ratio", "email_generic_hazard_ratio"), 1.0
) | {"email_personal_hazard_ratio": 1.0, "letter_hazard_ratio": 1.0, "promise_given_right_party": 0.0}


@pytest.fixture(scope="module")
def small() -> Portfolio:
    """Return sixty customers with a history."""
    return synthetic(customers=60, seed=4)


@pytest.mark.parametrize("strategy", ["friendly", "sop_cadence"])
def test_contacts_without_effect_change_no_payday(small: Portfolio, strategy: str) -> None:
    """Hazard ratios of exactly 1 and no promises: payments are those of nobody being contacted, to the last row."""
    weak = Assumptions.default(**NO_EFFECT)
    silent = simulate(small, "none", days=70, assumptions=weak, seed=2)
    chased = simulate(small, strategy, days=70, assumptions=weak, seed=2)
    assert chased.contacts > 100
    assert not silent.contacts
    for name in ("invoices", "payments", "disputes"):
        pd.testing.assert_frame_equal(getattr(chased.ledger, name), getattr(silent.ledger, name))
    assert simulate(small, strategy, days=70, seed=2).ledger.fingerprint != chased.ledger.fingerprint


@pytest.mark.parametrize("strategy", ["escalated", "proactive"])
def test_one_more_customer_changes_nobody_elses_path(small: Portfolio, strategy: str) -> None:
    """With ample staff: the invoices, payments, contacts, promises and disputes of all others stay, to the last row."""
    last = small.customers - 1
    name = small.ledger.customers["customer_id"].iloc[last]
    options = {"days": 60, "specialists": 12, "seed": 3}
    more = simulate(small, strategy, **options)
    fewer = simulate(chosen(small, range(last)), strategy, **options)
    assert (more.ledger.invoices["customer_id"] == name).any()
    assert_same(events(fewer), events(more, but=name))


def test_the_order_of_rows_changes_nothing(small: Portfolio) -> None:
    """Customers, invoices, payments, promises and disputes in any order: the same run by id, also with scarce staff."""
    options = {"days": 60, "specialists": 1, "seed": 5}
    mixed = shuffled(small, np.random.default_rng(1))
    assert list(mixed.ledger.customers["customer_id"]) != list(small.ledger.customers["customer_id"])
    assert_same(events(simulate(small, "escalated", **options)), events(simulate(mixed, "escalated", **options)))


def test_the_same_seed_is_the_same_run_and_another_is_another(small: Portfolio) -> None:
    """Seed and replication decide everything, and each of them matters."""

    def fingerprint(seed: int, replication: int) -> str:
        return simulate(small, "friendly", days=40, seed=seed, replication=replication).ledger.fingerprint

    found = [fingerprint(*pair) for pair in ((0, 0), (0, 0), (1, 0), (0, 1), (1, 1))]
    assert found[0] == found[1]
    assert len(set(found)) == 4


def test_a_strategy_changes_neither_orders_nor_the_fate_of_who_is_not_contacted(small: Portfolio) -> None:
    """Common random numbers: the same orders; customers without any contact pay on the same days."""
    runs = {name: simulate(small, name, days=50, seed=1).ledger for name in strategies()}
    silent = runs.pop("none")
    for name, ledger in runs.items():
        pd.testing.assert_frame_equal(ledger.invoices, silent.invoices)
        new = ledger.contacts["contact_id"].str.startswith(f"K{small.start:%y%m%d}")
        contacted = set(ledger.contacts.loc[new, "customer_id"])
        left_alone = set(ledger.customers["customer_id"]) - contacted
        if name != "sop_cadence":
            assert left_alone
        both = [table.payments[table.payments["customer_id"].isin(left_alone)] for table in (ledger, silent)]
        pd.testing.assert_frame_equal(*(part.reset_index(drop=True) for part in both))


def test_any_number_of_workers_gives_the_same_ledgers(small: Portfolio) -> None:
    """Replications on two processes equal those on one, to the last bit."""
    from joblib import Parallel, delayed

    jobs = [(small, "friendly", k) for k in range(4)]
    one = Parallel(n_jobs=1)(delayed(fingerprint_of)(*job) for job in jobs)
    two = Parallel(n_jobs=2, backend="multiprocessing")(delayed(fingerprint_of)(*job) for job in jobs)
    assert one == two
    assert len(set(one)) == 4


def fingerprint_of(owners: Portfolio, strategy: str, replication: int) -> str:
    """Return the fingerprint of one replication (a function of the module, so that it can be pickled)."""
    return simulate(owners, strategy, days=30, replication=replication).ledger.fingerprint
