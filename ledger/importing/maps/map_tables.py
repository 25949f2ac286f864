"""What a map says of each table: where it stands, what its columns are called, and what its words mean."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from ledger.files.reading import Written, plain, unknown

Names = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]
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
PARTLY: Final = (
    "partial", "partially paid", "partly paid", "part paid", "partial payment", "teilweise bezahlt", "teilbezahlt",
    "partiellement payé", "partiellement payée", "parcialmente pagado", "parcialmente pagada", "parzialmente pagato",
    "parzialmente pagata", "deels betaald", "gedeeltelijk betaald", "parcialmente pago", "parcialmente paga",
    "częściowo zapłacona", "częściowo opłacona",
)  # fmt: skip
TABLES: Final = ("invoices", "payments", "customers", "contacts", "promises", "disputes")

_WORD: Final = re.compile(r"[^\W_]+")

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
    credited_amount: Names = ()  # what credit notes settled of it, beside what is open: the rest was paid
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

    def meanings(self, texts: Iterable[str]) -> list[str | None]:
        """Return what each text means, None where it is not known.

        Names of means of payment together (``SEPA-Lastschrift``, ``Wire transfer 0815``) are a payment, and one with a
        word for what goes back (``card refund``) is that.

        Examples
        --------
        >>> kinds = Kinds(cash=("SEPA", "wire transfer", "card"), returned=("refund",), discount=("rebate",))
        >>> kinds.meanings(["sepa card", "Wire Transfer #0815", "card refund", "card rebate", "wire"])
        ['cash', 'cash', 'returned', None, None]
        """
        known = {plain(word): name for name, words in self.model_dump().items() for word in words}
        return [known.get(plain(text)) or _together(_WORD.findall(text), known) for text in texts]


def _together(words: Sequence[str], known: Mapping[str, str]) -> str | None:
    """Return what words mean that are but names of payments or of what goes back, and of numbers; longest first."""
    at, found = 0, set()
    while at < len(words):
        joined = ((end, known.get(plain("".join(words[at:end])))) for end in range(len(words), at, -1))
        end, name = next(((end, name) for end, name in joined if name in ("cash", "returned")), (at + 1, None))
        if name is None and not words[at].isdigit():
            return None
        found.add(name)
        at = end
    return "returned" if "returned" in found else "cash" if "cash" in found else None


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


def _roles(names: Names | None) -> Names | None:
    """Return names of roles of the invoice table, each of which there is."""
    for name in names or ():
        if name not in InvoiceColumns.model_fields:
            raise ValueError(
                unknown(name, InvoiceColumns.model_fields, f"{name!r} is no role (the key under `columns`):")
            )
    return names


Roles = Annotated[Names, AfterValidator(_roles)]


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
    carry_down: Roles | None = None  # roles whose empty cells take what stands above; default: the customer, where
    # it stands in headings only
    totals: Names = ()  # words with which the label of a total begins; default: those of the generic map
    buckets: Names = ()  # columns of amounts by age; default: those named by days, months or as current
    skip_rows_without: Roles = ()  # further rows that are layout: those in which all these columns are empty
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
