"""The one error that a person can mend: it names the place, the field, the value and the rule."""

from typing import Any


class BadInput(ValueError):
    """Something that a person gave cannot be used; the command line ends with exit code 2.

    Parameters
    ----------
    rule
        What must hold, as a sentence.
    where
        File, and where it helps table or row: ``"invoices.csv, row 12"``.
    field, value
        The column or key and what stood there.
    """

    def __init__(self, rule: str, *, where: str | None = None, field: str | None = None, value: Any = None) -> None:
        self.rule, self.where, self.field, self.value = rule, where, field, value
        place = ", ".join(part for part in (where, field) if part)
        shown = "" if value is None else f" is {value!r}"
        shown = shown if place else "" if value is None else repr(value)
        super().__init__(f"{place}{shown}: {rule}" if place or shown else rule)
