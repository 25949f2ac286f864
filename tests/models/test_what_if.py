"""One more contact, whatever the model: laws, evidence, and what the simulator does."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import BadInput, Ledger
from ledger.table.months import day_numbers
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import ContactLaw
from models.effects.what_if import Effects, incremental_cash, remembered_contacts, what_if
from models.timing import PaymentTiming, asked_on, fit
from sim import Step, Strategy, simulate
from tests.handmade import contact, handmade, invoice
from tests.portfolios import FIRST, LAST, portfolio

ON, DAYS = "2024-03-01", np.arange(-30, 120)


@dataclass(frozen=True)
class Known:
    """A payment-timing model with a given daily hazard from FIRST to LAST days past due."""

    hazard: npt.NDArray[np.float64]
    name: str = "known"

    def knowing(self, ledger: Ledger) -> "Known":
        """Return itself."""
        return self

    def cumulative_hazard(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the hazard from the day after the question."""
        total = np.r_[0.0, np.cumsum(self.hazard)]
        asked = asked_on(invoices) - day_numbers(invoices["due_date"])

        def at(late: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
            return np.asarray(total[np.clip(late - FIRST + 1, 0, len(total) - 1)])

        return np.maximum(at(np.asarray(days))[None, :] - at(asked)[:, None], 0.0)

    def survival(self, invoices: pd.DataFrame, days: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return exp(−cumulative hazard)."""
        return np.exp(-self.cumulative_hazard(invoices, days))


def some(*ages: int) -> pd.DataFrame:
    """Return invoices that are so many days past due on the day ON."""
    due = pd.Timestamp(ON) - pd.to_timedelta(list(ages), unit="D")
    columns = {"customer_id": "c1", "issue_date": due - pd.Timedelta(days=30), "due_date": due, "currency": "USD"}
    return pd.DataFrame(columns | {"amount": 100_000 + np.arange(len(ages))})


def effects(ratio: float) -> Effects:
    """Return the assumed effects with another ratio for friendly calls."""
    assumed = Effects.assumed()
    entries = [replace(e, ratio=ratio) if (e.channel, e.tone) == ("phone", "friendly") else e for e in assumed.entries]
    return replace(assumed, entries=tuple(entries))


CALL = {"channel": "phone", "tone": "friendly", "on": ON}
hazards = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).exponential(0.03, LAST - FIRST + 1))


@settings(max_examples=15, deadline=None)
@given(hazards, st.floats(1, 4), st.lists(st.integers(-40, 200), min_size=1, max_size=8), st.floats(0, 6))
def test_a_contact_never_lowers_the_chance_of_payment(
    hazard: npt.NDArray[np.float64], ratio: float, ages: list[int], remembered: float
) -> None:
    """Survival is 1 up to the day, never above that without; ratio 1 changes nothing; cash is within what is open."""
    model, invoices = Known(hazard), some(*ages)
    found = what_if(model, invoices, **CALL, effects=effects(ratio), days=DAYS, remembered=remembered)
    assert (found.survival <= found.without).all()
    assert (np.diff(found.survival, axis=1) <= 0).all()
    assert (found.survival[DAYS[None, :] <= np.array(ages)[:, None]] == 1).all()
    np.testing.assert_allclose(found.without, model.survival(invoices.assign(asked_on=pd.Timestamp(ON)), DAYS))
    same = what_if(model, invoices, **CALL, effects=effects(1.0), days=DAYS)
    np.testing.assert_array_equal(same.survival, same.without)
    cash = incremental_cash(model, invoices, **CALL, effects=effects(ratio), horizon=30, remembered=remembered)
    assert ((cash.per_invoice >= 0) & (cash.per_invoice <= invoices["amount"])).all()
    nothing = incremental_cash(model, invoices, **CALL, effects=effects(1.0), horizon=30)
    assert nothing.total == 0


def test_the_effect_starts_the_day_after_halves_and_tires() -> None:
    """By hand: with a flat hazard of 1 % the extra of .5 adds its decayed part to every later day."""
    model = Known(np.full(LAST - FIRST + 1, 0.01))
    fresh = what_if(model, some(10), **CALL, effects=effects(1.5), days=[10, 11, 12])
    felt = 0.5 * 0.5 ** (np.array([1, 2]) / 14)
    np.testing.assert_allclose(-np.log(fresh.survival[0]), np.r_[0, np.cumsum(0.01 * (1 + felt))])
    tired = what_if(model, some(10), **CALL, effects=effects(1.5), days=[11], remembered=2.0)
    assert -np.log(tired.survival[0, 0]) == pytest.approx(0.01 * (1 + felt[0] * 0.85**2))


def test_every_result_names_its_evidence() -> None:
    """The assumed call is a guess, for its weakest part is one; open amounts and rates are used."""
    model, invoices = Known(np.full(LAST - FIRST + 1, 0.01)), some(5, 40)
    found = what_if(model, invoices, **CALL, effects=Effects.assumed(), days=DAYS)
    assert (found.basis, found.grade, found.effect.ratio) == ("assumed", "G", pytest.approx(1.6 * 1.18))
    assert "assumed, grade G" in found.summary()
    whole = incremental_cash(model, invoices, **CALL, effects=Effects.assumed(), horizon=14)
    half = incremental_cash(
        model, invoices.assign(open=invoices["amount"] // 2), **CALL, effects=Effects.assumed(), horizon=14, to_base=3
    )
    assert half.total == pytest.approx(1.5 * whole.total, rel=1e-4)
    assert "assumed, grade G" in whole.summary()
    weak = Effects.assumed(Assumptions.default(letter_hazard_ratio=1.3), personal=True)
    assert weak.of("letter", "firm").ratio == 1.3
    assert weak.of("email", "friendly").ratio == 1.15
    with pytest.raises(BadInput, match="phone firm"):
        weak.of("fax", "friendly")
    with pytest.raises(BadInput, match="ascending"):
        what_if(model, invoices, **CALL, effects=weak, days=[3, 3])


def test_contacts_are_remembered_by_customer() -> None:
    """Each fades by a factor e in thirty days; one of today, or of a stranger, does not count."""
    rows = [invoice("i0", "2024-01-01", "2024-01-31", 100)]
    days = ("2024-01-31 09:00", "2024-02-20 09:00", "2024-03-01 09:00")
    calls = [contact(f"k{k}", day, outcome="reached") for k, day in enumerate(days)]
    ledger = handmade("2024-03-02", rows, contacts=calls)
    law = ContactLaw.of(Assumptions.default(fatigue_memory=30))
    found = remembered_contacts(ledger, pd.Series(["c1", "stranger"]), ON, law)
    np.testing.assert_allclose(found, [np.exp(-1) + np.exp(-10 / 30), 0.0])


def test_any_fitted_model_can_be_asked() -> None:
    """A Kaplan–Meier curve of a small ledger: a call helps, and no answer is NaN."""
    rows = [invoice(f"i{k}", "2023-12-01", "2023-12-31", 100) for k in range(20)]
    from tests.handmade import payment

    paid = [payment(f"i{k}", f"2024-01-{k + 5:02d}", 100) for k in range(15)]
    model = fit(handmade("2024-02-28", rows, paid))
    assert isinstance(model, PaymentTiming)
    found = what_if(model, some(-5, 3, 20), **CALL, effects=effects(2.0), days=DAYS)
    assert np.isfinite(found.survival).all()
    assert (found.survival < found.without).any(axis=1).all()


def test_the_simulator_agrees() -> None:
    """Emailed 5 days late, the share paid 30 days later fits, that without does not: 1 of 15,000 seeds would fail."""
    late = np.arange(FIRST, LAST + 1)
    hazard = np.where(late < 0, 0.0, 0.012 + 0.05 * np.exp(-late / 15))
    n, ratio = 8_000, 2.0
    rows = [invoice(f"i{k}", "2024-01-01", "2024-01-11", 10_000, customer_id=f"c{k:03d}") for k in range(n)]
    assume = {"email_personal_hazard_ratio": ratio}
    who = portfolio(n, hazard[None, :], invoices=rows, rate=0, assumptions=assume)
    email = Strategy(name="email", steps=(Step(name="email", day=5, channel="email", personal=True),))
    run = simulate(who, email, days=45, specialists=0, every_day=True, seed=11)
    day = (run.ledger.payments["received_date"] - pd.Timestamp("2024-01-11")).dt.days.to_numpy()
    open_then = n - (day <= 5).sum()
    share = ((day > 5) & (day <= 35)).sum() / open_then
    effect = Effects.assumed(Assumptions.default(email_personal_hazard_ratio=ratio), personal=True)
    asked = some(5)
    found = what_if(Known(hazard), asked, channel="email", tone="friendly", on=ON, effects=effect, days=[35])
    error = np.sqrt(share * (1 - share) / open_then)
    assert abs(share - (1 - found.survival[0, 0])) < 4 * error
    assert abs(share - (1 - found.without[0, 0])) > 4 * error
