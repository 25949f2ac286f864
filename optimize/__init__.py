"""Scarce hours to accounts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from optimize.assignment.product_form import Factored, assign_factored
    from optimize.assignment.result import Assignment
    from optimize.assignment.solve import assign
    from optimize.plans.call_plan import CallPlan
    from optimize.plans.planning import plan
    from optimize.plans.policy import Policy
    from optimize.roster.team import Team

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
