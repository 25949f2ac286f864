"""What is assumed about people, with ranges, sources and evidence grades.

Grades: A official statistics, B survey or experiment, C trade source, weak (asserted, contradicted elsewhere),
policy and target (chosen, not observed), G guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput
from ledger.arrays import Floats
from ledger.files.reading import unknown
from ledger.policy.roster import FULL_SHIFT
from ledger.policy.strategy import Strategy
from ledger.table.exchange import Exchange

MONEY: Final = ("specialist_wage", "email_cost", "letter_cost")  # what is in `Assumptions.currency`
_FILE = Path(__file__).with_name("assumptions.csv")


@cache
def _table() -> pd.DataFrame:
    return pd.read_csv(_FILE, keep_default_na=False)


def assumptions() -> pd.DataFrame:
    """Return the defaults: parameter, default, low, high, unit, grade, source, note."""
    return _table().copy()


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumptions:
    """Values of the parameters in `assumptions.csv`, in the units given there; money in major units of `currency`."""

    call_hazard_ratio: float
    friendly_tone_ratio: float
    firm_tone_ratio: float
    email_generic_hazard_ratio: float
    email_personal_hazard_ratio: float
    letter_hazard_ratio: float
    effect_half_life: float
    fatigue: float
    fatigue_memory: float
    right_party_contact_rate: float
    promise_given_right_party: float
    promise_kept: float
    promise_days_low: float
    promise_days_high: float
    dispute_share: float
    dispute_resolve: float
    dispute_credited: float
    dispute_credit_low: float
    dispute_credit_high: float
    cash_application_lag: float
    callback_share_message: float
    callback_share_unreached: float
    reached_call_minutes: float
    wrap_up_minutes: float
    unreached_call_minutes: float
    productive_hours_per_day: float
    specialist_wage: float
    loaded_cost_factor: float
    email_cost: float
    letter_cost: float
    write_off_age: float
    currency: str = "USD"

    @classmethod
    def default(cls, *, currency: str = "USD", **changes: float) -> "Assumptions":
        """Return the defaults with some values changed; in another currency than USD all amounts must be given.

        Raises
        ------
        BadInput
            For an unknown parameter, a negative value, an amount that is lacking, or a hazard ratio below 1: a contact
            never delays a payment.
        """
        values = dict(zip(_table()["parameter"], _table()["default"].astype(float), strict=True))
        lacking = [name for name in MONEY if name not in changes]
        if currency != "USD" and lacking:
            rule = f"is assumed in USD: give it in {currency}, or all amounts in USD"
            raise BadInput(rule, where="assumptions", field=lacking[0], value=values[lacking[0]])
        for name, value in changes.items():
            if name not in values:
                raise BadInput(unknown(name, sorted(values), "is not an assumption; known:"), field=name)
            if not value >= 0:
                raise BadInput("must not be negative", where="assumptions", field=name, value=value)
            values[name] = float(value)
        made = cls(currency=currency, **values)
        made._check()
        return made

    @property
    def effects(self) -> tuple[float, ...]:
        """What contacts do to the hazard of payment: all values that `hazard_ratio` and its fading read."""
        return tuple(getattr(self, name) for name in _EFFECTS)

    def by_name(self) -> dict[str, float]:
        """Return the values by name."""
        return {name: getattr(self, name) for name in _table()["parameter"]}

    def in_base(self, exchange: Exchange, needed: Iterable[str]) -> "Assumptions":
        """Return the same with amounts in the ledger's base currency; one that is not needed and has no rate is NaN.

        Raises
        ------
        BadInput
            Where a needed amount has no rate; it is named.
        """
        if self.currency == exchange.base:
            return self
        names = MONEY if self.currency in exchange.rates else tuple(needed)
        amounts = dict.fromkeys(MONEY, float("nan")) | {name: self._in_base(name, exchange) for name in names}
        return replace(self, currency=exchange.base, **amounts)

    def _in_base(self, name: str, exchange: Exchange) -> float:
        return exchange.to_base(getattr(self, name), self.currency, where="assumptions", field=name)

    def _check(self) -> None:
        for channel in ("email", "phone", "portal", "letter"):
            for tone in ("friendly", "firm"):
                ratio = self.hazard_ratio(channel, tone, personal=False)
                if ratio < 1:
                    raise BadInput(
                        "the hazard ratio must be at least 1", where=f"assumptions, {channel}, {tone}", value=ratio
                    )
        for name in ("effect_half_life", "fatigue_memory", "productive_hours_per_day"):
            if getattr(self, name) <= 0:
                raise BadInput("must be positive", where="assumptions", field=name, value=getattr(self, name))
        for name in ("right_party_contact_rate", "promise_given_right_party", "promise_kept", "fatigue"):
            if getattr(self, name) > 1:
                raise BadInput("must not exceed 1", where="assumptions", field=name, value=getattr(self, name))
        if self.promise_days_high < self.promise_days_low:
            raise BadInput("must not be below promise_days_low", where="assumptions", field="promise_days_high")

    @property
    def productive_share(self) -> float:
        """Share of a full day's hours that goes into calls and what they bring along."""
        return self.productive_hours_per_day / (FULL_SHIFT / 3600)

    def hourly(self, own: Floats) -> Floats:
        """Return what a paid hour costs: somebody's own cost, or where it is 0 the wage with all that is on top."""
        return np.where(own > 0, own, self.specialist_wage * self.loaded_cost_factor)

    def per_minute(self, hourly: Floats) -> Floats:
        """Return what a productive minute costs, from what a paid hour does."""
        return hourly / 60 / self.productive_share

    def hazard_ratio(self, channel: str, tone: str, *, personal: bool) -> float:
        """Return how many times higher the payment hazard is right after a contact (at least 1)."""
        if channel in ("phone", "inbound"):
            tone_ratio = self.friendly_tone_ratio if tone == "friendly" else self.firm_tone_ratio
            return self.call_hazard_ratio * tone_ratio
        if channel == "letter":
            return self.letter_hazard_ratio
        return self.email_personal_hazard_ratio if personal else self.email_generic_hazard_ratio

    def minutes(self, name: str) -> tuple[float, float, float]:
        """Return low, mode and high of a duration; low and high come from the file and give way to the mode."""
        row = _table().set_index("parameter").loc[name]
        mode = getattr(self, name)
        return min(float(row["low"]), mode), mode, max(float(row["high"]), mode)


def costs_of(strategy: Strategy, *, wage: bool) -> tuple[str, ...]:
    """Return the assumed amounts that a strategy costs; the `wage` where a specialist has no cost of their own."""
    channels = {step.channel for step in strategy.steps}
    used = (wage and bool(channels), bool(channels & {"email", "portal"}), "letter" in channels)
    return tuple(name for name, needed in zip(MONEY, used, strict=True) if needed)


_EFFECTS: Final = (
    "call_hazard_ratio",
    "friendly_tone_ratio",
    "firm_tone_ratio",
    "email_generic_hazard_ratio",
    "email_personal_hazard_ratio",
    "letter_hazard_ratio",
    "effect_half_life",
    "fatigue",
    "fatigue_memory",
)
_NAMES = {field.name for field in fields(Assumptions)} - {"currency"}
assert set(_table()["parameter"]) == _NAMES, "assumptions.csv and Assumptions name different parameters"
