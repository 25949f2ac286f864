"""The tables of a ledger: one schema each, with units.

Amounts are integers in the currency's minor unit (cents, yen, fils). Dates are days (midnight, no time zone), moments
carry a time zone. Identifiers are text. A column that may be empty says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ledger.errors import BadInput

if TYPE_CHECKING:
    import pandera.pandas as pa

TEXT: Final = pd.StringDtype("pyarrow")
DAY: Final = "datetime64[ns]"
MOMENT: Final = pd.DatetimeTZDtype("ns", "UTC")

PAYMENT_KINDS: Final = (
    "cash",
    "credit_note",
    "write_off",
    "discount",
    "deduction",
    "agency",
    "factoring",
    "exchange_difference",
)
CHANNELS: Final = ("email", "phone", "portal", "letter", "inbound")
TONES: Final = ("friendly", "firm")
OUTCOMES: Final = ("sent", "no_answer", "reached", "promise", "missed")
DISPUTE_REASONS: Final = ("pricing", "quantity", "quality", "delivery", "documentation")
RESOLUTIONS: Final = ("rejected", "credited")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its type, whether it may be empty or repeat, and the range of its numbers (ends included)."""

    dtype: Any
    nullable: bool = False
    unique: bool = False
    low: float | None = None
    high: float | None = None


def _text(*, nullable: bool = False, unique: bool = False) -> Column:
    return Column(dtype=TEXT, nullable=nullable, unique=unique)


def _day(*, nullable: bool = False) -> Column:
    return Column(dtype=DAY, nullable=nullable)


def _one_of(values: tuple[str, ...], *, nullable: bool = False) -> Column:
    return Column(dtype=pd.CategoricalDtype(list(values)), nullable=nullable)


def _number(dtype: str, low: float | None = None, high: float | None = None, *, nullable: bool = False) -> Column:
    return Column(dtype=dtype, low=low, high=high, nullable=nullable)


COLUMNS: Final[Mapping[str, Mapping[str, Column]]] = {
    "customers": {
        "customer_id": _text(unique=True),
        "segment": _text(),
        "country": _text(),  # ISO 3166-1 alpha-2, or "" where unknown
        "timezone": _text(),  # IANA name
        "language": _text(),  # ISO 639-1
        "terms": _number("Int64", 0, 365, nullable=True),  # days
        "credit_limit": _number("Int64", 0, nullable=True),  # minor units
        "since": _day(nullable=True),
    },
    "invoices": {
        "invoice_id": _text(unique=True),
        "customer_id": _text(),
        "issue_date": _day(),
        "due_date": _day(),
        "amount": _number("int64", 1),  # minor units of `currency`
        "currency": _text(),  # ISO 4217
        "discount_percent": _number("float64", 0, 100, nullable=True),
        "discount_days": _number("Int64", 0, nullable=True),  # days after issue
    },
    "payments": {
        "payment_id": _text(unique=True),
        "invoice_id": _text(nullable=True),  # null: unapplied cash
        "customer_id": _text(nullable=True),
        "received_date": _day(),
        "applied_date": _day(nullable=True),  # null exactly where invoice_id is
        "amount": _number("int64"),  # minor units of `currency`, not 0; below 0: taken back, of the same kind
        "currency": _text(),
        "kind": _one_of(PAYMENT_KINDS),
    },
    "contacts": {
        "contact_id": _text(unique=True),
        "customer_id": _text(),
        "invoice_id": _text(nullable=True),  # the lead invoice; the contact covers all that is overdue
        "time": Column(dtype=MOMENT),
        "channel": _one_of(CHANNELS),
        "tone": _one_of(TONES),
        "step": _text(nullable=True),  # name of the strategy's step
        "specialist_id": _text(nullable=True),  # null: sent by machine
        "outcome": _one_of(OUTCOMES),
        "minutes": _number("float64", 0),
        "promise_made": _number("bool"),
    },
    "promises": {
        "contact_id": _text(),
        "invoice_id": _text(),
        "made_on": _day(),
        "due_on": _day(),
        "amount": _number("int64", 1),  # minor units
    },
    "disputes": {
        "invoice_id": _text(),
        "opened": _day(),
        "acknowledged": _day(nullable=True),
        "resolved": _day(nullable=True),
        "reason": _one_of(DISPUTE_REASONS),
        "resolution": _one_of(RESOLUTIONS, nullable=True),
        "amount": _number("int64", 1),  # minor units
    },
    "holdouts": {  # who was drawn at random not to be contacted for a while, and who was not
        "customer_id": _text(),
        "start": _day(),
        "stop": _day(),  # included
        "held": _number("bool"),
        "probability": _number("float64", 0, 1),  # with which `held` was drawn
    },
    "staff": {
        "specialist_id": _text(unique=True),
        "skills": _text(),  # space-separated
        "languages": _text(),  # space-separated ISO 639-1
        "timezone": _text(),
        "weekly_hours": _number("float64", 0, 80),
        "absences": _text(),  # space-separated ISO days
        "cost_per_hour": _number("int64", 0),  # minor units of the base currency
    },
    "rates": {
        "currency": _text(unique=True),
        "rate": _number("float64", 1e-9),  # base-currency major units for one major unit of `currency`
    },
}


