"""When people answer: the chance of reaching the right party by local hour and weekday.

Only the level is an assumption with a source (`right_party_contact_rate`); the shapes below are guesses of ours (grade
G): a mid-morning and a mid-afternoon peak, a lunch dip, a quieter Monday and Friday. Their mean over the hours in which
blocks lie is about 1.
"""

from typing import Final

import numpy as np

from ledger.arrays import Floats, Ints
from ledger.policy.roster import BLOCKS, FULL_SHIFT, SHIFT_START
from ledger.table.calendar import Calendar
from ledger.table.places import zones_meant

SUREST: Final = 0.95  # nobody is reached more often, however often a customer was before
CALLING_WINDOW: Final = (8.0, 18.0)  # local hours that a block must lie in for a customer to be called
_HOUR: Final = np.array([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], float)
_BY_HOUR: Final = np.array([0.70, 1.00, 1.20, 1.15, 0.70, 0.85, 1.05, 1.15, 1.05, 0.85, 0.60])
_BY_WEEKDAY: Final = np.array([0.95, 1.05, 1.05, 1.05, 0.90, 0.50, 0.50])


def reach_by_block(calendar: Calendar, clocks: tuple[str, ...], home: str, rate: float) -> Floats:
    """Return the chance of reaching an average customer, shape (clocks, days, blocks); 0 outside the calling window.

    Of a clock that stands for several zones (see `calling_clocks`) the least chance counts: the window is open in all.
    """
    length = FULL_SHIFT / BLOCKS / 3600
    meant, zones = _zones(calendar, clocks)
    begin = SHIFT_START / 3600 + length * np.arange(BLOCKS) + calendar.offsets(zones, home)[:, :, None]
    allowed = (begin >= CALLING_WINDOW[0]) & (begin + length <= CALLING_WINDOW[1])
    local = begin + length / 2
    table = np.where(allowed, rate * answering(local, calendar.weekday()[None, :, None]), 0.0)
    return np.array([table[rows].min(axis=0) for rows in meant]).reshape(len(clocks), *table.shape[1:])


def answering(hour: Floats, weekday: Ints) -> Floats:
    """Return the chance of reaching the right party beside the usual one, by local hour and weekday (Monday 0)."""
    return np.asarray(np.interp(hour, _HOUR, _BY_HOUR) * _BY_WEEKDAY[weekday])


def closing_hour(calendar: Calendar, clocks: tuple[str, ...], home: str) -> Floats:
    """Return the hour of the collectors' clock at which each clock's calling window closes, shape (clocks, days)."""
    meant, zones = _zones(calendar, clocks)
    ahead = calendar.offsets(zones, home)
    return np.array([CALLING_WINDOW[1] - ahead[rows].max(axis=0) for rows in meant]).reshape(len(clocks), calendar.span)


def _zones(calendar: Calendar, clocks: tuple[str, ...]) -> tuple[list[list[int]], tuple[str, ...]]:
    """Return the zones that clocks stand for, and the rows of each clock's among them."""
    meant = [zones_meant(clock, calendar.start.year) for clock in clocks]
    zones = tuple(dict.fromkeys(zone for names in meant for zone in names))
    return [[zones.index(zone) for zone in names] for names in meant], zones
