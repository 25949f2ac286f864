"""Who is there to call: minutes by specialist, day and block, what they cost, and whom each may talk to."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Floats, Ints
from ledger.policy.roster import BLOCKS
from ledger.table.calendar import Calendar
from ledger.table.currency import decimals
from ledger.table.ledger import positions
from ledger.table.months import day_number
from ledger.table.places import calling_clocks
from ledger.table.tables import TEXT
from models.assumed.assumptions import Assumptions
from models.assumed.call_minutes import CallMinutes
from models.assumed.reach import SUREST, closing_hour, reach_by_block
from optimize.plans.policy import Policy
from optimize.plans.steps_due import Dunning, usual_specialist
from optimize.roster.costs import hourly_cost
from optimize.roster.shifts import STARTS, Shifts
from optimize.roster.team import Team


@dataclass(frozen=True, eq=False, kw_only=True)
class Desks:
    """Specialists (S) over the days (D) and blocks (B) of a plan; without any, one desk that has no minutes.

    Parameters
    ----------
    minutes
        Productive minutes, (S, D, B).
    cost
        Cost of a productive minute, base-currency minor units, (S,): the team's mean. Rostered hours are paid whoever
        calls, so wages may say which calls are worth making, not who makes them.
    firm
        Who has the authority to be firm, (S,).
    """

    team: Team
    ids: tuple[str, ...]
    names: tuple[str, ...]
    dates: pd.DatetimeIndex
    starts: tuple[str, ...]
    minutes: Floats
    cost: Floats
    firm: Flags

    @classmethod
    def of(cls, team: Team, shifts: Shifts, assume: Assumptions, currency: str) -> "Desks":
        """Return the desks of a team's shifts; hours without a cost of their own are at the assumed wage."""
        people = team.specialists
        hourly = np.full(len(people), hourly_cost(team, assume).mean()) if people else np.zeros(1)
        return cls(
            team=team,
            ids=team.ids or ("",),
            names=tuple(person.label for person in people) or ("nobody",),
            dates=shifts.dates,
            starts=STARTS,
            minutes=shifts.minutes if people else np.zeros((1, len(shifts.dates), BLOCKS)),
            cost=assume.per_minute(hourly) * 10.0 ** decimals(currency),
            firm=team.able(skill="firm") if people else np.ones(1, np.bool_),
        )

    def speaks(self, languages: "pd.Series[str]") -> Flags:
        """Return who speaks each language, (languages, S); everybody where nobody speaks it: English serves."""
        return self._able(languages, skill=False)

    def unspoken(self, languages: "pd.Series[str]") -> "pd.Series[int]":
        """Return how many customers speak each language that nobody of the team does, most first."""
        spoken = {code for person in self.team.specialists for code in person.languages}
        foreign = languages[~languages.isin({*spoken, ""}).to_numpy(bool)] if spoken else languages[:0]
        return foreign.astype(object).value_counts()

    def skilled(self, segments: "pd.Series[str]", skills: Mapping[str, str]) -> Flags:
        """Return who has the skill that `skills` asks for by segment, (segments, S); everybody where it asks none."""
        return self._able(segments.map(lambda name: skills.get(str(name), "")), skill=True)

    def _able(self, words: "pd.Series[str]", *, skill: bool) -> Flags:
        codes, names = pd.factorize(words.astype(object))
        if not self.team.specialists or not len(names):
            return np.ones((len(words), len(self.ids)), np.bool_)
        able = [self.team.able(skill=str(n)) if skill else self.team.able(language=str(n)) for n in names]
        table = np.array([row if skill or row.any() else np.ones_like(row) for row in able])
        return np.asarray(table[codes])

    def usual(self, dunning: Dunning) -> Ints:
        """Return each account's usual specialist, -1 for none: as the roster names them, else by the contact log."""
        found = usual_specialist(dunning.ledger, dunning.customer, self.ids)
        ids = dunning.ledger.customers["customer_id"].iloc[dunning.customer]
        for s, person in enumerate(self.team.specialists):
            if person.usual_customers:
                found[ids.isin(person.usual_customers).to_numpy()] = s
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Reach:
    """When each account can be reached: chance and minutes by day and block, (n, D, B), and open days, (n, D)."""

    chance: Floats
    minutes: Floats
    open_days: Flags
    closes: Floats  # (n,) hour on the collectors' clock at which the customer's calling window closes on the first day

    @classmethod
    def of(cls, dunning: Dunning, home: tuple[str, str], assume: Assumptions, policy: Policy) -> "Reach":
        """Return the chances; `home` is the collectors' time zone and country.

        The assumed rate counts as `policy.reach_attempts` attempts, to which the customer's own are added.
        """
        people = dunning.ledger.customers.iloc[dunning.customer]
        at = dunning.days - day_number(dunning.ledger.as_of)
        calendar = Calendar(start=dunning.ledger.as_of, days=int(at[-1]), countries=(), home=home[1])
        clock = calling_clocks(people, home[0], calendar.start.year)
        zones = tuple(sorted({*clock, home[0]}))
        rate = assume.right_party_contact_rate
        table = reach_by_block(calendar, zones, home[0], rate)[:, at]
        row = positions(clock, pd.Series(zones, dtype=TEXT))
        factor = dunning.contacted.reach(rate, policy.reach_attempts)
        chance = np.minimum(table[row] * factor[dunning.customer][:, None, None], SUREST)
        country = people["country"].astype(object)
        working = {str(code): calendar.working(str(code))[at] for code in country.unique()}
        open_days = np.array([working[str(code)] for code in country], np.bool_).reshape(len(people), len(at))
        return cls(
            chance=chance,
            minutes=CallMinutes.of(assume).expected(chance),
            open_days=open_days,
            closes=closing_hour(calendar, zones, home[0])[row, at[0]],
        )
