"""The discrete-event simulator: customers, invoices, specialists."""

from ledger.roster import Roster
from ledger.strategy import Step, Strategy, strategies
from models.assumptions import Assumptions, assumptions
from sim.behaviour import Behaviour
from sim.engine import simulate
from sim.observed import from_ledger
from sim.planners import BELIEFS, PLANNERS, Belief, Outlook, Plan, Planner, Prospects, WorkList
from sim.portfolio import Portfolio
from sim.presets import embedded, synthetic
from sim.run import Run

__all__ = [
    "BELIEFS",
    "PLANNERS",
    "Assumptions",
    "Behaviour",
    "Belief",
    "Outlook",
    "Plan",
    "Planner",
    "Portfolio",
    "Prospects",
    "Roster",
    "Run",
    "Step",
    "Strategy",
    "WorkList",
    "assumptions",
    "embedded",
    "from_ledger",
    "simulate",
    "strategies",
    "synthetic",
]
