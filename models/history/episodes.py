"""Episodes: when each invoice was at risk of being paid, cut where its state changed (a counting process).

The event is the main payment (`main_payments`). A credit note, write-off, agency or factor that ends an invoice before
that is an end of its own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Ints
from ledger.table.columns import NEVER, columns
from ledger.table.ledger import Day, as_day, positions
from ledger.table.months import day_number
from models.history.contact_log import ContactLog, dispute_days
from models.history.main_payments import PaymentHistory, history

ENDS: Final = ("none", "paid", "credited", "written_off", "other")
WINDOW: Final = 14  # days for which a contact counts as recent


@dataclass(frozen=True, eq=False, kw_only=True)
class Episodes:
    """One row per episode: the invoice is at risk on the days start + 1 .. stop after its issue, in one state.

    The rows of an invoice follow one another without gaps. `start` is −1, the eve of issue, in the first row of an
    invoice that is seen from the beginning: one that is paid on its day of issue ends with ``stop == 0``.
    """

    invoice: Ints  # row of the ledger's invoices
    customer: Ints  # row of the ledger's customers
    start: Ints
    stop: Ints
    end: Ints  # place in `ENDS`; "none" but in the last row of an invoice, and there too while it is open
    term: Ints  # days from issue to due: days past due are days since issue − term
    kinds: tuple[tuple[str, str], ...]  # channel and tone of the columns of the next two
    recent: Flags  # (rows, kinds): such a contact covered the invoice at most `WINDOW` days before, from the day after
    contacts: Ints  # (rows, kinds): how many did so far
    disputed: Flags

    def __len__(self) -> int:
        return len(self.start)

    def table(self) -> pd.DataFrame:
        """Return the episodes as a table, with columns such as ``recent_phone_firm`` and ``contacts_phone_firm``."""
        plain = ("invoice", "customer", "start", "stop", "term", "disputed")
        frame = pd.DataFrame({name: getattr(self, name) for name in plain})
        names = pd.CategoricalDtype(list(ENDS))
        frame.insert(4, "end", pd.Series(np.array(ENDS)[self.end], dtype=names))
        for k, (channel, tone) in enumerate(self.kinds):
            frame[f"recent_{channel}_{tone}"] = self.recent[:, k]
            frame[f"contacts_{channel}_{tone}"] = self.contacts[:, k]
        return frame


def episodes(ledger: Ledger, *, as_of: Day | None = None, since: Day | None = None) -> Episodes:
    """Return the episodes of every invoice, as known on the evening of `as_of` (default: the ledger's).

    Parameters
    ----------
    ledger
        Any ledger; without contacts or disputes nothing is cut.
    as_of
        Open invoices are censored on this day.
    since
        Invoices are at risk from this day on (delayed entry): for a ledger that holds all invoices that were open on
        its eve, but of the older ones only those.

    Raises
    ------
    BadInput
        Where `since` lies after `as_of`, or the ledger knows nothing of `as_of`.
    """
    known = ledger if as_of is None else ledger.snapshot(as_of)
    past, log = history(known), ContactLog.of(known)
    entry, stop = np.full(len(past), -1), past.end - past.issue
    if since is not None:
        first = as_day(since)
        if first > known.as_of:
            raise BadInput(f"must not lie after {known.as_of:%Y-%m-%d}", field="since", value=f"{first:%Y-%m-%d}")
        entry = np.maximum(entry, day_number(first) - 1 - past.issue)
    invoice, contact = log.covering(known, past)
    heard = log.day[contact] - past.issue[invoice]
    disputed, opened, closed = _disputes(known, past)
    row, start, end_of = _cut(
        entry, stop, [(invoice, heard), (invoice, heard + WINDOW), (disputed, opened), (disputed, closed)]
    )
    last = np.r_[row[1:] != row[:-1], True][: len(row)]
    recent, contacts = _contact_state(row, start, invoice, heard, log.kind[contact], kinds=len(log.kinds))
    return Episodes(
        invoice=row,
        customer=past.customer[row],
        start=start,
        stop=end_of,
        end=np.where(last, ends(known, past)[row], 0),
        term=(past.due - past.issue)[row],
        kinds=log.kinds,
        recent=recent,
        contacts=contacts,
        disputed=_counted(row, start, disputed, opened) > _counted(row, start, disputed, closed),
    )


def ends(ledger: Ledger, past: PaymentHistory) -> Ints:
    """Return how each invoice ended, as places in `ENDS`; 0 while it is open."""
    book = columns(ledger)
    out = np.where(book.settled < NEVER, ENDS.index("other"), 0)
    for name, kind in (("credited", "credit_note"), ("written_off", "write_off")):
        if kind in book.kinds:
            here = book.of_kind(kind)
            closing = here & (book.applied == book.settled[book.applied_to])
            out[book.applied_to[closing]] = ENDS.index(name)
    return np.where(past.paid, ENDS.index("paid"), out)


def person_periods(rows: Episodes) -> pd.DataFrame:
    """Return one row per invoice and day at risk: invoice, customer, day, late, paid, disputed, contact columns.

    `day` counts from the issue and `late` from the due date; `paid` says whether the main payment came on that day.
    """
    length = rows.stop - rows.start
    at = np.repeat(np.arange(len(rows)), length)
    ahead = np.arange(len(at)) - np.repeat(np.cumsum(length) - length, length) + 1
    day = rows.start[at] + ahead
    table = rows.table().drop(columns=["start", "stop", "end", "term"]).iloc[at].reset_index(drop=True)
    paid = (rows.end[at] == ENDS.index("paid")) & (ahead == length[at])
    table.insert(2, "day", day)
    table.insert(3, "late", day - rows.term[at])
    table.insert(4, "paid", paid)
    return table


def _disputes(ledger: Ledger, past: PaymentHistory) -> tuple[Ints, Ints, Ints]:
    """Return the invoice of each dispute, and between which evenings after its issue it was open: (opened, closed]."""
    opened, resolved = dispute_days(ledger)
    row = positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"])
    return row, opened - 1 - past.issue[row], resolved - 1 - past.issue[row]


def _cut(entry: Ints, stop: Ints, cuts: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints, Ints]:
    """Return (row, start, stop) of the pieces of (entry, stop] between all cuts (row, day); empty ones are left out."""
    some = np.flatnonzero(entry < stop)
    row = np.concatenate([some, *(row for row, _ in cuts)])
    day = np.concatenate([entry[some], *(day for _, day in cuts)])
    inside = (entry[row] <= day) & (day < stop[row])
    low = min(int(entry.min(initial=0)), 0)
    span = int(stop.max(initial=0)) - low + 1
    row, day = np.divmod(np.unique(row[inside] * span + (day[inside] - low)), span)
    day = day + low
    same = np.r_[row[1:] == row[:-1], False][: len(row)]
    return row, day, np.where(same, np.r_[day[1:], 0][: len(row)], stop[row])


def _contact_state(row: Ints, start: Ints, invoice: Ints, day: Ints, kind: Ints, *, kinds: int) -> tuple[Flags, Ints]:
    """Return for each episode and kind of contact whether one was recent, and how many there had been."""
    recent, contacts = np.zeros((len(row), kinds), np.bool_), np.zeros((len(row), kinds), np.int64)
    for k in range(kinds):
        here = kind == k
        contacts[:, k] = _counted(row, start, invoice[here], day[here])
        recent[:, k] = contacts[:, k] > _counted(row, start, invoice[here], day[here] + WINDOW)
    return recent, contacts


def _counted(row: Ints, start: Ints, invoice: Ints, day: Ints) -> Ints:
    """Return how many of the (invoice, day) of the same row lie at or before each start."""
    if not len(invoice):
        return np.zeros(len(row), np.int64)
    span = np.int64(2**33)
    key = np.sort(invoice * span + np.clip(day, -(2**31), 2**31) + 2**31)
    until = np.searchsorted(key, row * span + start + 2**31, "right")
    return np.asarray(until - np.searchsorted(key, row * span, "left"))
