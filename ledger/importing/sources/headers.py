"""Which column of a header is which: finding it, matching a map's names, and saying what is lacking."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from ledger.errors import BadInput
from ledger.files.reading import nearest, plain
from ledger.importing.maps.maps import Map, preset_map, presets
from ledger.importing.words.buckets import are_buckets, is_bucket

HEADER_LINES: Final = 40  # in which a header must begin
_SHOWN: Final = 8  # columns in one line
PAID_OR_NOT: Final = "#paid"  # role of a column that is called so: its cells tell what it holds
PAID: Final = ("paid", "bezahlt", "paye", "regle", "pagado", "cobrado", "pagato", "betaald", "pago", "zaplacone")
RECEIVED: Final = (  # what such a column holds is an amount, or something else altogether
    *("received", "payment", "payments", "gezahlt", "zahlung", "zahlungen", "zahlungseingang", "erhalten"),
    *("recu", "paiement", "paiements", "reglement", "reglements", "encaisse", "pagos", "cobro", "cobros", "recibido"),
    *("pagamento", "pagamenti", "incassato", "ricevuto", "betaling", "betalingen", "ontvangen", "recebido"),
    *("pagamentos", "wplata", "wplaty", "wplacono", "otrzymano"),
)
FURTHER: Final = "#further_"  # begins the role of a customer's column that is carried as it is


@dataclass(frozen=True)
class Match:
    """Finds the roles of one table, by a map, in whatever header it is asked about."""

    map_: Map
    table: str

    def __call__(self, header: Sequence[str]) -> dict[str, int]:
        """Return the position of each role's column."""
        return match_columns(self.map_, self.table, header)

    @property
    def rows(self) -> int | None:
        """How many rows the header has, where the map says so."""
        return self.map_.invoices.header_rows if self.table == "invoices" else 1


@dataclass(frozen=True, kw_only=True)
class Header:
    """Where the columns of a table stand, and under which names."""

    names: tuple[str, ...]  # as written; those of a header of two rows joined
    at: Mapping[str, int]  # role -> position
    first: int  # its first record, from 0
    rows: int  # that it takes: 1 or 2
    above: tuple[str, ...]  # the records above it, each as one text

    @property
    def found(self) -> dict[str, str]:
        """The name of each role's column."""
        return {role: self.names[k] for role, k in self.at.items()}

    @property
    def unused(self) -> dict[str, int]:
        """The positions of the columns with a name that have no role."""
        used = {k for role, k in self.at.items() if not role.startswith("#text")}
        return {name: k for k, name in enumerate(self.names) if name and k not in used}

    @property
    def fit(self) -> tuple[int, int]:
        """How many roles it has, and where it has none how many names."""
        roles = sum(not role.startswith("#") for role in self.at)
        return roles, 0 if roles else sum(bool(name) for name in self.names)


def find_header(records: Sequence[Sequence[str]], match: Match) -> Header:
    """Return the header with most roles among the first records, the earliest of equals.

    Where the map says that it has two rows, both are taken as they stand: of equals the one with most cells above and
    no figures below counts, for a line above the header is no name.
    """
    best: Header | None = None
    most: tuple[object, ...] = ()
    records = [[cell.strip() for cell in record] for record in records[: HEADER_LINES + 1]]
    for first, record in enumerate(records[:HEADER_LINES]):
        names: Sequence[str] = record
        at: Mapping[str, int] = match(record)
        rows = 1
        lower = records[first + 1] if first + 1 < len(records) else []
        two = _of_two_rows(record, lower, match) if match.rows != 1 and lower else None
        if two is not None:
            (names, at), rows = two, 2
        above = tuple("  ".join(cell for cell in row if cell) for row in records[:first])
        header = Header(names=tuple(names), at=at, first=first, rows=rows, above=above)
        told = (not _has_figures(lower), sum(map(bool, record))) if match.rows == 2 else ()
        if best is None or (header.fit, *told) > most:
            best, most = header, (header.fit, *told)
    assert best is not None
    return best


def _of_two_rows(
    upper: Sequence[str], lower: Sequence[str], match: Match
) -> tuple[Sequence[str], Mapping[str, int]] | None:
    """Return names and roles of a header of two rows, whose upper cells may span several of the lower.

    A column goes by both names together, else by the lower, else by the upper. None where two columns or more are not
    told by both together and either row alone does as well, or where the lower holds figures and so is no header,
    unless the map says that there are two.
    """
    if match.rows != 2 and _has_figures(lower):
        return None
    width = max(len(upper), len(lower))
    upper = [cell if plain(cell) else "" for cell in upper]  # a line across the page is no name
    upper, lower = [[*row, *[""] * (width - len(row))] for row in (upper, lower)]
    spread: list[str] = list(accumulate(upper, _spread))
    joined = [f"{over} {under}".strip() if under else over for over, under in zip(spread, lower, strict=True)]
    joined = [name if under else over for name, over, under in zip(joined, upper, lower, strict=True)]
    names, at = list(joined), dict(match(joined))
    by_both = sum(bool(spread[k] and lower[k]) for k in at.values())
    alone = [match(row) for row in (upper, lower)]
    for row, found in ((lower, alone[1]), (upper, alone[0])):
        for role, k in found.items():
            if role not in at and k not in at.values():
                at[role], names[k] = k, row[k]
    roles = [sum(not role.startswith("#") for role in found) for found in (at, *alone)]
    needed = roles[0] > max(roles[1:]) or (roles[0] == max(roles[1:]) and by_both > 1)
    return (names, at) if needed or match.rows == 2 else None


