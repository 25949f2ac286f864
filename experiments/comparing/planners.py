"""Planners by name: the simulator's own, and the optimiser's."""

from typing import Final

from sim import PLANNERS, Outlook, Planner

OPTIMISED: Final = "optimised"
USE_A_MODEL: Final = ("risk_weighted", "uplift_per_minute", "whittle", OPTIMISED)


def planners() -> tuple[str, ...]:
    """Return the names of all planners: the simulator's own, and the optimiser's."""
    return (*PLANNERS, OPTIMISED)


def planner_of(name: str) -> str | Planner:
    """Return what `sim.simulate` takes as the planner of this name."""
    if name != OPTIMISED:
        return name
    from optimize.in_simulator.planner import Daily  # the solvers take longer to load than a small run

    return Daily(outlook=Outlook())
