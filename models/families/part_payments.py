"""What main payments leave open, and what becomes of it: short payments, deductions, discounts, instalments.

A main payment (`main_payments`) brings a share of what was owed; the *rest* may be settled later, by cash or a credit
note, deduction, discount or write-off, or never. Both follow the ledger:

- **Shares** are those that each customer's main payments brought.
- **Rests** are small (up to `SMALL` of what was owed: bank fees, deductions, discounts) or large (part payments,
  instalments). Of each kind there is one daily hazard of being settled, by days since the main payment, day 0 included.
  It is the amount-weighted Kaplan–Meier estimate, each rest counting as one: a rest settled in two halves ends as two
  halves, and what is still open on the ledger's last day is censored. Shrunk as the portfolio's hazard of payments is.
- **By what** a rest is settled is drawn by the shares of money that settled such rests so far; cash where none was.

What the ledger has never seen settled stays open: nothing is assumed about what chasing a rest would bring beyond the
contact's effect on that hazard.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.columns import NEVER, Columns, columns
from ledger.table.months import day_number, day_numbers
from ledger.table.tables import PAYMENT_KINDS
from models.families.kaplan_meier import portfolio_hazard
from models.history.main_payments import BY_PAYMENT, MainPayments
from models.timing import PaymentTiming

SMALL: Final = 0.1  # of what was owed: a rest up to here is small
CLASSES: Final = ("small", "large")
LAST: Final = 400  # days since the main payment; beyond it nothing more is expected
PSEUDO: Final = 2.0  # main payments of all customers that stand beside a customer's own


@dataclass(frozen=True, eq=False, kw_only=True)
class Rests:
    """The main payments of a ledger and what they left open, one row per invoice."""

    share: Floats  # of what was owed that the main payment brought; NaN where there was none yet
    paid_on: Ints  # day of the main payment, days since 1970-01-01; NEVER
    open: Flags  # something of the rest is still owed

    @classmethod
    def of(cls, ledger: Ledger, main: MainPayments | None = None) -> "Rests":
        """Return what every invoice's main payment left."""
        book = columns(ledger)
        main = MainPayments.of(ledger, book) if main is None else main
        paid = main.known < NEVER
        share = np.full(len(paid), np.nan)
        np.divide(main.cash, book.amount - main.other, out=share, where=paid)
        on = np.where(paid, np.maximum(main.received, book.issue), NEVER)
        return cls(share=share, paid_on=on, open=paid & (book.settled == NEVER))

    @property
    def large(self) -> Ints:
        """Class of each rest, a place in `CLASSES`."""
        return class_of(self.share)


