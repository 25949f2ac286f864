"""The laws of `contact_law` compiled, for kernels: the same formulas by the same names, of one contact at a time."""

from ledger.compiling import njit
from models.assumed import contact_law

still_remembered = njit(contact_law.still_remembered)
added_hazard = njit(contact_law.added_hazard)
chance_kept = njit(contact_law.chance_kept)
chance_won = njit(contact_law.chance_won)
promised_day = njit(contact_law.promised_day)
spent_by_talk = njit(contact_law.spent_by_talk)
