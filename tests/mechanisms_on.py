"""Runs in which every mechanism of the simulator is on."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from models.families.part_payments import LAST, PartPayments
from sim import Portfolio, synthetic


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is simulated: the behaviour of customers, a strategy and assumptions, with some of them changed."""

    shares: float | None = 0.8  # that main payments bring; None where nobody ever pays a part
    carried: bool = True  # disputes are open on day 0
    holdout: float = 0.2
    assume: tuple[tuple[str, float], ...] = (("write_off_age", 80.0),)

    def but(self, **assume: float) -> "Case":
        """Return the case under other assumptions."""
        return replace(self, assume=tuple((dict(self.assume) | assume).items()))


@cache
def customers(shares: float | None, count: int = 50, *, carried: bool = True) -> Portfolio:
    """Return customers whose main payments bring these shares."""
    plain = synthetic("stress", customers=count, seed=4)
    if not carried:
        over = plain.ledger.disputes["resolved"].notna()
        plain = replace(plain, ledger=replace(plain.ledger, disputes=plain.ledger.disputes[over]))
    if shares is None:
        return plain
    own = plain.behaviour
    rests = np.zeros((2, own.hazard.shape[1]))
    rests[:, -own.first_day : -own.first_day + LAST] = 0.02
    parts = PartPayments(
        share=np.full(count, shares), offset=np.arange(count + 1), hazard=rests, kinds=np.array([[1.0, 0, 0, 0, 0]] * 2)
    )
    return replace(plain, behaviour=replace(own, hazard=np.vstack([own.hazard, rests]), part_payments=parts))
