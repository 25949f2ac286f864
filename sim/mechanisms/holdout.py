"""A randomised holdout: in each span of days some customers are drawn to be left alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ledger.arrays import Bits, Flags, Ints
from sim.day.today import Today
from sim.mechanisms.protocol import Begun
from sim.world.keyed import Purpose
from sim.world.keyed_kernels import uniforms


@dataclass(frozen=True, slots=True)
class Holdout:
    """Spans of `days` days from day 1 on; in each a customer is left alone with probability `share`."""

    share: float
    days: int
    entity: Bits
    key: np.uint64
    name: ClassVar[str] = "holdout"
    parameters: ClassVar[tuple[str, ...]] = ()  # share and days are the strategy's

    @classmethod
    def begin(cls, begun: Begun) -> "Holdout | None":
        """Return the strategy's holdout; off where it leaves nobody alone."""
        strategy = begun.strategy
        if not strategy.holdout:
            return None
        return cls(strategy.holdout, strategy.holdout_days, begun.world.accounts.entity, begun.draw(Purpose.HOLDOUT))

    def held(self, day: int, who: Ints) -> Flags:
        """Return which of the customers are left alone on the day."""
        return np.asarray(uniforms(self.key, self.entity[who], (day - 1) // self.days) < self.share)

    def spare(self, today: Today) -> None:
        """Take out those that are left alone today."""
        today.messages = today.messages[~self.held(today.day, today.messages)]
        today.to_call = today.to_call[~self.held(today.day, today.to_call)]

    def table(self, days: int) -> Flags:
        """Return who is left alone in each span up to the last day, (customers, spans)."""
        spans = -(-days // self.days)
        everyone = np.arange(len(self.entity))
        columns = [self.held(1 + span * self.days, everyone) for span in range(spans)]
        return np.stack(columns, axis=1)
