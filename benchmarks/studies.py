"""What a study costs beside its simulations: key figures, booking, the second worker, the demo.

    python -m benchmarks.studies [--customers N] [--days D] [--specialists S]

Each line gives a figure and its target, best of some; compiled code is loaded first. The ratios are of figures taken in
one process. The seconds mean something only where nothing else runs: the two cores of the targets.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from experiments import Study, compare
from experiments.comparing.metrics import metrics_of, path_of
from ledger import kpis
from ledger.kpi.kpis import Records
from sim import Portfolio, Run, embedded, simulate, synthetic
from sim.result.booking import book

STRATEGIES = ("none", "email_only", "friendly", "escalated", "sop_cadence", "proactive")


def main() -> None:
    """Measure, and print each figure beside its target."""
    parser = argparse.ArgumentParser(description="What a study costs beside its simulations.")
    for name, default in (("customers", 10_000), ("days", 365), ("specialists", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    small, _ = with_figures(embedded(), 180, 2)
    large, run = with_figures(synthetic(customers=given.customers), given.days, given.specialists)
    booked = best(lambda: book(run), 2)
    cold = best(lambda: kpis(run.ledger), 3)
    again = Records.of(run.ledger)
    warm = best(lambda: kpis(again), 3)
    one, two = study(1), study(2)
    demo = best(_demo, 2)
    size = f"{given.customers:,} customers, {given.days} days"
    figures = [
        (f"a run with key figures to the run alone, {size}", large, 1.3, "times"),
        ("a run with key figures to the run alone, demo", small, 1.6, "times"),
        (f"key figures of a ledger of {len(run.ledger.invoices):,} invoices", cold, 0.5, "s"),
        ("6 strategies, 20 replications, 2 workers", two, 5, "s"),
        ("2 workers to 1 on the same study", two / one, 1 / 1.9, "times"),
        ("make demo, warm", demo, 8, "s"),
    ]
    print(f"booking {booked:.2f} s; key figures {cold:.2f} s, of columns at hand {warm:.3f} s; 1 worker {one:.1f} s")
    for words, figure, target, unit in figures:
        print(f"{words}: {figure:.2f} {unit}, target {target:.2f}: {'met' if figure <= target else 'above'}")
    met = sum(figure <= target for _, figure, target, _ in figures)
    print(f"ratio of a run with key figures to the run alone: {large:.2f}, at the demo's size {small:.2f}")
    print(f"target {len(figures)} of {len(figures)} figures, {met} met: {'met' if met == len(figures) else 'MISSED'}")


def with_figures(portfolio: Portfolio, days: int, specialists: int, times: int = 4) -> tuple[float, Run]:
    """Return what a run with its key figures takes, as a multiple of the run alone; and a run."""

    def once() -> Run:
        return simulate(portfolio, "friendly", days=days, specialists=specialists)

    def figures() -> None:
        one = runs.pop()
        metrics_of(one, path_of(one))

    once()
    runs = [once() for _ in range(times)]
    kept = runs[0]
    alone = best(once, times)
    return 1 + best(figures, times) / alone, kept


def study(workers: int) -> float:
    """Return the seconds of a study of the embedded portfolio."""
    plan = Study(strategies=STRATEGIES, replications=20)
    return best(lambda: compare(plan, workers=workers), 2)


def _demo() -> None:
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "app.cli", "demo", "--state", state]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def best(work: Callable[[], Any], times: int) -> float:
    """Return the least seconds that the work took."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
