"""Planners: who calls whom in which block of the day. One short file per policy."""

from models.planning.protocol import Outlook, Plan, Planner, Prospects, WorkList
from sim.planners.belief import BELIEFS, Belief, belief
from sim.planners.rules import PLANNERS, planner

__all__ = ["BELIEFS", "PLANNERS", "Belief", "Outlook", "Plan", "Planner", "Prospects", "WorkList", "belief", "planner"]
