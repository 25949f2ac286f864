"""The smaller tables: contacts, promises, disputes."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger.arrays import Days, Flags, Ints
from ledger.files.reading import plain
from ledger.importing.documents.references import InvoiceColumns, find
from ledger.importing.rows.intake import Intake, as_series, codes, text_column
from ledger.importing.rows.money import minor_units
from ledger.importing.words.cells import flags
from ledger.importing.words.dates import UNREADABLE
from ledger.table.tables import CHANNELS, DISPUTE_REASONS, OUTCOMES, RESOLUTIONS, TONES
from ledger.wording import plural

_CHANNELS: Final = {c: c for c in CHANNELS} | {
    **dict.fromkeys(("mail", "mails", "reminder"), "email"),
    **dict.fromkeys(("call", "telephone", "outboundcall", "tel"), "phone"),
    **dict.fromkeys(("post", "letters"), "letter"),
    **dict.fromkeys(("inboundcall", "callback", "incoming"), "inbound"),
}
_TONES: Final = (
    {t: t for t in TONES}
    | dict.fromkeys(("polite", "soft", "neutral"), "friendly")
    | dict.fromkeys(("formal", "hard"), "firm")
)
_OUTCOMES: Final = {plain(o): o for o in OUTCOMES} | {
    **dict.fromkeys(("delivered", "opened"), "sent"),
    **dict.fromkeys(("noreply", "voicemail", "busy", "notreached"), "no_answer"),
    **dict.fromkeys(("spoke", "talked", "answered", "contacted"), "reached"),
    **dict.fromkeys(("promised", "promisetopay", "ptp"), "promise"),
}
_REASONS: Final = {r: r for r in DISPUTE_REASONS} | {
    **dict.fromkeys(("price", "priceerror", "discount", "tax"), "pricing"),
    **dict.fromkeys(("shortage", "short", "missinggoods"), "quantity"),
    **dict.fromkeys(("damage", "damaged", "defect", "defective", "returned"), "quality"),
    **dict.fromkeys(("late", "notdelivered", "shipping", "freight"), "delivery"),
    **dict.fromkeys(("paperwork", "po", "missingpo", "missinginvoice", "other", "proofofdelivery"), "documentation"),
}
_RESOLUTIONS: Final = {r: r for r in RESOLUTIONS} | {
    **dict.fromkeys(("declined", "invalid", "unjustified"), "rejected"),
    **dict.fromkeys(("credit", "accepted", "valid", "creditnote"), "credited"),
}
_YES: Final = ("yes", "true", "1", "y", "x", "ja", "oui", "si")


def _chosen(intake: Intake, role: str, meaning: Mapping[str, str], default: str | None) -> list[str | None]:
    """Return each row's value in our words; rows with a word that has no meaning are rejected."""
    index, texts = codes(intake.text(role))
    names = [meaning.get(plain(text)) for text in texts.to_pylist()]
    intake.reject(np.array([name is None for name in names] + [False])[index], f"unknown_{role}", role)
    every = np.array([*names, default], object)[index]
    return list(every)


def _invoice_rows(intake: Intake, invoices: InvoiceColumns) -> Ints:
    """Return the row of the invoice that each row names, rejecting those that name none that is known, or several."""
    whenever = np.full(len(intake), UNREADABLE, "datetime64[D]")
    found = find(invoices, intake.text("invoice_id"), intake.text("customer_id"), whenever, same_names=False)
    intake.reject(found.row < 0, "unknown_invoice", "invoice_id")
    intake.reject(found.ambiguous, "ambiguous_invoice", "invoice_id")
    return found.row


