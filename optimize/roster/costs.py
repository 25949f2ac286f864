"""What the hours of a team cost, in its own currency and in a ledger's."""

import numpy as np

from ledger import BadInput, Ledger
from ledger.arrays import Floats
from ledger.table.exchange import Exchange
from models.assumed.assumptions import Assumptions
from optimize.roster.team import Team


def exchange_of(team: Team, ledger: Ledger) -> Exchange:
    """Return the rates to the ledger's base currency: the ledger's, and beside them the team's own."""
    return Exchange.of(ledger).beside(team.currency, team.rates)


def team_in_base(team: Team, exchange: Exchange) -> Team:
    """Return the same team with its costs in the ledger's base currency.

    Raises
    ------
    BadInput
        Where somebody has a cost and its currency no rate.
    """
    if team.currency == exchange.base:
        return team
    people = []
    for person in team.specialists:
        where = f"roster, specialist {person.id}"
        cost = exchange.to_base(person.cost_per_hour, team.currency, where=where, field="cost_per_hour")
        people.append(person.model_copy(update={"cost_per_hour": cost}))
    return team.model_copy(update={"currency": exchange.base, "specialists": tuple(people), "rates": {}})


def hourly_cost(team: Team, assume: Assumptions) -> Floats:
    """Return the cost of each specialist's paid hour in major units; where none is given, the assumed loaded wage.

    Raises
    ------
    BadInput
        Where the wage is needed, and assumed in another currency than the team's.
    """
    own = np.array([person.cost_per_hour for person in team.specialists], np.float64)
    if team.currency != assume.currency and not team.all_priced:
        rule = f"is assumed in {assume.currency}, and the team is paid in {team.currency}: give all a cost_per_hour"
        raise BadInput(rule, where="assumptions", field="specialist_wage", value=assume.specialist_wage)
    return assume.hourly(own)
