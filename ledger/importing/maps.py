"""Maps: which column of a source means what, as small TOML files.

A preset is a map that ships with the package; ``--map FILE`` is one that a person writes. `presets/generic.toml`
shows every key that is commonly needed.
"""

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from ledger.importing.phrases import read_terms
from ledger.importing.terms import Eom
from ledger.reading import Written, one_of, plain, read_toml

_PRESETS: Final = Path(__file__).with_name("presets")
Names = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="an ISO 4217 code such as EUR")]
DEAD: Final = (
    "draft", "void", "voided", "cancelled", "canceled", "cancel", "deleted", "reversed", "rejected", "entwurf",
    "storniert", "annulé", "annulée", "brouillon", "anulado", "anulada", "borrador", "annullato", "annullata", "bozza",
    "geannuleerd", "concept", "cancelado", "cancelada", "rascunho", "anulowana", "anulowany", "szkic",
)  # fmt: skip
PAID: Final = (
    "paid", "fully paid", "paid in full", "closed", "settled", "cleared", "bezahlt", "ausgeglichen", "beglichen",
    "payé", "payée", "soldée", "réglée", "acquittée", "pagado", "pagada", "cobrado", "cobrada", "pagato", "pagata",
    "saldato", "saldata", "betaald", "voldaan", "pago", "paga", "liquidado", "liquidada", "zapłacona", "opłacona",
    "rozliczona",
)  # fmt: skip
TABLES: Final = ("invoices", "payments", "customers", "contacts", "promises", "disputes")


PEOPLE: Final = ("name", "phone", "email", "contact_person", "account_owner")  # of a customer: carried, never needed


class TableMap(Written):
    """Where one table stands in the source, and the names that each of its columns may have (the first found counts).

    `file` is the name without ending in a folder, `sheet` the sheet of a workbook (default: as the table is `called`),
    `table` or `query` what to read from a database.
    """

    called: Names = ()  # names of the table's file or sheet; default: those of the generic map
    file: Names = ()
    sheet: Names = ()
    table: str | None = None
    query: str | None = None


class InvoiceColumns(Written):
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
    paid_amount: Names = ()  # what was paid of it in cash
    clear_date: Names = ()  # empty: not yet settled
    clearing: Names = ()  # document that settled it: rows of one, of its year, company and customer, settle one another
    company: Names = ()  # whose numbers they are
    type: Names = ()
    status: Names = ()
    applies_to: Names = ()  # on a credit note or payment: the invoice, or invoices, that it settles
    terms: Names = ()  # days, or words such as "Net 30"
    discount_percent: Names = ()
    discount_days: Names = ()
    disputed: Names = ()
    segment: Names = ()
    country: Names = ()
    timezone: Names = ()
    language: Names = ()
    name: Names = ()
    phone: Names = ()
    email: Names = ()
    contact_person: Names = ()
    account_owner: Names = ()


class Money(Written):
    """Columns that belong together: amounts in the document's currency, or all in the company's."""

    amount: Names
    open_amount: Names = ()
    currency: Names = ()
    open_currency: Names = ()


class Words(Written):
    """Words of a column by what they mean; none has two meanings."""

    @model_validator(mode="after")
    def _mean_one_thing(self) -> Self:
        meant: dict[str, str] = {}
        for name, words in self.model_dump().items():
            for word in words:
                if (other := meant.setdefault(plain(word), name)) != name:
                    raise ValueError(f"{word!r} stands under {other} and under {name}")
        return self

    def meanings(self) -> dict[str, str]:
        """Return what each word means, by its plain form."""
        return {plain(word): name for name, words in self.model_dump().items() for word in words}


class Types(Words):
    """What the values of the type column mean. A negative invoice is a credit note."""

    invoice: Names = ()
    credit_note: Names = ()
    cash: Names = ()
    write_off: Names = ()
    discount: Names = ()
    deduction: Names = ()
    exchange_difference: Names = ()
    returned: Names = ()  # money that goes back, whatever its sign: refunds, returned cheques, reversals of payments
    other: Names = ()  # no receivable: rejected by name


