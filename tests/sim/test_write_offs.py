"""A run writes off what the ledger's house would: at its own ages, its own share, and nothing where it never did."""

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.table.calendar import NEVER
from models.history.write_offs import LONGEST, write_offs
from sim import from_ledger, simulate
from tests.handmade import Row, handmade, invoice, payment

AS_OF = pd.Timestamp("2024-12-31")


def old_invoices(late: list[int], *, name: str = "z") -> list[Row]:
    """Return invoices of 1,000.00 that have been due for so many days on the ledger's last day."""
    due = [AS_OF - pd.Timedelta(days=days) for days in late]
    return [
        invoice(f"{name}{k}", f"{day - pd.Timedelta(days=30):%F}", f"{day:%F}", 100_000, customer_id=f"{name}{k % 20}")
        for k, day in enumerate(due)
    ]


def a_paying_customer() -> tuple[list[Row], list[Row]]:
    """Return a year of monthly invoices paid on time, so that there is somebody to simulate."""
    days = pd.date_range("2024-01-15", periods=11, freq="MS") + pd.Timedelta(days=14)
    rows = [invoice(f"p{k}", f"{d:%F}", f"{d + pd.Timedelta(days=10):%F}", 5000) for k, d in enumerate(days)]
    return rows, [payment(row["invoice_id"], row["due_date"], 5000) for row in rows]


def house(late: list[int], written_at: dict[int, int], *, name: str = "z") -> Ledger:
    """Return a ledger of unpaid invoices, some written off so many days past due (by number of the invoice)."""
    rows, paid = a_paying_customer()
    unpaid = old_invoices(late, name=name)
    for k, age in written_at.items():
        day = pd.Timestamp(unpaid[k]["due_date"]) + pd.Timedelta(days=age)
        paid.append(payment(unpaid[k]["invoice_id"], f"{day:%F}", 100_000, "write_off"))
    return handmade(f"{AS_OF:%F}", [*rows, *unpaid], paid)


