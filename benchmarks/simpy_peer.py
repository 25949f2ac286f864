"""The peer of the simulator: what one writes first with SimPy, a process for every invoice.

    python -m benchmarks.simpy_peer [--customers N] [--days D] [--specialists S] [--seed K]

Customers order at random; every invoice is a process that waits for its payment and climbs the ladder of the embedded
strategy `friendly`; calls compete for the specialists, a `PriorityResource` that serves the largest amount first. It
does less than the simulator: no promises, disputes, callbacks, fatigue, payment runs, time zones or ledger at the end.
So a ratio to it is no flattery of the simulator by more work on this side.

Time is counted in days; a specialist's productive hours are spread over the whole week, so that a minute of talk takes
the same part of a specialist's capacity here and there.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Generator
from dataclasses import dataclass, field

import simpy

from sim import Strategy, assumptions

Events = Generator[simpy.Event, object, None]
ORDERS_PER_YEAR = 36.0  # about what a customer of the embedded portfolio orders
TERM = 30.0  # days
EARLY, ON_TIME, LATE = 0.013, 0.20, 0.09  # daily hazard before the due date, jump on it, daily hazard after


@dataclass
class Receivables:
    """The model: parameters, the desk, and what was counted."""

    env: simpy.Environment
    desk: simpy.PriorityResource
    rng: random.Random
    strategy: Strategy = field(default_factory=lambda: Strategy.load("friendly"))
    invoices: int = 0
    paid: int = 0
    contacts: int = 0
    calls: int = 0

    def __post_init__(self) -> None:
        """Look up the ladder and the assumptions once."""
        value = dict(zip((table := assumptions())["parameter"], table["default"].astype(float), strict=True))
        self.reach = value["right_party_contact_rate"]
        self.lift = {
            "phone": value["call_hazard_ratio"] * value["friendly_tone_ratio"],
            "email": value["email_personal_hazard_ratio"],
            "letter": value["letter_hazard_ratio"],
        }
        day = value["productive_hours_per_day"] * 60 * 5 / 7  # productive minutes of a calendar day
        self.talk = (value["reached_call_minutes"] + value["wrap_up_minutes"]) / day
        self.ring = value["unreached_call_minutes"] / day
        self.ladder = sorted((day, step) for step in self.strategy.steps for day in step.days)

    def customer(self) -> Events:
        """Issue invoices at random, for ever."""
        speed = self.rng.lognormvariate(0, 0.5)
        while True:
            yield self.env.timeout(self.rng.expovariate(ORDERS_PER_YEAR / 365))
            self.env.process(self.invoice(self.rng.lognormvariate(7, 1), speed))

    def invoice(self, amount: float, speed: float) -> Events:
        """Wait for the payment; climb the ladder until it comes."""
        self.invoices += 1
        due = self.env.now + TERM
        payment = self.env.timeout(self.delay(speed))
        for day, step in self.ladder:
            climb = self.env.timeout(due + day - self.env.now) if due + day > self.env.now else self.env.timeout(0)
            if payment in (yield payment | climb):
                break
            answered = step.channel != "phone"
            self.contacts += answered
            for _ in range(step.attempts if step.channel == "phone" else 0):
                with self.desk.request(priority=-amount) as turn:
                    if payment in (yield payment | turn):
                        break
                    self.contacts += 1
                    self.calls += 1
                    answered = self.rng.random() < self.reach
                    yield self.env.timeout(self.talk if answered else self.ring)
                if answered or payment in (yield payment | self.env.timeout(step.retry_days)):
                    break
            if payment.processed:
                break
            if answered:  # the late hazard is constant: what remains is drawn anew at the higher rate
                payment = self.env.timeout(self.rng.expovariate(speed * LATE * self.lift[step.channel]))
        else:
            yield payment
        self.paid += 1

    def delay(self, speed: float) -> float:
        """Return days from issue to payment: where the cumulative hazard reaches a unit exponential."""
        need = -math.log(1.0 - self.rng.random()) / speed
        if need < EARLY * TERM:
            return need / EARLY
        need -= EARLY * TERM
        return TERM if need < ON_TIME else TERM + (need - ON_TIME) / LATE


def run(customers: int, days: int, specialists: int, seed: int = 0) -> dict[str, float]:
    """Simulate, and return counts, seconds and invoices per second."""
    env = simpy.Environment()
    model = Receivables(env, simpy.PriorityResource(env, specialists), random.Random(seed))
    for _ in range(customers):
        env.process(model.customer())
    start = time.perf_counter()
    env.run(until=days)
    seconds = time.perf_counter() - start
    return {
        "invoices": model.invoices,
        "paid": model.paid,
        "contacts": model.contacts,
        "calls": model.calls,
        "waiting": len(model.desk.queue),
        "seconds": round(seconds, 3),
        "invoices_per_second": round(model.invoices / seconds),
    }


def main() -> None:
    """Run once and print one line of JSON."""
    parser = argparse.ArgumentParser(description="A SimPy process for every invoice.")
    for name, default in (("customers", 1000), ("days", 365), ("specialists", 2), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(run(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
