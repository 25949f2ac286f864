"""The boosted hazard from a million person-period rows, beside scikit-learn's boosting of all of them as they are.

    python -m benchmarks.payment_timing [--customers N]

A row is an invoice unpaid on the morning of a candidate payment day. Ours is `hazard`: it keeps the rows with a
payment and one in four of the others, with four times the weight, and snaps columns to 255 levels. The peer is
scikit-learn's HistGradientBoostingRegressor with the same loss, iterations, leaves and other settings, given every row
with its plain weight; of so many rows it draws 200,000 by weight to find its bins. Both get the same features, by our
code, so the ratio of the fits is what the sampling saves, and the log loss of the daily hazards on a portfolio that
neither has seen is what it costs. Each runs once in a fresh process, compiled code loaded; the threads of both wait
without spinning, which on a busy machine takes the cores from those at work.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET_ROWS, TARGET_SECONDS, TARGET_MIB = 1_000_000, 30, 4096
SEEN, FRESH = "seen", "fresh"


def generate(folder: Path, customers: int) -> dict[str, float]:
    """Write the ledger of a synthetic portfolio with a year of history, and a smaller one of other customers."""
    from sim import synthetic

    ledger = synthetic(customers=customers, history_days=365).ledger
    ledger.write(folder / SEEN)
    synthetic(customers=100, seed=1, history_days=365).ledger.write(folder / FRESH)
    return {"invoices": len(ledger.invoices)}


def measure(folder: Path, *, sampled: bool) -> dict[str, float]:
    """Learn from a sample of the rows as `hazard` does, or from all; judge by all rows of the other ledger."""
    import numpy as np

    from ledger import read_ledger
    from models.families.hazard import Factor, Lesson, boosting, training_of

    fresh, _ = training_of(read_ledger(folder / FRESH), 0)  # loads the compiled code too
    ledger = read_ledger(folder / SEEN)
    start = time.perf_counter()
    training, _ = training_of(ledger, 0)
    between = time.perf_counter()
    learner = boosting(0, training)
    if sampled:
        factor = Factor.learn(learner, 0, Lesson.of(training))
    else:
        row, day, event, weight = training.person_periods(1.0)
        exposure = training.view.start(row, day, 0)
        learner.fit(training.view.day_features(row, day), event / exposure, sample_weight=weight * exposure)
        factor = Factor(learner=learner, kernel=0)
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = len((training.person_periods() if sampled else training.person_periods(1.0))[0])
    row, day, event, weight = fresh.person_periods(1.0)
    chance = factor.hazard(fresh.view, row, day, fresh.view.day_features(row, day))
    loss = -np.average(np.log(np.where(event, chance, 1 - chance)), weights=weight)
    return {"features": between - start, "fit": end - between, "mib": peak, "rows": rows, "loss": float(loss)}


def main() -> None:
    """Generate the ledgers, run both, print seconds, peak memory, log loss and the ratio."""
    parser = argparse.ArgumentParser(description="The boosted hazard beside scikit-learn on all rows.")
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--run", choices=("generate", "ours", "peer"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        make = given.run == "generate"
        found = generate(given.folder, given.customers) if make else measure(given.folder, sampled=given.run == "ours")
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        made = _fresh("generate", folder, given.customers)
        results = {name: _fresh(name, folder, given.customers) for name in ("peer", "ours")}
    rows = results["peer"]["rows"]
    print(f"{made['invoices']:,} invoices of {given.customers:,} customers, {rows:,} payment days at risk")
    for name, found in results.items():
        print(
            f"{name:<5}features {found['features']:6.2f} s  fit {found['fit']:7.2f} s  rows learned "
            f"{found['rows']:>9,}  peak {found['mib']:5.0f} MiB  log loss of a day {found['loss']:.5f}"
        )
        found["total"] = found["features"] + found["fit"]
    fits, total = (results["peer"][k] / results["ours"][k] for k in ("fit", "total"))
    print(f"ratio to scikit-learn on all rows: fit {fits:.1f} times as fast, with features {total:.1f} times")
    met = rows >= TARGET_ROWS and results["ours"]["total"] <= TARGET_SECONDS and results["ours"]["mib"] <= TARGET_MIB
    print(f"target {TARGET_SECONDS} s, {TARGET_MIB} MiB for features and fit: {'met' if met else 'MISSED'}")


def _fresh(name: str, folder: str, customers: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.payment_timing", "--run", name, "--folder", folder]
    environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        [*command, "--customers", str(customers)], stdout=subprocess.PIPE, check=True, text=True, env=environment
    )
    numbers: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return numbers


if __name__ == "__main__":
    main()