def read_contacts(
    intake: Intake, customers: pd.DataFrame, invoices: InvoiceColumns, zone: str, as_of: np.datetime64
) -> pd.DataFrame:
    """Return the ledger's contact log."""
    who = intake.text("customer_id")
    known = pc.is_in(who, value_set=pa.array(customers["customer_id"].array).cast(pa.string()))
    intake.reject(flags(pc.is_null(who)), "missing_customer", "customer_id")
    intake.reject(~flags(known), "unknown_customer", "customer_id")
    time = _moments(intake, zone)
    intake.reject(time.isna().to_numpy(), "bad_time", "time")
    end = pd.Timestamp(as_of + np.timedelta64(1, "D"), tz=zone)
    intake.reject((time >= end).to_numpy(), "after_as_of", "time")
    intake.reject((time < pd.Timestamp("1990-01-01", tz="UTC")).to_numpy(), "date_out_of_range", "time")
    channel = _chosen(intake, "channel", _CHANNELS, "phone")
    tone = _chosen(intake, "tone", _TONES, "friendly")
    outcome = _chosen(intake, "outcome", _OUTCOMES, "sent")
    minutes = pd.to_numeric(as_series(intake.text("minutes")), errors="coerce").astype("float64")
    intake.reject(((minutes < 0) | (minutes.isna() & ~intake.lacks("minutes"))).to_numpy(), "bad_minutes", "minutes")
    intake.reject_repeats("contact_id", "duplicate_contact")
    named = pc.index_in(intake.text("invoice_id"), value_set=invoices.id, skip_nulls=True)
    lead = pc.if_else(pc.is_valid(named), intake.text("invoice_id"), pa.scalar(None, pa.string()))
    frame = pd.DataFrame(
        {
            "contact_id": as_series(intake.text("contact_id")),
            "customer_id": as_series(who),
            "invoice_id": as_series(lead),
            "time": time,
            "channel": channel,
            "tone": tone,
            "step": as_series(intake.text("step")),
            "specialist_id": as_series(intake.text("specialist_id")),
            "outcome": outcome,
            "minutes": minutes.fillna(0.0),
            "promise_made": flags(pc.is_in(pc.utf8_lower(intake.text("promise_made")), value_set=pa.array(_YES)))
            | (np.array(outcome, object) == "promise"),
        }
    )[intake.good]
    return _numbered(frame, "contact_id", "contact")


