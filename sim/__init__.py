"""The discrete-event simulator: customers, invoices, specialists."""

from ledger.policy.roster import Roster
from ledger.policy.strategy import Step, Strategy, strategies
from models.assumed.assumptions import Assumptions, assumptions
from sim.engine import simulate
from sim.planners import BELIEFS, PLANNERS, Belief, Outlook, Plan, Planner, Prospects, WorkList
from sim.portfolios.from_ledger import from_ledger
from sim.portfolios.presets import embedded, synthetic
from sim.result.run import Run
from sim.world.behaviour import Behaviour
from sim.world.portfolio import Portfolio

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
