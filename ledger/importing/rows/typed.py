"""Columns of a sheet read as dates and amounts, each decided within its file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ledger.arrays import Days, Flags
from ledger.importing.maps.maps import Map
from ledger.importing.words.amounts import AmountColumn, Amounts
from ledger.importing.words.cells import Sheet
from ledger.importing.words.dates import DateColumn, choose_orders
from ledger.importing.words.marks import choose_marks
from ledger.table.currency import decimals
from ledger.wording import plural


@dataclass(frozen=True, kw_only=True, eq=False)
class Typed:
    """Dates (each cell's day, and which cannot be read) and amounts by role, with what was doubtful about them."""

    days: dict[str, tuple[Days, Flags]] = field(default_factory=dict)
    amounts: dict[str, Amounts] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)  # those of the warnings that explain what could not be read


def typed(sheet: Sheet, dates: Sequence[str], amounts: Sequence[str], map_: Map) -> Typed:
    """Read the columns of these roles that the sheet has."""
    found = Typed()
    _read_dates(found, sheet, [role for role in dates if role in sheet], map_)
    _read_amounts(found, sheet, [role for role in amounts if role in sheet], map_)
    return found


def _read_dates(found: Typed, sheet: Sheet, roles: Sequence[str], map_: Map) -> None:
    columns = {role: DateColumn.of(sheet.cells[role]) for role in roles}
    orders, warnings = choose_orders({_place(sheet, role): column for role, column in columns.items()}, map_.date_order)
    zone = map_.timezone if "timezone" in map_.model_fields_set else None
    for (order, trust), (role, column) in zip(orders.values(), columns.items(), strict=True):
        found.days[role] = column.read(order, trust_unclear=trust, zone=zone)
        if zone is None and role != "time" and column.moments:
            moments = plural(column.moments, "cell is a moment", "cells are moments")
            warnings.append(
                f"{_place(sheet, role)}: {moments} with an offset; taken on the day that is "
                "written, for the map names no timezone"
            )
    found.warnings.extend(warnings)


def _read_amounts(found: Typed, sheet: Sheet, roles: Sequence[str], map_: Map) -> None:
    three = _thousandths(sheet, map_)
    columns = {
        role: AmountColumn.of(sheet.cells[role], native=sheet.is_native(role), thousandths=three) for role in roles
    }
    readings = choose_marks({role: column.marks for role, column in columns.items()}, map_.decimal)
    for role, column in columns.items():
        amounts = column.read(readings[role])
        amounts.micro[sheet.ragged] = 0
        amounts.unreadable[sheet.ragged] = True
        found.amounts[role] = amounts
        if doubt := readings[role].doubt:
            found.warnings.append(f"{_place(sheet, role)}: {doubt}")
            found.hints.extend([] if readings[role].trusted else found.warnings[-1:])
        if amounts.noisy:
            have = plural(amounts.noisy, "amount has", "amounts have")
            noisy = f"{have} more than six decimals; the rest is rounded off"
            found.warnings.append(f"{_place(sheet, role)}: {noisy}")


def _thousandths(sheet: Sheet, map_: Map) -> Flags:
    """Return which rows are in a currency of three decimals, as far as the currency column or the map says."""
    encoded = sheet.text("currency").dictionary_encode()
    names = [*(text.strip().upper() for text in encoded.dictionary.to_pylist()), map_.currency or ""]
    three = np.array([decimals(name) == 3 for name in names])
    chosen: Flags = three[encoded.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)]
    return chosen


def _place(sheet: Sheet, role: str) -> str:
    return f"{sheet.where}, {sheet.header[role]}"
