"""The customer table, and what the other tables say of customers."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.files.reading import plain
from ledger.importing.maps.map_tables import PEOPLE
from ledger.importing.maps.maps import Map
from ledger.importing.rows.intake import Intake, as_series, codes, text_column
from ledger.importing.rows.money import Money
from ledger.importing.sources.headers import FURTHER
from ledger.importing.words.amounts import to_minor
from ledger.importing.words.cells import flags
from ledger.importing.words.phrases import read_column
from ledger.importing.words.terms import Terms, TermsColumn
from ledger.table.places import country_code, is_zone, without_zone, zone_of
from ledger.table.tables import COLUMNS, TEXT
from ledger.wording import plural

_LANGUAGE: Final = re.compile(r"([a-z]{2})(?:[-_][a-z]{2,4})*")  # also as a locale: de-CH
_LANGUAGES: Final = {
    **dict.fromkeys(("english", "eng", "englisch", "anglais"), "en"),
    **dict.fromkeys(("german", "deutsch", "deu", "ger", "allemand"), "de"),
    **dict.fromkeys(("french", "français", "francais", "fra", "fre", "französisch"), "fr"),
    **dict.fromkeys(("spanish", "español", "espanol", "spa", "spanisch"), "es"),
    **dict.fromkeys(("italian", "italiano", "ita", "italienisch"), "it"),
    **dict.fromkeys(("dutch", "nederlands", "nld", "dut"), "nl"),
    **dict.fromkeys(("portuguese", "português", "portugues", "por"), "pt"),
    **dict.fromkeys(("polish", "polski", "pol"), "pl"),
}
_NAMED: Final = 5  # examples in a remark


class AgreedTerms:
    """Terms agreed with a customer: from the customer table, else the map's."""

    def __init__(self, intake: Intake | None, map_: Map) -> None:
        self._map = map_
        default = self._read(pa.array([None if map_.terms is None else str(map_.terms)], pa.string()))
        self._default = default.rules[0] if default.rules else None
        self._of: dict[str, Terms | None] = {}
        if intake is not None and "terms" in intake.sheet:
            column = self.of(intake)
            issued = np.full(len(intake), np.datetime64("2024-01-31"))  # a day for examples
            place = f"{intake.sheet.where}, {intake.sheet.header['terms']}"
            intake.warnings += [f"{place}: {remark}" for remark in column.remarks(intake.good, issued)]
            who, phrases = intake.text("customer_id").to_pylist(), column.index.tolist()
            self._of = {id_: column.rules[k] for id_, k in zip(who, phrases, strict=True) if id_ is not None and k >= 0}

    def of(self, intake: Intake) -> TermsColumn:
        """Return the terms in the rows of a table."""
        return self._read(intake.text("terms"))

    def _read(self, cells: pa.StringArray) -> TermsColumn:
        index, texts = codes(cells)
        return read_column(texts.to_pylist(), index, eom=self._map.terms_eom, meanings=self._map.terms_words)

    def by_customer(self, customers: pa.StringArray) -> TermsColumn:
        """Return the terms of each customer; unknown where the table holds a phrase that was not understood."""
        index, texts = codes(customers)
        who = texts.to_pylist()
        agreed = [self._of.get(text, self._default) for text in who]
        rules = [*agreed, self._default]
        named = np.array([text in self._of or self._default is not None for text in who] + [self._default is not None])
        return TermsColumn(texts=[*who, ""], rules=rules, index=np.where(named[index], index % len(rules), -1))


def read_customers(
    intake: Intake | None,
    seen: pa.StringArray,
    attributes: Mapping[str, Mapping[str, str]],
    terms: AgreedTerms,
    money: Money,
    *,
    as_of: np.datetime64,
) -> tuple[pd.DataFrame, list[str]]:
    """Return the ledger's customers, those of the table and all others that the other tables name, and remarks.

    Columns without a meaning here are carried as they are, as text, by their own names.

    Parameters
    ----------
    seen
        Ids that other tables name.
    attributes
        By role, what the invoice table says of a customer.
    """
    ids = seen.drop_null().unique()
    if intake is not None:
        own = intake.text("customer_id")
        intake.reject(flags(pc.is_null(own)), "missing_customer", "customer_id")
        intake.reject_repeats("customer_id", "duplicate_customer")
        ids = pa.chunked_array([ids, own.filter(pa.array(intake.good))]).combine_chunks().unique()
    ids = ids.take(pc.sort_indices(ids))
    frame = pd.DataFrame({"customer_id": as_series(ids)})
    where = pd.Index(frame["customer_id"])
    remarks = []
    for role, default in (("segment", ""), ("country", ""), ("timezone", ""), ("language", "en")):
        given = _given(intake, role, attributes.get(role, {}))
        tidy = {text: _tidy(role, text) for text in set(given.values())}
        frame[role] = text_column([tidy.get(given.get(who, "")) or default for who in where])
        remarks += _not_understood(role, given, tidy)
    frame["timezone"], lacking = _zones(frame, pd.Timestamp(as_of).year)
    days = np.full(len(ids), -1)
    if intake is not None and "terms" in intake.sheet:
        days = terms.by_customer(ids).usual_days
    frame["terms"] = pd.arrays.IntegerArray(days.astype(np.int64), days < 0)
    frame["credit_limit"], frame["since"] = _limits(intake, where, money, as_of)
    for name, texts in _carried(intake, attributes).items():
        frame[name] = text_column([texts.get(who) for who in where])
    return frame, remarks + lacking


