"""Planners that rank accounts by what a minute of calling brings."""

from dataclasses import dataclass, replace

import numpy as np

from ledger import BadInput
from ledger.arrays import Floats, Ints
from models.planning.protocol import Outlook, Plan, Prospects, WorkList
from sim.planners.greedy import fill


@dataclass(frozen=True, slots=True)
class UpliftPerMinute:
    """Call first where a minute brings most now: chance of an answer times uplift, per expected minute."""

    name: str = "uplift_per_minute"
    outlook: Outlook = Outlook()  # noqa: RUF009  # frozen

    def plan(self, work: WorkList) -> Plan:
        """Return the plan that fills the blocks in descending order of uplift per minute."""
        return fill(_descending(uplift_index(work), work), work)


@dataclass(frozen=True, slots=True)
class Whittle:
    """Call first where a minute brings most now rather than later; see `whittle_index`."""

    name: str = "whittle"
    outlook: Outlook = Outlook()  # noqa: RUF009  # frozen

    def plan(self, work: WorkList) -> Plan:
        """Return the plan that fills the blocks in descending order of the index."""
        return fill(_descending(whittle_index(work), work), work)


@dataclass(frozen=True, slots=True)
class Clairvoyant:
    """Know the thresholds: on what day each invoice is paid with a call today, later, or never.

    Who answers the telephone and who promises stays open, so that it calls by the same index as `Whittle`: an index of
    one who knows more, and no bound on what planners can reach.
    """

    name: str = "clairvoyant"
    outlook: Outlook = replace(Outlook(), foresight=True)  # noqa: RUF009  # frozen

    def plan(self, work: WorkList) -> Plan:
        """Return the plan that fills the blocks in descending order of the index."""
        return fill(_descending(whittle_index(work), work), work)


def prospects_of(work: WorkList) -> Prospects:
    """Return what talks would bring.

    Raises
    ------
    BadInput
        Where the work list does not say.
    """
    if work.prospects is None:
        raise BadInput("must come with prospects for a planner that has an outlook", where="work list")
    return work.prospects


def uplift_index(work: WorkList) -> Floats:
    """Return minor units that a minute of calling brings in the block in which an answer is likeliest."""
    return _talks_per_minute(work) * prospects_of(work).uplift


def whittle_index(work: WorkList) -> Floats:
    """Return the price of a minute at which calling today and waiting are worth the same, minor units.

    Notes
    -----
    With an answer in a share p of calls of m minutes, a talk costs m/p minutes. Calling today brings U for m/p; with a
    talk after delay t instead, U_t for S_t · m/p, where S_t is the chance that anything is open then. Of the latter a
    talk today uses up the share κ. At the price ν calling today is better by

        U − ν·m/p − κ · max(0, max_t (U_t − ν·S_t·m/p)),

    which falls in ν; its root is the index

        ν = p/m · min(U, min_t (U − κ·U_t) / (1 − κ·S_t)):

    uplift now minus the best later one, per minute that is spent now and not later. Whittle, "Restless bandits:
    activity allocation in a changing world", J. Appl. Probab. 25A, 1988; as the marginal productivity of work,
    Niño-Mora, "Dynamic priority allocation via restless bandit marginal productivity indices", TOP 15, 2007. It is
    exact for one talk that can be held today or after one of the delays, approximate for what follows that talk.
    """
    found = prospects_of(work)
    spent = found.spent[:, None]
    waiting = (found.uplift[:, None] - spent * found.later) / np.maximum(1 - spent * found.still_open, 1e-9)
    return np.asarray(_talks_per_minute(work) * np.minimum(found.uplift, waiting.min(axis=1, initial=np.inf)))


def _talks_per_minute(work: WorkList) -> Floats:
    if not work.reach.size:
        return np.zeros(len(work.reach))
    best, rows = work.reach.argmax(axis=1), np.arange(len(work.reach))
    return np.asarray(work.reach[rows, best] / work.minutes[rows, best])


def _descending(index: Floats, work: WorkList) -> Ints:
    return np.lexsort((work.entity, -index))
