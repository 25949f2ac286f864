"""Promises to pay: some who are talked to say when they will, and some of these do.

A promise forbids chasing its invoices until its day. One that is kept is paid on that day at the latest; otherwise the
invoice goes on as before, and asks again for the step that it stands on.
"""

from typing import ClassVar

import numpy as np

from models.assumed.contact_law import TalkLaw, chance_kept
from sim.day.contact_records import Batch
from sim.day.today import Today
from sim.mechanisms.promises_kernels import PromiseLog, promise
from sim.mechanisms.protocol import Begun
from sim.world.keyed import Purpose
from sim.world.keyed_kernels import child_of_each, uniforms
from sim.world.state import Accounts, Invoices


class Promises:
    """Promises as they are made, a batch of contacts at a time."""

    name: ClassVar[str] = "promises"
    parameters: ClassVar[tuple[str, ...]] = (
        "promise_given_right_party",
        "promise_kept",
        "promise_days_low",
        "promise_days_high",
    )

    def __init__(self, begun: Begun) -> None:
        world = begun.world
        self._tables = world.invoices, world.accounts, begun.ladder, world.payments
        self._law, self._draw = TalkLaw.of(begun.assume), begun.draw(Purpose.PROMISE)
        self._made: list[PromiseLog] = []

    @classmethod
    def begin(cls, begun: Begun) -> "Promises | None":
        """Draw which live promises will be kept; off where nobody makes one."""
        world = begun.world
        rest_kind, draw = world.payments.rest_kind, begun.draw(Purpose.LIVE_PROMISE)
        law = TalkLaw.of(begun.assume)
        _keep(world.invoices, world.accounts, rest_kind, law, draw)
        return cls(begun) if law.promise > 0 else None

    def contacted(self, today: Today, batch: Batch, before: int) -> None:
        """Let those who were talked to promise."""
        talks = batch.happened[batch.talked[batch.happened] > 0]
        if not len(talks):
            return
        made = promise(today.day, batch.who[talks], *self._tables, self._law, self._draw)
        batch.promised[talks[made.contact]] = True
        self._made.append(made._replace(contact=before + talks[made.contact]))

    def log(self) -> PromiseLog:
        """Return all promises made."""
        return joined_promises(self._made)


def joined_promises(logs: list[PromiseLog]) -> PromiseLog:
    """Return one log of several, or an empty one of none."""
    whole, short = np.empty(0, np.int64), np.empty(0, np.int32)
    parts = [PromiseLog(whole, whole, short, short, whole), *logs]
    return PromiseLog(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _keep(inv: Invoices, acc: Accounts, rest_kind: int, law: TalkLaw, draw: np.uint64) -> None:
    """Draw which promises that are live on day 0 will be kept: those of a customer for one day together.

    That an invoice is still unpaid says nothing of it: until its day, a promise that is kept and one that is not leave
    the invoice to the same law.
    """
    live = np.flatnonzero((inv.hold > 0) & (inv.kind < rest_kind))
    who, until = inv.customer[live], inv.hold[live]
    keeps = uniforms(draw, child_of_each(acc.entity[who], until), 0) < chance_kept(acc.keeps[who], law)
    inv.pay[live[keeps]] = np.minimum(inv.pay[live], until)[keeps]
