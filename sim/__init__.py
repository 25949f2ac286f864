"""The discrete-event simulator: customers, invoices, specialists."""

from sim.assumptions import Assumptions, assumptions
from sim.behaviour import Behaviour
from sim.engine import simulate
from sim.observed import from_ledger
from sim.planners import PLANNERS, Plan, Planner, WorkList
from sim.portfolio import Portfolio
from sim.roster import Roster, roster
from sim.run import Run
from sim.strategy import Step, Strategy, strategies
from sim.synthetic import embedded, synthetic

__all__ = [
    "PLANNERS",
    "Assumptions",
    "Behaviour",
    "Plan",
    "Planner",
    "Portfolio",
    "Roster",
    "Run",
    "Step",
    "Strategy",
    "WorkList",
    "assumptions",
    "embedded",
    "from_ledger",
    "roster",
    "simulate",
    "strategies",
    "synthetic",
]
