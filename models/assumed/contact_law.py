"""What a contact does to payment, and what a talk wins: the one home of both laws.

A contact adds to an invoice's relative hazard, from the day after, what its kind adds for a customer who remembers no
earlier contact (its hazard ratio less 1), weakened by every earlier one that is still remembered:

    extra · fatigue^remembered,    remembered = Σ over earlier contacts of e^(−days since ÷ memory)

and what it adds halves in `half_life` days. In a talk the customer may promise to pay on a day, and keeps the promise
with a chance of its own.

The functions take numbers and arrays alike; compiled ones, for kernels, stand in `contact_law_kernels` by the same
names. What is *extra* of a kind of contact is made here and handed back here: nobody else reads it as a number.
"""

from typing import Any, NamedTuple

import numpy as np

from ledger.arrays import Floats, Ints
from models.assumed.assumptions import Assumptions


class ContactLaw(NamedTuple):
    """How earlier contacts weaken a contact, and how it fades."""

    fatigue: float  # factor for each earlier contact remembered, 0 to 1
    memory: float  # days in which a contact fades from memory by a factor e
    half_life: float  # days in which the extra hazard halves

    @classmethod
    def of(cls, assume: Assumptions) -> "ContactLaw":
        """Return the assumed law."""
        return cls(fatigue=assume.fatigue, memory=assume.fatigue_memory, half_life=assume.effect_half_life)

    @property
    def daily(self) -> float:
        """Share of the extra hazard that is left a day later."""
        return float(left_of(1, self.half_life))


class TalkLaw(NamedTuple):
    """What the right party answers: whether it promises, whether it keeps the promise, and for which day."""

    promise: float  # chance of a promise
    kept: float  # chance that one is kept by a customer like all
    low: float  # days until it falls due, from
    high: float  # to

    @classmethod
    def of(cls, assume: Assumptions) -> "TalkLaw":
        """Return the assumed law."""
        return cls(
            promise=assume.promise_given_right_party,
            kept=assume.promise_kept,
            low=assume.promise_days_low,
            high=assume.promise_days_high,
        )

    @property
    def days(self) -> int:
        """Whole days after which a promise falls due on average, at least 1."""
        return max(round((self.low + self.high) / 2), 1)


def extra_of(ratio: float | Floats) -> Any:
    """Return what a kind of contact with this hazard ratio adds to the relative hazard of a rested customer."""
    return ratio - 1


def still_remembered(contacts: float | Floats, days: float | Ints, law: ContactLaw) -> Any:
    """Return how much of so many contacts is remembered after some days."""
    return contacts * np.exp(-days / law.memory)


def added_hazard(extra: float | Floats, remembered: float | Floats, law: ContactLaw) -> Any:
    """Return what a contact adds to the relative hazard at its moment, given how many earlier ones are remembered."""
    return extra * law.fatigue**remembered


def left_of(days: float | Floats, half_life: float) -> Any:
    """Return the share of the extra hazard that is left after some days."""
    return 0.5 ** (days / half_life)


def fading_rate(half_life: float) -> float:
    """Return the rate δ at which the extra hazard fades: by e^(−δ) a day."""
    return float(np.log(2) / half_life)


def chance_kept(keeps: float | Floats, law: TalkLaw) -> Any:
    """Return the chance that a promise is kept by a customer who keeps them `keeps` times as often as all do."""
    return law.kept * keeps


def chance_won(keeps: float, effect: float, law: TalkLaw) -> float:
    """Return the chance that a talk wins a promise that is kept; `effect` scales what talks are believed to do."""
    return min(effect * law.promise * law.kept * keeps, 1.0)


def promised_day(today: int, draw: float, law: TalkLaw) -> int:
    """Return for which day a promise is made today; every whole day of the range is as likely, `draw` is uniform."""
    return today + int(law.low + draw * (law.high - law.low + 1))


def spent_by_talk(won: float | Floats, law: ContactLaw) -> Any:
    """Return the share of a later talk's worth that a talk today uses up: what it collects itself, and fatigue."""
    return 1.0 - (1.0 - won) * law.fatigue
