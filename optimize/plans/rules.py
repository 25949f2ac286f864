"""The rules of a call plan: each one method with one sentence, which messages use too.

A rule answers what it allows, in a shape that broadcasts to (accounts, tones, specialists, days, blocks). Rules apply
in the order in which they stand; an account is held back by the first rule that leaves it nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput
from ledger.arrays import Flags, Floats, Ints
from ledger.table.currency import decimals
from ledger.table.ledger import as_day, positions
from ledger.table.months import day_number
from ledger.table.tables import TEXT
from optimize.plans.contact_value import TONES
from optimize.plans.steps_due import Dunning

Stops = Mapping[str, "pd.Timestamp | str"] | pd.DataFrame
_SENTENCES: Final[dict[str, str]] = {}


def _rule(sentence: str) -> Callable[[Callable[["Rules"], Flags]], Callable[["Rules"], Flags]]:
    def register(method: Callable[["Rules"], Flags]) -> Callable[["Rules"], Flags]:
        _SENTENCES[method.__name__] = sentence
        return method

    return register


@dataclass(frozen=True, eq=False, kw_only=True)
class Rules:
    """What the rules look at.

    Parameters
    ----------
    dunning
        Accounts, and what the ladder asks for.
    stopped_until
        Last day of each account's dunning stop, (n,); a large negative number for none.
    held
        Accounts that are drawn for the holdout, (n,).
    open_days
        Whether a day is no holiday of the customer, (n, D).
    reach
        Chance of reaching the right party, 0 outside the customer's calling window, (n, D, blocks).
    speaks, skilled
        Who speaks the account's language, and has the skill that it asks for, (n, specialists).
    firm
        Who has the authority to be firm, (specialists,).
    tones
        Tones open to the step, (n, 2, D).
    minimum_gap
        Least days between two contacts.
    """

    dunning: Dunning
    stopped_until: Ints
    held: Flags
    open_days: Flags
    reach: Floats
    speaks: Flags
    skilled: Flags
    firm: Flags
    tones: Flags
    minimum_gap: int

    @_rule("Customers drawn for the randomised holdout are left alone, unless a promise must be followed up.")
    def holdout(self) -> Flags:
        """Return who is not held, or has a follow-up."""
        return _by_day(~self.held[:, None] | self.dunning.follow_up)

    @_rule("A dunning stop forbids every contact up to its last day.")
    def stop(self) -> Flags:
        """Return the days after each account's stop."""
        return _by_day(self.dunning.days > self.stopped_until[:, None])

    @_rule("A live promise to pay is left alone until its day has passed.")
    def promise(self) -> Flags:
        """Return the days with an invoice that is not under a live promise."""
        return _by_day(self.dunning.any_of(self.dunning.reached & ~self.dunning.promised))

    @_rule("A disputed invoice is not chased before its dispute is resolved.")
    def dispute(self) -> Flags:
        """Return the days with an invoice that is neither disputed nor promised."""
        return _by_day(self.dunning.any_of(self.dunning.active))

    @_rule("Balances below the strategy's minimum are left alone.")
    def minimum_balance(self) -> Flags:
        """Return the days on which the chased balance is large enough."""
        dunning = self.dunning
        least = dunning.strategy.minimum_balance * 10 ** decimals(dunning.ledger.base_currency)
        return _by_day((dunning.total(dunning.active * dunning.open[:, None]) >= least) | dunning.follow_up)

    @_rule("A step is carried out once, with its number of attempts; then the next rung of the ladder is awaited.")
    def ladder(self) -> Flags:
        """Return the days on which a step is due."""
        return _by_day(self.dunning.step >= 0)

    @_rule("Between two contacts with a customer lies the minimum gap, and between two calls the step's retry days.")
    def minimum_gap_kept(self) -> Flags:
        """Return the days far enough from the last contact and the last call."""
        dunning, log = self.dunning, self.dunning.contacted
        retry = np.array([step.retry_days for step in dunning.strategy.steps] + [1, 1])[dunning.step]
        after_call = dunning.days >= log.last_call[dunning.customer][:, None] + retry
        heard = dunning.days >= log.last_heard[dunning.customer][:, None] + np.minimum(self.minimum_gap, retry)
        return _by_day(heard & (after_call | ~dunning.by_phone()))

    @_rule("No more contacts in any 7 days than the strategy's cap.")
    def frequency_cap(self) -> Flags:
        """Return the days with fewer contacts than the cap in the 7 days that end on them."""
        dunning = self.dunning
        who = np.broadcast_to(dunning.customer[:, None], dunning.step.shape)
        days = np.broadcast_to(dunning.days, dunning.step.shape)
        recent = dunning.contacted.count(dunning.contacted.heard, who, days - 6, days)
        return _by_day(recent < dunning.strategy.contact_cap)

    @_rule("Nobody is called on a public holiday of the customer's country.")
    def holiday(self) -> Flags:
        """Return the days on which the customer can be called."""
        return _by_day(self.open_days | ~self.dunning.by_phone())

    @_rule("Customers are called within their local calling window.")
    def calling_window(self) -> Flags:
        """Return the blocks that lie in the window of the customer's clock."""
        return np.asarray(((self.reach > 0) | ~self.dunning.by_phone()[:, :, None])[:, None, None])

    @_rule("The specialist speaks the customer's language; English serves where nobody does.")
    def language(self) -> Flags:
        """Return who can talk to the customer; a message needs nobody."""
        return self._people(self.speaks)

    @_rule("The specialist has the skill that the customer's segment asks for.")
    def skill(self) -> Flags:
        """Return who has the skill; a message needs nobody."""
        return self._people(self.skilled)

    @_rule("A firm tone needs a step that allows it and a specialist with the authority.")
    def authority(self) -> Flags:
        """Return who may use which tone on which day."""
        may = np.stack([np.ones_like(self.firm), self.firm])
        return np.asarray(self.tones[:, :, None, :, None] & (may[None, :, :, None, None] | ~self._called))

    @property
    def _called(self) -> Flags:
        return _by_day(self.dunning.by_phone())

    def _people(self, able: Flags) -> Flags:
        return np.asarray(able[:, None, :, None, None] | ~self._called)

    def applied(self) -> Iterator[tuple[str, Flags]]:
        """Yield each rule's name and what it allows, in order."""
        for name in _SENTENCES:
            if name in type(self).__dict__:
                yield name, getattr(self, name)()

    def allowed(self) -> tuple[Flags, dict[str, Ints]]:
        """Return what all rules allow, and the accounts that each rule holds back on all days but the last.

        The last day is the one after the plan.
        """
        accounts = len(self.dunning.customer)
        free: Flags = np.ones((accounts, 1, 1, len(self.dunning.days), 1), np.bool_)
        left: Flags = np.ones(accounts, np.bool_)
        held: dict[str, Ints] = {}
        for name, allows in self.applied():
            free = np.asarray(free & allows)
            still = np.asarray(free[:, :, :, :-1].any(axis=(1, 2, 3, 4)))
            held[name] = np.flatnonzero(left & ~still)
            left = still
        return free, held


