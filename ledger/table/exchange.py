"""Amounts that a person gave in one currency, in the ledger's own: at a rate that is known, or refused by name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

import pandas as pd
from pydantic import BeforeValidator

from ledger.errors import BadInput
from ledger.table.ledger import Ledger
from ledger.table.tables import TEXT

_CODE: Final = re.compile("[A-Z]{3}")


def _checked(value: object) -> object:
    """Return units of one currency for one unit of each other one."""
    good = isinstance(value, Mapping) and all(
        _CODE.fullmatch(str(code)) and isinstance(rate, int | float) and 0 < rate < float("inf")
        for code, rate in value.items()
    )
    if not good:
        raise ValueError("must be ISO 4217 codes with a number above 0 each, such as { USD = 0.92 }")
    return value


Rates = Annotated[Mapping[str, float], BeforeValidator(_checked)]  # as a person writes them


def read_rate_options(texts: Iterable[str]) -> dict[str, float]:
    """Return rates as they are given on the command line: "USD=0.92" for each currency.

    Raises
    ------
    BadInput
        For a text that is not a code and a number above 0, or a currency that is given twice.

    Examples
    --------
    >>> read_rate_options(["USD=0.92", "GBP=1.17"])
    {'USD': 0.92, 'GBP': 1.17}
    """
    found: dict[str, float] = {}
    for text in texts:
        code, _, number = (part.strip() for part in text.partition("="))
        try:
            rate = float(number)
        except ValueError:
            rate = 0.0
        if not _CODE.fullmatch(code) or not 0 < rate < float("inf"):
            rule = "must be a currency and what one of it is worth in the ledger's, such as USD=0.92"
            raise BadInput(rule, where="command line", field="--rate", value=text)
        if code in found:
            raise BadInput("stands twice", where="command line", field="--rate", value=code)
        found[code] = rate
    return found


def with_rates(ledger: Ledger, rates: Mapping[str, float]) -> Ledger:
    """Return the ledger with rates for further currencies: base-currency units for one unit of each.

    Raises
    ------
    BadInput
        Where the ledger has another rate for one of them.
    """
    known = Exchange.of(ledger).rates
    for code, rate in rates.items():
        if known.get(code, rate) != rate:
            own = f"has {known[code]:g} {ledger.base_currency} for one {code}"
            rule = f"the ledger is in {code}" if code == ledger.base_currency else f"the ledger {own}"
            raise BadInput(f"{rule}: leave this rate out", field="rate", value=f"{code}={rate:g}")
    fresh = {code: rate for code, rate in rates.items() if code not in known}
    if not fresh:
        return ledger
    table = pd.DataFrame({"currency": pd.array([*fresh], dtype=TEXT), "rate": [*map(float, fresh.values())]})
    return replace(ledger, rates=pd.concat([ledger.rates, table], ignore_index=True) if len(ledger.rates) else table)


def rates_in_words(rates: Mapping[str, float], base: str) -> tuple[str, ...]:
    """Return a sentence on the rates that somebody gave beside the ledger's, none where there are none."""
    given = ", ".join(f"1 {code} = {rate:g} {base}" for code, rate in rates.items() if code != base)
    return (f"Rates given: {given}.",) if given else ()


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Rates to a base currency.

    Parameters
    ----------
    base
        The ledger's base currency.
    rates
        Base-currency major units for one major unit of each currency that is known; the base is one of them.
    """

    base: str
    rates: Mapping[str, float]

    @classmethod
    def of(cls, ledger: Ledger) -> "Exchange":
        """Return the rates of a ledger."""
        table = dict(zip(ledger.rates["currency"].astype(object), ledger.rates["rate"].tolist(), strict=True))
        return cls(base=ledger.base_currency, rates=table | {ledger.base_currency: 1.0})

    def beside(self, currency: str, rates: Mapping[str, float]) -> "Exchange":
        """Return the same with the rates of a file, in units of `currency` for one unit; the ledger's come first."""
        own = self.rates.get(currency, 1 / rates[self.base] if self.base in rates else None)
        if own is None:
            return self
        further = {code: own * rate for code, rate in {**rates, currency: 1.0}.items()}
        return Exchange(base=self.base, rates={**further, **self.rates})

    def lack(self, currency: str) -> str:
        """Return which rate there is none of, and the one thing that helps."""
        remedy = f"give {self.base} for one {currency}, as `--rate {currency}=…`"
        return f"no rate from {currency} to {self.base}: {remedy}"

    def to_base(self, amount: float, currency: str, *, field: str, where: str | None = None) -> float:
        """Return an amount (major units) in the base currency; nothing is nothing in every currency.

        Raises
        ------
        BadInput
            Where no rate is known: the sentence names the amount, both currencies and what helps.
        """
        if not amount or currency == self.base:
            return amount
        if currency not in self.rates:
            given = f"{amount:g} {currency}"
            raise BadInput(f"there is {self.lack(currency)}", where=where, field=field, value=given)
        return amount * self.rates[currency]
