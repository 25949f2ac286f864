"""All of collectlab behind one door: the functions of the commands, and the values that they take and give.

`docs/api.md` lists them. The packages behind are `ledger`, `models`, `sim`, `optimize` and `experiments`.
"""

# ruff: noqa: E402 - first of all: are the packages below ours?
from collectlab_start import require

require()

from experiments import Comparison, Staffing, Study, compare, staffing, write_comparison
from ledger import BadInput, Kpis, Ledger, Refused, gaming, kpi_path, kpis, read_ledger
from ledger.importing import Imported, import_ledger
from models import PaymentTiming, fit
from models.effects.estimates import contact_effects
from models.evaluation.backtest import Backtest, backtest
from models.evaluation.walk_forward import walk_forward
from optimize import Assignment, CallPlan, Policy, Team, assign, load_team, plan
from sim import (
    PLANNERS,
    Assumptions,
    Portfolio,
    Run,
    Step,
    Strategy,
    assumptions,
    embedded,
    from_ledger,
    simulate,
    strategies,
    synthetic,
)

__all__ = [
    "PLANNERS",
    "Assignment",
    "Assumptions",
    "Backtest",
    "BadInput",
    "CallPlan",
    "Comparison",
    "Imported",
    "Kpis",
    "Ledger",
    "PaymentTiming",
    "Policy",
    "Portfolio",
    "Refused",
    "Run",
    "Staffing",
    "Step",
    "Strategy",
    "Study",
    "Team",
    "assign",
    "assumptions",
    "backtest",
    "compare",
    "contact_effects",
    "embedded",
    "fit",
    "from_ledger",
    "gaming",
    "import_ledger",
    "kpi_path",
    "kpis",
    "load_team",
    "plan",
    "read_ledger",
    "simulate",
    "staffing",
    "strategies",
    "synthetic",
    "walk_forward",
    "write_comparison",
]
