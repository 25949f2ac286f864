"""What goes with a contact, from person-period rows: hazard ratios by aggregated complementary log-log regression.

Rows that agree in day, stratum and contact state are one cell: how many were at risk, and how many paid. A million rows
become some hundreds of cells, and the regression on cells has exactly the likelihood of the one on rows. The baseline
is free for every day of every stratum, as in Cox's model, whose coefficients these are but for the handling of ties.
A Poisson link on one-day rows would shrink them, a logit link would estimate odds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from ledger import BadInput
from ledger.arrays import Flags, Floats, Ints
from ledger.table.answers import FEW_CUSTOMERS
from models.effects.hazard_regression import Fit, Relative, regress, sums_by_code


@dataclass(frozen=True, eq=False, kw_only=True)
class ContactEffect:
    """Logarithms of hazard ratios by covariate, with standard errors.

    `errors` follow from the model; `robust` allow any dependence within a cluster (a customer, say) and are NaN where
    no clusters were given, or too few (`ledger.table.answers`). `clusters` is their number, 0 for none given.
    """

    names: tuple[str, ...]
    coefficients: Floats
    errors: Floats
    robust: Floats
    rows: int
    cells: int
    paid: int
    clusters: int = 0

    def table(self) -> pd.DataFrame:
        """Return one row per covariate: coefficient, ratio, standard errors, 95 % interval of the ratio.

        The interval is Student's with one degree of freedom less than clusters; with too few of them it is NaN.
        """
        error = self.robust if self.clusters else self.errors
        wide = float(stdtrit(self.clusters - 1, 0.975)) if self.clusters >= FEW_CUSTOMERS else 1.96
        low, high = self.coefficients - wide * error, self.coefficients + wide * error
        columns = {"coefficient": self.coefficients, "error": self.errors, "robust": self.robust}
        ratios = {"ratio": np.exp(self.coefficients), "low": np.exp(low), "high": np.exp(high)}
        return pd.DataFrame(columns | ratios, index=pd.Index(self.names, name="covariate"))


def contact_effect(
    day: Ints,
    paid: Flags,
    covariates: Mapping[str, npt.NDArray[np.generic]],
    *,
    stratum: Ints | None = None,
    cluster: Ints | None = None,
) -> ContactEffect:
    """Estimate log hazard ratios from one row per invoice and day at risk.

    Parameters
    ----------
    day
        Days since issue or due date of each row: the time scale whose baseline is free.
    paid
        Whether the invoice was paid on that day.
    covariates
        By name, a value for each row; few distinct values make few cells.
    stratum
        Integer code of each row; strata have baselines of their own.
    cluster
        Integer code of each row, from 0, for robust standard errors.

    Raises
    ------
    BadInput
        Where columns differ in length, a covariate never varies among those at risk on a day of a payment, or parts
        payments perfectly: nobody who was paid has it, or everybody, and no ratio is finite.
    """
    for name, column in {"paid": paid, **covariates}.items():
        if len(column) != len(day):
            raise BadInput(f"must have a value for each of the {len(day)} rows", field=name, value=len(column))
    level, levels = _codes(day)
    if stratum is not None:
        code, many = _codes(stratum)
        level, levels = level * many + code, levels * many
    cell, size = level, levels
    for column in covariates.values():
        code, many = _codes(column)
        cell, size = cell * many + code, size * many
        if size > max(4 * len(day), 1 << 16):
            cell, size = _codes(cell)
    count = np.bincount(cell, minlength=size)
    events = np.bincount(cell[paid], minlength=size)
    first = np.empty(size, np.int64)
    first[cell] = np.arange(len(cell))
    some = np.flatnonzero(count)
    at = first[some]
    design = np.column_stack([np.asarray(column)[at].astype(np.float64) for column in covariates.values()])
    fit = _fitted(count[some], events[some], level[at], design, tuple(covariates))
    robust = np.full(design.shape[1], np.nan)
    clusters = 0 if cluster is None else len(np.unique(cluster))
    if cluster is not None and clusters >= FEW_CUSTOMERS:
        number = np.empty(size, np.int64)
        number[some] = np.arange(len(some))
        robust = _robust(fit, design, level[at], count[some], number[cell], paid=paid, cluster=cluster)
    return ContactEffect(
        names=tuple(covariates),
        coefficients=fit.coefficients,
        errors=fit.errors,
        robust=robust,
        rows=len(day),
        cells=len(some),
        paid=int(paid.sum()),
        clusters=clusters,
    )


def _fitted(count: Ints, events: Ints, level: Ints, design: Floats, names: tuple[str, ...]) -> Fit:
    start = np.zeros(design.shape[1])
    try:
        fit = regress(count.astype(float), events.astype(float), level, _linear(design), start)
    except np.linalg.LinAlgError:
        fit = None
    if fit is not None and fit.converged and np.isfinite(fit.covariance).all():
        return fit
    parting = [name for name, column in zip(names, design.T, strict=True) if _parts(column, events)]
    if parting:
        rule = "parts payments perfectly: all that were paid have one value of it, so no ratio is finite"
    elif fit is None or not np.isfinite(fit.covariance).all():
        rule = "must vary among invoices at risk on days of payments"
    else:
        rule = "the search for ratios does not end: together they part payments perfectly"
    raise BadInput(rule, field=", ".join(parting or names))


def _parts(column: Floats, events: Ints) -> bool:
    """Return whether everything that was paid has the lowest value of a covariate that varies, or the highest."""
    paid = column[events > 0]
    least, most = column.min(), column.max()
    return bool(least < most and ((paid == least).all() or (paid == most).all()))


def _codes(values: npt.NDArray[np.generic]) -> tuple[Ints, int]:
    """Return small integer codes of the values, and how many there may be."""
    if values.dtype == np.bool_:
        return values.astype(np.int64), 2
    if np.issubdtype(values.dtype, np.integer) and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < 1 << 16:
            return values.astype(np.int64) - low, high - low + 1
    codes, found = pd.factorize(values)
    return codes.astype(np.int64), max(len(found), 1)


def _linear(design: Floats) -> Relative:
    return lambda beta: (design @ beta, design)


def _robust(fit: Fit, design: Floats, level: Ints, count: Ints, cell: Ints, *, paid: Flags, cluster: Ints) -> Floats:
    """Return standard errors clustered by `cluster`, from the scores of the rows."""
    hazard = np.exp(fit.level[level] + design @ fit.coefficients)
    hazard = np.where(np.isfinite(hazard), hazard, 0.0)
    chance = -np.expm1(-hazard)
    factor = np.divide(hazard, chance, out=np.zeros(len(hazard)), where=chance > 0)
    weight = np.asarray(count * hazard * np.exp(-hazard) * factor, np.float64)
    total = np.maximum(sums_by_code(level, weight), 1e-300)
    centred = design - np.column_stack(
        [(sums_by_code(level, np.asarray(weight * column, np.float64)) / total)[level] for column in design.T]
    )
    residual = (paid - chance[cell]) * factor[cell]
    score = np.column_stack(
        [sums_by_code(cluster, np.asarray(residual * centred[cell, k], np.float64)) for k in range(design.shape[1])]
    )
    bread = np.linalg.inv((centred * weight[:, None]).T @ centred)
    clusters = len(np.unique(cluster))
    meat = score.T @ score * (clusters / max(clusters - 1, 1))
    return np.asarray(np.sqrt(np.diag(bread @ meat @ bread)))
