"""What strategy and people cost, in the currency of the portfolio."""

import pandas as pd

from ledger.policy.roster import Roster, roster
from ledger.policy.strategy import Strategy
from ledger.table.exchange import Exchange
from models.assumed.assumptions import Assumptions, costs_of
from sim.world.portfolio import Portfolio


def in_base(
    portfolio: Portfolio,
    strategy: Strategy | str,
    specialists: int | pd.DataFrame | Roster,
    assumptions: Assumptions | None = None,
) -> tuple[Strategy, Assumptions]:
    """Return strategy and assumptions with all amounts in the portfolio's currency.

    Raises
    ------
    BadInput
        Where an amount that the strategy needs is in a currency for which the ledger has no rate.
    """
    exchange, people = Exchange.of(portfolio.ledger), roster(specialists, portfolio.timezone)
    chosen = Strategy.load(strategy).in_base(exchange)
    unpriced = bool((people.table["cost_per_hour"] == 0).any())
    return chosen, (assumptions or portfolio.assumptions).in_base(exchange, costs_of(chosen, wage=unpriced))
