"""What a contact is worth: expected discounted cash with it, less the same without it.

Of one invoice that is unpaid on the evening known, with S(t) the chance that it still is t days later and w(t) what is
lost by its being unpaid on the evening of day t,

    worth = v(1) − Σ_t w(t)·S(t),    w(t) = v(t) − v(t+1) before the horizon H,
    w(H) = v(H)·(1 − later·P(paid before it is written off | open at H)),    v(t) = (1 + rate)^(−t/365)·L(t)

with L(t) the chance that it is not written off before day t (`models.history.write_offs`): a write-off takes cash away
as interest does, only faster. This is the sum over days of discounted cash, summed by parts. A contact on day d that is
heard multiplies the hazard after it by 1 + x·½^((t − d)/half-life), so that it is worth
Σ_t w(t)·S(t)·(1 − exp(−x·E_d(t))), E_d(t) the hazard of days d+1 .. t so faded. S(d) is a factor of every S(t) after
it: that the invoice may be paid before the day of the call is in the value of the call. Beyond the horizon the contact
is forgotten.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints
from ledger.table.calendar import NEVER
from ledger.table.months import day_number
from models.assumed.contact_law import added_hazard, extra_of, still_remembered
from models.effects.what_if import Effects, remembered_contacts
from models.families.part_payments import OpenAmounts
from models.history.write_offs import WriteOffs
from models.timing import PaymentTiming
from optimize.plans.policy import Policy
from optimize.plans.steps_due import Chase

_CHUNK: Final = 2000  # invoices at a time
_EVER: Final = 3650  # days past due by which an invoice that nobody writes off is paid, if ever
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


def values(
    chase: Chase, model: PaymentTiming, effects: tuple[Effects, Effects], written: WriteOffs, policy: Policy
) -> Values:
    """Return what the contacts due are worth on each day.

    `effects` are those of form messages and calls, and of messages that name a person; `written` is the law by which
    the house writes invoices off.
    """
    extra, tones = _extra(chase, effects, policy)
    worth = np.zeros((len(chase.invoice), len(chase.days)))
    gain = np.zeros((len(chase.invoice), 2, len(chase.days)))
    unpaid = np.ones((len(chase.invoice), len(chase.days)))
    owed = OpenAmounts.of(chase.ledger, model)
    order = np.argsort(-chase.due, kind="stable")
    for rows in np.split(order, range(_CHUNK, len(order), _CHUNK)):
        if len(rows):
            parts = _Part.of(chase, owed, rows, written, policy)
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
    law = effects[0].law
    now = remembered_contacts(chase.ledger, ids, first, law)
    remembered = still_remembered(now[:, None], chase.days - day_number(first), law)
    steps = chase.strategy.steps
    full, open_ = np.zeros((len(steps) + 2, 2)), np.zeros((len(steps) + 2, 2), np.bool_)
    for s, rung in enumerate(steps):
        for k, tone in enumerate(TONES):
            full[s, k] = extra_of(effects[rung.personal].of(rung.channel, tone).ratio)
            free = policy.tones == "best" and rung.channel == "phone" and rung.stage != "reminder"
            open_[s, k] = free or tone == rung.tone
    full[len(steps), 0], open_[len(steps), 0] = extra_of(effects[0].of("phone", "friendly").ratio), True
    tones = open_[chase.step].transpose(0, 2, 1)
    extra = added_hazard(full[chase.step].transpose(0, 2, 1), remembered[:, None], law)
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
    def of(cls, chase: Chase, owed: OpenAmounts, rows: Ints, written: WriteOffs, policy: Policy) -> "_Part":
        known = day_number(chase.ledger.as_of)
        at = chase.days - known
        span = int(at[0]) + policy.horizon
        late = known - chase.due[rows]  # ascending
        grid = np.arange(late[0], late[-1] + span + 1)
        beyond = _ages_beyond(int(grid[-1]), written) if policy.later_cash else np.empty(0, np.int64)
        total = owed.cumulative_hazard(chase.invoice[rows], np.r_[grid, beyond])
        place = (late - late[0])[:, None] + np.arange(span + 1)
        inside = np.take_along_axis(total, place, axis=1)
        aged = np.where(owed.rests.open[chase.invoice[rows]], -NEVER, late)  # nobody writes a rest off
        left = written.left(aged, np.arange(1, span + 1))
        worth = (1 + policy.discount_rate) ** (-np.arange(1, span + 1) / 365) * left
        lost = 1 - policy.later_cash * _paid_later(total, np.r_[grid, beyond], late + span, aged + span, written)
        weight = np.c_[worth[:, :-1] - worth[:, 1:], worth[:, -1] * lost]
        survival = np.exp(-(inside[:, 1:] - inside[:, :1]))
        cost = weight * survival
        before = np.maximum(at - 1, 0)
        return cls(
            hazard=np.diff(inside, axis=1),
            cost=cost,
            worth=worth[:, 0] - cost.sum(axis=1),
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


def _ages_beyond(last: int, written: WriteOffs) -> Ints:
    """Return the days past due after the last of a grid between which no invoice is written off."""
    ages = np.r_[written.age, max(_EVER, last + 1)]
    return np.unique(ages[ages > last])


def _paid_later(total: Floats, ages: Ints, since: Ints, aged: Ints, written: WriteOffs) -> Floats:
    """Return the chance that each invoice is paid before it is written off, if it is open so many days past due.

    `total` is the cumulative hazard at these ages, ascending, shape (k, ages); `aged` are the days past due `since`
    which an invoice is open as the house's write-offs count them.
    """
    now = np.take_along_axis(total, np.searchsorted(ages, since)[:, None], axis=1)
    comes = -np.diff(np.exp(-np.maximum(total - now, 0.0)), axis=1)  # nothing before `since`
    stands = written.left(aged - 1, ages[None, :-1] + 2 - since[:, None])
    return np.asarray((comes * stands).sum(axis=1))