def further_columns(customers: pd.DataFrame) -> list[str]:
    """Return the columns of customers that have no meaning here: names, phones and others; text, carried as it is."""
    return [str(column) for column in customers.columns if column not in COLUMNS["customers"]]


@cache
def schema(table: str) -> "pa.DataFrameSchema":
    """Return the pandera schema of the named table."""
    import pandera.pandas as pa  # half a second, and memory: only where something is validated

    columns = {}
    for name, column in COLUMNS[table].items():
        checks = []
        if column.low is not None:
            checks.append(pa.Check.ge(column.low))
        if column.high is not None:
            checks.append(pa.Check.le(column.high))
        columns[name] = pa.Column(
            column.dtype, checks=checks, nullable=column.nullable, unique=column.unique, coerce=True
        )
    return pa.DataFrameSchema(columns, strict=True)


def _is_sound(name: str, table: pd.DataFrame) -> bool:
    """Return whether each column has its type and keeps its rules: then nothing is left to convert or to tell."""
    if not table.columns.is_unique:
        return False
    for key, column in COLUMNS[name].items():
        values = table[key]
        if values.dtype != column.dtype or (not column.nullable and values.hasnans):
            return False
        if column.unique and not values.is_unique:
            return False
        given = values.dropna() if column.nullable else values
        if column.low is not None and not bool((given >= column.low).all()):
            return False
        if column.high is not None and not bool((given <= column.high).all()):
            return False
    return True


def validated(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its columns converted to their types, and checked.

    Raises
    ------
    BadInput
        Naming the table, row, column, value and rule that does not hold.
    """
    missing = [column for column in COLUMNS[name] if column not in table.columns]
    if missing:
        raise BadInput(f"lacks the column {', '.join(missing)}", where=name)
    further = [str(column) for column in table.columns if column not in COLUMNS[name]]
    if further and name != "customers":
        raise BadInput(f"has a column that is none of {', '.join(COLUMNS[name])}", where=name, field=further[0])
    if not further and _is_sound(name, table):
        return table.copy(deep=False)
    import pandera.errors

    try:
        checked = schema(name).validate(table.drop(columns=further) if further else table)
        return checked.assign(**{column: table[column].astype(TEXT) for column in further})
    except pandera.errors.SchemaError as error:
        cases = error.failure_cases
        row, value = None, None
        if isinstance(cases, pd.DataFrame) and len(cases):
            row, value = cases["index"].iloc[0], cases["failure_case"].iloc[0]
        where = name if row is None or pd.isna(row) else f"{name}, row {int(row) + 1}"
        column = getattr(error.schema, "name", None)
        raise BadInput(f"must satisfy {error.check}", where=where, field=column, value=value) from error


def empty(table: str) -> pd.DataFrame:
    """Return the named table with no rows and the right column types."""
    return pd.DataFrame({name: pd.Series([], dtype=column.dtype) for name, column in COLUMNS[table].items()})
