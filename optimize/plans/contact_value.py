"""What a contact is worth: expected discounted cash with it, less the same without it.

Of one invoice that is unpaid on the evening known, with S(t) the chance that it still is t days later and w(t) what is
lost by its being unpaid on the evening of day t,

    worth = 1 − Σ_t w(t)·S(t),    w(t) = δ(t) − δ(t+1) before the horizon H,
    w(H) = δ(H)·(1 − later·P(paid by the write-off age | unpaid at H)),   δ(t) = (1 + rate)^(−t/365)

which is the sum over days of discounted cash, summed by parts. A contact on day d that is heard multiplies the hazard
after it by 1 + x·½^((t − d)/half-life), so that it is worth Σ_t w(t)·S(t)·(1 − exp(−x·E_d(t))), E_d(t) the hazard of
days d+1 .. t so faded. S(d) is a factor of every S(t) after it: that the invoice may be paid before the day of the call
is in the value of the call. Beyond the horizon the contact is forgotten.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints
from ledger.table.months import day_number
from models.effects.what_if import Effects, remembered_contacts
from models.families.part_payments import OpenAmounts
from models.timing import PaymentTiming
from optimize.plans.policy import Policy
from optimize.plans.steps_due import Chase

_CHUNK: Final = 2000  # invoices at a time
TONES: Final = ("friendly", "firm")


@dataclass(frozen=True, eq=False, kw_only=True)
class Values:
    """Money in base-currency minor units; n accounts, D days, tones friendly and firm.

    Parameters
    ----------
    without
        Worth of the invoices that a contact on the day would cover, without it, (n, D).
    gain
        What a contact that is heard adds, (n, 2, D); 0 where the tone is not open to the step.
    tones
        Tones open to the step, (n, 2, D).
    owing
        Chance that any of these invoices is still unpaid on the morning of the day, (n, D).
    """

    without: Floats
    gain: Floats
    tones: Flags
    owing: Floats


def values(chase: Chase, model: PaymentTiming, effects: tuple[Effects, Effects], age: int, policy: Policy) -> Values:
    """Return what the contacts due are worth on each day.

    `effects` are those of form messages and calls, and of messages that name a person; `age` is the write-off age, days
    past due.
    """
    extra, tones = _extra(chase, effects, policy)
    worth = np.zeros((len(chase.invoice), len(chase.days)))
    gain = np.zeros((len(chase.invoice), 2, len(chase.days)))
    unpaid = np.ones((len(chase.invoice), len(chase.days)))
    owed = OpenAmounts.of(chase.ledger, model)
    order = np.argsort(-chase.due, kind="stable")
    for rows in np.split(order, range(_CHUNK, len(order), _CHUNK)):
        if len(rows):
            parts = _Part.of(chase, owed, rows, age, policy)
            worth[rows] = parts.worth[:, None]
            unpaid[rows] = parts.unpaid
            gain[rows] = parts.gain(extra[chase.account[rows]], effects[0])
    money = chase.covered * chase.open[:, None]
    surely = np.log(np.clip(1 - unpaid * (1 - chase.kept), 1e-300, 1)) * chase.covered
    return Values(
        without=chase.total(money * worth),
        gain=chase.total((money * (1 - chase.kept))[:, None] * gain),
        tones=tones,
        owing=-np.expm1(chase.total(surely)),
    )


def _extra(chase: Chase, effects: tuple[Effects, Effects], policy: Policy) -> tuple[Floats, Flags]:
    """Return the extra hazard of each account's step by tone and day, (n, 2, D), and which tones are open to it."""
    ids = chase.ledger.customers["customer_id"].iloc[chase.customer]
    first = chase.ledger.as_of + pd.Timedelta(days=1)
    now = remembered_contacts(chase.ledger, ids, first, effects[0].memory)
    fading = np.exp(-(chase.days - day_number(first)) / effects[0].memory)
    weaker = effects[0].fatigue ** (now[:, None] * fading)
    steps = chase.strategy.steps
    full, open_ = np.zeros((len(steps) + 2, 2)), np.zeros((len(steps) + 2, 2), np.bool_)
    for s, rung in enumerate(steps):
        for k, tone in enumerate(TONES):
            full[s, k] = effects[rung.personal].extra(rung.channel, tone)
            free = policy.tones == "best" and rung.channel == "phone" and rung.stage != "reminder"
            open_[s, k] = free or tone == rung.tone
    full[len(steps), 0], open_[len(steps), 0] = effects[0].extra("phone", "friendly"), True
    tones = open_[chase.step].transpose(0, 2, 1)
    extra = full[chase.step].transpose(0, 2, 1) * weaker[:, None]
    return np.where(tones, extra, 0.0), tones


@dataclass(frozen=True, eq=False, kw_only=True)
class _Part:
    """Some invoices: hazard of each day after the evening known, and what being unpaid on its evening costs."""

    hazard: Floats  # (k, H)
    cost: Floats  # (k, H): w(t)·S(t)
    worth: Floats  # (k,)
    unpaid: Floats  # (k, D) on the evening before each day
    at: Ints  # (D,) days after the evening known

    @classmethod
    def of(cls, chase: Chase, owed: OpenAmounts, rows: Ints, age: int, policy: Policy) -> "_Part":
        known = day_number(chase.ledger.as_of)
        at = chase.days - known
        span = int(at[0]) + policy.horizon
        late = known - chase.due[rows]  # ascending
        grid = np.arange(late[0], late[-1] + span + 1)
        total = owed.cumulative_hazard(chase.invoice[rows], np.r_[grid, max(age, int(grid[-1]) + 1)])
        place = (late - late[0])[:, None] + np.arange(span + 1)
        inside = np.take_along_axis(total, place, axis=1)
        end_age = np.clip(age - late, span, None)
        last = np.minimum(end_age + late - late[0], len(grid))  # the column after the grid is the write-off age
        at_end = np.take_along_axis(total, last[:, None], axis=1)[:, 0]
        discount = (1 + policy.discount_rate) ** (-np.arange(span + 1) / 365)
        weight = np.tile(discount[:-1] - discount[1:], (len(rows), 1))
        weight = np.c_[weight[:, 1:], discount[-1] * (1 + policy.later_cash * np.expm1(inside[:, -1] - at_end))]
        survival = np.exp(-(inside[:, 1:] - inside[:, :1]))
        cost = weight * survival
        before = np.maximum(at - 1, 0)
        return cls(
            hazard=np.diff(inside, axis=1),
            cost=cost,
            worth=discount[1] - cost.sum(axis=1),
            unpaid=np.exp(-(inside[:, before] - inside[:, :1])),
            at=at,
        )

    def gain(self, extra: Floats, effects: Effects) -> Floats:
        """Return (k, 2, D): what a unit of money gains by a contact heard on each day; `extra` has the same shape."""
        out = np.zeros(extra.shape)
        for d, day in enumerate(self.at.tolist()):
            some = np.flatnonzero(extra[:, :, d].any(axis=1))
            if not len(some) or day >= self.hazard.shape[1]:
                continue
            felt = effects.felt(np.arange(1, self.hazard.shape[1] - day + 1))
            faded = np.cumsum(self.hazard[some, day:] * felt, axis=1)
            for k in range(2):
                x = extra[some, k, d]
                out[some, k, d] = -(self.cost[some, day:] * np.expm1(-x[:, None] * faded)).sum(axis=1)
        return out
