"""What a ledger can answer, and what it cannot: found once, asked by everything that would print a number.

An interval or a verdict needs independent units, and invoices of one customer are alike, so the units are customers.
What counts as few: cluster-robust errors and cluster bootstraps are too small, and verdicts too many, with fewer than
20 to 50 clusters, "depending on the situation" (Cameron and Miller 2015, Journal of Human Resources 50:317, section
VI). The lower end is the limit here: below it no situation is good enough. Above it, t quantiles with one degree of
freedom less than there are clusters stand for normal ones (the same, section VI.D).
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
import pandas as pd

from ledger.arrays import Ints
from ledger.errors import BadInput, Refused
from ledger.wording import plural

FEW_CUSTOMERS: Final = 20  # below which there is no interval and no verdict
FEW_PAID: Final = 10  # invoices ever paid, below which they are a handful
MOST: Final = 0.5  # share of settlements without a day from which days of settlement are unknown

Question = Literal["timing", "verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an import knew of its source and the tables no longer show; carried in ``ledger.json``.

    Parameters
    ----------
    settlements, undated
        Amounts applied to invoices, and those of them without a day in the source (the importer took one).
    issue_dates, due_dates
        Days of invoices that are estimates: issue dates that were moved, due dates that follow from terms.
    until
        Last day of what was imported: what came later, such as a simulation, has its days.
    """

    settlements: int = 0
    undated: int = 0
    issue_dates: int = 0
    due_dates: int = 0
    until: pd.Timestamp | None = None

    @property
    def plain(self) -> bool:
        """Whether every day is the source's own."""
        return not (self.undated or self.issue_dates or self.due_dates)

    @property
    def guessed(self) -> bool:
        """Whether most settlements have no day."""
        return self.undated > 0 and self.undated >= MOST * self.settlements

    @property
    def settlements_undated(self) -> str:
        """How many settlements lack a day, in words."""
        return f"{self.undated:,} of {self.settlements:,} settlements have no day in the source"

    def to_dict(self) -> dict[str, Any]:
        """Return the facts that are not as by default, as plain values; nothing where every day is the source's own."""
        if self.plain:
            return {}
        counts = {name: getattr(self, name) for name in ("settlements", "undated", "issue_dates", "due_dates")}
        day = {} if self.until is None else {"until": f"{self.until:%Y-%m-%d}"}
        return {name: value for name, value in counts.items() if value} | day

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Origin":
        """Return what `to_dict` gave.

        Raises
        ------
        ValueError
            Where it is something else.
        """
        counts = {name: int(value) for name, value in dict(fields).items() if name != "until"}
        if unknown := sorted(counts.keys() - {"settlements", "undated", "issue_dates", "due_dates"}):
            raise ValueError(f"origin holds {', '.join(unknown)}")
        return cls(**counts, until=pd.Timestamp(fields["until"]) if "until" in fields else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a ledger cannot tell, or tells badly; `bars` are the questions that it leaves without answer."""

    name: str
    text: str
    bars: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a ledger can answer: how much it saw, and by name what it did not see.

    Parameters
    ----------
    invoices, customers
        Invoices, and customers who have one.
    paid, paying
        Invoices of which any was paid in cash, and the customers of these.
    findings
        In the order of their weight; empty for an ordinary ledger.
    """

    invoices: int
    customers: int
    paid: int
    paying: int
    findings: tuple[Finding, ...]

    def why_not(self, question: Question) -> str | None:
        """Return why a question has no answer; None where it has one."""
        return "; ".join(found.text for found in self.findings if question in found.bars) or None

    def demand(self, question: Question, what: str, *, instead: str = "") -> None:
        """Raise `Refused` where a question has no answer; `what` names what is refused, `instead` another way."""
        if reason := self.why_not(question):
            raise Refused(f"{what}: {reason}{f'; {instead}' if instead else ''}", findings=self.to_dict())

    def to_dict(self) -> list[dict[str, str]]:
        """Return the findings as plain values."""
        return [{"name": found.name, "text": found.text} for found in self.findings]


class Books(Protocol):
    """What is read of a ledger to know what it can answer."""

    @property
    def as_of(self) -> pd.Timestamp:
        """Last day that is known."""
        ...

    @property
    def origin(self) -> Origin:
        """What the import knew."""
        ...

    @property
    def invoices(self) -> pd.DataFrame:
        """One row per invoice: issue_date, due_date."""
        ...

    @property
    def customer_of_invoice(self) -> Ints:
        """Row of the customer that each invoice belongs to."""
        ...

    @property
    def invoice_of_payment(self) -> Ints:
        """Row of the invoice that each payment is applied to; -1 for unapplied cash."""
        ...

    def settled(self, *, kinds: tuple[str, ...]) -> Ints:
        """Return the minor units of some kinds applied to each invoice."""
        ...


def answers(ledger: Books) -> Answers:
    """Return what a ledger can answer."""
    paid = np.flatnonzero(ledger.settled(kinds=("cash",)) > 0)
    owner = ledger.customer_of_invoice
    counts = {
        "invoices": len(ledger.invoices),
        "customers": len(np.unique(owner)),
        "paid": len(paid),
        "paying": len(np.unique(owner[paid])),
    }
    rules = (_nothing_issued, _nothing_paid, _undated, _estimated, _few_paid, _few_customers, _short)
    found = (rule(ledger, counts) for rule in rules)
    return Answers(**counts, findings=tuple(one for one in found if one is not None))


def few(customers: int, what: str = "") -> str:
    """Return why there is no interval and no verdict with so few customers; nothing where there are enough."""
    if customers >= FEW_CUSTOMERS:
        return ""
    return f"{plural(customers, 'customer')}{what}, of the {FEW_CUSTOMERS} that an interval needs"


def _nothing_issued(_: Books, counts: dict[str, int]) -> Finding | None:
    if counts["invoices"]:
        return None
    return Finding(name="nothing_issued", text="the ledger holds no invoice", bars=("timing", "verdict"))


def _nothing_paid(ledger: Books, counts: dict[str, int]) -> Finding | None:
    if counts["paid"] or not counts["invoices"]:
        return None
    other = bool((ledger.invoice_of_payment >= 0).any())
    text = "no invoice was ever paid in cash" if other else "the source holds no settled invoice"
    return Finding(name="nothing_paid", text=text, bars=("timing", "verdict"))


def _undated(ledger: Books, _: dict[str, int]) -> Finding | None:
    origin = ledger.origin
    if not origin.undated:
        return None
    bars: tuple[Question, ...] = ("timing", "verdict") if origin.guessed else ()
    return Finding(name="undated_settlements", text=origin.settlements_undated, bars=bars)


def _estimated(ledger: Books, counts: dict[str, int]) -> Finding | None:
    taken = {"issue dates": ledger.origin.issue_dates, "due dates": ledger.origin.due_dates}
    parts = [f"{count:,} {name}" for name, count in taken.items() if count]
    if not parts:
        return None
    return Finding(
        name="estimated_days", text=f"{' and '.join(parts)} of {counts['invoices']:,} invoices are estimates"
    )


def _few_paid(_: Books, counts: dict[str, int]) -> Finding | None:
    paid = counts["paid"]
    if not 0 < paid < FEW_PAID:
        return None
    text = f"only {plural(paid, 'invoice was', 'invoices were')} ever paid: a handful says little of when others are"
    return Finding(name="few_paid", text=text)


def _few_customers(_: Books, counts: dict[str, int]) -> Finding | None:
    customers, paying = counts["customers"], counts["paying"]
    if not counts["paid"] or paying >= FEW_CUSTOMERS:
        return None
    name = "one_customer" if customers == 1 else "few_customers"
    return Finding(name=name, text=few(paying, " with a payment"), bars=("verdict",))


def _short(ledger: Books, counts: dict[str, int]) -> Finding | None:
    """Return that no invoice of the usual term can have been seen through to its due date."""
    if not counts["invoices"]:
        return None
    invoices = ledger.invoices
    span = (ledger.as_of - invoices["issue_date"].min()).days
    term = float((invoices["due_date"] - invoices["issue_date"]).dt.days.median())
    if span >= term:
        return None
    return Finding(name="short_span", text=f"it spans {span} days, less than the usual term of {term:.0f}")


def read_origin(about: dict[str, Any], formats: int) -> Origin:
    """Return the origin in a ledger's description.

    Raises
    ------
    BadInput
        Where the description is of a later format than is known here.
    """
    if int(about.get("format", 1)) > formats:
        raise BadInput(f"must be at most {formats}: a later version wrote it", field="format", value=about["format"])
    return Origin.of(about.get("origin", {}))
