"""Minor units of currencies, as ISO 4217 fixes them."""

from typing import Final

_NOT_TWO: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def decimals(currency: str) -> int:
    """Return how many decimal places the currency's minor unit has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _NOT_TWO.get(currency, 2)
