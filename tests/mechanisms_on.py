"""Runs in which every mechanism of the simulator is on, and how each is switched off."""

from collections.abc import Callable
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


LITTLE = 1e-12  # a share that no draw falls below
PROMISES = ("promise_given_right_party", "promise_kept")
RINGS = ("callback_share_message", "callback_share_unreached")
SETTINGS: dict[str, tuple[Callable[[Case], Case], Callable[[Case], Case]]] = {  # off, and on without any effect
    "write_off": (lambda case: case.but(write_off_age=2.0**31), lambda case: case.but(write_off_age=10.0**6)),
    "promises": (
        lambda case: case.but(**dict.fromkeys(PROMISES, 0.0)),
        lambda case: case.but(promise_given_right_party=LITTLE, promise_kept=0.0),
    ),
    "disputes": (
        lambda case: replace(case.but(dispute_share=0.0), carried=False),
        lambda case: replace(case.but(dispute_share=LITTLE), carried=False),
    ),
    "part_payments": (lambda case: replace(case, shares=None), lambda case: replace(case, shares=1 - LITTLE)),
    "holdout": (lambda case: replace(case, holdout=0.0), lambda case: replace(case, holdout=LITTLE)),
    "callbacks": (
        lambda case: case.but(**dict.fromkeys(RINGS, 0.0)),
        lambda case: case.but(**dict.fromkeys(RINGS, LITTLE)),
    ),
}


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