def class_of(share: Floats) -> Ints:
    """Return whether the rest beside each share is small (0) or large (1)."""
    return (1 - share > SMALL + 1e-9).astype(np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class PartPayments:
    """How the customers of a ledger part-pay, and what becomes of rests.

    Parameters
    ----------
    share
        Shares of what was owed that main payments brought, above 0 and at most 1, by customer and ascending.
    offset
        Where each customer's shares begin, (customers + 1,).
    hazard
        Daily hazard of a rest being settled, by class and days since the main payment, (2, `LAST` + 1).
    kinds
        By what rests are settled: shares of money by class and payment kind, (2, kinds); each row adds up to 1.
    """

    share: Floats
    offset: Ints
    hazard: Floats
    kinds: Floats

    @classmethod
    def of(cls, ledger: Ledger) -> "PartPayments":
        """Return the part payments of a ledger."""
        book = columns(ledger)
        main = MainPayments.of(ledger, book)
        rests = Rests.of(ledger, main)
        paid = np.flatnonzero(np.isfinite(rests.share))
        order = paid[np.lexsort((rests.share[paid], ledger.customer_of_invoice[paid]))]
        owner = ledger.customer_of_invoice[order]
        hazard, kinds = _ends(book, main, rests, day_number(ledger.as_of))
        return cls(
            share=rests.share[order],
            offset=np.searchsorted(owner, np.arange(len(ledger.customers) + 1)).astype(np.int64),
            hazard=hazard,
            kinds=kinds,
        )

    @property
    def all_in_full(self) -> bool:
        """Whether every main payment settled its invoice."""
        return bool((self.share >= 1).all())

    def drawn(self, customer: Ints, uniform: Floats) -> Floats:
        """Return the share that a main payment brings, by a uniform number on (0, 1) for each.

        One of the customer's own n shares with chance n ÷ (n + `PSEUDO`), else one of all customers'; 1 where nobody
        has ever paid.
        """
        if not len(self.share):
            return np.ones(len(customer))
        first, many = self.offset[customer], np.diff(self.offset)[customer]
        own = many / (many + PSEUDO)
        pooled = np.sort(self.share)
        inside = np.where(uniform < own, uniform / np.maximum(own, 1e-300), (uniform - own) / (1 - own))
        mine = self.share[np.minimum(first + (inside * many).astype(np.int64), len(self.share) - 1)]
        anyone = pooled[np.minimum((inside * len(pooled)).astype(np.int64), len(pooled) - 1)]
        return np.where(uniform < own, mine, anyone)

    def expected(self, customer: Ints) -> "ExpectedShares":
        """Return what invoices bring on average, of customers by number; −1 stands for one never seen."""
        if not len(self.share):
            return ExpectedShares(main=np.ones(len(customer)), rest=np.zeros((len(customer), 2)), cash=self._cash)
        large = class_of(self.share)
        parts = np.stack([self.share, *((1 - self.share) * (large == k) for k in range(len(CLASSES)))], axis=1)
        mean = parts.mean(axis=0)
        total = np.diff(np.concatenate([np.zeros((1, 3)), np.cumsum(parts, axis=0)])[self.offset], axis=0)
        own = (total + PSEUDO * mean) / (np.diff(self.offset)[:, None] + PSEUDO)
        known = np.concatenate([own, mean[None]])[customer]
        return ExpectedShares(main=known[:, 0], rest=known[:, 1:], cash=self._cash)

    @property
    def _cash(self) -> Floats:
        settled = -np.expm1(-np.cumsum(self.hazard, axis=1))
        return np.asarray(settled * self.kinds[:, [PAYMENT_KINDS.index("cash")]])


@dataclass(frozen=True, eq=False, kw_only=True)
class ExpectedShares:
    """What invoices bring on average, as shares of their amounts, (n, …)."""

    main: Floats  # by the main payment, (n,)
    rest: Floats  # left open by it, by class, (n, 2)
    cash: Floats  # share of a rest that has come as cash by each day since the main payment, (2, `LAST` + 1)

    def received(self, paid: Floats) -> Floats:
        """Return the share of each amount that has come by each day, from the chance of the main payment by then.

        Both have shape (n, days), one column a day; what comes before the first is taken to come on it.
        """
        out = self.main[:, None] * paid
        if not self.rest.any():
            return out
        from scipy.signal import fftconvolve  # a third of a second to load

        for k, daily in enumerate(np.diff(self.cash, axis=1, prepend=0.0)):
            out += self.rest[:, k, None] * fftconvolve(paid, daily[None], axes=1)[:, : paid.shape[1]]
        return np.asarray(out)


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenAmounts:
    """When open amounts of a ledger will be settled: invoices as a model says, rests as the ledger's own were."""

    ledger: Ledger
    model: PaymentTiming
    parts: PartPayments
    rests: Rests

    @classmethod
    def of(cls, ledger: Ledger, model: PaymentTiming) -> "OpenAmounts":
        """Return the open amounts of a ledger, and a model that has been told of it."""
        return cls(ledger=ledger, model=model, parts=PartPayments.of(ledger), rests=Rests.of(ledger))

    def cumulative_hazard(self, rows: Ints, days: npt.ArrayLike) -> Floats:
        """Return the hazard of being settled up to each day past due, (rows, days), of open rows of `ledger.invoices`.

        Its differences from the ledger's last day on count: that the rows are open then is known.
        """
        asked = self.ledger.invoices.iloc[rows].assign(asked_on=self.ledger.as_of)
        total = self.model.cumulative_hazard(asked, days)
        at = np.flatnonzero(self.rests.open[rows])
        if len(at):
            since = day_numbers(asked["due_date"])[at] - self.rests.paid_on[rows[at]]
            age = np.clip(np.asarray(days)[None, :] + since[:, None], -1, LAST)
            table = np.pad(np.cumsum(self.parts.hazard, axis=1), ((0, 0), (1, 0)))
            total[at] = table[self.rests.large[rows[at]][:, None], age + 1]
        return total


def _ends(book: Columns, main: MainPayments, rests: Rests, as_of: int) -> tuple[Floats, Floats]:
    """Return the hazard of rests by class and day, and by what they were settled."""
    left = book.amount - main.other - main.cash
    some = np.isfinite(rests.share) & (left > 0)
    known = np.where(main.known < NEVER, main.known, 0)
    to = book.applied_to
    later = np.where(book.of_kind(*BY_PAYMENT), book.applied > known[to], book.applied >= known[to])
    piece = np.flatnonzero(some[to] & later)
    of, lag = to[piece], np.clip(book.applied[piece] - known[to[piece]], 0, LAST + 1)
    part = book.applied_amount[piece] / left[of]
    still = np.flatnonzero(some)
    remains = 1 - np.bincount(of, part, len(left))[still]
    age = np.clip(as_of - known[still], 0, LAST)
    large = rests.large
    hazard, kinds = np.empty((len(CLASSES), LAST + 1)), np.zeros((len(CLASSES), len(PAYMENT_KINDS)))
    place = np.array([PAYMENT_KINDS.index(name) for name in book.kinds], np.int64)
    for k in range(len(CLASSES)):
        mine, rest = large[of] == k, large[still] == k
        ended: Floats = np.bincount(lag[mine], part[mine], LAST + 2).astype(np.float64)
        gone: Floats = np.bincount(age[rest] + 1, remains[rest], LAST + 2).astype(np.float64)  # censored
        gone[1:] += ended[:-1]
        ended = np.maximum(ended, 0.0)
        at_risk = np.maximum(rest.sum() - np.cumsum(gone), ended)
        chance = portfolio_hazard(ended[None, :-1], at_risk[None, :-1], first=0)[0]
        hazard[k] = -np.log1p(-np.minimum(chance, 1 - 1e-12))
        money = np.maximum(np.bincount(place[book.applied_kind[piece[mine]]], part[mine], len(PAYMENT_KINDS)), 0.0)
        kinds[k] = money / money.sum() if money.sum() > 0 else np.eye(len(PAYMENT_KINDS))[PAYMENT_KINDS.index("cash")]
    return hazard, kinds
