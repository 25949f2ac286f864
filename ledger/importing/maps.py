"""Maps: which column of a source means what, as small TOML files.

A preset is a map that ships with the package; ``--map FILE`` is one that a person writes. `presets/generic.toml`
shows every key that is commonly needed.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from ledger.errors import BadInput

_PRESETS: Final = Path(__file__).with_name("presets")
Names = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]
TABLES: Final = ("invoices", "payments", "customers", "contacts", "promises", "disputes")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TableMap(_Strict):
    """Where one table stands in the source, and the names that each of its columns may have (the first found counts).

    `file` is the name without ending in a folder (default: the table's own name), `sheet` the sheet of a workbook,
    `table` or `query` what to read from a database.
    """

    file: str | None = None
    sheet: str | None = None
    table: str | None = None
    query: str | None = None


class InvoiceColumns(_Strict):
    """Columns of the invoice table; `amount` may instead be given in `invoices.money`."""

    invoice_id: Names
    customer_id: Names
    issue_date: Names
    due_date: Names = ()
    amount: Names = ()
    rounded_amount: Names = ()  # counts instead of `amount` where it is given and not zero
    open_amount: Names = ()
    currency: Names = ()
    open_currency: Names = ()
    clear_date: Names = ()  # empty: not yet settled
    clearing: Names = ()  # document that settled it: rows that share it settle one another
    type: Names = ()
    status: Names = ()
    applies_to: Names = ()  # on a credit note or payment: the invoice that it settles
    terms: Names = ()  # days, or words such as "Net 30"
    discount_percent: Names = ()
    discount_days: Names = ()
    disputed: Names = ()
    segment: Names = ()
    country: Names = ()
    timezone: Names = ()
    language: Names = ()


class Money(_Strict):
    """Columns that belong together: amounts in the document's currency, or all in the company's."""

    amount: Names
    open_amount: Names = ()
    currency: Names = ()
    open_currency: Names = ()


class Types(_Strict):
    """What the values of the type column mean. A negative invoice is a credit note."""

    invoice: Names = ()
    credit_note: Names = ()
    cash: Names = ()
    write_off: Names = ()
    discount: Names = ()
    deduction: Names = ()
    other: Names = ()  # no receivable: rejected by name


class InvoiceMap(TableMap):
    """The invoice table and its rules."""

    columns: InvoiceColumns
    money: tuple[Money, ...] = ()
    types: Types | None = None
    not_posted: Names = ()  # values of the status column (as a whole word) that are rejected
    signed: bool = True  # credit notes and payments carry a minus; false: their sign says nothing
    one_row_per_line: bool = False  # rows that repeat an invoice in every column are lines of one invoice
    skip_rows_without: Names = ()  # headings and totals of a report: rows in which all these columns are empty
    distinguish: Names = ()  # columns added to ids that occur more than once, such as company code and line item
    due_before_issue: Literal["reject", "move_issue"] = "reject"
    undated_payment: Literal["due_date", "as_of"] = (
        "due_date"  # day of a settlement that the source gives without a day
    )


class PaymentColumns(_Strict):
    """Columns of the payments table."""

    amount: Names
    received_date: Names
    payment_id: Names = ()
    invoice_id: Names = ()
    customer_id: Names = ()
    applied_date: Names = ()
    currency: Names = ()
    invoice_amount: Names = ()  # what a payment in another currency settles, in the invoice's currency
    kind: Names = ()


class PaymentMap(TableMap):
    """The payments table."""

    columns: PaymentColumns


class CustomerColumns(_Strict):
    """Columns of the customer table."""

    customer_id: Names
    segment: Names = ()
    country: Names = ()
    timezone: Names = ()
    language: Names = ()
    terms: Names = ()
    credit_limit: Names = ()
    since: Names = ()


class CustomerMap(TableMap):
    """The customer table."""

    columns: CustomerColumns


class ContactColumns(_Strict):
    """Columns of the contact log."""

    customer_id: Names
    time: Names
    contact_id: Names = ()
    invoice_id: Names = ()
    channel: Names = ()
    tone: Names = ()
    step: Names = ()
    specialist_id: Names = ()
    outcome: Names = ()
    minutes: Names = ()
    promise_made: Names = ()


class ContactMap(TableMap):
    """The contact log."""

    columns: ContactColumns


class PromiseColumns(_Strict):
    """Columns of the promises table."""

    invoice_id: Names
    made_on: Names
    due_on: Names
    amount: Names = ()
    contact_id: Names = ()


class PromiseMap(TableMap):
    """The promises table."""

    columns: PromiseColumns


class DisputeColumns(_Strict):
    """Columns of the disputes table."""

    invoice_id: Names
    opened: Names
    reason: Names
    acknowledged: Names = ()
    resolved: Names = ()
    resolution: Names = ()
    amount: Names = ()


class DisputeMap(TableMap):
    """The disputes table."""

    columns: DisputeColumns


class Map(_Strict):
    """How to read a source."""

    description: str = ""
    date_order: Literal["day_first", "month_first"] = "day_first"  # where no cell of the file tells
    decimal: Literal["auto", ".", ","] = "auto"  # where no cell of the column tells
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None  # of rows that name none
    timezone: str = "UTC"  # in which days begin and end
    terms: Annotated[int, Field(ge=0, le=365)] | None = None  # days, where a due date is missing
    as_of_name: str | None = None  # regular expression: the date in the file's name
    as_of_text: str | None = None  # regular expression: the date in the lines above the header
    rates: Mapping[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    invoices: InvoiceMap
    payments: PaymentMap | None = None
    customers: CustomerMap | None = None
    contacts: ContactMap | None = None
    promises: PromiseMap | None = None
    disputes: DisputeMap | None = None

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone such as Europe/Berlin") from error

    @field_validator("as_of_name", "as_of_text")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        import re

        try:
            groups = re.compile(pattern or "()").groups
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        if groups != 1:
            raise ValueError("needs one group in parentheses that holds the date")
        return pattern

    def table(self, name: str) -> TableMap | None:
        """Return the map of one table; None where the map does not read it."""
        found: TableMap | None = getattr(self, name)
        return found

    def names(self, table: str) -> dict[str, tuple[str, ...]]:
        """Return, for each role of a table, the names that its column may have."""
        columns = getattr(self.table(table), "columns", None)
        return {} if columns is None else {role: names for role, names in columns.model_dump().items() if names}


def presets() -> tuple[str, ...]:
    """Return the names of the maps that ship with the package."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def preset_map(name: str) -> Map:
    """Return a map that ships with the package.

    Raises
    ------
    BadInput
        Where there is none of that name; the known ones are listed.
    """
    if name not in presets():
        near = nearest(name, presets())
        hint = f"; did you mean {near[0]}?" if near else ""
        raise BadInput(f"is not a preset; known: {', '.join(presets())}{hint}", field="preset", value=name)
    return _checked(_toml(_PRESETS / f"{name}.toml"), f"preset {name}")


def read_map(path: str | Path) -> Map:
    """Read a map that a person wrote; ``extends = "PRESET"`` builds on a preset.

    Raises
    ------
    BadInput
        Naming the key that is wrong.
    """
    path = Path(path)
    given = _toml(path)
    if (base := given.pop("extends", None)) is not None:
        if base not in presets():
            raise BadInput(
                f"is not a preset; known: {', '.join(presets())}", where=str(path), field="extends", value=base
            )
        given = _merged(_toml(_PRESETS / f"{base}.toml"), given)
    return _checked(given, str(path))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"cannot be read as a TOML map: {error}", where=str(path)) from error


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _checked(given: dict[str, Any], where: str) -> Map:
    try:
        return Map.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _known_keys(first["loc"][:-1])
            near = nearest(str(first["loc"][-1]), known)
            rule = f"is not a key of a map; {'did you mean ' + near[0] + '?' if near else 'known: ' + ', '.join(known)}"
            raise BadInput(rule, where=where, field=field) from error
        value = first["input"] if isinstance(first["input"], str | int | float | bool) else None
        raise BadInput(first["msg"], where=where, field=field, value=value) from error


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys allowed at a place in a map."""
    model: Any = Map
    for part in loc:
        if isinstance(part, str) and part in getattr(model, "model_fields", {}):
            annotation = model.model_fields[part].annotation
            options = [annotation, *getattr(annotation, "__args__", ())]
            model = next((option for option in options if hasattr(option, "model_fields")), model)
    return list(model.model_fields)


def plain(name: str) -> str:
    """Return a name without case, spaces and punctuation: ``Due Date``, ``due_date`` and ``DueDate`` are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def nearest(name: str, among: Iterable[str], count: int = 3) -> list[str]:
    """Return the most similar names, nearest first."""
    options = {plain(option): option for option in among}
    return [options[key] for key in difflib.get_close_matches(plain(name), options, n=count, cutoff=0.5)]
