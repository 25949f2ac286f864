"""Scarce hours to accounts."""

from optimize.assignment.result import Assignment
from optimize.assignment.solve import assign
from optimize.plans.call_plan import CallPlan
from optimize.plans.planning import plan
from optimize.plans.policy import Policy
from optimize.roster.load import load_team
from optimize.roster.team import Team

__all__ = ["Assignment", "CallPlan", "Policy", "Team", "assign", "load_team", "plan"]
