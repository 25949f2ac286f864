"""A ledger: frozen tables and the day up to which they know."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Flags, Floats, Ints
from ledger.errors import BadInput
from ledger.files.storage import restore, write_folder
from ledger.table.answers import Answers, Origin, answers, read_origin
from ledger.table.currency import decimals
from ledger.table.months import day_numbers
from ledger.table.tables import COLUMNS, empty, validated
from ledger.wording import plural

Day = date | str | pd.Timestamp
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")


def as_day(day: Day, *, field: str | None = None) -> pd.Timestamp:
    """Return the day as a midnight timestamp without time zone; raise BadInput for anything that is not a day.

    Text must begin with the day as in ISO 8601: of 01.02.2025 nobody can say which month it is. `field` names it.
    """
    if isinstance(day, str) and not _ISO_DAY.match(day.strip()):
        raise BadInput("must be a date such as 2025-03-31", field=field, value=day)
    try:
        found = pd.Timestamp(day)
    except ValueError as error:
        raise BadInput("must be a date such as 2025-03-31", field=field, value=day) from error
    if pd.isna(found) or found.tzinfo is not None:
        raise BadInput("must be a date such as 2025-03-31, without a time zone", field=field, value=str(day))
    return found.normalize()


def positions(of: pd.Series, among: pd.Series) -> Ints:
    """Return where each text of `of` stands in `among`, -1 where it is null or does not occur."""
    values = pa.array(among.array)
    found = pc.index_in(pa.array(of.array), value_set=values, skip_nulls=True)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class Ledger:
    """All that is known of receivables on the evening of `as_of`.

    Tables are described in `ledger.table.tables`; they are read, never written to. Two laws hold to the cent, on every
    evening: for every invoice, issued = applied, of all kinds, + open; and nothing is applied before its invoice is
    issued, or beyond its amount. A payment below 0 takes back what an earlier one of its kind brought,
    or is an exchange difference, of what a payment in another currency brought beyond the invoice.
    """

    as_of: pd.Timestamp
    base_currency: str
    timezone: str = "UTC"  # in which days begin and end
    invoices: pd.DataFrame
    payments: pd.DataFrame
    customers: pd.DataFrame
    contacts: pd.DataFrame = field(default_factory=lambda: empty("contacts"))
    promises: pd.DataFrame = field(default_factory=lambda: empty("promises"))
    disputes: pd.DataFrame = field(default_factory=lambda: empty("disputes"))
    holdouts: pd.DataFrame = field(default_factory=lambda: empty("holdouts"))
    staff: pd.DataFrame = field(default_factory=lambda: empty("staff"))
    rates: pd.DataFrame = field(default_factory=lambda: empty("rates"))
    origin: Origin = field(default_factory=Origin)  # what the import knew and the tables do not show

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    # -- derived columns, aligned with the rows of `invoices` and `payments`

    @cached_property
    def invoice_of_payment(self) -> Ints:
        """Row of `invoices` that each payment is applied to; -1 for unapplied cash."""
        return positions(self.payments["invoice_id"], self.invoices["invoice_id"])

    @cached_property
    def contact_day(self) -> Ints:
        """Day of each contact on the collectors' clock, days since 1970-01-01."""
        return day_numbers(self.contacts["time"].dt.tz_convert(self.timezone).dt.tz_localize(None))

    @cached_property
    def customer_of_invoice(self) -> Ints:
        """Row of `customers` that each invoice belongs to."""
        return positions(self.invoices["customer_id"], self.customers["customer_id"])

    def settled(self, on: Day | None = None, kinds: tuple[str, ...] | None = None) -> Ints:
        """Return, for each invoice, the minor units applied to it up to and including the day, of all or some kinds."""
        counts = self.invoice_of_payment >= 0
        if on is not None:
            counts &= (self.payments["applied_date"] <= as_day(on)).to_numpy()
        if kinds is not None:
            counts &= self.payments["kind"].isin(kinds).to_numpy()
        total = np.zeros(len(self.invoices), np.int64)
        np.add.at(total, self.invoice_of_payment[counts], self.payments["amount"].to_numpy()[counts])
        return total

    def open_amount(self, on: Day | None = None) -> Ints:
        """Return each invoice's minor units open on the evening of the day (default: `as_of`); 0 before issue."""
        day = self.as_of if on is None else as_day(on)
        issued = (self.invoices["issue_date"] <= day).to_numpy()
        return np.where(issued, self.invoices["amount"].to_numpy() - self.settled(day), 0)

    @cached_property
    def settled_date(self) -> "pd.Series[pd.Timestamp]":
        """The day on which each invoice was settled in full; NaT while it is open."""
        last = self.payments["applied_date"].groupby(self.invoice_of_payment).max()
        days = last.reindex(np.arange(len(self.invoices)))
        days.index = self.invoices.index
        return days.where(self.open_amount() == 0)

    @cached_property
    def base_rate(self) -> Floats:
        """Base-currency minor units per minor unit of each invoice's currency."""
        return self.to_base(self.invoices["currency"])

    def to_base(self, currency: pd.Series) -> Floats:
        """Return base-currency minor units per minor unit of each given currency."""
        rates = dict(zip(self.rates["currency"], self.rates["rate"], strict=True)) | {self.base_currency: 1.0}
        scale = {code: rate * 10.0 ** (decimals(self.base_currency) - decimals(code)) for code, rate in rates.items()}
        return currency.map(scale).to_numpy(np.float64)

    # -- what it can tell

    @cached_property
    def _answers(self) -> Answers:
        return answers(self)

    def answers(self) -> Answers:
        """Return what the ledger can answer, and by name what it did not see."""
        return self._answers

    # -- time

    def snapshot(self, day: Day) -> "Ledger":
        """Return what was known on the evening of an earlier day: nothing later than that, ever.

        Cash that was received by then but applied later is unapplied cash in the snapshot; a dispute that was opened
        by then but resolved later is open.
        """
        day = as_day(day, field="as_of")
        if day > self.as_of:
            raise BadInput(
                f"this ledger knows nothing after {self.as_of:%Y-%m-%d}", field="as_of", value=f"{day:%Y-%m-%d}"
            )
        end = pd.Timestamp(day + pd.Timedelta(days=1), tz=self.timezone)
        payments = self.payments[self.payments["received_date"] <= day].copy()
        later = ~(payments["applied_date"] <= day)
        payments.loc[later, "invoice_id"] = pd.NA
        payments.loc[later, "applied_date"] = pd.NaT
        contacts = self.contacts[self.contacts["time"] < end]
        disputes = self.disputes[self.disputes["opened"] <= day].copy()
        disputes.loc[~(disputes["acknowledged"] <= day), "acknowledged"] = pd.NaT
        unresolved = ~(disputes["resolved"] <= day)
        disputes.loc[unresolved, "resolved"] = pd.NaT
        disputes.loc[unresolved, "resolution"] = pd.NA
        return replace(
            self,
            as_of=day,
            invoices=_rows(self.invoices, self.invoices["issue_date"] <= day),
            payments=payments.reset_index(drop=True),
            contacts=contacts.reset_index(drop=True),
            promises=_rows(self.promises, self.promises["made_on"] <= day),
            disputes=disputes.reset_index(drop=True),
            holdouts=_rows(self.holdouts, self.holdouts["start"] <= day),
            customers=_rows(self.customers, ~(self.customers["since"] > day) | self._seen_by(day)),
        )

    def _seen_by(self, day: pd.Timestamp) -> "pd.Series[bool]":
        """Return which customers had an invoice, payment or contact by the day, whatever their `since` says."""
        end = pd.Timestamp(day + pd.Timedelta(days=1), tz=self.timezone)
        known = (
            self.invoices.loc[self.invoices["issue_date"] <= day, "customer_id"],
            self.payments.loc[self.payments["received_date"] <= day, "customer_id"],
            self.contacts.loc[self.contacts["time"] < end, "customer_id"],
        )
        return self.customers["customer_id"].isin(pd.concat(known))

    # -- validity

    def validate(self) -> "Ledger":
        """Return the ledger with every schema and law checked.

        Raises
        ------
        BadInput
            Naming the table, row, column, value and rule that does not hold.
        """
        tables: dict[str, Any] = {name: validated(name, table) for name, table in self.tables.items()}
        checked = replace(self, **tables)
        for rule in _LAWS:
            rule(checked)
        return checked

    # -- the Parquet folder that is a ledger's home

    def write(self, folder: str | Path, *, beside: Mapping[str, str] | None = None) -> Path:
        """Write the ledger as a folder of Parquet files, whole or not at all; an older ledger there is replaced.

        `beside` holds texts by file name that are written into the folder with the tables.
        """
        about: dict[str, Any] = {
            "format": FORMAT,
            "as_of": f"{self.as_of:%Y-%m-%d}",
            "base_currency": self.base_currency,
            "timezone": self.timezone,
        }
        if origin := self.origin.to_dict():
            about["origin"] = origin

        def fill(fresh: Path) -> None:
            for name, table in self.tables.items():
                if len(table) or name in ("customers", "invoices", "payments"):
                    table.to_parquet(fresh / f"{name}.parquet", index=False, compression="zstd")
            (fresh / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
            for name, text in (beside or {}).items():
                (fresh / name).write_text(text, encoding="utf-8")

        return write_folder(folder, ABOUT, fill)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the contents: equal for equal ledgers, whatever the order of their rows."""
        digest = hashlib.sha256(f"{self.as_of:%Y-%m-%d} {self.base_currency}".encode())
        for name, table in self.tables.items():
            if name == "holdouts" and not len(table):
                continue  # a table that came later: ledgers without it keep their fingerprints
            rows = pd.util.hash_pandas_object(table, index=False).to_numpy()
            digest.update(f"{name} {len(table)}".encode() + np.sort(rows).tobytes())
        if origin := self.origin.to_dict():
            digest.update(json.dumps(origin, sort_keys=True).encode())
        return digest.hexdigest()[:16]

    def summary(self) -> str:
        """Return one line: rows, span, open amount."""
        first = f"{self.invoices['issue_date'].min():%Y-%m-%d}" if len(self.invoices) else "never"
        return (
            f"{plural(len(self.invoices), 'invoice')} of {plural(len(self.customers), 'customer')}, issued from "
            f"{first}, "
            f"known to {self.as_of:%Y-%m-%d}; {int((self.open_amount() > 0).sum()):,} open"
        )


ABOUT = "ledger.json"
FORMAT = 2  # of the folder; 1 had no `origin`. A later one is refused


def read_ledger(folder: str | Path) -> Ledger:
    """Read a ledger from its Parquet folder.

    Raises
    ------
    BadInput
        Where the folder is not a ledger, or a table breaks a rule.
    """
    folder = Path(folder)
    restore(folder)
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
        present = {name: folder / f"{name}.parquet" for name in COLUMNS if (folder / f"{name}.parquet").exists()}
        tables = {name: pd.read_parquet(path) for name, path in present.items()}
        as_of, base = as_day(about["as_of"]), str(about["base_currency"])
        timezone, origin = str(about["timezone"]), read_origin(about, FORMAT)
        missing = {"customers", "invoices", "payments"} - tables.keys()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadInput("is not a ledger folder (make one with `collectlab import`)", where=str(folder)) from error
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        if isinstance(error, BadInput) and error.field == "format":
            raise BadInput(error.rule, where=str(folder / ABOUT), field=error.field, value=error.value) from error
        raise BadInput(f"cannot be read as a ledger: {error}", where=str(folder)) from error
    if missing:
        raise BadInput(f"lacks {', '.join(sorted(missing))}", where=str(folder))
    try:
        return Ledger(as_of=as_of, base_currency=base, timezone=timezone, origin=origin, **tables).validate()
    except BadInput as error:
        where = f"{folder}: {error.where}" if error.where else str(folder)
        raise BadInput(error.rule, where=where, field=error.field, value=error.value) from error


def _rows(table: pd.DataFrame, keep: pd.Series) -> pd.DataFrame:
    return table[keep.to_numpy(dtype=bool)].reset_index(drop=True)


def _demand(table: pd.DataFrame, name: str, column: str, holds: Flags, rule: str) -> None:
    """Raise for the first row of the table for which `holds` is false."""
    if holds.all():
        return
    row = int(np.argmin(holds))
    value = table[column].iloc[row]
    shown = f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else value
    raise BadInput(rule, where=f"{name}, row {row + 1}", field=column, value=shown)


def _references(ledger: Ledger) -> None:
    payments = ledger.payments
    _demand(ledger.invoices, "invoices", "customer_id", ledger.customer_of_invoice >= 0, "must be a known customer")
    applied = payments["invoice_id"].notna().to_numpy()
    _demand(payments, "payments", "invoice_id", ~applied | (ledger.invoice_of_payment >= 0), "must be a known invoice")
    rule = "must be given exactly where invoice_id is"
    _demand(payments, "payments", "applied_date", payments["applied_date"].notna().to_numpy() == applied, rule)
    for name in ("promises", "disputes"):
        table = getattr(ledger, name)
        known = positions(table["invoice_id"], ledger.invoices["invoice_id"]) >= 0
        _demand(table, name, "invoice_id", known, "must be a known invoice")
    known = positions(ledger.contacts["customer_id"], ledger.customers["customer_id"]) >= 0
    _demand(ledger.contacts, "contacts", "customer_id", known, "must be a known customer")
    known = positions(ledger.holdouts["customer_id"], ledger.customers["customer_id"]) >= 0
    _demand(ledger.holdouts, "holdouts", "customer_id", known, "must be a known customer")
    known = positions(ledger.promises["contact_id"], ledger.contacts["contact_id"]) >= 0
    _demand(ledger.promises, "promises", "contact_id", known, "must be a known contact")


def _order_in_time(ledger: Ledger) -> None:
    invoices, payments = ledger.invoices, ledger.payments
    due = (invoices["due_date"] >= invoices["issue_date"]).to_numpy()
    _demand(invoices, "invoices", "due_date", due, "must not lie before the issue date")
    row = ledger.invoice_of_payment
    applied = payments["applied_date"].to_numpy()
    unapplied = row < 0
    issued = invoices["issue_date"].to_numpy()[row] if len(invoices) else applied
    rule = "must not lie before the invoice was issued"
    _demand(payments, "payments", "applied_date", unapplied | (applied >= issued), rule)
    rule = "must not lie before the payment was received"
    late = (payments["applied_date"] >= payments["received_date"]).to_numpy()
    _demand(payments, "payments", "applied_date", unapplied | late, rule)


def _nothing_later(ledger: Ledger) -> None:
    days = {
        "invoices": ("issue_date",),
        "payments": ("received_date", "applied_date"),
        "promises": ("made_on",),
        "disputes": ("opened", "acknowledged", "resolved"),
        "holdouts": ("start",),
    }
    rule = f"must not lie after the ledger's as_of, {ledger.as_of:%Y-%m-%d}"
    for name, columns in days.items():
        table = getattr(ledger, name)
        for column in columns:
            _demand(table, name, column, ~(table[column] > ledger.as_of).to_numpy(), rule)
    end = pd.Timestamp(ledger.as_of + pd.Timedelta(days=1), tz=ledger.timezone)
    _demand(ledger.contacts, "contacts", "time", ~(ledger.contacts["time"] >= end).to_numpy(), rule)


def _money(ledger: Ledger) -> None:
    invoices, payments, row = ledger.invoices, ledger.payments, ledger.invoice_of_payment
    settled = ledger.settled()
    rule = "must not be less than what was applied to it"
    _demand(invoices, "invoices", "amount", settled <= invoices["amount"].to_numpy(), rule)
    _demand(payments, "payments", "amount", payments["amount"].to_numpy() != 0, "must not be 0")
    _demand(payments, "payments", "amount", *_taken_back(ledger))
    if len(invoices):
        same = (row < 0) | (payments["currency"] == invoices["currency"].iloc[row].reset_index(drop=True)).to_numpy(
            bool
        )
        _demand(payments, "payments", "currency", same, "must be the invoice's currency")
    known = {ledger.base_currency, *ledger.rates["currency"]}
    for name in ("invoices", "payments"):
        table = getattr(ledger, name)
        rule = f"needs a rate to {ledger.base_currency} in the rates table"
        _demand(table, name, "currency", table["currency"].isin(known).to_numpy(bool), rule)


def _taken_back(ledger: Ledger) -> tuple[Flags, str]:
    """Return which payments leave, on their evening, no more than the invoice and no less than nothing applied.

    Only invoices and customers from whom something was taken back are looked at; the others have it by their totals.
    """
    payments, row = ledger.payments, ledger.invoice_of_payment
    amount = payments["amount"].to_numpy()
    holds = np.ones(len(payments), bool)
    touched = np.unique(row[amount < 0])
    rows = np.flatnonzero(np.isin(row, touched))
    if not len(rows):
        return holds, ""
    loose = row[rows] < 0
    who = payments["customer_id"].iloc[rows].fillna("") + " " + payments["currency"].iloc[rows]
    day = payments["applied_date"].fillna(payments["received_date"]).iloc[rows]
    book = np.where(loose, -1 - pd.factorize(who)[0], row[rows])
    daily = pd.Series(amount[rows]).groupby([book, day.to_numpy()]).sum()
    total = daily.groupby(level=0).cumsum()
    held = pd.MultiIndex.from_arrays([book, day.to_numpy()])
    most = ledger.invoices["amount"].to_numpy()[row[rows]] if len(ledger.invoices) else amount[rows]
    found = total.reindex(held).to_numpy()
    holds[rows] = (found >= 0) & (loose | (found <= most))
    return holds, "must not take back more than was there by that evening, or fill an invoice beyond its amount"


_LAWS = (_references, _order_in_time, _nothing_later, _money)
