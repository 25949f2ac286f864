"""Messages: they need no specialist, so each is sent on the first day on which it is due, and worth sending."""

from dataclasses import dataclass

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from ledger.table.currency import decimals
from models.assumed.assumptions import Assumptions
from optimize.plans.candidates import Calls, ChosenCalls


@dataclass(frozen=True, eq=False, kw_only=True)
class Messages:
    """Accounts that get a message, the day of the plan (number from 0), its tone and its net value."""

    account: Ints
    day: Ints
    tone: Ints
    net: Floats


def messages(calls: Calls, chosen: ChosenCalls, assume: Assumptions) -> Messages:
    """Return the messages that are worth sending, given the calls."""
    dunning, unit = calls.dunning, 10 ** decimals(calls.dunning.ledger.base_currency)
    days = calls.days
    step = dunning.step[:, :days]
    tone = np.where(calls.worths.tones, calls.worths.gain, -np.inf).argmax(axis=1)[:, :days]
    gain = np.take_along_axis(calls.worths.gain[:, :, :days], tone[:, None], axis=1)[:, 0]
    prices = [assume.letter_cost if s.channel == "letter" else assume.email_cost for s in dunning.strategy.steps]
    price = np.array([*prices, 0.0, 0.0])[step] + calls.goodwill / unit
    net = gain - price * unit * calls.worths.owing[:, :days]
    may: Flags = np.asarray(calls.free.any(axis=(1, 2, 4)))[:, :days] & ~dunning.by_phone()[:, :days]
    followed = dunning.follow_up[:, :days] & may
    fits = may & ((net > 0) | followed) & _beside(calls, chosen, step)
    some = np.flatnonzero(fits.any(axis=1))
    day = fits.argmax(axis=1)[some]
    return Messages(account=some, day=day, tone=tone[some, day], net=net[some, day])


def _beside(calls: Calls, chosen: ChosenCalls, step: Ints) -> Flags:
    """Return the days on which a message neither follows too soon on a planned call nor comes right before one."""
    dunning, blocks, days = calls.dunning, len(calls.desks.starts), step.shape[1]
    fits = np.ones(step.shape, np.bool_)
    numbers = dunning.days[:days]
    who = np.flatnonzero(chosen.item < len(step))
    for account, slot in zip(chosen.item[who].tolist(), chosen.slot[who].tolist(), strict=True):
        day = slot // blocks
        apart = np.abs(numbers - numbers[day]) >= calls.policy.minimum_gap
        done = (np.arange(days) > day) & (step[account] == step[account, day])
        fits[account] &= apart & ~done
        recent = dunning.contacted.count(
            dunning.contacted.heard, np.full(days, dunning.customer[account]), numbers - 6, numbers
        )
        fits[account] &= recent + 1 < dunning.strategy.contact_cap
    return fits
