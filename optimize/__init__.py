"""Scarce hours to accounts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from optimize.assignment import Assignment
    from optimize.call_plan import CallPlan
    from optimize.factored import Factored, assign_factored
    from optimize.planning import plan
    from optimize.policy import Policy
    from optimize.solution import assign
    from optimize.team import Team

__all__ = ["Assignment", "CallPlan", "Factored", "Policy", "Team", "assign", "assign_factored", "plan"]

_PLACES: Final = {
    "Assignment": "assignment",
    "CallPlan": "call_plan",
    "Factored": "factored",
    "Policy": "policy",
    "Team": "team",
    "assign": "solution",
    "assign_factored": "factored",
    "plan": "planning",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is: solvers and tables are heavy, and the package is not."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"optimize.{_PLACES[name]}"), name)
