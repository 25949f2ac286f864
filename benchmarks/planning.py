"""Plans of calls with a proof, beside CP-SAT on the whole model, in one run.

    python -m benchmarks.planning [--seconds S] [--only NAME ...]

The first instances are those of the peer: three actions, six desks of which a language allows some, five days, minutes
for about a third of the accounts. The blocky one has twenty desks and twenty blocks of about seven calls, the largest a
million accounts, fifty desks and twenty blocks, in factors. Each runs in a fresh process: once for the compiled code to
be loaded from its cache, then timed, the best of three where that is short. Seconds are wall-clock, and beside them
those of the processor, by which targets are judged, for other work may be going on; peak memory is that of the process,
instance included. A day's plan starts from the prices of another day, when every account was worth up to a tenth more
or less; its time is the least of thirty. CP-SAT gets the first instance with two workers and `--seconds`; its gap is by
its own bound.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks import cpsat_peer

LANGUAGES = 4
TARGETS = {  # name: gap, seconds, MiB
    "10,000 x 30": (0.0002, 0.3, None),
    "100,000 x 30": (0.001, 1.0, None),
    "10,000 x 400": (0.003, 8.0, None),
    "day 10,000 x 24": (0.005, 0.015, None),
    "day 10,000 x 80": (0.005, 0.015, None),
}
ASKED = {
    "10,000 x 30": 0.0002,
    "100,000 x 30": 0.001,
    "day 10,000 x 24": 0.005,
    "day 10,000 x 80": 0.005,
}  # gaps at which it may stop
AIMED_AT = {"day 10,000 x 80"}  # not promised: eight calls per block leave a gap that milliseconds do not close


def parts(accounts: int, desks: int, slots: int, capacity: float, days: float, seed: int = 0) -> dict[str, np.ndarray]:
    """Draw an instance in factors; value falls by 1.5 % a day, over so many days."""
    rng = np.random.default_rng(seed)
    balance = rng.lognormal(8, 1.4, accounts)
    uplift = rng.beta(2, 20, (accounts, 3)) * np.array([1, 1.25, 1.5])
    skill = rng.uniform(0.7, 1.2, (desks, 3))
    language = rng.integers(0, LANGUAGES, accounts)
    speaks = np.zeros((LANGUAGES, desks), bool)
    for desk in range(desks):
        speaks[desk % LANGUAGES, desk] = True
        speaks[rng.integers(0, LANGUAGES), desk] = True
    return {
        "worth": balance[:, None] * uplift * 0.1,
        "minutes": np.array([6.0, 9.0, 15.0]) * rng.uniform(0.7, 1.4, accounts)[:, None],
        "desk": skill,
        "slot": 0.985 ** (np.arange(slots) * days / slots),
        "kind": language,
        "allowed": np.repeat(speaks[:, :, None], slots, axis=2),
        "capacity": np.full((desks, slots), capacity),
    }


def dense(of: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write an instance out: value, minutes and capacity as `optimize.assign` takes them."""
    value = of["worth"][:, :, None, None] * of["desk"].T[:, :, None] * of["slot"]
    value = np.ascontiguousarray(np.where(of["allowed"][of["kind"]][:, None], value, -np.inf))
    return value, of["minutes"][:, :, None, None], of["capacity"]


def instance(name: str) -> dict[str, np.ndarray]:
    """Draw the instance of that name."""
    share = 8.0 * 0.35  # minutes per account
    if name == "10,000 x 400":
        return parts(10_000, 20, 20, 7 * 8.0, 5)
    if name.startswith("day"):
        return parts(10_000, 6, 4, 14 * 8.0, 1) if name.endswith("24") else parts(10_000, 20, 4, 7 * 8.0, 1)
    accounts = int(name.split()[0].replace(",", ""))
    return parts(accounts, 6, 5, accounts / 30 * share, 5)


def measure(name: str) -> dict[str, float]:
    """Plan one instance; return gap, seconds on the clock and of the processor, and peak memory."""
    from optimize import assign

    value, minutes, capacity = dense(instance(name))
    if not name.startswith("day"):
        few = dense(parts(3000, 20, 20, 20.0, 5))
        assign(*few)
        best = [timed(lambda: assign(value, minutes, capacity, gap=ASKED.get(name))) for _ in range(3)]
        return min(best, key=lambda found: found["processor"])
    other = np.random.default_rng(1).uniform(0.9, 1.1, (len(value), 1, 1, 1))
    yesterday = assign(value * other, minutes, capacity).prices
    runs = [timed(lambda: assign(value, minutes, capacity, prices=yesterday, gap=ASKED[name])) for _ in range(30)]
    return min(runs, key=lambda found: found["processor"])


def timed(solve) -> dict[str, float]:
    """Run once; return what came of it."""
    clock, processor = time.perf_counter(), time.process_time()
    found = solve()
    return {
        "gap": found.gap,
        "seconds": time.perf_counter() - clock,
        "processor": time.process_time() - processor,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def show(name: str, found: dict[str, float]) -> bool:
    """Print one row beside its target; return whether it is met, by the processor's seconds."""
    gap, seconds, mib = TARGETS[name]
    met = found["gap"] <= gap and found["processor"] <= seconds and (mib is None or found["mib"] <= mib)
    limit = f"{gap:.2%} in {seconds:g} s" + (f", {mib} MiB" if mib else "")
    word = "met" if met else "not reached" if name in AIMED_AT else "MISSED"
    print(
        f"{name:<18} gap {found['gap']:.4%}  {found['seconds']:8.3f} s  processor {found['processor']:8.3f} s  "
        f"{found['mib']:5.0f} MiB   {'aim' if name in AIMED_AT else 'asked'} {limit}: {word}"
    )
    return met or name in AIMED_AT


def main() -> None:
    """Run all in fresh processes, then the peer; print a table, the ratio and whether all targets are met."""
    parser = argparse.ArgumentParser(description="Plans of calls beside CP-SAT on the whole model.")
    parser.add_argument("--seconds", type=float, default=20, help="for CP-SAT; 180 is what it needs for 0.1 %%")
    parser.add_argument("--only", nargs="*", choices=[*TARGETS, "peer"], help="some of the instances, or the peer")
    parser.add_argument("--run", choices=TARGETS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        print(json.dumps(measure(given.run)))
        return
    asked = given.only or [*TARGETS, "peer"]
    met, ours = True, None
    for name in (name for name in TARGETS if name in asked):
        command = [sys.executable, "-m", "benchmarks.planning", "--run", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        met &= show(name, found)
        ours = found if name == "10,000 x 30" else ours
    if "peer" in asked:
        peer = cpsat_peer.run(*dense(instance("10,000 x 30")), given.seconds)
        answer = f"gap {peer['gap']:.4%}" if peer["objective"] else "no answer"
        print(
            f"{'CP-SAT 10,000 x 30':<18} {answer}  {peer['seconds']:8.3f} s, of which the model {peer['model']:.1f} s; "
            f"{peer['status']}, objective {peer['objective']:,.0f}, bound {peer['bound']:,.0f}"
        )
        if ours:
            wide = f"its gap {peer['gap'] / ours['gap']:.1f} times ours" if peer["objective"] else "which had no answer"
            print(f"ratio to CP-SAT on the whole model, {wide}: {peer['seconds'] / ours['seconds']:.0f} times as fast")
    print(f"target gaps within seconds and memory, of the processor's time: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
