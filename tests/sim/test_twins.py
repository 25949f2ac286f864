"""Compiled kernels against plain Python: whole runs with the twins in place of all of them give the same ledger."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import Assumptions, Run, Strategy, simulate
from tests import simulator_twins as twins
from tests.mechanisms_on import Case, customers

HOMES = {
    "sim.engine": ("after_calls", "chances", "due_contacts", "outcomes", "respond", "sweep"),
    "sim.mechanisms.callbacks": ("will_ring",),
    "sim.mechanisms.disputes": ("open_disputes",),
    "sim.mechanisms.part_payments": ("pay_main_parts",),
    "sim.mechanisms.promises": ("promise",),
}
"""Where each kernel is called."""


def run(strategy: str, seed: int, lag: int, desk: str) -> Run:
    """Return a small run with every mechanism on."""
    assume = dict(Case().assume) | {"cash_application_lag": lag, "dispute_share": 15.0}
    chased = Strategy.load(strategy).model_copy(update={"holdout": 0.1})
    return simulate(
        customers(0.8, 12),
        chased,
        days=45,
        specialists=1,
        assumptions=Assumptions.default(**assume),
        seed=seed,
        desk=desk,
    )


@given(st.sampled_from(["sop_cadence", "escalated", "friendly"]), st.integers(0, 99), st.integers(0, 2))
@settings(max_examples=6, deadline=None)
def test_a_run_by_the_twins_is_the_run(strategy: str, seed: int, lag: int) -> None:
    """To the last row: nothing that the kernels skip, look up or keep in order changes a number."""
    compiled = run(strategy, seed, lag, "fast").ledger
    with pytest.MonkeyPatch.context() as patch:
        for home, names in HOMES.items():
            for name in names:
                patch.setattr(f"{home}.{name}", getattr(twins, name))
        plain = run(strategy, seed, lag, "event").ledger
    assert plain.fingerprint == compiled.fingerprint
