"""What if we called today: survival with one more contact, and the cash it brings forward.

A contact on the evening of a day multiplies the daily hazard by ``1 + A · ½^(days since ÷ half-life)`` from the day
after, A what it adds at its moment (`models.assumed.contact_law`). Effects are
assumed (`assumptions.csv`, with evidence grades) or estimated from a contact log (`models.effects`); every
result says which. Promises that a call may win are not counted: what is shown is what the higher hazard brings.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Floats, Ints
from ledger.json_ready import json_object
from ledger.results import Result
from ledger.table.ledger import Day, as_day, positions
from ledger.table.months import day_number, day_numbers
from ledger.table.tables import TEXT, TONES
from ledger.wording import plural
from models.assumed.assumptions import Assumptions, assumptions
from models.assumed.contact_law import ContactLaw, added_hazard, extra_of, left_of
from models.history.contacted import Contacted
from models.timing import PaymentTiming

_WEAKEST: Final = ("A", "B", "C", "target", "policy", "weak", "G")  # evidence grades, best first
_PARAMETERS: Final = {
    ("phone", "friendly"): ("call_hazard_ratio", "friendly_tone_ratio"),
    ("phone", "firm"): ("call_hazard_ratio", "firm_tone_ratio"),
    "email": ("email_generic_hazard_ratio",),
    "personal email": ("email_personal_hazard_ratio",),
    "portal": ("email_generic_hazard_ratio",),
    "letter": ("letter_hazard_ratio",),
}
_CHUNK: Final = 2000  # invoices at a time


@dataclass(frozen=True, kw_only=True)
class Effect:
    """How many times higher the payment hazard is right after a contact with a rested customer, at least 0."""

    channel: str
    tone: str
    ratio: float
    low: float
    high: float
    grade: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Effects of contacts by channel and tone, and how they fade.

    Parameters
    ----------
    entries
        One for each channel and tone.
    law
        How earlier contacts weaken a contact, and how it fades.
    basis
        "assumed" or "estimated"; effects that the estimates lack are assumed, as their `source` says.
    """

    entries: tuple[Effect, ...]
    law: ContactLaw
    basis: str

    @classmethod
    def assumed(cls, values: Assumptions | None = None, *, personal: bool = False) -> "Effects":
        """Return the assumed effects, with the grade of their weakest part; `personal` messages name a person."""
        chosen = Assumptions.default() if values is None else values
        table = assumptions().set_index("parameter")
        entries = []
        for channel in ("email", "phone", "portal", "letter"):
            for tone in TONES:
                name = "personal email" if personal and channel in ("email", "portal") else channel
                parts = table.loc[list(_PARAMETERS.get((channel, tone)) or _PARAMETERS[name])]
                entries.append(
                    Effect(
                        channel=channel,
                        tone=tone,
                        ratio=chosen.hazard_ratio(channel, tone, personal=personal),
                        low=float(np.prod(parts["low"].to_numpy(float))),
                        high=float(np.prod(parts["high"].to_numpy(float))),
                        grade=max(parts["grade"], key=_WEAKEST.index),
                        source=f"assumed: {' × '.join(parts.index)}",
                    )
                )
        return cls(
            entries=tuple(entries),
            law=ContactLaw.of(chosen),
            basis="assumed",
        )

    def of(self, channel: str, tone: str) -> Effect:
        """Return the effect of one kind of contact.

        Raises
        ------
        BadInput
            Where there is none.
        """
        for entry in self.entries:
            if (entry.channel, entry.tone) == (channel, tone):
                return entry
        known = ", ".join(f"{entry.channel} {entry.tone}" for entry in self.entries)
        raise BadInput(f"known: {known}", field="channel and tone", value=f"{channel} {tone}")

    def extra(self, channel: str, tone: str, remembered: npt.ArrayLike = 0.0) -> Floats:
        """Return what a contact adds to the relative hazard at its moment, given how many earlier are remembered."""
        return np.asarray(added_hazard(extra_of(self.of(channel, tone).ratio), np.asarray(remembered, float), self.law))

    def felt(self, days: npt.ArrayLike) -> Floats:
        """Return the part of the extra hazard left after so many days: 0 up to the day of the contact itself."""
        since = np.asarray(days, float)
        return np.where(since > 0, left_of(np.maximum(since, 0), self.law.half_life), 0.0)