def _moments(intake: Intake, zone: str) -> "pd.Series[pd.Timestamp]":
    """Return points in time; a day without a clock means noon there.

    A local time that was told twice is the first of the two, one that never was the moment the clocks went forward.
    """
    first = np.ones(len(intake), bool)
    texts = as_series(intake.text("time"))
    days = pd.Series(pd.to_datetime(intake.day("time").astype("datetime64[ns]")) + pd.Timedelta(hours=12))
    clock = texts.str.contains(r"\d:\d", regex=True).fillna(False).to_numpy(dtype=bool)
    zoned = clock & texts.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", regex=True).fillna(False).to_numpy(dtype=bool)
    time = days.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
    with_zone = pd.to_datetime(texts.where(zoned).astype(object), format="ISO8601", utc=True, errors="coerce")
    hours = (
        texts.where(clock & ~zoned)
        .str.extract(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", expand=True)
        .astype("Float64")
        .fillna(0)
    )
    offset = pd.to_timedelta((hours[0] * 3600 + hours[1] * 60 + hours[2]).astype("float64"), unit="s")
    local = days.dt.normalize() + offset
    local_utc = local.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
    time = time.where(~clock, local_utc).where(~zoned, with_zone)
    return time.astype("datetime64[ns, UTC]")


def _numbered(frame: pd.DataFrame, column: str, word: str) -> pd.DataFrame:
    """Give rows without an id one, in the order of their contents."""
    keys = [name for name in frame.columns if name != column]
    frame = frame.sort_values(keys, kind="stable").reset_index(drop=True)
    number = frame[column].isna().cumsum()
    made = pd.Series(text_column([f"{word}/{k}" for k in number]))
    frame[column] = frame[column].fillna(made)
    return frame


def read_promises(
    intake: Intake,
    contacts: pd.DataFrame,
    invoices: InvoiceColumns,
    zone: str,
    *,
    as_of: np.datetime64,
    today: np.datetime64,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ledger's promises, and the contacts with one added for each promise that names none."""
    row = _invoice_rows(intake, invoices)
    intake.reject_days("made_on", as_of, today, required=True)
    intake.reject(intake.day("made_on") > as_of, "after_as_of", "made_on")
    intake.reject_days("due_on", as_of, today, required=True)
    amount = _amount_of(intake, row, invoices)
    named = intake.text("contact_id")
    among = pa.array(contacts["contact_id"].astype(object).to_list(), pa.string())
    intake.reject(~flags(pc.is_in(named, value_set=among)) & ~flags(pc.is_null(named)), "unknown_contact", "contact_id")
    rows = np.flatnonzero(intake.good)
    keep = pa.array(rows)
    frame = pd.DataFrame(
        {
            "contact_id": as_series(named.take(keep)),
            "invoice_id": as_series(invoices.id.take(pa.array(row, mask=row < 0)).take(keep)),
            "made_on": intake.day("made_on")[rows].astype("datetime64[ns]"),
            "due_on": intake.day("due_on")[rows].astype("datetime64[ns]"),
            "amount": amount[rows],
        }
    )
    frame["#customer"] = as_series(invoices.customer.take(pa.array(row[rows])))
    without = frame["contact_id"].isna().to_numpy(bool)
    frame = _numbered(frame.assign(**{"#new": without}), "contact_id", "promise")
    new = frame[frame["#new"]]
    if len(new):
        intake.warnings.append(
            f"{plural(len(new), 'promise names', 'promises name')} no contact: "
            "a phone contact of no minutes at noon is added for each"
        )
        noon = (new["made_on"] + pd.Timedelta(hours=12)).dt.tz_localize(
            zone, ambiguous="NaT", nonexistent="shift_forward"
        )
        made = pd.DataFrame(
            {
                "contact_id": new["contact_id"],
                "customer_id": new["#customer"],
                "invoice_id": new["invoice_id"],
                "time": noon.dt.tz_convert("UTC"),
                "channel": "phone",
                "tone": "friendly",
                "step": None,
                "specialist_id": None,
                "outcome": "promise",
                "minutes": 0.0,
                "promise_made": True,
            }
        )
        contacts = (
            made if not len(contacts) else pd.concat([contacts.astype(object), made.astype(object)], ignore_index=True)
        )
    return frame.drop(columns=["#customer", "#new"]), contacts.reset_index(drop=True)


def _amount_of(intake: Intake, row: Ints, invoices: InvoiceColumns) -> Ints:
    """Return the amount of each row, the whole invoice's where none is given."""
    amounts = intake.amount("amount")
    whole = invoices.amount[row] if len(invoices.amount) else np.zeros(len(row), np.int64)
    if amounts is None:
        return whole
    intake.reject(amounts.unreadable, "bad_amount", "amount")
    currency = (
        invoices.currency.take(pa.array(np.maximum(row, 0)))
        if len(invoices.amount)
        else pa.nulls(len(row), pa.string())
    )
    minor = minor_units(intake, amounts, currency, "amount")
    intake.reject((minor <= 0) & ~amounts.empty, "bad_amount", "amount")
    return np.where(amounts.empty, whole, minor)


def read_disputes(
    intake: Intake, invoices: InvoiceColumns, *, as_of: np.datetime64, today: np.datetime64
) -> pd.DataFrame:
    """Return the ledger's disputes; what happened after `as_of` is not known yet."""
    row = _invoice_rows(intake, invoices)
    intake.reject_days("opened", as_of, today, required=True)
    intake.reject(intake.day("opened") > as_of, "after_as_of", "opened")
    later: dict[str, Days] = {}
    for role in ("acknowledged", "resolved"):
        if role in intake.sheet:
            intake.reject_days(role, as_of, today, required=False)
        days = intake.day(role)
        later[role] = np.where(days <= as_of, days, np.datetime64("NaT")).astype("datetime64[ns]")
    reason = _chosen(intake, "reason", _REASONS, None)
    intake.reject(intake.lacks("reason"), "missing_reason", "reason")
    resolution = np.array(_chosen(intake, "resolution", _RESOLUTIONS, None), object)
    unresolved: Flags = np.isnat(later["resolved"])
    resolution[unresolved] = None
    amount: Ints = _amount_of(intake, row, invoices)
    return pd.DataFrame(
        {
            "invoice_id": as_series(invoices.id.take(pa.array(row, mask=row < 0))),
            "opened": intake.day("opened").astype("datetime64[ns]"),
            **later,
            "reason": reason,
            "resolution": resolution,
            "amount": amount,
        }
    )[intake.good].reset_index(drop=True)
