"""The commands `import` and `kpi`."""

import textwrap
from pathlib import Path
from typing import Any

from app.printing import print_json, remark


def run_import(
    source: str, *, out: Path, replace: bool, options: dict[str, Any], show_map: bool, as_json: bool
) -> None:
    """Import a ledger into a folder and say what became of every row; with the map, as comments above it."""
    from ledger.files.storage import check_folder
    from ledger.importing import import_ledger
    from ledger.importing.result import check_same_source, place_of

    check_same_source(check_folder(out, "ledger.json"), place_of(source), replace=replace)
    imported = import_ledger(source, **options)
    folder = imported.write(out, replace=replace)
    if as_json:
        print_json(imported.to_dict() | {"ledger": str(folder)} | ({"map": imported.used_map} if show_map else {}))
        for warning in imported.warnings:
            remark(f"warning: {warning}")
    else:
        text = f"{imported.summary()}\nKept in {folder}"
        print(f"{textwrap.indent(text, '# ', lambda _: True)}\n\n{imported.used_map}" if show_map else text)


def run_kpi(folder: Path, *, as_of: str | None, start: str | None, end: str | None, as_json: bool) -> None:
    """Show the KPIs of a ledger over a window, by default the month that ends on its last day."""
    from ledger import BadInput, kpis, read_ledger

    ledger = read_ledger(folder)
    if as_of is not None:
        ledger = ledger.snapshot(as_of)
    if start is not None and end is None and as_of is None:
        end = f"{ledger.as_of:%Y-%m-%d}"
    found = kpis(ledger, start=start, end=end)
    if not len(ledger.invoices):
        raise BadInput("has no invoices, so no KPIs", where=str(folder))
    if not found["sales"]:
        remark(
            "No invoice was issued in this window, so DSO is not available; --as-of, or --from and --to, take another."
        )
    lacking = [one for one in ledger.answers().findings if one.bars != ("verdict",)]
    for one in lacking:
        if not any(one.text in reason for reason in found.reasons.values()):
            remark(f"mind: {one.text}")
    result = found.to_dict() | {"answers": [{"name": one.name, "text": one.text} for one in lacking]}
    result["as_of"] = f"{ledger.as_of:%Y-%m-%d}"
    print_json(result) if as_json else print(found.summary())
