"""The payments table: rows become receipts, or are rejected by name."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.importing.documents.references import InvoiceColumns, find
from ledger.importing.maps.map_tables import Kinds
from ledger.importing.rows.exchange import NamedInvoices, in_invoice_currency, states_invoice_amount
from ledger.importing.rows.intake import Intake, codes, text_column
from ledger.importing.rows.money import Money, currency_of, minor_units
from ledger.importing.rows.settling import Pieces
from ledger.importing.words.cells import flags
from ledger.table.tables import PAYMENT_KINDS
from ledger.wording import plural

CASH: Final = PAYMENT_KINDS.index("cash")


@dataclass(frozen=True, kw_only=True, eq=False)
class Receipts:
    """Rows that settle invoices, and rows that take back what settled (amount below 0). Amounts in minor units."""

    id: pa.StringArray  # null where the source gives none
    takes_back: pa.StringArray  # the id of the payment that a row below 0 takes back, null where it names none
    named: pa.StringArray  # the invoice that is named, null where none
    invoice: Ints  # its row in the ledger's invoices, -1 where none
    also: tuple[Ints, ...]  # the rows of further invoices that are named
    customer: pa.StringArray
    received: Days
    applied: Days
    amount: Ints
    spare: Ints  # part that the source says is not applied to anything
    difference: Ints  # what came beyond `amount` at the given rates: cash, and neither receivable nor credit
    currency: pa.StringArray
    kind: npt.NDArray[np.int8]
    group: Ints
    from_table: Flags  # of the payments table, else of the invoice table
    row: Ints  # there

    def __len__(self) -> int:
        return len(self.amount)

    def take(self, rows: Ints) -> "Receipts":
        """Return some of them, in that order."""
        keep = pa.array(rows)
        texts = {name: getattr(self, name).take(keep) for name in ("id", "takes_back", "named", "customer", "currency")}
        names = (
            "invoice",
            "received",
            "applied",
            "amount",
            "spare",
            "difference",
            "kind",
            "group",
            "from_table",
            "row",
        )
        numbers = {name: getattr(self, name)[rows] for name in names}
        return Receipts(**texts, **numbers, also=tuple(more[rows] for more in self.also))


@dataclass(frozen=True, kw_only=True, eq=False)
class PaymentsRead:
    """The payments table of a source: what of it settles, and its rows."""

    receipts: Receipts
    intake: Intake


@dataclass(frozen=True, kw_only=True, eq=False)
class Applied:
    """All that settles, applied."""

    receipts: Receipts
    pieces: Pieces
    left: Ints  # per receipt: what is not applied to any invoice
    lost: Flags  # per receipt: rejected, for it takes back what is not there


def read_payments(
    intake: Intake,
    invoices: InvoiceColumns,
    rejected: Flags,
    money: Money,
    *,
    as_of: np.datetime64,
    today: np.datetime64,
    across_customers: bool,
    kinds: Kinds,
) -> Receipts:
    """Interpret the payments table; what breaks a rule is marked in the intake.

    Parameters
    ----------
    rejected
        For each payment, whether its invoice is among the rejected ones.
    across_customers
        Whether a payment may settle what another customer owes.
    kinds
        What the words of the kind column mean.
    """
    received = intake.day("received_date")
    found = find(invoices, intake.text("invoice_id"), intake.text("customer_id"), received, same_names=False)
    row = found.row
    amounts = intake.amount("amount")
    assert amounts is not None  # the header was checked
    intake.reject(amounts.empty, "missing_amount", "amount")
    intake.reject(amounts.unreadable, "bad_amount", "amount")
    of_invoice = invoices.currency.take(pa.array(row, mask=row < 0))
    stated = states_invoice_amount(intake) & (row >= 0)
    currency = currency_of(intake, amounts, money, fallback=of_invoice, exempt=stated)
    intake.reject(rejected, "rejected_invoice", "invoice_id")
    intake.reject((row < 0) & ~intake.lacks("invoice_id"), "unknown_invoice", "invoice_id")
    intake.reject(found.ambiguous, "ambiguous_invoice", "invoice_id")
    across = found.other_customer & ~found.ambiguous
    if not across_customers:
        intake.reject(across, "customer_mismatch", "customer_id")
    elif count := int((across & intake.good).sum()):
        words = plural(count, "payment settles", "payments settle")
        intake.warnings.append(f"{words} what another customer owes, as the map allows")
    minor = minor_units(intake, amounts, currency, "amount")
    intake.reject(minor == 0, "zero_amount", "amount")
    intake.reject_days("received_date", as_of, today, required=True)
    intake.reject(received > as_of, "after_as_of", "received_date")
    if "applied_date" in intake.sheet:
        intake.reject_days("applied_date", as_of, today, required=False)
    kind, back = _kinds(intake, kinds)
    _no_repeats(intake)
    line, owed = invoices.owed(row)
    settles = in_invoice_currency(intake, minor, currency, NamedInvoices(line, of_invoice, owed), money)
    minor = np.where(back, -np.abs(settles.amount), settles.amount)
    _reject_halves(intake, back | (minor < 0))
    good = np.flatnonzero(intake.good)
    owner = invoices.customer.take(pa.array(row, mask=row < 0))
    payer = pc.if_else(pa.array(across), intake.text("customer_id"), owner)
    return Receipts(
        id=intake.text("payment_id"),
        takes_back=pc.coalesce(intake.text("reverses"), intake.text("payment_id")),
        named=intake.text("invoice_id"),
        invoice=row,
        also=found.also,
        customer=pc.coalesce(payer, intake.text("customer_id")),
        received=received,
        applied=intake.day("applied_date"),
        amount=minor,
        spare=np.zeros(len(intake), np.int64),
        difference=np.where(minor == settles.amount, 1, -1) * settles.difference,
        currency=settles.currency,
        kind=kind,
        group=np.full(len(intake), -1),
        from_table=np.ones(len(intake), bool),
        row=np.arange(len(intake)),
    ).take(good)


def _kinds(intake: Intake, words: Kinds) -> tuple[npt.NDArray[np.int8], Flags]:
    """Return the kind of each row, and which by their kind are money that goes back; an empty kind is cash."""
    index, texts = codes(intake.text("kind"))
    names = words.meanings(texts.to_pylist())

    def are(name: str | None) -> Flags:
        return np.array([each == name for each in names] + [False])[index]

    intake.reject(are("held_back"), "still_owed", "kind")
    strange = are(None) & intake.good
    if count := intake.reject(strange, "unknown_kind", "kind"):
        word = intake.text("kind")[int(strange.argmax())].as_py()
        said = (
            f"{intake.place('kind')}: {plural(count, 'row has a kind', 'rows have kinds')} that the map does not know"
        )
        intake.warnings.append(f'{said}: name them under [payments.kinds] in a map, such as cash = ["{word}"]')
        intake.hints += intake.warnings[-1:]
    kinds = np.array([PAYMENT_KINDS.index(n) if n in PAYMENT_KINDS else CASH for n in names] + [CASH], np.int8)
    return kinds[index], are("returned")


def _reject_halves(intake: Intake, back: Flags) -> None:
    """Reject payments whose reversal cannot be read, and reversals whose payment cannot: half of it would be wrong.

    They belong together by the payment's id, else by the invoice and the amount.
    """
    unread = ~intake.good & ~intake.broke("after_as_of") & ~intake.broke("duplicate_payment")
    if not back.any() or not unread.any():
        return
    amounts = intake.amount("amount")
    assert amounts is not None
    own, other = intake.text("payment_id"), pc.coalesce(intake.text("reverses"), intake.text("payment_id"))
    name = pc.if_else(pa.array(back), other, own)
    size = pa.array(np.abs(amounts.micro)).cast(pa.string())
    invoice = pc.binary_join_element_wise(intake.text("invoice_id"), size, " ")

    def among(keys: pa.StringArray, rows: Flags) -> Flags:
        return flags(pc.is_in(keys, value_set=keys.filter(pa.array(rows)).drop_null(), skip_nulls=True))

    for lost, half, rule in ((unread & back, ~back, "reversal_rejected"), (unread & ~back, back, "payment_rejected")):
        alone = lost & ~among(name, half)  # no other half has its id
        stands = half if rule == "reversal_rejected" else half & ~among(name, intake.good & ~back)
        intake.reject(stands & among(name, lost), rule, "payment_id")
        stands = half if rule == "reversal_rejected" else half & ~among(invoice, intake.good & ~back)
        intake.reject(stands & among(invoice, alone), rule, "payment_id")


def _no_repeats(intake: Intake) -> None:
    """Reject rows that repeat another with the same payment id in every column; without ids, warn."""
    rows = np.flatnonzero(intake.good)
    frame = pd.DataFrame(
        {role: text_column(cells.take(pa.array(rows))) for role, cells in intake.sheet.cells.items()},
        index=rows,
    )
    repeated = np.zeros(len(intake), bool)
    repeated[rows] = frame.duplicated().to_numpy()
    nameless = intake.lacks("payment_id")
    if count := int((repeated & nameless).sum()):
        words = plural(count, "payment without an id repeats another", "payments without an id repeat others")
        intake.warnings.append(f"{words} in every column; kept")
    intake.reject(repeated & ~nameless, "duplicate_payment", "payment_id")
