"""Callbacks: some customers who were sent a message, or whom a call did not reach, ring on the next working day."""

from typing import ClassVar

import numpy as np

from ledger.arrays import Ints
from ledger.policy.roster import FULL_SHIFT, SHIFT_START
from models.assumed.call_minutes import CallMinutes
from sim.day.call_outcomes import talk_seconds
from sim.day.desk_kernels import Incoming
from sim.day.today import DAY, Today
from sim.mechanisms.callbacks_kernels import will_ring
from sim.mechanisms.protocol import Begun
from sim.world.keyed import Purpose
from sim.world.resume import touched


class Callbacks:
    """Who rings back on the next working day, and when."""

    name: ClassVar[str] = "callbacks"
    parameters: ClassVar[tuple[str, ...]] = ("callback_share_message", "callback_share_unreached")

    def __init__(self, begun: Begun) -> None:
        assume = begun.assume
        self._shares = [assume.callback_share_message / 100, assume.callback_share_unreached / 100]
        self._accounts, self._minutes = begun.world.accounts, CallMinutes.of(assume)
        self._key, self._talk_key = begun.draw(Purpose.CALLBACK), begun.draw(Purpose.CALLBACK_DURATION)
        self._draw(0, begun.first, *touched(begun.portfolio))

    @classmethod
    def begin(cls, begun: Begun) -> "Callbacks | None":
        """Draw who rings on the first working day; off where nobody ever does."""
        on = begun.assume.callback_share_message > 0 or begun.assume.callback_share_unreached > 0
        return cls(begun) if on else None

    def incoming(self, today: Today) -> None:
        """Let calls come in, in order of arrival."""
        who, second, acc = self._who, self._second, self._accounts
        order = np.lexsort((who, second))
        who = who[order]
        talk = talk_seconds(self._talk_key, acc.entity[who], acc.touches[who], self._minutes)
        unanswered = np.full(len(who), -1, np.int64)
        arrival = today.day * DAY + SHIFT_START + second[order]
        today.incoming = Incoming(who, arrival, talk, unanswered, unanswered.astype(np.int32))

    def evening(self, today: Today) -> None:
        """Draw who will ring on the next working day: of those sent a message today, and those called in vain."""
        assert today.sent is not None
        assert today.called is not None
        self._draw(today.day, today.following, today.sent.who, today.called.who[today.called.talked == 0])

    def _draw(self, day: int, following: int, sent: Ints, unreached: Ints) -> None:
        share, who = np.repeat(self._shares, [len(sent), len(unreached)]), np.concatenate([sent, unreached])
        self._who, self._second = will_ring(day, following, who, share, self._key, self._accounts, FULL_SHIFT)
