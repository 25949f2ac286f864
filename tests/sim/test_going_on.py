"""A run goes on where its ledger ends: what was done is not done again, what waits is done, what was felt is felt."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger, kpis
from ledger.table.months import day_number
from models.history.contacted import Contacted
from models.history.ladder import standing
from sim import Portfolio, Run, Step, Strategy, from_ledger, simulate, synthetic
from tests.handmade import Row, handmade, invoice
from tests.handmade import contact as logged
from tests.portfolios import flat, portfolio

AS_OF = "2024-01-03"  # a Wednesday
CALLS = Strategy(name="calls", steps=(Step(name="call", day=10, channel="phone", attempts=3, retry_days=2),))
MAIL = Strategy(name="mail", steps=(Step(name="mail", day=10, channel="email"),), contact_cap=1)
NOBODY = {"right_party_contact_rate": 1e-9}


def contact(day: str, outcome: str, **changes: object) -> Row:
    """Return a contact with the customer at noon, a call where nothing else is said."""
    columns = {"id": f"k{day}", "customer_id": "c000", "promise_made": outcome == "promise", **changes}
    return logged(time=f"{day} 12:00", outcome=outcome, **columns)


def owing(contacts: list[Row], *, due: str = "2023-12-20", as_of: str = AS_OF, **tables: list[Row]) -> Portfolio:
    """Return one customer with one invoice, 14 days past due, who never pays and answers no call."""
    rows = [invoice("one", "2023-11-20", due, 50_000, customer_id="c000")]
    ledger = handmade(as_of, rows, customers=[{"customer_id": "c000"}], timezone="UTC", contacts=contacts, **tables)
    return portfolio(1, flat(0.0), rate=0, ledger=ledger, assumptions=NOBODY)


def days_called(start: Portfolio, strategy: Strategy = CALLS, days: int = 20) -> list[int]:
    """Return the days of the run on which the customer is contacted."""
    return (simulate(start, strategy, days=days).log.began // 86_400).tolist()


def test_a_step_that_was_heard_is_not_done_again():
    """The rung was reached on 30 December and a talk took place on 2 January."""
    assert days_called(owing([contact("2024-01-02", "reached")])) == []


def test_a_step_that_nobody_carried_out_waits():
    """The log begins before the rung was reached, and shows no contact since: three calls from the first day on."""
    assert days_called(owing([contact("2023-12-27", "reached")])) == [1, 5, 7]


def test_calls_made_in_vain_count_and_the_next_one_keeps_its_distance():
    """Two of three attempts were made, the last yesterday: one is left, two days after it."""
    tried = [contact("2023-12-29", "reached"), contact("2024-01-01", "no_answer"), contact("2024-01-03", "no_answer")]
    assert days_called(owing(tried)) == [2]
    assert days_called(owing([*tried, contact("2024-01-02", "no_answer")])) == []


def test_contacts_of_the_last_week_count_towards_the_cap():
    """A message on 28 December, the rung on the 30th: a cap of one a week holds the next back to 4 January."""
    sent = contact("2023-12-28", "sent", channel="email")
    assert days_called(owing([sent], as_of="2024-01-01"), MAIL) == [3]


def test_what_a_log_cannot_show_is_done():
    """Without a log, or where it begins after the rung was reached, the rung is done and said; the next counts."""
    assert days_called(owing([])) == []
    assert days_called(owing([contact("2024-01-02", "missed", channel="inbound")])) == []
    assert days_called(owing([], due="2023-12-26"))[0] == 2  # reached on 5 January
    bare = owing([]).ledger
    assert any("no contact log" in note for note in from_ledger(bare).notes)


def test_rungs_of_a_weekend_wait_for_monday():
    """Nobody worked on Saturday 6 January, when the rung was reached, log or not; Friday's is done."""
    assert days_called(owing([], due="2023-12-27", as_of="2024-01-07"))[0] == 1
    assert days_called(owing([], due="2023-12-26", as_of="2024-01-07")) == []


def test_a_promise_of_today_asks_again_tomorrow_and_a_live_one_is_awaited():
    """Promised for the ledger's last day, or for three days later."""
    talk = contact("2024-01-01", "promise", invoice_id="one", id="talk")

    def promised(day: str) -> Portfolio:
        row = {"contact_id": "talk", "invoice_id": "one", "made_on": "2024-01-01", "due_on": day, "amount": 50_000}
        start = owing([talk], promises=[row])
        return replace(start, behaviour=replace(start.behaviour, keeps=np.zeros(1)))

    assert days_called(promised(AS_OF))[0] == 1
    assert days_called(promised("2024-01-06"))[0] == 5  # the Monday after


def test_live_promises_are_kept_at_the_assumed_share():
    """Of 2,000 live ones 70 % are paid on their day, within 4 standard errors; nobody would pay otherwise."""
    count, share = 2000, 0.7
    ids = [f"c{k:03d}" for k in range(count)]
    rows = [invoice(f"i{who}", "2023-11-20", "2023-12-20", 50_000, customer_id=who) for who in ids]
    talks = [contact("2024-01-01", "promise", id=f"t{w}", customer_id=w) for w in ids]
    until = {"made_on": "2024-01-01", "due_on": "2024-01-09", "amount": 50_000}
    promises = [{"contact_id": f"t{w}", "invoice_id": f"i{w}", **until} for w in ids]
    ledger = handmade(
        AS_OF, rows, customers=[{"customer_id": w} for w in ids], timezone="UTC", contacts=talks, promises=promises
    )
    start = portfolio(count, flat(0.0), rate=0, ledger=ledger, assumptions={"promise_kept": share})
    paid = simulate(start, "none", days=20).ledger.payments
    assert (paid["received_date"] == pd.Timestamp("2024-01-09")).all()
    assert abs(len(paid) - share * count) < 4 * np.sqrt(count * share * (1 - share))  # 1 in 15,000 seeds would miss


