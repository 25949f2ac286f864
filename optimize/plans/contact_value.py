"""What the contacts of a plan are worth: the valuation of `models.planning.talk_value` on an open ledger and a model.

Days count from the first day of the plan; money is worth what it is on that day. A message gains what the hazard that
it multiplies pays earlier; a talk may win a promise as well, of the customer's own reliability
(`models.families.promise_keeping`). An invoice that is known to be unpaid on the evening before may be paid before the
day of the contact: that is in its value.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints
from ledger.table.calendar import NEVER
from ledger.table.months import day_number
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import TalkLaw, added_hazard, chance_won, extra_of, spent_by_talk, still_remembered
from models.effects.what_if import Effects, remembered_contacts
from models.families.part_payments import OpenAmounts
from models.families.promise_keeping import keeps_factor
from models.history.ladder import last_call
from models.history.write_offs import WriteOffs
from models.planning.protocol import Prospects
from models.planning.talk_value import EVER, Grid
from models.timing import PaymentTiming
from optimize.plans.contact_value_kernels import DueContacts, Gained, OpenInvoices, gained
from optimize.plans.policy import Policy
from optimize.plans.steps_due import Dunning

_CHUNK: Final = 2000  # invoices at a time
_DAILY: Final = 60  # days that are looked at one by one, at most, beyond the later talks
TONES: Final = ("friendly", "firm")


@dataclass(frozen=True, eq=False, kw_only=True)
class ContactValues:
    """Money in base-currency minor units; n accounts, D days, tones friendly and firm, K later talks.

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
    later
        What the contact would add if it were put off by each delay, (n, D, K).
    still_open
        Chance that any of the invoices is open then, (n, D, K).
    spent
        Share of a later talk's worth that a talk on the day uses up, (n, D).
    """

    without: Floats
    gain: Floats
    tones: Flags
    owing: Floats
    later: Floats
    still_open: Floats
    spent: Floats

    def talks(self, day: int, goodwill: float) -> Prospects:
        """Return what talks on a day of the plan bring, and later ones, less what they cost in goodwill."""
        return Prospects(
            uplift=self.gain[:, :, day].max(axis=1) - goodwill,
            later=self.later[:, day] - goodwill * self.still_open[:, day],
            still_open=self.still_open[:, day],
            spent=self.spent[:, day],
        )


def contact_values(
    dunning: Dunning,
    model: PaymentTiming,
    effects: tuple[Effects, Effects],
    written: WriteOffs,
    *,
    policy: Policy,
    assume: Assumptions,
) -> ContactValues:
    """Return what the contacts due are worth on each day.

    `effects` are those of form messages and calls, and of messages that name a person; `written` is the law by which
    the house writes invoices off; `assume` says what a talk wins.
    """
    ahead = _Ahead.of(dunning, written, policy, assume)
    contacts, tones = _contacts(dunning, effects, policy, ahead, assume)
    m, days = len(dunning.invoice), len(dunning.days)
    out = Gained(np.zeros(m), np.zeros((m, 2, days)), *np.zeros((2, m, days, len(ahead.delays) - 1)))
    unpaid = np.ones((m, days))
    owed = OpenAmounts.of(dunning.ledger, model)
    order = np.argsort(-dunning.due, kind="stable")
    for rows in np.split(order, range(_CHUNK, len(order), _CHUNK)):
        if len(rows):
            some, unpaid[rows] = ahead.looked_up(owed, dunning, rows)
            part = Gained(*(np.zeros_like(field[rows]) for field in out))
            gained(some, contacts, ahead.grid, part)
            for field, found in zip(out, part, strict=True):
                field[rows] = found
    money = dunning.covered * (dunning.open[:, None] * (1 - dunning.kept))
    return ContactValues(
        without=dunning.total(dunning.covered * (dunning.open * out.without)[:, None]),
        gain=dunning.total(money[:, None] * out.gain),
        tones=tones,
        owing=_any(dunning, unpaid * (1 - dunning.kept) * dunning.covered),
        later=dunning.total(money[:, :, None] * out.later),
        still_open=_any(dunning, out.still_open * (1 - dunning.kept)[:, :, None]),
        spent=spent_by_talk(contacts.won, effects[0].law),
    )


def _any(dunning: Dunning, chances: Floats) -> Floats:
    """Return the chance that any of each account's invoices is open, from the chance of each."""
    return np.asarray(-np.expm1(dunning.total(np.log(np.clip(1 - chances, 1e-300, 1)))))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ahead:
    """The days looked at; all count from the first day of the plan."""

    grid: Grid
    offsets: Ints  # (D,) the days of the plan
    delays: Ints  # (K,) of talks, 0 first
    promised: int  # days after a talk for which a promise is made
    written: WriteOffs

    @classmethod
    def of(cls, dunning: Dunning, written: WriteOffs, policy: Policy, assume: Assumptions) -> "_Ahead":
        outlook = policy.outlook
        at = dunning.days - dunning.days[0]
        delays = np.array([0, *(delay for delay in outlook.delays if delay < outlook.horizon)], np.int64)
        promised = TalkLaw.of(assume).days
        days = np.arange(int(at[-1] + delays[-1]) + promised + _DAILY + 1)
        standing = written.standing(np.arange(max(written.age, default=0) + 1))
        return cls(
            grid=Grid.of(days, outlook, standing), offsets=at, delays=delays, promised=promised, written=written
        )  # fmt: skip

    def looked_up(self, owed: OpenAmounts, dunning: Dunning, rows: Ints) -> tuple[OpenInvoices, Floats]:
        """Return these invoices, and the chance that each is unpaid on the evening before each day, (k, D)."""
        first, known = dunning.days[0], day_number(dunning.ledger.as_of)
        late = first - dunning.due[rows]
        days = np.concatenate([[known - first], self.offsets - 1, self.grid.days])
        age = np.minimum(late[:, None] + days, np.maximum(late, EVER)[:, None])
        ages, column = np.unique(age, return_inverse=True)
        column = column.reshape(len(rows), len(days)).astype(np.int64)
        total = owed.cumulative_hazard(dunning.invoice[rows], ages)
        evenings = column[:, 1 : 1 + len(self.offsets)]
        now = np.take_along_axis(total, column[:, :1], axis=1)
        unpaid = np.exp(-(np.take_along_axis(total, evenings, axis=1) - now))
        rest = owed.rests.open[dunning.invoice[rows]]
        some = OpenInvoices(
            total=total,
            known=column[:, 0],
            column=np.ascontiguousarray(column[:, 1 + len(self.offsets) :]),
            late=np.where(rest, -NEVER, late),  # nobody writes a rest off
            due=dunning.due[rows] - first,
            rest=rest,
            account=dunning.account[rows],
            covered=dunning.covered[rows],
        )
        return some, unpaid


