"""Which of point and comma is the decimal mark: decided for each column of a file, from the cells that leave no doubt.

One file has one way of writing amounts. Three digits after the only mark of a cell (``1.234``) say nothing by
themselves; in a currency of two decimals they are a thousand unless other cells prove otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags
from ledger.wording import plural

_SPACE: Final = r"[\s\x{a0}\x{2000}-\x{200a}\x{202f}'’]"
# What leaves no doubt that the comma, or the point, is the decimal mark.
_SAYS_COMMA: Final = (
    r"\.\d{3},\d|,(\d{1,2}|\d{4,})\D*$|\d\.\d{3}\.\d{3}\D*$|(^|\D)0,\d{3}\D*$|\d{4},\d{3}\D*$"
    + f"|{_SPACE}\\d{{3}},\\d"
)
_SAYS_POINT: Final = (
    r",\d{2,3}\.\d|\.(\d{1,2}|\d{4,})\D*$|\d,\d{2,3},\d{3}\D*$|(^|\D)0\.\d{3}\D*$|\d{4}\.\d{3}\D*$"
    + f"|{_SPACE}\\d{{3}}\\.\\d"
)
UNCLEAR: Final = {",": r"^\D*[1-9]\d{0,2},\d{3}\D*$", ".": r"^\D*[1-9]\d{0,2}\.\d{3}\D*$"}
SURE: Final = 0.95  # share of the telling cells from which the others cannot be meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How many cells of a column say that the comma, or the point, is the decimal mark, and how many could be both."""

    comma: int = 0
    point: int = 0
    unclear: Mapping[str, int]  # mark -> cells that have it before three digits and no other, two decimals at most
    thousandths: Mapping[str, int]  # the same of currencies with three decimals

    @classmethod
    def of(cls, written: pa.StringArray, thousandths: Flags) -> "Marks":
        """Count the cells of a column, given as text; `thousandths` marks those of currencies with three decimals."""
        plain = not pc.any(pc.match_substring(written, ",")).as_py()
        if plain and not pc.any(pc.match_substring_regex(written, r"\d\.\d{3,}\D*$|\d\.\d{3}\.")).as_py():
            return cls(point=_count(pc.match_substring(written, ".")), unclear={}, thousandths={})
        three = pa.array(thousandths)
        unclear = {mark: pc.match_substring_regex(written, pattern) for mark, pattern in UNCLEAR.items()}
        return cls(
            comma=_count(pc.match_substring_regex(written, _SAYS_COMMA)),
            point=_count(pc.match_substring_regex(written, _SAYS_POINT)),
            unclear={mark: _count(pc.and_(found, pc.invert(three))) for mark, found in unclear.items()},
            thousandths={mark: _count(pc.and_(found, three)) for mark, found in unclear.items()},
        )

    @property
    def mark(self) -> str | None:
        """What the column's own cells say, most of them where they contradict; None where none tells."""
        return None if not self.comma + self.point else "," if self.comma > self.point else "."

    @property
    def sure(self) -> bool:
        """Whether the cells that tell agree, and are more than those that the mark would make odd."""
        telling = self.comma + self.point
        return max(self.comma, self.point) >= SURE * telling and telling >= self.unclear.get(self.mark or "", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read a column: its decimal mark, and whether cells that could be read both ways are trusted."""

    mark: str
    trusted: bool = True
    doubt: str | None = None


def choose_marks(columns: Mapping[str, Marks], preset: str) -> dict[str, Reading]:
    """Decide the decimal mark of each amount column of one file.

    A column follows its own evidence; without any, `preset` ("." or ","; "auto" says nothing), then the file's other
    columns; without any, three digits after the only mark are thousands.
    """
    told = {marks.mark for marks in columns.values() if marks.mark and marks.sure}
    shared = told.pop() if len(told) == 1 else None
    return {name: _reading(marks, preset, shared) for name, marks in columns.items()}


def _reading(marks: Marks, preset: str, shared: str | None) -> Reading:
    if marks.mark is not None:
        if marks.comma and marks.point:
            mark = preset if preset != "auto" else marks.mark
            both = (
                f"{plural(marks.comma, 'cell has', 'cells have')} a decimal comma and {marks.point:,} a decimal point"
            )
            return Reading(mark=mark, trusted=marks.sure, doubt=f"{both}; read with '{mark}'")
        odd = (
            None
            if marks.sure
            else f"few cells have a decimal '{marks.mark}', {marks.unclear[marks.mark]:,} could be both"
        )
        return Reading(mark=marks.mark, trusted=marks.sure, doubt=odd and f"{odd}: those are refused")
    found = {mark for mark in UNCLEAR if marks.unclear.get(mark) or marks.thousandths.get(mark)}
    if not found:
        return Reading(mark=shared or ("," if preset == "," else "."))
    if preset != "auto":
        return Reading(mark=preset, doubt=f"{_nothing(found)}; read with '{preset}' as decimal mark")
    if shared is not None and not marks.unclear.get(shared):
        return Reading(mark=shared)
    mark = next(iter(found))
    contradictory = len(found) == 2 or (marks.unclear.get(mark) and marks.thousandths.get(mark)) or shared is not None
    if contradictory:
        return Reading(mark=shared or ".", trusted=False, doubt=f"{_nothing(found)}; refused: say `decimal` in the map")
    if marks.thousandths.get(mark):
        return Reading(mark=mark, doubt=f"{_nothing(found)}; the currency has three decimals: read with '{mark}'")
    return Reading(mark="," if mark == "." else ".", doubt=f"{_nothing(found)}; read as thousands")


def _nothing(found: set[str]) -> str:
    shown = " and ".join(f"1{mark}234" for mark in sorted(found))
    return f"nothing tells whether {shown} is a thousand or a decimal"


def _count(found: pa.BooleanArray) -> int:
    return int(pc.sum(found).as_py() or 0)
