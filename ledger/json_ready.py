"""Results as JSON can hold them: null for what is not a number, plain numbers, days as ISO text."""

import math
from collections.abc import Mapping, Set
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd


def finite(value: float) -> float | None:
    """Return the number as a plain one, or None for NaN and infinity.

    >>> finite(1.5), finite(float("nan"))
    (1.5, None)
    """
    return float(value) if math.isfinite(value) else None


def json_ready(value: Any) -> Any:
    """Return the same value, to any depth, as strict JSON can hold it.

    NaN, infinity, pd.NA and a day that is not there are None; numpy's numbers and arrays are plain numbers and lists, a
    Decimal is a float; tuples and sets are lists, sets ascending by their text; a day is its ISO text, without the time
    where that is midnight, and a span of time is ISO text too (P1DT12H0M0S). Keys are made ready as values are.

    >>> json_ready({"days": (1, float("inf")), "on": datetime(2026, 1, 2)})
    {'days': [1, None], 'on': '2026-01-02'}
    """
    if isinstance(value, Mapping):
        return {json_ready(key): json_ready(inner) for key, inner in value.items()}
    if isinstance(value, Set):
        return sorted((json_ready(inner) for inner in value), key=str)
    if isinstance(value, list | tuple):
        return [json_ready(inner) for inner in value]
    if isinstance(value, np.ndarray) and not value.ndim:
        return json_ready(value[()])
    if isinstance(value, np.ndarray) and value.dtype.kind in "mM":
        return [json_ready(inner) for inner in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float | Decimal):
        return finite(float(value))
    if isinstance(value, date | timedelta | np.datetime64 | np.timedelta64):
        return _time(value)
    if hasattr(value, "tolist"):  # numpy's other arrays and numbers
        return json_ready(value.tolist())
    return value


def _time(value: date | timedelta | np.datetime64 | np.timedelta64) -> str | None:
    """Return a day, a time or a span of time as ISO text, None where it is not there."""
    if isinstance(value, np.datetime64 | np.timedelta64) and np.isnat(value):
        return None
    if isinstance(value, timedelta | np.timedelta64):
        return str(pd.Timedelta(value).isoformat())
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    text = value.isoformat()
    return text.removesuffix("T00:00:00") if isinstance(value, datetime) else text


def json_object(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with their values as strict JSON can hold them."""
    return {name: json_ready(value) for name, value in fields.items()}
