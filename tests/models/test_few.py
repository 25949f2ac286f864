"""Too little data is not certainty: below a stated number of customers there is no interval and no verdict."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ledger import BadInput, Ledger, Refused
from ledger.table.answers import FEW_CUSTOMERS
from models import fit
from models.effects.estimates import contact_effects
from models.effects.hazard_ratios import contact_effect
from models.evaluation.backtest import backtest
from models.evaluation.test_set import UNJUDGED
from models.evaluation.walk_forward import walk_forward
from models.families.published import Published
from models.figures.calibration import calibration_figure
from models.registry.acquaintance import acquainted, hashed
from models.registry.drift import drift
from models.registry.model_file import fit_saved
from models.registry.promotion import trial
from models.registry.reference import chosen
from tests.handmade import contact, handmade, invoice, payment

CUT = "2024-08-31"


def trading(customers: int, *, called: bool = False, prefix: str = "c", paid: bool = True) -> Ledger:
    """Return a year of weekly invoices at 30 days; each customer pays some days later, sooner for a call."""
    rng = np.random.default_rng(1)
    invoices, payments, contacts = [], [], []
    for c in range(customers):
        for k, day in enumerate(pd.date_range("2024-01-01", "2024-11-20", freq="14D" if customers > 3 else "3D")):
            id, due = f"{prefix}{c}-{k}", day + pd.Timedelta(days=30)
            call = called and bool(rng.integers(0, 2))
            on = due + pd.Timedelta(days=int(rng.exponential(9 if call else 18)) + 5)
            invoices.append(invoice(id, f"{day:%F}", f"{due:%F}", 100, customer_id=f"{prefix}{c}"))
            if on <= pd.Timestamp("2024-12-31"):
                payments.append(payment(id, f"{on:%F}", 100))
            if call:
                time = f"{due + pd.Timedelta(days=4):%F} 10:00"
                contacts.append(contact(f"k{id}", time, customer_id=f"{prefix}{c}", invoice_id=id, outcome="reached"))
    return handmade("2024-12-31", invoices, payments if paid else [], contacts=contacts)


@pytest.mark.parametrize("customers", [1, 2, FEW_CUSTOMERS - 1])
def test_a_back_test_of_few_customers_has_numbers_but_no_interval_and_no_verdict(customers: int) -> None:
    """Intervals are NaN, verdicts are not given, the page draws no bars, and a note says how many there must be."""
    test = backtest(trading(customers), cut=CUT, models=["kaplan_meier"], bootstrap=20)
    assert np.isfinite(test.metrics.loc["kaplan_meier", "mae"])
    assert test.intervals[["low", "high"]].isna().all(axis=None)
    assert set(test.paired["verdict"]) == {UNJUDGED}
    assert any(f"of the {FEW_CUSTOMERS} that an interval needs" in note for note in test.notes())
    bars = [trace.error_y.array for trace in calibration_figure(test, "kaplan_meier").data if trace.error_y.array]
    assert not any(np.any(bar) for bar in bars)
    json.dumps(test.to_dict(), allow_nan=False)


def test_enough_customers_are_judged() -> None:
    """At the limit itself there are intervals."""
    test = backtest(trading(FEW_CUSTOMERS), cut=CUT, models=["kaplan_meier"], bootstrap=20)
    assert test.units == FEW_CUSTOMERS
    assert set(test.paired["verdict"]) != {UNJUDGED}
    assert not any("that an interval needs" in note for note in test.notes())


def test_customers_of_whom_no_payment_was_seen_count_for_nothing() -> None:
    """Thirty customers in a test too short for anybody to pay."""
    test = backtest(trading(30).snapshot("2024-12-05"), cut="2024-11-01", models=["due_date"], bootstrap=20)
    assert (test.customers, test.units) == (30, 0)
    assert set(test.paired["verdict"]) == {UNJUDGED}


def test_walk_forward_says_it_of_every_cut() -> None:
    """Each back-test has the note; the means over cuts have no interval anyway."""
    walk = walk_forward(trading(2), ["2024-06-30", "2024-07-31"], models=["kaplan_meier"], bootstrap=20)
    assert all("that an interval needs" in " ".join(test.notes()) for test in walk.backtests)


@pytest.mark.parametrize("model", ["kaplan_meier", "customer_mean"])
def test_nothing_is_promoted_that_nothing_proves(model: str) -> None:
    """One customer: refused with the number of customers, not with an interval of no width."""
    ledger = trading(1)
    failed = trial(ledger, fit_saved(ledger, model=model), bootstrap=20).failures()
    assert [one.metric for one in failed] == ["back-test"]
    assert "1 customer with a payment that was seen, of the 20" in failed[0].text


def test_drift_is_not_judged_by_few_customers() -> None:
    """Neither drift nor none: null for machines, the reason for people."""
    ledger = trading(3)
    found = drift(ledger, fit_saved(ledger, as_of=CUT, model="kaplan_meier"), registered={}, called="v1", bootstrap=20)
    assert found.verdict.startswith("Not judged: 3 customers")
    assert found.to_dict()["drift"] is None
    assert "No drift" not in found.summary()


def test_drift_without_a_registered_interval_says_what_it_compared() -> None:
    """Enough customers, but a back-test that had no intervals: no word of being as good as in it."""
    ledger = trading(24)
    saved = fit_saved(ledger, as_of=CUT, model="kaplan_meier")
    found = drift(ledger, saved, registered={}, called="v1", bootstrap=20)
    assert found.judged
    assert "as good as in its back-test" not in found.verdict


@pytest.mark.parametrize("customers", [1, 2, FEW_CUSTOMERS - 1])
def test_effects_of_few_customers_are_not_estimated(customers: int) -> None:
    """Hundreds of contacts and payments of one customer: the assumed value stands, with the reason."""
    ledger = trading(customers, called=True)
    study = contact_effects(ledger)
    assert study.estimates == ()
    assert "of the 20 that an interval needs" in " ".join(study.notes)
    assert {"assumed"} == set(study.table()["method"])


def test_effects_have_students_intervals() -> None:
    """With 24 customers the interval reaches 2.069 standard errors, not 1.96."""
    study = contact_effects(trading(24, called=True))
    some = [one for one in study.estimates if one.low > 0]
    assert some
    for one in some:
        assert (one.high - one.ratio) / one.error == pytest.approx(2.0687, abs=1e-4)


def test_contacts_after_which_nobody_paid_are_named() -> None:
    """Perfect separation has no finite ratio."""
    ledger = trading(24, called=True)
    late = replace(ledger, contacts=ledger.contacts.assign(time=pd.Timestamp("2024-12-31 09:00", tz="UTC")))
    study = contact_effects(late, since="2024-01-01")
    assert study.estimates == ()
    assert "nobody paid after one" in " ".join(study.notes)


@pytest.mark.parametrize("after", [False, True])
def test_a_covariate_that_parts_payments_perfectly_has_no_number(after: bool) -> None:
    """Nobody pays after a call, or nobody without one: refused by its name."""
    rng = np.random.default_rng(2)
    day, called = np.tile(np.arange(20), 100), rng.integers(0, 2, 2000) > 0
    paid = (rng.uniform(size=2000) < 0.1) & (called == after)
    with pytest.raises(BadInput, match="call: parts payments perfectly"):
        contact_effect(day, paid, {"call": called}, cluster=np.arange(2000) % 50)


def test_clustered_errors_need_clusters() -> None:
    """One cluster and nineteen have no interval; twenty have Student's."""
    rng = np.random.default_rng(3)
    day, called, paid = np.tile(np.arange(20), 100), rng.integers(0, 2, 2000) > 0, rng.uniform(size=2000) < 0.1
    for clusters in (1, FEW_CUSTOMERS - 1):
        table = contact_effect(day, paid, {"call": called}, cluster=np.arange(2000) % clusters).table()
        assert np.isfinite(table.loc["call", "ratio"])
        assert table[["robust", "low", "high"]].isna().all(axis=None)
    table = contact_effect(day, paid, {"call": called}, cluster=np.arange(2000) % FEW_CUSTOMERS).table()
    reach = np.log(table.loc["call", "high"] / table.loc["call", "ratio"]) / table.loc["call", "robust"]
    assert reach == pytest.approx(2.0930, abs=1e-4)