def _given(intake: Intake | None, role: str, said: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each customer in a role: from the customer table, else as the invoice table says."""
    values = dict(said)
    if intake is not None and role in intake.sheet:
        keep = pa.array(intake.good & ~intake.lacks(role))
        own, texts = intake.text("customer_id").filter(keep), intake.text(role).filter(keep)
        values |= dict(zip(own.to_pylist(), texts.to_pylist(), strict=True))
    return values


def _carried(intake: Intake | None, attributes: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the texts that are carried, by the column's name and the customer; no name stands for two columns."""
    found, taken = dict[str, dict[str, str]](), {plain(name) for name in COLUMNS["customers"]}
    headers = {} if intake is None else intake.sheet.header
    roles = {role: role for role in PEOPLE if role in headers or role in attributes}
    roles |= {role: name for role, name in headers.items() if role.startswith(FURTHER)}
    for role, name in roles.items():
        own, k = name, 1
        while plain(own) in taken:
            own, k = f"{name} {k + 1}", k + 1
        taken.add(plain(own))
        if texts := _given(intake, role, attributes.get(role, {})):
            found[own] = texts
    return found


def _tidy(role: str, value: str) -> str:
    """Return a customer's attribute in the ledger's form, empty where it has none."""
    if role == "country":
        return country_code(value)
    if role == "language":
        found = _LANGUAGE.fullmatch(value.strip().lower())
        return found[1] if found else _LANGUAGES.get(plain(value), "")
    if role == "timezone":
        return ZoneInfo(value).key if is_zone(value) else ""
    return value


def _not_understood(role: str, given: Mapping[str, str], tidy: Mapping[str, str]) -> list[str]:
    lost = Counter(text for text in given.values() if not tidy[text])
    if not lost:
        return []
    named = ", ".join(repr(text[:40]) for text, _ in lost.most_common(_NAMED))
    known = {"country": "an ISO 3166-1 code or English name", "timezone": "an IANA name"}.get(role, "an ISO 639-1 code")
    taken = "English is taken" if role == "language" else "it is not used"
    count = plural(lost.total(), "customer has", "customers have")
    return [f"{count} a {role} that is not {known} ({named}{' …' if len(lost) > _NAMED else ''}): {taken}"]


def _zones(frame: pd.DataFrame, year: int) -> tuple[Any, list[str]]:
    """Return each customer's zone, or its country's where that has one clock; "" else, which is counted."""
    of_country = {code: zone_of(code, year) for code in frame["country"].unique()}
    zone = frame["timezone"].where(frame["timezone"] != "", frame["country"].map(of_country).astype(TEXT))
    lacking = without_zone(frame.assign(timezone=zone), year)
    nowhere = lacking.pop("") if "" in lacking.index else 0
    if nowhere == len(frame):  # a source without places: plans say on which clock they call
        return zone, []
    said = []
    if len(lacking):
        named = ", ".join(f"{code} {count:,}" for code, count in lacking.head(_NAMED).items())
        count = plural(int(lacking.sum()), "customer has", "customers have")
        said.append(f"{count} no time zone, and a country with several ({named}): a column `timezone` would say more")
    if nowhere:
        count = plural(int(nowhere), "customer has", "customers have")
        said.append(f"{count} neither time zone nor a known country: plans call on the collectors' clock")
    return zone, said


def _limits(intake: Intake | None, where: pd.Index, money: Money, as_of: np.datetime64) -> tuple[Any, Any]:
    limits = np.full(len(where), -1, np.int64)
    since = np.full(len(where), "NaT", "datetime64[D]")
    if intake is not None:
        good = np.flatnonzero(intake.good)
        at = where.get_indexer(pd.Index(as_series(intake.text("customer_id"))))[good]
        amounts = intake.amount("credit_limit")
        if amounts is not None:
            base = pa.array([money.base] * len(intake))
            minor = to_minor(amounts.micro, base)
            limits[at] = np.where(amounts.empty | amounts.unreadable | (minor < 0), -1, minor)[good]
        days = intake.day("since")
        since[at] = np.where(days <= as_of, days, np.datetime64("NaT"))[good]
    return pd.arrays.IntegerArray(limits, limits < 0), since.astype("datetime64[ns]")
