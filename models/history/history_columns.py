"""What has happened so far, as compact columns: enough for any model to look back from any evening."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.columns import columns
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from ledger.table.tables import TEXT
from models.history.main_payments import history, seen
from models.history.paydays import countries_of
from models.timing import asked_on, unpaid_on


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """Invoices asked about: numbers of their customers (−1 unseen), segments and countries; days since 1970-01-01."""

    customer: Ints
    segment: Ints  # −1 unseen
    country: Ints
    issue: Ints
    due: Ints
    evening: Ints  # on which the question is asked: all that happened by then is known
    unpaid: Ints  # last evening on which it is known to be unpaid: that one, or the eve of its issue
    amount: Floats  # base-currency minor units

    def __len__(self) -> int:
        return len(self.issue)


@dataclass(frozen=True, eq=False, kw_only=True)
class Past:
    """All invoices of a ledger, by customer and then by issue date; days are days since 1970-01-01.

    `seen` is the evening from which the end of an invoice counts as known (`seen`). Whoever looks back
    from an evening `a` may use the invoices issued by then, and `end` and `paid` of those with ``seen <= a``.
    """

    customers: pd.Series  # ids; the row of a customer is its number
    segment: Ints  # of each customer
    country: Ints  # of each customer (else of its currency): number in `countries`
    countries: tuple[str, ...]
    offset: Ints  # (customers + 1,): where each customer's invoices begin
    customer: Ints
    issue: Ints
    due: Ints
    end: Ints  # paid, or otherwise ended
    seen: Ints
    paid: Flags
    amount: Floats  # base-currency minor units
    rates: "pd.Series[float]"  # base-currency minor units per minor unit, by currency
    usual: float  # amount that stands for one in a currency without a rate
    home: int  # country that stands for that of a customer never seen
    as_of: int

    @classmethod
    def of(cls, ledger: Ledger) -> "Past":
        """Return the past of a ledger."""
        told, book, people = history(ledger), columns(ledger), ledger.customers
        order = np.lexsort((told.due, told.issue, told.customer))
        code = np.full(len(people), ledger.base_currency, object)
        code[told.customer] = ledger.invoices["currency"].to_numpy(object)
        country, countries = pd.factorize(
            countries_of(people["country"], pd.Series(code, index=people.index)), sort=True
        )
        amount = ledger.base_rate * book.amount
        return cls(
            customers=people["customer_id"],
            segment=pd.factorize(people["segment"], sort=True)[0],
            country=country,
            countries=tuple(countries) or ("",),
            offset=np.searchsorted(told.customer[order], np.arange(len(people) + 1)),
            customer=told.customer[order],
            issue=told.issue[order],
            due=told.due[order],
            end=told.end[order],
            seen=seen(ledger)[order],
            paid=told.paid[order],
            amount=amount[order],
            rates=_rates(ledger),
            usual=float(np.median(amount)) if len(amount) else 1.0,
            home=int(np.bincount(country).argmax()) if len(country) else 0,
            as_of=int(np.datetime64(ledger.as_of, "D").astype(np.int64)),
        )

    def __len__(self) -> int:
        return len(self.issue)

    def rolled(self, ledger: Ledger) -> "Past":
        """Return the past of a ledger that knows more; what stands for the unknown stays."""
        later = Past.of(ledger)
        home = later.countries.index(self.countries[self.home]) if self.countries[self.home] in later.countries else 0
        return replace(later, usual=self.usual, home=home)

    def asked(self, invoices: pd.DataFrame) -> Asked:
        """Return invoices asked about, as this past knows their customers.

        A customer never seen is taken to be at home where most customers are (`home`), an amount in a currency without
        a rate to be the usual one (`usual`).
        """
        who = positions(pd.Series(invoices["customer_id"], dtype=TEXT), self.customers)
        rate = invoices["currency"].astype(object).map(self.rates).to_numpy(np.float64)
        return Asked(
            customer=who,
            segment=np.where(who >= 0, self.segment[who], -1) if len(self.segment) else who,
            country=np.where(who >= 0, self.country[who], self.home) if len(self.country) else np.zeros_like(who),
            issue=day_numbers(invoices["issue_date"]),
            due=day_numbers(invoices["due_date"]),
            evening=asked_on(invoices),
            unpaid=unpaid_on(invoices),
            amount=np.where(np.isnan(rate), self.usual, rate * invoices["amount"].to_numpy(np.float64)),
        )

    def ask_again(self, rows: Ints, unpaid: Ints) -> Asked:
        """Return some of the past's own invoices, each known to be unpaid on an evening from the eve of its issue."""
        who = self.customer[rows]
        return Asked(
            customer=who,
            segment=self.segment[who],
            country=self.country[who],
            issue=self.issue[rows],
            due=self.due[rows],
            evening=np.maximum(unpaid, self.issue[rows]),
            unpaid=unpaid,
            amount=self.amount[rows],
        )


def _rates(ledger: Ledger) -> "pd.Series[float]":
    known = pd.Series([ledger.base_currency, *ledger.rates["currency"]], dtype=object).drop_duplicates()
    return pd.Series(ledger.to_base(known), index=known)
