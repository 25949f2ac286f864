"""Studies: compare strategies on the same receivables, say how sure the answer is, keep it, and report it."""

from experiments.comparing.compare import compare
from experiments.comparing.comparison import Comparison
from experiments.comparing.study import Study

__all__ = ["Comparison", "Study", "compare"]
