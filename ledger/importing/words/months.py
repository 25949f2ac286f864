"""Months in words, in eight languages: whole names, or as many first letters as leave no doubt."""

import unicodedata
from functools import cache
from typing import Final

_NAMES: Final = (
    "january januar janvier enero gennaio januari janeiro styczen stycznia",
    "february februar fevrier febrero febbraio februari fevereiro luty lutego",
    "march marz mars marzo maart marco marzec marca mrz mrt",
    "april avril abril aprile kwiecien kwietnia",
    "may mai mayo maggio mei maio maj maja",
    "june juni juin junio giugno junho czerwiec czerwca",
    "july juli juillet julio luglio julho lipiec lipca",
    "august aout agosto augustus sierpien sierpnia",
    "september septembre septiembre setiembre settembre setembro wrzesien wrzesnia",
    "october oktober octobre octubre ottobre outubro pazdziernik pazdziernika",
    "november novembre noviembre novembro listopad listopada",
    "december dezember decembre diciembre dicembre dezembro grudzien grudnia",
)
_NUMBER: Final = {name: number for number, names in enumerate(_NAMES, start=1) for name in names.split()}


@cache
def month_named(word: str) -> int | None:
    """Return the number of the month, from 1; None where the word is none, or could be two.

    >>> [month_named(word) for word in ("März", "févr", "juin", "juil", "jui", "ago", "dez", "września", "foo")]
    [3, 2, 6, 7, None, 8, 12, 9, None]
    """
    letters = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if plain in _NUMBER:
        return _NUMBER[plain]
    found = {number for name, number in _NUMBER.items() if name.startswith(plain)} if len(plain) >= 3 else set()
    return found.pop() if len(found) == 1 else None
