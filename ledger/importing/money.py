"""Currencies on their way in: the base currency, the rates to it, and the currency of each row."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import BadInput
from ledger.importing.amounts import Amounts, to_minor
from ledger.importing.cells import Flags, Ints, flags
from ledger.importing.intake import Intake, text_column

_SIGNS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "US$": "USD", "₹": "INR", "EURO": "EUR"}


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


def settle_money(
    tables: Iterable[Intake], *, base: str | None, default: str | None, rates: Mapping[str, float]
) -> tuple[Money, list[str]]:
    """Choose the base currency: as asked, else the map's, else the one that most rows have.

    Returns
    -------
    The currencies, and warnings.
    """
    for code in filter(None, (base, default)):
        if not (len(code) == 3 and code.isalpha() and code.isupper()):
            raise BadInput("must be an ISO 4217 code such as EUR", field="base_currency", value=code)
    counts: Counter[str] = Counter()
    for intake in tables:
        amounts = intake.amount("amount")
        for cells in (currency_cells(intake), amounts.currency if amounts else None):
            if cells is not None and cells.null_count < len(cells):
                found = pc.value_counts(cells.drop_null()).to_pylist()
                counts.update({str(entry["values"]): entry["counts"] for entry in found})
    usual = min(
        (code for code in counts if len(code) == 3 and code.isalpha()), key=lambda c: (-counts[c], c), default=None
    )
    chosen = base or default or usual or "USD"
    warnings = []
    if not (base or default or usual):
        warnings.append("no currency is named: amounts are taken as USD")
    if rates.get(chosen, 1.0) != 1.0:
        raise BadInput(f"must be 1, for {chosen} is the base currency", field="rate", value=rates[chosen])
    return Money(base=chosen, default=default or chosen, rates=rates), warnings


def currency_cells(intake: Intake) -> pa.StringArray | None:
    """Return the currency column in capitals, signs as codes; None where there is none."""
    if "currency" not in intake.sheet:
        return None
    encoded = intake.text("currency").dictionary_encode()
    texts = [_SIGNS.get(text.upper(), text.upper()) for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def currency_of(
    intake: Intake,
    amounts: Amounts,
    money: Money,
    *,
    fallback: pa.StringArray | None = None,
    exempt: Flags | None = None,
) -> pa.StringArray:
    """Return each row's currency, rejecting what is no currency, contradicts the amount's sign, or has no rate.

    `fallback` (a payment's invoice's currency) comes before the default; rows that are `exempt` need no rate.
    """
    given = currency_cells(intake)
    if given is not None:
        intake.reject(
            ~flags(pc.match_substring_regex(given, "^[A-Z]{3}$")) & ~flags(pc.is_null(given)),
            "bad_currency",
            "currency",
        )
        both = pc.and_(pc.is_valid(given), pc.is_valid(amounts.currency))
        intake.reject(flags(pc.and_(both, pc.not_equal(given, amounts.currency))), "currency_mismatch", "amount")
        currency = pc.coalesce(given, amounts.currency)
    else:
        currency = amounts.currency
    if fallback is not None:
        currency = pc.coalesce(currency, fallback)
    currency = pc.fill_null(currency, money.default)
    rated = money.convertible(currency) if exempt is None else money.convertible(currency) | exempt
    intake.reject(~rated, "no_rate", "currency" if given is not None else "amount")
    return currency


def minor_units(intake: Intake, amounts: Amounts, currency: pa.StringArray, role: str) -> Ints:
    """Return amounts in minor units, with a warning where rows had to be rounded."""
    minor = to_minor(amounts.micro, currency)
    encoded = currency.dictionary_encode()
    from ledger.currency import decimals

    scale = np.array([10 ** (6 - decimals(code)) for code in encoded.dictionary.to_pylist()], np.int64)
    off = minor * scale[encoded.indices.to_numpy()] - amounts.micro if len(scale) else minor
    rounded = (off != 0) & intake.good
    if rounded.any():
        net = int(off[rounded].sum()) / 1e6
        column = f"{intake.sheet.where}, {intake.sheet.header[role]}"
        intake.warnings.append(
            f"{column}: {int(rounded.sum()):,} amounts have more decimals than their currency; "
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
        if not (len(code) == 3 and code.isalpha()):
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