class InvoiceMap(TableMap):
    """The invoice table and its rules."""

    columns: InvoiceColumns
    money: tuple[Money, ...] = ()
    types: Types | None = None
    not_posted: Names = ()  # further values of the status column that are rejected, beside those in `DEAD`
    paid: Names = ()  # further values of the status column that say, as those in `PAID`: nothing is open any more
    signed: bool = True  # credit notes and payments carry a minus, what takes them back none; false: no sign counts
    across_customers: bool = False  # payments and credits may settle what another customer owes, such as a subsidiary
    one_row_per_line: bool = False  # rows that repeat an invoice in every column are lines of one invoice
    sum_lines: bool | None = None  # rows that share number, customer and dates are lines: their amounts add up
    header_rows: Literal[1, 2] | None = None  # rows of the header; default: two where both are needed to name columns
    carry_down: Names | None = None  # roles whose empty cells take what stands above; default: the customer, where
    # it stands in headings only
    totals: Names = ()  # words with which the label of a total begins; default: those of the generic map
    buckets: Names = ()  # columns of amounts by age; default: those named by days, months or as current
    skip_rows_without: Names = ()  # further rows that are layout: those in which all these columns are empty
    distinguish: Names = ()  # columns added to ids that occur more than once, such as company code and line item
    due_before_issue: Literal["reject", "move_issue"] = "reject"
    open_in_company_currency: bool = False  # open amounts are, unless a column `open_currency` says of which
    undated_payment: Literal["due_date", "as_of"] = (
        "due_date"  # day of a settlement that the source gives without a day
    )


class PaymentColumns(Written):
    """Columns of the payments table."""

    amount: Names
    received_date: Names
    payment_id: Names = ()
    invoice_id: Names = ()
    customer_id: Names = ()
    reverses: Names = ()  # the payment that it takes back
    applied_date: Names = ()
    currency: Names = ()
    invoice_amount: Names = ()  # what a payment in another currency settles, in the invoice's currency
    kind: Names = ()


class Kinds(Words):
    """Further words of the kind column of payments, beside those of the generic map."""

    cash: Names = ()
    credit_note: Names = ()
    write_off: Names = ()
    discount: Names = ()
    deduction: Names = ()
    exchange_difference: Names = ()
    returned: Names = ()  # money that goes back, whatever its sign: refunds, returned cheques, reversals of payments
    held_back: Names = ()  # retention money: nothing has been settled


class PaymentMap(TableMap):
    """The payments table."""

    columns: PaymentColumns
    kinds: Kinds = Kinds()


class CustomerColumns(Written):
    """Columns of the customer table."""

    customer_id: Names
    segment: Names = ()
    country: Names = ()
    timezone: Names = ()
    language: Names = ()
    terms: Names = ()
    credit_limit: Names = ()
    since: Names = ()
    name: Names = ()
    phone: Names = ()
    email: Names = ()
    contact_person: Names = ()
    account_owner: Names = ()


class CustomerMap(TableMap):
    """The customer table."""

    columns: CustomerColumns


class ContactColumns(Written):
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


class PromiseColumns(Written):
    """Columns of the promises table."""

    invoice_id: Names
    made_on: Names
    due_on: Names
    amount: Names = ()
    contact_id: Names = ()


class PromiseMap(TableMap):
    """The promises table."""

    columns: PromiseColumns


class DisputeColumns(Written):
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