def _contacts(
    dunning: Dunning, effects: tuple[Effects, Effects], policy: Policy, ahead: _Ahead, assume: Assumptions
) -> tuple[DueContacts, Flags]:
    """Return what contacts do, and which tones are open to the step due, (n, 2, D)."""
    ids = dunning.ledger.customers["customer_id"].iloc[dunning.customer]
    first = dunning.ledger.as_of + pd.Timedelta(days=1)
    law = effects[0].law
    now = remembered_contacts(dunning.ledger, ids, first, law)
    held = ahead.offsets[:, None] + ahead.delays  # (D, K)
    since = dunning.days[0] - day_number(first) + held
    remembered = still_remembered(now[:, None, None], since, law)  # (n, D, K)
    steps = dunning.strategy.steps
    full, open_ = np.zeros((len(steps) + 2, 2)), np.zeros((len(steps) + 2, 2), np.bool_)
    for s, rung in enumerate(steps):
        for k, tone in enumerate(TONES):
            full[s, k] = extra_of(effects[rung.personal].of(rung.channel, tone).ratio)
            free = policy.tones == "best" and rung.channel == "phone" and rung.stage != "reminder"
            open_[s, k] = free or tone == rung.tone
    full[len(steps), 0], open_[len(steps), 0] = extra_of(effects[0].of("phone", "friendly").ratio), True
    full = np.where(open_, full, 0.0)
    by_tone = full[dunning.step].transpose(0, 2, 1)
    talk = TalkLaw.of(assume)
    keeps = keeps_factor(dunning.ledger, assume)[dunning.customer]
    won = np.array([chance_won(keep, 1.0, talk) for keep in keeps.tolist()])[:, None] * dunning.by_phone()
    contacts = DueContacts(
        extra=np.asarray(added_hazard(by_tone, remembered[:, None, :, 0], law)),
        later=np.asarray(added_hazard(full.max(axis=1)[dunning.step][:, :, None], remembered, law)),
        won=won,
        at=ahead.grid.at(held),
        promised=ahead.grid.at(held + ahead.promised),
        last_call=last_call(dunning.strategy),
        daily=law.daily,
    )
    return contacts, open_[dunning.step].transpose(0, 2, 1)
