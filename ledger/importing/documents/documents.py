"""The invoice table: rows become invoices, credit notes and payments, or are rejected by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Floats, Ints
from ledger.errors import BadInput
from ledger.files.reading import nearest
from ledger.importing.documents.customers import AgreedTerms
from ledger.importing.documents.due_dates import read_due_dates
from ledger.importing.documents.numbers import Rows, identified, say_repeated, summed_lines, warn_of_look_alikes
from ledger.importing.documents.stated import RowAmounts, Stated, read_stated, status_is
from ledger.importing.maps.map_tables import DEAD, InvoiceMap, Types
from ledger.importing.rows.intake import EARLIEST, Intake, codes, text_column
from ledger.importing.rows.money import Money, currency_of, minor_units
from ledger.importing.words.cells import flags
from ledger.table.tables import PAYMENT_KINDS
from ledger.wording import plural

INVOICE: Final = -1  # kind of a row; a credit's kind is its place in PAYMENT_KINDS
LINE: Final = -2  # a further line of an invoice, whose amount is in its first
CREDIT_NOTE: Final = PAYMENT_KINDS.index("credit_note")


@dataclass(frozen=True, kw_only=True, eq=False)
class Documents:
    """The invoice table by column; only rows that broke no rule count. Amounts in minor units."""

    intake: Intake
    kind: npt.NDArray[np.int8]
    back: Flags  # a credit that goes back: a refund, a reversal, a returned cheque
    number: pa.StringArray  # as the source gives it; several rows may share one
    id: pa.StringArray
    customer: pa.StringArray
    issued: Days
    due: Days
    amount: Ints  # without sign
    stated: Stated
    currency: pa.StringArray
    discount: tuple[Floats, Ints]  # percent (not a number where none), days

    @property
    def invoices(self) -> Ints:
        """Rows that are invoices."""
        return np.flatnonzero(self.intake.good & (self.kind == INVOICE))

    @property
    def credits(self) -> Ints:
        """Rows that are credit notes, payments and the like."""
        return np.flatnonzero(self.intake.good & (self.kind >= 0))


def read_documents(
    intake: Intake,
    map_: InvoiceMap,
    money: Money,
    *,
    as_of: np.datetime64,
    today: np.datetime64,
    terms: AgreedTerms,
) -> Documents:
    """Interpret the invoice table; what breaks a rule is marked in the intake.

    Parameters
    ----------
    terms
        Those agreed with the customers, for rows without a due date and terms of their own.
    """
    kind, back = _kinds(intake, map_)
    number, customer = intake.text("invoice_id"), intake.text("customer_id")
    intake.reject(flags(pc.is_null(number)) & (kind == INVOICE), "missing_invoice_id", "invoice_id")
    intake.reject(flags(pc.is_null(customer)), "missing_customer", "customer_id")
    amount, currency, sign = _amounts(intake, money)
    signed = _signed(intake, map_, kind, sign)
    kind = np.where((kind == INVOICE) & (sign < 0), CREDIT_NOTE, kind).astype(np.int8)
    back |= (kind >= 0) & (sign > 0) & signed
    intake.reject_days("issue_date", as_of, today, required=True)
    issued = intake.day("issue_date")
    later = issued > as_of
    if map_.due_before_issue == "move_issue":  # an estimate that the due date corrects
        later &= ~(intake.day("due_date") <= as_of)
    intake.reject(later, "after_as_of", "issue_date")
    due, discount = read_due_dates(intake, kind == INVOICE, issued, terms, as_of=as_of, today=today)
    issued = _ordered(intake, map_, kind, issued, due)
    amounts = RowAmounts(amount, currency, kind == INVOICE)
    stated = read_stated(intake, map_, amounts, money, as_of=as_of, today=today)
    rows = Rows(
        number=number, customer=customer, invoice=kind == INVOICE, kind=kind, issued=issued, due=due, amount=amount
    )
    ids, lines = identified(intake, map_, rows)
    warn_of_look_alikes(intake, replace(rows, invoice=rows.invoice & (lines < 0)), stated.cleared)
    say_repeated(intake, lines, amount)
    amount, stated = summed_lines(lines, amount, stated)
    if map_.sum_lines and stated.open is not None:
        exceeds = stated.open > amount
        intake.reject(exceeds[np.where(lines >= 0, lines, np.arange(len(lines)))], "open_exceeds_amount", "open_amount")
    return Documents(
        intake=intake,
        kind=np.where(lines >= 0, LINE, kind).astype(np.int8),
        back=back,
        number=number,
        id=ids,
        customer=customer,
        issued=issued,
        due=due,
        amount=amount,
        stated=stated,
        currency=currency,
        discount=discount,
    )


def _signed(intake: Intake, map_: InvoiceMap, kind: npt.NDArray[np.int8], sign: Ints) -> bool:
    """Return whether signs tell credit notes and payments from what takes them back.

    As the map says; where it is silent, not where none of several rows that are so by their type carries a minus.
    """
    if "signed" in map_.model_fields_set or not map_.signed:
        return map_.signed
    typed = intake.good & (kind >= 0)
    if not typed.any() or (typed & (sign < 0)).any():
        return True
    count = plural(int(typed.sum()), "row is", "rows are")
    intake.warnings.append(
        f"{count} a credit note or payment by type, and none carries a minus: read as what the type says "
        "(`signed = true` under [invoices] of a map takes a plus for money that goes back)"
    )
    return False


def _kinds(intake: Intake, map_: InvoiceMap) -> tuple[npt.NDArray[np.int8], Flags]:
    """Return what each row is by its type, and which by their type go back, rejecting what is no posted receivable."""
    intake.reject(status_is(intake, (*DEAD, *map_.not_posted)), "not_posted", "status")
    kind, back = np.full(len(intake), INVOICE, np.int8), np.zeros(len(intake), bool)
    if map_.types is None or "type" not in intake.sheet:
        return kind, back
    index, texts = codes(intake.text("type"))
    names = map_.types.meanings(texts.to_pylist())
    _demand_known(intake, texts.take(pa.array(index[intake.good & (index >= 0)])), map_.types)
    back = np.array([n == "returned" for n in names] + [False])[index]
    names = ["cash" if n == "returned" else n for n in names]
    of_type = np.array([PAYMENT_KINDS.index(n) if n in PAYMENT_KINDS else INVOICE for n in names] + [INVOICE], np.int8)
    intake.reject(np.array([n == "other" for n in names] + [False])[index], "not_receivable", "type")
    return of_type[index], back


def _demand_known(intake: Intake, words: pa.StringArray, types: Types) -> None:
    """Raise where a type is not known: what is an invoice and what settles one is not guessed. None is an invoice."""
    counts = {each["values"]: each["counts"] for each in pc.value_counts(words).to_pylist()}
    meant = types.meanings(counts)
    unknown = sorted(
        ((n, word) for (word, n), means in zip(counts.items(), meant, strict=True) if not means), reverse=True
    )
    if not unknown:
        return
    shown = ", ".join(f"{word!r} ({plural(count, 'row', 'rows')})" for count, word in unknown[:4])
    near = nearest(unknown[0][1], [word for meant in types.model_dump().values() for word in meant], 1)
    raise BadInput(
        f"holds types that the map does not know: {shown}{' …' if len(unknown) > 4 else ''}"
        + (f"; did you mean {near[0]!r}? " if near else ". ")
        + 'Name them in a map under [invoices.types], such as other = ["…"], or leave the column out with type = []',
        where=intake.sheet.where,
        field=intake.sheet.header["type"],
    )


def _amounts(intake: Intake, money: Money) -> tuple[Ints, pa.StringArray, Ints]:
    """Return each row's amount without sign in minor units, its currency, and its sign."""
    amounts = intake.amount("amount")
    assert amounts is not None  # the header was checked
    rounded = intake.amount("rounded_amount")
    if rounded is not None:
        instead = (rounded.micro != 0) & ~amounts.unreadable & ~amounts.empty
        amounts.micro[instead] = rounded.micro[instead]
    intake.reject(amounts.empty, "missing_amount", "amount")
    intake.reject(amounts.unreadable, "bad_amount", "amount")
    currency = currency_of(intake, amounts, money)
    minor = minor_units(intake, amounts, currency, "amount")
    intake.reject(minor == 0, "zero_amount", "amount")
    return np.abs(minor), currency, np.sign(minor)


