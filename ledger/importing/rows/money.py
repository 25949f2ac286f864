"""Currencies on their way in: the base currency, the rates to it, and the currency of each row."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Ints
from ledger.errors import BadInput
from ledger.importing.rows.intake import Intake, codes, text_column
from ledger.importing.words.amounts import Amounts, to_minor
from ledger.importing.words.cells import flags
from ledger.importing.words.signs import SHARED, agreed, currency_named, is_shared
from ledger.table.currency import decimals
from ledger.wording import plural


@dataclass(frozen=True, kw_only=True)
class Money:
    """The base currency, what rows without a currency are in, and the rates to the base."""

    base: str
    default: str
    rates: Mapping[str, float]

    def frame(self) -> pd.DataFrame:
        """Return the rates as a ledger's table."""
        others = {code: rate for code, rate in sorted(self.rates.items()) if code != self.base}
        return pd.DataFrame({"currency": text_column(list(others)), "rate": np.array([*others.values()], float)})

    def convertible(self, currency: pa.StringArray) -> Flags:
        """Return which currencies are the base or have a rate to it."""
        return flags(pc.is_in(currency, value_set=pa.array([self.base, *self.rates])))


def is_code(text: str) -> bool:
    """Return whether a text looks like an ISO 4217 code."""
    return len(text) == 3 and text.isalpha() and text.isupper()


def currency_cells(intake: Intake) -> pa.StringArray | None:
    """Return the currency column: codes, signs that several currencies share, and what is neither in capitals.

    None where there is no such column.
    """
    if "currency" not in intake.sheet:
        return None
    index, texts = codes(intake.text("currency"))
    names = pa.array([currency_named(text) or text.upper() for text in texts.to_pylist()], pa.string())
    return names.take(pa.array(index, mask=index < 0))


def currency_of(
    intake: Intake,
    amounts: Amounts,
    money: Money,
    *,
    fallback: pa.StringArray | None = None,
    exempt: Flags | None = None,
) -> pa.StringArray:
    """Return each row's currency, rejecting what is no currency, contradicts the amount's sign, or has no rate.

    What stands in the amount's own cell counts, and must agree with the currency column. `fallback` (a payment's
    invoice's currency) comes before the default, for rows that name none and for signs that several currencies share;
    rows that are `exempt` need no rate.
    """
    given = currency_cells(intake)
    own = amounts.currency
    if given is not None:
        named = pc.match_substring_regex(given, "^[A-Z]{3}$")
        odd = ~flags(named) & ~flags(pc.is_null(given))
        odd &= ~flags(pc.is_in(given, value_set=pa.array(SHARED)))
        intake.reject(odd, "bad_currency", "currency")
        own = pc.if_else(pa.array(odd), pa.scalar(None, pa.string()), own)
    columns = [cells if cells is not None else pa.nulls(len(intake), pa.string()) for cells in (given, own, fallback)]
    currency, contradictory, unclear = _agreed(intake, columns, money.default)
    intake.reject(contradictory, "currency_mismatch", "amount")
    role = "currency" if given is not None else "amount"
    intake.reject(unclear, "ambiguous_currency", role)
    rated = money.convertible(currency) if exempt is None else money.convertible(currency) | exempt
    intake.reject(~rated, "no_rate", role)
    return currency


def _agreed(intake: Intake, columns: list[pa.StringArray], default: str) -> tuple[pa.StringArray, Flags, Flags]:
    """Return the currency on which column and cell agree, and the rows where they contradict or leave a choice."""
    key, texts = np.zeros(len(intake), np.int64), []
    for cells in columns:
        index, names = codes(cells)
        key = key * (len(names) + 1) + np.where(index < 0, len(names), index)
        texts.append([*names.to_pylist(), None])
    at, distinct = pd.factorize(key)
    found: list[tuple[str, int]] = []  # currency, and 1 where names contradict, 2 where they leave a choice
    assumed: dict[str, list[int]] = {}
    for k, combination in enumerate(distinct.tolist()):
        given, own, fallback = (
            names[place]
            for names, place in zip(texts, np.unravel_index(combination, [len(t) for t in texts]), strict=True)
        )
        named = tuple(dict.fromkeys(name for name in (given, own) if name))
        code = agreed(named, *filter(None, (fallback, default))) if named else fallback or default
        found.append((code or default, 0 if code else len(named) == 2 or 2))
        if code and all(is_shared(name) for name in named) and code not in (fallback, default):
            assumed.setdefault(f"{named[0]!r} as {code}", []).append(k)
    for words, places in assumed.items():
        count = int(np.isin(at, places).sum())
        amounts = plural(count, "amount is", "amounts are")
        intake.warnings.append(
            f"{intake.sheet.where}: {amounts} taken with the sign {words}, for no code says otherwise"
        )
    state = np.array([problem for _, problem in found], np.int64)[at]
    currency = pa.array([code for code, _ in found], pa.string()).take(pa.array(at))
    return currency, state == 1, state == 2


def minor_units(intake: Intake, amounts: Amounts, currency: pa.StringArray, role: str) -> Ints:
    """Return amounts in minor units, with a warning where rows had to be rounded."""
    minor = to_minor(amounts.micro, currency)
    encoded = currency.dictionary_encode()
    scale = np.array([10 ** (6 - decimals(code)) for code in encoded.dictionary.to_pylist()], np.int64)
    off = minor * scale[encoded.indices.to_numpy()] - amounts.micro if len(scale) else minor
    rounded = (off != 0) & intake.good
    if rounded.any():
        net = int(off[rounded].sum()) / 1e6
        column = f"{intake.sheet.where}, {intake.sheet.header[role]}"
        intake.warnings.append(
            f"{column}: {plural(int(rounded.sum()), 'amount has', 'amounts have')} more decimals than the currency; "
            f"rounded half to even, {net:+.6f} in all"
        )
    return minor


def read_rates(path: Path | None, given: Mapping[str, float]) -> dict[str, float]:
    """Read a table ``currency,rate`` (base-currency units for one unit of the currency) over those of the map.

    Raises
    ------
    BadInput
        Where it is not such a table.
    """
    rates = dict(given)
    if path is None:
        return rates
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read as a table of rates: {error}", where=str(path)) from error
    lines = text.splitlines() or [""]
    delimiter = next((sign for sign in (",", ";", "\t", "|") if sign in lines[0]), ",")
    reader = csv.DictReader(lines, delimiter=delimiter)
    header = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    if not {"currency", "rate"} <= header.keys():
        raise BadInput("needs the columns currency and rate", where=str(path))
    seen: set[str] = set()
    for number, line in enumerate(reader, start=2):
        code = (line[header["currency"]] or "").strip().upper()
        where = f"{path}, row {number}"
        if not is_code(code):
            raise BadInput("must be an ISO 4217 code such as EUR", where=where, field="currency", value=code)
        if code in seen:
            raise BadInput("stands twice", where=where, field="currency", value=code)
        seen.add(code)
        raw = (line[header["rate"]] or "").strip()
        try:
            rate = float(raw.replace(",", ".") if delimiter != "," else raw)
        except ValueError:
            rate = float("nan")
        if not 0 < rate < float("inf"):
            raise BadInput("must be a number above 0", where=where, field="rate", value=raw)
        rates[code] = rate
    return rates
