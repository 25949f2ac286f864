"""What stands in a roster file: words, languages, days and parts of the week, in one reading for TOML and tables."""

import re
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

from ledger.policy.roster import BLOCKS

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CELL: Final = re.compile(rf"(\*|{'|'.join(WEEKDAYS)})( [1-{BLOCKS}])?")
_LONGEST: Final = 3660  # days of a range


def _words(value: object) -> object:
    """Return the words of a text, or of a list of texts."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if isinstance(parts, list | tuple) and any(not isinstance(part, str) or len(part.split()) != 1 for part in parts):
        raise ValueError("must be words without spaces")
    return parts


def _languages(value: object) -> object:
    parts = _words(value)
    if not isinstance(parts, list | tuple) or not parts or any(not re.fullmatch("[a-z]{2,3}", part) for part in parts):
        raise ValueError("must be ISO 639-1 codes such as en or es, at least one")
    return parts


def _cells(value: object) -> object:
    """Return parts of the week as "fri" or "fri 4"; in a text they are separated by commas."""
    parts = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    found = tuple(" ".join(str(part).lower().split()) for part in parts)
    if not all(_CELL.fullmatch(part) for part in found):
        raise ValueError(
            'must be parts of the week: "fri" for a day, "fri 4" for one of its four blocks, "* 1" for all'
        )
    return found


def _days(value: object) -> object:
    """Return every day of days and ranges such as 2026-10-05..2026-10-09, in order."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    days: set[date] = set()
    for part in parts:
        first, _, last = str(part).partition("..")
        try:
            start, stop = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise ValueError("must be days such as 2026-10-05, or ranges such as 2026-10-05..2026-10-09") from None
        if not 0 <= (stop - start).days <= _LONGEST:
            raise ValueError("a range of days must not end before it starts, nor last more than ten years")
        days |= {start + timedelta(k) for k in range((stop - start).days + 1)}
    return tuple(sorted(days))


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Languages = Annotated[tuple[str, ...], BeforeValidator(_languages)]
Cells = Annotated[tuple[str, ...], BeforeValidator(_cells)]
Days = Annotated[tuple[date, ...], BeforeValidator(_days)]
