"""What all results can do: say what was found, as a sentence, a table, plain values, and in a notebook."""

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING, Any, Final

from ledger.errors import shortened

if TYPE_CHECKING:
    import pandas as pd

_REPR: Final = 100  # characters
_ROWS: Final = 20  # of a table in a notebook


class Result(ABC):
    """What a public function gives: text for people, a table for pandas, plain values for machines."""

    @abstractmethod
    def summary(self) -> str:
        """Return what was found as text of at most 80 columns, or as sentences."""

    @abstractmethod
    def table(self) -> "pd.DataFrame":
        """Return the figures, a row each."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return what was found as strict JSON can hold it; None for what is not a number."""

    def __repr__(self) -> str:
        """Return the type and the first line of the summary."""
        return f"<{type(self).__name__}: {shortened(self.summary().splitlines()[0], _REPR)}>"

    def _repr_html_(self) -> str:
        """Return the summary, and the first rows of the table, for a notebook."""
        rows = self.table().to_html(max_rows=_ROWS, na_rep="–", border=0, float_format=lambda value: f"{value:,.6g}")
        return f"<pre>{escape(self.summary())}</pre>\n{rows}"
