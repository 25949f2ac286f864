"""A column called paid: whether it holds days, amounts, or yes and no."""

from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ledger.files.reading import plain
from ledger.importing.sources.headers import PAID, PAID_OR_NOT
from ledger.importing.words.cells import Sheet, are_amounts

_YES: Final = ("yes", "y", "true", "1", "x", "ja", "oui", "sí", "si", "sì", "tak", "sim")
_NO: Final = ("no", "n", "false", "0", "nein", "non", "nee", "nie", "não", "nao")
_DAY: Final = r"^\d{1,4}[./-](?:\d{1,2}|\pL+)[./-]\d{1,4}(?:\D|$)|^\d{1,2}\.? \pL+\.? \d|^\pL+\.? \d{1,2},? \d"
_CENTS: Final = r"\d[.,]\d{1,3}\D*$"


def with_paid(sheet: Sheet) -> Sheet:
    """Give a column called paid or received the role that its cells speak of; where they speak of none, it is unused.

    Days are those of settlement, yes and no a status; else amounts are what was paid. Beside a day of settlement or a
    status only amounts are taken, for they count before these; so it is of a column called received or payment, which
    may as well hold a number or a way to pay.
    """
    if PAID_OR_NOT not in sheet:
        return sheet
    name, cells = sheet.header[PAID_OR_NOT], sheet.cells[PAID_OR_NOT]
    role, read = _read(cells)
    alone = not {"clear_date", "status"} & set(sheet.cells)
    used = plain(name) in PAID and alone
    if not used:
        used = role == "paid_amount" and are_amounts(cells) and (plain(name) in PAID or _is_money(cells, sheet))
    others = [other for other in sheet.cells if other != PAID_OR_NOT]
    rest = replace(
        sheet,
        header={other: sheet.header[other] for other in others},
        at={other: sheet.at[other] for other in others if other in sheet.at},
        cells={other: sheet.cells[other] for other in others},
    )
    if not used:
        return replace(rest, unused={**sheet.unused, name: cells})
    return replace(
        rest,
        header={**rest.header, role: name},
        at={**rest.at, role: sheet.at[PAID_OR_NOT]},
        cells={**rest.cells, role: read},
        native={**sheet.native, role: sheet.is_native(PAID_OR_NOT)},
        warnings=(*sheet.warnings, f"{sheet.where}: {name} is read as {role}, by its cells"),
    )


def _read(cells: pa.StringArray) -> tuple[str, pa.StringArray]:
    """Return the role that cells speak of, and the cells as that role has them."""
    cells = pc.if_else(pc.match_substring_regex(cells, r"\w"), cells, pa.scalar(None, pa.string()))  # a dash is nothing
    given = cells.drop_null()
    if pc.all(pc.is_in(pc.utf8_lower(given), value_set=pa.array([*_YES, *_NO]))).as_py():
        paid = pc.is_in(pc.utf8_lower(cells), value_set=pa.array(_YES))
        return "status", pc.if_else(paid, pa.scalar("paid", pa.string()), pa.scalar(None, pa.string()))
    if pc.all(pc.match_substring_regex(given, _DAY)).as_py():
        return "clear_date", cells
    return "paid_amount", cells


def _is_money(cells: pa.StringArray, sheet: Sheet) -> bool:
    """Return whether figures are money and no numbers of payments: one has cents, or is the invoice's amount."""
    same = pc.equal(cells, sheet.text("amount"))
    return bool(pc.any(pc.or_kleene(pc.match_substring_regex(cells, _CENTS), same)).as_py())
