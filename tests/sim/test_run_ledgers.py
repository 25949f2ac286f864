"""A run is a ledger: valid, whole, readable again, and to the cent, wherever it starts from."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ledger import BadInput, Ledger, kpi_path, kpis, read_ledger
from sim import Portfolio, Run, from_ledger, simulate, strategies, synthetic
from sim.result.booking import book
from tests.handmade import contact, handmade, invoice, payment
from tests.portfolios import flat, portfolio, staff
from tests.strategies import ledgers


@cache
def owners() -> Portfolio:
    """Return sixty customers with a history."""
    return synthetic(customers=60, seed=7)


def open_rows(count: int) -> list[dict[str, object]]:
    """Return one overdue invoice for each of so many customers."""
    return [invoice(f"i{k}", "2023-11-01", "2023-12-15", 50_000, customer_id=f"c{k:03d}") for k in range(count)]


def assert_carries_on(run: Run) -> None:
    """Assert that the ledger holds all of the old one, and that every invoice's money adds up by currency."""
    old, new = run.portfolio.ledger, run.ledger
    for name in ("customers", "invoices", "payments", "contacts", "promises"):
        before, after = getattr(old, name), getattr(new, name)
        pd.testing.assert_frame_equal(before.reset_index(drop=True), after.iloc[: len(before)].reset_index(drop=True))
    assert new.as_of == old.as_of + pd.Timedelta(days=run.days)
    issued, settled, open_ = new.invoices["amount"].to_numpy(), new.settled(), new.open_amount()
    assert (issued == settled + open_).all()
    assert (open_ >= 0).all()
    fresh = new.payments.iloc[len(old.payments) :]
    assert (fresh["received_date"] > old.as_of).all()
    assert (fresh["applied_date"] <= new.as_of).all()
    stamp = f"{run.start:%y%m%d}-"
    main = fresh["payment_id"].str.startswith(f"M{stamp}")  # leaves a rest
    assert not fresh.loc[main, "invoice_id"].duplicated().any()
    ended = fresh.loc[~main & ~fresh["payment_id"].str.startswith(f"C{stamp}"), "invoice_id"]
    assert not ended.duplicated().any()
    closed = pd.Series(open_, new.invoices["invoice_id"].to_numpy())
    assert (closed[ended.to_numpy()] == 0).all()
    assert_same_figures(run)


