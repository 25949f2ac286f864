"""Which contacts a customer has lately had, as known on any evening."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from ledger.table.tables import TEXT
from models.history.contact_log import ContactLog
from models.history.episodes import WINDOW
from models.timing import asked_on

_SPAN: Final = 2**21  # more days than any calendar here has


@dataclass(frozen=True, eq=False, kw_only=True)
class RecentContacts:
    """The effective contacts of a ledger by kind, customer and day; compact, and enough to look back from any evening.

    As in `episodes`, a contact covers the customer's invoices that are at least `covers_from` days past due, and
    counts as recent on the `WINDOW` days after it. Which invoice led, promises and disputes are not looked at.
    """

    kinds: tuple[tuple[str, str], ...]  # channel, tone
    customers: pd.Series  # ids
    keys: tuple[Ints, ...]  # of each kind: customer × _SPAN + day, ascending
    covers_from: int

    @classmethod
    def of(cls, ledger: Ledger, kinds: tuple[tuple[str, str], ...], covers_from: int) -> "RecentContacts":
        """Return the contacts of these kinds in a ledger."""
        log = ContactLog.of(ledger)
        place = {kind: k for k, kind in enumerate(log.kinds)}
        key = log.customer * _SPAN + log.day
        return cls(
            kinds=kinds,
            customers=ledger.customers["customer_id"],
            keys=tuple(np.sort(key[log.kind == place.get(kind, -1)]) for kind in kinds),
            covers_from=covers_from,
        )

    def knowing(self, ledger: Ledger) -> "RecentContacts":
        """Return the contacts of the same kinds in another ledger."""
        return RecentContacts.of(ledger, self.kinds, self.covers_from)

    def last_days(self, invoices: pd.DataFrame) -> Ints:
        """Return (kinds, invoices): the last day on which the newest contact by `asked_on` counts; 0 for none."""
        who = positions(invoices["customer_id"].astype(TEXT), self.customers)
        asked, from_day = asked_on(invoices), day_numbers(invoices["due_date"]) + self.covers_from
        first = np.maximum(day_numbers(invoices["issue_date"]), from_day)
        out = np.zeros((len(self.kinds), len(invoices)), np.int64)
        for k, key in enumerate(self.keys):
            newest = np.searchsorted(key, who * _SPAN + asked, side="right") - 1
            found = key[np.maximum(newest, 0)] if len(key) else np.full_like(who, -1)
            heard = (newest >= 0) & (who >= 0) & (found >= who * _SPAN + first)
            out[k] = np.where(heard, found - who * _SPAN + WINDOW, 0)
        return out

    def spans(self, invoices: pd.DataFrame, effects: Floats) -> Iterator[tuple[Ints, Floats]]:
        """Yield, in time, the last day (invoices,) of each span in which the recent contacts stay the same.

        With it goes the sum (invoices,) of the effects that last until then. After the last span there is none.
        """
        last = self.last_days(invoices)
        order = np.argsort(last, axis=0, kind="stable")
        until = np.take_along_axis(last, order, axis=0)
        effect = np.where(until > 0, effects[order], 0.0)
        lasting = np.cumsum(effect[::-1], axis=0)[::-1]
        yield from zip(until, lasting, strict=True)
