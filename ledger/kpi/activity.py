"""What people did: promises and what became of them, contacts, disputes, hours."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Ints
from ledger.kpi import formulas
from ledger.table.columns import Entries, summed
from ledger.table.ledger import Day, Ledger, as_day, positions
from ledger.table.months import day_number, day_numbers, timestamp
from ledger.table.tables import PAYMENT_KINDS

DISPUTE_SLA: int = 10  # business days, Monday to Friday
OPEN: Final = np.iinfo(np.int64).max  # the day on which an open dispute is resolved

Values = dict[str, float | None]


@dataclass(frozen=True, kw_only=True)
class ContactDays:
    """Contacts as columns; days since 1970-01-01 on the collectors' clock."""

    day: Ints
    customer: Ints
    outbound: Flags
    phone: Flags
    reached: Flags  # the right party

    @classmethod
    def of(cls, ledger: Ledger) -> "ContactDays":
        """Return the contacts of a ledger."""
        contacts = ledger.contacts
        return cls(
            day=ledger.contact_day,
            customer=positions(contacts["customer_id"], ledger.customers["customer_id"]),
            outbound=(contacts["channel"] != "inbound").to_numpy(),
            phone=(contacts["channel"] == "phone").to_numpy(),
            reached=contacts["outcome"].isin(["reached", "promise"]).to_numpy(),
        )


@dataclass(frozen=True, kw_only=True)
class PromiseRows:
    """Promises as columns: row of the invoice, days since 1970-01-01, minor units of the invoice's currency."""

    invoice: Ints
    made: Ints
    due: Ints
    amount: Ints

    @classmethod
    def of(cls, ledger: Ledger) -> "PromiseRows":
        """Return the promises of a ledger."""
        promises = ledger.promises
        some = len(promises) > 0  # without promises, do not index a million invoices
        return cls(
            invoice=positions(promises["invoice_id"], ledger.invoices["invoice_id"]) if some else np.zeros(0, np.int64),
            made=day_numbers(promises["made_on"]),
            due=day_numbers(promises["due_on"]),
            amount=promises["amount"].to_numpy(np.int64),
        )


@dataclass(frozen=True, kw_only=True)
class DisputeDays:
    """Disputes as columns: row of the invoice, days since 1970-01-01; `OPEN` where one is not resolved."""

    invoice: Ints
    opened: Ints
    resolved: Ints

    @classmethod
    def of(cls, ledger: Ledger) -> "DisputeDays":
        """Return the disputes of a ledger."""
        disputes = ledger.disputes
        over = disputes["resolved"].notna().to_numpy()
        return cls(
            invoice=positions(disputes["invoice_id"], ledger.invoices["invoice_id"])
            if len(disputes)
            else np.zeros(0, np.int64),
            opened=day_numbers(disputes["opened"]),
            resolved=np.where(over, day_numbers(disputes["resolved"]), OPEN),
        )


class Activity:
    """The activity of a ledger, prepared once and read for many windows."""

    def __init__(
        self,
        entries: Entries,
        contacts: ContactDays,
        promises: PromiseRows,
        disputes: DisputeDays,
        staff: pd.DataFrame,
    ) -> None:
        ordered = bool((contacts.day[1:] >= contacts.day[:-1]).all())
        order: slice | Ints = slice(None) if ordered else np.argsort(contacts.day, kind="stable")
        self._contact_day = contacts.day[order]
        self._outbound, self._phone, self._reached = (
            column[order] for column in (contacts.outbound, contacts.phone, contacts.reached)
        )
        self._customer = contacts.customer[order]
        self._promises = _Promises(entries, promises)
        self._opened, self._resolved = disputes.opened, disputes.resolved
        self._staff, self._scale = staff, entries.scale

    @classmethod
    def of(cls, ledger: Ledger, entries: Entries) -> "Activity":
        """Return the activity of a ledger, whose invoices and payments are `entries`."""
        parts = ContactDays.of(ledger), PromiseRows.of(ledger), DisputeDays.of(ledger)
        return cls(entries, *parts, ledger.staff)

    def values(self, start: int, end: int, cash: float) -> Values:
        """Return the activity KPIs of a window, in which `cash` was collected."""
        return {
            **self._promises.values(start, end),
            **self._contacts(start, end),
            **self._disputes(end),
            **self._cost(start, end, cash),
        }

    def _contacts(self, start: int, end: int) -> Values:
        """Right-party conversations in percent of outbound phone attempts; outbound contacts per customer contacted."""
        low, high = np.searchsorted(self._contact_day, [start, end + 1])
        part = slice(int(low), int(high))
        outbound, phone = self._outbound[part], self._phone[part]
        customer = self._customer[part][outbound]
        contacted = np.zeros(int(customer.max(initial=-1)) + 2, np.bool_)
        contacted[customer] = True
        return {
            "right_party_percent": formulas.right_party_percent(
                int((phone & self._reached[part]).sum()), int(phone.sum())
            ),
            "contacts_per_customer": formulas.ratio(len(customer), int(contacted.sum())),
        }

    def _disputes(self, end: int) -> Values:
        """Days since opening, and percent past the SLA, of the disputes open on the evening."""
        opened = self._opened[(self._opened <= end) & (self._resolved > end)]
        late = np.busday_count(opened.astype("datetime64[D]"), np.datetime64(end, "D")) > DISPUTE_SLA
        return {
            "dispute_mean_open_days": formulas.ratio(int((end - opened).sum()), len(opened)),
            "dispute_past_sla_percent": formulas.ratio(int(late.sum()), len(opened), scale=100.0),
        }

    def _cost(self, start: int, end: int, cash: float) -> Values:
        """Cash per staffed hour, and staff cost in percent of cash; not available without staff.

        The cost is not available where somebody's is 0, which stands for an assumed wage: a ledger knows of none.
        """
        staff = self._staff
        hours = staffed_hours(staff, start, end)
        cost = float((hours * staff["cost_per_hour"].to_numpy(np.float64)).sum())
        known = len(staff) > 0
        priced = known and bool((staff["cost_per_hour"] > 0).all())
        return {
            "cash_per_specialist_hour": formulas.per_hour(cash, float(hours.sum())) if known else None,
            "cost_to_collect": (formulas.cost_to_collect(cost / self._scale, cash) if priced else None),
        }