@pytest.mark.parametrize("model", ["cox", "weibull"])
def test_few_payments_for_each_covariate_are_named(model: str) -> None:
    """Five customers with three invoices each: the model's notes say that coefficients are noise."""
    rng = np.random.default_rng(4)
    rows, paid = [], []
    for k in range(15):
        day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=11 * k)
        due = day + pd.Timedelta(days=int(rng.choice([14, 30, 60])))
        rows.append(invoice(f"i{k}", f"{day:%F}", f"{due:%F}", int(rng.integers(1, 9999)), customer_id=f"c{k % 5}"))
        on = due + pd.Timedelta(days=int(rng.integers(0, 20)))
        paid.append(payment(f"i{k}", f"{on:%F}", rows[-1]["amount"]))
    notes = " ".join(fit(handmade("2024-12-31", rows, paid), model=model).notes)  # type: ignore[attr-defined]
    assert "15 payments for " in notes
    assert "fewer than 10 each" in notes


def test_hazards_that_learn_nothing_say_so() -> None:
    """Below a hundred payments the kernels speak alone."""
    little = trading(1).snapshot("2024-03-31")
    assert "no factor is learned" in " ".join(fit(little, model="hazard_linear").notes)  # type: ignore[attr-defined]


def test_open_items_teach_no_model() -> None:
    """`fit`, a back-test and a named model are refused; the published curve and the due date need no lesson."""
    ledger = trading(24, paid=False)
    for asked in (
        lambda: fit_saved(ledger, model="kaplan_meier"),
        lambda: chosen("best", ledger, state="nowhere"),
        lambda: backtest(ledger, cut=CUT, models=["due_date"]),
    ):
        with pytest.raises(Refused, match="the source holds no settled invoice"):
            asked()
    found = chosen("published", ledger, state="nowhere")
    assert "published curve" in found.words
    assert found.notes_on(ledger)[0].startswith("Warning: payment timing is the published curve")
    assert chosen("due_date", ledger, state="nowhere").timing.name == "due_date"


