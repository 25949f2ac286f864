"""Planners compared: pairs of the same replication, against nobody calling."""

import numpy as np
import pandas as pd
import pytest

from experiments.comparing.planners import planners
from experiments.comparing.replication import PortfolioSource
from experiments.comparing.study import Study
from experiments.planner_study.figure import planner_figure
from experiments.planner_study.planner_study import (
    MEASURES,
    NOBODY,
    PlannerComparison,
    PlannerStudy,
    compare_planners,
)
from ledger import BadInput


def small(**changes: object) -> PlannerStudy:
    """Return two planners on few customers."""
    fields = {
        "source": PortfolioSource(preset="stress", customers=60),
        "planners": ("oldest_first", "optimised"),
        "beliefs": ("right", "stale"),
        "specialists": 1,
        "days": 40,
        "replications": 2,
    }
    return PlannerStudy(**(fields | changes))  # type: ignore[arg-type]


def made_up() -> PlannerComparison:
    """Return a comparison with figures chosen by hand: 10 hours, 1,000 without calls."""
    rows = []
    for replication in (0, 1):
        for planner, belief, cash in (
            (NOBODY, "right", 1000 + replication),
            ("oldest_first", "right", 1100 + 3 * replication),
            ("optimised", "right", 1200 + 5 * replication),
            ("optimised", "stale", 1150 + replication),
        ):
            rows.append({"planner": planner, "belief": belief, "replication": replication, "hours": 10.0})
            rows[-1] |= dict.fromkeys(MEASURES, float(cash))
    return PlannerComparison(study=small(), runs=pd.DataFrame(rows), seconds=0.0)


def test_what_calls_bring_is_counted_per_hour_against_nobody() -> None:
    """Means and differences by hand; a planner without a model is the same under every belief."""
    found = made_up()
    assert found.gained("optimised", "right", "cash").tolist() == pytest.approx([20.0, 20.4])
    assert found.mean("oldest_first", "stale", "cash").mean == pytest.approx(10.1)
    ahead = found.ahead("oldest_first", "stale", "cash")
    assert ahead.mean == pytest.approx(4.9)
    assert ahead.high - ahead.low == pytest.approx(2 * 12.7062 * np.std([5.0, 4.8], ddof=1) / np.sqrt(2), rel=1e-4)  # type: ignore[operator]
    assert found.gained("optimised", "right", "days_outstanding").tolist() == [200.0, 204.0]
    assert len(found.table()) == 4
    assert max(map(len, found.summary().splitlines())) <= 80
    assert [trace.name for trace in planner_figure(found).data] == ["model right", "model stale"]


def test_a_study_runs_each_planner_on_the_same_replications() -> None:
    """Again and in another order the figures are the same to the last digit; without calls there are none."""
    study = small()
    one, other = compare_planners(study), compare_planners(small(planners=("optimised", "oldest_first")))
    key = ["planner", "belief", "replication"]
    pd.testing.assert_frame_equal(
        one.runs.sort_values(key, ignore_index=True), other.runs.sort_values(key, ignore_index=True), check_exact=True
    )
    assert len(one.runs) == 2 * 4
    assert (one.runs.loc[one.runs["planner"] == NOBODY, "calls"] == 0).all()
    assert (one.runs.loc[one.runs["planner"] != NOBODY, "calls"] > 0).all()


def test_the_optimised_planner_can_be_named_in_a_study() -> None:
    """Beside the simulator's own."""
    assert "optimised" in planners()
    assert Study(strategies=("friendly",), planner="optimised").planner == "optimised"
    with pytest.raises(BadInput, match="optimised"):
        small(planners=("bogus",))