def sentence(rule: str) -> str:
    """Return the sentence of a rule."""
    return _SENTENCES[rule]


def _by_day(days: Flags) -> Flags:
    return np.asarray(days)[:, None, None, :, None]


# Rules that are not masks: what they hold back is known when the plan is.
_SENTENCES["capacity"] = "No specialist works more minutes in a block of a day than there are."
_SENTENCES["worth"] = "A contact must be worth more than its cost, its price in goodwill, and waiting."
_SENTENCES["promise_follow_up"] = "A promise whose day has passed with the invoice unpaid must be followed up."
_SENTENCES["dispute_acknowledged"] = "A dispute must be acknowledged within one business day."


def stopped_until(stops: Stops | None, customers: pd.Series, *, where: str = "stops") -> Ints:
    """Return the last day of each customer's dunning stop, a large negative number for none.

    `stops` maps customer ids to days, or is a table with the columns customer_id and until; `where` names it in errors.

    Raises
    ------
    BadInput
        For a table without these columns, or a day that is none.
    """
    until = np.full(len(customers), -(2**30))
    if stops is None or not len(stops):
        return until
    if isinstance(stops, pd.DataFrame):
        missing = {"customer_id", "until"} - set(stops.columns)
        if missing:
            rule = f"needs the columns customer_id and until; lacks {', '.join(sorted(missing))}"
            raise BadInput(rule, where=where)
        pairs = list(zip(stops["customer_id"].astype(str), stops["until"], strict=True))
    else:
        pairs = [(str(key), day) for key, day in stops.items()]
    row = positions(pd.Series([key for key, _ in pairs], dtype=TEXT), customers)
    for at, (key, day) in zip(row.tolist(), pairs, strict=True):
        try:
            last = day_number(as_day(day))
        except BadInput as error:
            raise BadInput(error.rule, where=f"{where}, {key}", field="until", value=str(day)) from error
        if at >= 0:
            until[at] = max(until[at], last)
    return until


assert TONES == ("friendly", "firm"), "the authority rule's rows"
