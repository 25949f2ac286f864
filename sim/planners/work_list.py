"""What a planner sees each morning: the accounts to call as it believes them to be, and the desk."""

import numpy as np

from ledger.arrays import Bits, Floats, Ints
from ledger.policy.roster import FIRM, Roster
from models.assumed.assumptions import Assumptions
from models.assumed.call_minutes import CallMinutes
from models.planning.protocol import outlook_of
from sim.day.contact_effects import Response
from sim.day.ladder_kernels import at_risk
from sim.planners import Planner, WorkList
from sim.planners.belief import Belief
from sim.planners.prospects import Ahead, prospects
from sim.planners.prospects_kernels import Believed
from sim.world.layout import World
from sim.world.state import Ladder

_AHEAD = 30  # days over which a planner sees what is at risk


class WorkLists:
    """Makes the work lists of one run."""

    def __init__(
        self,
        world: World,
        ladder: Ladder,
        people: Roster,
        planner: Planner,
        belief: Belief,
        *,
        assume: Assumptions,
        response: Response,
        minor: int,
        key: np.uint64,
        seed: int,
    ) -> None:
        self.world, self.ladder, self.people, self.response = world, ladder, people, response
        self.minutes, self.key = CallMinutes.of(assume), key
        self.cost = _minute_cost(people, assume, minor)
        self.outlook, self.effect = outlook_of(planner), belief.effect
        self.acc, self.pays = belief.believe(world.accounts, world.payments, seed)
        self.kind = world.invoices.kind if belief.informed else np.zeros_like(world.invoices.kind)
        if self.outlook is not None:
            if self.outlook.foresight:
                self.acc, self.pays, self.effect = world.accounts, world.payments, 1.0
                self.kind = world.invoices.kind
            standing = np.empty(0) if self.outlook.foresight else world.standing
            self.ahead = Ahead.of(self.outlook, response.talk.days, standing, minor)

    def work(self, day: int, seen: int, to_call: Ints, chance: Floats, capacity: Floats) -> WorkList:
        """Return the work list of a morning, with prospects where the planner asks for them."""
        acc, pays, ladder = self.acc, self.pays, self.ladder
        inv = self.world.invoices._replace(kind=self.kind)
        firm: Bits | np.uint64 = np.uint64(0)
        if len(to_call):
            firm = np.where(ladder.firm[acc.step[to_call]], FIRM, np.uint64(0))
        found = None
        if self.outlook is not None:
            told = Believed(inv, acc, ladder, pays, self.response, self.effect, self.outlook.foresight)
            found = prospects(day, seen, to_call, told, self.ahead)
        return WorkList(
            day=day,
            entity=acc.entity[to_call],
            key=self.key,
            balance=acc.balance[to_call],
            days_past_due=acc.oldest[to_call],
            at_risk=at_risk(day, seen, to_call, inv, acc, pays, _AHEAD),
            needs=acc.need[to_call] | firm,
            reach=chance,
            minutes=self.minutes.expected(chance),
            can=self.people.can,
            capacity=capacity,
            cost=self.cost,
            prospects=found,
        )


def _minute_cost(people: Roster, assume: Assumptions, minor: int) -> float:
    """Return the team's mean cost of a productive minute, minor units; 0 where no wage is known, or nobody works."""
    own = assume.per_minute(assume.hourly(people.table["cost_per_hour"].to_numpy(float) / minor)) * minor
    return float(own.mean()) if len(own) and np.isfinite(own).all() else 0.0