def _ordered(intake: Intake, map_: InvoiceMap, kind: npt.NDArray[np.int8], issued: Days, due: Days) -> Days:
    """Return issue dates that do not lie after the due date, or reject."""
    early = (due < issued) & intake.good & (kind == INVOICE)
    if not early.any():
        return issued
    if map_.due_before_issue == "reject":
        count = plural(intake.reject(early, "due_before_issue", "due_date"), "row is", "rows are")
        said = f"{intake.place('due_date' if 'due_date' in intake.sheet else 'issue_date')}: {count} due before issued"
        intake.warnings.append(
            f'{said}, as opening balances are: due_before_issue = "move_issue" in the map keeps them'
        )
        intake.hints += intake.warnings[-1:]
        return issued
    intake.warnings.append(
        f"{plural(int(early.sum()), 'invoice is', 'invoices are')} due before the issue date, which is an estimate: "
        "the issue date is moved to the due date"
    )
    return np.where(early & (due >= EARLIEST), due, issued)


def attribute(documents: Documents, role: str) -> Mapping[str, str]:
    """Return one text per customer from a column of the invoice table: the first in order where they differ."""
    rows = pa.array(documents.intake.good)
    frame = pd.DataFrame(
        {
            "who": text_column(documents.customer.filter(rows)),
            "value": text_column(documents.intake.text(role).filter(rows)),
        }
    )
    frame = frame.dropna().drop_duplicates().sort_values(["who", "value"]).drop_duplicates("who")
    return dict(zip(frame["who"], frame["value"], strict=True))
