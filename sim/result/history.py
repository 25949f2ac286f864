"""One simulated history: who was contacted when, and what became of every invoice."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Ints, SmallInts
from ledger.json_ready import finite, json_object
from ledger.policy.strategy import Strategy
from ledger.results import Result
from ledger.table.calendar import Calendar
from ledger.table.currency import decimals
from ledger.wording import plural
from models.assumed.assumptions import Assumptions
from sim.day.contact_records import Contacts
from sim.mechanisms.holdout import Holdout
from sim.mechanisms.part_payments import PartialPayments, no_parts
from sim.mechanisms.part_payments_kernels import Parts
from sim.mechanisms.promises import Promises, joined_promises
from sim.mechanisms.promises_kernels import PromiseLog
from sim.mechanisms.protocol import Mechanism
from sim.world.portfolio import NO_DISPUTE, Portfolio
from sim.world.state import Invoices

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class History(Result):
    """What happened in one replication of one strategy, as columns and logs."""

    portfolio: Portfolio
    strategy: Strategy
    planner: str
    staff: pd.DataFrame
    seed: int
    replication: int
    days: int
    seconds: float  # wall-clock time of the run itself
    calendar: Calendar
    columns: Invoices
    number: SmallInts
    log: Contacts
    mechanisms: tuple[Mechanism, ...]  # those that were on
    stages: tuple[tuple[str, str, str], ...]  # of each working day, in order: stage, who acts, what is done
    busy_minutes: float
    productive_minutes: float
    assumptions: Assumptions  # in the base currency; not a number where a cost is not known

    @property
    def start(self) -> pd.Timestamp:
        """Day 0: the evening before the first simulated day."""
        return self.portfolio.start

    @property
    def end(self) -> pd.Timestamp:
        """The last simulated day."""
        return self.start + pd.Timedelta(days=self.days)

    @property
    def invoices(self) -> int:
        """Number of invoices issued in the run."""
        return int((self.number >= 0).sum())

    def _acted(self, kind: type[_Kind]) -> _Kind | None:
        return next((one for one in self.mechanisms if isinstance(one, kind)), None)

    @cached_property
    def parts(self) -> Parts:
        """The run's part payments."""
        found = self._acted(PartialPayments)
        return no_parts() if found is None else found.parts

    @cached_property
    def promises(self) -> PromiseLog:
        """The promises made in the run."""
        found = self._acted(Promises)
        return joined_promises([]) if found is None else found.log()

    @property
    def holdout(self) -> Holdout | None:
        """Who was left alone; None where nobody was."""
        return self._acted(Holdout)

    @cached_property
    def amount(self) -> Ints:
        """What each invoice of the run came to: minor units, main payments included."""
        whole = self.columns.amount.copy()
        whole[self.parts.invoice] += self.parts.paid
        return whole

    @cached_property
    def carried_dispute(self) -> Flags:
        """Whether each invoice's dispute was open on day 0: its row is in the ledger already."""
        carried = np.zeros(len(self.number), np.bool_)
        old = np.flatnonzero(self.number < 0)
        carried[old] = self.portfolio.opening.dispute[-1 - self.number[old]] > NO_DISPUTE
        return carried

    @property
    def contacts(self) -> int:
        """Number of messages, calls and incoming calls."""
        return len(self.log.customer)

    @property
    def calls(self) -> int:
        """Number of calls that specialists made."""
        return int(((self.log.specialist >= 0) & (self.log.step >= 0)).sum())

    @property
    def specialist_utilisation(self) -> float:
        """Minutes in calls over productive minutes; above 1 when lists outlast them, 0 without staff."""
        return self.busy_minutes / self.productive_minutes if self.productive_minutes else 0.0

    @property
    def cost(self) -> float | None:
        """Cost of collecting in base-currency major units; None where a price that it needs is not known.

        Minutes in calls, grossed up by the productive share of the day, at the loaded wage (or the roster's own), plus
        messages. Staff that a strategy leaves idle is not charged to it.
        """
        assume = self.assumptions
        worked = self.log.specialist >= 0
        minutes = np.bincount(self.log.specialist[worked], self.log.seconds[worked] / 60, len(self.staff))
        own = self.staff["cost_per_hour"].to_numpy(float) / 10 ** decimals(self.portfolio.currency)
        labour = float(np.where(minutes > 0, minutes * assume.per_minute(assume.hourly(own)), 0.0).sum())
        steps: list[int] = np.bincount(self.log.step[self.log.step >= 0], minlength=len(self.strategy.steps)).tolist()
        price = {"email": assume.email_cost, "portal": assume.email_cost, "letter": assume.letter_cost, "phone": 0.0}
        sent = sum(n * price[step.channel] for n, step in zip(steps, self.strategy.steps, strict=True) if n)
        return finite(labour + sent)

    def table(self) -> pd.DataFrame:
        """Return one row per step of the strategy: its name, channel, tone and how many contacts it made."""
        made = np.bincount(self.log.step[self.log.step >= 0], minlength=len(self.strategy.steps)).tolist()
        rows = [(step.name, step.channel, step.tone, n) for step, n in zip(self.strategy.steps, made, strict=True)]
        return pd.DataFrame(rows, columns=["step", "channel", "tone", "contacts"])

    def to_dict(self) -> dict[str, Any]:
        """Return what was run and what was done in it as plain values; key figures are those of its ledger."""
        names = ("planner", "start", "end", "seed", "replication", "days", "invoices", "contacts", "calls", "cost")
        return json_object(
            {"strategy": self.strategy.name, "portfolio": self.portfolio.name}
            | {name: getattr(self, name) for name in (*names, "seconds", "specialist_utilisation")}
            | {"steps": self.table().to_dict("records")}
        )

    def summary(self) -> str:
        """Return one line about the run."""
        return (
            f"{self.strategy.name} with {self.planner}: {plural(self.invoices, 'invoice')} and "
            f"{plural(self.contacts, 'contact')} ({plural(self.calls, 'call')}) in {plural(self.days, 'day')}; "
            f"simulated in {self.seconds:.2f} s"
        )
