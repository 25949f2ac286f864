"""Amounts as people write them, read exactly: no value passes through floating point.

An amount is held in *millionths of the currency's major unit* (int64): six decimals, below a million million. Digits
beyond the sixth decimal are noise of floating point (``129473.83000000002``) and are rounded off, half to even.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ledger.currency import decimals
from ledger.importing.cells import Flags, Ints, flags

SCALE: Final = 1_000_000
_PLAIN: Final = r"^-?\d{1,12}(\.\d{1,6})?$"
_CANONICAL: Final = r"^-?0*\d{1,12}(\.\d+)?$"
_SPACES: Final = r" \x{a0}\x{202f}\x{2009}'’"
_EMPTY: Final = ("null", "none", "nan", "n/a", "na", "-", "#n/a", "(null)")
_CURRENCY_SIGNS: Final = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₫": "VND",
    "₪": "ILS",
    "₱": "PHP",
    "₴": "UAH",
}
_UNITS: Final = r"\b[A-Z]{3}\b|\b(?:US|C|CA|A|AU|NZ|HK|S|R)?\p{Sc}|\p{Sc}|(?i:\bkr\b\.?|zł|\bfr\.|kč)"
# What leaves no doubt that the comma, or the point, is the decimal sign.
_SAYS_COMMA: Final = r"\.\d{3},\d|,(\d{1,2}|\d{4,})\D*$|\d\.\d{3}\.\d{3}\D*$"
_SAYS_POINT: Final = r",\d{2,3}\.\d|\.(\d{1,2}|\d{4,})\D*$|\d,\d{3},\d{3}\D*$"


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts:
    """A column of amounts: millionths of the major unit, 0 where the cell is empty or cannot be read."""

    micro: Ints
    empty: Flags
    unreadable: Flags
    currency: pa.StringArray  # the currency that stands in the cell itself, mostly null
    noisy: int  # cells with more than six decimals
    doubt: str | None  # why the decimal sign of the column is in doubt


def read_amounts(cells: pa.StringArray, *, native: Flags, decimal: str = "auto") -> Amounts:
    """Read a column of amounts.

    Signs may lead, trail or be parentheses; CR and DR, currency signs and codes, and separators of thousands are
    understood. Which of point and comma is the decimal sign is decided for the column, from the cells that leave no
    doubt; `decimal` ("auto", "." or ",") decides where none does.
    """
    sign, doubt = _decimal_sign(cells, native, decimal)
    simple = flags(pc.match_substring_regex(cells, _PLAIN))
    if sign == ",":
        simple &= native | ~flags(pc.match_substring(cells, "."))
    empty, unreadable = flags(pc.is_null(cells)), np.zeros(len(cells), bool)
    micro, noisy, currency = np.zeros(len(cells), np.int64), 0, pa.nulls(len(cells), pa.string())
    micro[simple] = _to_micro(cells if simple.all() else cells.filter(pa.array(simple)))
    rows = np.flatnonzero(~simple & ~empty)
    if len(rows):
        odd = cells.take(pa.array(rows))
        empty[rows] = flags(pc.is_in(pc.utf8_lower(odd), value_set=pa.array(_EMPTY)))
        micro[rows], good, noisy, named = _read_odd(odd, native[rows], sign)
        unreadable[rows] = ~good & ~empty[rows]
        if named.null_count < len(rows):
            place = np.full(len(cells), -1)
            place[rows] = np.arange(len(rows))
            currency = named.take(pa.array(place, mask=place < 0))
    return Amounts(micro=micro, empty=empty, unreadable=unreadable, currency=currency, noisy=noisy, doubt=doubt)


def _decimal_sign(cells: pa.StringArray, native: Flags, preset: str) -> tuple[str, str | None]:
    """Return the column's decimal sign, and why it is in doubt where it is."""
    written = cells.filter(pa.array(~native)) if native.any() else cells
    fallback = "," if preset == "," else "."
    no_comma = fallback == "." and not pc.any(pc.match_substring(written, ",")).as_py()
    if no_comma and not pc.any(pc.match_substring_regex(written, r"\d\.\d{3}\D*$")).as_py():
        return ".", None
    comma = pc.sum(pc.match_substring_regex(written, _SAYS_COMMA)).as_py() or 0
    point = pc.sum(pc.match_substring_regex(written, _SAYS_POINT)).as_py() or 0
    if comma and point:
        sign = fallback if preset != "auto" else "," if comma > point else "."
        return sign, f"{comma} cells have a decimal comma and {point} a decimal point; read with '{sign}'"
    if comma or point:
        return "," if comma else ".", None
    if pc.any(pc.match_substring_regex(written, r"\d[.,]\d{3}\D*$")).as_py():
        return (
            fallback,
            f"nothing tells whether 1,234 is a thousand or a decimal; read with '{fallback}' as decimal sign",
        )
    return fallback, None


