"""Whether open amounts are in the currency of their invoices, or in the company's."""

from typing import Final

import numpy as np
import pyarrow as pa

from ledger.arrays import Flags, Ints
from ledger.importing.rows.intake import codes
from ledger.importing.rows.money import Money

_ABOVE: Final = 1.005  # share of the invoice that is open, in the middle of all: more cannot be of the same currency
_NEAR: Final = 0.1  # of a rate
_FEW: Final = 3  # open invoices from which their middle says something


def in_other_currency(amount: Ints, opened: Ints, currency: pa.StringArray, money: Money, *, company: bool) -> Flags:
    """Return which rows have an open amount that is not in their own currency, as far as it can be seen.

    In a currency most of whose open invoices have more open than was invoiced, or as much as the rate to the base says,
    open amounts are in another currency: none of them is what it seems, also where it fits. `company` says that the
    source gives open amounts in the company's currency: then every row of a foreign currency is one.

    Parameters
    ----------
    amount, opened
        Invoiced and open, minor units without sign; 0 where not known.
    """
    index, texts = codes(currency)
    foreign = np.zeros(len(texts) + 1, bool)
    owing = (opened > 0) & (amount > 0) & (index >= 0)
    share = np.divide(opened, amount, out=np.zeros(len(amount)), where=owing)
    for k, code in enumerate(texts.to_pylist()):
        shares = share[owing & (index == k)]
        if len(shares):
            rate = money.rates.get(code, 1.0) if code != money.base else 1.0
            at_rate = abs(rate - 1) > _NEAR and len(shares) >= _FEW and bool((shares < 1).mean() > 1 - _NEAR)
            middle = float(np.median(shares))
            foreign[k] = middle > _ABOVE or (at_rate and abs(middle / rate - 1) < _NEAR)
            foreign[k] |= company and code != money.base
    return owing & foreign[index]
