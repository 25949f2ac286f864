"""From a report to a table: headings that name the customer, totals, page heads, and amounts in columns by age."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags
from ledger.files.reading import plain
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.sources.paid_column import with_paid
from ledger.importing.sources.report_rows import Rows, given, total_words
from ledger.importing.words.buckets import aged_column, compared, is_bucket, owed
from ledger.importing.words.cells import AGED, Sheet, flags
from ledger.wording import plural

_MINUS: Final = r"^\s*[-−(].*[1-9]|[1-9].*-\s*$"
_OF: Final = r"(?:\s+(?:for|of|für|von|pour|de|del|di|per|voor|van|dla|do))?"


def lay_out(sheet: Sheet, map_: InvoiceMap, decimal: str = "auto") -> Sheet:
    """Return the table of invoices that a report stands for, with its layout's rows marked.

    A row with a number and a customer of its own is never layout, nor is one with a day, unless its label is a total's.
    Amounts in buckets become the open amount, and an open amount alone the amount; both are said. Invoices whose
    buckets do not add up to their total are marked. `decimal` is the mark where no cell tells.
    """
    if not sheet.cells:
        return sheet
    sheet = with_paid(sheet)
    source, sheet = sheet.header, _with_amounts(sheet, map_)
    rows, written = Rows.of(sheet, map_), sheet
    sheet = _with_customers(sheet, rows, map_)
    skip = rows.head | rows.heading | rows.total
    without = [role for role in map_.skip_rows_without if role in sheet]
    if without:
        bare = np.all([flags(pc.is_null(sheet.text(role))) for role in without], axis=0)
        skip |= bare & ~(given(sheet, "invoice_id") & given(sheet, "customer_id"))
    blank = np.all([flags(pc.is_null(cells)) for cells in written.cells.values()], axis=0)
    said = [*_told(written, rows, skip & ~blank)]
    off, doubts = _off_total(written, source, skip | blank, map_, decimal)
    roles = [role for role in sheet.cells if not role.startswith("#")]
    buckets = [role for role in sheet.cells if role.startswith("#bucket")]
    return replace(
        sheet,
        header={role: sheet.header[role] for role in roles},
        cells={role: sheet.cells[role] for role in roles} | ({AGED: aged_column(sheet, buckets)} if buckets else {}),
        aged_by=tuple(sheet.header[role] for role in buckets),
        layout=skip,
        off_total=off,
        source_header=source,
        warnings=(*sheet.warnings, *said, *doubts),
    )


def _with_amounts(sheet: Sheet, map_: InvoiceMap) -> Sheet:
    """Take the open amount from the buckets and the amount from the open amount, where there is no other."""
    header, cells, native, said = dict(sheet.header), dict(sheet.cells), dict(sheet.native), list(sheet.warnings)
    buckets = [role for role in cells if role.startswith("#bucket")]
    if buckets and "open_amount" not in cells:
        cells["open_amount"], native["open_amount"] = owed(sheet, buckets)
        header["open_amount"] = f"{header[buckets[0]]} … {header[buckets[-1]]}"
        said.append(f"{sheet.where}: what is open stands in {len(buckets)} columns by age, {header['open_amount']}")
        if _total_column(sheet, sheet.header, buckets, map_) == "amount":
            said.append(
                f"{sheet.where}: {header['amount']} stands after the columns by age: it is what is open, and counts as "
                "the amount; what was sold and what was paid cannot be told"
            )
    if "open_amount" in cells and "amount" not in cells:
        cells["amount"], header["amount"] = cells["open_amount"], header["open_amount"]
        native["amount"] = sheet.is_native("open_amount") if "open_amount" not in native else native["open_amount"]
        said.append(
            f"{sheet.where}: no column has the invoices' amounts; what is open counts as the amount: "
            "what was sold and what was paid cannot be told"
        )
    elif "open_amount" in cells:
        bare = flags(pc.match_substring_regex(cells["open_amount"], _MINUS))
        bare &= ~flags(pc.match_substring_regex(cells["amount"], r"[1-9]"))
        if bare.any():  # a payment that a report of receivables shows as open only
            cells["amount"] = pc.if_else(pa.array(bare), cells["open_amount"], cells["amount"])
            native["amount"] = np.where(bare, sheet.is_native("open_amount"), sheet.is_native("amount"))
            credits = plural(int(bare.sum()), "credit has", "credits have")
            said.append(f"{sheet.where}: {credits} no amount; what is open of them counts")
    return replace(sheet, header=header, cells=cells, native=native, warnings=tuple(said))


def _off_total(
    sheet: Sheet, source: Mapping[str, str], layout: Flags, map_: InvoiceMap, decimal: str
) -> tuple[Flags | None, list[str]]:
    """Return the rows whose buckets contradict the column of their total, and what to say of columns that differ.

    That column is the open amount, else an amount called a total that follows the buckets. Where most rows differ, the
    buckets are not all of it, or not of the same thing: that is said, and the column counts.
    """
    buckets = [role for role in sheet.cells if role.startswith("#bucket")]
    total = _total_column(sheet, source, buckets, map_)
    if total is None:
        return None, []
    clear, off, filled = compared(sheet, buckets, total, decimal)
    off &= ~layout & ~sheet.ragged
    clear &= ~layout & ~sheet.ragged
    name, said = source[total], list[str]()
    if total == "amount":
        off &= filled < 2  # else nothing tells what is open, and they are rejected with all of it
    elif (none := off & (filled == 0)).any():
        have = plural(int(none.sum()), "row has an amount", "rows have amounts")
        said.append(f"{sheet.where}: {have} in {name} and in no column by age; {name} counts")
        off, clear = off & ~none, clear & ~none
    if 2 * off.sum() > clear.sum():
        count = f"{int(off.sum()):,} of {int(clear.sum()):,} rows"
        said.append(f"{sheet.where}: the columns by age do not add up to {name} in {count}: both are taken as they are")
        off &= False
    return off, said


def _total_column(sheet: Sheet, source: Mapping[str, str], buckets: Sequence[str], map_: InvoiceMap) -> str | None:
    """Return the role whose column holds the total of the buckets, None where none does."""
    if not buckets or "open_amount" in source:
        return "open_amount" if buckets else None
    last = max(sheet.at.get(role, -1) for role in buckets)
    called = plain(source.get("amount", "")) in {plain(word) for word in map_.totals}
    return "amount" if called and sheet.at.get("amount", -1) > last else None


# -- the customer that a heading names


def _with_customers(sheet: Sheet, rows: Rows, map_: InvoiceMap) -> Sheet:
    """Carry what stands above down: the customer of a heading, and what the map names."""
    wanted = map_.carry_down
    blank = np.all([flags(pc.is_null(cells)) for cells in sheet.cells.values()], axis=0)
    layout = rows.head | rows.heading | rows.total | blank
    if "customer_id" not in sheet:
        found = None if wanted == () else _from_headings(sheet, rows, map_, layout)
        if found is not None:
            what = "Customer in headings"
            sheet = replace(
                sheet, cells={**sheet.cells, "customer_id": found}, header={**sheet.header, "customer_id": what}
            )
            sheet = _say_carried(sheet, int((given(sheet, "customer_id") & ~layout).sum()))
        wanted = tuple(role for role in wanted or () if role != "customer_id")
    elif wanted is None:
        wanted = ("customer_id",) if _is_carried(sheet, rows, layout) else ()
    for role in wanted:
        if role in sheet:
            before = given(sheet, role) & ~layout
            source = (before | (rows.heading & given(sheet, role))) & ~rows.total & ~rows.head
            row = np.maximum.accumulate(np.where(source, np.arange(len(sheet)), -1))
            cells = sheet.text(role).take(pa.array(row, mask=(row < 0) | layout))
            sheet = replace(sheet, cells={**sheet.cells, role: cells})
            if role == "customer_id":
                sheet = _say_carried(sheet, int((given(sheet, role) & ~before & ~layout).sum()))
    return sheet


def _say_carried(sheet: Sheet, count: int) -> Sheet:
    said = f"{sheet.where}: {plural(count, 'row takes its', 'rows take their')} customer from what stands above"
    return replace(sheet, warnings=(*sheet.warnings, said)) if count else sheet


def _is_carried(sheet: Sheet, rows: Rows, layout: Flags) -> bool:
    """Tell whether customers stand in headings only, or in the first row of each group of rows only."""
    detail = ~layout & given(sheet, "invoice_id")
    own = given(sheet, "customer_id")
    if not detail.any():
        return False
    if (rows.heading & own).any() and not (detail & own).any():
        return True
    return bool(own[detail.argmax()] and (detail & ~own).sum() > (detail & own).sum())


def _from_headings(sheet: Sheet, rows: Rows, map_: InvoiceMap, layout: Flags) -> pa.StringArray | None:
    """Return each row's customer by the headings above it; None where no heading names one."""
    heads = _labelled(sheet, rows, map_) or _unlabelled(rows, map_)
    if not heads:
        return None
    at = np.array([row for row, _ in heads])
    last = np.searchsorted(at, np.arange(len(sheet)), side="right") - 1
    names = pa.array([name for _, name in heads], pa.string())
    return names.take(pa.array(last, mask=(last < 0) | layout))


