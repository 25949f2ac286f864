"""Which column of a header is which: matching a map's names, and saying what is lacking."""

from collections.abc import Iterable, Mapping

from ledger.errors import BadInput
from ledger.importing.maps import Map, preset_map, presets
from ledger.reading import nearest, plain


def match_columns(map_: Map, table: str, header: Iterable[str]) -> dict[str, str]:
    """Return the header's column for each role of a table that it has."""
    present: dict[str, str] = {}
    for column in header:
        present.setdefault(plain(column), column)
    present.pop("", None)

    def find(wanted: Mapping[str, Iterable[str]]) -> dict[str, str]:
        first = {role: next((n for n in names if plain(n) in present), None) for role, names in wanted.items()}
        return {role: present[plain(name)] for role, name in first.items() if name is not None}

    found = find(map_.names(table))
    if table == "invoices" and found:
        distinguish = [name for name in map_.invoices.distinguish if plain(name) in present]
        found |= {f"distinguish_{k}": present[plain(name)] for k, name in enumerate(distinguish)}
    if table == "invoices":
        sets = [columns for money in map_.invoices.money if "amount" in (columns := find(money.model_dump()))]
        if sets:  # the most complete set of money columns, the first of equals
            found |= sets[max(range(len(sets)), key=lambda k: (len(sets[k]), -k))]
    return found


def lacking(map_: Map, table: str, found: Mapping[str, str], *, terms_elsewhere: bool = False) -> list[str]:
    """Return the roles that a table needs and the header does not have."""
    needs = {
        "invoices": ("invoice_id", "customer_id", "issue_date", "amount"),
        "payments": ("amount", "received_date"),
        "customers": ("customer_id",),
        "contacts": ("customer_id", "time"),
        "promises": ("invoice_id", "made_on", "due_on"),
        "disputes": ("invoice_id", "opened", "reason"),
    }[table]
    missing = [role for role in needs if role not in found]
    if table == "invoices" and not {"due_date", "terms"} & set(found) and map_.terms is None and not terms_elsewhere:
        missing.append("due_date")
    if table == "payments" and not {"invoice_id", "customer_id"} & set(found):
        missing.append("invoice_id")
    return missing


def wanted_names(map_: Map, table: str, role: str) -> tuple[str, ...]:
    """Return the names under which a role's column is looked for."""
    names = map_.names(table).get(role, ())
    if table == "invoices":
        names += tuple(name for money in map_.invoices.money for name in getattr(money, role, ()))
    return names


def lacks_columns(map_: Map, table: str, missing: list[str], header: Iterable[str], where: str) -> BadInput:
    """Return the error that names what a table lacks, and the nearest of what it has."""
    header = [column for column in header if column.strip()]
    parts = []
    for role in missing:
        names = wanted_names(map_, table, role)
        near = [column for name in (role, *names) for column in nearest(name, header, 1)]
        shown = f" (looked for {', '.join(names[:6])}{'…' if len(names) > 6 else ''})"
        parts.append(f"{role}{shown}" + (f", nearest present: {near[0]}" if near else ""))
    fits = [name for name in presets() if not lacking(m := preset_map(name), table, match_columns(m, table, header))]
    hint = f". Its columns fit preset {', '.join(fits)}" if fits else ""
    present = ", ".join(header[:20]) or "nothing"
    return BadInput(f"lacks a column for {'; '.join(parts)}. It has: {present}{hint}", where=where)
