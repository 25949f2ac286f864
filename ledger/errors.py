"""The errors that say what a person can do: mend the input, or take a refusal for an answer."""

from typing import Any, ClassVar, Final

LONGEST: Final = 300  # characters of a message
_VALUE: Final = 80  # of them for what stood there
_WHERE: Final = 160  # and for the place


class ExpectedError(Exception):
    """An end that has a name: the command line tells it in one line and leaves with its exit code."""

    exit_code: ClassVar[int]

    @property
    def details(self) -> dict[str, Any]:
        """What the message says, for machines."""
        return {}


class BadInput(ExpectedError, ValueError):
    """Something that a person gave cannot be used; the command line ends with exit code 2.

    The message is one line of at most 300 characters; `rule`, `where`, `field` and `value` are kept whole.

    Parameters
    ----------
    rule
        What must hold, as a sentence.
    where
        File, and where it helps table or row: ``"invoices.csv, row 12"``.
    field, value
        The column or key and what stood there.
    """

    exit_code = 2

    def __init__(self, rule: str, *, where: str | None = None, field: str | None = None, value: Any = None) -> None:
        self.rule, self.where, self.field, self.value = rule, where, field, value
        place = ", ".join(shortened(part, _WHERE) for part in (where, field) if part)
        place = shortened(place, _WHERE)
        given = "" if value is None else shortened(repr(value), _VALUE)
        start = f"{place} is {given}" if place and given else place or given
        rule = shortened(rule, LONGEST - len(start) - 2)
        super().__init__(f"{start}: {rule}" if start else rule)

    @property
    def details(self) -> dict[str, Any]:
        """Place, column or key, value and rule; a value that JSON does not know is text."""
        known = self.value is None or isinstance(self.value, str | int | float | bool)
        value = self.value if known else str(self.value)
        return {"where": self.where, "field": self.field, "value": value, "rule": self.rule}


def shortened(text: str, most: int) -> str:
    """Return text in one line of at most so many characters; what is left out in the middle is marked."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 3]} … {text[-tail:]}"


class Refused(ExpectedError, RuntimeError):
    """What was asked has no honest answer; the command line ends with exit code 3.

    Parameters
    ----------
    message
        What is refused, and why.
    details
        The same for machines.
    """

    exit_code = 3

    def __init__(self, message: str, /, **details: Any) -> None:
        super().__init__(message)
        self._details = details

    @property
    def details(self) -> dict[str, Any]:
        """What was given."""
        return self._details


class Unavailable(ExpectedError, RuntimeError):
    """Something outside stands in the way for now: a full disk, a database that is down, a stale ledger, another run.

    The command line ends with exit code 4; what stood before is whole, and the same command may be given again.
    """

    exit_code = 4


class TrackingUnavailable(Unavailable):
    """The tracking server cannot be reached, or refuses; the command line ends with exit code 4."""
