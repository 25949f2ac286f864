"""Fill the day's blocks in a given order of accounts."""

import numpy as np

from ledger.arrays import Ints
from models.planning.protocol import Plan, WorkList
from sim.planners.greedy_kernels import DueAccounts, FilledBlocks, fill_blocks


def fill(order: Ints, work: WorkList) -> Plan:
    """Give each account in turn the block in which it is most likely reached, with the least loaded able specialist.

    An account that fits nowhere is left for another day, and the next one is tried.
    """
    nobody = np.full((2, len(order)), -1, np.int32)
    placed = FilledBlocks(nobody[0], nobody[1], np.full(len(order), -1, np.int64))
    if len(order) and work.capacity.size:
        fill_blocks(order, DueAccounts(work.needs, work.reach, work.minutes), work.can, work.capacity.copy(), placed)
    return Plan(specialist=placed.specialist, block=placed.block, place=placed.place)