def _evidence(effect: Effect, basis: str) -> dict[str, Any]:
    """Return of which contact an answer is, and on what it rests."""
    names = ("channel", "tone", "ratio", "grade", "source")
    return {name: getattr(effect, name) for name in names} | {"basis": basis}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WhatIf(Result):
    """Chances of being unpaid on the evening of each day past due, (invoices, days), with a contact and without."""

    days: Ints
    without: Floats
    survival: Floats
    effect: Effect
    basis: str

    @property
    def grade(self) -> str:
        """Evidence grade of the effect."""
        return self.effect.grade

    def table(self) -> pd.DataFrame:
        """Return one row per day past due: the mean chance of being unpaid without the contact and with it."""
        means = {"without": self.without.mean(axis=0), "survival": self.survival.mean(axis=0)}
        return pd.DataFrame(means, index=pd.Index(self.days, name="day"))

    def to_dict(self) -> dict[str, Any]:
        """Return the table and the evidence as plain values."""
        return json_object(
            _evidence(self.effect, self.basis) | {"curve": self.table().reset_index().to_dict("records")}
        )

    def summary(self) -> str:
        """Return one line: how much likelier payment by the last day is, and on what evidence."""
        gained = 100 * float((self.without - self.survival)[:, -1].mean()) if self.survival.size else 0.0
        return (
            f"{self.effect.channel}, {self.effect.tone}: {gained:.1f} points more are paid by {self.days[-1]} days "
            f"past due; hazard ratio {self.effect.ratio:.2f}, {self.basis}, grade {self.grade} ({self.effect.source})"
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class IncrementalCash(Result):
    """Expected cash up to a horizon with a contact less without, per invoice and in all, base-currency minor units."""

    per_invoice: Floats
    horizon: int
    effect: Effect
    basis: str

    @property
    def total(self) -> float:
        """The sum over invoices."""
        return float(self.per_invoice.sum())

    @property
    def grade(self) -> str:
        """Evidence grade of the effect."""
        return self.effect.grade

    def table(self) -> pd.DataFrame:
        """Return one row per invoice: cash (minor units)."""
        return pd.DataFrame({"cash": self.per_invoice})

    def to_dict(self) -> dict[str, Any]:
        """Return the sum and the evidence as plain values."""
        return json_object(
            _evidence(self.effect, self.basis)
            | {"horizon": self.horizon, "invoices": len(self.per_invoice), "cash": self.total}
        )

    def summary(self) -> str:
        """Return one line: the cash brought forward, and on what evidence."""
        return (
            f"{self.effect.channel}, {self.effect.tone}: {self.total:,.0f} minor units more are expected within "
            f"{self.horizon} days from {plural(len(self.per_invoice), 'invoice')}; hazard ratio "
            f"{self.effect.ratio:.2f}, "
            f"{self.basis}, grade {self.grade} ({self.effect.source})"
        )


def what_if(
    model: PaymentTiming,
    invoices: pd.DataFrame,
    *,
    channel: str,
    tone: str,
    on: Day,
    effects: Effects,
    days: npt.ArrayLike,
    remembered: npt.ArrayLike = 0.0,
) -> WhatIf:
    """Return survival with a contact on the evening of `on`, of invoices that are unpaid then.

    Parameters
    ----------
    model
        Any payment-timing model; its hazard is multiplied.
    invoices
        As `PaymentTiming` wants them; each is conditioned on being unpaid on the evening of `on`.
    channel, tone
        Of the contact.
    effects
        Assumed or estimated.
    days
        Whole days past due, ascending; up to the day `on` survival is 1.
    remembered
        Earlier contacts that each customer remembers (see `remembered_contacts`): they weaken this one.

    Raises
    ------
    BadInput
        For an unknown kind of contact, or days that do not ascend.
    """
    grid = np.asarray(days, np.int64)
    if grid.ndim != 1 or not len(grid) or (np.diff(grid) <= 0).any():
        raise BadInput("must be ascending whole days past due, at least one", field="days")
    extra = np.broadcast_to(effects.extra(channel, tone, remembered), len(invoices))
    age = day_number(as_day(on)) - day_numbers(invoices["due_date"])
    asked = invoices.assign(asked_on=as_day(on))
    without, survival = np.ones((2, len(invoices), len(grid)))
    order = np.argsort(age, kind="stable")
    for rows in np.split(order, range(_CHUNK, len(order), _CHUNK)):
        if not len(rows) or age[rows].min() >= grid[-1]:
            continue
        every = np.arange(age[rows].min(), grid[-1] + 1)
        hazard = np.diff(model.cumulative_hazard(asked.iloc[rows], every), axis=1)
        felt = effects.felt(every[None, 1:] - age[rows][:, None])
        place = np.clip(grid - every[0], 0, len(every) - 1)
        for out, daily in ((without, hazard), (survival, hazard * (1 + extra[rows][:, None] * felt))):
            total = np.cumsum(daily, axis=1)
            out[rows] = np.exp(-np.concatenate([np.zeros((len(rows), 1)), total], axis=1)[:, place])
    return WhatIf(days=grid, without=without, survival=survival, effect=effects.of(channel, tone), basis=effects.basis)


def incremental_cash(
    model: PaymentTiming,
    invoices: pd.DataFrame,
    *,
    channel: str,
    tone: str,
    on: Day,
    effects: Effects,
    horizon: int,
    to_base: npt.ArrayLike = 1.0,
    remembered: npt.ArrayLike = 0.0,
) -> IncrementalCash:
    """Return the cash that a contact on `on` brings within `horizon` days more than none would.

    `invoices` may have a column `open`, the minor units still open (else `amount`); `to_base` are base-currency minor
    units per minor unit of each invoice (`ledger.to_base(invoices["currency"])`). Most of it is cash that would have
    come later anyway: what is brought forward shrinks again as the horizon grows.

    Raises
    ------
    BadInput
        For an unknown kind of contact, or a horizon below 1.
    """
    if horizon < 1:
        raise BadInput("must be at least 1 day", field="horizon", value=horizon)
    money = invoices["open" if "open" in invoices else "amount"].to_numpy(np.float64) * np.asarray(to_base, float)
    age = day_number(as_day(on)) - day_numbers(invoices["due_date"])
    remembered = np.broadcast_to(np.asarray(remembered, float), len(invoices))
    gained = np.zeros(len(invoices))
    for late in np.unique(age):  # the horizon lies at another day past due for each
        rows = np.flatnonzero(age == late)
        found = what_if(
            model, invoices.iloc[rows], channel=channel, tone=tone, on=on, effects=effects, days=[late + horizon],
            remembered=remembered[rows],
        )  # fmt: skip
        gained[rows] = (found.without - found.survival)[:, 0]
    effect = effects.of(channel, tone)
    return IncrementalCash(per_invoice=money * gained, horizon=horizon, effect=effect, basis=effects.basis)


def remembered_contacts(ledger: Ledger, customers: "pd.Series[str]", on: Day, law: ContactLaw) -> Floats:
    """Return how many contacts up to the eve of `on` each customer remembers."""
    total = Contacted.of(ledger).remembered(day_number(as_day(on)), law)
    row = positions(pd.Series(customers, dtype=TEXT), ledger.customers["customer_id"])
    return np.where(row >= 0, total[row] if len(total) else 0.0, 0.0)
