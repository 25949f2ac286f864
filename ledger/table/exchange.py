"""Amounts that a person gave in one currency, in the ledger's own: at a rate that is known, or refused by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import BadInput
from ledger.table.ledger import Ledger


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

    def to_base(self, amount: float, currency: str, *, field: str, where: str | None = None, remedy: str = "") -> float:
        """Return an amount (major units) in the base currency; nothing is nothing in every currency.

        Raises
        ------
        BadInput
            Where no rate is known: the sentence names the amount, both currencies and what helps.
        """
        if not amount or currency == self.base:
            return amount
        if currency not in self.rates:
            rule = (
                f"the ledger is in {self.base} and has no rate for {currency}: give one (`collectlab import --rates`)"
            )
            raise BadInput(
                f"{rule}{remedy and f', or {remedy}'}", where=where, field=field, value=f"{amount:g} {currency}"
            )
        return amount * self.rates[currency]
