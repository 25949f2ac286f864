"""The contact log by customer: who heard of us when, who was called, and what of it is remembered."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.ledger import positions
from ledger.table.places import calling_clocks, zones_meant
from models.assumed.contact_law import ContactLaw, still_remembered
from models.assumed.reach import answering
from models.history.contact_log import EFFECTIVE

SPAN: Final = 2**21  # more days than any calendar here has
ATTEMPTS: Final = 4.0  # that an assumed right-party rate counts as
LONG_AGO: Final = -(2**20)
NO_LOG: Final = 2**20  # the first day of an empty log


@dataclass(frozen=True, eq=False, kw_only=True)
class Contacted:
    """The contact log by row of the ledger's customers; days are days since 1970-01-01, up to the evening known."""

    heard: Ints  # customer × SPAN + day of every contact that was heard, ascending
    sent: Ints  # the same of messages
    tried: Ints  # the same of every call made
    unanswered: Ints  # the same of calls that reached nobody
    last_heard: Ints  # (customers,)
    last_call: Ints
    calls: Ints  # (customers,) calls made
    expected: Floats  # the same, each as much as people answer at its hour and weekday (`models.assumed.reach`)
    reached: Ints  # of these, answered by the right party
    first: int  # day of the first contact of the log, heard or not; NO_LOG for an empty one

    @classmethod
    def of(cls, ledger: Ledger) -> "Contacted":
        """Return the contacts of a ledger."""
        log, people, day = ledger.contacts, len(ledger.customers), ledger.contact_day
        who = positions(log["customer_id"], ledger.customers["customer_id"])
        heard = log["outcome"].isin(EFFECTIVE).to_numpy(bool)
        call = (log["channel"] == "phone").to_numpy(bool)

        def last(which: Flags) -> Ints:
            out = np.full(people, LONG_AGO)
            np.maximum.at(out, who[which], day[which])
            return out

        key = who * SPAN + day
        return cls(
            heard=np.sort(key[heard]),
            sent=np.sort(key[(log["outcome"] == "sent").to_numpy(bool)]),
            tried=np.sort(key[call]),
            unanswered=np.sort(key[call & ~heard]),
            last_heard=last(heard),
            last_call=last(call),
            calls=np.bincount(who[call], minlength=people),
            expected=np.bincount(who[call], _answered(ledger, who, call), people).astype(np.float64),
            reached=np.bincount(who[call & heard], minlength=people),
            first=int(day.min()) if len(day) else NO_LOG,
        )

    def reach(self, rate: float, attempts: float = ATTEMPTS) -> Floats:
        """Return the factor on an assumed right-party `rate` of each customer, by its own calls.

        The assumed rate counts as so many `attempts`, to which the customer's are added; one at an hour at which
        people answer more often counts for more.
        """
        return np.asarray((attempts + self.reached / max(rate, 1e-9)) / (attempts + self.expected))

    @staticmethod
    def count(keys: Ints, customer: Ints, first: Ints, last: Ints) -> Ints:
        """Return how many of a customer's days lie in first .. last."""
        low = np.searchsorted(keys, customer * SPAN + first, "left")
        return np.searchsorted(keys, customer * SPAN + last, "right") - low

    def latest(self, many: int) -> Ints:
        """Return the days of each customer's last contacts that were heard, ascending, (customers, many).

        Where there were fewer, the first columns are LONG_AGO.
        """
        who, day = np.divmod(self.heard, SPAN)
        end = np.searchsorted(who, np.arange(len(self.last_heard)), "right")
        back = end[who] - np.arange(len(who))  # 1 for the last
        out = np.full((len(self.last_heard), many), LONG_AGO)
        some = back <= many
        out[who[some], many - back[some]] = day[some]
        return out

    def remembered(self, today: int, law: ContactLaw) -> Floats:
        """Return how many contacts of days before `today` each customer remembers."""
        who, day = np.divmod(self.heard, SPAN)
        past = day < today
        faded = still_remembered(1.0, today - day[past], law)
        return np.bincount(who[past], faded, len(self.last_heard)).astype(np.float64)


def _answered(ledger: Ledger, who: Ints, call: Flags) -> Floats:
    """Return how often people answer beside the usual at the time of each call, on its customer's clock."""
    year = ledger.as_of.year
    clock = calling_clocks(ledger.customers, ledger.timezone, year).to_numpy(dtype=object)[who[call]]
    time = ledger.contacts["time"][call]
    out = np.ones(len(time))
    for name in dict.fromkeys(clock):
        here = clock == name
        local = [time[here].dt.tz_convert(zone).dt for zone in zones_meant(name, year)]
        out[here] = np.min([answering(at.hour + at.minute / 60, at.dayofweek.to_numpy()) for at in local], axis=0)
    return out