def written_in(ledger: Ledger, days: int, replication: int = 0) -> pd.DataFrame:
    """Return the write-offs of a run without contacts, with their days past due."""
    run = simulate(from_ledger(ledger), "none", days=days, specialists=0, replication=replication)
    fresh = run.ledger.payments[run.ledger.payments["applied_date"] > run.start]
    fresh = fresh[fresh["kind"] == "write_off"]
    due = run.ledger.invoices.set_index("invoice_id")["due_date"].loc[fresh["invoice_id"]].to_numpy()
    return fresh.assign(late=(fresh["applied_date"].to_numpy() - due) // np.timedelta64(1, "D"))


def test_a_house_that_never_wrote_off_does_not_begin_to():
    """Three hundred invoices, 400 days late and more, 20 of them by 580, stand as they stood; the notes say why."""
    ledger = house([400 + k % 200 for k in range(300)], {})
    assert not len(written_in(ledger, 180))
    assert any("Write-offs: none, as in the ledger's 580 days." in note for note in from_ledger(ledger).notes)


def test_a_house_goes_on_at_its_own_age():
    """All went at 120 days: those that get there in the run go on that day, the others stay."""
    late = [*range(200, 400), *range(60, 100)]
    ledger = house(late, dict.fromkeys(range(200), 120))
    told = write_offs(ledger)
    assert (told.usual_age, told.seen) == (120, 200)
    gone = written_in(ledger, 61)
    assert (gone["late"] == 120).all()
    assert 37 <= len(gone) <= 40  # each stays for good by 0.5 / 200.5: more than three would in 1 of 10,000 seeds


def test_a_house_that_leaves_half_standing_leaves_half_in_the_run():
    """Two hundred of 400 went at 200 days; of 400 that come to that age about half go, within 4 standard errors."""
    late = [*range(201, 601), *[190] * 400]
    ledger = house(late, dict.fromkeys(range(0, 400, 2), 200))
    gone = written_in(ledger, 30)
    assert (gone["late"] == 200).all()
    share = 200 / 400.5
    assert abs(len(gone) - 400 * share) < 4 * np.sqrt(400 * share * (1 - share))  # 1 in 15,000 seeds would miss


def test_what_a_short_history_cannot_tell_is_assumed_and_said():
    """No invoice has been due for more than 200 days: the longest age in use stands in, and the notes say so."""
    rows, paid = a_paying_customer()
    recent = [row for row in rows if row["due_date"] > "2024-06-20"]
    kept = {row["invoice_id"] for row in recent}
    unpaid = old_invoices([150, 190, 194])
    ledger = handmade(f"{AS_OF:%F}", [*recent, *unpaid], [p for p in paid if p["invoice_id"] in kept])
    gone = written_in(ledger, 240)
    assert set(gone["late"]) <= {LONGEST}
    note = f"too short to show any later: {LONGEST} days past due is assumed"
    assert any(note in text for text in from_ledger(ledger).notes)


def test_writing_a_residue_off_is_no_write_off_of_an_invoice():
    """Ninety-eight percent came, and two were written off: nothing shows that an invoice would be."""
    rows, paid = a_paying_customer()
    short = old_invoices([400] * 30)
    for row in short:
        paid += [payment(row["invoice_id"], row["due_date"], 98_000)]
        paid += [payment(row["invoice_id"], "2024-06-30", 2_000, "write_off")]
    assert write_offs(handmade(f"{AS_OF:%F}", [*rows, *short], paid)).seen == 0


def test_an_older_invoice_draws_from_what_lies_ahead_of_it():
    """With write-offs at 100 and 300 days, what is 150 days late can only go at 300."""
    ledger = house([*[401] * 50, *[402] * 50, *[150] * 200], {k: 100 if k < 50 else 300 for k in range(100)})
    told = write_offs(ledger)
    day = told.lapse(np.full(5, -150, np.int32), np.array([1e-9, 0.01, 0.5, 3.0, 99.0]))
    assert set(day[:3]) == {150}
    assert day[-1] == NEVER


def test_an_age_of_ones_own_takes_the_place_of_the_houses():
    """Who asks for another write-off age gets it."""
    from sim import Assumptions

    start = from_ledger(house([60] * 40, {}))
    run = simulate(start, "none", days=30, specialists=0, assumptions=Assumptions.default(write_off_age=70))
    assert (run.ledger.payments["kind"] == "write_off").sum() > 30


def test_other_assumptions_leave_the_houses_law_alone():
    """A house of debts 400 days late that never wrote off does not begin to because calls are assumed to do more."""
    from sim import Assumptions

    start = from_ledger(house([400] * 40, {}))
    run = simulate(start, "none", days=100, specialists=0, assumptions=Assumptions.default(call_hazard_ratio=2.0))
    assert not (run.ledger.payments["kind"] == "write_off").any()


def short_house(*, other: list[Row], paid: list[Row]) -> Ledger:
    """Return 200 invoices, the oldest 249 days past due, all but a few of them paid on their due days, and others."""
    rows = old_invoices([249 - k for k in range(200)])
    there = {row["invoice_id"] for row in paid}
    cash = [payment(row["invoice_id"], row["due_date"], 100_000) for row in rows if row["invoice_id"] not in there]
    return handmade(f"{AS_OF:%F}", [*rows, *other], [*cash, *paid])


def on_day(row: Row, late: int, amount: int, kind: str = "cash") -> Row:
    """Return what was applied to an invoice so many days past its due day."""
    return payment(row["invoice_id"], f"{pd.Timestamp(row['due_date']) + pd.Timedelta(days=late):%F}", amount, kind)


def test_what_is_assumed_beyond_the_history_is_not_counted_as_the_houses():
    """Two of 200 went at 90 days: half of the house's went by 90, and 365 is told apart as assumed."""
    rows = old_invoices([249 - k for k in range(200)])
    told = write_offs(short_house(other=[], paid=[on_day(row, 90, 100_000, "write_off") for row in rows[:2]]))
    assert (told.usual_age, told.seen, told.followed) == (90, 2, 230)  # 20 invoices have been due for 230 days
    assert told.words().startswith("Write-offs: as 2 of the ledger's own, half of them by 90 days past due.")
    assert told.words().endswith(f"too short to show any later: {LONGEST} days past due is assumed.")
    assert told.standing(np.array([LONGEST - 1, LONGEST]))[1] == 0


def test_a_single_old_invoice_does_not_make_a_history_long():
    """One of 1,795 days among 200 of up to 249: the ledger could not show what becomes of others at 365 days."""
    told = write_offs(short_house(other=old_invoices([1795], name="old"), paid=[]))
    assert told.followed < 249
    assert told.usual_age == LONGEST
    assert "is assumed" in told.words()


def test_cash_that_bounced_ends_no_invoice():
    """Paid, returned five days later and written off at 90 days: that is a write-off, at 90 days."""
    row = old_invoices([249])[0]
    steps = [on_day(row, 10, 100_000), on_day(row, 15, -100_000), on_day(row, 90, 100_000, "write_off")]
    told = write_offs(short_house(other=[], paid=steps))
    assert (told.seen, told.usual_age) == (1, 90)


def test_a_write_off_in_several_rows_is_one():
    """In three parts on one day or on three days: it ends the invoice when less than half is open."""
    row = old_invoices([249])[0]
    parts = (33_400, 33_300, 33_300)
    for days, age in (((90, 90, 90), 90), ((90, 91, 92), 91)):
        steps = [on_day(row, late, part, "write_off") for late, part in zip(days, parts, strict=True)]
        told = write_offs(short_house(other=[], paid=steps))
        assert (told.seen, told.usual_age) == (1, age)
