"""A run goes on where the ledger ends: steps that wait, calls made for them, contacts that are still remembered.

An account waits for the step furthest up the ladder that was asked for by the evening of day 0 and not yet carried out
(`ladder`). What a contact log cannot show counts as done: rungs reached before the log begins, so all of them
where there is no log. Only those of the days since the last weekday are new then, because nobody worked on them.
"""

import numpy as np
import pandas as pd

from ledger.arrays import Floats, Ints
from ledger.policy.strategy import Strategy
from ledger.table.months import day_number
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import ContactLaw
from models.history.contacted import SPAN
from models.history.contacts_felt import extra_hazard
from models.history.ladder import rungs, standing
from sim.world.portfolio import Portfolio
from sim.world.state import Accounts, Payments


def resume(acc: Accounts, portfolio: Portfolio, strategy: Strategy, law: ContactLaw) -> None:
    """Set the accounts to what the ledger says of them on the evening of day 0."""
    log, today = portfolio.contacted, day_number(portfolio.start)
    acc.recent[:] = log.latest(acc.recent.shape[1]) - today
    acc.memory[:], acc.memory_day[:] = log.remembered(today + 1, law), 1
    if strategy.steps:
        _wait(acc, portfolio, strategy)


def _wait(acc: Accounts, portfolio: Portfolio, strategy: Strategy) -> None:
    """Set the steps that wait, the calls made for them, and the first day of the next call."""
    log, today = portfolio.contacted, day_number(portfolio.start)
    found = standing(portfolio.ledger, strategy, np.array([today]), portfolio.opening.row)
    shown = found.asked[:, 0] >= min(log.first, _last_weekday(portfolio.start) + 1)
    pending = found.pending(log)[:, 0] & shown
    highest = np.full(len(acc.step), -1)
    np.maximum.at(highest, found.customer[pending], found.rung[pending, 0])
    tries = found.tries(log)[:, 0]
    leading = pending & (found.rung[:, 0] == highest[found.customer])
    fewest = np.full(len(acc.step), np.iinfo(np.int32).max)
    np.minimum.at(fewest, found.customer[leading], tries[leading])  # the last to reach the rung began the step anew
    step = rungs(strategy)[1][highest]
    retry = np.array([s.retry_days for s in strategy.steps if s.channel == "phone"] or [0])
    waits = np.array([s.retry_days for s in strategy.steps] + [retry.min()])[step]
    acc.step[:] = step
    acc.tries[:] = np.where(step >= 0, fewest, 0)
    acc.next_try[:] = log.last_call - today + waits


def touched(portfolio: Portfolio) -> tuple[Ints, Ints]:
    """Return who was sent a message and who was called in vain since the last weekday, and may ring back for it."""
    log, since = portfolio.contacted, _last_weekday(portfolio.start)

    def lately(keys: Ints) -> Ints:
        who, day = np.divmod(keys, SPAN)
        return np.unique(who[day >= since])

    return lately(log.sent), lately(log.unanswered)


def still_felt(portfolio: Portfolio, assume: Assumptions, pays: Payments) -> Floats:
    """Return what contacts up to day 0 add to the hazard of each open invoice: its A, see `sim.world.payment`.

    Nothing where the timing of payment contains what contacts did.
    """
    begin = portfolio.opening
    out = np.zeros(len(begin.row))
    if portfolio.contains_contacts or not len(portfolio.ledger.contacts):
        return out
    log, (invoice, contact) = portfolio.covered
    extra = extra_hazard(log, assume)
    place = np.full(len(portfolio.ledger.invoices), -1)
    place[begin.row] = np.arange(len(begin.row))
    at, contact = place[invoice], contact[place[invoice] >= 0]
    at = at[at >= 0]
    column = log.day[contact] - day_number(portfolio.start) - begin.due[at] - pays.first_day
    inside = (column >= 0) & (column < len(pays.growth))
    np.add.at(out, at[inside], extra[contact[inside]] * pays.growth[column[inside]])
    return out


def _last_weekday(day: pd.Timestamp) -> int:
    """Return the number of the last day up to this one that is none of a weekend."""
    return day_number(day) - max(day.dayofweek - 4, 0)
