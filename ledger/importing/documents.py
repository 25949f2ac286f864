"""The invoice table: rows become invoices, credit notes and payments, or are rejected by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.importing.cells import Ints, flags
from ledger.importing.customers import AgreedTerms
from ledger.importing.dates import UNREADABLE, Days
from ledger.importing.due_dates import read_due_dates
from ledger.importing.intake import EARLIEST, Intake, codes, plural, text_column
from ledger.importing.maps import InvoiceMap
from ledger.importing.money import Money, currency_of, minor_units
from ledger.importing.outstanding import in_other_currency
from ledger.importing.settling import known
from ledger.reading import plain
from ledger.tables import PAYMENT_KINDS

INVOICE: Final = -1  # kind of a row; a credit's kind is its place in PAYMENT_KINDS
_CREDIT_NOTE: Final = PAYMENT_KINDS.index("credit_note")


@dataclass(frozen=True, kw_only=True, eq=False)
class Documents:
    """The invoice table by column; only rows that broke no rule count. Amounts in minor units."""

    intake: Intake
    kind: npt.NDArray[np.int8]
    id: pa.StringArray
    customer: pa.StringArray
    issued: Days
    due: Days
    amount: Ints  # without sign
    open: Ints | None  # without sign; None where the source has no open amounts
    cleared: Days  # not a time where not yet, or not given
    has_clear_date: bool
    currency: pa.StringArray
    discount: tuple[npt.NDArray[np.float64], Ints]  # percent (not a number where none), days

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
    kind = _kinds(intake, map_)
    ids, customer = _distinguished(intake, map_), intake.text("customer_id")
    intake.reject(flags(pc.is_null(ids)) & (kind == INVOICE), "missing_invoice_id", "invoice_id")
    intake.reject(flags(pc.is_null(customer)), "missing_customer", "customer_id")
    amount, currency, sign = _amounts(intake, money)
    kind = np.where((kind == INVOICE) & (sign < 0), _CREDIT_NOTE, kind).astype(np.int8)
    if map_.signed:
        intake.reject((kind >= 0) & (sign > 0), "wrong_sign", "amount")
    intake.reject_days("issue_date", as_of, today, required=True)
    issued = intake.day("issue_date")
    later = issued > as_of
    if map_.due_before_issue == "move_issue":  # an estimate that the due date corrects
        later &= ~(intake.day("due_date") <= as_of)
    intake.reject(later, "after_as_of", "issue_date")
    due, discount = read_due_dates(intake, kind == INVOICE, issued, terms, as_of=as_of, today=today)
    issued = _ordered(intake, map_, kind, issued, due)
    cleared = _clear_dates(intake, as_of, today)
    open_ = _open_amounts(intake, kind, amount, currency, money, company=map_.open_in_company_currency)
    _no_repeats(intake, ids, kind, issued, due, amount, cleared, customer)
    return Documents(
        intake=intake,
        kind=kind,
        id=ids,
        customer=customer,
        issued=issued,
        due=due,
        amount=amount,
        open=open_,
        cleared=cleared,
        has_clear_date="clear_date" in intake.sheet,
        currency=currency,
        discount=discount,
    )


def _kinds(intake: Intake, map_: InvoiceMap) -> npt.NDArray[np.int8]:
    """Return what each row is by its type, rejecting what is no posted receivable."""
    if map_.not_posted and "status" in intake.sheet:
        words = "|".join(re.escape(word) for word in map_.not_posted)
        rows = pc.match_substring_regex(intake.text("status"), rf"(?i)^(?:{words})$")
        intake.reject(flags(rows), "not_posted", "status")
    kind = np.full(len(intake), INVOICE, np.int8)
    if map_.types is None or "type" not in intake.sheet:
        return kind
    meaning = {plain(value): name for name, values in map_.types.model_dump().items() for value in values}
    index, texts = codes(intake.text("type"))
    names = [meaning.get(plain(text)) for text in texts.to_pylist()]
    if names and not any(names):
        intake.warnings.append(
            f"{intake.sheet.where}: no value of {intake.sheet.header['type']} is known; it is not used"
        )
        return kind
    of_type = np.array([PAYMENT_KINDS.index(n) if n in PAYMENT_KINDS else INVOICE for n in names] + [INVOICE], np.int8)
    intake.reject(np.array([n == "other" for n in names] + [False])[index], "not_receivable", "type")
    intake.reject(np.array([n is None for n in names] + [True])[index], "unknown_type", "type")
    return of_type[index]


def _distinguished(intake: Intake, map_: InvoiceMap) -> pa.StringArray:
    """Return the ids, with the distinguishing columns added to those that occur more than once."""
    ids = intake.text("invoice_id")
    also = [role for role in intake.sheet.cells if role.startswith("distinguish_")]
    if not also or not map_.distinguish:
        return ids
    index, _ = codes(ids)
    repeated = np.append(np.bincount(index[index >= 0], minlength=1), 0)[index] > 1
    longer = pc.binary_join_element_wise(ids, *(pc.fill_null(intake.text(role), "") for role in also), "/")
    return pc.if_else(pa.array(repeated & (index >= 0)), longer, ids)


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
        intake.reject(early, "due_before_issue", "due_date")
        return issued
    intake.warnings.append(
        f"{plural(int(early.sum()), 'invoice is', 'invoices are')} due before the issue date, which is an estimate: "
        "the issue date is moved to the due date"
    )
    return np.where(early & (due >= EARLIEST), due, issued)


def _clear_dates(intake: Intake, as_of: np.datetime64, today: np.datetime64) -> Days:
    """Return the days of settlement that are known on the evening of `as_of`."""
    if "clear_date" not in intake.sheet:
        return intake.day("clear_date")
    intake.reject_days("clear_date", as_of, today, required=False)
    cleared = intake.day("clear_date")
    later = (cleared > as_of) & intake.good
    if later.any():
        count = plural(int(later.sum()), "settlement is", "settlements are")
        intake.warnings.append(f"{count} later than {as_of}: not known on that day, the invoices are open")
    return np.where(known(cleared, as_of), cleared, UNREADABLE)


def _open_amounts(
    intake: Intake, kind: npt.NDArray[np.int8], amount: Ints, currency: pa.StringArray, money: Money, *, company: bool
) -> Ints | None:
    """Return what is open of each row, without sign."""
    found = intake.amount("open_amount")
    if found is None:
        return None
    intake.reject(found.unreadable, "bad_open_amount", "open_amount")
    intake.reject(found.empty, "missing_open_amount", "open_amount")
    if "open_currency" in intake.sheet:
        other = pc.not_equal(pc.utf8_upper(intake.text("open_currency")), currency)
        intake.reject(flags(other), "open_in_other_currency", "open_amount")
    minor = minor_units(intake, found, currency, "open_amount")
    if "open_currency" not in intake.sheet:
        other_currency = in_other_currency(
            np.where(intake.good, amount, 0), np.abs(minor), currency, money, company=company
        )
        intake.reject(other_currency, "open_in_other_currency", "open_amount")
    invoice = kind == INVOICE
    intake.reject(invoice & (minor < 0), "negative_open_amount", "open_amount")
    intake.reject(np.abs(minor) > amount, "open_exceeds_amount", "open_amount")
    return np.abs(minor)


def _no_repeats(
    intake: Intake,
    ids: pa.StringArray,
    kind: npt.NDArray[np.int8],
    issued: Days,
    due: Days,
    amount: Ints,
    cleared: Days,
    customer: pa.StringArray,
) -> None:
    """Reject rows that repeat an id; of rows that differ, the earliest issued stays. Warn of look-alikes."""
    index, distinct = codes(ids)
    good = intake.good & (index >= 0)
    counts = np.append(np.bincount(index[good], minlength=len(distinct)), 0)
    rows = np.flatnonzero(good & (counts[index] > 1))
    if len(rows):
        texts = {role: text_column(cells.take(pa.array(rows))) for role, cells in intake.sheet.cells.items()}
        facts = {"#kind": kind[rows], "#issued": issued[rows], "#due": due[rows], "#amount": amount[rows]}
        frame = pd.DataFrame({"#id": index[rows], **facts, **texts}, index=rows)
        frame = frame.sort_values(list(frame.columns), kind="stable")
        _mark(intake, frame.duplicated(list(texts)), "duplicate_row")
        frame = frame[frame["#kind"] == INVOICE]
        frame = frame[intake.good[frame.index.to_numpy()]]
        _mark(intake, frame.duplicated("#id"), "duplicate_invoice")
    who, _ = codes(customer)
    rows = np.flatnonzero(intake.good & (kind == INVOICE))
    facts = {
        "who": who[rows],
        "amount": amount[rows],
        "due": due[rows].astype(np.int64),
        "cleared": cleared[rows].astype(np.int64),
    }
    if repeats := int(pd.DataFrame(facts).duplicated().sum()):
        words = plural(repeats, "invoice repeats", "invoices repeat")
        intake.warnings.append(f"{words} customer, amount, due and clearing date of another id; kept")


def _mark(intake: Intake, repeated: "pd.Series[bool]", rule: str) -> None:
    rows = np.zeros(len(intake), bool)
    rows[repeated.index.to_numpy()[repeated.to_numpy()]] = True
    intake.reject(rows, rule, "invoice_id")


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
