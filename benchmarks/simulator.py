"""One replication of the simulator, beside a SimPy process per invoice, in one process.

    python -m benchmarks.simulator [--customers N] [--days D] [--specialists S]

Speed is invoices issued per second of the run itself, compiled code loaded (the first call is not counted): the mean of
a run before and a run after the peer's. The peer has the same size, for its speed falls with size, by about a third
from 1,000 to 10,000 customers. Memory is the peak of a fresh `collectlab simulate` of that size, in which the portfolio
is generated too.
"""

import argparse
import json
import subprocess
import sys
import time

from benchmarks import simpy_peer
from sim import Portfolio, simulate, synthetic

TARGET_RATIO, TARGET_MIB = 40, 400


def peak_mib(customers: int, days: int, specialists: int) -> float:
    """Return the peak memory of the command line's own process, as it reports it."""
    size = ["--customers", customers, "--days", days, "--specialists", specialists]
    command = [sys.executable, "-m", "app.cli", "simulate", *map(str, size), "--strategy", "friendly", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return float(json.loads(done.stdout)["peak_mib"])


def main() -> None:
    """Run both; print invoices per second, the ratio and the memory."""
    parser = argparse.ArgumentParser(description="One replication beside a SimPy process per invoice.")
    for name, default in (("customers", 10_000), ("days", 365), ("specialists", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    size = {"days": given.days, "specialists": given.specialists}
    memory = peak_mib(given.customers, **size)
    start = time.perf_counter()
    portfolio = synthetic(customers=given.customers)
    simulate(portfolio, "friendly", **size)
    print(f"portfolio of {given.customers:,} customers and a first run: {time.perf_counter() - start:.1f} s")
    before = ours(portfolio, size, 0)
    theirs = simpy_peer.run(given.customers, **size)
    show("peer", theirs["invoices"], theirs["seconds"])
    after = ours(portfolio, size, 1)
    ratio = (before + after) / 2 / theirs["invoices_per_second"]
    print(f"ratio to the SimPy peer: {ratio:.1f}, peak {memory:.0f} MiB")
    met = ratio >= TARGET_RATIO and memory <= TARGET_MIB
    print(f"target {TARGET_RATIO} times, {TARGET_MIB} MiB: {'met' if met else 'MISSED'}")


def ours(portfolio: Portfolio, size: dict[str, int], replication: int) -> float:
    """Simulate once, show it, and return invoices per second."""
    run = simulate(portfolio, "friendly", days=size["days"], specialists=size["specialists"], replication=replication)
    show("sim", run.invoices, run.seconds)
    return run.invoices / run.seconds


def show(name: str, invoices: float, seconds: float) -> None:
    """Print one run."""
    print(f"{name:<5}{invoices:>9,.0f} invoices {seconds:7.2f} s {invoices / seconds:>9,.0f} per second")


if __name__ == "__main__":
    main()
