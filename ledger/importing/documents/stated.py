"""What the source itself says about settlement: open and paid amounts, a day, a status."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.errors import BadInput
from ledger.files.reading import plain
from ledger.importing.maps.map_tables import PAID, PARTLY, InvoiceMap
from ledger.importing.rows.intake import Intake, codes
from ledger.importing.rows.money import Money, minor_units
from ledger.importing.rows.outstanding import in_other_currency
from ledger.importing.rows.settling import known
from ledger.importing.words.cells import flags
from ledger.importing.words.dates import UNREADABLE
from ledger.wording import plural


@dataclass(frozen=True, kw_only=True, eq=False)
class Stated:
    """What the rows of the invoice table say of their own settlement. Amounts in minor units, without sign."""

    open: Ints | None  # None where the source has no open amounts
    paid: Ints  # -1 where the row states no paid amount
    over: Ints  # paid beyond the amount
    closed: Flags  # its status says that nothing is open any more
    cleared: Days  # not a time where not yet, or not given
    later: Flags  # settled on a day that is not known yet
    speaks: bool  # the source says something of settlement at all

    def settled(self, amount: Ints) -> Ints:
        """Return what was settled of each row: open amounts count before paid ones, these before a day or status."""
        if self.open is not None:
            said = amount - self.open
        else:
            whole = self.closed | ((self.paid < 0) & ~np.isnat(self.cleared))
            said = np.where(whole, amount, np.clip(self.paid, 0, amount))
        return np.where(self.later, 0, said)


class RowAmounts(NamedTuple):
    """The amounts of the rows of the invoice table, in minor units without sign."""

    amount: Ints
    currency: pa.StringArray
    invoice: Flags  # rows that are invoices: neither payments nor credits


def read_stated(
    intake: Intake,
    map_: InvoiceMap,
    rows: RowAmounts,
    money: Money,
    *,
    as_of: np.datetime64,
    today: np.datetime64,
) -> Stated:
    """Return what each row says of its settlement; contradictions are marked in the intake."""
    amount, currency, invoice = rows
    cleared, later = _clear_dates(intake, as_of, today)
    closed = status_is(intake, (*PAID, *map_.paid))
    paid = _given(intake, currency, "paid_amount")
    open_, over = _open(intake, map_, rows, closed, money)
    over = np.where(invoice & ~later & (open_ is None), np.maximum(paid - amount, 0), over)
    if open_ is not None and "credited_amount" in intake.sheet:
        credited = _given(intake, currency, "credited_amount")
        paid = np.where((credited > 0) & (paid < 0), np.maximum(amount - open_ - credited, 0), paid)
    partly = status_is(intake, PARTLY) & intake.good & invoice & (paid < 0) & np.isnat(cleared) & ~later
    if open_ is None and (count := int(partly.sum())):
        words = plural(count, "row has", "rows have")
        intake.warnings.append(
            f"{words} a status that says partly paid, and no column says how much: what no payment settles is open"
        )
    if contradicts := int((closed & intake.good & (False if open_ is None else open_ > 0)).sum()):
        words = plural(contradicts, "row has", "rows have")
        intake.warnings.append(f"{words} a status that says paid and an open amount, which counts")
    return Stated(
        open=open_,
        paid=paid,
        over=over,
        closed=closed,
        cleared=cleared,
        later=later,
        speaks=open_ is not None or "clear_date" in intake.sheet or "paid_amount" in intake.sheet or bool(closed.any()),
    )


def status_is(intake: Intake, words: tuple[str, ...]) -> Flags:
    """Return which rows have one of the words as their status, whatever its case, spaces and punctuation."""
    index, texts = codes(intake.text("status"))
    wanted = {plain(word) for word in words}
    return np.array([*(plain(text) in wanted for text in texts.to_pylist()), False])[index]


def _clear_dates(intake: Intake, as_of: np.datetime64, today: np.datetime64) -> tuple[Days, Flags]:
    """Return the days of settlement that are known on the evening of `as_of`, and which settlements are later."""
    if "clear_date" not in intake.sheet:
        return intake.day("clear_date"), np.zeros(len(intake), bool)
    intake.reject_days("clear_date", as_of, today, required=False)
    cleared = intake.day("clear_date")
    later = cleared > as_of
    if count := int((later & intake.good).sum()):
        words = plural(count, "settlement is", "settlements are")
        intake.warnings.append(f"{words} later than {as_of}: not known on that day, the invoices are open")
    return np.where(known(cleared, as_of), cleared, UNREADABLE), later


def _is_running(intake: Intake) -> bool:
    """Return whether the open amounts are a balance carried from row to row of each customer, down the file or up.

    It is one where at least two rows add their amount to a balance that was not 0, and no row does otherwise.
    """
    amount, balance = intake.amount("amount"), intake.amount("open_amount")
    if amount is None or balance is None:
        return False
    who = codes(intake.text("customer_id"))[0]
    rows = np.flatnonzero(~(amount.unreadable | amount.empty | balance.unreadable | balance.empty) & (who >= 0))
    for order in (rows, rows[::-1]):
        at = order[np.argsort(who[order], kind="stable")]
        same = who[at][1:] == who[at][:-1]
        before, now, own = balance.micro[at][:-1][same], balance.micro[at][1:][same], amount.micro[at][1:][same]
        if (now == before + own).all() and (before != 0).sum() > 1:
            return True
    return False


def _given(intake: Intake, currency: pa.StringArray, role: str) -> Ints:
    """Return the stated paid or credited amounts without sign, -1 where there is none."""
    found = intake.amount(role)
    if found is None:
        return np.full(len(intake), -1)
    intake.reject(found.unreadable, "bad_paid_amount", role)
    return np.where(found.empty, -1, np.abs(minor_units(intake, found, currency, role)))


def _open(intake: Intake, map_: InvoiceMap, rows: RowAmounts, closed: Flags, money: Money) -> tuple[Ints | None, Ints]:
    """Return what is open of each row, without sign, and what was paid beyond the amount.

    A row whose status says paid needs no open amount: a blank or a dash there is 0. An open amount below 0 of an
    invoice is what the customer paid too much.
    """
    amount, currency, invoice = rows
    none = np.zeros(len(intake), np.int64)
    found = intake.amount("open_amount")
    if found is None:
        return None, none
    if _is_running(intake):
        raise BadInput(
            "holds a running balance, each row's the one before and its own amount, not what is open of each: leave "
            "it out with open_amount = [] under [invoices.columns] of a map",
            where=intake.sheet.where,
            field=intake.sheet.header["open_amount"],
        )
    dash = flags(pc.match_substring_regex(intake.text("open_amount"), r"^[-–—−]+$"))
    blank = found.empty | dash
    intake.reject(found.unreadable & ~dash, "bad_open_amount", "open_amount")
    intake.reject(blank & ~closed & ~dash, "missing_open_amount", "open_amount")
    if "open_currency" in intake.sheet:
        differs = pc.not_equal(pc.utf8_upper(intake.text("open_currency")), currency)
        intake.reject(flags(differs), "open_in_other_currency", "open_amount")
    minor = np.where(blank, 0, minor_units(intake, found, currency, "open_amount"))
    if not map_.sum_lines:  # what is open of a whole invoice is more than each of its lines
        if "open_currency" not in intake.sheet:
            sound = np.where(intake.good, amount, 0)
            other = in_other_currency(sound, np.abs(minor), currency, money, company=map_.open_in_company_currency)
            intake.reject(other, "open_in_other_currency", "open_amount")
        intake.reject(np.abs(minor) > amount, "open_exceeds_amount", "open_amount")
    over = np.where(invoice, np.maximum(-minor, 0), 0)
    return np.where(over > 0, 0, np.abs(minor)), over
