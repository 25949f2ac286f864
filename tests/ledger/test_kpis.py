"""KPIs of ledgers small enough to check by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from ledger import BadInput, kpi_path, kpis
from ledger.kpi.activity import promise_outcomes, staffed_hours
from ledger.table.months import day_number
from models.history.main_payments import history
from tests.handmade import chain, contact, handmade, invoice, payment, table

MONTH_ENDS = pd.date_range("2023-01-31", periods=30, freq="ME")  # to 30 June 2025


def test_the_markov_chain_as_a_ledger() -> None:
    """The stationary chain has its known KPIs over June, which has 30 days."""
    ledger = chain([15_000_000] * len(MONTH_ENDS), MONTH_ENDS)
    found = kpis(ledger)
    assert (f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}") == ("2025-06-01", "2025-06-30")
    expected = {
        "ar_open": 183_000,
        "cash_collected": 149_550,
        "written_off": 450,
        "dso": 36.6,
        "best_possible_dso": 30.0,
        "add": 6.6,
        "bad_debt_percent": 0.30,
        "ar_turnover": 150_000 * 365 / 30 / 183_000,
        "cei": 100 * 150_000 / 183_000,
        "cei_cash": 100 * 149_550 / 183_000,
        "cei_crf": 100 * 150_000 / 183_000,
        "dso_count_back": 30 + 31 * 33_000 / 150_000,
        "percent_over_91": 0.0,
        "terms": 20.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found.aging["amount"].tolist() == pytest.approx([150_000, 30_000, 3_000, 0, 0])
    assert found.aging["invoices"].tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(("growth", "month_dso"), [(0.0, 36.60), (0.1, 35.95), (-0.1, 37.41)])
def test_the_chain_with_a_sales_trend(growth: float, month_dso: float) -> None:
    """Growing or shrinking sales move DSO though every customer pays alike."""
    sales = [round(100_000_000 * (1 + growth) ** (k - len(MONTH_ENDS) + 1)) for k in range(len(MONTH_ENDS))]
    assert kpis(chain(sales, MONTH_ENDS))["dso"] == pytest.approx(month_dso, abs=0.005)


def test_aging_borders() -> None:
    """Due today is not past due; 30 days past due is 1-30, 31 is 31-60, 90 is 61-90, 91 is 91+."""
    evening = pd.Timestamp("2025-06-30")
    late = [-5, 0, 1, 30, 31, 60, 61, 90, 91, 400]
    rows = [
        invoice(f"i{k}", "2024-01-01", f"{evening - pd.Timedelta(days=days):%Y-%m-%d}", 100 * 2**k)
        for k, days in enumerate(late)
    ]
    found = kpis(handmade("2025-06-30", rows))
    assert found.aging["amount"].tolist() == [1 + 2, 4 + 8, 16 + 32, 64 + 128, 256 + 512]
    assert found.aging["invoices"].tolist() == [2] * 5
    assert found["percent_current"] == pytest.approx(100 * 3 / 1023)
    assert found["percent_over_91"] == pytest.approx(100 * 768 / 1023)


def test_beginning_ar_is_what_was_open_the_evening_before() -> None:
    """An invoice paid on the first day of the window was open before it; one paid the day before was not."""
    rows = [invoice(f"i{k}", "2025-04-01", "2025-05-01", 100_00) for k in range(2)]
    ledger = handmade("2025-06-30", rows, [payment("i0", "2025-05-31", 100_00), payment("i1", "2025-06-01", 100_00)])
    found = kpis(ledger, start="2025-06-01", end="2025-06-30")
    assert found["beginning_ar"] == 100.0
    assert found["sales"] == 0.0
    assert found["cei"] == 100.0
    assert found["dso"] is None


def test_the_default_window_is_the_month_that_ends_on_the_day() -> None:
    """Calendar months at their ends; else from the day after the same day of the month before."""
    ledger = handmade("2025-06-30", [invoice("i", "2025-01-01", "2025-02-01", 1)])
    starts = {
        end: f"{kpis(ledger, end=end).start:%m-%d}" for end in ("2025-02-28", "2025-04-30", "2025-05-15", "2025-03-30")
    }
    assert starts == {"2025-02-28": "02-01", "2025-04-30": "04-01", "2025-05-15": "04-16", "2025-03-30": "03-01"}


def test_credit_notes_lower_ar_but_not_sales() -> None:
    """Credit sales are gross invoices; a credit note counts as collected in CEI, not in cash CEI."""
    rows = [invoice("i", "2025-06-02", "2025-06-12", 1000_00), invoice("old", "2025-05-02", "2025-05-12", 500_00)]
    paid = [payment("i", "2025-06-20", 400_00, "credit_note"), payment("old", "2025-05-20", 500_00)]
    found = kpis(handmade("2025-06-30", rows, paid))
    assert (found["sales"], found["ar_open"], found["cei"], found["cei_cash"]) == (1000.0, 600.0, 40.0, 0.0)


def test_unapplied_cash_is_cash_but_lowers_no_ar() -> None:
    """Money received and not yet applied is unapplied cash; a prepayment is applied on the issue date."""
    rows = [invoice("i", "2025-06-10", "2025-06-20", 100_00)]
    payments = [
        payment("i", "2025-06-10", 100_00, received="2025-05-30"),
        payment(None, "", 70_00, received="2025-06-05"),
    ]
    ledger = handmade("2025-06-30", rows, payments)
    early, late = kpis(ledger, end="2025-06-05"), kpis(ledger)
    assert (early["unapplied_cash"], early["ar_open"]) == (170.0, 0.0)
    assert (late["unapplied_cash"], late["ar_open"], late["cash_collected"]) == (70.0, 0.0, 70.0)


def test_open_receivables_tie_to_their_net() -> None:
    """Gross open, less the cash and the credits that no invoice has yet; in the figures, in JSON and in the table."""
    rows = [invoice("i", "2025-06-10", "2025-06-20", 500_00)]
    loose = [
        payment(None, "", 70_00, received="2025-06-11"),
        payment(None, "", 30_00, "credit_note", received="2025-06-12"),
    ]
    found = kpis(handmade("2025-06-30", rows, loose))
    assert found.to_dict()["ar"] == {
        "gross_open": 500.0, "unapplied_credit": 30.0, "unapplied_cash": 70.0, "net": 400.0
    }  # fmt: skip
    assert (found["ar_open"], found["unapplied_credit"], found["unapplied_cash"], found["ar_net"]) == (500, 30, 70, 400)
    assert [line.split()[-1] for line in found.summary().splitlines()[-4:]] == ["500.00", "30.00", "70.00", "400.00"]


def test_money_that_goes_back_reopens_its_invoice_from_that_day_on() -> None:
    """A returned cheque: nothing open until it bounces, and what was known on each evening stays so."""
    rows = [invoice("i", "2025-05-05", "2025-06-04", 900_00), invoice("j", "2025-05-05", "2025-06-04", 100_00)]
    money = [
        payment("i", "2025-06-01", 900_00),
        payment("i", "2025-06-08", -900_00),
        payment("j", "2025-06-02", 100_00),
    ]
    ledger = handmade("2025-06-30", rows, money)
    before, after = kpis(ledger, end="2025-06-05"), kpis(ledger)
    assert (before["ar_open"], before["cash_collected"], before["mean_days_late"]) == (0.0, 1000.0, pytest.approx(-2.9))
    assert (after["ar_open"], after["cash_collected"], after["mean_days_late"]) == (900.0, 100.0, -2.0)
    assert after.aging["invoices"].sum() == 1
    assert before.aging["invoices"].sum() == 0
    assert ledger.snapshot("2025-06-05").open_amount().tolist() == [0, 0]
    assert history(ledger).paid.tolist() == [False, True]


def test_an_invoice_paid_again_after_a_bounce_was_paid_late() -> None:
    """The last cash counts, and the invoice is settled once."""
    rows = [invoice("i", "2025-05-05", "2025-06-04", 900_00)]
    money = [
        payment("i", day, sign * 900_00) for day, sign in (("2025-06-01", 1), ("2025-06-08", -1), ("2025-06-20", 1))
    ]
    ledger = handmade("2025-06-30", rows, money)
    found = kpis(ledger)
    assert (found["ar_open"], found["cash_collected"], found["mean_days_late"]) == (0.0, 900.0, 16.0)
    assert ledger.settled_date.tolist() == [pd.Timestamp("2025-06-20")]


@pytest.mark.parametrize(
    "money",
    [
        [payment("i", "2025-06-01", 50), payment("i", "2025-06-02", -60)],
        [payment("i", "2025-06-02", 50), payment("i", "2025-06-01", -50)],
        [payment("i", "2025-06-01", 100), payment("i", "2025-06-02", 50), payment("i", "2025-06-03", -50)],
        [payment(None, "", 50, received="2025-06-02"), payment(None, "", -50, received="2025-06-01")],
        [payment("i", "2025-06-01", 0)],
    ],
)
def test_no_more_is_taken_back_than_was_there(money) -> None:
    """On every evening, whatever the total at the end."""
    with pytest.raises(BadInput, match=r"take back|more than|must not be 0|less than"):
        handmade("2025-06-30", [invoice("i", "2025-05-05", "2025-06-04", 100)], money)


def test_a_promise_that_bounced_was_not_kept() -> None:
    """Whenever the cheque came back."""
    rows = [invoice("i", "2025-05-05", "2025-06-04", 900)]
    money = [payment("i", "2025-06-10", 900), payment("i", "2025-06-18", -900)]
    made = {"contact_id": "k", "invoice_id": "i", "made_on": "2025-06-08", "due_on": "2025-06-12", "amount": 900}
    talk = contact("k", "2025-06-08 10:00", outcome="promise", promise_made=True)
    ledger = handmade("2025-06-30", rows, money, contacts=[talk], promises=[made])
    assert promise_outcomes(ledger, "2025-06-15")["state"].tolist() == ["kept"]
    assert promise_outcomes(ledger)["state"].tolist() == ["broken"]


def test_mean_days_late_weighs_amounts_and_asks_when_the_cash_came() -> None:
    """300 paid 10 days late (applied later still) and 100 two days early: 7 days. A write-off is no payment."""
    rows = [invoice(f"i{k}", "2025-05-01", "2025-06-01", amount) for k, amount in enumerate([300, 100, 999])]
    payments = [
        payment("i0", "2025-06-14", 300, received="2025-06-11"),
        payment("i1", "2025-06-03", 100, received="2025-05-30"),
        payment("i2", "2025-06-20", 500),
        payment("i2", "2025-06-20", 499, "write_off"),
    ]
    assert kpis(handmade("2025-06-30", rows, payments))["mean_days_late"] == pytest.approx(7.0)


def test_currencies_are_converted() -> None:
    """100 EUR at 1.10 and 1,000 JPY, which has no minor unit, at 0.0065 are 116.50 USD."""
    rows = [
        invoice("e", "2025-06-01", "2025-07-01", 100_00, currency="EUR"),
        invoice("j", "2025-06-01", "2025-07-01", 1000, currency="JPY"),
    ]
    rates = [{"currency": "EUR", "rate": 1.10}, {"currency": "JPY", "rate": 0.0065}]
    assert kpis(handmade("2025-06-30", rows, rates=rates))["ar_open"] == pytest.approx(116.50)


def test_dso_true_of_a_ledger() -> None:
    """The hand-worked example, as of 31 March: ages 20, 45 and 80 days against the sales of the months of issue."""
    sales = [("03-11", 30_000), ("02-14", 16_000), ("01-10", 7_000)]
    paid = [("03-01", 70_000), ("02-01", 64_000), ("01-01", 63_000)]
    rows = [invoice(f"o{d}", f"2025-{d}", f"2025-{d}", a * 100) for d, a in sales]
    rows += [invoice(f"p{d}", f"2025-{d}", f"2025-{d}", a * 100) for d, a in paid]
    ledger = handmade("2025-03-31", rows, [payment(f"p{d}", f"2025-{d}", a * 100) for d, a in paid])
    assert kpis(ledger)["dso_true"] == pytest.approx(23.0)


def test_promises_kept_partly_kept_broken_and_open() -> None:
    """Derived from cash between the promise and its due day, as known on the evening asked for."""
    rows = [invoice(f"i{k}", "2025-05-01", "2025-05-31", 100_00) for k in range(5)]
    payments = [
        payment("i0", "2025-06-12", 100_00, received="2025-06-10"),  # in time, applied two days after
        payment("i1", "2025-06-08", 40_00),
        payment("i2", "2025-06-11", 100_00),  # a day late
        payment("i4", "2025-06-04", 100_00),  # before the promise
    ]
    due = ["2025-06-10", "2025-06-10", "2025-06-10", "2025-07-15", "2025-06-10"]
    promises = [
        {"contact_id": f"k{k}", "invoice_id": f"i{k}", "made_on": "2025-06-05", "due_on": day, "amount": 100_00}
        for k, day in enumerate(due)
    ]
    talks = [contact(f"k{k}", "2025-06-05 10:00", outcome="promise", promise_made=True) for k in range(5)]
    ledger = handmade("2025-06-30", rows, payments, promises=promises, contacts=talks)
    assert promise_outcomes(ledger)["state"].tolist() == ["kept", "partly_kept", "broken", "open", "broken"]
    assert promise_outcomes(ledger, "2025-06-11")["state"].tolist()[0] == "broken"
    found = kpis(ledger)
    assert found["promise_kept_percent"] == 25.0
    assert found["promise_kept_amount_percent"] == 35.0


def test_contacts_disputes_and_hours() -> None:
    """Right parties are of outbound phone attempts; disputes age in days and breach after ten business days."""
    rows = [invoice(f"i{k}", "2025-05-01", "2025-05-31", 100_00) for k in range(3)]
    talks = [
        contact("k0", "2025-06-02 09:00", outcome="no_answer"),
        contact("k1", "2025-06-30 23:59", outcome="reached"),
        contact("k2", "2025-06-03 09:00", channel="email"),
        contact("k3", "2025-06-03 09:00", customer_id="c2", channel="email"),
        contact("k4", "2025-06-03 09:00", channel="inbound", outcome="reached"),
        contact("k5", "2025-05-31 09:00", outcome="reached"),
    ]
    case = {"acknowledged": None, "resolved": None, "reason": "pricing", "resolution": None, "amount": 1}
    disputes = [
        {**case, "invoice_id": "i0", "opened": "2025-06-16"},  # ten business days before 30 June: in time
        {**case, "invoice_id": "i1", "opened": "2025-06-13"},  # eleven
        {**case, "invoice_id": "i2", "opened": "2025-05-05", "resolved": "2025-06-01", "resolution": "rejected"},
    ]
    person = {"skills": "", "languages": "en", "timezone": "UTC", "weekly_hours": 40.0}
    staff = [{**person, "specialist_id": "s", "absences": "2025-06-06 2025-06-07", "cost_per_hour": 50_00}]
    payments = [payment("i0", "2025-06-20", 100_00)]
    found = kpis(handmade("2025-06-30", rows, payments, contacts=talks, disputes=disputes, staff=staff))
    assert found["right_party_percent"] == 50.0
    assert found["contacts_per_customer"] == 2.0
    assert found["dispute_mean_open_days"] == pytest.approx((14 + 17) / 2)
    assert found["dispute_past_sla_percent"] == 50.0
    hours = (21 - 1) * 8  # business days of June, less one absence on a working day
    span = day_number(pd.Timestamp("2025-06-01")), day_number(pd.Timestamp("2025-06-30"))
    assert staffed_hours(table("staff", staff), *span).tolist() == [hours]
    assert found["cash_per_specialist_hour"] == pytest.approx(100 / hours)
    assert found["cost_to_collect"] == pytest.approx(100 * hours * 50 / 100)
    free = [*staff, {**staff[0], "specialist_id": "t", "cost_per_hour": 0}]  # at an assumed wage, which no ledger knows
    found = kpis(handmade("2025-06-30", rows, payments, staff=free))
    assert found["cost_to_collect"] is None
    assert found["cash_per_specialist_hour"] is not None


def test_a_contact_belongs_to_the_day_of_the_ledgers_time_zone() -> None:
    """Two in the morning of 1 July in Greenwich is still 30 June in New York."""
    rows = [invoice("i", "2025-05-01", "2025-05-31", 1)]
    talks = [contact("k", "2025-07-01 02:00", outcome="reached")]
    ledger = handmade("2025-07-31", rows, contacts=talks, timezone="America/New_York")
    assert kpis(ledger, end="2025-06-30")["right_party_percent"] == 100.0
    assert kpis(ledger)["right_party_percent"] is None
    assert len(ledger.snapshot("2025-06-30").contacts) == 1


def test_an_empty_ledger_has_nothing_to_say() -> None:
    """No invoices: amounts are zero, every ratio is not available, and all of it is JSON."""
    found = kpis(handmade("2025-06-30"))
    told = found.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert set(told) == {"as_of", "window", "kpis", "aging", "ar"}
    assert told["window"] == {"from": "2025-06-01", "to": "2025-06-30"}
    assert [row["bucket"] for row in told["aging"]] == ["not_due", "1-30", "31-60", "61-90", "91+"]
    assert told["aging"][0] == {"bucket": "not_due", "amount": 0.0, "percent": None, "invoices": 0}
    assert told["kpis"]["dso"] is None
    assert told["kpis"]["cost_to_collect"] is None
    assert kpi_path(handmade("2025-06-30"), ["2025-06-30"])["ar_open"].tolist() == [0.0]


def test_the_summary_fits_and_shows_the_pass_lines() -> None:
    """At most 80 columns; DSO within ten days of terms, CEI above 80, bad debt below 0.5."""
    found = kpis(chain([15_000_000] * len(MONTH_ENDS), MONTH_ENDS))
    text = found.summary()
    assert max(map(len, text.splitlines())) <= 80
    assert {name: met for name, (_, met) in found.targets().items()} == {
        "dso": False,
        "cei": True,
        "bad_debt_percent": True,
    }
    assert "MISS: at most 30.0 (terms + 10)" in " ".join(text.split())
    assert "pass: above 80" in text


def test_windows_that_cannot_be() -> None:
    """A window beyond the ledger, or one that ends before it starts, is refused by name."""
    ledger = handmade("2025-06-30", [invoice("i", "2025-01-01", "2025-02-01", 1)])
    with pytest.raises(BadInput, match="knows nothing after 2025-06-30"):
        kpis(ledger, end="2025-07-01")
    with pytest.raises(BadInput, match="knows nothing after 2025-06-30"):
        kpi_path(ledger, ["2025-06-01", "2025-07-01"])
    with pytest.raises(BadInput, match="start"):
        kpis(ledger, start="2025-06-30", end="2025-06-01")


def test_the_path_has_aging_and_cumulative_cash() -> None:
    """One row per day asked for; cash adds up over the ledger's life."""
    rows = [invoice(f"i{k}", "2025-01-01", "2025-05-31", 100_00) for k in range(2)]
    ledger = handmade("2025-06-30", rows, [payment("i0", "2025-06-02", 100_00), payment("i1", "2025-06-04", 60_00)])
    path = kpi_path(ledger, ["2025-06-01", "2025-06-02", "2025-06-30"])
    assert path["cumulative_cash"].tolist() == [0.0, 100.0, 160.0]
    assert path["aging_1-30"].tolist() == [200.0, 100.0, 40.0]
    assert path.dtypes.unique().tolist() == [np.dtype(float)]
    assert path.index.name == "day"
    assert kpi_path(ledger, []).empty
