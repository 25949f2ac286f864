"""The ledger's last day, where nobody says it: the latest of what has happened, but not of a few misread dates."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from ledger.arrays import Days, Ints
from ledger.importing.rows.intake import Intake
from ledger.wording import form

_ENOUGH: Final = 50  # facts from which the rest says what is usual
_FEW: Final = 0.01  # share of the facts that may be misread, at least one
_APART: Final = 60  # days after all others
_TIMES: Final = 3  # as far apart as the others ever are
_SHOWN: Final = 3


def last_day(intakes: Iterable[Intake], today: np.datetime64) -> tuple[np.datetime64 | None, list[str]]:
    """Return the day of the latest fact up to `today`, None where there is none, and what to say of dates beyond it.

    Dates of at most one percent of the facts that lie more than 60 days, and three times as far as the others ever lie
    apart, after all others are taken as misread: they are named, and do not make the ledger's last day. A ledger of
    fewer than 50 facts has nothing to compare them with.
    """
    facts = [(intake, role, days) for intake in intakes for role, days in intake.facts(today).items()]
    every = [days[~np.isnat(days)].astype(np.int64) for _, _, days in facts]
    known = np.concatenate([np.zeros(0, np.int64), *every])
    if not len(known):
        return None, []
    last = np.datetime64(_last(known), "D")
    return last, _beyond(facts, last)


def _last(known: Ints) -> int:
    counts = np.bincount(known - known.min())
    days = np.flatnonzero(counts)
    after = len(known) - np.cumsum(counts[days])[:-1]  # facts after each day
    gaps = np.diff(days)
    few = max(1, int(_FEW * len(known)))
    settled = len(known) - after > few  # not among the first, of which some may be misread, too
    usual = np.maximum.accumulate(np.where(settled, gaps, 0))
    before = np.concatenate([[0], usual[:-1]])
    apart = (after <= few) & (gaps > _APART) & (gaps >= _TIMES * before)
    if len(known) < _ENOUGH or not apart.any():
        return int(known.max())
    return int(days[np.argmax(apart)] + known.min())


def _beyond(facts: Iterable[tuple[Intake, str, Days]], last: np.datetime64) -> list[str]:
    """Name the dates that lie beyond the last day."""
    said = []
    for intake, role, days in facts:
        rows = np.flatnonzero(days > last)
        if len(rows):
            rows = rows[np.argsort(intake.sheet.row[rows])]
            shown = ", ".join(f"{days[row]} in row {intake.sheet.row[row]}" for row in rows[:_SHOWN])
            more = ", …" if len(rows) > _SHOWN else ""
            said.append(
                f"{intake.place(role)}: {shown}{more} {form(len(rows), 'lies', 'lie')} far after all other "
                f"dates, so {last} is taken as the "
                "ledger's last day; say as_of (--as-of) if they are right"
            )
    return said
