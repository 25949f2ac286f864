"""The three regressions behind `models.effects`: naive, adjusted, and by the draw of a holdout.

All three estimate the same number: `extra` in ``hazard × (1 + extra·dose)`` (see `exposure`). They differ in
what the hazard without contacts may depend on, and in which variation of the dose is believed.

- naive: days past due.
- adjusted: days past due by segment, amount, how many other invoices of the customer are overdue, and the customer's
  own payment history, as a frailty that its payments up to each day reveal (gamma; see `hazard_regression`).
- holdout: the same, but only as much of the dose as follows from the draws is believed (instrumental estimating
  equation: the instrument is the dose to be expected from who was free and who was held, less its mean over draws).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from models.effects.exposure import Exposure
from models.effects.hazard_regression import Fit, Relative, regress, sums_by_code
from models.history.main_payments import history

_EARLY: Final = -10  # days past due before which, and
_LATE: Final = 60  # after which, a level of the baseline holds for a week
_LEAST: Final = 0.05  # relative hazards stay above this
_SOME: Final = 20  # payments that a class needs


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells:
    """Rows of an exposure; those that agree in everything have become one."""

    count: Floats
    paid: Floats
    late: Ints  # code of the days past due
    level: Ints  # the same by segment
    customer: Ints
    log_days: Floats
    dose: Floats  # (cells, kinds)
    assigned: Floats  # (cells, kinds)
    allowed: Floats
    overdue: Flags
    seen: Floats  # (cells, classes): what else the collector saw

    def chosen(self, rows: Flags) -> "Cells":
        """Return some of the cells."""
        return Cells(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def cells(ledger: Ledger, rows: Exposure, covers_from: int) -> Cells:
    """Return the rows with what the collector saw; rows without dose or draw that agree are counted together."""
    segment = np.unique(ledger.customers["segment"].to_numpy(dtype=str), return_inverse=True)[1]
    late = _late(rows)
    amount = _thirds(ledger.base_rate * ledger.invoices["amount"].to_numpy(float))[rows.invoice]
    others = np.digitize(_others_overdue(ledger, rows), [1, 3])
    quiet = ~rows.dose.any(axis=1) & ~rows.assigned.any(axis=1) & (rows.allowed == 0)
    overdue = rows.late >= covers_from
    key = np.stack([late, rows.customer, rows.days, amount, others, overdue, np.where(quiet, -1, np.arange(len(rows)))])
    _, first, code = np.unique(_mixed(key), return_index=True, return_inverse=True)
    paid = rows.paid.astype(float)
    classes = [values[first] == k for values in (amount, others) for k in (1, 2)]
    events = sums_by_code(code, paid)
    useful = [column.astype(float) for column in classes if _SOME <= events[column].sum() <= paid.sum() - _SOME]
    return Cells(
        count=sums_by_code(code, np.ones(len(rows))),
        paid=events,
        late=late[first],
        level=np.unique(late[first] * 4096 + segment[rows.customer[first]], return_inverse=True)[1],
        customer=rows.customer[first],
        log_days=np.log(rows.days[first]),
        dose=rows.dose[first],
        assigned=rows.assigned[first],
        allowed=rows.allowed[first],
        overdue=overdue[first],
        seen=np.column_stack(useful) if useful else np.zeros((len(first), 0)),
    )


def naive(data: Cells, kinds: Ints, known: Floats) -> Fit:
    """Regress on the doses of `kinds` alone; the others have the extra hazards `known`."""
    nothing = replace(data, seen=np.zeros((len(data.count), 0)))
    return regress(
        data.count, data.paid, data.late, _relative(nothing, kinds, known), np.zeros(len(kinds)), cluster=data.customer
    )


def adjusted(data: Cells, kinds: Ints, known: Floats) -> Fit:
    """Regress with all that the collector saw; coefficients of `kinds` come first."""
    start = np.zeros(len(kinds) + data.seen.shape[1])
    return regress(
        data.count, data.paid, data.level, _relative(data, kinds, known), start,
        customer=data.customer, cluster=data.customer,
    )  # fmt: skip


def by_draw(data: Cells, kinds: Ints, known: Floats, start: Floats) -> Fit:
    """Solve for the extra hazards that leave nothing related to the draw; start from the adjusted coefficients."""
    tools = np.column_stack([data.assigned[:, kinds], data.seen])
    return regress(
        data.count, data.paid, data.level, _relative(data, kinds, known), start,
        customer=data.customer, cluster=data.customer, instruments=tools,
    )  # fmt: skip


def as_assigned(data: Cells) -> Fit:
    """Regress overdue invoices on whether contact was allowed, whatever was done: the log hazard ratio by intention."""
    late = data.chosen(data.overdue)
    design = np.column_stack([late.allowed, late.seen])
    return regress(
        late.count, late.paid, late.level, lambda beta: (design @ beta + late.log_days, design),
        np.zeros(design.shape[1]), customer=late.customer, cluster=late.customer,
    )  # fmt: skip


def _relative(data: Cells, kinds: Ints, known: Floats) -> Relative:
    """Return the relative hazard ``days · (1 + Σ extra·dose) · exp(classes)`` and its gradient."""
    others = np.ones(data.dose.shape[1], np.bool_)
    others[kinds] = False
    fixed = 1 + data.dose[:, others] @ known[others]
    dose = data.dose[:, kinds]

    def relative(beta: Floats) -> tuple[Floats, Floats]:
        felt = np.maximum(fixed + dose @ beta[: len(kinds)], _LEAST)
        gradient = np.column_stack([dose / felt[:, None], data.seen])
        return np.log(felt) + data.log_days + data.seen @ beta[len(kinds) :], gradient

    return relative


def _late(rows: Exposure) -> Ints:
    """Return a code of the days past due in the middle of each row; rows with the due date have codes of their own.

    There the hazard leaps, so that a row of five days is not like one of a single day.
    """
    middle = np.floor(rows.late - (rows.days - 1) / 2 + 1e-9).astype(np.int64)
    week = np.where(middle < _EARLY, middle // 7 - 100, np.where(middle > _LATE, middle // 7 + 1000, middle))
    across = (rows.late >= 0) & (rows.late < rows.days)
    return np.unique(np.where(across, (rows.late + 1000) * 1000 + rows.days, week), return_inverse=True)[1]


def _thirds(amount: Floats) -> Ints:
    """Return to which third of the amounts each belongs."""
    return np.digitize(amount, np.quantile(amount, [1 / 3, 2 / 3])) if len(amount) else np.zeros(0, np.int64)


def _others_overdue(ledger: Ledger, rows: Exposure) -> Ints:
    """Return how many other invoices of the customer were overdue and unpaid on the eve of each row's day."""
    past = history(ledger)
    span = np.int64(2**24)

    def before(day_of_invoice: Ints) -> Ints:
        key = np.sort(past.customer * span + day_of_invoice + 2**20)
        mine = rows.customer * span
        return np.asarray(np.searchsorted(key, mine + rows.day + 2**20) - np.searchsorted(key, mine))

    overdue = before(past.due + 1) - before(np.maximum(past.end, past.due + 1))
    return np.asarray(np.maximum(overdue - (rows.late > 1), 0))


def _mixed(key: Ints) -> Ints:
    """Return one number for each column of the key, equal where the columns are."""
    out = np.zeros(key.shape[1], np.int64)
    for values in key:
        low = int(values.min(initial=0))
        width = int(values.max(initial=0)) - low + 1
        if width * (int(out.max(initial=0)) + 1) > 2**62:
            out = np.unique(out, return_inverse=True)[1]
        out = out * width + (values - low)
    return out
