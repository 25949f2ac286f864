"""Payments in another currency than their invoice: what they settle of it, and the exchange difference."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Floats, Ints
from ledger.importing.rows.intake import Intake
from ledger.importing.rows.money import Money
from ledger.importing.words.amounts import to_minor
from ledger.importing.words.cells import flags
from ledger.table.currency import decimals
from ledger.wording import plural

CLOSES: Final = (
    0.05  # a rest of an invoice this small beside what was paid in another currency is a difference of rates
)
IMPLAUSIBLE: Final = 0.25  # a stated amount this far from the given rates is not what the payment settles


@dataclass(frozen=True, kw_only=True, eq=False)
class Settles:
    """What payments settle. Amounts in minor units of the invoices' currencies."""

    amount: Ints
    currency: pa.StringArray
    difference: Ints  # what came beyond that at the given rates (below 0: fell short), 0 where no rate tells


class NamedInvoices(NamedTuple):
    """The invoice that each payment names (of instalments the first)."""

    row: Ints  # -1 where none is named
    currency: pa.StringArray  # null there
    owed: Ints  # its amount, that of all its instalments, in minor units


def states_invoice_amount(intake: Intake) -> Flags:
    """Return which payments say in the invoice's currency what they settle of it."""
    stated = intake.amount("invoice_amount")
    return np.zeros(len(intake), bool) if stated is None else ~stated.empty


def in_invoice_currency(
    intake: Intake,
    minor: Ints,
    currency: pa.StringArray,
    named: NamedInvoices,
    money: Money,
) -> Settles:
    """Return what each payment settles in its invoice's currency, the currencies, and the differences of rates.

    A payment in another currency settles what the column ``invoice_amount`` says, else its amount at the given rates.
    Where that leaves (or exceeds) at most `CLOSES` of it, it was meant to settle the invoice: the rest is a difference
    of rates, no receivable and no credit. It is told in the base currency.

    Parameters
    ----------
    minor, currency
        The payments as given, in minor units.
    named
        The invoices that they name.
    """
    other = flags(pc.not_equal(currency, named.currency)) & (named.row >= 0)
    if not other.any():
        return Settles(amount=minor, currency=currency, difference=np.zeros(len(minor), np.int64))
    given, wanted = _factors(currency, money), _factors(named.currency, money)
    at_rates = np.where(np.isnan(given), np.nan, minor * given / wanted)
    stated = states_invoice_amount(intake) & other
    settles = np.where(other & ~np.isnan(at_rates), np.rint(np.nan_to_num(at_rates)), minor).astype(np.int64)
    if stated.any():
        settles = np.where(stated, _stated(intake, minor, at_rates, named.currency, stated), settles)
    good = intake.good & other
    by_rates = good & ~stated
    settles = _closed(settles, named, intake.good, by_rates)
    _say(intake, good, stated, (at_rates - settles) * wanted, money)
    difference = np.where(good & ~np.isnan(at_rates), np.rint(np.nan_to_num(at_rates - settles)), 0).astype(np.int64)
    settled_in = pc.if_else(pa.array(other), named.currency, currency)
    return Settles(amount=settles, currency=settled_in, difference=difference)


def _factors(currency: pa.StringArray, money: Money) -> Floats:
    """Return base-currency minor units for a minor unit of each row's currency; not a number where unknown."""
    encoded = currency.dictionary_encode()
    rates = {**money.rates, money.base: 1.0}
    scale = [
        rates.get(code, np.nan) * 10.0 ** (decimals(money.base) - decimals(code))
        for code in encoded.dictionary.to_pylist()
    ]
    place: Ints = encoded.indices.fill_null(len(scale)).to_numpy(zero_copy_only=False)
    factors: Floats = np.array([*scale, np.nan])[place]
    return factors


def _stated(intake: Intake, minor: Ints, at_rates: Floats, currency: pa.StringArray, rows: Flags) -> Ints:
    """Return the stated amounts in minor units, rejecting those that cannot be meant."""
    found = intake.amount("invoice_amount")
    assert found is not None  # some row states one
    intake.reject(rows & found.unreadable, "bad_amount", "invoice_amount")
    amount = to_minor(found.micro, currency)
    intake.reject(rows & (amount == 0), "zero_amount", "invoice_amount")
    intake.reject(rows & (np.sign(amount) != np.sign(minor)), "wrong_sign", "invoice_amount")
    far = np.abs(amount - at_rates) > IMPLAUSIBLE * np.abs(at_rates)  # false where no rate tells
    intake.reject(rows & far, "implausible_rate", "invoice_amount")
    return amount


def _closed(settles: Ints, named: NamedInvoices, good: Flags, by_rates: Flags) -> Ints:
    """Let the last payment at the rates take up a rest of its invoice that is a difference of rates."""
    row = named.row
    size = int(row.max(initial=-1)) + 1
    paid, foreign = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(paid, row[good & (row >= 0)], settles[good & (row >= 0)])
    np.add.at(foreign, row[by_rates], settles[by_rates])
    rows = np.flatnonzero(by_rates)
    last = rows[np.unique(row[rows][::-1], return_index=True)[1] * -1 + len(rows) - 1]
    rest = named.owed[last] - paid[row[last]]
    small = np.abs(rest) <= CLOSES * foreign[row[last]]
    settles = settles.copy()
    settles[last[small]] += rest[small]
    return settles


def _say(intake: Intake, good: Flags, stated: Flags, difference: Floats, money: Money) -> None:
    """Count the payments in another currency, and what the difference of rates is worth."""
    count = int(good.sum())
    if not count:
        return
    worth = float(np.nansum(difference[good])) / 10.0 ** decimals(money.base)
    how = "at the given rates"
    if said := int((good & stated).sum()):
        how = f"by {intake.sheet.header['invoice_amount']}" + (f" ({said:,}), else {how}" if said < count else "")
    words = plural(count, "payment is", "payments are")
    intake.warnings.append(
        f"{intake.sheet.where}: {words} in another currency than the invoice and settled in the invoice's {how}; "
        f"exchange difference {worth:+,.2f} {money.base} in all, cash and no receivable"
    )
