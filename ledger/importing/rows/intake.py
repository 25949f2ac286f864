"""One table on its way in: its dates and amounts read, and for every row the first rule that it breaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.maps.maps import Map
from ledger.importing.rows.typed import typed
from ledger.importing.words.amounts import Amounts, exact_sum
from ledger.importing.words.cells import Sheet, flags
from ledger.importing.words.dates import UNREADABLE
from ledger.table.tables import TEXT
from ledger.wording import plural

EARLIEST: Final = np.datetime64("1990-01-01")
SOON: Final = np.timedelta64(5 * 365 + 2, "D")  # five years after as_of: what is known to come may lie that far
FAR: Final = np.timedelta64(50 * 365 + 13, "D")  # a due date may lie fifty years after as_of (retention money)
DATES: Final[Mapping[str, tuple[str, ...]]] = {
    "invoices": ("issue_date", "due_date", "clear_date"),
    "payments": ("received_date", "applied_date"),
    "customers": ("since",),
    "contacts": ("time",),
    "promises": ("made_on", "due_on"),
    "disputes": ("opened", "acknowledged", "resolved"),
}
AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "invoices": ("amount", "rounded_amount", "open_amount", "paid_amount", "credited_amount"),
    "payments": ("amount", "invoice_amount"),
    "customers": ("credit_limit",),
    "promises": ("amount",),
    "disputes": ("amount",),
}
_NO_FACT: Final = ("due_date", "due_on")


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of one table's rows and amounts, in major units as given (all currencies added up: a control total).

    `rows` = `imported` + `rejected` + `skipped`, and `amount` = `amount_imported` + `amount_rejected`; a row whose
    amount is missing or cannot be read is rejected and counted in `unreadable`. `skipped` counts rows that are empty
    in all recognised columns, and headings, totals and further lines of an invoice in sources that have such.
    """

    table: str
    where: str
    rows: int
    imported: int
    rejected: int
    skipped: int
    amount: Decimal
    amount_imported: Decimal
    amount_rejected: Decimal
    unreadable: int
    has_amounts: bool

    def __post_init__(self) -> None:
        if self.rows != self.imported + self.rejected + self.skipped:
            raise RuntimeError(f"{self.where}: rows do not add up: {self}")
        if self.amount != self.amount_imported + self.amount_rejected:
            raise RuntimeError(f"{self.where}: amounts do not add up: {self}")


