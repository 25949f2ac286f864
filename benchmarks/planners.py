"""Planners inside the simulator: a day's plan for 10,000 accounts, and what each planner brings in the same hours.

    python -m benchmarks.planners [--strategy S] [--customers N] [--specialists K] [--days D] [--replications R]
                                  [--workers W] [--plans-only]

The first table is one day's plan, warm: yesterday's prices at hand, what accounts are worth changed by about 15 %.
Seconds are CPU time with linear algebra on one thread. Its peer is the greedy list by uplift per minute, and the ratio
is the value of the plan to that of the list. The second table compares planners by what calls bring against no calls,
replications paired.
"""

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from experiments.comparing.replication import PortfolioSource
from experiments.planner_study.planner_study import PlannerStudy, compare_planners
from optimize.in_simulator.planner import Daily
from sim.planners import Outlook, Prospects, WorkList, planner

TARGET_MS, TARGET_GAP = 15.0, 0.005
ACCOUNTS, DAYS = 10_000, 20
DESKS = ((6, 4), (6, 5), (20, 4))
_SHAPES = np.array([[1.10, 0.80, 1.00, 1.05, 0.90], [0.90, 1.20, 1.10, 0.90, 1.00], [0.70, 1.10, 1.20, 1.10, 0.90]])


def mornings(people: int, blocks: int, seed: int = 1) -> Iterator[WorkList]:
    """Yield mornings of the same accounts, who are worth a little more or less each day, in three time zones."""
    rng = np.random.default_rng(seed)
    worth = rng.lognormal(8, 1.2, ACCOUNTS) * rng.uniform(0.02, 0.4, ACCOUNTS)
    hours = _SHAPES[rng.integers(0, 3, ACCOUNTS), :blocks]
    reach = np.minimum(0.4 * hours * np.exp(0.2 * rng.normal(size=ACCOUNTS))[:, None], 0.95)
    k = np.arange(people)
    needs = rng.choice([2, 4, 8], ACCOUNTS, p=[0.9, 0.05, 0.05]).astype(np.uint64) | (rng.random(ACCOUNTS) < 0.5)
    entity = rng.permutation(ACCOUNTS).astype(np.uint64)
    while True:
        today = worth * np.exp(0.15 * rng.normal(size=ACCOUNTS))
        yield WorkList(
            day=1,
            entity=entity,
            key=np.uint64(1),
            balance=np.ones(ACCOUNTS, np.int64),
            days_past_due=np.zeros(ACCOUNTS, np.int32),
            at_risk=np.ones(ACCOUNTS),
            needs=needs,
            reach=reach,
            minutes=1.7 + 10.3 * reach,
            can=((k % 2 == 0) + 2 + 4 * (k % 3 == 0) + 8 * (k % 4 == 0)).astype(np.uint64),
            capacity=np.full((people, blocks), 300 / blocks),
            prospects=Prospects(
                uplift=today,
                later=today[:, None] * np.array([0.8, 0.6, 0.35]),
                still_open=np.tile([0.85, 0.7, 0.5], (ACCOUNTS, 1)),
                spent=np.zeros(ACCOUNTS),  # so that plan and list are after the same
            ),
        )


def day_plans() -> tuple[float, bool]:
    """Print the table of day plans; return the mean value against the greedy list, and whether the targets are met."""
    greedy, ratios, met = planner("uplift_per_minute"), [], True
    print("desks blocks  calls     ms  slowest  gap %  largest  to greedy")
    for people, blocks in DESKS:
        kept, days = Daily(outlook=Outlook()).begin(), mornings(people, blocks)
        kept.plan(next(days))
        seconds, gaps, against = [], [], []
        for _, work in zip(range(DAYS), days, strict=False):
            began = time.process_time()
            plan = kept.plan(work)
            seconds.append(time.process_time() - began)
            gaps.append(plan.gap)
            against.append(plan.value / _value(work, greedy.plan(work)))
        ms, gap = 1000 * float(np.median(seconds)), float(np.mean(gaps))
        met = met and ms <= TARGET_MS and gap <= TARGET_GAP
        ratios.append(np.mean(against))
        print(
            f"{people:>5} {blocks:>6} {(plan.specialist >= 0).sum():>6} {ms:>6.1f} {1000 * max(seconds):>8.1f} "
            f"{100 * gap:>6.2f} {100 * max(gaps):>8.2f} {ratios[-1]:>10.4f}"
        )
    return float(np.mean(ratios)), met


def _value(work: WorkList, plan) -> float:  # type: ignore[no-untyped-def]
    done = np.flatnonzero(plan.block >= 0)
    assert work.prospects is not None
    return float((work.reach[done, plan.block[done]] * work.prospects.uplift[done]).sum())


def main() -> None:
    """Print both tables, the ratio, and whether the day's plan met its targets."""
    parser = argparse.ArgumentParser(description="Planners in the same hours.")
    parser.add_argument("--strategy", default="escalated")
    for name, default in (("customers", 3000), ("specialists", 2), ("days", 150), ("replications", 3), ("workers", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--plans-only", action="store_true")
    given = parser.parse_args()
    with threadpool_limits(1):
        ratio, met = day_plans()
    if not given.plans_only:
        study = PlannerStudy(
            source=PortfolioSource(preset="stress", customers=given.customers),
            strategy=given.strategy,
            specialists=given.specialists,
            days=given.days,
            replications=given.replications,
        )
        found = compare_planners(study, workers=given.workers, progress=_progress)
        for measure in ("cash_and_run_off", "cash"):
            print(f"\n{found.summary(measure)}")
    print(f"ratio of a day plan's value to the list by uplift per minute: {ratio:.4f}")
    print(f"target a day's plan in {TARGET_MS:.0f} ms, gap {100 * TARGET_GAP} %: {'met' if met else 'MISSED'}")


def _progress(done: int, of: int, words: str) -> None:  # noqa: ARG001
    if done == of or done % 20 == 0:
        print(f"{done} of {of} runs", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
