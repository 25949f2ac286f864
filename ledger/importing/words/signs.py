"""Signs of currencies: what each means, and which currencies share it."""

from collections.abc import Mapping
from typing import Final

_SIGNS: Final[Mapping[str, str]] = {
    "AUD": "a$ au$",
    "AZN": "₼",
    "BDT": "৳",
    "BGN": "лв",
    "BRL": "r$",
    "CAD": "c$ ca$ cdn$",
    "CHF": "fr sfr",
    "CNY": "元 rmb",
    "CRC": "₡",
    "CZK": "kč",
    "EUR": "€ euro euros",
    "GEL": "₾",
    "GHS": "₵",
    "HKD": "hk$",
    "HUF": "ft",
    "IDR": "rp",
    "ILS": "₪",
    "INR": "₹",
    "JMD": "j$",
    "JPY": "円",
    "KRW": "₩",
    "KZT": "₸",
    "LAK": "₭",
    "MNT": "₮",
    "MXN": "mx$ mex$",
    "MYR": "rm",
    "NGN": "₦",
    "NZD": "nz$",
    "PHP": "₱",
    "PLN": "zł",
    "PYG": "₲",
    "RON": "lei",
    "RUB": "₽",
    "SGD": "s$",
    "THB": "฿",
    "TRY": "₺",
    "TTD": "tt$",
    "TWD": "nt$",
    "UAH": "₴",
    "USD": "us$ u$s",
    "VND": "₫",
    "ZAR": "r",
}
_ONE: Final = {sign: code for code, signs in _SIGNS.items() for sign in signs.split()}
_DOLLARS: Final = "USD AUD CAD NZD HKD SGD TWD MXN CLP COP ARS UYU BRL JMD TTD BBD BSD BZD BMD BND FJD GYD KYD LRD NAD"
SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "$": (*_DOLLARS.split(), "SBD", "SRD", "XCD"),
    "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SYP"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "rs": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"),
    "₨": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"),
    "﷼": ("SAR", "QAR", "OMR", "YER", "IRR"),
}
_USUAL: Final[Mapping[str, str]] = {"$": "USD", "£": "GBP"}  # where nothing else tells


def currency_named(text: str) -> str | None:
    """Return the currency that a code or sign means: an ISO 4217 code, or the sign itself where several share it.

    >>> [currency_named(text) for text in ("eur", "A$", "zł", "$", "kr.", "pcs.")]
    ['EUR', 'AUD', 'PLN', '$', 'kr', None]
    """
    sign = text.strip().casefold().removesuffix(".").strip()
    if sign in _ONE:
        return _ONE[sign]
    if sign in SHARED:
        return sign
    code = text.strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def is_shared(named: str) -> bool:
    """Return whether the name is a sign that several currencies share."""
    return named in SHARED


def may_be(named: str, code: str) -> bool:
    """Return whether a code or shared sign may mean the currency."""
    return named == code or code in SHARED.get(named, ())


def agreed(names: tuple[str, ...], *likely: str) -> str | None:
    """Return the currency that all names (codes or shared signs) mean; None where they contradict or several would do.

    `likely` currencies (of the invoice, of the file) count where the names leave a choice, in their order, then the
    usual meaning of the sign.

    >>> agreed(("$",), "CAD"), agreed(("$",), "EUR"), agreed(("kr",), "EUR"), agreed(("$", "AUD"), "USD")
    ('CAD', 'USD', None, 'AUD')
    """
    codes = [name for name in names if name not in SHARED]
    options = [*codes, *likely, *(_USUAL.get(name, "") for name in names)]
    return next((code for code in options if code and all(may_be(name, code) for name in names)), None)
