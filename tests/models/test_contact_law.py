"""The law of contacts and talks: what it says, and that kernels say the same."""

import inspect
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assumed import contact_law, contact_law_kernels
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import ContactLaw, TalkLaw, added_hazard, chance_won, left_of, promised_day

USUAL = Assumptions.default()
share, days = st.floats(0, 1), st.floats(0.5, 400)


@given(
    law=st.builds(ContactLaw, fatigue=share, memory=days, half_life=days),
    talk=st.builds(TalkLaw, promise=share, kept=share, low=st.floats(1, 9), high=st.floats(9, 30)),
    numbers=st.tuples(st.floats(0, 5), st.floats(0, 20), st.integers(0, 900), share),
)
@settings(max_examples=25, deadline=None)
def test_kernels_say_what_the_formulas_say(law: ContactLaw, talk: TalkLaw, numbers: tuple[float, float, int, float]):
    """Every compiled function beside the plain one of its name."""
    extra, remembered, day, draw = numbers
    named = {"extra": extra, "contacts": remembered, "remembered": remembered, "days": day, "today": day, "draw": draw}
    named |= {"keeps": extra, "effect": remembered, "won": draw}
    for name in ("still_remembered", "added_hazard", "chance_kept", "chance_won", "promised_day", "spent_by_talk"):
        plain, compiled = getattr(contact_law, name), getattr(contact_law_kernels, name)
        *first, last = inspect.signature(plain).parameters.values()
        given_ = [named[one.name] for one in first] + [talk if last.annotation is TalkLaw else law]
        assert compiled(*given_) == pytest.approx(plain(*given_), rel=1e-12)


def test_a_contact_weakens_with_those_remembered_and_fades_by_halves():
    """By hand: two remembered contacts at a fatigue of .85, and a fortnight later."""
    law = ContactLaw.of(USUAL)
    assert added_hazard(0.6, 2.0, law) == pytest.approx(0.6 * USUAL.fatigue**2)
    assert left_of(law.half_life, law.half_life) == pytest.approx(0.5)
    assert law.daily**law.half_life == pytest.approx(0.5)
    assert contact_law.still_remembered(3.0, USUAL.fatigue_memory, law) == pytest.approx(3 / math.e)


def test_promises_fall_due_on_every_day_of_the_range_alike():
    """A uniform draw; and no chance exceeds 1, however much a planner believes of talks."""
    talk = TalkLaw.of(replace(USUAL, promise_days_low=3, promise_days_high=7))
    due = [promised_day(100, draw, talk) for draw in np.arange(0.1, 1, 0.2)]
    assert due == [103, 104, 105, 106, 107]
    assert talk.days == 5
    assert chance_won(3.0, 50.0, talk) == 1.0
