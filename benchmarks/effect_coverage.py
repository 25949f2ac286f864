"""How often the 95 % intervals of the three effect estimates cover the truth, where collectors chase bad payers.

    python -m benchmarks.effect_coverage [--seeds N] [--customers N] [--days D] [--workers W]

Each seed draws customers with a lasting frailty (log-normal, variance 0.5) that the analyst never sees, and who pay
daily, on two days a week or on one. One part-time collector calls those with most at risk first: the planner knows
every frailty, so bad payers get most calls. In spans of 14 days a draw leaves 30 % of the customers alone. Disputes,
promises, unreached calls, callbacks and write-offs happen as assumed.
"""

import argparse
import time

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from ledger import Ledger
from ledger.policy.roster import roster
from ledger.table.tables import TEXT, empty
from models.effects.estimates import contact_effects
from models.effects.result import METHODS, EffectStudy
from sim import Assumptions, Behaviour, Portfolio, Step, Strategy, simulate

LEAST = 90  # of 100
FIRST, LAST = -60, 300  # days past due of the hazard table
ASSUME = Assumptions.default(right_party_contact_rate=0.5)
TRUTH = ASSUME.hazard_ratio("phone", "friendly", personal=False)
CALLS = Strategy(
    name="calls",
    holdout=0.3,
    holdout_days=14,
    steps=(Step(name="call", day=4, every=12, until=120, channel="phone"),),
)


def portfolio(customers: int, seed: int) -> Portfolio:
    """Return customers who owe nothing yet, alike but for their frailty and payment runs."""
    rng = np.random.default_rng(seed)
    late = np.arange(FIRST, LAST + 1)
    hazard = np.where(late < 0, 0.006, np.where(late == 0, 0.2, 0.012 + 0.04 * np.exp(-late / 20)))
    spread = np.sqrt(np.log1p(0.5))
    runs, kind, first = np.zeros((customers, 7), np.bool_), rng.integers(0, 3, customers), rng.integers(0, 5, customers)
    runs[kind == 0, :5] = True
    runs[kind == 1, first[kind == 1]] = True
    runs[kind == 2, first[kind == 2] % 3] = True
    runs[kind == 2, first[kind == 2] % 3 + 2] = True
    behaviour = Behaviour(
        first_day=FIRST,
        hazard=hazard[None, :],
        kind=np.zeros(customers, np.int32),
        frailty=np.exp(spread * rng.standard_normal(customers) - spread**2 / 2),
        payment_weekdays=runs,
        order_rate=np.full(customers, 0.15),
        orders=np.arange(customers + 1),
        lines=np.arange(customers + 1),
        amount=np.full(customers, 10_000),
        term=np.full(customers, 30, np.int32),
        reach=np.ones(customers),
        keeps=np.ones(customers),
        disputes=1.0,
    )
    people = {"segment": "all", "country": "US", "timezone": "America/New_York", "language": "en"}
    table = pd.DataFrame(
        {"customer_id": pd.array([f"C{k:05d}" for k in range(customers)], TEXT)}
        | {name: pd.array([text] * customers, TEXT) for name, text in people.items()}
        | {name: pd.array([pd.NA] * customers, "Int64") for name in ("terms", "credit_limit")}
        | {"since": pd.Series(pd.NaT, index=range(customers), dtype="datetime64[ns]")}
    )
    ledger = Ledger(
        as_of=pd.Timestamp("2024-01-01"),
        base_currency="USD",
        timezone="America/New_York",
        customers=table,
        invoices=empty("invoices"),
        payments=empty("payments"),
    )
    return Portfolio(
        name="frail", ledger=ledger, behaviour=behaviour, assumptions=ASSUME, timezone=ledger.timezone, country="US"
    )


def study(seed: int, customers: int, days: int) -> EffectStudy:
    """Simulate one history and estimate the effect of its calls from the ledger alone."""
    who = portfolio(customers, seed)
    people = roster(1, who.timezone).table.assign(weekly_hours=40.0 * customers / 300)
    run = simulate(who, CALLS, days=days, specialists=people, planner="risk_weighted", seed=seed)
    return contact_effects(run.ledger)


def estimates(seeds: int, customers: int, days: int, workers: int = 1) -> pd.DataFrame:
    """Return one row per seed and method: ratio, low, high, and whether the interval covers the truth."""
    studies = Parallel(n_jobs=workers)(delayed(study)(seed, customers, days) for seed in range(seeds))
    rows = [
        {"seed": seed, "method": one.method, "ratio": one.ratio, "low": one.low, "high": one.high, "error": one.error}
        for seed, found in enumerate(studies)
        for one in found.estimates
        if (one.channel, one.tone) == ("phone", "friendly")
    ]
    table = pd.DataFrame(rows)
    return table.assign(covers=(table["low"] <= TRUTH) & (table["high"] >= TRUTH))


def main() -> None:
    """Run the seeds; print mean, spread, mean standard error and coverage by method."""
    parser = argparse.ArgumentParser(description="Coverage of the effect estimates.")
    for name, default in (("seeds", 100), ("customers", 150), ("days", 400), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    start = time.perf_counter()
    table = estimates(given.seeds, given.customers, given.days, given.workers)
    print(f"true hazard ratio {TRUTH:.3f}; {given.seeds} seeds in {time.perf_counter() - start:.0f} s")
    for method in METHODS:
        rows = table[table["method"] == method]
        print(
            f"{method:<9} mean {rows['ratio'].mean():.3f}  sd {rows['ratio'].std():.3f}  mean error "
            f"{rows['error'].mean():.3f}  covers {int(rows['covers'].sum())} of {len(rows)}"
        )
    covered = table.groupby("method")["covers"].mean() * 100
    shown = ", ".join(f"{method} {covered[method]:.0f}" for method in METHODS)
    print(f"ratio of intervals that cover the truth, in percent: {shown}")
    met = min(covered["adjusted"], covered["holdout"]) >= LEAST and covered["naive"] < LEAST
    print(f"target {LEAST} % for adjusted and holdout, naive biased: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
