"""The import itself: open, read, interpret, settle, account."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Ints
from ledger.errors import BadInput
from ledger.importing.documents.applying import Settled, settle_all
from ledger.importing.documents.contacts_promises_disputes import read_contacts, read_disputes, read_promises
from ledger.importing.documents.customers import AgreedTerms, read_customers
from ledger.importing.documents.documents import Documents, attribute, read_documents
from ledger.importing.documents.payments import PaymentsRead, Receipts, read_payments
from ledger.importing.documents.references import InvoiceColumns
from ledger.importing.documents.remarks import remarks
from ledger.importing.maps.map_tables import PEOPLE
from ledger.importing.maps.maps import Map, preset_map, read_map
from ledger.importing.maps.used_map import used_map
from ledger.importing.result import Imported, place_of
from ledger.importing.rows.base_currency import settle_money
from ledger.importing.rows.intake import Intake, rule_counts
from ledger.importing.rows.last_day import last_day
from ledger.importing.rows.money import Money, read_rates
from ledger.importing.sources.sources import Source, open_source
from ledger.importing.sources.unused import unused_columns
from ledger.importing.words.cells import flags
from ledger.importing.words.dates import DateColumn
from ledger.table.answers import Origin
from ledger.table.ledger import Day, Ledger, as_day
from ledger.table.tables import empty


def import_ledger(
    source: str | Path | pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    preset: str | None = None,
    mapping: str | Path | Mapping[str, Any] | None = None,
    as_of: Day | None = None,
    rates: str | Path | None = None,
    base_currency: str | None = None,
) -> Imported:
    """Import a ledger from a file, a folder of files, a database, or DataFrames.

    Parameters
    ----------
    source
        A CSV, XLSX or Parquet file, a folder with ``invoices.*`` and perhaps ``payments.*``, ``customers.*``,
        ``contacts.*``, ``promises.*``, ``disputes.*``, or a database URL (``sqlite:///ledger.db?table=invoices``); or a
        DataFrame of invoices, or several by the names of these tables.
    preset, mapping
        How to read it: the name of a map that ships with the package (default ``generic``), or a map of your own, as a
        TOML file or as the same keys in a dict.
    as_of
        The day up to which to know: what came later is rejected or not known yet. Default: the day that the map finds
        in the source's name or heading, else the latest fact.
    rates
        A table ``currency,rate``: base-currency units for one unit of the currency.
    base_currency
        Default: the map's, else the one of most invoices that has no rate to another.

    Raises
    ------
    BadInput
        Where nothing can be imported; one message says why.
    """
    if preset is not None and mapping is not None:
        raise BadInput("give a preset or a map, not both", field="preset", value=preset)
    map_ = read_map(mapping) if mapping is not None else preset_map(preset or "generic")
    exchange = read_rates(None if rates is None else Path(rates), map_.rates)
    asked = None if as_of is None else np.datetime64(as_day(as_of, field="as_of"), "D")
    opened = open_source(source, map_)
    intakes = {name: Intake(name, sheet, map_) for name, sheet in opened.tables.items()}
    if not len(intakes["invoices"]):
        raise BadInput("has a header and no rows", where=intakes["invoices"].sheet.where)
    pa.default_memory_pool().release_unused()  # what reading the file took
    day, later, doubts = _as_of(asked, opened, intakes, map_)
    money, warnings = settle_money(
        (intakes[name] for name in ("invoices", "payments") if name in intakes),
        base=base_currency,
        default=map_.currency,
        rates=exchange,
    )
    made, said = _ledger(intakes, map_, money, day, later)
    _demand_some_of_each(intakes)
    pa.default_memory_pool().release_unused()
    ledger = made.validate()
    return Imported(
        ledger=ledger,
        rejects=pd.concat([intake.rejects() for intake in intakes.values()], ignore_index=True),
        warnings=(
            *unused_columns(opened.tables, map_, ledger.origin),
            *opened.warnings,
            *doubts,
            *warnings,
            *(warning for intake in intakes.values() for warning in intake.warnings),
            *said,
        ),
        accounts=tuple(intake.account() for intake in intakes.values()),
        source=opened.name,
        place=place_of(source),
        preset=preset or _name(mapping),
        columns={name: dict(sheet.written) for name, sheet in opened.tables.items()},
        used_map=used_map(map_, opened.tables),
    )


def _name(mapping: str | Path | Mapping[str, Any] | None) -> str:
    """Return what the map is called in the account."""
    if mapping is None:
        return "generic"
    return "mapping" if isinstance(mapping, Mapping) else Path(mapping).name


def _as_of(
    asked: np.datetime64 | None, source: Source, intakes: Mapping[str, Intake], map_: Map
) -> tuple[np.datetime64, np.datetime64, list[str]]:
    """Return the day up to which to know, the latest day on which a fact is plausible, and what is doubtful of it."""
    today = np.datetime64(pd.Timestamp.now(tz=map_.timezone).date(), "D")
    if asked is not None:
        return asked, max(today, asked), []
    texts = [(map_.as_of_name, source.name)]
    texts += [(map_.as_of_text, line) for line in source.tables["invoices"].preamble]
    for pattern, text in texts:
        if pattern and (found := re.search(pattern, text)):
            days, unreadable = DateColumn.of(pa.array([found[1].strip()])).read(map_.date_order)
            if not unreadable[0]:
                return days[0], max(today, days[0]), []
    last, doubts = last_day(intakes.values(), today)
    if last is None:
        where = source.tables["invoices"].where
        raise BadInput("holds no readable date of anything that has happened (from 1990 to today)", where=where)
    return last, today, doubts


def _ledger(
    intakes: Mapping[str, Intake], map_: Map, money: Money, as_of: np.datetime64, today: np.datetime64
) -> tuple[Ledger, list[str]]:
    """Interpret the tables, the invoices first, and put the ledger together."""
    terms = AgreedTerms(intakes.get("customers"), map_)
    documents = read_documents(intakes["invoices"], map_.invoices, money, as_of=as_of, today=today, terms=terms)
    _demand_some(intakes["invoices"])
    invoices = InvoiceColumns.of(documents)
    table: PaymentsRead | None = None
    if "payments" in intakes:
        unrated = _named_rejects(intakes["payments"], documents, documents.intake.broke("no_rate"))
        intakes["payments"].reject(unrated, "no_rate", "invoice_id")
        lost = _named_rejects(intakes["payments"], documents, ~documents.intake.good)
        assert map_.payments is not None  # or the table would not have been read
        receipts = read_payments(
            intakes["payments"],
            invoices,
            lost,
            money,
            as_of=as_of,
            today=today,
            across_customers=map_.invoices.across_customers,
            kinds=map_.payments.kinds,
        )
        table = PaymentsRead(receipts=receipts, intake=intakes["payments"])
    pa.default_memory_pool().release_unused()
    settled = settle_all(documents, invoices, table, map_.invoices, money, as_of=as_of)
    _check(documents, invoices, settled, None if table is None else table.receipts.take(_still(table)))
    who = [documents.customer.filter(pa.array(documents.intake.good))]
    who += [] if table is None else [table.receipts.customer]
    attributes = {
        role: attribute(documents, role)
        for role in ("segment", "country", "timezone", "language", *PEOPLE)
        if role in documents.intake.sheet
    }
    customers, unplaced = read_customers(
        intakes.get("customers"), pa.concat_arrays(who), attributes, terms, money, as_of=as_of
    )
    first = invoices.frame(documents).groupby("customer_id")["issue_date"].min()
    customers["since"] = customers["since"].where(~(customers["since"] > customers["customer_id"].map(first)))
    collection = _collection_tables(intakes, customers, invoices, map_.timezone, as_of=as_of, today=today)
    ledger = Ledger(
        as_of=pd.Timestamp(as_of),
        base_currency=money.base,
        timezone=map_.timezone,
        invoices=invoices.frame(documents),
        payments=settled.payments,
        customers=customers,
        rates=money.frame(),
        origin=_origin(documents, settled, as_of),
        **collection,
    )
    return ledger, [*settled.warnings, *unplaced, *remarks(documents, as_of)]


def _origin(documents: Documents, settled: Settled, as_of: np.datetime64) -> Origin:
    """Return what the ledger's tables will not show of its source: which days are guesses."""
    rows, given = documents.invoices, documents.intake.day
    issued = given("issue_date")[rows]
    found = Origin(
        settlements=settled.pieces,
        undated=settled.undated,
        issue_dates=int((~np.isnat(issued) & (issued != documents.issued[rows])).sum()),
        due_dates=int(np.isnat(given("due_date")[rows]).sum()),
        until=pd.Timestamp(as_of),
    )
    return Origin() if found.plain else found


def _collection_tables(
    intakes: Mapping[str, Intake],
    customers: pd.DataFrame,
    invoices: InvoiceColumns,
    zone: str,
    *,
    as_of: np.datetime64,
    today: np.datetime64,
) -> dict[str, pd.DataFrame]:
    """Return the contacts, promises and disputes; empty tables where the source has none."""
    tables = {name: empty(name) for name in ("contacts", "promises", "disputes")}
    if "contacts" in intakes:
        tables["contacts"] = read_contacts(intakes["contacts"], customers, invoices, zone, as_of)
    if "promises" in intakes:
        tables["promises"], tables["contacts"] = read_promises(
            intakes["promises"], tables["contacts"], invoices, zone, as_of=as_of, today=today
        )
    if "disputes" in intakes:
        tables["disputes"] = read_disputes(intakes["disputes"], invoices, as_of=as_of, today=today)
    return tables


def _still(table: PaymentsRead) -> Ints:
    """Return the payments that were not rejected in settling."""
    return np.flatnonzero(table.intake.good[table.receipts.row])


def _named_rejects(payments: Intake, documents: Documents, rows: Flags) -> Flags:
    """Return which payments name an invoice among the rejected rows (and not imported from another row)."""
    rejected = documents.number.filter(pa.array(rows))
    kept = documents.number.filter(pa.array(documents.intake.good))
    named = payments.text("invoice_id")
    return flags(pc.is_in(named, value_set=rejected, skip_nulls=True)) & ~flags(
        pc.is_in(named, value_set=kept, skip_nulls=True)
    )


def _demand_some(intake: Intake) -> None:
    """Raise where no row of the invoice table is left."""
    if intake.good.any():
        return
    where = intake.sheet.where
    counts = rule_counts(intake.rejects())[:5]
    reasons = ", ".join(f"{n:,} {rule}{f' ({column})' if column else ''}" for n, rule, _, column in counts)
    first = intake.rejects().iloc[0]
    hint = f"; {intake.hints[0]}" if intake.hints else ""
    none = f"none of its {len(intake):,} rows can be imported" if len(intake) > 1 else "its only row cannot be imported"
    raise BadInput(
        f"{none}: {reasons}; the first is row {first['row']}{hint}",
        where=where,
        field=str(first["column"]) or None,
        value=None if pd.isna(first["value"]) else str(first["value"]),
    )


def _demand_some_of_each(intakes: Mapping[str, Intake]) -> None:
    """Raise where a further table was given and nothing of it could be read: a wrong map rather than bad rows."""
    for name, intake in intakes.items():
        early = (intake.rejects()["rule"] == "after_as_of").any()  # sound rows that an early as_of does not know yet
        if name != "invoices" and len(intake) and not early:
            _demand_some(intake)


def _check(documents: Documents, invoices: InvoiceColumns, settled: Settled, table: Receipts | None) -> None:
    """Compare the ledger with the rows that it was made of; a difference is a bug, not bad input."""
    good, payments = documents.intake.good, settled.payments
    invoiced = int(documents.amount[good & (documents.kind < 0)].sum())
    if invoiced != int(invoices.amount.sum()):
        raise RuntimeError(
            f"invoices do not add up: {invoiced} in the source, {int(invoices.amount.sum())} in the ledger"
        )
    paid = int(payments["amount"].sum())
    stated = documents.stated
    if not stated.speaks:
        credits = documents.credits
        given = int(np.where(documents.back, -documents.amount, documents.amount)[credits].sum())
        given += settled.exchanged + (int(table.amount.sum()) if table is not None else 0)
        if given != paid:
            raise RuntimeError(f"payments do not add up: {given} in the source, {paid} in the ledger")
    if stated.open is not None and table is None:
        owed = int(np.where(stated.later, documents.amount, stated.open)[invoices.document].sum())
        applied = int(payments["amount"][payments["invoice_id"].notna()].sum())
        if int(invoices.amount.sum()) - applied != owed:
            raise RuntimeError(f"open amounts do not add up: {owed} in the source, {invoiced - applied} in the ledger")
