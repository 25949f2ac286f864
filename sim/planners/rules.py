"""Planners that rank accounts by one number and fill the day from the top."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Floats
from ledger.files.reading import one_of
from models.planning.protocol import Plan, Planner, WorkList
from sim.planners.greedy import fill
from sim.planners.indices import Clairvoyant, UpliftPerMinute, Whittle
from sim.world.keyed_kernels import uniforms

Score = Callable[[WorkList], Floats]


@dataclass(frozen=True, slots=True)
class ByScore:
    """Call the accounts with the highest score first; ties go by the account's random identity."""

    name: str
    score: Score

    def plan(self, work: WorkList) -> Plan:
        """Return the plan that fills the blocks in descending order of score."""
        return fill(np.lexsort((work.entity, -self.score(work))), work)


def _oldest(work: WorkList) -> Floats:
    return work.days_past_due.astype(np.float64)


def _largest(work: WorkList) -> Floats:
    return work.balance.astype(np.float64)


def _at_risk(work: WorkList) -> Floats:
    return work.at_risk


def _random(work: WorkList) -> Floats:
    return uniforms(work.key, work.entity, work.day)


_RULES: Final[dict[str, Planner]] = {
    planner.name: planner
    for planner in (
        ByScore("oldest_first", _oldest),
        ByScore("largest_first", _largest),
        ByScore("risk_weighted", _at_risk),
        ByScore("random", _random),
        UpliftPerMinute(),
        Whittle(),
        Clairvoyant(),
    )
}
PLANNERS: Final = tuple(_RULES)


def planner(name: str | Planner) -> Planner:
    """Return an embedded planner by name, or the planner itself.

    Raises
    ------
    BadInput
        For an unknown name.
    """
    if not isinstance(name, str):
        return name
    return _RULES[one_of(name, PLANNERS, field="planner")]