class Intake:
    """The rows of one table, and the first rule that each breaks.

    Parameters
    ----------
    table
        Its name.
    sheet
        Its cells.
    map_
        How to read them.
    """

    def __init__(self, table: str, sheet: Sheet, map_: Map) -> None:
        self.table = table
        self.warnings: list[str] = []
        self.hints: list[str] = []  # those of the warnings that explain rejects, and say what a map can answer
        self.rows = len(sheet)
        blank = np.ones(len(sheet), bool)
        for cells in sheet.cells.values():
            blank &= flags(pc.is_null(cells))
        sheet = sheet.take(
            (~blank | sheet.ragged) & ~sheet.layout if sheet.layout is not None else ~blank | sheet.ragged
        )
        self.sheet = sheet.take(~self._further_lines(sheet, map_))
        self.skipped = self.rows - len(self.sheet)
        self._broken = np.zeros(len(self.sheet), np.int16)
        self._rules: list[tuple[str, str]] = [("", "")]
        columns = typed(self.sheet, DATES.get(table, ()), AMOUNTS.get(table, ()), map_)
        self._days, self._amounts = columns.days, columns.amounts
        self.warnings += columns.warnings
        self.hints += columns.hints
        self.reject(self.sheet.ragged, "wrong_columns", "")
        if self.sheet.off_total is not None:
            self.reject(self.sheet.off_total, "off_total", "open_amount")

    def __len__(self) -> int:
        return len(self.sheet)

    def _further_lines(self, sheet: Sheet, map_: Map) -> Flags:
        """Return the rows that are further lines of an invoice, where the map says that rows are lines."""
        if self.table != "invoices" or not map_.invoices.one_row_per_line:
            return np.zeros(len(sheet), bool)
        frame = pd.DataFrame({role: text_column(cells) for role, cells in sheet.cells.items()})
        lines: Flags = frame.duplicated().to_numpy() & flags(pc.is_valid(sheet.text("invoice_id")))
        if lines.any():
            count = plural(int(lines.sum()), "row is a further line", "rows are further lines")
            self.warnings.append(f"{sheet.where}: {count} of an invoice")
        return lines

    # -- the rows

    def day(self, role: str) -> Days:
        """Return the days of a column; not a time where empty or unreadable."""
        found = self._days.get(role)
        return np.full(len(self), UNREADABLE, "datetime64[D]") if found is None else found[0]

    def amount(self, role: str) -> Amounts | None:
        """Return the amounts of a column; None where the table has no such column."""
        return self._amounts.get(role)

    def text(self, role: str) -> pa.StringArray:
        """Return the cells of a column."""
        return self.sheet.text(role)

    def place(self, role: str) -> str:
        """Return what a column is called in messages."""
        return f"{self.sheet.where}, {self.sheet.header[role]}"

    def lacks(self, role: str) -> Flags:
        """Return which rows have nothing in a column."""
        return flags(pc.is_null(self.text(role)))

    @property
    def good(self) -> Flags:
        """Which rows break no rule so far."""
        found: Flags = self._broken == 0
        return found

    def reject(self, rows: Flags, rule: str, role: str) -> int:
        """Reject those of the rows that broke no rule before; return how many."""
        rows = rows & self.good
        count = int(rows.sum())
        if count:
            self._rules.append((rule, role))
            self._broken[rows] = len(self._rules) - 1
        return count

    def broke(self, rule: str) -> Flags:
        """Return which rows are rejected for a rule."""
        at = [code for code, (name, _) in enumerate(self._rules) if code and name == rule]
        found: Flags = np.isin(self._broken, at)
        return found

    def reject_repeats(self, role: str, rule: str) -> None:
        """Reject rows that share an id with another; the one with the fewest empty cells stays, whatever the order."""
        rows = np.flatnonzero(self.good & ~self.lacks(role))
        texts = {name: text_column(cells.take(pa.array(rows))) for name, cells in self.sheet.cells.items()}
        frame = pd.DataFrame(texts, index=rows)
        if role in frame:
            frame.insert(0, "#gaps", frame.isna().sum(axis=1))
            frame = frame.sort_values(list(frame.columns), kind="stable")
            again = np.zeros(len(self), bool)
            again[frame.index.to_numpy()[frame.duplicated(role).to_numpy()]] = True
            self.reject(again, rule, role)

    def reject_days(self, role: str, as_of: np.datetime64, today: np.datetime64, *, required: bool) -> None:
        """Reject rows whose day is missing, unreadable, or not plausible.

        From 1990 on; issue dates up to what can be known, due dates for fifty years (beyond five with a warning), other
        facts for five: a post-dated cheque is not known yet, no mistake.
        """
        if role not in self._days:
            if required:
                self.reject(np.ones(len(self), bool), f"missing_{role}", role)
            return
        days, unreadable = self._days[role]
        self.reject(unreadable, "bad_date", role)
        if required:
            self.reject(np.isnat(days), f"missing_{role}", role)
        last = as_of + FAR if role in _NO_FACT else max(as_of, today) + (0 if role == "issue_date" else SOON)
        self.reject((days < EARLIEST) | (days > last), "date_out_of_range", role)
        if role in _NO_FACT and (far := (days > as_of + SOON) & self.good).any():
            count = plural(int(far.sum()), "date lies", "dates lie")
            self.warnings.append(f"{self.place(role)}: {count} more than five years after {as_of}; kept")

    def facts(self, today: np.datetime64) -> dict[str, Days]:
        """Return by role the days of what has happened, each row's; not a time where none is plausible."""
        return {
            role: np.where((days >= EARLIEST) & (days <= today), days, UNREADABLE)
            for role, (days, _) in self._days.items()
            if role not in _NO_FACT
        }

    # -- the account

    def account(self) -> Account:
        """Return what became of the rows and the amounts."""
        good = self.good
        amounts = self._amounts.get("amount") if self.table in ("invoices", "payments") else None
        micro = amounts.micro if amounts is not None else np.zeros(len(self), np.int64)
        unreadable = 0 if amounts is None else int((amounts.unreadable | amounts.empty)[~good].sum())
        return Account(
            table=self.table,
            where=self.sheet.where,
            rows=self.rows,
            imported=int(good.sum()),
            rejected=int((~good).sum()),
            skipped=self.skipped,
            amount=exact_sum(micro),
            amount_imported=exact_sum(micro[good]),
            amount_rejected=exact_sum(micro[~good]),
            unreadable=unreadable,
            has_amounts=amounts is not None,
        )

    def rejects(self) -> pd.DataFrame:
        """Return the rejected rows: row, column, value, rule, amount, table."""
        rows = np.flatnonzero(self._broken)
        broken = self._broken[rows]
        rules = text_column([rule for rule, _ in self._rules]).take(broken)
        header = [self.sheet.header.get(role, role) for _, role in self._rules]
        values = np.full(len(rows), None, object)
        for code, (_, role) in enumerate(self._rules):
            at = broken == code
            if code and role in self.sheet and at.any():
                values[at] = self.sheet.cells[role].take(pa.array(rows[at])).to_numpy(zero_copy_only=False)
        amounts = self._amounts.get("amount") if self.table in ("invoices", "payments") else None
        major = pa.nulls(len(rows), pa.decimal128(24, 6))
        if amounts is not None:
            unknown = (amounts.unreadable | amounts.empty)[rows]
            words = np.stack([amounts.micro[rows], amounts.micro[rows] >> 63], axis=1)  # 128 bits, with the sign
            known = pa.Array.from_buffers(pa.decimal128(24, 6), len(rows), [None, pa.py_buffer(words.tobytes())])
            major = pc.if_else(pa.array(unknown), pa.scalar(None, known.type), known)
        return pd.DataFrame(
            {
                "row": self.sheet.row[rows],
                "column": text_column(header).take(broken),
                "value": text_column(values),
                "rule": rules,
                "amount": pd.arrays.ArrowExtensionArray(major),
                "table": text_column([self.table] * len(rows)),
            }
        )


def rule_counts(rejects: pd.DataFrame) -> list[tuple[int, str, str, str]]:
    """Return count, rule, table and column of the rejected rows, the most frequent first."""
    counts = (
        rejects[["rule", "table", "column"]].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    )
    frame = counts.rename("count").reset_index()
    columns = [frame[name].tolist() for name in ("count", "rule", "table", "column")]
    return list(zip(*columns, strict=True))


def text_column(values: Any) -> Any:
    """Return values as text in the form of a ledger's tables."""
    return pd.array(values, dtype=TEXT)


def as_series(cells: pa.StringArray) -> "pd.Series[str]":
    """Return a text array as the text column of a ledger table."""
    return pd.Series(text_column(cells))


def codes(cells: pa.StringArray) -> tuple[Ints, pa.StringArray]:
    """Return for each cell the number of its text, -1 where null, and the texts."""
    encoded = cells.dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary
