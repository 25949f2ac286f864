"""How long calls take: talk and wrap-up where somebody is reached, an attempt where nobody is."""

from dataclasses import dataclass

import numpy as np

from ledger.arrays import Floats
from models.assumed.assumptions import Assumptions

Triangle = tuple[float, float, float]  # low, mode, high in minutes


@dataclass(frozen=True, slots=True)
class CallMinutes:
    """Triangular durations in minutes."""

    talk: Triangle
    wrap: Triangle
    unreached: Triangle

    @classmethod
    def of(cls, assume: Assumptions) -> "CallMinutes":
        """Return the assumed durations."""
        return cls(
            talk=assume.minutes("reached_call_minutes"),
            wrap=assume.minutes("wrap_up_minutes"),
            unreached=assume.minutes("unreached_call_minutes"),
        )

    def expected(self, chance: Floats) -> Floats:
        """Return the expected minutes of an attempt that reaches somebody with the given chance."""
        talk = sum(self.talk) / 3 + sum(self.wrap) / 3
        return np.asarray(chance * talk + (1 - chance) * sum(self.unreached) / 3)
