"""Specialists: who works when, speaks what, and may be firm."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.arrays import Bits, Flags, Floats
from ledger.errors import BadInput
from ledger.table.ledger import as_day, positions
from ledger.table.tables import TEXT, validated

SHIFT_START = 9 * 3600  # seconds after midnight on the collectors' clock
FULL_SHIFT = 8 * 3600
BLOCKS = 4  # a shift is planned in blocks of equal length


@dataclass(frozen=True, kw_only=True, slots=True)
class Roster:
    """Specialists as columns.

    Parameters
    ----------
    table
        The staff table (see `ledger.table.tables`).
    can
        Bit mask of what each specialist can do: a bit per language, and `FIRM`.
    languages
        Language of each bit.
    share
        Weekly hours over 40, at most 1 (there is no overtime), shape (specialists,). Part-timers work the first
        blocks of the day.
    """

    table: pd.DataFrame
    can: Bits
    languages: tuple[str, ...]
    share: Floats

    def __len__(self) -> int:
        """Return the number of specialists."""
        return len(self.can)

    def needs(self, language: "pd.Series[str]") -> Bits:
        """Return the bit that a specialist needs to speak each language; English serves where nobody speaks it."""
        bit = {code: np.uint64(2) << np.uint64(k) for k, code in enumerate(self.languages)}
        spoken = {code: bit[code] for code in bit if (self.can & bit[code]).any()}
        row = positions(language, pd.Series([*spoken], dtype=language.dtype))
        return np.array([*spoken.values(), np.uint64(0)], np.uint64)[row]

    def present(self, start: pd.Timestamp, days: int) -> Flags:
        """Return who is not absent on days 0 .. days, shape (specialists, days + 1)."""
        here = np.ones((len(self), days + 1), np.bool_)
        for s, absences in enumerate(self.table["absences"]):
            for day in _days(absences):
                k = (day - start).days
                if 0 <= k <= days:
                    here[s, k] = False
        return here


FIRM = np.uint64(1)


def roster(specialists: int | pd.DataFrame | Roster, timezone: str) -> Roster:
    """Return a roster from a staff table, or of so many like full-timers.

    Of the standard roster every specialist speaks English, every third also Spanish, every fourth also French, and
    every second may be firm.

    Raises
    ------
    BadInput
        For a negative number, a broken table, or specialists outside the collectors' time zone.
    """
    if isinstance(specialists, Roster):
        return specialists
    if isinstance(specialists, int):
        if specialists < 0:
            raise BadInput("must not be negative", field="specialists", value=specialists)
        table = _standard(specialists, timezone)
    else:
        table = validated("staff", specialists)
        for absences in table["absences"]:
            _days(absences)
    elsewhere = table.loc[table["timezone"] != timezone]
    if len(elsewhere):
        rule = f"all specialists of one simulation work on one clock, {timezone}"
        raise BadInput(rule, where="staff", field="timezone", value=elsewhere["timezone"].iloc[0])
    languages = tuple(sorted({code for spoken in table["languages"] for code in spoken.split()}))
    can = np.zeros(len(table), np.uint64)
    for s, (skills, spoken) in enumerate(zip(table["skills"], table["languages"], strict=True)):
        can[s] = FIRM if "firm" in skills.split() else 0
        for code in spoken.split():
            can[s] |= np.uint64(2) << np.uint64(languages.index(code))
    share = np.minimum(table["weekly_hours"].to_numpy(np.float64) / 40, 1.0)
    return Roster(table=table, can=can, languages=languages, share=share)


def _days(absences: str) -> list[pd.Timestamp]:
    try:
        return [as_day(day) for day in absences.split()]
    except BadInput as error:
        rule = "must be days such as 2026-10-02, separated by spaces"
        raise BadInput(rule, where="staff", field="absences", value=absences) from error


def _standard(count: int, timezone: str) -> pd.DataFrame:
    number = range(count)
    return pd.DataFrame(
        {
            "specialist_id": pd.array([f"S{k + 1:03d}" for k in number], TEXT),
            "skills": pd.array(["firm" if k % 2 == 0 else "" for k in number], TEXT),
            "languages": pd.array(["en" + " es" * (k % 3 == 0) + " fr" * (k % 4 == 0) for k in number], TEXT),
            "timezone": pd.array([timezone] * count, TEXT),
            "weekly_hours": np.full(count, 40.0),
            "absences": pd.array([""] * count, TEXT),
            "cost_per_hour": np.zeros(count, np.int64),  # 0: the assumed wage
        }
    )
