"""What stands around the digits of an amount: signs, brackets, credit and debit marks, a currency."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from ledger.arrays import Flags
from ledger.importing.words.signs import agreed, currency_named

DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
_BRACKETS: Final = {"(": ")", "<": ">"}
_MARK: Final = re.compile(r"^(?:cr|dr|c|d|h|s)\.?$", re.I)
_PAIRS: Final = (("C", "D"), ("H", "S"))  # credit and debit, Haben and Soll


@dataclass(frozen=True, slots=True, kw_only=True)
class Affix:
    """The text before or after the digits, taken apart."""

    minus: int = 0
    bracket: str = ""
    mark: str = ""  # CR, DR, or one letter
    currency: str | None = None
    clear: bool = True  # every part was understood


def affix(text: str) -> Affix:
    """Take the text before or after the digits apart.

    >>> affix("'-US$ ") == Affix(minus=1, currency="USD"), affix(" CR)") == Affix(mark="CR", bracket=")")
    (True, True)
    """
    rest = text.strip().removeprefix("'").removeprefix('="').removesuffix('"')
    minus = sum(rest.count(dash) for dash in DASHES)
    brackets = [letter for letter in rest if letter in "()<>"]
    words = re.sub(f"[{DASHES}+()<>]", " ", rest).split()
    marks = [word.rstrip(".").upper() for word in words if _MARK.match(word)]
    names = [currency_named(word) for word in words if not _MARK.match(word)]
    clear = len(brackets) <= 1 and len(marks) <= 1 and len(set(names)) <= 1 and None not in names and "+-" not in rest
    return Affix(
        minus=minus,
        bracket="".join(brackets),
        mark="".join(marks),
        currency=names[0] if names else None,
        clear=clear and rest.count("+") <= 1,
    )


def signs(
    heads: pa.StringArray, tails: pa.StringArray, whole: Flags, filled: Flags, *, bare: bool
) -> tuple[Flags, Flags, pa.StringArray]:
    """Return which cells are negative, which have signs that are understood, and the currency that each names.

    Parameters
    ----------
    heads, tails
        The texts before and after the digits.
    whole
        Cells whose digits end with a decimal mark: ``5.-`` is five, not minus five.
    filled
        Cells with an amount that is not zero; where all of them, in both letters of a pair, end in C or D, or in H or
        S, these are credit and debit. A stray letter is not understood.
    bare
        Whether the column has amounts beside these, without anything around them.
    """
    (front, before), (back, after) = (_distinct(texts) for texts in (heads, tails))
    opening = np.array([item.bracket for item in front])[before]
    closing = np.array([item.bracket for item in back])[after]
    inside = np.isin(opening, list(_BRACKETS)) & (closing == _matching(opening))
    lone = ((opening != "") | (closing != "")) & ~inside
    minus_after = np.where(whole, 0, np.array([item.minus for item in back])[after])
    minus = np.array([item.minus for item in front])[before] + minus_after
    marks = [np.array([item.mark for item in items])[at] for items, at in ((front, before), (back, after))]
    mark = np.where(marks[0] == "", marks[1], marks[0])
    credit, debit = mark == "CR", mark == "DR"
    for letters in _PAIRS:
        has = np.isin(mark, letters)
        safe = not bare and bool(has[filled].all()) and len(np.unique(mark[has])) == 2
        credit, debit = credit | (has & safe & (mark == letters[0])), debit | (has & safe & (mark == letters[1]))
    count = minus + inside + credit
    named = [np.array([item.currency or "" for item in items])[at] for items, at in ((front, before), (back, after))]
    clear = np.array([item.clear for item in front])[before] & np.array([item.clear for item in back])[after]
    clear &= ~lone & (count <= 1) & ((mark == "") | credit | debit) & ~((marks[0] != "") & (marks[1] != ""))
    currency = np.where(named[0] == "", named[1], named[0])
    for row in np.flatnonzero((named[0] != "") & (named[1] != "") & (named[0] != named[1])):  # $ 5.00 USD
        currency[row] = agreed((str(named[0][row]), str(named[1][row]))) or "?"
    clear &= currency != "?"
    return count > 0, clear, pa.array(currency, mask=currency == "")


def _distinct(texts: pa.StringArray) -> tuple[Sequence[Affix], "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    encoded = texts.fill_null("").dictionary_encode()
    return [affix(text) for text in encoded.dictionary.to_pylist()], encoded.indices.to_numpy(zero_copy_only=False)


def _matching(opening: "np.ndarray[tuple[int], np.dtype[np.str_]]") -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return np.where(opening == "(", ")", np.where(opening == "<", ">", "?"))
