"""The tables of a ledger: one schema each, with units.

Amounts are integers in the currency's minor unit (cents, yen, fils). Dates are days (midnight, no time zone), moments
carry a time zone. Identifiers are text. A column that may be empty says so.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd
import pandera.pandas as pa

TEXT: Final = pd.StringDtype("pyarrow")
DAY: Final = "datetime64[ns]"
MOMENT: Final = pd.DatetimeTZDtype("ns", "UTC")

PAYMENT_KINDS: Final = ("cash", "credit_note", "write_off", "discount", "deduction", "agency", "factoring")
CHANNELS: Final = ("email", "phone", "portal", "letter", "inbound")
TONES: Final = ("friendly", "firm")
OUTCOMES: Final = ("sent", "no_answer", "reached", "promise", "missed")
DISPUTE_REASONS: Final = ("pricing", "quantity", "quality", "delivery", "documentation")
RESOLUTIONS: Final = ("rejected", "credited")


def _text(*, nullable: bool = False, unique: bool = False) -> pa.Column:
    return pa.Column(TEXT, nullable=nullable, unique=unique, coerce=True)


def _day(*, nullable: bool = False) -> pa.Column:
    return pa.Column(DAY, nullable=nullable, coerce=True)


def _one_of(values: tuple[str, ...], *, nullable: bool = False) -> pa.Column:
    return pa.Column(pd.CategoricalDtype(list(values)), nullable=nullable, coerce=True)


def _number(dtype: str, *checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column(dtype, checks=list(checks), nullable=nullable, coerce=True)


SCHEMAS: Final[Mapping[str, pa.DataFrameSchema]] = {
    "customers": pa.DataFrameSchema(
        {
            "customer_id": _text(unique=True),
            "segment": _text(),
            "country": _text(),  # ISO 3166-1 alpha-2, or "" where unknown
            "timezone": _text(),  # IANA name
            "language": _text(),  # ISO 639-1
            "terms": _number("Int64", pa.Check.in_range(0, 365), nullable=True),  # days
            "credit_limit": _number("Int64", pa.Check.ge(0), nullable=True),  # minor units
            "since": _day(nullable=True),
        },
        strict=True,
    ),
    "invoices": pa.DataFrameSchema(
        {
            "invoice_id": _text(unique=True),
            "customer_id": _text(),
            "issue_date": _day(),
            "due_date": _day(),
            "amount": _number("int64", pa.Check.gt(0)),  # minor units of `currency`
            "currency": _text(),  # ISO 4217
            "discount_percent": _number("float64", pa.Check.in_range(0, 100), nullable=True),
            "discount_days": _number("Int64", pa.Check.ge(0), nullable=True),  # days after issue
        },
        strict=True,
    ),
    "payments": pa.DataFrameSchema(
        {
            "payment_id": _text(unique=True),
            "invoice_id": _text(nullable=True),  # null: unapplied cash
            "customer_id": _text(nullable=True),
            "received_date": _day(),
            "applied_date": _day(nullable=True),  # null exactly where invoice_id is
            "amount": _number("int64", pa.Check.gt(0)),  # minor units of `currency`
            "currency": _text(),
            "kind": _one_of(PAYMENT_KINDS),
        },
        strict=True,
    ),
    "contacts": pa.DataFrameSchema(
        {
            "contact_id": _text(unique=True),
            "customer_id": _text(),
            "invoice_id": _text(nullable=True),  # the lead invoice; the contact covers all that is overdue
            "time": pa.Column(MOMENT, coerce=True),
            "channel": _one_of(CHANNELS),
            "tone": _one_of(TONES),
            "step": _text(nullable=True),  # name of the strategy's step
            "specialist_id": _text(nullable=True),  # null: sent by machine
            "outcome": _one_of(OUTCOMES),
            "minutes": _number("float64", pa.Check.ge(0)),
            "promise_made": _number("bool"),
        },
        strict=True,
    ),
    "promises": pa.DataFrameSchema(
        {
            "contact_id": _text(),
            "invoice_id": _text(),
            "made_on": _day(),
            "due_on": _day(),
            "amount": _number("int64", pa.Check.gt(0)),  # minor units
        },
        strict=True,
    ),
    "disputes": pa.DataFrameSchema(
        {
            "invoice_id": _text(),
            "opened": _day(),
            "acknowledged": _day(nullable=True),
            "resolved": _day(nullable=True),
            "reason": _one_of(DISPUTE_REASONS),
            "resolution": _one_of(RESOLUTIONS, nullable=True),
            "amount": _number("int64", pa.Check.gt(0)),  # minor units
        },
        strict=True,
    ),
    "staff": pa.DataFrameSchema(
        {
            "specialist_id": _text(unique=True),
            "skills": _text(),  # space-separated
            "languages": _text(),  # space-separated ISO 639-1
            "timezone": _text(),
            "weekly_hours": _number("float64", pa.Check.in_range(0, 80)),
            "absences": _text(),  # space-separated ISO days
            "cost_per_hour": _number("int64", pa.Check.ge(0)),  # minor units of the base currency
        },
        strict=True,
    ),
    "rates": pa.DataFrameSchema(
        {
            "currency": _text(unique=True),
            "rate": _number("float64", pa.Check.gt(0)),  # base-currency major units for one major unit of `currency`
        },
        strict=True,
    ),
}


def empty(table: str) -> pd.DataFrame:
    """Return the named table with no rows and the right column types."""
    columns = SCHEMAS[table].columns
    return pd.DataFrame({name: pd.Series([], dtype=column.dtype.type) for name, column in columns.items()})
