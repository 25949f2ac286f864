"""The dunning ladder as a ledger shows it: the rung each open invoice stands on, and whether its step is still to do.

A step is due from the day on which an invoice reaches its rung, until a contact takes place or its attempts are used
up. Promises and disputes block an invoice; when they end it asks again. Nightly plans read it from here, and so do
simulated runs, which begin where the ledger ends.
"""

from dataclasses import dataclass, replace

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Ints
from ledger.policy.strategy import Strategy
from ledger.table.calendar import NEVER
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from models.history.contact_log import dispute_days
from models.history.contacted import Contacted


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing:
    """Where some open invoices (m) stand on the mornings of some days (D); days are days since 1970-01-01."""

    strategy: Strategy
    days: Ints  # (D,)
    customer: Ints  # (m,) rows of the ledger's customers
    due: Ints  # (m,)
    rung: Ints  # (m, D) place in the rungs, -1 below the first
    hold: Ints  # (m, 1) last day of the latest promise, 0 for none
    disputed: Flags  # (m, 1)
    asked: Ints  # (m, D) day on which the step of the rung was asked for, or asked for again

    @property
    def promised(self) -> Flags:
        """Whether a live promise forbids chasing, (m, D)."""
        return np.asarray(self.hold >= self.days)

    def of(self, invoices: Flags) -> "Standing":
        """Return the same of some of the invoices."""
        columns = ("customer", "due", "rung", "hold", "disputed", "asked")
        return replace(self, **{name: getattr(self, name)[invoices] for name in columns})

    def tries(self, log: Contacted) -> Ints:
        """Return the calls that reached nobody since the step was asked for, (m, D)."""
        who, days = (np.broadcast_to(part, self.rung.shape) for part in (self.customer[:, None], self.days))
        return log.count(log.unanswered, who, self.asked, days)

    def pending(self, log: Contacted) -> Flags:
        """Return whether the step is still to do: not blocked, not heard, not tried often enough, (m, D)."""
        steps = self.strategy.steps
        step = rungs(self.strategy)[1][self.rung]  # of -1 the last entry, which stands for no rung
        attempts = np.array([s.attempts for s in steps] + [1], np.int64)[step]
        phone = np.array([s.channel == "phone" for s in steps] + [False])[step]
        heard = log.last_heard[self.customer][:, None] >= self.asked
        free = (self.rung >= 0) & ~self.promised & ~self.disputed
        return np.asarray(free & ~heard & ~(phone & (self.tries(log) >= attempts)))


def rungs(strategy: Strategy) -> tuple[Ints, Ints]:
    """Return the days past due of the rungs, ascending, and their steps; the last entries stand for no rung.

    Where two steps fall on one day, the later one in the file counts.
    """
    at = sorted((day, s) for s, step in enumerate(strategy.steps) for day in step.days)
    return np.array([*(day for day, _ in at), 0], np.int64), np.array([*(s for _, s in at), -1], np.int64)


def last_call(strategy: Strategy) -> int:
    """Return the last day past due on which a strategy asks for a call; before all days where it never does."""
    day_of, step_of = rungs(strategy)
    calls = [day for day, s in zip(day_of[:-1].tolist(), step_of.tolist(), strict=False) if _is_call(strategy, s)]
    return max(calls, default=-NEVER)


def _is_call(strategy: Strategy, step: int) -> bool:
    return strategy.steps[step].channel == "phone"


def standing(ledger: Ledger, strategy: Strategy, days: Ints, row: Ints) -> Standing:
    """Return where invoices (rows of the ledger's) stand on some days."""
    due = day_numbers(ledger.invoices["due_date"])[row][:, None]
    hold, disputed, freed = _blocks(ledger, row)
    day_of = rungs(strategy)[0]
    rung = np.searchsorted(day_of[:-1], days - due, "right") - 1
    again = np.maximum(np.where(hold < days, hold + 1, 0), freed)
    return Standing(
        strategy=strategy,
        days=days,
        customer=ledger.customer_of_invoice[row],
        due=due[:, 0],
        rung=rung,
        hold=hold,
        disputed=disputed,
        asked=np.maximum(due + day_of[rung], again),
    )


def _blocks(ledger: Ledger, row: Ints) -> tuple[Ints, Flags, Ints]:
    """Return the last day of each invoice's latest promise (0: none), whether it is disputed, and freed on what day.

    All have shape (rows, 1).
    """
    hold, freed = np.zeros((2, len(ledger.invoices)), np.int64)
    disputed = np.zeros(len(ledger.invoices), np.bool_)
    promise = positions(ledger.promises["invoice_id"], ledger.invoices["invoice_id"])
    np.maximum.at(hold, promise, day_numbers(ledger.promises["due_on"]))
    closed = dispute_days(ledger)[1]
    at = positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"])
    still = ledger.disputes["resolved"].isna().to_numpy(bool)
    disputed[at[still]] = True
    np.maximum.at(freed, at[~still], closed[~still])
    return hold[row, None], disputed[row, None], freed[row, None]
