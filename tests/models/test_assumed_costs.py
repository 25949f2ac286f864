"""What an hour and a call are assumed to take and to cost."""

import numpy as np
import pytest

from models.assumed.assumptions import Assumptions
from models.assumed.call_minutes import CallMinutes


def test_an_hour_without_a_cost_of_its_own_is_at_the_loaded_wage():
    """24 an hour and 40 % on top of it."""
    assume = Assumptions.default(specialist_wage=24.0, loaded_cost_factor=1.4)
    assert assume.hourly(np.array([0.0, 50.0])) == pytest.approx([33.6, 50.0])


def test_the_productive_share_is_of_a_shift_of_eight_hours():
    """Five of eight."""
    assert Assumptions.default(productive_hours_per_day=5.0).productive_share == 0.625


def test_a_call_takes_what_its_two_ends_take_by_their_chances():
    """Means of triangles are thirds of their corners' sums."""
    minutes = CallMinutes(talk=(2.0, 4.0, 6.0), wrap=(1.0, 1.0, 4.0), unreached=(0.0, 1.0, 2.0))
    assert minutes.expected(np.array([0.0, 0.25, 1.0])) == pytest.approx([1.0, 2.25, 6.0])
