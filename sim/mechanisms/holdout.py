"""A randomised holdout: in each span of days some customers are drawn to be left alone."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Bits, Flags, Ints
from ledger.policy.strategy import Strategy
from sim.world.keyed import uniforms


class Holdout(NamedTuple):
    """Spans of `days` days from day 1 on; in each a customer is left alone with probability `share`."""

    share: float
    days: int
    entity: Bits
    key: np.uint64

    @classmethod
    def of(cls, strategy: Strategy, entity: Bits, key: np.uint64) -> "Holdout":
        """Return the strategy's holdout for these customers."""
        return cls(share=strategy.holdout, days=strategy.holdout_days, entity=entity, key=key)

    def held(self, day: int, who: Ints) -> Flags:
        """Return which of the customers are left alone on the day."""
        return np.asarray(uniforms(self.key, self.entity[who], (day - 1) // self.days) < self.share)

    def spared(self, day: int, messages: Ints, calls: Ints) -> tuple[Ints, Ints]:
        """Return the accounts to be sent a message and to be called, without those that are left alone."""
        if not self.share:
            return messages, calls
        return messages[~self.held(day, messages)], calls[~self.held(day, calls)]

    def table(self, days: int) -> Flags:
        """Return who is left alone in each span up to the last day, (customers, spans); empty without a holdout."""
        spans = -(-days // self.days) if self.share else 0
        everyone = np.arange(len(self.entity))
        columns = [self.held(1 + span * self.days, everyone) for span in range(spans)]
        return np.stack(columns, axis=1) if columns else np.zeros((len(everyone), 0), np.bool_)
