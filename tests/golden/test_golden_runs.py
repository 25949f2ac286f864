"""Golden runs: what a fixed seed gave when it was last looked at."""

import pandas as pd

from tests.golden.golden import COUNTS, FILE, KPIS, runs


def test_runs_are_those_of_the_golden_file() -> None:
    """Counts and money exactly, KPIs to 6 digits; see `golden.py` for how to move them on purpose."""
    golden, now = pd.read_csv(FILE), runs()
    pd.testing.assert_frame_equal(now[["strategy", "planner", *COUNTS]], golden[["strategy", "planner", *COUNTS]])
    pd.testing.assert_frame_equal(now[list(KPIS)], golden[list(KPIS)], rtol=0, atol=2e-6)


def test_the_golden_file_tells_strategies_apart() -> None:
    """No two rows are alike: a change of any strategy or planner would show."""
    golden = pd.read_csv(FILE)
    assert not golden.drop(columns=["strategy", "planner"]).duplicated().any()
