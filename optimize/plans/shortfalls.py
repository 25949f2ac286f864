"""What a plan could not do, which rules bind, and what an hour is worth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Ints
from optimize.plans.call_plan import BINDING_COLUMNS, HOLDOUT_COLUMNS, PRICE_COLUMNS, UNMET_COLUMNS, framed
from optimize.plans.candidates import Calls, ChosenCalls
from optimize.plans.messages import Messages
from optimize.plans.request import Request
from optimize.plans.rules import sentence

_LIFT: tuple[str, ...] = ("stop", "dispute", "promise")  # rules under which a promise need not be followed up


@dataclass(frozen=True, eq=False, kw_only=True)
class Findings:
    """What was planned beside what was wanted; `held_back` are the accounts by the rule that holds them back."""

    calls: Calls
    chosen: ChosenCalls
    sent: Messages
    held_back: dict[str, Ints]

    @property
    def contacted(self) -> Flags:
        """Accounts with a call or a message, (n,)."""
        n = len(self.calls.dunning.customer)
        out = np.zeros(n, np.bool_)
        out[self.chosen.item[self.chosen.item < n]] = True
        out[self.sent.account] = True
        return out

    def binding(self) -> pd.DataFrame:
        """Return the rules that hold accounts back, in the order in which they apply."""
        idle = ~self.contacted
        held = np.zeros(len(idle), np.bool_)
        rows = []
        for rule, accounts in self.held_back.items():
            rows.append((rule, len(accounts)))
            held[accounts] = True
        full = idle & ~held & self.chosen.wanted
        rows.append(("capacity", int(full.sum()) + self._tasks_left()))
        rows.append(("worth", int((idle & ~held & ~full).sum())))
        kept = [(rule, count) for rule, count in rows if count]
        return framed(
            BINDING_COLUMNS,
            {
                "rule": [rule for rule, _ in kept],
                "accounts": [count for _, count in kept],
                "sentence": [sentence(rule) for rule, _ in kept],
            },
        )

    def _tasks_left(self) -> int:
        n = len(self.calls.dunning.customer)
        return len(self.calls.tasks.customer) - int((self.chosen.item >= n).sum())

    def unmet(self) -> pd.DataFrame:
        """Return what must be done and is not, with the rule that forbids it, by rule and customer."""
        rows = self._promises() + self._disputes()
        rows.sort()
        names = list(UNMET_COLUMNS)
        return framed(UNMET_COLUMNS, {name: [row[k] for row in rows] for k, name in enumerate(names)})

    def _promises(self) -> list[tuple[str, str, str]]:
        dunning = self.calls.dunning
        ids = dunning.ledger.customers["customer_id"]
        owed = dunning.follow_up[:, :-1].any(axis=1) & ~self.contacted
        why = dict.fromkeys(np.flatnonzero(owed).tolist(), "capacity")
        for rule, accounts in self.held_back.items():
            for account in accounts.tolist():
                if account in why:
                    why[account] = rule
        said = sentence("promise_follow_up")
        return [
            ("promise_follow_up", str(ids.iloc[dunning.customer[account]]), f"{said} Held back by: {sentence(rule)}")
            for account, rule in why.items()
            if rule not in _LIFT
        ]

    def _disputes(self) -> list[tuple[str, str, str]]:
        calls, tasks, n = self.calls, self.calls.tasks, len(self.calls.dunning.customer)
        ids, said = calls.dunning.ledger.customers["customer_id"], sentence("dispute_acknowledged")
        day = dict(zip(self.chosen.item.tolist(), (self.chosen.slot // len(calls.desks.starts)).tolist(), strict=True))
        found = []
        for k, customer in enumerate(tasks.customer.tolist()):
            planned = day.get(n + k)
            if planned is not None and not tasks.late[k, planned]:
                continue
            able = sentence("capacity" if tasks.able[k].any() else "language" if tasks.handled[k].any() else "skill")
            when = "" if planned is None else f" It is planned on {calls.desks.dates[planned]:%Y-%m-%d}, too late."
            found.append(("dispute_acknowledged", str(ids.iloc[customer]), f"{said}{when} Held back by: {able}"))
        return found

    def prices(self) -> pd.DataFrame:
        """Return minutes and the price of an hour by specialist, day and block; base-currency minor units."""
        desks = self.calls.desks
        if not desks.team.specialists:
            return framed(PRICE_COLUMNS)
        people, days, blocks = desks.minutes.shape
        return framed(
            PRICE_COLUMNS,
            {
                "specialist_id": np.repeat(np.array(desks.ids, object), days * blocks),
                "date": np.tile(np.repeat(desks.dates.to_numpy(), blocks), people),
                "block": np.tile(np.arange(1, blocks + 1), people * days),
                "minutes_used": self.chosen.used.ravel(),
                "minutes": desks.minutes.ravel(),
                "price_per_hour": 60 * self.chosen.prices.ravel(),
            },
        )


def holdouts(asked: Request, calls: Calls, held: Flags) -> pd.DataFrame:
    """Return who was drawn for the holdout and who was not; empty without one."""
    if not asked.share:
        return framed(HOLDOUT_COLUMNS)
    ids = calls.dunning.ledger.customers["customer_id"].iloc[calls.dunning.customer].astype(object)
    first, last = asked.span
    return framed(
        HOLDOUT_COLUMNS,
        {
            "customer_id": ids.to_numpy(),
            "start": [first] * len(ids),
            "stop": [last] * len(ids),
            "held": held,
            "probability": [asked.share] * len(ids),
        },
    )
