"""Payment terms in words: whole phrases that give a rule for the due date, or nothing.

A phrase is understood only where every word of it is. Languages: English, German, French, Spanish, Italian, Dutch,
Portuguese, Polish.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ledger.arrays import Ints
from ledger.importing.words.terms import Due, Eom, Terms, TermsColumn

_LONGEST: Final = 5 * 366  # days
_MOST: Final = 20.0  # percent; what is more is a part of the invoice, no discount
_WORDS: Final = {
    "day": "d day days tag tage tagen tg jour jours j jrs dia dias giorno giorni gg dag dagen dgn dni dzien",
    "week": "week weeks wk wks woche wochen semaine semaines semana semanas settimana settimane weken tydzien tygodnie "
    "tygodni",
    "month": "month months mo mos mth mths monat monate monats monaten mois mes meses mese mesi maand maanden miesiac "
    "miesiace miesiecy miesiaca",
    "year": "year years yr yrs jahr jahre jahren an ans annee annees ano anos anno anni jaar jaren rok roku lata lat",
    "end": "end ende fin fine einde eind fim final koniec konca koncem",
    "eom": "eom monatsende monthend fdm fm",
    "next": "next following folgenden nachsten kommenden suivant prochain siguiente successivo seguente prossimo "
    "volgende komende seguinte nastepnego przyszlego",
    "next month": "folgemonat folgemonats mfi prox proximo",
    "after": "after from since ab nach seit apres partir compter contar desde tras da dal dalla dopo na vanaf apos od "
    "po",
    "then": "then to dann zum puis luego poi dan depois potem",
    "invoice": "invoice inv date issue billing rechnung rechnungsdatum rechnungsstellung facture facturation emission "
    "fecha factura fattura data df factuur factuurdatum datum fatura faktury faktura wystawienia daty",
    "net": "net nett netto n neto nets strictly rein abzug",
    "discount": "discount skonto escompte descuento dto sconto korting desconto rabat",
    "now": "immediate immediately immediat sofort sofortig comptant contado vista rimessa diretta inmediato immediato "
    "imediato onmiddellijk natychmiast",
    "receipt": "receipt erhalt reception recepcion recibo ricevimento ricezione ontvangst recepcao otrzymaniu",
    "on": "on upon due bei a al ad alla op przy payable zahlbar payment fallig",
    "nth": "dnia",
    "the": "le il el am",
    "": "the of within in at by for if when paid pay payments term terms is are and or otherwise calendar cash account "
    "wire transfer der die das des dem den im innerhalb innert binnen von bis ohne und oder sonst zahlung zahlungsziel "
    "kasse uberweisung la les l du de sous dans et ou sans paiement echeance virement delai los en un plazo dentro "
    "del y pago vencimiento transferencia lo gli entro di e pagamento scadenza bonifico bancario te van het een "
    "voor betaling betaaltermijn betalingstermijn o os as do em ate prazo vencimento w ciagu terminie za do platnosc "
    "platne przelew przelewem termin",
}
_SYMBOL: Final = {word: symbol for symbol, words in reversed(_WORDS.items()) for word in words.split()}
_DROPPED: Final = ("on", "the")
_TOKEN: Final = re.compile(
    r"(?P<decimal>\d+[.,]\d+)(?=\s*%)|(?P<nth>\d{1,2})(?:st|nd|rd|th|er|eme|e|o|a)\b|(?P<number>\d+)|(?P<word>[a-z]+)"
    r"|(?P<sign>[%+])|(?P<break>[\s,;:/().|&-]+)|(?P<other>.)"
)
_INITIALS: Final = re.compile(r"\b[a-z](?:\.[a-z])+\b\.?")
_UNITS: Final = {"day": (0, 1), "week": (0, 7), "month": (1, 0), "year": (12, 0)}  # months, days
Token = tuple[str, float]


def read_terms(text: str, eom: Eom | None = None) -> Terms | None:
    """Return what payment terms say; None where a word of them is not understood, or they split the invoice.

    Parameters
    ----------
    eom
        What days with the end of a month mean where the phrase does not say: ``days_then_month_end`` (30 days on, then
        to the end of that month) or ``month_end_then_days``. Without it such terms keep both meanings.

    Examples
    --------
    >>> import numpy as np
    >>> issued = np.array(["2024-01-31"], "datetime64[D]")
    >>> [str(read_terms(text).due.of(issued)[0]) for text in ("Net 45", "2 Monate", "10th of following month")]
    ['2024-03-16', '2024-03-31', '2024-02-10']
    >>> terms = read_terms("within 14 days 3 % cash discount, within 45 days due net")
    >>> terms.due.days, terms.percent, terms.within
    (45, 3.0, 14)
    >>> read_terms("30 % advance, 70 % net 45"), read_terms("Z030")
    (None, None)
    """
    tokens = _tokens(text)
    if not tokens:
        return None
    if _is_now(tokens):
        return Terms(due=Due())
    steps = _Phrase(tokens, eom).steps()
    if steps is None:
        return None
    discounts = [step for step in steps if isinstance(step, tuple)]
    nets = [step for step in steps if isinstance(step, Terms)]
    if len(nets) != 1 or any(percent > _MOST for percent, _ in discounts):
        return None
    if not discounts:
        return nets[0]
    percent, within = discounts[0]
    net = nets[0].due
    if not (net.edge or net.nth or net.months or within <= net.days):
        return None
    return replace(nets[0], percent=percent, within=within)


def _tokens(text: str) -> list[Token] | None:
    """Return the phrase as symbols and numbers; None where a word is not known."""
    if re.match(r"\s*[-\u2212]\s*\d", text):
        return None
    letters = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    letters = _INITIALS.sub(lambda found: found[0].replace(".", ""), letters)
    tokens: list[Token] = []
    for found in _TOKEN.finditer(letters.replace("dffm", "df fm").replace("'", " ").replace("’", " ")):
        kind, body = str(found.lastgroup), found[0]
        if kind == "other" or (kind == "number" and len(body) > 3):
            return None
        if kind == "word":
            symbol = _SYMBOL.get(body)
            if symbol is None:
                return None
            if symbol == "nth" and tokens and tokens[-1][0] == "number":
                tokens[-1] = ("nth", tokens[-1][1])
            elif symbol:
                tokens.append((symbol, 0))
        elif kind == "sign":
            tokens.append((body, 0))
        elif kind != "break":
            nth = kind == "nth" or (tokens[-1:] == [("the", 0)])  # le 10
            tokens.append(("nth" if nth else "number", float((found["nth"] or body).replace(",", "."))))
    return tokens


def _is_now(tokens: Sequence[Token]) -> bool:
    """Return whether the phrase is no more than: at once, or on receipt (of the invoice)."""
    symbols = [symbol for symbol, _ in tokens]
    if "receipt" in symbols:
        before = symbols[: symbols.index("receipt")]
        after = symbols[len(before) + 1 :]
        return bool(before) and set(before) <= {"on", "after", "net"} and set(after) <= {"invoice", "net"}
    return "now" in symbols and set(symbols) <= {"now", "on", "net", "invoice"}


class _Phrase:
    """A reader of steps, from left to right; every method returns None, and moves nowhere, where it does not fit."""

    def __init__(self, tokens: list[Token], eom: Eom | None) -> None:
        self._tokens = [token for token in tokens if token[0] not in _DROPPED]
        self._at = 0
        self._eom = eom

    def steps(self) -> list[Terms | tuple[float, int]] | None:
        """Return the steps in their order: discounts as percent and days, the rest as terms."""
        found: list[Terms | tuple[float, int]] = []
        while self._at < len(self._tokens):
            step = self._discount() or self._net()
            if step is None:
                return None
            found.append(step)
        return found

    def _take(self, *symbols: str) -> list[float] | None:
        part = self._tokens[self._at : self._at + len(symbols)]
        if [symbol for symbol, _ in part] != list(symbols):
            return None
        self._at += len(symbols)
        return [value for _, value in part]

    def _sees(self, *symbols: str) -> bool:
        at, found = self._at, self._take(*symbols)
        self._at = at
        return found is not None

    def _discount(self) -> tuple[float, int] | None:
        start = self._at
        if found := self._take("number", "%"):
            self._take("discount")
            self._take("then")
            if (count := self._count()) and not count[0]:
                self._take("discount")
                return found[0], count[1]
        elif (count := self._count()) and not count[0] and (found := self._take("number", "%")):
            self._take("discount")
            return found[0], count[1]
        self._at = start
        if self._sees("number", "number") and self._leads_to_net():  # 2/10, net 30
            percent, days = self._take("number", "number") or (0, 0)
            return percent, int(days)
        return None

    def _leads_to_net(self) -> bool:
        symbols = [symbol for symbol, _ in self._tokens[self._at :]]
        numbers = next((k for k, symbol in enumerate(symbols) if symbol != "number"), len(symbols))
        return numbers % 2 == 0 and symbols[numbers : numbers + 1] == ["net"]

    def _net(self) -> Terms | None:
        start = self._at
        while self._take("net") is not None or self._take("then") is not None:
            pass
        found = self._day_of_next_month() or self._from_month_end() or self._from_issue()
        if found is None:
            self._at = start
            return None
        while self._take("net") is not None:
            pass
        return found

    def _day_of_next_month(self) -> Terms | None:
        start = self._at
        self._take("day")
        number = self._take("number") or self._take("nth")
        if number and 1 <= number[0] <= 31 and self._next_month():
            return Terms(due=Due(months=1, edge="start", nth=int(number[0])))
        self._at = start
        return None

    def _next_month(self) -> bool:
        options = (("next month", "month"), ("next month",), ("next", "month"), ("month", "next"))
        return any(self._take(*symbols) is not None for symbols in options)

    def _month_end(self) -> Due | None:
        """Read the end of the month, or of the next."""
        start = self._at
        if self._take("end") is not None:
            if self._next_month():
                return Due(months=1, edge="end")
            if self._take("month") is not None:
                return Due(edge="end")
        elif self._take("eom") is not None or self._take("month", "end") is not None:
            return Due(months=int(self._take("next") is not None), edge="end")
        self._at = start
        return None

    def _from_month_end(self) -> Terms | None:
        due = self._month_end()
        return None if due is None else self._then(due)

    def _then(self, due: Due) -> Terms | None:
        """Read what follows the end of a month: days, or a day of the next month."""
        plus = self._take("+") is not None or self._take("after") is not None
        if nth := self._take("nth"):
            return Terms(due=replace(due, then=1, nth=int(nth[0])))
        if not self._sees("number", "%") and (count := self._count()):
            return None if count[0] else Terms(due=replace(due, then=count[1]))
        return None if plus else Terms(due=due)

    def _from_issue(self) -> Terms | None:
        count = self._count()
        if count is None:
            return None
        due = Due(months=count[0], days=count[1])
        after, anchored = self._anchor()
        then = self._take("then") is not None
        end = self._month_end()
        if end is None:
            return None if then or after else Terms(due=due)
        first = replace(due, months=due.months + end.months, edge="end")
        if after and not due.months:
            return Terms(due=replace(end, then=due.days))
        if due.months or not due.days or then or anchored or self._sees("+") or self._sees("nth"):
            return self._then(first)
        other = replace(end, then=due.days)
        if self._eom is None:
            return Terms(due=first, other=other)
        return Terms(due=first if self._eom == "days_then_month_end" else other)

    def _anchor(self) -> tuple[bool, bool]:
        """Read "after the invoice's date": whether something must follow, and whether days count from that date."""
        after = anchored = False
        while True:
            if self._take("after") is not None:
                after = True
            elif self._take("invoice") is not None or self._take("next", "invoice") is not None:
                after, anchored = False, True
            elif self._sees("next", "end"):
                self._take("next")
                after = True
            else:
                return after, anchored

    def _count(self) -> tuple[int, int] | None:
        """Read a number of days, weeks, months or years as months and days."""
        if self._sees("number", "%"):
            return None
        number = self._take("number")
        if number is None:
            return None
        unit = next((unit for unit in _UNITS if self._take(unit) is not None), None)
        months, days = (int(number[0]) * part for part in _UNITS[unit or "day"])
        too_long = days > 365 if unit in (None, "day") else months * 31 + days > _LONGEST
        return None if too_long else (months, days)


def read_column(
    texts: Sequence[str], index: Ints, *, eom: Eom | None = None, meanings: Mapping[str, str] | None = None
) -> TermsColumn:
    """Read a column of distinct phrases; `meanings` says in words what a phrase of this source means."""
    known = {code.casefold(): words for code, words in (meanings or {}).items()}
    rules = [read_terms(known.get(text.casefold(), text), eom) for text in texts]
    return TermsColumn(texts=texts, rules=rules, index=index)
