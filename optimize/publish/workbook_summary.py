"""The first sheet of a plan's workbook, which says how good the plan is, and the sheet of changes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ledger.table.currency import decimals
from ledger.wording import plural
from optimize.plans.call_plan import CallPlan
from optimize.publish.difference import Difference
from optimize.publish.workbook_cells import LINE, head, heading, money_format, put

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

STATUS: Final = {
    "optimal": "Optimal: each day's plan is the best for that day, given the days before it",
    "feasible": "Feasible: all rules are met; the gap says how much better the days' plans could still be",
    "infeasible": "INFEASIBLE: not all rules can be met; this plan breaks the fewest (see Not met)",
    "fallback": "FALL-BACK: the solver had no answer; accounts by uplift per minute",
}
_WIDTHS: Final = (32, 22, 12, 12, 12, 10, 26, 24)


def fill_summary(sheet: "Worksheet", plan: CallPlan, people: Mapping[str, str], difference: Difference | None) -> None:
    """Write status, figures, people (names by id) and prices, rules not met, rules that held back, remarks."""
    title = f"Contacts from {plan.date:%a %d %b %Y}, {plural(plan.days, 'working day')}"
    head(sheet, title, STATUS.get(plan.status, plan.status), _WIDTHS)
    row = _figures(sheet, 4, plan, difference)
    row = _list(sheet, row + 1, "Not met", plan.unmet, {"rule": "Rule", "customer_id": "Customer", "reason": "Why"})
    names = {"rule": "Rule", "accounts": "Accounts held back", "sentence": "What it says"}
    row = _list(sheet, row + 1, "Rules that held contacts back", plan.binding, names)
    if plan.notes:
        remarks = pd.DataFrame({"remark": plan.notes})
        row = _list(sheet, row + 1, "Mind", remarks, {"remark": "Remark"})
    row = _people(sheet, row + 1, plan, people)
    sheet.print_area = f"A1:H{max(row, 5)}"


def fill_changes(sheet: "Worksheet", difference: Difference, currency: str) -> None:
    """Write what has changed since the plan before."""
    widths = (11, 22, 46, 46, 18, 18)
    head(sheet, f"Changes against the plan of {difference.against}", difference.summary(), widths)
    heading(sheet, 4, ("Change", "Customer", "Before", "Now", "Open before", "Open now"))
    minor, money = 10.0 ** decimals(currency), money_format(currency)
    for at, row in enumerate(difference.rows.to_dict("records"), 5):
        amounts = [None if pd.isna(row[name]) else row[name] / minor for name in ("open_before", "open_now")]
        texts = [row[name] for name in ("change", "customer_id", "before", "now")]
        for k, value in enumerate([*texts, *amounts], 1):
            put(sheet.cell(at, k), value)
            if k > 4:
                sheet.cell(at, k).number_format = money
    sheet.freeze_panes = "A5"
    sheet.auto_filter.ref = f"A4:F{4 + len(difference.rows)}"
    sheet.print_title_rows = "4:4"


def _figures(sheet: "Worksheet", row: int, plan: CallPlan, difference: Difference | None) -> int:
    from openpyxl.styles import Alignment, Font

    minor, money = 10.0 ** decimals(plan.currency), money_format(plan.currency)
    rows = plan.rows
    facts: list[tuple[str, Any, str]] = [
        ("Status", plan.status, ""),
        ("Gap to the days' bounds", plan.gap, "0.000%"),
        ("Value less waiting, sum of days", plan.objective / minor, money),
        ("Sum of the days' bounds", plan.bound / minor, money),
        ("Expected cash from contacts", rows["uplift"].sum() / minor, money),
        ("The same less cost", rows["net_value"].sum() / minor, money),
        ("Customers considered", plan.accounts, "#,##0"),
        ("Contacts", plan.contacts, "#,##0"),
        ("Hours used", plan.minutes_used / 60, "#,##0.0"),
        ("Strategy", plan.strategy, ""),
        ("Payment-timing model", f"{plan.model} {plan.model_version}".strip(), ""),
        ("Effects of contacts", f"{plan.effects_basis} (evidence grade {plan.effects_grade})", ""),
        ("Ledger, run", f"{plan.snapshot}, {plan.run_id}", ""),
    ]
    if difference is not None:
        facts.append(("Changes", difference.summary(), ""))
    for at, (name, value, shape) in enumerate(facts, row):
        put(sheet.cell(at, 1), name)
        sheet.cell(at, 1).font = Font(bold=True)
        put(sheet.cell(at, 2), value)
        sheet.cell(at, 2).alignment = Alignment(horizontal="left")
        if shape:
            sheet.cell(at, 2).number_format = shape
    return row + len(facts)


def _people(sheet: "Worksheet", row: int, plan: CallPlan, names: Mapping[str, str]) -> int:
    """Write minutes and the price of an hour by specialist and day."""
    hours = plan.prices.groupby(["specialist_id", "date"], sort=True)
    days = hours.agg(used=("minutes_used", "sum"), there=("minutes", "sum"), price=("price_per_hour", "max"))
    days = days.reset_index()
    contacts = plan.rows.groupby(["specialist_id", "date"]).size()
    titles = (
        "Specialist",
        "Day",
        "Contacts",
        "Hours used",
        "Hours there",
        "Used",
        "Worth of one more hour, in the dearest block",
    )
    row = _title(sheet, row, "Hours, and what one more is worth")
    heading(sheet, row, titles, align=("left", "left", *["right"] * 5))
    minor, money = 10.0 ** decimals(plan.currency), money_format(plan.currency)
    formats = ("General", "ddd d mmm", "#,##0", "0.0", "0.0", "0%", money)
    for at, day in enumerate(days.to_dict("records"), row + 1):
        values = (
            names.get(day["specialist_id"], day["specialist_id"]),
            day["date"].to_pydatetime(),
            int(contacts.get((day["specialist_id"], day["date"]), 0)),
            day["used"] / 60,
            day["there"] / 60,
            day["used"] / day["there"] if day["there"] > 0 else None,
            day["price"] / minor,
        )
        _row(sheet, at, values, formats)
    return row + len(days) + 1


def _list(sheet: "Worksheet", row: int, title: str, table: pd.DataFrame, names: dict[str, str]) -> int:
    """Write a table with a title; one line where it is empty. The last column wraps to the edge of the page."""
    from openpyxl.styles import Alignment

    row = _title(sheet, row, title)
    if table.empty:
        put(sheet.cell(row, 1), "None")
        return row + 1
    last = len(names)
    heading(sheet, row, [*names.values(), *[""] * (len(_WIDTHS) - last)])
    sheet.merge_cells(start_row=row, end_row=row, start_column=last, end_column=len(_WIDTHS))
    room = sum(_WIDTHS[last - 1 :])
    for at, values in enumerate(table[list(names)].itertuples(index=False), row + 1):
        _row(sheet, at, tuple(values), ("General",) * last)
        sheet.merge_cells(start_row=at, end_row=at, start_column=last, end_column=len(_WIDTHS))
        sheet.cell(at, last).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[at].height = 15.0 * max(1, -(-len(str(values[-1])) // int(room * 0.95)))
    return row + len(table) + 1


def _title(sheet: "Worksheet", row: int, text: str) -> int:
    from openpyxl.styles import Font

    put(sheet.cell(row, 1), text)
    sheet.cell(row, 1).font = Font(bold=True, size=12)
    return row + 1


def _row(sheet: "Worksheet", at: int, values: tuple[Any, ...], formats: tuple[str, ...]) -> None:
    from openpyxl.styles import Alignment, Border, Side

    for k, (value, shape) in enumerate(zip(values, formats, strict=True), 1):
        cell = sheet.cell(at, k)
        put(cell, value)
        cell.number_format = shape
        cell.border = Border(bottom=Side(style="thin", color=LINE))
        cell.alignment = Alignment(horizontal="right" if isinstance(value, int | float) else "left", vertical="top")
