"""Amounts as people write them, read exactly: no value passes through floating point.

An amount is held in *millionths of the currency's major unit* (int64): six decimals, below a million million. Digits
beyond the sixth decimal are noise of floating point (``129473.83000000002``) and are rounded off, half to even.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Ints
from ledger.importing.words.affixes import signs
from ledger.importing.words.cells import flags
from ledger.importing.words.marks import UNCLEAR, Marks, Reading
from ledger.table.currency import decimals

SCALE: Final = 1_000_000
_PLAIN: Final = r"^-?\d{1,12}(\.\d{1,6})?$"
_CANONICAL: Final = r"^0*\d{1,12}(\.\d+)?$"
_SPACES: Final = r" \t\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}'’"
_PARTS: Final = rf"^(?P<head>\D*)(?P<number>\d[\d.,{_SPACES}]*)(?P<tail>(?:[^\d.,{_SPACES}]\D*)?)$"
_OWN_MARK: Final = r"(?:^|[^\p{L}])(?P<mark>[.,])$"  # .50 is a half, Fr.50 are fifty
_EMPTY: Final = ("null", "none", "nan", "n/a", "na", "-", "–", "—", "#n/a", "(null)")
_OTHER_DIGITS: Final = r"[\x{660}-\x{669}\x{6f0}-\x{6f9}\x{966}-\x{96f}\x{ff10}-\x{ff19}]"
_LATIN: Final = {start + k: str(k) for start in (0x660, 0x6F0, 0x966, 0xFF10) for k in range(10)} | {
    0x66B: ".",  # Arabic decimal and thousands marks
    0x66C: ",",
    0xFF0E: ".",
    0xFF0C: ",",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts:
    """A column of amounts: millionths of the major unit, 0 where the cell is empty or cannot be read."""

    micro: Ints
    empty: Flags
    unreadable: Flags
    currency: pa.StringArray  # what stands in the cell itself: a code, or a sign that several currencies share
    noisy: int  # cells with more than six decimals


@dataclass(frozen=True, kw_only=True, eq=False)
class AmountColumn:
    """A column of amounts before its decimal mark is decided; `marks` is what its own cells say of it.

    Signs may lead, trail or be brackets; credit and debit marks, currency signs and codes, separators of thousands,
    typographic signs and spaces, and the digits of other scripts are understood.
    """

    cells: pa.StringArray
    native: Flags  # cells that the source stores as numbers
    marks: Marks

    @classmethod
    def of(cls, cells: pa.StringArray, *, native: Flags, thousandths: Flags | None = None) -> "AmountColumn":
        """Take a column; `thousandths` marks rows whose currency has three decimals."""
        if pc.any(foreign := pc.match_substring_regex(cells, _OTHER_DIGITS)).as_py():
            other = cells.filter(foreign.fill_null(False))
            latin = pa.array([text.translate(_LATIN) for text in other.to_pylist()], pa.string())
            cells = pc.replace_with_mask(cells, foreign.fill_null(False), latin)
        three = np.zeros(len(cells), bool) if thousandths is None else thousandths
        written = cells.filter(pa.array(~native)) if native.any() else cells
        return cls(cells=cells, native=native, marks=Marks.of(written, three[~native] if native.any() else three))

    def read(self, reading: Reading) -> Amounts:
        """Return the amounts with the given decimal mark."""
        cells, native = self.cells, self.native
        simple = flags(pc.match_substring_regex(cells, _PLAIN))
        if reading.mark == "," or not reading.trusted:
            simple &= native | ~flags(pc.match_substring(cells, "."))
        empty, unreadable = flags(pc.is_null(cells)), np.zeros(len(cells), bool)
        micro, noisy, currency = np.zeros(len(cells), np.int64), 0, pa.nulls(len(cells), pa.string())
        micro[simple] = _to_micro(cells if simple.all() else cells.filter(pa.array(simple)))
        rows = np.flatnonzero(~simple & ~empty)
        if len(rows):
            odd = cells.take(pa.array(rows))
            empty[rows] = flags(pc.is_in(pc.utf8_lower(odd), value_set=pa.array(_EMPTY)))
            micro[rows], good, noisy, named = _read_odd(odd, native[rows], reading, bare=bool(micro.any()))
            unreadable[rows] = ~good & ~empty[rows]
            if named.null_count < len(rows):
                place = np.full(len(cells), -1)
                place[rows] = np.arange(len(rows))
                currency = named.take(pa.array(place, mask=place < 0))
        return Amounts(micro=micro, empty=empty, unreadable=unreadable, currency=currency, noisy=noisy)


def _read_odd(
    cells: pa.StringArray, native: Flags, reading: Reading, *, bare: bool
) -> tuple[Ints, Flags, int, pa.StringArray]:
    """Read cells that are not plain numbers: millionths, which are readable, how many are noisy, currencies named."""
    sign, other = reading.mark, "." if reading.mark == "," else ","
    head, body, tail = _parts(cells)
    separators = f"{other}{_SPACES}"
    grouped = rf"^\d{{1,3}}(?:[{separators}]\d{{2,3}})*[{separators}]\d{{3}}(?:[{sign}]\d*)?$"
    fits = flags(pc.match_substring_regex(body, rf"{grouped}|^\d+(?:[{sign}]\d*)?$|^[{sign}]\d+$"))
    if not reading.trusted:
        fits &= ~flags(pc.match_substring_regex(body, "|".join(UNCLEAR.values())))
    plain = pc.replace_substring(body, other, "")
    if pc.any(spaced := pc.match_substring_regex(plain, f"[{_SPACES}]")).as_py():
        plain = pc.if_else(spaced, pc.replace_substring_regex(plain, f"[{_SPACES}]", ""), plain)
    plain = pc.replace_substring(plain, ",", ".") if sign == "," else plain
    whole = flags(pc.match_substring_regex(plain, r"\.$"))
    plain = pc.replace_substring_regex(pc.replace_substring_regex(plain, r"^\.", "0."), r"\.$", "")
    filled = fits & flags(pc.match_substring_regex(plain, "[1-9]"))
    negative, clear, currency = signs(head, tail, whole, filled, bare=bare)
    fits &= clear
    if native.any():
        stored = pa.array(native)
        written = _without_exponent(cells)
        plain = pc.if_else(stored, pc.replace_substring_regex(written, "^-", ""), plain)
        negative = np.where(native, flags(pc.starts_with(written, "-")), negative)
        fits |= native
    good = fits & flags(pc.match_substring_regex(plain, _CANONICAL))
    readable = plain.filter(pa.array(good))
    micro = np.zeros(len(cells), np.int64)
    micro[good] = np.where(negative[good], -1, 1) * _to_micro(readable)
    return micro, good, pc.sum(pc.match_substring_regex(readable, r"\.\d{7,}$")).as_py() or 0, currency


def _parts(cells: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray]:
    """Return what stands before the digits, the digits with their marks and spaces, and what stands after."""
    parts = pc.extract_regex(cells, _PARTS)
    head, number, tail = (pc.struct_field(parts, name) for name in ("head", "number", "tail"))
    own = pc.struct_field(pc.extract_regex(head, _OWN_MARK), "mark")
    if own.null_count < len(own):
        number = pc.binary_join_element_wise(pc.fill_null(own, ""), number, "")
        head = pc.if_else(pc.is_valid(own), pc.replace_substring_regex(head, "[.,]$", ""), head)
    return head, _trim(number), tail


def _trim(cells: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(cells, f"^[{_SPACES}]+|[{_SPACES}]+$", "")


def _without_exponent(cells: pa.StringArray) -> pa.StringArray:
    """Write numbers such as ``1e+15``, which only typed sources hold, in full."""
    if not pc.any(pc.match_substring_regex(cells, "[eE]")).as_py():
        return cells

    def written(text: str) -> str:
        try:
            return f"{Decimal(text):f}"
        except InvalidOperation:
            return text

    return pa.array([written(text) for text in cells.to_pylist()], pa.string())


def _to_micro(plain: pa.StringArray) -> Ints:
    """Return ``-?digits[.digits]`` as millionths; digits beyond the sixth are rounded half to even."""
    number = plain
    if pc.any(pc.match_substring_regex(plain, r"\.\d{7,}$")).as_py():
        cut = pc.replace_substring_regex(plain, r"(\.\d{18})\d+$", r"\1")
        number = pc.round(pc.cast(cut, pa.decimal128(38, 18)), 6, "half_to_even")
        number = pc.cast(number, pa.decimal128(38, 6), safe=False)
    else:
        number = pc.cast(plain, pa.decimal128(38, 6))
    words = np.frombuffer(number.buffers()[1], "<i8").reshape(-1, 2)[number.offset : number.offset + len(number), 0]
    return words.copy()


def to_minor(micro: Ints, currency: pa.StringArray) -> Ints:
    """Return amounts in minor units of their currencies (two decimals where null), rounded half to even."""
    encoded = currency.dictionary_encode()
    places = np.array([decimals(code) for code in encoded.dictionary.to_pylist()] + [2], np.int64)
    index = encoded.indices.fill_null(len(places) - 1).to_numpy(zero_copy_only=False)
    divisor = 10 ** (6 - places[index])
    quotient, rest = np.divmod(micro, divisor)
    twice = 2 * rest
    rounded: Ints = quotient + ((twice > divisor) | ((twice == divisor) & (quotient % 2 == 1)))
    return rounded


def exact_sum(micro: Ints) -> Decimal:
    """Return the sum in major units, exactly."""
    total = (int((micro >> 32).sum()) << 32) + int((micro & 0xFFFFFFFF).sum())
    return (Decimal(total) / SCALE).normalize() + 0
