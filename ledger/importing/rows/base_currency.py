"""The base currency, where nobody names it: that of most documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import BadInput
from ledger.importing.rows.intake import Intake, codes
from ledger.importing.rows.money import Money, currency_cells, is_code
from ledger.importing.words.signs import SHARED, agreed, is_shared
from ledger.table.currency import decimals
from ledger.wording import plural

_DEFAULT: Final = "USD"
_REMEDY: Final = "--base-currency names another"


@dataclass
class _Use:
    """How much a currency is used."""

    invoices: int = 0
    payments: int = 0
    total: int = 0  # of the invoice table, minor units without sign

    @property
    def weight(self) -> tuple[int, int, int]:
        """Documents first; totals of two currencies are no measure of each other, and only break a tie."""
        return self.invoices, self.payments, self.total


def settle_money(
    tables: Iterable[Intake], *, base: str | None, default: str | None, rates: Mapping[str, float]
) -> tuple[Money, list[str]]:
    """Choose the base currency: as asked, else the map's, else the one of most invoices that is not converted itself.

    Returns
    -------
    The currencies, and warnings.

    Raises
    ------
    BadInput
        Where a code is none, the base has a rate other than 1, or two currencies have an equal claim.
    """
    for code in filter(None, (base, default)):
        if not is_code(code):
            raise BadInput("must be an ISO 4217 code such as EUR", field="base_currency", value=code)
    uses = _uses(tables)
    named = {name for name in uses if not is_shared(name)}
    for sign in uses.keys() - named:
        other, use = uses.pop(sign), uses.setdefault(agreed((sign,), *filter(None, (default, base))) or "", _Use())
        use.invoices, use.payments = use.invoices + other.invoices, use.payments + other.payments
        use.total += other.total
    warnings: list[str] = []
    asked = base or default
    usual = None if asked else _usual({code: use for code, use in uses.items() if is_code(code)}, rates, warnings)
    chosen = asked or usual or _DEFAULT
    if not asked and usual not in named:
        how = "but by a sign that several share" if usual else "at all"
        warnings.append(f"no currency is named {how}: amounts are taken as {chosen}")
    if rates.get(chosen, 1.0) != 1.0:
        raise BadInput(f"must be 1, for {chosen} is the base currency", field="rate", value=rates[chosen])
    return Money(base=chosen, default=default or chosen, rates=rates), warnings


def _uses(tables: Iterable[Intake]) -> dict[str, _Use]:
    """Return how much each currency, or sign that several share, is used; a row counts once, by its column or cell."""
    uses: dict[str, _Use] = {}
    for intake in tables:
        amounts, given = intake.amount("amount"), currency_cells(intake)
        own = pa.nulls(len(intake), pa.string()) if amounts is None else amounts.currency
        cells = own
        if given is not None:
            shared = pc.fill_null(pc.is_in(given, value_set=pa.array(SHARED)), False)
            cells = pc.if_else(shared, pc.coalesce(own, given), pc.coalesce(given, own))
        index, names = codes(cells)
        micro = np.zeros(len(intake), np.int64) if amounts is None else np.abs(amounts.micro)
        for k, name in enumerate(names.to_pylist()):
            use, rows = uses.setdefault(name, _Use()), index == k
            if intake.table == "invoices":
                use.invoices += int(rows.sum())
                use.total += sum(micro[rows].tolist()) // 10 ** (6 - decimals(name))
            else:
                use.payments += int(rows.sum())
    return uses


def _usual(uses: Mapping[str, _Use], rates: Mapping[str, float], warnings: list[str]) -> str | None:
    """Return the currency that is used most; one with a rate to another is not the base where any has none."""
    able = {code: use for code, use in uses.items() if rates.get(code, 1.0) == 1.0} or uses
    if not able:
        return None
    first, *others = sorted(able, key=lambda code: able[code].weight, reverse=True)
    alike = [code for code in others if able[code].weight[:2] == able[first].weight[:2]]
    if not alike:
        return first
    names = ", ".join(sorted((first, *alike)))
    each = plural(able[first].invoices or able[first].payments, "row", "rows")
    if any(able[code].total == able[first].total for code in alike):
        rule = f"cannot be told: {names} stand on {each} each and total the same; name it (--base-currency)"
        raise BadInput(rule, field="base_currency")
    warnings.append(
        f"{names} stand on {each} each: the base currency is {first}, whose figures total most, which says little "
        f"between currencies; {_REMEDY}"
    )
    return first