def _labelled(sheet: Sheet, rows: Rows, map_: InvoiceMap) -> list[tuple[int, str | None]]:
    """Return rows and customers of headings such as ``Customer: 1001``, those above the header included.

    Beside them a heading without such a word names a customer too, where it stands right above invoices and is no page
    head, which comes again and again.
    """
    words = "|".join(re.escape(name) for name in sorted(map_.columns.customer_id, key=len, reverse=True))
    pattern = re.compile(rf"\W*(?:{words})\b\.?\s*(?::\s*|\s{{2,}}|\s(?=\S*\d))(\S.*?)(?:\s{{2,}}.*)?", re.IGNORECASE)
    where = np.flatnonzero(rows.heading)
    lines = [(-1, line) for line in sheet.preamble]
    lines += zip(where.tolist(), rows.line.take(pa.array(where)).to_pylist(), strict=True)
    found: list[tuple[int, str | None]] = [
        (row, match[1].strip()) for row, line in lines if (match := pattern.fullmatch(line or ""))
    ]
    if 2 * len(found) < _blocks(rows):
        return []
    detail = ~(rows.head | rows.heading | rows.total) & given(sheet, "invoice_id")
    block = np.append(np.cumsum(detail), -1)  # equal for headings with no invoice between them
    labelled = {block[row] for row, _ in found}
    texts = [" ".join((line or "").split()) for _, line in lines]
    counts = Counter(re.sub(r"\d+", "#", text) for text in texts)
    below = np.append(detail, [False, False])
    for (row, _), text in zip(lines, texts, strict=True):
        if row >= 0 and below[row + 1] and block[row] not in labelled and counts[re.sub(r"\d+", "#", text)] == 1:
            found.append((row, text.rstrip(" :")))
    return sorted(found, key=lambda each: each[0])


