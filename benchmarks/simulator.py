"""One replication of the simulator, beside a SimPy process per invoice, in turns in one process.

    python -m benchmarks.simulator [--customers N] [--days D] [--specialists S] [--rounds R]

Speed is invoices issued per second of the run itself, compiled code loaded (the first call is not counted), the best of
the rounds on either side. The peer runs a tenth of the customers and specialists: its time is linear in them. Memory is
the peak of a fresh `collectlab simulate` of the same size, generating the portfolio included.
"""

import argparse
import json
import subprocess
import sys
import time

from benchmarks import simpy_peer
from sim import simulate, synthetic

TARGET_RATIO, TARGET_MIB = 40, 400


def peak_mib(customers: int, days: int, specialists: int) -> float:
    """Return the peak memory of the command line's own process, as it reports it."""
    size = ["--customers", customers, "--days", days, "--specialists", specialists]
    command = [sys.executable, "-m", "app.cli", "simulate", *map(str, size), "--strategy", "friendly", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return float(json.loads(done.stdout)["peak_mib"])


def main() -> None:
    """Run both in turns; print invoices per second, the ratio and the memory."""
    parser = argparse.ArgumentParser(description="One replication beside a SimPy process per invoice.")
    for name, default in (("customers", 10_000), ("days", 365), ("specialists", 20), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    size = {"days": given.days, "specialists": given.specialists}
    memory = peak_mib(given.customers, **size)
    start = time.perf_counter()
    portfolio = synthetic(customers=given.customers)
    simulate(portfolio, "friendly", **size)
    print(f"portfolio of {given.customers:,} customers and a first run: {time.perf_counter() - start:.1f} s")
    ours, theirs = [], []
    for k in range(given.rounds):
        small = simpy_peer.run(max(given.customers // 10, 1), given.days, max(given.specialists // 10, 1), seed=k)
        theirs.append(small["invoices_per_second"])
        run = simulate(portfolio, "friendly", **size, replication=k)
        ours.append(run.invoices / run.seconds)
        print(
            f"peer {small['invoices']:>9,.0f} invoices {small['seconds']:6.2f} s {theirs[-1]:>9,.0f} per second   "
            f"sim {run.invoices:>9,} invoices {run.seconds:6.2f} s {ours[-1]:>9,.0f} per second"
        )
    ratio = max(ours) / max(theirs)
    print(f"ratio to the SimPy peer: {ratio:.1f}, peak {memory:.0f} MiB")
    met = ratio >= TARGET_RATIO and memory <= TARGET_MIB
    print(f"target {TARGET_RATIO} times, {TARGET_MIB} MiB: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
