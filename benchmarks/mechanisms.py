"""What each mechanism of the simulator costs: a run with it off, on without effect, and on, as ratios in one process.

    python -m benchmarks.mechanisms [--customers N] [--days D]

The settings are those of the generic tests (`tests/mechanisms_on.py`). Times are the best of five, taken in turn,
so that a slow moment of the machine falls on all alike. Off, a mechanism is no stage of the day: what is left beside 1
is noise.
"""

import argparse

from sim import Assumptions, Run, Strategy, simulate
from tests.mechanisms_on import SETTINGS, Case, customers

ROUNDS = 5
TARGET_ON = 1.25


def main() -> None:
    """Print seconds and ratios by mechanism."""
    parser = argparse.ArgumentParser(description="What each mechanism costs.")
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--days", type=int, default=365)
    given = parser.parse_args()

    def run(case: Case) -> Run:
        return simulate(
            customers(case.shares, given.customers, carried=case.carried),
            Strategy.load("sop_cadence").model_copy(update={"holdout": case.holdout}),
            days=given.days,
            specialists=max(given.customers // 500, 1),
            assumptions=Assumptions.default(**dict(case.assume)),
        )

    print(f"{'mechanism':<15}{'off (s)':>9}{'neutral/off':>13}{'on/off':>9}")
    missed = []
    for name, (off, neutral) in SETTINGS.items():
        cases = off(Case()), neutral(Case()), Case()
        rounds = [[run(case).seconds for case in cases] for _ in range(ROUNDS)]  # in turn
        best = [min(seconds) for seconds in zip(*rounds, strict=True)]
        print(f"{name:<15}{best[0]:9.3f}{best[1] / best[0]:13.2f}{best[2] / best[0]:9.2f}")
        missed += [name] if best[1] / best[0] > TARGET_ON else []
    print(f"target {TARGET_ON} times without effect: {'met' if not missed else 'MISSED by ' + ', '.join(missed)}")


if __name__ == "__main__":
    main()
