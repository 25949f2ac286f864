"""Why a row is in the plan, in words that a collector can use."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Floats, Ints
from ledger.table.columns import NEVER, columns
from ledger.table.currency import decimals
from ledger.wording import form, plural

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
_FEW = 3  # paid invoices that show how late a customer pays


@dataclass(frozen=True, eq=False, kw_only=True)
class Reasons:
    """What is known of every customer, and how money is written."""

    currency: str
    unit: int
    late: Floats  # (customers,) mean days late of paid invoices, NaN where few are known
    unapplied: Floats  # (customers,) base-currency minor units of cash that no invoice has yet
    received: dict[int, str]  # the same as it was received, of customers who pay in other currencies too
    horizon: int
    strategy: str

    @classmethod
    def of(cls, ledger: Ledger, horizon: int, strategy: str) -> "Reasons":
        """Return what a ledger knows."""
        book, people = columns(ledger), len(ledger.customers)
        paid = (book.settled < NEVER) & (book.last_cash > -NEVER) & ~book.written_off
        who = ledger.customer_of_invoice[paid]
        count = np.bincount(who, minlength=people)
        days = np.bincount(who, (book.last_cash - book.due)[paid], people)
        loose = ledger.payments[(ledger.invoice_of_payment < 0) & (ledger.payments["kind"] == "cash").to_numpy(bool)]
        at = pd.Index(ledger.customers["customer_id"]).get_indexer(pd.Index(loose["customer_id"]))
        cash = loose["amount"].to_numpy(np.float64) * ledger.to_base(loose["currency"])
        own = loose["currency"].ne(ledger.base_currency).to_numpy(bool)
        abroad = [int(one) for one in np.unique(at[own & (at >= 0)])]
        return cls(
            currency=ledger.base_currency,
            unit=10 ** decimals(ledger.base_currency),
            late=np.where(count >= _FEW, days / np.maximum(count, 1), np.nan),
            unapplied=np.bincount(at[at >= 0], cash[at >= 0], people).astype(np.float64),
            received={
                one: as_invoiced(loose["amount"].to_numpy(np.int64)[at == one], loose["currency"][at == one].tolist())
                for one in abroad
            },
            horizon=horizon,
            strategy=strategy,
        )

    def money(self, minor: float) -> str:
        """Return an amount with its currency: whole from a hundred on, with cents below."""
        major = minor / self.unit
        return f"{major:,.0f} {self.currency}" if abs(major) >= 100 else f"{major:,.2f} {self.currency}"

    def exact(self, minor: int) -> str:
        """Return an amount to the last digit."""
        return exact(minor, self.currency)

    def quoted(self, amount: int, as_invoiced: str) -> str:
        """Return an amount as the customer knows it, beside it the one in the base currency where that is another."""
        own = self.exact(amount)
        return own if as_invoiced in ("", own) else f"{as_invoiced} ({own})"

    def owed(self, days_past_due: Ints | Sequence[int], amount: int, as_invoiced: str = "") -> str:
        """Return how many invoices, how much and how old: "Three invoices, 41,200.50 EUR overdue, oldest 34 days"."""
        ages = np.asarray(days_past_due)
        count = len(ages)
        number = _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
        noun = form(count, "invoice")
        oldest = int(ages.max())
        if oldest <= 0:
            when = "due today" if oldest == 0 else f"due in {plural(-oldest, 'day')}"
            return f"{number} {noun}, {self.quoted(amount, as_invoiced)}, {'' if count == 1 else 'first '}{when}"
        old = f"{'' if count == 1 else 'oldest '}{plural(oldest, 'day')}"
        return f"{number} {noun}, {self.quoted(amount, as_invoiced)} overdue, {old}"

    def habit(self, customer: int) -> str:
        """Return how the customer pays: "pays on average 22 days late"; "" where too little is known."""
        late = self.late[customer]
        if np.isnan(late):
            return "hardly any payment history"
        if round(late) == 0:
            return "pays on average on the due date"
        days = round(abs(late))
        return f"pays on average {plural(days, 'day')} {'late' if late > 0 else 'early'}"

    def cash(self, customer: int) -> str:
        """Return a warning where cash of the customer is not applied yet; else ""."""
        loose = self.unapplied[customer]
        own = f"{self.received[customer]} ({self.money(loose)})" if customer in self.received else self.money(loose)
        return f"{own} of its cash is not applied yet: check first" if loose > 0 else ""

    def effect(self, kind: str, uplift: float, chance: float, date: str) -> str:
        """Return what is expected of the contact."""
        reached = f" ({100 * chance:.0f} % chance to reach them)" if kind == "call" else ""
        article = "an" if kind == "email" else "a"
        more = f"{self.money(uplift)} more within {self.horizon} days"
        return f"{article} {kind} {date}{reached} is expected to bring {more}"

    def step(self, name: str) -> str:
        """Return the rule that a row comes from."""
        return f"step '{name}' of strategy {self.strategy}"


def exact(minor: int, currency: str) -> str:
    """Return an amount of minor units to the last digit: "41,200.50 EUR", "9,000 JPY"."""
    places = decimals(currency)
    return f"{minor / 10**places:,.{places}f} {currency}"


def as_invoiced(minor: Ints, currencies: Sequence[str]) -> str:
    """Return amounts added up by currency, the largest number of invoices first: "1,200.00 GBP and 300.00 USD"."""
    totals: dict[str, int] = {}
    for amount, currency in zip(minor.tolist(), currencies, strict=True):
        totals[currency] = totals.get(currency, 0) + amount
    counted = sorted(totals, key=lambda code: (-list(currencies).count(code), code))
    return " and ".join(exact(totals[code], code) for code in counted)


def joined_texts(*parts: str) -> str:
    """Return the parts that say something as one text."""
    return "; ".join(part for part in parts if part)
