"""The aggregated complementary log-log regression, beside statsmodels on every row and lifelines' Cox model."""

import numpy as np
import pandas as pd
import pytest

from ledger import BadInput
from models.effects.hazard_ratios import ContactEffect, contact_effect


def rows(invoices: int = 600, seed: int = 1) -> pd.DataFrame:
    """Return one row per invoice and day of invoices whose hazard calls raise; a few customers, two strata."""
    rng = np.random.default_rng(seed)
    days = np.arange(1, 26)
    called = rng.integers(3, 15, invoices)
    stratum = rng.integers(0, 2, invoices)
    call = (days > called[:, None]) & (days <= called[:, None] + 7)
    hazard = 0.06 * np.exp(0.7 * call) * np.array([0.7, 1.4])[stratum][:, None]
    paid_on = (np.cumsum(hazard, axis=1) < rng.exponential(size=(invoices, 1))).sum(axis=1)
    row, column = np.nonzero(np.arange(len(days))[None, :] <= paid_on[:, None])
    share = np.round(rng.uniform(0, 1, invoices), 1)
    return pd.DataFrame(
        {"day": days[column], "paid": column == paid_on[row], "call": call[row, column], "stratum": stratum[row]}
        | {"customer": row % 40, "invoice": row, "share": share[row]}
    )


def estimate(table: pd.DataFrame, *names: str, **options: str) -> ContactEffect:
    """Return the estimate from a table's columns."""
    columns = {name: table[name].to_numpy() for name in names}
    chosen = {key: table[name].to_numpy() for key, name in options.items()}
    return contact_effect(table["day"].to_numpy(), table["paid"].to_numpy(), columns, **chosen)


def test_cells_give_what_a_generalised_linear_model_gives_on_every_row() -> None:
    """Coefficients and both kinds of standard errors, to 1e-5, of a model with a dummy for each day and stratum."""
    from statsmodels.genmod.families import Binomial, links
    from statsmodels.genmod.generalized_linear_model import GLM

    table = rows()
    level = table["day"] * 2 + table["stratum"]
    some = table.groupby(level)["paid"].transform("sum") > 0
    dummies = pd.get_dummies(level[some], dtype=float)
    design = pd.concat([table.loc[some, ["call", "share"]].astype(float), dummies], axis=1)
    model = GLM(table.loc[some, "paid"].astype(float), design, family=Binomial(link=links.CLogLog()))
    clusters = {"groups": table.loc[some, "customer"].to_numpy(), "use_correction": False}
    by_row = model.fit(tol=1e-12, maxiter=60)
    clustered = model.fit(tol=1e-12, maxiter=60, cov_type="cluster", cov_kwds=clusters)
    ours = estimate(table, "call", "share", stratum="stratum", cluster="customer")
    assert ours.cells < 0.5 * ours.rows
    np.testing.assert_allclose(ours.coefficients, by_row.params[:2], atol=1e-5)
    np.testing.assert_allclose(ours.errors, by_row.bse[:2], rtol=0.02)  # expected against observed information
    np.testing.assert_allclose(ours.robust * np.sqrt(39 / 40), clustered.bse[:2], rtol=0.02)


def test_coefficients_are_those_of_coxs_model_but_for_ties() -> None:
    """Within .012 of lifelines' time-varying Cox regression, which breaks ties as Efron did."""
    from lifelines import CoxTimeVaryingFitter

    table = rows(3000).assign(start=lambda t: t["day"] - 1).astype({"call": float})
    peer = CoxTimeVaryingFitter()
    peer.fit(table[["invoice", "start", "day", "paid", "call", "share"]], id_col="invoice", event_col="paid",
             start_col="start", stop_col="day")  # fmt: skip
    np.testing.assert_allclose(estimate(table, "call", "share").coefficients, peer.params_, atol=0.012)


def test_a_hand_worked_example() -> None:
    """Four of ten pay with a call and two of ten without: the ratio is log .6 ÷ log .8."""
    called, paid = np.repeat([True, False], 10), np.r_[np.ones(4), np.zeros(6), np.ones(2), np.zeros(8)].astype(bool)
    found = contact_effect(np.ones(20, np.int64), paid, {"call": called})
    assert np.exp(found.coefficients[0]) == pytest.approx(np.log(0.6) / np.log(0.8))
    assert found.table().loc["call", "ratio"] == pytest.approx(2.289, abs=1e-3)


def test_what_cannot_be_estimated_is_refused() -> None:
    """A covariate that never varies, and columns of different lengths."""
    table = rows(50).assign(call=True)
    with pytest.raises(BadInput, match="must vary"):
        estimate(table, "call")
    with pytest.raises(BadInput, match="each of the"):
        contact_effect(np.ones(3, np.int64), np.ones(2, bool), {})