def test_a_contact_before_the_cut_is_still_felt():
    """400 talks on the last day raise the hazard of the next 20 days as the law of contacts says, within 4 errors."""
    count, hazard = 400, 0.02
    ids = [f"c{k:03d}" for k in range(count)]
    rows = [invoice(f"i{who}", "2023-11-20", "2023-12-20", 50_000, customer_id=who) for who in ids]
    talks = [contact(AS_OF, "reached", id=f"t{who}", customer_id=who) for who in ids]
    ledger = handmade(AS_OF, rows, customers=[{"customer_id": w} for w in ids], timezone="UTC", contacts=talks)
    start = portfolio(count, flat(hazard), rate=0, ledger=ledger)
    extra = start.assumptions.hazard_ratio("phone", "friendly", personal=True) - 1
    faded = (0.5 ** (np.arange(1, 21) / start.assumptions.effect_half_life)).sum()
    share = -np.expm1(-hazard * (20 + extra * faded))
    runs = [simulate(start, "none", days=20, replication=k).ledger.payments for k in range(10)]
    paid = sum(len(run) for run in runs)
    n = count * len(runs)
    assert abs(paid - share * n) < 4 * np.sqrt(n * share * (1 - share))
    assert paid > -np.expm1(-hazard * 20) * n + 4 * np.sqrt(n * share * (1 - share))  # the test can tell


LAG = {"cash_application_lag": 0.0}  # else reminders go to who paid yesterday, which the ledger of a run does not keep


@cache
def owners() -> Portfolio:
    """Return customers with a history of two months under another strategy."""
    made = synthetic("normal", customers=250)
    return replace(made, assumptions=replace(made.assumptions, **LAG))


@cache
def pairs() -> tuple[list[tuple[Run, int]], list[Run], list[Run]]:
    """Return runs of 270 days with the day of the cut, of 90 more from the ledger of day 180, and from it as read."""
    long, on, read = [], [], []
    for k in range(8):
        setting = {"strategy": "escalated", "specialists": 2, "seed": k}
        cut = simulate(owners(), days=180, **setting).ledger
        long.append((simulate(owners(), days=270, **setting), 180))
        on.append(simulate(replace(owners(), ledger=cut), days=90, replication=1, **setting))
        start = from_ledger(cut)
        own = replace(start.assumptions, **LAG)
        read.append(simulate(replace(start, assumptions=own), days=90, replication=1, **setting))
    return long, on, read


def contacts_in(run: Run, first: int, last: int) -> int:
    """Return the contacts of the days first .. last of a run."""
    day = run.log.began // 86_400
    return int(((first <= day) & (day <= last)).sum())


def kept(ledger: Ledger, since: pd.Timestamp) -> float:
    """Return the share of promises made and due after a day that were kept."""
    made = ledger.promises[(ledger.promises["made_on"] > since) & (ledger.promises["due_on"] <= ledger.as_of)]
    paid = ledger.payments.groupby("invoice_id")["received_date"].max()
    return float((made["invoice_id"].map(paid) <= made["due_on"]).mean())


@pytest.mark.parametrize("last", [1, 7, 14])
def test_the_first_days_have_as_many_contacts_as_if_nothing_had_been_cut(last: int):
    """Within 15 % and two a run, in the mean of eight runs: what waits and what rings back is drawn anew, no more."""
    long, *others = pairs()
    usual = np.mean([contacts_in(run, cut + 1, cut + last) for run, cut in long])
    for runs in others:
        assert abs(np.mean([contacts_in(run, 1, last) for run in runs]) - usual) < 0.15 * usual + 2


@pytest.mark.parametrize("what", ["over_91", "kept", "dso"])
@pytest.mark.parametrize("imported", [False, True])
def test_old_receivables_and_promises_go_on_as_without_a_cut(what: str, imported: bool):
    """Ninety days on both agree within 4 standard errors of eight runs each, known truth or learned from the ledger."""
    read = {
        "over_91": lambda run, _: float(kpis(run.ledger)["percent_over_91"] or 0),
        "kept": lambda run, day: kept(run.ledger, run.start + pd.Timedelta(days=day)),
        "dso": lambda run, _: float(kpis(run.ledger)["dso"] or 0),
    }[what]
    long, on, read_again = pairs()
    on = read_again if imported else on
    whole, parts = np.array([read(run, day) for run, day in long]), np.array([read(run, 0) for run in on])
    error = np.sqrt((whole.var(ddof=1) + parts.var(ddof=1)) / len(on))
    assert abs(whole.mean() - parts.mean()) < 4 * error


def test_the_state_of_a_run_is_that_of_a_nightly_plan():
    """One law: an account's step waits in the run where `models.history.ladder` says so of the ledger."""
    start = owing([contact("2023-12-27", "reached")])
    found = standing(start.ledger, CALLS, np.array([day_number(start.start)]), np.array([0]))
    assert found.pending(Contacted.of(start.ledger)).tolist() == [[True]]
    assert (found.asked[0, 0], found.tries(Contacted.of(start.ledger))[0, 0]) == (
        day_number(pd.Timestamp("2023-12-30")),
        0,
    )
