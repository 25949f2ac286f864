"""The result of a simulation: its history, and the ledger that it is."""

from dataclasses import dataclass
from functools import cached_property

from ledger import Ledger
from ledger.kpi.kpis import Records
from sim.result.booking import book
from sim.result.history import History
from sim.result.records import records


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Run(History):
    """The result of `simulate`: one replication of one strategy.

    `ledger` is the portfolio's ledger carried on to the end of the horizon: the same tables, the same laws.
    """

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger at the end: history and simulation."""
        return book(self)

    @cached_property
    def records(self) -> Records:
        """The same as columns: what key figures are read from, without booking."""
        return records(self)