def assert_same_figures(run: Run) -> None:
    """Assert that the run's columns give the key figures of its ledger, to the last digit."""
    days = run.start + pd.to_timedelta(np.unique([0, 1, run.days // 2, run.days]), unit="D")
    pd.testing.assert_frame_equal(kpi_path(run.records, days), kpi_path(run.ledger, days), check_exact=True)
    of_columns, of_ledger = kpis(run.records, start=days[0]), kpis(run.ledger, start=days[0])
    assert of_columns.to_dict() == of_ledger.to_dict()


@pytest.mark.parametrize("strategy", strategies())
def test_money_is_conserved_to_the_cent(strategy: str) -> None:
    """Issued = settled + open for every invoice, and AR rolls forward: begin + sales − cash − credits − write-offs."""
    run = simulate(owners(), strategy, days=60, specialists=1)
    assert_carries_on(run)
    old, new = run.portfolio.ledger, run.ledger
    fresh_invoices = new.invoices["amount"].iloc[len(old.invoices) :].sum()
    fresh_payments = new.payments["amount"].iloc[len(old.payments) :].sum()
    assert old.open_amount().sum() + fresh_invoices - fresh_payments == new.open_amount().sum()
    assert len(new.invoices) == len(old.invoices) + run.invoices
    assert len(new.contacts) == len(old.contacts) + run.contacts


def test_a_run_survives_the_parquet_folder(tmp_path: Path) -> None:
    """Written and read again, which validates every schema and law, it is the same ledger with the same KPIs."""
    run = simulate(owners(), "escalated", days=60, specialists=1)
    again = read_ledger(run.ledger.write(tmp_path / "run"))
    assert again.fingerprint == run.ledger.fingerprint
    assert kpis(again).to_dict() == kpis(run.ledger).to_dict()


def test_a_run_can_go_on_from_a_run() -> None:
    """The ledger of a run is a portfolio's ledger again; ids stay unique."""
    from dataclasses import replace

    first = simulate(owners(), "escalated", days=40)
    second = simulate(replace(first.portfolio, ledger=first.ledger), "friendly", days=40)
    assert_carries_on(second)
    for table, column in (("invoices", "invoice_id"), ("payments", "payment_id"), ("contacts", "contact_id")):
        assert getattr(second.ledger, table)[column].is_unique
    second.ledger.validate()


def test_a_shortened_history_keeps_every_contact_since_its_first_day() -> None:
    """Contacts and promises are the whole ledger's, but for leads and promises whose settled invoice is left out."""
    run = simulate(portfolio(40, flat(0.03), rate=0.2), "friendly", days=120, specialists=2)
    whole, short = run.ledger, book(run, since=80).validate()
    first = run.start + pd.Timedelta(days=80)
    kept = set(short.invoices["invoice_id"])
    assert kept == set(
        whole.invoices.loc[(whole.invoices["issue_date"] >= first) | (whole.open_amount() > 0), "invoice_id"]
    )
    contacts = whole.contacts[whole.contacts["time"].dt.tz_localize(None) >= first].reset_index(drop=True)
    left_out = contacts["invoice_id"].notna() & ~contacts["invoice_id"].isin(kept)
    assert 20 < left_out.sum() < len(contacts) - 20
    contacts.loc[left_out, "invoice_id"] = pd.NA
    pd.testing.assert_frame_equal(short.contacts, contacts)
    promises = whole.promises[(whole.promises["made_on"] >= first) & whole.promises["invoice_id"].isin(kept)]
    assert promises["contact_id"].isin(contacts.loc[left_out, "contact_id"]).any()
    pd.testing.assert_frame_equal(short.promises, promises.reset_index(drop=True))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    ledger=ledgers(), days=st.sampled_from([1, 9, 200]), strategy=st.sampled_from(["none", "escalated", "proactive"])
)
def test_any_ledger_can_be_carried_on(ledger: Ledger, days: int, strategy: str) -> None:
    """Several currencies, disputes open and closed, live promises, unapplied cash, write-offs, partial payments."""
    assume(len(ledger.invoices))
    run = simulate(from_ledger(ledger), strategy, days=days, specialists=1)
    assert_carries_on(run)
    assert_dispute_rows_agree(run)
    kpis(run.ledger)


def assert_dispute_rows_agree(run: Run) -> None:
    """Assert that the run's credit notes are those of disputes resolved as credited in the run."""
    old, new = run.portfolio.ledger, run.ledger
    notes = new.payments.iloc[len(old.payments) :]
    notes = notes[notes["payment_id"].str.startswith(f"C{run.start:%y%m%d}-")]
    assert (notes["kind"] == "credit_note").all()
    resolved = new.disputes[(new.disputes["resolved"] > old.as_of) & (new.disputes["resolution"] == "credited")]
    assert set(notes["invoice_id"]) <= set(resolved["invoice_id"])


def mixed() -> Ledger:
    """Return a ledger with everything in it that a start can have, on Sunday, 2024-06-30."""
    recent = {"currency": "EUR"}
    return handmade(
        "2024-06-30",
        [
            invoice("open", "2024-05-20", "2024-06-19", 100_000),
            invoice("euro", "2024-05-20", "2024-06-19", 80_001, **recent),
            invoice("yen", "2024-05-20", "2024-06-19", 1_234_567, currency="JPY"),
            invoice("disputed", "2024-05-20", "2024-06-19", 60_000, customer_id="c2"),
            invoice("promised", "2024-05-20", "2024-06-19", 50_000, customer_id="c2"),
            invoice("partly", "2024-05-01", "2024-05-31", 70_000, customer_id="c3"),
            invoice("ancient", "2022-01-01", "2022-01-31", 40_000, customer_id="c3"),
            *(invoice(f"paid{k}", f"2024-03-{k + 1:02d}", f"2024-04-{k + 1:02d}", 9_000) for k in range(20)),
        ],
        [
            payment("partly", "2024-06-10", 20_000),
            payment(None, "2024-06-11", 5_000, customer_id="c1"),
            *(payment(f"paid{k}", f"2024-04-{k + 3:02d}", 9_000) for k in range(20)),
        ],
        contacts=[contact("k1", "2024-06-25 10:00", customer_id="c2", outcome="promise", promise_made=True)],
        promises=[
            {"contact_id": "k1", "invoice_id": "promised", "made_on": "2024-06-25"}
            | {"due_on": "2024-07-09", "amount": 50_000}
        ],
        disputes=[
            {"invoice_id": "disputed", "opened": "2024-06-20", "acknowledged": "2024-06-21", "resolved": None}
            | {"reason": "pricing", "resolution": None, "amount": 60_000}
        ],
        rates=[{"currency": "EUR", "rate": 1.1}, {"currency": "JPY", "rate": 0.0066}],
    )


def test_a_mixed_ledger_is_carried_on() -> None:
    """Each invoice is settled in its own currency to the last minor unit; the old dispute ends; the promise blocks."""
    run = simulate(from_ledger(mixed()), "escalated", days=400, specialists=1, every_day=True)
    assert_carries_on(run)
    ledger = run.ledger.validate()
    paid = ledger.payments[ledger.payments["kind"].isin(["cash", "write_off"])]
    amount = paid.groupby("invoice_id")["amount"].sum()
    notes = ledger.payments[ledger.payments["kind"] == "credit_note"].groupby("invoice_id")["amount"].sum()
    total = amount.add(notes, fill_value=0)
    for name, expected in (("open", 100_000), ("euro", 80_001), ("yen", 1_234_567), ("partly", 70_000)):
        assert total[name] == expected
    dispute = ledger.disputes.iloc[0]
    assert dispute["opened"] == pd.Timestamp("2024-06-20")
    assert dispute["resolved"] > run.start
    cash = ledger.payments[(ledger.payments["invoice_id"] == "disputed") & (ledger.payments["kind"] == "cash")]
    assert (cash["received_date"] >= dispute["resolved"]).all()
    about = ledger.contacts[ledger.contacts["time"] > pd.Timestamp("2024-07-01", tz="UTC")]
    live = about["time"] < pd.Timestamp("2024-07-10", tz="UTC")
    assert "promised" not in set(about.loc[live, "invoice_id"])
    assert (ledger.payments["invoice_id"].isna()).sum() == 1  # the unapplied cash is left alone
    written = ledger.payments["kind"] == "write_off"
    assert "ancient" not in set(ledger.payments.loc[written, "invoice_id"])  # this house never wrote one off


def test_promises_are_in_the_invoices_own_currency() -> None:
    """A promise to pay all of an invoice in yen is an amount in yen."""
    rows = [
        invoice(f"i{k}", "2024-05-20", "2024-06-19", 1_000_000, customer_id=f"c{k:03d}", currency="JPY")
        for k in range(30)
    ]
    names = [{"customer_id": f"c{k:03d}"} for k in range(30)]
    yen = handmade("2024-06-30", rows, customers=names, rates=[{"currency": "JPY", "rate": 0.0066}])
    run = simulate(portfolio(30, flat(0.001), ledger=yen, rate=0), "friendly", days=30, specialists=3)
    assert len(run.ledger.promises) > 3
    assert (run.ledger.promises["amount"] == 1_000_000).all()


@pytest.mark.parametrize("desk", ["fast", "event"])
@pytest.mark.parametrize("as_of", ["2024-01-01", "2024-01-05", "2024-01-06"])
def test_a_horizon_of_one_day(desk: str, as_of: str) -> None:
    """Working day or weekend: a ledger of the next day."""
    due = pd.Timestamp(as_of)  # so that the first rung, a day past due, is reached on the next day
    rows = [invoice(f"i{k}", "2023-11-01", f"{due:%F}", 50_000, customer_id=f"c{k:03d}") for k in range(20)]
    run = simulate(portfolio(20, flat(0.2), invoices=rows, as_of=as_of), "escalated", days=1, desk=desk)
    assert_carries_on(run)
    assert (run.contacts > 0) == (as_of == "2024-01-01")
    run.ledger.validate()


@pytest.mark.parametrize("desk", ["fast", "event"])
def test_without_specialists_only_messages_go_out(desk: str) -> None:
    """Nobody calls, nobody answers, nothing is spent on labour."""
    run = simulate(owners(), "escalated", days=60, specialists=0, desk=desk)
    assert_carries_on(run)
    assert not run.calls
    assert run.contacts
    assert not (run.log.talked > 0).any()
    assert run.specialist_utilisation == run.busy_minutes == 0
    silent = simulate(owners(), "email_only", days=60, specialists=0)
    assert run.cost > silent.cost > 0  # letters cost more than emails
    assert not simulate(owners(), "none", days=60, specialists=0).cost


def test_an_absent_roster_is_no_roster() -> None:
    """Specialists who are away on every day make the same ledger as none, but for the staff table."""
    away = " ".join(f"{day:%F}" for day in pd.date_range("2024-01-01", periods=40))
    people = portfolio(30, flat(0.02), invoices=open_rows(30))
    gone = simulate(people, "escalated", days=30, specialists=staff({"absences": away})).ledger
    none = simulate(people, "escalated", days=30, specialists=0).ledger
    for name in ("invoices", "payments", "contacts", "promises"):
        pd.testing.assert_frame_equal(getattr(gone, name), getattr(none, name))


def test_nothing_open_and_nobody_orders() -> None:
    """An empty world stays empty."""
    run = simulate(portfolio(5, flat(0.1), rate=0), "escalated", days=30)
    assert run.invoices == run.contacts == 0
    assert_carries_on(run)
    run.ledger.validate()


def test_nothing_open_at_the_start() -> None:
    """The first invoice is issued in the run."""
    run = simulate(portfolio(20, flat(0.03), rate=0.2), "escalated", days=90)
    assert_carries_on(run)
    assert run.invoices > 100
    assert run.calls > 10


def test_customers_who_never_order_only_pay() -> None:
    """Open invoices are chased and paid, none is added."""
    run = simulate(portfolio(20, flat(0.03), invoices=open_rows(20), rate=0), "escalated", days=60)
    assert_carries_on(run)
    assert not run.invoices
    assert len(run.ledger.payments) > 10


def test_some_customers_may_have_no_catalogue() -> None:
    """Who never ordered has nothing to repeat, between others who do."""
    none = portfolio(
        3, flat(0.05), order_rate=np.array([0.3, 0.0, 0.3]), orders=np.array([0, 1, 1, 2]), lines=np.array([0, 2, 4]),
        amount=np.array([100, 200, 300, 400]), term=np.array([10, 20, 30, 40], np.int32),
    )  # fmt: skip
    ledger = simulate(none, "none", days=120).ledger
    assert set(ledger.invoices["customer_id"]) == {"c000", "c002"}
    pairs = ledger.invoices.groupby(["customer_id", "issue_date"])["amount"].agg(tuple)
    assert all(set(pair) == ({100, 200} if c == "c000" else {300, 400}) for (c, _), pair in pairs.items())
    term = (ledger.invoices["due_date"] - ledger.invoices["issue_date"]).dt.days
    assert (term == ledger.invoices["amount"] // 10).all()


def test_orders_come_on_working_days_of_the_customers_country() -> None:
    """No invoice on a weekend or on a bank holiday."""
    ledger = simulate(owners(), "none", days=120, specialists=0).ledger
    fresh = ledger.invoices[ledger.invoices["issue_date"] > owners().start]
    assert (fresh["issue_date"].dt.dayofweek < 5).all()
    country = ledger.customers.set_index("customer_id")["country"].reindex(fresh["customer_id"]).to_numpy()
    assert not (fresh["issue_date"].eq("2026-11-26") & (country == "US")).any()
    assert fresh["issue_date"].eq("2026-11-25").any()


def test_contacts_and_minutes_add_up() -> None:
    """The run's figures are those of its ledger."""
    run = simulate(owners(), "escalated", days=60, specialists=2)
    fresh = run.ledger.contacts.iloc[len(run.portfolio.ledger.contacts) :]
    assert run.calls == (fresh["channel"] == "phone").sum()
    assert run.busy_minutes == pytest.approx(fresh["minutes"].sum())
    assert 0 < run.specialist_utilisation < 1.2
    letters, mails = (fresh["channel"] == "letter").sum(), fresh["channel"].isin(["email", "portal"]).sum()
    labour = run.busy_minutes / 60 * 8 / 5.0 * 20.59 * 1.35
    assert run.cost == pytest.approx(labour + 1.5 * letters + 0.02 * mails)
    assert run.strategy.name in run.summary()


def test_own_wages_count() -> None:
    """A roster that says what an hour costs is charged at that."""
    people = portfolio(20, flat(0.01), invoices=open_rows(20))
    run = simulate(people, "friendly", days=30, specialists=staff({"cost_per_hour": 10_000}))
    mails = (run.ledger.contacts["channel"] == "email").sum()
    letters = (run.ledger.contacts["channel"] == "letter").sum()
    assert run.cost == pytest.approx(run.busy_minutes / 60 * 8 / 5 * 100 + 0.02 * mails + 1.5 * letters)


def test_a_ledger_without_recent_orders_is_refused() -> None:
    """There is nobody to simulate."""
    old = handmade("2024-06-30", [invoice("i1", "2022-01-01", "2022-02-01", 100)])
    with pytest.raises(BadInput, match="2024-06-30"):
        from_ledger(old)
