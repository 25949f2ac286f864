"""Cox's regression: against sums done by hand, another library, and its own episodes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger
from models import fit
from models.families.proportional import FIRST_DAY, Proportional, _efron, partial_likelihood
from models.history.contact_log import ContactLog
from models.history.episodes import ENDS, WINDOW, Episodes, episodes
from models.history.recent_contacts import RecentContacts
from tests.handmade import contact, handmade, invoice, payment

START = pd.Timestamp("2024-01-01")
DAY = [f"{START + pd.Timedelta(days=k):%Y-%m-%d}" for k in range(400)]


def rows(*lines: tuple[int, int, bool, float]) -> pd.DataFrame:
    """Return episodes (start, stop, event, x) of one stratum."""
    return pd.DataFrame(lines, columns=["start", "stop", "event", "x"]).assign(stratum=0)


def contacted() -> Ledger:
    """Return 200 invoices of 10 customers; one in two overdue ones is called, and then pays within days."""
    rng = np.random.default_rng(3)
    invoices, payments, contacts = [], [], []
    for k in range(200):
        who, issue, term = f"c{k % 10}", int(rng.integers(0, 250)), int(rng.choice([10, 30]))
        invoices.append(invoice(f"i{k}", DAY[issue], DAY[issue + term], 5_000 + 10 * k, customer_id=who))
        paid = issue + term + int(rng.integers(-3, 50))
        if paid > issue + term + 5 and k % 2:
            called = issue + term + 4
            tone = "firm" if k % 3 else "friendly"
            contacts.append(contact(f"k{k}", f"{DAY[called]} 10:00", customer_id=who, invoice_id=f"i{k}", tone=tone))
            paid = called + int(rng.integers(1, 8))
        if paid <= 300:
            payments.append(payment(f"i{k}", DAY[paid], 5_000 + 10 * k))
    talks = [row for row in contacts if row["time"] < pd.Timestamp(DAY[300], tz="UTC")]
    return handmade(DAY[300], invoices, payments, contacts=talks, check=False)


def fitted(ledger: Ledger) -> Proportional:
    """Return the regression, by its concrete type."""
    model = fit(ledger, model="cox")
    assert isinstance(model, Proportional)
    return model


def test_a_covariate_that_changes_gives_the_coefficient_worked_out_by_hand() -> None:
    """Half the log of 2, from a likelihood of two payments.

    On day 1 the invoice with x = 1 is paid, two with x = 0 are at risk; on day 2 one of these is paid, while x of the
    other has risen to 1. With θ = exp β the likelihood is θ/(θ + 2) × 1/(1 + θ): its maximum is where θ² = 2.
    """
    table = rows((0, 1, True, 1.0), (0, 2, True, 0.0), (0, 1, False, 0.0), (1, 3, False, 1.0))
    np.testing.assert_allclose(partial_likelihood(table, penalty=0.0), [0.5 * np.log(2)], atol=1e-6)


def test_ties_are_broken_by_efrons_method() -> None:
    """Half the log of 6: of three at risk, one with x = 1 and one of two with x = 0 are paid on the same day.

    Efron's likelihood is θ ÷ ((θ + 2) × (θ + 2 − (θ + 1)/2)): its maximum is where θ² = 6.
    """
    table = rows((0, 1, True, 1.0), (0, 1, True, 0.0), (0, 1, False, 0.0))
    np.testing.assert_allclose(partial_likelihood(table, penalty=0.0), [0.5 * np.log(6)], atol=1e-6)


def test_coefficients_are_those_of_another_library() -> None:
    """Of 400 invoices on whole days, with late entry, two strata, many ties and a changing covariate: to 1e-3."""
    from statsmodels.duration.hazard_regression import PHReg

    rng = np.random.default_rng(11)
    n = 400
    x, stratum, entry = rng.normal(size=n), rng.integers(0, 2, n), rng.integers(-2, 3, n)
    change = entry + 1 + rng.integers(0, 8, n)
    end, now = np.full(n, 40), entry.copy()
    alive = np.ones(n, bool)
    for day in range(-1, 40):
        hazard = 0.05 * np.exp(0.7 * x + 0.9 * (day > change) - 0.5 * stratum)
        pays = alive & (day > now) & (rng.uniform(size=n) < 1 - np.exp(-hazard))
        end[pays], alive[pays] = day, False
    event = (end < 40) & (rng.uniform(size=n) < 0.8)
    cut = change < end
    first = {"start": entry, "stop": np.where(cut, change, end), "event": event & ~cut, "recent": 0.0}
    second = {"start": change[cut], "stop": end[cut], "event": event[cut], "recent": 1.0}
    table = pd.concat(
        [
            pd.DataFrame({**first, "x": x, "stratum": stratum}),
            pd.DataFrame({**second, "x": x[cut], "stratum": stratum[cut]}),
        ],
        ignore_index=True,
    )[["start", "stop", "event", "x", "recent", "stratum"]]
    theirs = PHReg(
        table["stop"] + 2,  # it wants positive times
        table[["x", "recent"]],
        status=table["event"].astype(int),
        entry=table["start"] + 2.5,  # at risk from its entry on, here from the day after
        strata=table["stratum"],
        ties="efron",
    ).fit(disp=False)
    ours = partial_likelihood(table, penalty=0.0)
    np.testing.assert_allclose(ours, theirs.params, atol=1e-3)
    np.testing.assert_allclose(ours, [0.7, 0.9], atol=0.6)  # four standard errors


def test_the_baseline_is_efrons_sum() -> None:
    """On each day the sum over the tied payments, done term by term, over all at risk on it."""
    rng = np.random.default_rng(2)
    n = 30
    start, term = np.full(n, -1), np.full(n, 2)
    stop, paid, ratio = rng.integers(0, 6, n), rng.uniform(size=n) < 0.7, rng.uniform(0.3, 3, n)
    some = Episodes(
        invoice=np.arange(n),
        customer=np.arange(n),
        start=start,
        stop=stop,
        end=np.where(paid, ENDS.index("paid"), 0),
        term=term,
        kinds=(),
        recent=np.zeros((n, 0), bool),
        contacts=np.zeros((n, 0), np.int64),
        disputed=np.zeros(n, bool),
    )
    hazard, at_risk = _efron(some, np.zeros(n, np.int64), 1, paid, ratio)
    for day in range(6):
        there, here = stop >= day, paid & (stop == day)
        d, r, q = int(here.sum()), ratio[there].sum(), ratio[here].sum()
        assert at_risk[0, day - 2 - FIRST_DAY] == pytest.approx(r)
        assert hazard[0, day - 2 - FIRST_DAY] == pytest.approx(sum(1 / (r - k * q / d) for k in range(d)))


def test_what_counts_as_recent_is_what_the_episodes_say() -> None:
    """On the morning after any evening, a contact counts in a prediction where it cuts the invoice's episodes."""
    ledger = contacted()
    rest = ledger.contacts.assign(invoice_id=pd.array([pd.NA] * len(ledger.contacts), dtype="string[pyarrow]"))
    unled = replace(ledger, contacts=rest)  # a prediction does not know which invoice led
    log = ContactLog.of(unled)
    assert log.covers_from == 1
    known = RecentContacts.of(unled, log.kinds, log.covers_from)
    compared = 0
    for day in range(60, 300, 9):
        past = episodes(unled, as_of=DAY[day])
        now = (past.end == 0) & (np.r_[past.invoice[1:] != past.invoice[:-1], True])
        invoices = unled.snapshot(DAY[day]).invoices.iloc[past.invoice[now]].assign(asked_on=pd.Timestamp(DAY[day]))
        issued = (invoices["issue_date"] - START).dt.days.to_numpy()
        # the last episode ends on the evening itself: what was recent until then, less what was heard today
        today = day + int((START - pd.Timestamp(0)).days)
        ours = known.last_days(invoices) >= today
        heard_today = known.last_days(invoices) == today + WINDOW
        flags = past.recent[now].T
        usable = ~heard_today & (past.stop[now] + issued == day)
        assert (ours == flags)[usable].all()
        compared += int((ours & usable).sum())
    assert compared > 12


