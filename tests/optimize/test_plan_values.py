"""What a contact is worth: against the what-if of the models' floor, and against a sum over days by hand."""

import numpy as np
import pandas as pd
import pytest

from ledger.policy.strategy import Step, Strategy
from ledger.table.months import day_numbers
from models.assumed.assumptions import Assumptions
from models.effects.what_if import Effects, incremental_cash
from models.history.write_offs import WriteOffs
from optimize.plans.contact_value import ContactValues, contact_values
from optimize.plans.policy import Policy
from optimize.plans.steps_due import dunning
from tests.handmade import handmade, invoice, payment
from tests.timings import Hazards, constant

EVENING = "2025-03-31"
DAYS = day_numbers(pd.DatetimeIndex(["2025-04-01", "2025-04-02", "2025-04-07"]))
LADDER = Strategy(name="calls", steps=(Step(name="call", day=1, channel="phone"),))
NEVER_OFF = WriteOffs(age=np.empty(0, np.int64), cumulative=np.empty(0), seen=0, followed=999)
MODEL = Hazards(of=lambda name, days: {"c1": 0.02, "c2": 0.05}[name] * (1 + (days % 7 == 2)))


def ledger():
    """Two customers; of one of the first one's invoices a little is paid."""
    return handmade(
        EVENING,
        [
            invoice("a", "2025-02-01", "2025-03-01", 100_00),
            invoice("b", "2025-02-10", "2025-03-20", 50_00),
            invoice("c", "2025-02-01", "2025-01-05", 70_00, customer_id="c2") | {"due_date": "2025-02-02"},
        ],
        [payment("a", "2025-03-10", 8_00)],
    )


def worth(policy: Policy, age: int = 180) -> ContactValues:
    """Return the values of the two accounts."""
    return valued(dunning(ledger(), LADDER, DAYS, 0.7), MODEL, WriteOffs.at(age), policy)


def valued(due, model, written, policy, **assumed) -> ContactValues:
    """Return the values of what is due, where no talk wins a promise."""
    effects, assume = Effects.assumed(), Assumptions.default(**({"promise_given_right_party": 0} | assumed))
    return contact_values(due, model, (effects, effects), written, policy=policy, assume=assume)


def test_undiscounted_gain_is_the_models_incremental_cash():
    """A call on the first day, cash within the horizon: what `models.effects.what_if` says, of the open amounts."""
    found = worth(Policy(horizon=30, discount_rate=0.0, later_cash=0.0))
    open_ = ledger().invoices.assign(open=ledger().open_amount(), asked_on=pd.Timestamp(EVENING))
    found_there = incremental_cash(
        MODEL, open_, channel="phone", tone="friendly", on="2025-04-01", effects=Effects.assumed(), horizon=30
    )
    unpaid = np.exp(-np.array([0.02, 0.02, 0.05]) * (1 + (DAYS[0] % 7 == 2)))  # that day's own payments come before
    by_account = np.add.reduceat(found_there.per_invoice * unpaid, [0, 2])
    assert found.gain[:, 0, 0] == pytest.approx(by_account, rel=1e-9)


@pytest.mark.parametrize("later", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("day", [0, 2])
@pytest.mark.parametrize("age", [100, 78, 60, 40])
def test_value_is_the_sum_over_days_of_discounted_cash(day: int, later: float, age: int):
    """With and without the call, by a loop over days; what comes after the horizon counts in part.

    Nothing comes after the write-off, within the horizon or beyond it; what is older than that stands for good.
    """
    policy = Policy(horizon=20, discount_rate=0.5, later_cash=later)
    found = worth(policy, age=age)
    effects, evening = Effects.assumed(), int(DAYS[0]) - 1
    extra = float(effects.extra("phone", "friendly"))

    def cash(customer: str, due: int, called: int | None) -> float:
        end, write_off = evening + 21, due + (age if due + age > evening else 3650)
        alive, total = 1.0, 0.0
        for today in range(evening + 1, write_off + 1):
            rate = float(MODEL.of(customer, np.array([today]))[0])
            if called is not None:
                rate *= 1 + extra * float(effects.felt(today - called))
            paid = alive * -np.expm1(-rate)
            counts = 1.0 if today <= end else later
            total += counts * paid * 1.5 ** (-(today - evening - 1) / 365)
            alive -= paid
        return total

    dues = dict(zip("abc", day_numbers(ledger().invoices["due_date"]).tolist(), strict=True))
    for account, parts in enumerate(([("a", 92_00), ("b", 50_00)], [("c", 70_00)])):
        name = f"c{account + 1}"
        without = sum(money * cash(name, dues[k], None) for k, money in parts)
        called = sum(money * cash(name, dues[k], int(DAYS[day])) for k, money in parts)
        near = 1e-9 if later == 0 else 2e-3  # after 60 days the grid's days lie apart
        assert found.without[account, day] == pytest.approx(without, rel=near)
        assert found.gain[account, 0, day] == pytest.approx(called - without, rel=near)


def test_who_pays_anyway_is_worth_no_call():
    """Gain falls to nothing as payment becomes certain, and never exceeds what is open."""
    gains = [
        valued(dunning(ledger(), LADDER, DAYS, 0.7), constant(rate), NEVER_OFF, Policy()).gain[0, 0, 0]
        for rate in (1e-6, 0.01, 0.05, 1.0, 20.0)
    ]
    assert gains[0] < gains[1]
    assert gains[2] > gains[3] > gains[4]
    assert gains[4] < 1
    assert max(gains) < 142_00


def test_a_rest_is_worth_next_to_no_call_where_none_was_ever_settled():
    """98 % was paid months ago: what the model says of unpaid invoices says nothing of the rest."""
    quick = constant(0.05)
    invoices = [invoice(f"i{k}", "2024-06-01", "2024-07-01", 100_00) for k in range(40)]
    open_ones = handmade(EVENING, invoices, [payment(f"i{k}", "2024-07-05", 98_00) for k in range(40)])
    unpaid = handmade(EVENING, [row | {"amount": 2_00} for row in invoices])
    gain, as_invoices = (
        valued(dunning(one, LADDER, DAYS, 0.7), quick, NEVER_OFF, Policy(horizon=30)).gain[0, 0, 0]
        for one in (open_ones, unpaid)
    )
    assert as_invoices > 1_00
    assert 0 <= gain < 0.05 * as_invoices
