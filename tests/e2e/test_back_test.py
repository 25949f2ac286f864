"""Start from a real ledger as it stood on a past day, simulate, and compare with what happened."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ledger import Ledger, kpis
from ledger.importing import import_ledger
from sim import Run, from_ledger, simulate

CUT, DAYS = pd.Timestamp("2019-08-15"), 92


@pytest.fixture(scope="module")
def history(shared: Path) -> Ledger:
    """Return the real ledger, known to 2019-11-15."""
    return import_ledger(shared / "erp_invoices_2019-11-15.csv", preset="erp_snapshot").ledger


@pytest.fixture(scope="module")
def runs(history: Ledger) -> list[Run]:
    """Return simulations of 92 days in which nobody does more than was done before the cut."""
    start = from_ledger(history.snapshot(CUT))
    return [simulate(start, "none", days=DAYS, seed=1, replication=k) for k in range(24)]


@pytest.mark.parametrize(("name", "tolerance"), [("dso", 1.0), ("cei", 2.0), ("percent_current", 3.0)])
def test_the_projected_kpis_are_near_those_that_came(
    history: Ledger, runs: list[Run], name: str, tolerance: float
) -> None:
    """DSO within a day, CEI within two points, share not yet due within three, three months ahead."""
    projected = np.mean([kpis(run.ledger)[name] for run in runs])
    assert abs(projected - kpis(history)[name]) < tolerance


@pytest.mark.parametrize("weeks", [1, 2, 4])
def test_the_open_invoices_are_paid_down_as_they_were(history: Ledger, runs: list[Run], weeks: int) -> None:
    """Of what was open at the cut, the share still open after some weeks is within four points."""
    ids = history.snapshot(CUT)
    open_then = ids.invoices["invoice_id"][ids.open_amount() > 0]
    day = CUT + pd.Timedelta(weeks=weeks)

    def left(ledger: Ledger) -> float:
        among = ledger.invoices["invoice_id"].isin(open_then).to_numpy(bool)
        return float(ledger.open_amount(day)[among].sum() / ids.open_amount().sum())

    assert abs(np.mean([left(run.ledger) for run in runs]) - left(history)) < 0.04


def test_a_projection_from_spring_covers_what_came(history: Ledger) -> None:
    """From mid-May, 13 weeks ahead: cash, sales, DSO and CEI lie in their intervals, and so do most weeks."""
    from benchmarks.projection import projected

    told = projected(history, pd.Timestamp("2019-05-15"), replications=59)
    assert told.covered.all()
    assert told.weeks_covered > 0.6