def _read_odd(cells: pa.StringArray, native: Flags, sign: str) -> tuple[Ints, Flags, int, pa.StringArray]:
    """Read cells that are not plain numbers: millionths, which are readable, how many are noisy, currencies named."""
    body, negative, currency = _bare(cells)
    other = "." if sign == "," else ","
    separators = f"{other}{_SPACES}"
    grouped = rf"^\d{{1,3}}(?:[{separators}]\d{{2,3}})*[{separators}]\d{{3}}(?:[{sign}]\d*)?$"
    fits = pc.match_substring_regex(body, rf"{grouped}|^\d+(?:[{sign}]\d*)?$|^[{sign}]\d+$")
    plain = pc.replace_substring_regex(body, f"[{separators}]", "")
    plain = pc.replace_substring(plain, ",", ".") if sign == "," else plain
    plain = pc.replace_substring_regex(pc.replace_substring_regex(plain, r"^\.", "0."), r"\.$", "")
    if native.any():
        stored = pa.array(native)
        plain = pc.if_else(stored, _without_exponent(cells), plain)
        fits, negative = pc.or_(fits, stored), negative & ~native
    good = flags(pc.and_(fits, pc.match_substring_regex(plain, _CANONICAL)))
    readable = plain.filter(pa.array(good))
    micro = np.zeros(len(cells), np.int64)
    micro[good] = np.where(negative[good], -1, 1) * _to_micro(readable)
    return micro, good, pc.sum(pc.match_substring_regex(readable, r"\.\d{7,}$")).as_py() or 0, currency


def _bare(cells: pa.StringArray) -> tuple[pa.StringArray, Flags, pa.StringArray]:
    """Return the digits and separators of each cell, whether it is negative, and the currency that it names."""
    named = pc.extract_regex(cells, r"(?:^|[^A-Za-z])(?P<code>[A-Z]{3})(?:[^A-Za-z]|$)")
    currency = pc.struct_field(named, "code").cast(pa.string())
    for sign, code in _CURRENCY_SIGNS.items():
        currency = pc.if_else(pc.match_substring(cells, sign), code, currency)
    body = pc.replace_substring_regex(cells, r"[\x{2212}\x{2013}]", "-")
    credit = pc.match_substring_regex(body, r"\d\s*(?i:cr)\.?$")
    body = pc.replace_substring_regex(body, r"(\d)\s*(?i:cr|dr)\.?$", r"\1")
    body = _trim(pc.replace_substring_regex(body, _UNITS, ""))
    inside = pc.match_substring_regex(body, r"^\(.*\)$")
    body = _trim(pc.if_else(inside, pc.replace_substring_regex(body, r"^\(|\)$", ""), body))
    minus = pc.match_substring_regex(body, r"^-[^-]+$|^[^-]+-$")
    body = _trim(pc.if_else(minus, pc.replace_substring_regex(body, r"^-|-$", ""), body))
    body = pc.replace_substring_regex(body, r"^\+", "")
    signs = sum(flags(found).astype(int) for found in (credit, inside, minus))
    unclear = pa.array(np.asarray(signs) > 1)  # two signs in one cell
    return pc.if_else(unclear, "?", body), np.asarray(signs) > 0, currency


def _trim(cells: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(cells, r"^[\s\x{a0}\x{202f}]+|[\s\x{a0}\x{202f}]+$", "")


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
    rounded: npt.NDArray[np.int64] = quotient + ((twice > divisor) | ((twice == divisor) & (quotient % 2 == 1)))
    return rounded


def exact_sum(micro: Ints) -> Decimal:
    """Return the sum in major units, exactly."""
    total = (int((micro >> 32).sum()) << 32) + int((micro & 0xFFFFFFFF).sum())
    return (Decimal(total) / SCALE).normalize() + 0
