"""Compiled: what customers remembered at each contact of a log; see `contact_log`."""

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.compiling import njit
from models.assumed.contact_law import ContactLaw
from models.assumed.contact_law_kernels import still_remembered


@njit
def remembered(customer: Ints, day: Ints, law: ContactLaw) -> Floats:
    """Return how many earlier contacts the customer still remembered at each; sorted by customer and day."""
    out = np.zeros(len(day))
    for i in range(1, len(day)):
        if customer[i] == customer[i - 1]:
            out[i] = still_remembered(out[i - 1] + 1.0, day[i] - day[i - 1], law)
    return out
