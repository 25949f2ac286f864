"""What strategy and people cost, in the currency of the portfolio; without a rate it is said, not computed."""

from collections.abc import Iterable

import pandas as pd

from ledger.notes import Note
from ledger.policy.roster import Roster, roster
from ledger.policy.strategy import Strategy
from ledger.table.exchange import Exchange
from models.assumed.assumptions import Assumptions, costs_of
from sim.world.portfolio import Portfolio

People = int | pd.DataFrame | Roster


def in_base(
    portfolio: Portfolio, strategy: Strategy | str, assumptions: Assumptions | None = None
) -> tuple[Strategy, Assumptions]:
    """Return strategy and assumptions with all amounts in the portfolio's currency; a cost without a rate is NaN.

    The minimum balance of an embedded strategy is an assumption too: without a rate there is none (see `unpriced`).

    Raises
    ------
    BadInput
        Where the minimum balance of a strategy of the user's own is in a currency for which the ledger has no rate.
    """
    exchange, chosen = Exchange.of(portfolio.ledger), Strategy.load(strategy)
    assume = (assumptions or portfolio.assumptions).in_base(exchange, ())
    return chosen.for_all_balances() if chosen.assumes_too_much(exchange) else chosen.in_base(exchange), assume


def unpriced(
    portfolio: Portfolio,
    strategies: Iterable[Strategy | str],
    specialists: People,
    assumptions: Assumptions | None = None,
) -> tuple[Note, ...]:
    """Return in warnings what is not known of these strategies because its currency has no rate, and what helps."""
    exchange, assume = Exchange.of(portfolio.ledger), assumptions or portfolio.assumptions
    people, chosen = roster(specialists, portfolio.timezone), [Strategy.load(strategy) for strategy in strategies]
    wage = bool((people.table["cost_per_hour"] == 0).any())
    missing: dict[str, list[str]] = {}
    if assume.currency not in exchange.rates:
        names = dict.fromkeys(name for strategy in chosen for name in costs_of(strategy, wage=wage))
        if needed := [name for name in names if getattr(assume, name)]:
            missing[assume.currency] = [f"costs are not available ({', '.join(needed)})"]
    left_out: dict[tuple[str, float], list[str]] = {}
    for one in chosen:
        if one.currency and one.assumes_too_much(exchange):
            left_out.setdefault((one.currency, one.minimum_balance), []).append(one.name)
    for (code, least), names_of in left_out.items():
        small = f"small balances are chased too (the minimum of {least:g} {code} is left out of {', '.join(names_of)})"
        missing.setdefault(code, []).append(small)
    return tuple(
        Note(f"{exchange.lack(code)}. Until then {'; '.join(said)}.", level="warning") for code, said in missing.items()
    )
