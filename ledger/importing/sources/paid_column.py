"""A column called paid: whether it holds days, amounts, or yes and no."""

from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ledger.importing.sources.headers import PAID_OR_NOT
from ledger.importing.words.cells import Sheet

_YES: Final = ("yes", "y", "true", "1", "x", "ja", "oui", "sí", "si", "sì", "tak", "sim")
_NO: Final = ("no", "n", "false", "0", "nein", "non", "nee", "nie", "não", "nao")
_DAY: Final = r"^\d{1,4}[./-](?:\d{1,2}|\pL+)[./-]\d{1,4}(?:\D|$)|^\d{1,2}\.? \pL+\.? \d|^\pL+\.? \d{1,2},? \d"


def with_paid(sheet: Sheet) -> Sheet:
    """Give a column called paid, where nothing else says what was settled, the role that its cells speak of.

    Days are those of settlement, yes and no a status; else amounts are what was paid.
    """
    if PAID_OR_NOT not in sheet:
        return sheet
    cells = sheet.cells[PAID_OR_NOT]
    cells = pc.if_else(pc.match_substring_regex(cells, r"\w"), cells, pa.scalar(None, pa.string()))  # a dash is nothing
    given = cells.drop_null()
    if pc.all(pc.is_in(pc.utf8_lower(given), value_set=pa.array([*_YES, *_NO]))).as_py():
        role, paid = "status", pc.is_in(pc.utf8_lower(cells), value_set=pa.array(_YES))
        cells = pc.if_else(paid, pa.scalar("paid", pa.string()), pa.scalar(None, pa.string()))
    elif pc.all(pc.match_substring_regex(given, _DAY)).as_py():
        role = "clear_date"
    else:
        role = "paid_amount"
    name = sheet.header[PAID_OR_NOT]
    others = [other for other in sheet.cells if other != PAID_OR_NOT]
    return replace(
        sheet,
        header={**{other: sheet.header[other] for other in others}, role: name},
        at={**{other: sheet.at[other] for other in others if other in sheet.at}, role: sheet.at[PAID_OR_NOT]},
        cells={**{other: sheet.cells[other] for other in others}, role: cells},
        native={**sheet.native, role: sheet.is_native(PAID_OR_NOT)},
        warnings=(*sheet.warnings, f"{sheet.where}: {name} is read as {role}, by its cells"),
    )