class Map(Written):
    """How to read a source."""

    description: str = ""
    date_order: Literal["day_first", "month_first"] = "day_first"  # where no cell of the file tells
    decimal: Literal["auto", ".", ","] = "auto"  # where no cell of the column tells
    currency: Currency | None = None  # of rows that name none
    encoding: str | None = None  # of text files; without it UTF-8, else the code page that fits the header
    timezone: str = "UTC"  # in which days begin and end
    terms_eom: Eom | None = None  # what "30 days EOM" means
    terms: int | str | None = None  # days, or words, where a due date is missing
    terms_words: Mapping[str, str] = Field(default_factory=dict)  # what a source's own terms mean: {ZB01 = "30 days"}
    as_of_name: str | None = None  # regular expression: the date in the file's name
    as_of_text: str | None = None  # regular expression: the date in the lines above the header
    rates: Mapping[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    invoices: InvoiceMap
    payments: PaymentMap | None = None
    customers: CustomerMap | None = None
    contacts: ContactMap | None = None
    promises: PromiseMap | None = None
    disputes: DisputeMap | None = None
    _own: Mapping[str, frozenset[str]] = PrivateAttr(default_factory=dict)  # roles that a person's map names, by table

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is not a time zone such as Europe/Berlin") from error

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, name: str | None) -> str | None:
        try:
            return None if name is None else codecs.lookup(name).name
        except LookupError:
            raise ValueError("is not an encoding such as utf-8, cp1252 or cp1250") from None

    @field_validator("terms", "terms_words")
    @classmethod
    def _are_terms(cls, given: Any, info: ValidationInfo) -> Any:
        for phrase in given.values() if isinstance(given, Mapping) else [given]:
            rule = None if phrase is None else read_terms(str(phrase), info.data.get("terms_eom"))
            if phrase is not None and (rule is None or rule.other is not None):
                raise ValueError(f'{phrase!r} must be terms of one meaning, such as 30 or "2 % 10 days, net 30"')
        return given

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

    def own_names(self, table: str) -> dict[str, tuple[str, ...]]:
        """Return the same of the columns that the map of a person names itself, not the preset that it extends."""
        own = self._own.get(table, frozenset())
        return {role: names for role, names in self.names(table).items() if role in own}


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
    path = _PRESETS / f"{one_of(name, presets(), field='preset')}.toml"
    return Map.of(_with_words(read_toml(path)), where=f"preset {name}")


def read_map(source: str | Path | Mapping[str, Any]) -> Map:
    """Read a map that a person wrote, as a file or as keys and values; ``extends = "PRESET"`` builds on a preset.

    Raises
    ------
    BadInput
        Naming the key that is wrong.
    """
    where = "mapping" if isinstance(source, Mapping) else str(source)
    given = dict(source) if isinstance(source, Mapping) else read_toml(source)
    own = _roles(given)
    if (base := given.pop("extends", None)) is not None:
        base = one_of(base, presets(), where=where, field="extends")
        given = _merged(read_toml(_PRESETS / f"{base}.toml"), given)
    map_ = Map.of(_with_words(given), where=where)
    map_._own = own
    return map_


def _roles(given: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the roles of each table for which a map names columns."""
    tables = {name: given[name] for name in TABLES if isinstance(given.get(name), Mapping)}
    columns = {name: table.get("columns") for name, table in tables.items()}
    return {name: frozenset(roles) for name, roles in columns.items() if isinstance(roles, Mapping)}


def _with_words(given: dict[str, Any]) -> dict[str, Any]:
    """Return a map with what it does not say of the words of languages: how tables are called, totals, payments."""
    words = read_toml(_PRESETS / "generic.toml")
    tables = [name for name in TABLES if isinstance(given.get(name), Mapping)]
    shared = {name: {key: words[name][key] for key in ("called", "totals") if key in words[name]} for name in tables}
    whole = {**given, **{name: {**shared[name], **given[name]} for name in tables}}
    if "payments" in tables and isinstance(own := given["payments"].get("kinds", {}), Mapping):
        known = _unsaid(words["payments"]["kinds"], own)
        kinds = {kind: _together(own.get(kind, []), known.get(kind, [])) for kind in {**known, **own}}
        whole["payments"] = {**whole["payments"], "kinds": kinds}
    return whole


def _together(own: Any, known: list[str]) -> Any:
    """Return the words of a map and the known ones after them; what is no list of words is left to be refused."""
    return [own, *known] if isinstance(own, str) else [*own, *known] if isinstance(own, list | tuple) else own


def _unsaid(words: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words without those that a change gives a meaning of their own."""
    lists = [[given] if isinstance(given, str) else given for given in change.values()]
    said = {
        plain(word) for given in lists if isinstance(given, list | tuple) for word in given if isinstance(word, str)
    }
    return {kind: [word for word in known if plain(word) not in said] for kind, known in words.items()}


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        if key in ("types", "kinds") and isinstance(old, Mapping) and isinstance(value, Mapping):
            old = _unsaid(old, value)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
