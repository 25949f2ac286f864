"""What a run is worth in cash: what came by its last day, and what the book that is open then will still bring."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ledger.arrays import Ints
from ledger.table.calendar import NEVER
from ledger.table.currency import decimals
from ledger.table.tables import PAYMENT_KINDS
from sim import Run
from sim.world.payment import hazard_tables
from sim.world.payment_kernels import crossing


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Money of a run in base-currency major units, cash discounted to its first evening.

    Parameters
    ----------
    cash
        Received by the last day.
    cash_and_run_off
        The same, and what the invoices open on the last day bring until they are paid or written off if nobody calls
        any more. It does not depend on where the horizon happens to cut: an invoice paid a day before the end instead
        of a day after adds its whole amount to `cash`, and next to nothing here.
    written_off
        Written off by the last day, not discounted.
    days_outstanding
        Mean receivables over mean daily sales of the run, in days: by Little's law the mean time from issue to
        settlement, a DSO that no single day decides.
    """

    cash: float
    cash_and_run_off: float
    written_off: float
    days_outstanding: float


def settlement(run: Run, discount: float) -> Settlement:
    """Return what a run is worth at a yearly discount rate."""
    inv, end = run.columns, run.days
    credited = (inv.dispute < NEVER) & (inv.resolve <= end)
    left = np.where(inv.issue <= end, inv.amount - np.where(credited, inv.credit, 0), 0) / 10 ** decimals(
        run.portfolio.currency
    )
    paid = (inv.pay <= inv.lapse) & (inv.pay <= end)
    lapsed = ~paid & (inv.lapse <= end)
    minor, parts = 10 ** decimals(run.portfolio.currency), run.parts
    main = parts.paid_on <= end
    in_cash = np.ones(len(left), bool)
    in_cash[parts.invoice[parts.rest == 0]] = (parts.settled_by == PAYMENT_KINDS.index("cash"))[parts.rest == 0]
    cash = float(left[paid & in_cash] @ np.exp(-discount / 365 * inv.pay[paid & in_cash]))
    cash += float(parts.paid[main] / minor @ np.exp(-discount / 365 * parts.paid_on[main]))
    open_ones = np.flatnonzero((left > 0) & ~paid & ~lapsed)
    day = _run_off(run, open_ones)
    comes = (day <= inv.lapse[open_ones]) & in_cash[open_ones]
    later = float(left[open_ones[comes]] @ np.exp(-discount / 365 * day[comes]))
    until = np.minimum(np.minimum(inv.pay, inv.lapse), end + 1)
    owed = float(left @ np.maximum(until - np.maximum(inv.issue, 1), 0))
    begin = np.maximum(inv.issue[parts.invoice], 1)
    owed += float(parts.paid[main] / minor @ np.maximum(np.minimum(parts.paid_on, end + 1) - begin, 0)[main])
    sales = float(left[inv.issue >= 1].sum() + parts.paid[main & (inv.issue[parts.invoice] >= 1)].sum() / minor)
    return Settlement(
        cash=cash,
        cash_and_run_off=cash + later,
        written_off=float(left[lapsed].sum()),
        days_outstanding=owed / sales if sales else float("nan"),
    )


def _run_off(run: Run, which: npt.NDArray[np.intp]) -> Ints:
    """Return the day on which each of these invoices is paid if nothing more happens, far beyond the calendar too."""
    inv, behaviour = run.columns, run.portfolio.behaviour
    hazard = np.pad(behaviour.hazard, ((0, 0), (1, 0)))
    tables = hazard_tables(hazard, behaviour.first_day - 1, run.assumptions.effect_half_life)
    out = inv.pay[which].astype(np.int64)
    for k in np.flatnonzero(out >= NEVER).tolist():
        i = which[k]
        kind, start = inv.kind[i], int(inv.clock[i]) + tables.first_day
        column = crossing(
            tables.cumulative[kind], tables.decayed[kind], inv.added[i], inv.target[i], run.days + 1 - start
        )
        out[k] = NEVER if column >= NEVER else start + column
    return out
