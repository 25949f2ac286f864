"""Planners: who calls whom in which block of the day. One short file per policy."""

from sim.planners.protocol import Plan, Planner, WorkList
from sim.planners.rules import PLANNERS, planner

__all__ = ["PLANNERS", "Plan", "Planner", "WorkList", "planner"]