def _blocks(rows: Rows) -> int:
    """Return how many runs of invoices there are between headings and totals."""
    detail = ~(rows.head | rows.heading | rows.total)
    return int((detail & ~np.append(False, detail[:-1])).sum())


def _unlabelled(rows: Rows, map_: InvoiceMap) -> list[tuple[int, str | None]]:
    """Return rows and customers of headings that are names; of headings within headings the outer counts.

    A heading within which others stand is closed by a total of its name; one that holds all the others is no customer.
    """
    events = [*_events(rows, map_)]
    closed = {name for _, name, total in events if total}
    outer = next((name for _, name, total in events if not total), None)
    inner = [name for _, name, total in events if not total and name != outer]
    if outer in closed and inner and [name for _, name, total in events if total and name][-1] == outer:
        events = [event for event in events if event[1] != outer]
    stack: list[str] = []
    found: list[tuple[int, str | None]] = []
    for row, name, total in events:
        if total:
            if name in stack:
                del stack[stack.index(name) :]
        else:
            if stack and stack[-1] not in closed:
                stack.pop()
            stack.append(name)
        found.append((row, stack[0] if stack else None))
    return found if any(name for _, name in found) else []


def _events(rows: Rows, map_: InvoiceMap) -> Iterator[tuple[int, str, bool]]:
    """Yield row, name and whether it is a total, of headings and totals that name something other than an age."""
    strip = re.compile(rf"(?i)\W*(?:{total_words(map_)}){_OF}\W+|\s*:?\s*$")
    where = np.flatnonzero(rows.heading | rows.total)
    labels = rows.label.take(pa.array(where)).to_pylist()
    for row, label in zip(where.tolist(), labels, strict=True):
        total = bool(rows.total[row])
        name = strip.sub("", label or "", count=1) if total else (label or "").rstrip(" :")
        if name and not is_bucket(name):
            yield row, name, total


# -- what is said of it


def _told(sheet: Sheet, rows: Rows, skip: Flags) -> Iterable[str]:
    """Return how many rows are layout, with an example of each kind."""
    other = skip & ~rows.head & ~rows.heading & ~rows.total
    kinds = (
        (rows.heading, "is a heading", "are headings"),
        (rows.total, "is a total", "are totals"),
        (rows.head, "repeats the header or is a line", "repeat the header or are lines"),
        (other, "is no invoice by the map", "are no invoices by the map"),
    )
    parts = [_count(sheet, which, one, many) for which, one, many in kinds if which.any()]
    return [f"{sheet.where}: skipped: {'; '.join(parts)}"] if parts else []


def _count(sheet: Sheet, which: Flags, one: str, many: str) -> str:
    row = int(which.argmax())
    cells: Sequence[str | None] = [sheet.cells[role][row].as_py() for role in _in_order(sheet)]
    text = " ".join(cell for cell in cells if cell)
    text = text if len(text) <= 40 else f"{text[:39]}…"
    return f"{plural(int(which.sum()), one, many)} (row {sheet.row[row]}: {text})"


def _in_order(sheet: Sheet) -> list[str]:
    return sorted((role for role in sheet.cells if role in sheet.at), key=lambda role: sheet.at[role])
