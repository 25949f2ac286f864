"""Golden runs: figures of small fixed runs, kept in `runs.csv`.

When a change of numbers is meant, write them anew with `python -m tests.golden.golden`, look at the difference, and say
"numbers change" in the changelog.
"""

from pathlib import Path

import pandas as pd

from ledger import kpis
from sim import PLANNERS, simulate, strategies, synthetic
from tests.portfolios import staff

FILE = Path(__file__).with_name("runs.csv")
KPIS = ("dso", "best_possible_dso", "cei", "cei_cash", "percent_current", "percent_over_91", "bad_debt_percent")
COUNTS = ("invoices", "contacts", "calls", "promises", "disputes", "cash", "open")


def runs() -> pd.DataFrame:
    """Return one row per strategy and per planner: counts, minor units of cash and open AR, and KPIs to 6 digits."""
    portfolio = synthetic("stress", customers=80, seed=9)
    part_timer = staff({"weekly_hours": 4.0}, timezone=portfolio.timezone)  # too few hours, so that planners differ
    cases = [(name, "risk_weighted") for name in strategies()]
    cases += [("escalated", name) for name in PLANNERS if name != "risk_weighted"]
    rows = []
    for strategy, planner in cases:
        run = simulate(portfolio, strategy, days=60, specialists=part_timer, planner=planner, seed=1)
        ledger = run.ledger
        figures = kpis(ledger)
        received = ledger.payments[(ledger.payments["received_date"] > run.start) & (ledger.payments["kind"] == "cash")]
        counts = run.invoices, run.contacts, run.calls, len(ledger.promises), len(ledger.disputes)
        money = int(received["amount"].sum()), int(ledger.open_amount().sum())
        rows.append([strategy, planner, *counts, *money, *(round(float(figures[name] or 0), 6) for name in KPIS)])
    return pd.DataFrame(rows, columns=["strategy", "planner", *COUNTS, *KPIS])


if __name__ == "__main__":
    runs().to_csv(FILE, index=False)
    print(f"wrote {FILE}")
