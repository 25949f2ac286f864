"""Whatever a result holds, strict JSON can hold: a day as its text, never as a count of nanoseconds."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ledger.json_ready import json_ready

DAY = "2026-01-02"
HALF_A_DAY_MORE = "P1DT12H0M0S"


@pytest.mark.parametrize("unit", ["D", "s", "us", "ns"])
def test_a_day_of_numpy_is_text_in_every_unit(unit: str):
    """Alone, in an array of any shape, and where it is not there."""
    days = np.array([DAY, "NaT"], f"datetime64[{unit}]")
    assert json_ready(days[0]) == DAY
    assert json_ready(days) == [DAY, None]
    assert json_ready(days[None, :]) == [[DAY, None]]
    assert json_ready(np.array(days[0])) == DAY  # without a dimension


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2026, 1, 2), DAY),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), f"{DAY}T03:04:00+00:00"),
        (pd.Timestamp(DAY), DAY),
        (pd.Series(pd.to_datetime([DAY, None])), [DAY, None]),
        (pd.Timedelta(hours=36), HALF_A_DAY_MORE),
        (timedelta(hours=36), HALF_A_DAY_MORE),
        (np.timedelta64(36, "h"), HALF_A_DAY_MORE),
        (np.array([36, "NaT"], "timedelta64[h]"), [HALF_A_DAY_MORE, None]),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.array([1, None], "Int64"), [1, None]),
        (Decimal("1.25"), 1.25),
        (Decimal("NaN"), None),
        (np.float32("inf"), None),
        (np.bool_(True), True),
        ({"b", "a"}, ["a", "b"]),
        (frozenset([np.int64(3)]), [3]),
        (np.array([Decimal(2), pd.NA, date(2026, 1, 2)], object), [2.0, None, DAY]),
    ],
)
def test_every_value_is_as_json_can_hold_it(value: Any, expected: Any):
    """Days and spans of time, numbers that are none, sets, and what arrays of objects hold."""
    assert json_ready(value) == expected
    assert json.loads(json.dumps(json_ready({"it": value}), allow_nan=False)) == {"it": expected}


def test_keys_are_made_ready_as_values_are():
    """Days and numbers of numpy as keys; text stays as it is."""
    given = {pd.Timestamp(DAY): 1, np.int64(7): 2, date(2026, 1, 3): 3, "name": 4}
    assert json.loads(json.dumps(json_ready(given))) == {DAY: 1, "7": 2, "2026-01-03": 3, "name": 4}
