"""The customer table, and what the other tables say of customers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.importing.amounts import to_minor
from ledger.importing.cells import flags
from ledger.importing.intake import Intake, as_series, codes, text_column
from ledger.importing.maps import Map
from ledger.importing.money import Money
from ledger.importing.phrases import read_column
from ledger.importing.terms import Terms, TermsColumn


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
) -> pd.DataFrame:
    """Return the ledger's customers: those of the table and all others that the other tables name.

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
    for role, default in (("segment", ""), ("country", ""), ("timezone", "UTC"), ("language", "en")):
        values = dict(attributes.get(role, {}))
        if intake is not None and role in intake.sheet:
            rows = intake.good & ~intake.lacks(role)
            keep = pa.array(rows)
            own_ids, texts_ = intake.text("customer_id").filter(keep), intake.text(role).filter(keep)
            values |= dict(zip(own_ids.to_pylist(), texts_.to_pylist(), strict=True))
        fixed = {who: _tidy(role, value) for who, value in values.items()}
        frame[role] = text_column([fixed.get(who) or default for who in where])
    given = np.full(len(ids), -1)
    if intake is not None and "terms" in intake.sheet:
        given = terms.by_customer(ids).usual_days
    frame["terms"] = pd.arrays.IntegerArray(given.astype(np.int64), given < 0)
    frame["credit_limit"], frame["since"] = _limits(intake, where, money, as_of)
    return frame


def _tidy(role: str, value: str) -> str:
    """Return a customer's attribute in the ledger's form, empty where it has none."""
    if role == "country":
        code = value.strip().upper()
        return code if len(code) == 2 and code.isalpha() else ""
    if role == "language":
        code = value.strip().lower()[:2]
        return code if len(code) == 2 and code.isalpha() else ""
    if role == "timezone":
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ""
    return value


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
