"""The payments table: rows become receipts, or are rejected by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.importing.cells import Flags, Ints
from ledger.importing.dates import Days
from ledger.importing.documents import Documents
from ledger.importing.exchange import in_invoice_currency, states_invoice_amount
from ledger.importing.intake import Intake, as_series, codes, plural, text_column
from ledger.importing.money import Money, currency_of, minor_units
from ledger.reading import plain
from ledger.tables import PAYMENT_KINDS

CASH: Final = PAYMENT_KINDS.index("cash")
_KINDS: Final[Mapping[str, str]] = {
    **{plain(kind): kind for kind in PAYMENT_KINDS},
    **dict.fromkeys(
        ("payment", "receipt", "banktransfer", "wire", "check", "cheque", "ach", "card", "directdebit"), "cash"
    ),
    **dict.fromkeys(("credit", "creditmemo", "refund"), "credit_note"),
    **dict.fromkeys(("baddebt", "chargeoff"), "write_off"),
    **dict.fromkeys(("cashdiscount", "skonto"), "discount"),
    **dict.fromkeys(("shortpay", "chargeback"), "deduction"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Invoices:
    """The ledger's invoices as columns. Amounts in minor units."""

    id: pa.StringArray
    customer: pa.StringArray
    currency: pa.StringArray
    issued: Days
    due: Days
    amount: Ints
    document: Ints  # row of the documents

    @classmethod
    def of(cls, documents: Documents) -> "Invoices":
        """Take the invoices out of the documents."""
        rows = documents.invoices
        keep = pa.array(rows)
        return cls(
            id=documents.id.take(keep),
            customer=documents.customer.take(keep),
            currency=documents.currency.take(keep),
            issued=documents.issued[rows],
            due=documents.due[rows],
            amount=documents.amount[rows],
            document=rows,
        )

    def frame(self, documents: Documents) -> pd.DataFrame:
        """Return the ledger's table."""
        percent, days = documents.discount[0][self.document], documents.discount[1][self.document]
        none = np.isnan(percent)
        return pd.DataFrame(
            {
                "invoice_id": as_series(self.id),
                "customer_id": as_series(self.customer),
                "issue_date": self.issued.astype("datetime64[ns]"),
                "due_date": self.due.astype("datetime64[ns]"),
                "amount": self.amount,
                "currency": as_series(self.currency),
                "discount_percent": percent,
                "discount_days": pd.arrays.IntegerArray(days, none),
            }
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Receipts:
    """Rows that settle invoices, from the payments table or the invoice table. Amounts in minor units, positive."""

    id: pa.StringArray  # null where the source gives none
    named: pa.StringArray  # the invoice that is named, null where none
    invoice: Ints  # its row in the ledger's invoices, -1 where none
    customer: pa.StringArray
    received: Days
    applied: Days
    amount: Ints
    spare: Ints  # part that the source says is not applied to anything
    currency: pa.StringArray
    kind: npt.NDArray[np.int8]
    group: Ints
    from_table: bool

    def __len__(self) -> int:
        return len(self.amount)


def read_payments(
    intake: Intake, invoices: Invoices, rejected: Flags, money: Money, *, as_of: np.datetime64, today: np.datetime64
) -> Receipts:
    """Interpret the payments table; what breaks a rule is marked in the intake.

    Parameters
    ----------
    rejected
        For each payment, whether its invoice is among the rejected ones.
    """
    named = intake.text("invoice_id")
    row = pc.index_in(named, value_set=invoices.id, skip_nulls=True).fill_null(-1).to_numpy(zero_copy_only=False)
    row = row.astype(np.int64)
    amounts = intake.amount("amount")
    assert amounts is not None  # the header was checked
    intake.reject(amounts.empty, "missing_amount", "amount")
    intake.reject(amounts.unreadable, "bad_amount", "amount")
    of_invoice = invoices.currency.take(pa.array(row, mask=row < 0))
    stated = states_invoice_amount(intake) & (row >= 0)
    currency = currency_of(intake, amounts, money, fallback=of_invoice, exempt=stated)
    intake.reject(rejected, "rejected_invoice", "invoice_id")
    intake.reject((row < 0) & ~intake.lacks("invoice_id"), "unknown_invoice", "invoice_id")
    minor = minor_units(intake, amounts, currency, "amount")
    intake.reject(minor < 0, "negative_payment", "amount")
    intake.reject(minor == 0, "zero_amount", "amount")
    intake.reject_days("received_date", as_of, today, required=True)
    received = intake.day("received_date")
    intake.reject(received > as_of, "after_as_of", "received_date")
    if "applied_date" in intake.sheet:
        intake.reject_days("applied_date", as_of, today, required=False)
    kind = _kinds(intake)
    _no_repeats(intake)
    owed = np.append(invoices.amount, 0)[row]
    minor, currency = in_invoice_currency(intake, minor, currency, of_invoice, owed, row, money)
    good = np.flatnonzero(intake.good)
    keep = pa.array(good)
    return Receipts(
        id=intake.text("payment_id").take(keep),
        named=named.take(keep),
        invoice=row[good],
        customer=pc.coalesce(invoices.customer.take(pa.array(row, mask=row < 0)), intake.text("customer_id")).take(
            keep
        ),
        received=received[good],
        applied=intake.day("applied_date")[good],
        amount=minor[good],
        spare=np.zeros(len(good), np.int64),
        currency=currency.take(keep),
        kind=kind[good],
        group=np.full(len(good), -1),
        from_table=True,
    )


def _kinds(intake: Intake) -> npt.NDArray[np.int8]:
    index, texts = codes(intake.text("kind"))
    names = [_KINDS.get(plain(text)) for text in texts.to_pylist()]
    intake.reject(np.array([name is None for name in names] + [False])[index], "unknown_kind", "kind")
    return np.array([PAYMENT_KINDS.index(name) if name else CASH for name in names] + [CASH], np.int8)[index]


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
