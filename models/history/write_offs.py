"""When a house writes invoices off: the hazard by days past due that its own ledger shows.

What counts is the write-off of at least half an invoice; a smaller one ends a residue, not a debt. At age x

    h(x) = d(x) ÷ (n(x) + ½),   d written off out of n still owing at least half of their amount

so a house that never wrote off does not begin to in a run, one that does so at 120 days goes on at 120, and one that
leaves some old invoices standing leaves the same share. (The half keeps a single last invoice from deciding for all.)
What is older than the history could show is written off at 365 days, the longest age in use, by assumption. It could
show an age by which at least `FEW` invoices had been due for so long, whatever became of them: one old invoice does not
make a history long.
The simulator draws from this law; planners, in the simulator and at night, know the law and not the draw.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints, SmallInts
from ledger.table.calendar import NEVER
from ledger.table.columns import columns, summed
from ledger.table.months import day_number, day_numbers
from models.assumed.assumptions import Assumptions
from models.history.main_payments import evenings, stays_from

LONGEST: Final = 365  # days past due; `write_off_age` in models/assumed/assumptions.csv ends here
FEW: Final = 20  # invoices due for so long below which a history does not show an age


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteOffs:
    """Cumulative hazard of being written off, −log of the share that is not, by ascending days past due.

    `seen` are the write-offs it was learned from, half of them by `half_by` days past due (None where there are none);
    `followed` are the days past due that the history could show.
    """

    age: Ints
    cumulative: Floats
    seen: int
    followed: int
    half_by: int | None = None

    def __post_init__(self) -> None:
        """Check that the ages ascend, and the hazard with them."""
        assert len(self.age) == len(self.cumulative)
        assert (np.diff(self.age) > 0).all()
        assert (np.diff(self.cumulative, prepend=0.0) >= 0).all()

    @classmethod
    def at(cls, age: int) -> "WriteOffs":
        """Return the law of a house that writes everything off at one age, days past due."""
        return cls(age=np.array([age]), cumulative=np.array([np.inf]), seen=0, followed=0)

    def standing(self, late: Ints) -> Floats:
        """Return the share that is not written off by so many days past due, 0 to 1."""
        passed = np.searchsorted(self.age, late, "right")
        return np.asarray(np.exp(-np.r_[0.0, self.cumulative][passed]))

    def left(self, late: Ints, days: Ints) -> Floats:
        """Return the chance that an invoice may still be paid so many days on: it is not written off before.

        Parameters
        ----------
        late
            Days past due on an evening on which it is not written off, shape (n,).
        days
            Days from that evening, shape (m,) or (n, m); a write-off comes at the end of its day.

        Notes
        -----
        What stands although the law says that all are written off by then stands for good; see `lapse`.
        """
        now = self.standing(late)[:, None]
        later = np.minimum(self.standing(late[:, None] + days - 1), now)
        return np.where(now > 0, later / np.where(now > 0, now, 1.0), 1.0)

    @property
    def usual_age(self) -> float:
        """Days past due by which half of what the house wrote off was, else the age assumed; NEVER where none is."""
        if self.half_by is not None:
            return float(self.half_by)
        return float(self.age[-1] if len(self.age) else NEVER)

    def lapse(self, due: SmallInts, threshold: Floats) -> SmallInts:
        """Return the day on which each invoice that is unpaid until then is written off, after day 0; else NEVER.

        Parameters
        ----------
        due
            Due days.
        threshold
            Unit exponentials, one for each invoice.
        """
        passed = np.searchsorted(self.age, -due, "right")  # ages that lie behind it on day 0
        reached = np.r_[0.0, self.cumulative][passed] + threshold
        found = np.maximum(np.searchsorted(self.cumulative, reached), passed)
        day = due + np.r_[self.age, NEVER][found]
        return np.where(found < len(self.age), day, NEVER).astype(np.int32)

    def words(self) -> str:
        """Return in one sentence what the run does, for the notes of a portfolio."""
        if self.seen:
            told = f"Write-offs: as {self.seen:,} of the ledger's own, half of them by {self.half_by} days past due."
        elif self.followed:
            told = f"Write-offs: none, as in the ledger's {self.followed:,} days."
        else:
            told = f"Write-offs: none in the ledger, where fewer than {FEW} invoices have been due."
        if self.followed >= LONGEST:
            return told
        return f"{told} Its history is too short to show any later: {LONGEST} days past due is assumed."


def write_offs(ledger: Ledger) -> WriteOffs:
    """Return the hazard of being written off that a ledger shows."""
    due, today = day_numbers(ledger.invoices["due_date"]), day_number(ledger.as_of)
    followed = max(today - int(np.sort(due)[FEW - 1]), 0) if len(due) >= FEW else 0
    exit_day, written = _ends(ledger)
    late = np.maximum(exit_day - due, 0)
    age, lost = np.unique(late[written], return_counts=True)
    at_risk = len(late) - np.searchsorted(np.sort(late), age)
    hazard = -np.log1p(-lost / (at_risk + 0.5))
    half_by = int(age[np.searchsorted(np.cumsum(lost), lost.sum() / 2)]) if len(age) else None
    if followed < LONGEST:
        age, hazard = np.r_[age[age < LONGEST], LONGEST], np.r_[hazard[age < LONGEST], np.inf]
    return WriteOffs(age=age, cumulative=np.cumsum(hazard), seen=int(written.sum()), followed=followed, half_by=half_by)


def age_chosen(assume: Assumptions, usual: float | None = None) -> bool:
    """Return whether somebody chose an age of write-off: one that is neither the default nor the house's `usual` one.

    So other assumptions do not bring the default age along to a house that has a law of its own.
    """
    return assume.write_off_age not in (Assumptions.default().write_off_age, usual)


def expected_write_offs(ledger: Ledger, assume: Assumptions) -> WriteOffs:
    """Return the law that a plan reckons with: the house's own, or at an age that somebody chose."""
    if age_chosen(assume):
        return WriteOffs.at(int(assume.write_off_age))
    return write_offs(ledger)


def _ends(ledger: Ledger) -> tuple[Ints, Flags]:
    """Return the day until which each invoice owed half of its amount or more, and whether write-offs ended that.

    The day is the first evening from which less than half was and stayed open: cash that bounced ends nothing.
    """
    book = columns(ledger)
    size, written_off = len(book.amount), book.of_kind("write_off")
    row, day, total = evenings(book.applied_to, book.applied, book.applied_amount)
    begin, ended = stays_from(row, 2 * total > book.amount[row], size)
    exit_day = np.full(size, day_number(ledger.as_of))
    exit_day[ended] = day[begin[ended]]
    by_then = written_off & (book.applied <= exit_day[book.applied_to])
    lost = summed(book.applied_to[by_then], book.applied_amount[by_then], size)
    return exit_day, ended & (2 * lost >= book.amount)
