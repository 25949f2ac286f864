"""When invoices are due: as given, else by their terms or their customer's; and the discount for early payment."""

import numpy as np
import pandas as pd

from ledger.arrays import Days, Flags, Floats, Ints
from ledger.importing.documents.customers import AgreedTerms
from ledger.importing.rows.intake import Intake, as_series
from ledger.importing.words.terms import TermsColumn
from ledger.wording import plural

Discount = tuple[Floats, Ints]  # percent (not a number where none), days after issue


def read_due_dates(
    intake: Intake,
    invoice: Flags,
    issued: Days,
    terms: AgreedTerms,
    *,
    as_of: np.datetime64,
    today: np.datetime64,
) -> tuple[Days, Discount]:
    """Return due dates and discounts; credits are due when issued. What gives no date is rejected by name.

    Parameters
    ----------
    invoice
        Which rows are invoices.
    terms
        Those agreed with the customers, for rows without a due date and terms of their own.
    """
    own = terms.of(intake)
    if "due_date" in intake.sheet:
        intake.reject_days("due_date", as_of, today, required=False)
    due = intake.day("due_date")
    missing = np.isnat(due) & intake.good & invoice
    if missing.any():
        agreed = terms.by_customer(intake.text("customer_id"))
        due = np.where(missing, _from_terms(intake, missing, issued, own, agreed), due)
        intake.reject(np.isnat(due) & invoice, "missing_due_date", "due_date")
        if count := int((missing & intake.good).sum()):
            intake.warnings.append(f"{plural(count, 'due date is', 'due dates are')} missing and taken from the terms")
    return np.where(invoice, due, issued), _discount(intake, own)


def _from_terms(intake: Intake, missing: Flags, issued: Days, own: TermsColumn, agreed: TermsColumn) -> Days:
    """Return due dates by the row's terms, else the customer's, rejecting phrases that give none."""
    if remarks := own.remarks(missing, issued):
        place = f"{intake.sheet.where}, {intake.sheet.header['terms']}"
        intake.warnings += [f"{place}: {remark}" for remark in remarks]
        intake.hints += [f"{place}: {remark}" for remark in remarks]
    without = own.index < 0
    for column, rows, role in ((own, missing, "terms"), (agreed, missing & without, "customer_id")):
        intake.reject(rows & column.unknown, "unknown_terms", role)
        intake.reject(rows & column.ambiguous, "ambiguous_terms", role)
    return own.due(issued) if not without.any() else np.where(without, agreed.due(issued), own.due(issued))


def _discount(intake: Intake, own: TermsColumn) -> Discount:
    """Return the discounts in columns of their own, else those of the terms."""
    percent, within = own.discount
    roles = ("discount_percent", "discount_days")
    if not all(role in intake.sheet for role in roles):
        return percent, within
    texts = [as_series(intake.text(role)).str.rstrip(" %").str.replace(",", ".") for role in roles]
    given, days = (pd.to_numeric(text, "coerce").to_numpy(np.float64, na_value=np.nan) for text in texts)
    good = (given > 0) & (given <= 100) & (days >= 0) & (days % 1 == 0)
    some = ~intake.lacks(roles[0]) & (given != 0)
    if odd := int((some & ~good & intake.good).sum()):
        place = f"{intake.sheet.where}, {intake.sheet.header[roles[0]]}"
        intake.warnings.append(f"{place}: {plural(odd, 'discount is', 'discounts are')} no percent and days: not taken")
    percent = np.where(some, np.where(good, given, np.nan), percent)
    return percent, np.where(some, np.where(good, days, -1), within).astype(np.int64)
