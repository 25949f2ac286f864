"""What a planner believes of the customers: the truth, or a model that is wrong in a known way."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.files.reading import one_of
from sim.world.keyed import Purpose, key, normals
from sim.world.state import Accounts, Payments


@dataclass(frozen=True, kw_only=True, slots=True)
class Belief:
    """How the planner's model differs from the simulator's own law; the defaults are the truth.

    Parameters
    ----------
    name
        For tables.
    hazard
        Factor on every customer's payment hazard.
    noise
        Standard deviation of the logarithm of an error in each customer's hazard (its mean factor is 1).
    effect
        Factor on what a talk does: the extra hazard, and the chance of a promise kept.
    informed
        Know each customer's kind and frailty; else all have the portfolio's mean hazard.
    """

    name: str
    hazard: float = 1.0
    noise: float = 0.0
    effect: float = 1.0
    informed: bool = True

    def believe(self, acc: Accounts, pays: Payments, seed: int) -> tuple[Accounts, Payments]:
        """Return accounts and hazard tables as the planner believes them; the truth itself where they do not differ.

        The error of a customer's hazard is the same in all replications of a seed: a model is wrong in one way.
        """
        if not self.informed:
            share = np.bincount(acc.kind, acc.frailty, len(pays.cumulative))[None]
            share = share / share.sum() if share.sum() > 0 else np.full(share.shape, 1 / share.size)
            pays = pays._replace(cumulative=share @ pays.cumulative, decayed=share @ pays.decayed)
            acc = acc._replace(kind=np.zeros_like(acc.kind), frailty=np.ones_like(acc.frailty))
        if self.noise or self.hazard != 1:
            error = self.noise * normals(key(seed, 0, Purpose.BELIEF), acc.entity, 0) - self.noise**2 / 2
            acc = acc._replace(frailty=acc.frailty * self.hazard * np.exp(error))
        return acc, pays


BELIEFS: Final = {
    belief.name: belief
    for belief in (
        Belief(name="right"),
        Belief(name="biased", hazard=0.7, noise=0.7, effect=1.5),
        Belief(name="stale", informed=False),
    )
}


def belief(name: str | Belief) -> Belief:
    """Return a belief by name, or the belief itself.

    Raises
    ------
    BadInput
        For an unknown name.
    """
    if not isinstance(name, str):
        return name
    return BELIEFS[one_of(name, BELIEFS, field="belief")]
