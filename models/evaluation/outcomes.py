"""What became of invoices as far as it is known, and what weight makes the known stand for all.

An invoice is *followed* to its payment or, unpaid, to its censoring: the ledger's last day, or the credit note,
write-off, agency or factor that ended it. The chance of being followed is estimated by Kaplan–Meier with the roles of
payment and censoring exchanged. Nearly all censoring here is administrative: for each invoice it comes on the ledger's
last day, a known number of days after issue and due date. Weights from that curve are therefore right where the days
to payment do not depend on *when* an invoice was issued, nor on its terms beyond what the time scale takes out;
they stand for nothing that is never seen: where fewer than `FLOOR` of the invoices would be followed, no metric looks.
A test that ends long before the ledger's last day needs hardly any weight and trusts none of this.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Floats, Ints
from models.history.main_payments import history

FLOOR: Final = 0.05  # chance of being followed below which nothing is judged; no weight exceeds its inverse


@dataclass(frozen=True, eq=False, kw_only=True)
class FollowUp:
    """The chance that an invoice is followed to a day: that it is not censored before the day's evening."""

    first: int
    chance: Floats  # for the days first, first + 1, …; the last one holds for all later days

    @classmethod
    def of(cls, day: Ints, paid: Flags) -> "FollowUp":
        """Estimate it by reverse Kaplan–Meier; on equal days payments come before censorings.

        Examples
        --------
        Of two that could be censored on day 1 one is, after day 0's payment:

        >>> FollowUp.of(np.array([0, 1, 2]), np.array([True, False, True])).chance
        array([1. , 1. , 0.5, 0.5])
        """
        if not len(day):
            return cls(first=0, chance=np.ones(1))
        first, length = int(day.min()), int(np.ptp(day)) + 1
        events = np.bincount(day[paid] - first, minlength=length)
        lost = np.bincount(day[~paid] - first, minlength=length)
        at_risk = np.cumsum((events + lost)[::-1])[::-1] - events
        hazard = np.divide(lost, at_risk, out=np.zeros(length), where=at_risk > 0)
        return cls(first=first, chance=np.concatenate([[1.0], np.cumprod(1 - hazard)]))

    def at(self, day: npt.ArrayLike) -> Floats:
        """Return the chance of being followed to each day, 0 to 1, never rising."""
        return np.asarray(self.chance[np.clip(np.asarray(day) - self.first, 0, len(self.chance) - 1)])

    @property
    def reach(self) -> int:
        """The last day to which at least `FLOOR` of the invoices are followed."""
        last = int(np.flatnonzero(self.chance >= FLOOR)[-1])
        return 2**31 if last == len(self.chance) - 1 else self.first + last


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcomes:
    """One row per invoice.

    Raises
    ------
    BadInput
        Where the arrays differ in length.
    """

    late: Ints  # day of payment relative to due; for a censored one, the last day on which it is known to be unpaid
    paid: Flags
    term: Ints  # days from issue to due

    def __post_init__(self) -> None:
        if not len(self.late) == len(self.paid) == len(self.term):
            raise BadInput("must have one length", field="late, paid, term")

    def __len__(self) -> int:
        return len(self.late)

    @classmethod
    def of(cls, ledger: Ledger, rows: Flags) -> "Outcomes":
        """Return what the ledger knows of the chosen rows of its invoices."""
        past = history(ledger)
        late, term = (past.end - past.due)[rows], (past.due - past.issue)[rows]
        return cls(late=late, paid=past.paid[rows], term=term)

    @cached_property
    def followed(self) -> FollowUp:
        """The chance of being followed to a day relative to due."""
        return FollowUp.of(self.late, self.paid)

    @cached_property
    def followed_from_issue(self) -> FollowUp:
        """The chance of being followed to a number of days from issue."""
        return FollowUp.of(self.late + self.term, self.paid)

    def unpaid_on(self, day: int | Ints) -> Flags:
        """Return whether each invoice is known to be unpaid on the evening of the day, in days relative to due."""
        return np.asarray(np.where(self.paid, self.late > day, self.late >= day))

    def survival(self, days: Ints, among: Flags | None = None) -> Floats:
        """Return the observed share unpaid on the evening of each day, by Kaplan–Meier; the days must ascend.

        From the last day on which one of the invoices is followed on, the curve stays where it is.
        """
        rows = np.ones(len(self), bool) if among is None else among
        late, paid = self.late[rows], self.paid[rows]
        if not len(late):
            return np.full(len(days), np.nan)
        first, length = int(late.min()), int(np.ptp(late)) + 1
        events = np.bincount(late[paid] - first, minlength=length)
        at_risk = np.bincount(late - first, minlength=length)[::-1].cumsum()[::-1]
        curve = np.concatenate([[1.0], np.cumprod(1 - events / np.maximum(at_risk, 1))])
        return np.asarray(curve[np.clip(days - first + 1, 0, length)])

    def weight(self, day: int | Ints) -> Floats:
        """Return the weight of each invoice for a question that is settled by the evening of the day, ≥ 0.

        ``1 ÷ chance of being followed to min(payment, day)`` where the answer is known, else 0; at most ``1 ÷ FLOOR``.
        """
        known = (self.paid & (self.late <= day)) | self.unpaid_on(day)
        chance = self.followed.at(np.minimum(self.late, day))
        return np.where(known, 1 / np.maximum(chance, FLOOR), 0.0)
