"""Credit notes and payments that stand among the invoices, and the clearings that they belong to."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Ints
from ledger.importing.documents.documents import Documents
from ledger.importing.documents.payments import CASH, Receipts
from ledger.importing.documents.references import InvoiceColumns, find
from ledger.importing.maps.map_tables import InvoiceMap
from ledger.importing.rows.exchange import NamedInvoices, Settles, in_invoice_currency
from ledger.importing.rows.intake import as_series, codes
from ledger.importing.rows.money import Money
from ledger.importing.words.cells import flags
from ledger.importing.words.dates import UNREADABLE
from ledger.wording import plural


def credits_of(
    documents: Documents, invoices: InvoiceColumns, map_: InvoiceMap, money: Money, warnings: list[str]
) -> Receipts:
    """Return the credit notes and payments that stand among the invoices, and what takes them back."""
    rows, intake, clearings = documents.credits, documents.intake, clearings_of(documents, map_)
    keep = pa.array(rows)
    customer = documents.customer.take(keep)
    named, received = intake.text("applies_to").take(keep), documents.issued[rows]
    found = find(invoices, named, customer, received)
    across = found.other_customer & ~found.ambiguous
    if across.any():
        what = "is applied to it, as the map allows" if map_.across_customers else "stays with its own customer"
        words = plural(int(across.sum()), "credit or payment names", "credits or payments name")
        warnings.append(f"{words} another customer's invoice and {what} (customer_mismatch)")
    barred = found.ambiguous | (found.other_customer & (not map_.across_customers))

    back = documents.back[rows]
    row = np.where(back & (found.row < 0), _of_own_clearing(documents, invoices, rows), found.row)
    sign, open_ = np.where(back, -1, 1), documents.stated.open
    settles = _in_invoice_currency(documents, invoices, np.where(barred, -1, row), money)
    currency = settles.currency.take(keep)
    owed = invoices.currency.take(pa.array(row, mask=row < 0))
    partly = flags(pc.not_equal(owed, currency)) & ~barred & (documents.kind[rows] == CASH)
    if open_ is not None and (count := int((partly & (open_[rows] > 0)).sum())):
        words = plural(count, "payment", "payments")
        warnings.append(
            f"{words} in another currency than the invoice, and partly open: what was settled shows in the invoice's "
            "open amount, on no day of its own; the open part is kept as unapplied cash"
        )

    def allowed(row: Ints) -> Ints:
        owed = invoices.currency.take(pa.array(row, mask=row < 0))
        return np.where(flags(pc.equal(owed, currency)) & ~barred, row, -1)

    return Receipts(
        id=documents.id.take(keep),
        takes_back=documents.number.take(keep),
        named=named,
        invoice=allowed(row),
        also=tuple(allowed(more) for more in found.also),
        customer=customer,
        received=received,
        applied=np.full(len(rows), UNREADABLE, "datetime64[D]"),
        amount=settles.amount[rows],
        spare=np.zeros(len(rows), np.int64) if open_ is None else open_[rows] * sign,
        difference=settles.difference[rows],
        currency=currency,
        kind=documents.kind[rows],
        group=clearings[rows],
        from_table=np.zeros(len(rows), bool),
        row=rows,
    )


def _in_invoice_currency(documents: Documents, invoices: InvoiceColumns, named: Ints, money: Money) -> Settles:
    """Return what every row settles in the currency of the invoice that it names; only payments cross currencies.

    A payment of which a part is open does not: nothing says in which currency the rest would be.
    """
    rows, intake = documents.credits, documents.intake
    invoice = np.full(len(intake), -1)
    invoice[rows] = named
    of_invoice = invoices.currency.take(pa.array(invoice, mask=invoice < 0))
    open_ = documents.stated.open
    crosses = (documents.kind == CASH) & (True if open_ is None else open_ == 0)
    invoice = np.where(crosses | flags(pc.equal(of_invoice, documents.currency)), invoice, -1)
    of_invoice = invoices.currency.take(pa.array(invoice, mask=invoice < 0))
    minor = np.where(documents.back, -documents.amount, documents.amount)
    line, owed = invoices.owed(invoice)
    return in_invoice_currency(intake, minor, documents.currency, NamedInvoices(line, of_invoice, owed), money)


def _of_own_clearing(documents: Documents, invoices: InvoiceColumns, rows: Ints) -> Ints:
    """Return the first invoice of the clearing that bears each row's own number (a residual item), -1 where none."""
    clearing = documents.intake.text("clearing")
    if clearing.null_count == len(clearing):
        return np.full(len(rows), -1)
    who, _ = codes(documents.customer)
    at = invoices.document
    have = pd.DataFrame(
        {
            "number": as_series(clearing.take(pa.array(at))).astype(object),
            "who": who[at],
            "row": np.arange(len(at)),
            "issued": invoices.issued,
        }
    )
    have = have.dropna(subset="number").sort_values(["issued", "row"]).drop_duplicates(["number", "who"])
    asked = pd.DataFrame({"number": as_series(documents.number.take(pa.array(rows))).astype(object), "who": who[rows]})
    return asked.merge(have, on=["number", "who"], how="left")["row"].fillna(-1).to_numpy(np.int64)


def clearings_of(documents: Documents, map_: InvoiceMap) -> Ints:
    """Return the number of each row's clearing, if it has a credit; -1 for all other rows.

    Rows belong to one clearing by its document with the year of its day, by company, customer and currency; without a
    document by the day itself. A map may let clearings cross customers.
    """
    none = np.full(len(documents.kind), -1)
    cleared = ~np.isnat(documents.stated.cleared)
    rows = documents.credits
    rows = rows[cleared[rows]]
    if not len(rows):
        return none
    document, _ = codes(documents.intake.text("clearing"))
    day = documents.stated.cleared.astype(np.int64)
    year = documents.stated.cleared.astype("datetime64[Y]").astype(np.int64)
    who = np.full(len(none), 0) if map_.across_customers else codes(documents.customer)[0]
    frame = pd.DataFrame(
        {
            "document": document,
            "when": np.where(document >= 0, year, day),
            "who": who,
            "company": codes(documents.intake.text("company"))[0],
            "money": codes(documents.currency)[0],
        }
    )[cleared]
    number = none.copy()
    number[cleared] = frame.groupby([*frame.columns], sort=False).ngroup().to_numpy()
    wanted = np.unique(number[rows])
    at = np.minimum(np.searchsorted(wanted, number), len(wanted) - 1)
    return np.where(cleared & (wanted[at] == number), at, -1)
