"""What an import gives: the ledger, what was rejected and why, and the proof that nothing was lost."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ledger.errors import BadInput
from ledger.files.database import safe
from ledger.importing.rows.intake import Account, rule_counts
from ledger.results import Result
from ledger.table.ledger import ABOUT, Ledger
from ledger.wording import plural

ACCOUNT: Final = "import.json"

WIDTH: Final = 80
_RULES: Final = 6  # shown
_WARNINGS: Final = 9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Imported(Result):
    """A ledger and the account of how it came about.

    `rejects` has the columns row (as a person sees it: the header is row 1), column, value, rule, amount (major units;
    null where unreadable) and table. Each rejected row stands there once, with the first rule that it breaks.
    `columns` says for each table which column each role was read from, `used_map` the same as a map in TOML.
    """

    ledger: Ledger
    rejects: pd.DataFrame
    warnings: tuple[str, ...]
    accounts: tuple[Account, ...]
    source: str
    preset: str
    columns: Mapping[str, Mapping[str, str]]
    used_map: str
    place: str = ""  # the source in full: path or address, without a password

    @property
    def as_of(self) -> pd.Timestamp:
        """The day up to which the ledger knows."""
        return self.ledger.as_of

    @property
    def rows(self) -> int:
        """Rows read, in all tables, without headings and totals of reports."""
        return self.imported + self.rejected

    @property
    def imported(self) -> int:
        """Rows imported, in all tables."""
        return sum(account.imported for account in self.accounts)

    @property
    def rejected(self) -> int:
        """Rows rejected, in all tables."""
        return sum(account.rejected for account in self.accounts)

    @property
    def amount_imported(self) -> Decimal:
        """Control total of the amounts imported: all amount columns and currencies, major units as given."""
        return sum((account.amount_imported for account in self.accounts), Decimal(0))

    @property
    def amount_rejected(self) -> Decimal:
        """Control total of the amounts rejected."""
        return sum((account.amount_rejected for account in self.accounts), Decimal(0))

    @property
    def amount_unreadable(self) -> int:
        """Rejected rows whose amount is missing or cannot be read, so that it is in no total."""
        return sum(account.unreadable for account in self.accounts)

    def summary(self) -> str:
        """Return what was read and from which columns, that it adds up, what was rejected and what to know.

        At most a screen, in lines of 80 columns; all of it is in `warnings`, `rejects` and `to_dict`.
        """
        lines = [line for account in self.accounts for line in _lines(account)]
        lines += _folded("columns: ", ", ".join(_columns(self.columns["invoices"])))
        if len(self.rejects):
            counts = rule_counts(self.rejects)
            named = [f"{n:,} {rule} ({table}{f', {column}' if column else ''})" for n, rule, table, column in counts]
            lines += ["rejected:", *_some(named, _RULES, "rules in rejects.csv")]
        if self.warnings:
            lines += ["mind:", *_some(self.warnings, _WARNINGS, "in import.json")]
        lines += _folded("ledger: ", self.ledger.summary())
        return "\n".join(
            [*lines, *(line for one in self.ledger.answers().findings for line in _folded("  ", one.text))]
        )

    def table(self) -> pd.DataFrame:
        """Return one row per table read: where from, rows imported, rejected and skipped, amounts as given."""
        names = ["table", "where", "rows", "imported", "rejected", "skipped"]
        names += ["amount", "amount_imported", "amount_rejected"]
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.accounts], columns=names)

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain values, for JSON."""
        return {
            "source": self.source,
            "place": self.place,
            "preset": self.preset,
            "as_of": f"{self.as_of:%Y-%m-%d}",
            "base_currency": self.ledger.base_currency,
            "imported": self.imported,
            "rejected": self.rejected,
            "amount_imported": float(self.amount_imported),
            "amount_rejected": float(self.amount_rejected),
            "amount_unreadable": self.amount_unreadable,
            "rejected_by_rule": {str(k): int(v) for k, v in self.rejects["rule"].value_counts().sort_index().items()},
            "tables": [
                {
                    "table": account.table,
                    "source": account.where,
                    "rows": account.rows,
                    "imported": account.imported,
                    "rejected": account.rejected,
                    "skipped": account.skipped,
                    "amount": str(account.amount),
                    "amount_imported": str(account.amount_imported),
                    "amount_rejected": str(account.amount_rejected),
                    "amount_unreadable": account.unreadable,
                }
                for account in self.accounts
            ],
            "columns": {table: dict(columns) for table, columns in self.columns.items()},
            "warnings": list(self.warnings),
            "answers": self.ledger.answers().to_dict(),
            "fingerprint": self.ledger.fingerprint,
        }

    def write(self, folder: str | Path, *, replace: bool = False) -> Path:
        """Write the ledger's folder with ``rejects.csv`` and ``import.json`` in it, whole or not at all.

        Raises
        ------
        BadInput
            Where the folder holds the ledger of another source and `replace` is false.
        """
        check_same_source(folder, self.place, replace=replace)
        about = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        rejects = self.rejects.to_csv(index=False, lineterminator="\r\n")  # then both of them are quoted in values
        return self.ledger.write(folder, beside={"rejects.csv": rejects, ACCOUNT: about})


def place_of(source: object) -> str:
    """Return a source in full, as it may be shown: an absolute path, or an address without its password."""
    if isinstance(source, str) and "://" in source:
        return safe(source)
    return str(Path(source).absolute()) if isinstance(source, str | Path) else f"a {type(source).__name__}"


def check_same_source(folder: str | Path, place: str, *, replace: bool) -> None:
    """Raise BadInput where a folder holds the ledger of another source, which nobody said may be replaced."""
    folder = Path(folder)
    if replace or not (folder / ABOUT).exists():
        return
    try:
        about = json.loads((folder / ACCOUNT).read_text(encoding="utf-8"))
        before = str(about.get("place") or about["source"])
    except (OSError, ValueError, KeyError, AttributeError):
        before = "something else"
    if before not in (place, Path(place).name):
        rule = f"holds a ledger made from {before}, and not from {place}; --replace puts this one in its place"
        raise BadInput(rule, where=str(folder))


def _columns(written: Mapping[str, str]) -> list[str]:
    """Return which role comes from which column, those of a layout left out."""
    return [f"{role} = {column}" for role, column in written.items() if not role.startswith(("#", "distinguish_"))]


def _folded(start: str, text: str) -> list[str]:
    """Return text in lines of 80 columns."""
    return textwrap.wrap(start + text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _some(texts: Sequence[str], most: int, where: str) -> list[str]:
    """Return so many of the texts, folded, and how many more there are where."""
    lines = [line for text in texts[:most] for line in _folded("  ", text)]
    return lines + ([f"  … and {len(texts) - most:,} more {where}"] if len(texts) > most else [])


def _lines(account: Account) -> list[str]:
    """Return what became of one table, with its sums."""
    skipped = f" + {account.skipped:,} skipped" if account.skipped else ""
    whole = plural(account.rows, "row")
    rows = f"{account.imported:,} imported + {account.rejected:,} rejected{skipped} = {whole}"
    lines = _folded("", f"{account.where} ({account.table}): {rows}")
    if account.has_amounts:
        parts = f"{account.amount_imported:,.2f} imported + {account.amount_rejected:,.2f} rejected"
        lines.append(f"  amounts: {parts} = {account.amount:,.2f}, adds up")
    if account.unreadable:
        lines.append(f"  {plural(account.unreadable, 'row', 'rows')} without a readable amount, in no total")
    return lines