def _has_figures(row: Sequence[str]) -> bool:
    """Return whether a row has figures other than those of an age."""
    return any(letter.isdigit() for cell in row if not is_bucket(cell) for letter in cell)


def _spread(before: str, cell: str) -> str:
    return cell or before


def match_columns(map_: Map, table: str, header: Sequence[str]) -> dict[str, int]:
    """Return the position of each role's column in a header, for the roles of a table that it has.

    Roles that begin with ``#`` are what a layout needs: ``#bucket`` columns of amounts by age, and columns without a
    role in which headings and totals may stand.
    """
    present: dict[str, int] = {}
    for k, column in enumerate(header):
        present.setdefault(plain(column), k)
    present.pop("", None)

    def find(wanted: Mapping[str, Iterable[str]]) -> dict[str, int]:
        first = {role: next((n for n in names if plain(n) in present), None) for role, names in wanted.items()}
        return {role: present[plain(name)] for role, name in first.items() if name is not None}

    found = find(map_.names(table))
    if found.get("name", -1) == found.get("customer_id"):  # customers go by their names: that is said once
        del found["name"]
    if table == "customers" and found:
        free = [k for k, name in enumerate(header) if plain(name) and k not in found.values()]
        return found | {f"{FURTHER}{k}": k for k in free}
    if table != "invoices":
        return found
    sets = [columns for money in map_.invoices.money if (columns := find(money.model_dump()))]
    if sets:  # the most complete set of money columns with an amount, the first of equals
        found |= sets[max(range(len(sets)), key=lambda k: ("amount" in sets[k], len(sets[k]), -k))]
    if not found:
        return {}
    distinguish = [name for name in map_.invoices.distinguish if plain(name) in present]
    found |= {f"distinguish_{k}": present[plain(name)] for k, name in enumerate(distinguish)}
    return found | _of_layout(map_, header, found)


def _of_layout(map_: Map, header: Sequence[str], found: Mapping[str, int]) -> dict[str, int]:
    """Return the columns without a role that the layout may need."""
    free = [k for k in range(len(header)) if k not in found.values()]
    wanted = {plain(name) for name in map_.invoices.buckets}
    buckets = [k for k in free if (plain(header[k]) in wanted if wanted else is_bucket(header[k]))]
    buckets = buckets if wanted or are_buckets([header[k] for k in buckets]) else []
    roles = {f"#bucket_{k}": k for k in buckets}
    first = min(found.values())
    texts = [k for k in free if k not in buckets and ("customer_id" not in found or (k < first and not header[k]))]
    called = (PAID, () if buckets else RECEIVED)
    paid = [k for names in called for k in free if k not in buckets and plain(header[k]) in names]
    if paid and not {"paid_amount", "open_amount"} & set(found):
        roles[PAID_OR_NOT] = paid[0]
    return roles | {f"#text_{k}": k for k in texts}


def lacking(map_: Map, table: str, found: Collection[str], *, terms_elsewhere: bool = False) -> list[str]:
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


def not_there(map_: Map, table: str, found: Mapping[str, str], header: Sequence[str], where: str) -> Iterator[str]:
    """Yield what to know of the columns that a person's map names and the header does not have.

    `found` has the column of each role; those without a role may have been meant.
    """
    free = [column for column in header if column.strip() and column not in found.values()]
    present = {plain(column) for column in header}
    absent = [(role, names) for role, names in map_.own_names(table).items() if role not in found]
    if table == "invoices":
        absent += [(key, names) for key, names in map_.own_lists() if not present & {plain(name) for name in names}]
        absent += [(key, (role,)) for key, role in map_.own_roles() if role not in found]
    parts = []
    for key, names in absent:
        near = [column for name in names for column in nearest(name, free, 1)]
        said = f"{key} ({', '.join(names[:2])}{', …' if len(names) > 2 else ''}"
        parts.append(said + (f"; did you mean {near[0]!r}?)" if near else ")"))
    if parts:
        more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
        yield f"{where}: the map names columns that are not there: {', '.join(parts[:_SHOWN])}{more}"


def _fits(map_: Map, table: str, header: Sequence[str]) -> bool:
    """Return whether a header has all that a map needs; what is open, alone or by age, may be the amount."""
    found = match_columns(map_, table, header)
    amount = {"amount"} if any(role == "open_amount" or role.startswith("#bucket") for role in found) else set()
    return not lacking(map_, table, found.keys() | amount)


def lacks_columns(map_: Map, table: str, missing: list[str], header: Sequence[str], where: str) -> BadInput:
    """Return the error that names what a table lacks, and the nearest of what it has."""
    header = [column for column in header if column.strip()]
    parts = []
    for role in missing:
        names = wanted_names(map_, table, role)
        near = [column for name in (role, *names) for column in nearest(name, header, 1)]
        most = 6 if len(missing) == 1 else 2
        shown = f" (looked for {', '.join(names[:most])}{'…' if len(names) > most else ''})"
        terms = ", or `terms` in a map" if role == "due_date" else ""
        parts.append(f"{role}{shown}" + (f", nearest present: {near[0]}" if near else "") + terms)
    fits = [name for name in presets() if _fits(preset_map(name), table, header)]
    if table == "invoices" and missing[0] == "invoice_id" and not fits and are_buckets([*filter(is_bucket, header)]):
        return BadInput(
            "is a summary by customer: it has columns by age and no invoices; export the detail", where=where
        )
    hint = f". Its columns fit preset {', '.join(fits)}" if fits else ""
    present = ", ".join(header[:20]) or "nothing"
    return BadInput(f"lacks a column for {'; '.join(parts)}. It has: {present}{hint}", where=where)