def test_a_contact_multiplies_the_hazard_of_its_days_only() -> None:
    """Asked the evening of a call: each day's hazard is exp(effect) times the one without, for fourteen days."""
    model = fitted(contacted())
    assert model.contacts.kinds == (("phone", "firm"), ("phone", "friendly"))
    assert (np.exp(model.contact_effects) > 1.5).all()
    ledger = contacted()
    call = ledger.contacts.iloc[[0]]
    firm = int(call["tone"].iloc[0] == "friendly")
    evening = call["time"].dt.tz_localize(None).dt.normalize().iloc[0]
    asked = pd.DataFrame(
        {
            "customer_id": call["customer_id"],
            "issue_date": evening - pd.Timedelta(days=40),
            "due_date": evening - pd.Timedelta(days=10),
            "amount": 5_000,
            "currency": "USD",
            "asked_on": evening,
        }
    )
    late = np.arange(10, 60)
    silent = ledger.contacts["customer_id"] != call["customer_id"].iloc[0]
    alone = replace(ledger, contacts=pd.concat([ledger.contacts[silent], call]))
    without = replace(ledger, contacts=ledger.contacts[silent])
    told = np.diff(model.knowing(alone).cumulative_hazard(asked, late)[0])
    quiet = np.diff(model.knowing(without).cumulative_hazard(asked, late)[0])
    expected = np.where(np.arange(len(quiet)) < WINDOW, np.exp(model.contact_effects[firm]), 1.0)
    np.testing.assert_allclose(told / quiet, expected)


def test_without_contacts_or_payments_the_reasons_are_told() -> None:
    """No payment yet: no covariate has an effect, and the note says so; a rare kind of contact is left out by name."""
    bare = replace(contacted(), payments=contacted().payments.iloc[:0])
    assert "no invoice is paid yet: all covariates are left out" in fitted(bare).notes
    rare = replace(contacted(), contacts=contacted().contacts.iloc[:3])
    assert any("is left out: fewer than 5 payments" in note for note in fitted(rare).notes)
