"""When people answer: the chance of reaching the right party by local hour and weekday.

Only the level is an assumption with a source (`right_party_contact_rate`); the shapes below are guesses of ours (grade
G): a mid-morning and a mid-afternoon peak, a lunch dip, a quieter Monday and Friday. Their mean over the hours in which
blocks lie is about 1.
"""

from typing import Final

import numpy as np

from ledger.calendar import Calendar
from ledger.roster import BLOCKS, FULL_SHIFT, SHIFT_START
from models.timing import Floats

CALLING_WINDOW: Final = (8.0, 18.0)  # local hours that a block must lie in for a customer to be called
_HOUR: Final = np.array([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], float)
_BY_HOUR: Final = np.array([0.70, 1.00, 1.20, 1.15, 0.70, 0.85, 1.05, 1.15, 1.05, 0.85, 0.60])
_BY_WEEKDAY: Final = np.array([0.95, 1.05, 1.05, 1.05, 0.90, 0.50, 0.50])


def reach_by_block(calendar: Calendar, zones: tuple[str, ...], home: str, rate: float) -> Floats:
    """Return the chance of reaching an average customer, shape (zones, days, blocks); 0 outside the calling window."""
    length = FULL_SHIFT / BLOCKS / 3600
    begin = SHIFT_START / 3600 + length * np.arange(BLOCKS) + calendar.offsets(zones, home)[:, :, None]
    allowed = (begin >= CALLING_WINDOW[0]) & (begin + length <= CALLING_WINDOW[1])
    local = begin + length / 2
    by_hour = np.interp(local, _HOUR, _BY_HOUR)
    return np.asarray(np.where(allowed, rate * by_hour * _BY_WEEKDAY[calendar.weekday()][None, :, None], 0.0))
