"""The customer table, and what the other tables say of customers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.importing.amounts import to_minor
from ledger.importing.cells import Ints, flags
from ledger.importing.documents import read_terms
from ledger.importing.intake import Intake, as_series, codes, text_column
from ledger.importing.money import Money


class Terms:
    """Days to pay of a customer: from the customer table, else the map's, else -1."""

    def __init__(self, intake: Intake | None, default: int | None) -> None:
        self._default = -1 if default is None else default
        self._of: dict[str, int] = {}
        if intake is not None and "terms" in intake.sheet:
            index, texts = codes(intake.text("terms"))
            days = np.array([read_terms(text)[0] for text in texts.to_pylist()] + [-1])[index]
            ids = intake.text("customer_id").to_pylist()
            self._of = {who: int(net) for who, net in zip(ids, days, strict=True) if who is not None and net >= 0}

    def __call__(self, customers: pa.StringArray) -> Ints:
        """Return the days to pay of each customer."""
        index, texts = codes(customers)
        days = [self._of.get(text, self._default) for text in texts.to_pylist()] + [self._default]
        return np.array(days, np.int64)[index]


def read_customers(
    intake: Intake | None,
    seen: pa.StringArray,
    attributes: Mapping[str, Mapping[str, str]],
    terms: Terms,
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
    days = terms(ids)
    given = days if intake is not None and "terms" in intake.sheet else np.full(len(ids), -1)
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
