"""Studies: compare strategies on the same receivables, say how sure the answer is, keep it, and report it."""

from experiments.compare import compare
from experiments.comparison import Comparison
from experiments.study import Study

__all__ = ["Comparison", "Study", "compare"]
