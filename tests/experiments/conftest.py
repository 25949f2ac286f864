"""A comparison made of numbers alone, so that what follows from it can be tested without the simulator."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from experiments.comparing.comparison import Comparison
from experiments.comparing.metrics import METRICS
from experiments.comparing.study import Study

LEVEL = {
    "dso": 38.0,
    "cei": 86.0,
    "dso_count_back": 37.0,
    "best_possible_dso": 32.0,
    "add": 6.0,
    "percent_current": 90.0,
    "percent_over_91": 0.6,
    "bad_debt_percent": 0.2,
    "cash_collected": 4e6,
    "contacts": 9000.0,
    "cost": 30_000.0,
    "cost_per_1000_collected": 7.5,
    "specialist_utilisation": 0.6,
}
AGING = {"aging_not_due": 90.0, "aging_1-30": 6.0, "aging_31-60": 2.0, "aging_61-90": 1.0, "aging_91+": 1.0}


def fake_comparison(shifts: dict[str, float], *, replications: int = 5, **fields: object) -> Comparison:
    """Return a comparison in which each strategy's DSO lies a shift from 38 days, CEI twice as far back."""
    names = list(shifts)
    study = Study(strategies=tuple(names), baseline=names[0], replications=replications, **fields)  # type: ignore[arg-type]
    noise = np.random.default_rng(7).normal(0, 0.1, (len(names), replications, len(METRICS)))
    rows, paths = [], []
    for k, (name, shift) in enumerate(shifts.items()):
        for replication in range(replications):
            values = LEVEL | {"dso": 38 + shift, "cei": 86 - 2 * shift}
            noisy = {metric: values[metric] * (1 + 0.01 * noise[k, replication, m]) for m, metric in enumerate(METRICS)}
            rows.append({"strategy": name, "replication": replication} | noisy)
            for elapsed in (0, 60, 120, 180):
                share = elapsed / 180
                paths.append(
                    {"strategy": name, "replication": replication, "elapsed": elapsed}
                    | {"dso": 38 + share * shift + share * noise[k, replication, 0]}
                    | {"cei": 86 - 2 * share * shift, "cash_since_start": 4e6 * share * (1 - 0.01 * shift)}
                    | AGING
                )
    return Comparison(
        study=study,
        names={name: name for name in names},
        replications=pd.DataFrame(rows),
        paths=pd.DataFrame(paths),
        assumptions=pd.DataFrame(
            {
                "parameter": ["call_hazard_ratio", "promise_kept"],
                "default": [1.6, 0.6],
                "low": [1.0, 0.4],
                "high": [2.5, 0.8],
                "unit": ["ratio", "share"],
                "grade": ["G", "C"],
                "source": ["guess", "trade <press>"],
                "note": ["vary it", ""],
            }
        ),
        portfolio="normal",
        customers=800,
        currency="USD",
        start=pd.Timestamp("2024-12-31"),
        notes=("behaviour is generated",),
        fingerprint="0123456789abcdef",
        version="0.1.0",
        seconds=1.5,
    )


@pytest.fixture
def made() -> Callable[..., Comparison]:
    """Return a function that makes a comparison from shifts of DSO."""
    return fake_comparison
