"""What a plan was asked for, checked: everything that `plan` works from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Flags
from ledger.policy.strategy import Strategy
from ledger.table.ledger import Day, as_day
from ledger.table.places import home_zone
from ledger.wording import plural
from models.assumed.assumptions import Assumptions, costs_of
from models.effects.what_if import Effects
from models.families.published import WARNING
from models.registry.reference import PUBLISHED
from models.timing import PaymentTiming, fit, learnable
from optimize.plans.policy import Policy
from optimize.plans.rules import Stops
from optimize.roster.costs import exchange_of, team_in_base
from optimize.roster.load import load_team
from optimize.roster.shifts import working_days
from optimize.roster.team import Team

LONGEST: Final = 60  # working days


@dataclass(frozen=True, eq=False, kw_only=True)
class Request:
    """A plan's inputs.

    Parameters
    ----------
    known
        The ledger as known on the evening before the date, or on its last day where that is earlier.
    timing
        The model, told of that ledger; `words` say where it comes from.
    dates
        Working days of the plan, and the one after it.
    effects
        Of calls and form messages, and of messages that name a person.
    share
        Chance of being drawn for the holdout.
    """

    known: Ledger
    timing: PaymentTiming
    words: str
    version: str
    strategy: Strategy
    team: Team
    date: pd.Timestamp
    dates: pd.DatetimeIndex
    effects: tuple[Effects, Effects]
    policy: Policy
    assume: Assumptions
    share: float
    stops: Stops | None
    skills: Mapping[str, str]
    seed: int
    notes: tuple[str, ...]

    @property
    def days(self) -> int:
        """Days of the plan."""
        return len(self.dates) - 1

    def held(self, customers: "pd.Series[str]") -> Flags:
        """Return who is left alone for the holdout: drawn now, or held by the ledger's own holdout on the first day.

        The draw is a hash of seed, span and customer: it is the same on every night of a span of `holdout_days`.
        """
        span = int(self.span[0].timestamp())
        drawn = [_uniform(f"{self.seed} {span} {name}") < self.share for name in customers]
        table, first = self.known.holdouts, self.dates[0]
        live = table[table["held"] & (table["start"] <= first) & (table["stop"] >= first)]
        return np.asarray(np.array(drawn, np.bool_) | customers.isin(live["customer_id"]).to_numpy(np.bool_))

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last day of the holdout's span in which the plan begins; spans count from 1970-01-01."""
        length = self.strategy.holdout_days
        first = self.dates[0] - pd.Timedelta(days=(self.dates[0] - pd.Timestamp(0)).days % length)
        return first, first + pd.Timedelta(days=length - 1)


def request(
    ledger: Ledger,
    model: PaymentTiming | str,
    strategy: Strategy | str | Path,
    roster: Team | str | Path | pd.DataFrame | int,
    date: Day,
    *,
    days: int,
    effects: Effects | None,
    policy: Policy,
    assumptions: Assumptions | None,
    exploration: float,
    stops: Stops | None,
    skills: Mapping[str, str] | None,
    seed: int,
    version: str,
) -> Request:
    """Return the checked inputs; see `optimize.plans.planning.plan`."""
    check_numbers(days, exploration)
    day = as_day(date, field="date")
    known = _known(ledger, day)
    team, note = load_team(roster, timezone=home_zone(known), currency=known.base_currency).beside(known)
    exchange = exchange_of(team, known)
    team, chosen = team_in_base(team, exchange), Strategy.load(strategy).in_base(exchange)
    needed = costs_of(chosen, wage=not team.all_priced)
    assume = (assumptions or Assumptions.default()).in_base(exchange, needed)
    dates = working_days(day, days + 1, team.country)
    weighed, long = _beyond(policy.in_base(exchange), dates)
    known_of: tuple[str, ...] = ()
    if model == "published":
        timing, words, known_of = fit(known, model=model), PUBLISHED, (WARNING,)
    elif isinstance(model, str):
        learnable(known, model)
        timing = fit(known, model=model)
        words = f"{model}, learned from {plural(len(known.invoices), 'invoice')} known on {known.as_of:%Y-%m-%d}"
    else:
        timing, words = model.knowing(known), f"{model.name}, told of what was known on {known.as_of:%Y-%m-%d}"
    between = int(np.busday_count((known.as_of + pd.Timedelta(days=1)).date(), dates[0].date()))
    late = (
        f"The ledger ends on {known.as_of:%Y-%m-%d}: nothing is known of {plural(between, 'working day')} "
        "before the plan."
    )
    return Request(
        known=known,
        timing=timing,
        words=words,
        version=version,
        strategy=chosen,
        team=team,
        date=day,
        dates=dates,
        effects=(effects, effects) if effects else (Effects.assumed(assume), Effects.assumed(assume, personal=True)),
        policy=weighed,
        assume=assume,
        share=exploration or chosen.holdout,
        stops=stops,
        skills=dict(skills or {}),
        seed=seed,
        notes=tuple(text for text in (*known_of, note, late if between > 0 else "", long) if text),
    )


def _beyond(policy: Policy, dates: pd.DatetimeIndex) -> tuple[Policy, str]:
    """Return the policy with a horizon that reaches beyond the plan's last day, and a remark where it had to grow."""
    span = (dates[-1] - dates[0]).days
    if span < policy.horizon:
        return policy, ""
    longer = replace(policy, horizon=span + policy.horizon)
    said = f"The plan is longer than the horizon of {policy.horizon} days: cash counts within {longer.horizon} days."
    return longer, said


def check_numbers(days: int, exploration: float, seconds: float | None = None) -> None:
    """Raise `BadInput` for a number of days, a chance of being left alone or a time limit that makes no sense."""
    if not 1 <= days <= LONGEST:
        raise BadInput(f"must lie between 1 and {LONGEST}", field="days", value=days)
    if not 0 <= exploration < 1:
        raise BadInput("must be at least 0 and below 1", field="exploration", value=exploration)
    if seconds is not None and not seconds >= 0:
        raise BadInput("must be at least 0", field="seconds", value=seconds)


def _known(ledger: Ledger, day: pd.Timestamp) -> Ledger:
    """Return the ledger as known on the evening before the day."""
    evening = day - pd.Timedelta(days=1)
    known = ledger if evening >= ledger.as_of else ledger.snapshot(evening)
    if not len(known.invoices):
        first = ledger.invoices["issue_date"].min() if len(ledger.invoices) else None
        rule = "the ledger holds no invoice" if first is None else f"the ledger's first invoice is of {first:%Y-%m-%d}"
        raise BadInput(f"nothing is known on the evening before: {rule}", field="date", value=f"{day:%Y-%m-%d}")
    return known


def _uniform(text: str) -> float:
    """Return a number in [0, 1) that is fixed by a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2.0**56
