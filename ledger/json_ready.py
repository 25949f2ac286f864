"""Results as JSON can hold them: null for what is not a number, plain numbers, days as ISO text."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def finite(value: float) -> float | None:
    """Return the number as a plain one, or None for NaN and infinity.

    >>> finite(1.5), finite(float("nan"))
    (1.5, None)
    """
    return float(value) if math.isfinite(value) else None


def json_ready(value: Any) -> Any:
    """Return the same value, to any depth, as strict JSON can hold it.

    NaN, infinity and a day that is not there are None; numbers and arrays of numpy are plain numbers and lists, tuples
    are lists; a day is its ISO text, without the time where that is midnight.

    >>> json_ready({"days": (1, float("inf")), "on": datetime(2026, 1, 2)})
    {'days': [1, None], 'on': '2026-01-02'}
    """
    if isinstance(value, Mapping):
        return {key: json_ready(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(inner) for inner in value]
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return json_ready(value.tolist())
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, datetime):
        return None if value != value else value.isoformat().removesuffix("T00:00:00")  # NaT is not itself
    return value


def json_object(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with their values as strict JSON can hold them."""
    return {name: json_ready(value) for name, value in fields.items()}
