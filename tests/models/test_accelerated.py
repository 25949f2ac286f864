"""Accelerated failure times: lifelines' distributions, asked by day relative to due and conditional on age."""

from dataclasses import replace

import lifelines
import numpy as np
import pandas as pd
import pytest
from lifelines.exceptions import ConvergenceError

from ledger import BadInput, Ledger
from models import fit
from models.families import accelerated
from models.families.accelerated import FAMILIES, Accelerated
from models.history.covariates import Covariates
from tests.handmade import handmade, invoice, payment

START = pd.Timestamp("2024-01-01")


def mixed() -> Ledger:
    """Return 120 invoices of three customers with 14 or 30 days to pay, some paid at once, some open or credited."""
    rng = np.random.default_rng(5)
    day = [f"{START + pd.Timedelta(days=k):%Y-%m-%d}" for k in range(400)]
    invoices, payments = [], []
    for k in range(120):
        who, issue, term = f"c{k % 3}", int(rng.integers(0, 200)), [14, 30][k % 2]
        amount = int(rng.integers(1_000, 900_000))
        invoices.append(invoice(f"i{k}", day[issue], day[issue + term], amount, customer_id=who))
        end = issue + max(0, term + round(rng.logistic(6 * (k % 3) - 2, 4))) if k % 20 else issue
        if end <= 220 and k % 13:
            payments.append(payment(f"i{k}", day[end], amount, "credit_note" if k % 17 == 1 else "cash"))
    return handmade(day[220], invoices, payments, check=False)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_curves_are_those_of_lifelines(name: str) -> None:
    """On days since issue, from an age on, the cumulative hazard is what lifelines' own fitter predicts: to 1e-9."""
    ledger = mixed()
    model = fit(ledger, model=name)
    assert isinstance(model, Accelerated)
    asked = ledger.invoices.assign(asked_on=ledger.invoices["issue_date"] + pd.Timedelta(days=4))
    issue = ledger.invoices["issue_date"]
    late = np.arange(-9, 90)
    ours = model.cumulative_hazard(asked, late)

    family = FAMILIES[name]
    theirs = getattr(lifelines, family.fitter)(penalizer=accelerated.PENALTIES[0])
    known = Covariates.of(ledger)
    table = pd.DataFrame(known[0].standardised(known[1]), columns=list(model.covariates.names))
    due, day = ledger.invoices["due_date"], ledger.as_of
    paid_on = ledger.settled_date.fillna(day)
    cash = ledger.settled(kinds=("cash",)) > 0
    table["days"] = (paid_on - issue).dt.days + np.where(ledger.settled_date.isna(), 1.0, 0.5)
    table["paid"] = cash
    usual = float((due - issue).dt.days.median()) + 1
    made_up = pd.DataFrame({"days": [usual / 2, usual * 2], "paid": True}).reindex(columns=table.columns, fill_value=0)
    theirs.fit(pd.concat([table, made_up], ignore_index=True), "days", "paid")
    described = pd.DataFrame(model.covariates.values(asked), columns=list(model.covariates.names))
    for term in (14, 30):
        rows = np.flatnonzero((due - issue).dt.days == term)
        times = term + late + 1.0
        expected = theirs.predict_cumulative_hazard(described.iloc[rows], times=times).T.to_numpy()
        at_age = theirs.predict_cumulative_hazard(described.iloc[rows], times=[5.0]).T.to_numpy()
        np.testing.assert_allclose(ours[rows], np.maximum(expected - at_age, 0), atol=1e-9, rtol=1e-9)


def test_a_customer_who_pays_later_takes_longer() -> None:
    """Of three customers with 2 days early, 4 and 10 late on average, the model orders the medians so."""
    ledger = mixed()
    asked = ledger.invoices.tail(3).assign(
        issue_date=ledger.as_of, due_date=ledger.as_of + pd.Timedelta(days=30), amount=50_000
    )
    order = asked["customer_id"].argsort()
    for name in FAMILIES:
        medians = (fit(ledger, model=name).survival(asked, np.arange(-30, 200)) > 0.5).sum(axis=1)
        assert (np.diff(medians[order]) > 0).all()


def test_what_was_left_out_is_told() -> None:
    """With one term the covariate is constant; the reason is in the notes, and the model predicts without it."""
    ledger = mixed()
    due = ledger.invoices["issue_date"] + pd.Timedelta(days=30)
    same = replace(ledger, invoices=ledger.invoices.assign(due_date=due))
    model = fit(same, model="loglogistic")
    assert isinstance(model, Accelerated)
    assert "log_term is left out: it is constant" in model.notes


def test_a_search_that_fails_is_repeated_with_more_penalty_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No convergence under a penalty of 0.1: fitted with that, and noted; under none at all: a clear error."""
    real, floor = lifelines.WeibullAFTFitter.fit, 0.1

    def fails(self: lifelines.WeibullAFTFitter, *given: object) -> lifelines.WeibullAFTFitter:
        if self.penalizer < floor:
            raise ConvergenceError("no")
        return real(self, *given)

    monkeypatch.setattr(lifelines.WeibullAFTFitter, "fit", fails)
    model = fit(mixed(), model="weibull")
    assert isinstance(model, Accelerated)
    assert model.notes == ("fitted with penalty 0.1: the search did not converge with less",)
    floor = 9.0
    with pytest.raises(BadInput, match="does not determine a weibull model"):
        fit(mixed(), model="weibull")