def staffed_hours(staff: pd.DataFrame, start: int, end: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return each specialist's paid hours in the window: weekly hours spread over business days, less absences."""
    business = int(np.busday_count(np.datetime64(start, "D"), np.datetime64(end + 1, "D")))
    first, last = timestamp(start), timestamp(end)

    def absent(days: str) -> int:
        return sum(first <= day <= last and day.weekday() < 5 for day in map(pd.Timestamp, days.split()))

    present = business - np.array([absent(days) for days in staff["absences"]], np.float64)
    return np.asarray(staff["weekly_hours"].to_numpy(np.float64) / 5.0 * present)


class _Promises:
    """Promises joined with the cash that came on their invoices between the making and the due day."""

    def __init__(self, entries: Entries, promises: PromiseRows) -> None:
        self.made, self.due, self.amount, row = promises.made, promises.due, promises.amount, promises.invoice
        self.codes, self.code = np.unique(entries.rates[entries.currency[row]], return_inverse=True)
        self.scale = entries.scale
        promised = np.zeros(len(entries.amount), np.bool_)
        promised[row] = True
        cash = np.flatnonzero((entries.kind == PAYMENT_KINDS.index("cash")) & (entries.to >= 0))
        cash = cash[promised[entries.to[cash]]]
        cash = cash[np.argsort(entries.to[cash], kind="stable")]
        to = entries.to[cash]
        low, high = np.searchsorted(to, row), np.searchsorted(to, row, side="right")
        promise = np.repeat(np.arange(len(row)), high - low)
        within = np.arange(len(promise)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
        payment = cash[np.repeat(low, high - low) + within]
        received = entries.received[payment]
        back = entries.paid[payment] < 0  # what comes back later did not keep it either
        counts = (self.made[promise] <= received) & ((received <= self.due[promise]) | back)
        self.promise, payment = promise[counts], payment[counts]
        self.known, self.paid = entries.applied[payment], entries.paid[payment]

    def paid_by(self, evening: int) -> Ints:
        """Return, for each promise, the cash that kept it as far as known on the evening, at most the promise."""
        known = self.known <= evening
        paid = summed(self.promise[known], self.paid[known], len(self.amount))
        return np.asarray(np.clip(paid, 0, self.amount))

    def values(self, start: int, end: int) -> Values:
        """Kept promises in percent of those that matured in the window, by count and by amount."""
        if not len(self.amount):
            return {"promise_kept_percent": None, "promise_kept_amount_percent": None}
        matured = (start <= self.due) & (self.due <= end)
        paid = self.paid_by(end)
        kept = int((matured & (paid == self.amount)).sum())
        return {
            "promise_kept_percent": formulas.promise_kept_percent(kept, int(matured.sum())),
            "promise_kept_amount_percent": formulas.promise_kept_amount_percent(
                self._base(paid[matured], matured), self._base(self.amount[matured], matured)
            ),
        }

    def _base(self, minor: Ints, rows: "np.ndarray[Any, np.dtype[np.bool_]]") -> float:
        """Return the sum in base-currency major units."""
        codes = self.code[rows]
        return sum(float(rate * int(minor[codes == code].sum())) for code, rate in enumerate(self.codes)) / self.scale


def promise_outcomes(ledger: Ledger, on: Day | None = None) -> pd.DataFrame:
    """Return the promises made by the evening with `paid` (minor units, at most the promise) and `state`.

    A promise is *kept* once cash of its amount was received on its invoice from the day it was made to the day it was
    due, *open* until that or its due day, then *partly_kept* or *broken*. Cash counts when it has been applied: until
    then nobody knows what it was for.
    """
    end = day_number(ledger.as_of if on is None else as_day(on))
    book = _Promises(Entries.of(ledger), PromiseRows.of(ledger))
    paid = book.paid_by(end)
    state = np.select(
        [paid == book.amount, book.due > end, paid > 0], ["kept", "open", "partly_kept"], default="broken"
    )
    states = pd.CategoricalDtype(["open", "kept", "partly_kept", "broken"])
    table = ledger.promises.assign(paid=paid, state=pd.Categorical(state, dtype=states))
    return table[book.made <= end].reset_index(drop=True)