def test_the_published_curve_is_a_distribution_given_that_the_invoice_is_open() -> None:
    """Shares at the days of the file for a long term, 1 until asked, falling ever after, tail included."""
    rows = pd.DataFrame({"issue_date": ["2024-01-01"], "due_date": ["2024-06-01"]}, dtype="datetime64[ns]")
    said = Published().survival(rows, [-200, -45, 0, 30, 180, 400])[0]
    assert said[:5] == pytest.approx([1, 1, 1 - 0.456, 1 - 0.951, 1 - 0.9965])
    assert 0 < said[5] < said[4]
    later = Published().survival(rows.assign(asked_on=pd.Timestamp("2024-07-01")), [30, 31, 60])[0]
    assert later[0] == 1
    assert later[2] == pytest.approx((1 - 0.979) / (1 - 0.951))


def test_a_model_of_another_company_is_refused_and_of_few_acquaintances_marked(tmp_path: object) -> None:
    """No customer known: refused. Fewer than a tenth: a warning that travels. Most: nothing."""
    mine, theirs = trading(30), trading(30, prefix="x")
    saved = fit_saved(theirs, model="kaplan_meier")
    with pytest.raises(Refused, match="v1 knows none of the ledger's 30 customers"):
        acquainted(saved.known, mine, "v1")
    place = saved.write(f"{tmp_path}/theirs.joblib")
    with pytest.raises(Refused, match="fitted on another company's ledger"):
        chosen(str(place), mine, state="nowhere")
    with pytest.raises(Refused, match="knows none"):
        drift(mine, fit_saved(theirs, as_of=CUT, model="kaplan_meier"), registered={}, called="v1")
    two = hashed(mine)[:2]
    assert acquainted(two, mine, "v1")[0].startswith("Warning: v1 knows only 2 of the ledger's 30 customers")
    assert acquainted(hashed(mine), mine, "v1") == ()
    assert acquainted(None, mine, "an older version") == ()
    assert fit_saved(mine, model="due_date").known is None
