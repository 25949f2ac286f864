"""Studies: compare strategies on the same receivables, say how sure the answer is, keep it, and report it."""

from experiments.comparing.compare import compare
from experiments.comparing.comparison import Comparison
from experiments.comparing.study import Study
from experiments.hours.staffing import Staffing, staffing
from experiments.reporting.files import write_comparison

__all__ = ["Comparison", "Staffing", "Study", "compare", "staffing", "write_comparison"]
