"""A plan against what was done and what came in, from the ledger's contact log and payments."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger import BadInput, Ledger
from ledger.arrays import Flags
from ledger.json_ready import json_object
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.table.currency import decimals
from ledger.table.ledger import positions
from ledger.wording import plural
from optimize.plans.call_plan import AUTOMATIC
from optimize.publish.folder import TABLE, PublishedPlan

ENDS: Final = ("done", "late", "settled", "not done", "to come")
REMARK: Final = (
    "Cash came from those who were contacted as from those who were not: what was collected is no measure of what the "
    "contacts brought. That takes the holdout below, or `collectlab effects`."
)
_NO_LOG: Final = (
    "The ledger holds no contact from the plan's first day on: what was done is not known, and missed means not logged."
)
_NO_HOLDOUT: Final = "no holdout was drawn: plan with --exploration to measure what contacts bring"
_LEFT_ALONE: Final = "leave alone"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Reconciliation(Result):
    """What became of a plan, known up to the evening of the ledger's last day.

    Parameters
    ----------
    date, run_id, as_of, currency
        Of the plan, and the day up to which the ledger knows.
    rows
        The plan's contacts with `end` (one of `ENDS`), done_on, outcome, by (who did it), minutes_spent.
    people
        A row per specialist planned ("automatic" for messages): planned, a column per end, by_another, minutes_planned
        (of contacts due so far), minutes_spent, uplift_expected (of contacts done or late, minor units), cash_collected
        (received from their customers from the contact on, minor units).
    unplanned
        The contact log's rows of specialists in the plan's days that no row of the plan asked for.
    holdout
        Cash per customer of those held out and of the others; empty without a holdout.
    logged
        Whether the ledger holds any contact from the plan's first day on; else what was done is not known.
    """

    date: str
    run_id: str
    as_of: pd.Timestamp
    currency: str
    rows: pd.DataFrame
    people: pd.DataFrame
    unplanned: pd.DataFrame
    holdout: dict[str, float]
    logged: bool

    @property
    def counts(self) -> dict[str, int]:
        """Return how many contacts ended in each way."""
        found = self.rows["end"].value_counts()
        return {end: int(found.get(end, 0)) for end in ENDS}

    def table(self) -> pd.DataFrame:
        """Return one row per contact of the plan, with what became of it."""
        return self.rows

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values; amounts in minor units."""
        sums = self.people[["minutes_planned", "minutes_spent", "uplift_expected", "cash_collected"]].sum()
        about = {
            "date": self.date,
            "run_id": self.run_id,
            "as_of": self.as_of,
            "currency": self.currency,
            "planned": len(self.rows),
            **{end.replace(" ", "_"): count for end, count in self.counts.items()},
            "unplanned": len(self.unplanned),
            "unplanned_minutes": float(self.unplanned["minutes"].sum()),
            **{str(name): float(value) for name, value in sums.items()},
            "specialists": self.people.to_dict("records"),
            "holdout": self.holdout,
            "logged": self.logged,
            "remark": REMARK if self.logged else f"{_NO_LOG} {REMARK}",
        }
        return json_object(about)

    def summary(self) -> str:
        """Return a table by specialist, at most 80 columns wide, and what it does not say."""
        unit = 10 ** decimals(self.currency)
        shown = [
            *(end.replace(" ", "_") for end in ENDS),
            "by_another",
            "minutes_planned",
            "minutes_spent",
            "uplift_expected",
            "cash_collected",
        ]
        titles = ("done", "late", "paid", "missed", "ahead", "other", "min.pl", "spent", "uplift", "cash")
        known = f"as known on {self.as_of:%Y-%m-%d}; amounts in {self.currency}"
        rows = [
            (row["specialist"], *(f"{row[name] / (1 if k < 8 else unit):,.0f}" for k, name in enumerate(shown)))
            for row in self.people.to_dict("records")
        ]
        minutes = self.unplanned["minutes"].sum()
        unplanned = f"unplanned: {plural(len(self.unplanned), 'contact')} of specialists, {minutes:,.0f} minutes"
        lines = [
            wrapped(f"Plan of {self.date} (run {self.run_id}), {known}"),
            text_table(("", *titles), rows),
            unplanned,
        ]
        if not self.logged:
            lines.append(wrapped(_NO_LOG, ""))
        return "\n".join([*lines, wrapped(REMARK, ""), wrapped(self._holdout_words(unit), "")])

    def _holdout_words(self, unit: int) -> str:
        found = self.holdout
        if not found:
            return f"Holdout: {_NO_HOLDOUT}."
        others, held, low, high = (found[k] / unit for k in ("cash_others", "cash_held", "low", "high"))
        return (
            f"Holdout: {others:,.2f} {self.currency} came in per customer open to contact, {held:,.2f} per customer "
            f"left alone ({found['held']:,.0f}): difference {others - held:,.2f} (95 % {low:,.2f} to {high:,.2f})."
        )


def reconcile(plan: PublishedPlan, ledger: Ledger) -> Reconciliation:
    """Compare a published plan with what the ledger knows of the days since.

    A contact is done when the log has one with its customer, through its channel, on its day; late when it came after
    that, up to the ledger's last day; settled when nothing of its invoices was open on the evening before it was due,
    so that nobody needed to; to come when its day lies after the ledger's last. Each contact of the log counts once.

    Raises
    ------
    BadInput
        Where the ledger ends before the plan's first day, or does not know one of its customers.
    """
    rows = pd.read_parquet(plan.folder / TABLE)
    rows = rows.astype(dict.fromkeys(rows.columns[rows.dtypes == "string"], object))
    date = pd.Timestamp(plan.about["date"])
    if ledger.as_of < date:
        rule = f"knows nothing of the plan's days, from {date:%Y-%m-%d} on"
        raise BadInput(rule, where="ledger", field="as_of", value=f"{ledger.as_of:%Y-%m-%d}")
    _check_customers(rows, ledger)
    rows = rows[rows["action"] != _LEFT_ALONE].sort_values(["date", "block", "order"], kind="stable")
    log = _log(ledger, date)
    done, used = _matched(rows, log)
    rows = rows.reset_index(drop=True).assign(**done)
    rows["end"] = _ends(rows, ledger)
    last = min(rows["date"].max() if len(rows) else date, ledger.as_of)
    ours = (log["specialist_id"].notna() & (log["channel"] != "inbound") & (log["day"] <= last)).to_numpy(bool) & ~used
    return Reconciliation(
        date=str(plan.about["date"]),
        run_id=str(plan.about["run_id"]),
        as_of=ledger.as_of,
        currency=str(plan.about["currency"]),
        rows=rows,
        people=_people(rows, _cash(ledger, date)),
        unplanned=log[ours].reset_index(drop=True),
        holdout=_holdout(pd.DataFrame(plan.about.get("holdouts") or []), ledger, date),
        logged=bool(len(log)),
    )


def _check_customers(rows: pd.DataFrame, ledger: Ledger) -> None:
    known = rows["customer_id"].isin(ledger.customers["customer_id"])
    if not known.all():
        missing = rows.loc[~known, "customer_id"].iloc[0]
        raise BadInput(
            "is not in the ledger: is it another company's?", where="plan", field="customer_id", value=missing
        )


def _log(ledger: Ledger, date: pd.Timestamp) -> pd.DataFrame:
    """Return the contact log from the plan's first day on, with the local day, in the order of time."""
    contacts = ledger.contacts
    day = contacts["time"].dt.tz_convert(ledger.timezone).dt.tz_localize(None).dt.normalize()
    log: pd.DataFrame = contacts.assign(day=day)[(day >= date).to_numpy(bool)]
    return log.sort_values("time", kind="stable").reset_index(drop=True)


def _matched(rows: pd.DataFrame, log: pd.DataFrame) -> tuple[dict[str, list[Any]], Flags]:
    """Give each planned contact the first logged one, of its day or else later, that no other has."""
    used = np.zeros(len(log), bool)
    found = np.full(len(rows), -1)
    channel = log["channel"].astype(str).to_numpy()
    groups = {key: np.asarray(at) for key, at in log.groupby([log["customer_id"].astype(str), channel]).indices.items()}
    days = log["day"].to_numpy()
    keys = list(zip(rows["customer_id"], rows["channel"], strict=True))
    for same_day in (True, False):
        for k, (key, day) in enumerate(zip(keys, rows["date"].to_numpy(), strict=True)):
            at = groups.get(key)
            if at is None or found[k] >= 0:
                continue
            fits = ~used[at] & ((days[at] == day) if same_day else (days[at] > day))
            if fits.any():
                found[k] = at[np.argmax(fits)]
                used[found[k]] = True
    picked = log.reindex(np.where(found >= 0, found, len(log)))
    columns = {"done_on": "day", "outcome": "outcome", "by": "specialist_id", "minutes_spent": "minutes"}
    values = {name: picked[column].astype(object).to_list() for name, column in columns.items()}
    return values, used


def _ends(rows: pd.DataFrame, ledger: Ledger) -> "pd.Series[str]":
    done = rows["done_on"].notna().to_numpy(bool)
    on_time = done & (pd.to_datetime(rows["done_on"]) == rows["date"]).to_numpy(bool)
    ahead = (rows["date"] > ledger.as_of).to_numpy(bool)
    ends = np.select([on_time, done, ahead, _settled(rows, ledger)], ["done", "late", "to come", "settled"], "not done")
    return pd.Series(ends, index=rows.index, dtype=object)


def _settled(rows: pd.DataFrame, ledger: Ledger) -> Flags:
    """Return for which contacts all invoices were settled before their day."""
    ids = rows["invoices"].str.split().explode()
    at = positions(ids.astype(ledger.invoices["invoice_id"].dtype), ledger.invoices["invoice_id"])
    settled = ledger.settled_date.to_numpy()[at] if len(ledger.invoices) else np.zeros(0, "datetime64[ns]")
    before = (at >= 0) & (settled < rows["date"].reindex(ids.index).to_numpy())
    return (
        pd.Series(before, index=ids.index).groupby(level=0).all().reindex(rows.index, fill_value=False).to_numpy(bool)
    )


def _cash(ledger: Ledger, date: pd.Timestamp) -> pd.DataFrame:
    """Return the cash received from the plan's first day on: customer_id, day, amount (base currency, minor units)."""
    payments = ledger.payments
    cash = payments[((payments["kind"] == "cash") & (payments["received_date"] >= date)).to_numpy(bool)]
    at = positions(cash["invoice_id"], ledger.invoices["invoice_id"])
    payer = cash["customer_id"].astype(object).to_numpy()
    owner = ledger.invoices["customer_id"].astype(object).to_numpy()
    who = np.where(at >= 0, owner[at], payer) if len(owner) else payer
    amount = cash["amount"].to_numpy(np.float64) * ledger.to_base(cash["currency"])
    return pd.DataFrame({"customer_id": who, "day": cash["received_date"].to_numpy(), "amount": amount})


def _people(rows: pd.DataFrame, cash: pd.DataFrame) -> pd.DataFrame:
    """Return the figures by specialist; a customer's cash counts once, for the first contact with it."""
    due = rows[rows["end"] != "to come"]
    touched = due[due["end"].isin(("done", "late"))]
    first = touched.assign(done_on=pd.to_datetime(touched["done_on"])).drop_duplicates("customer_id")
    paid = first[["customer_id", "specialist_id", "done_on"]].merge(cash, on="customer_id")
    collected = paid[paid["day"] >= paid["done_on"]].groupby("specialist_id")["amount"].sum()
    by = rows.groupby("specialist_id", sort=True)
    people = pd.DataFrame({"specialist": by["specialist"].first(), "planned": by.size()})
    for end in ENDS:
        people[end.replace(" ", "_")] = rows[rows["end"] == end].groupby("specialist_id").size()
    other = touched[(touched["specialist_id"] != "") & (touched["by"] != touched["specialist_id"])]
    people["by_another"] = other.groupby("specialist_id").size()
    people["minutes_planned"] = due.groupby("specialist_id")["minutes"].sum()
    people["minutes_spent"] = touched.groupby("specialist_id")["minutes_spent"].sum().astype(float)
    people["uplift_expected"] = touched.groupby("specialist_id")["uplift"].sum()
    people["cash_collected"] = collected
    people = people.fillna(dict.fromkeys(people.columns.drop("specialist"), 0)).reset_index()
    whole = ["planned", *(end.replace(" ", "_") for end in ENDS), "by_another"]
    people = people.astype(dict.fromkeys(whole, "int64"))
    order = people.assign(machine=people["specialist"] == AUTOMATIC).sort_values(["machine", "specialist"]).index
    return people.loc[order].reset_index(drop=True)


def _holdout(drawn: pd.DataFrame, ledger: Ledger, date: pd.Timestamp) -> dict[str, float]:
    """Return cash per customer of both groups, from the plan's first day to the end of each customer's span.

    Customers are weighted by 1 ÷ chance of their group, so that chances may differ.

    The interval is the normal one of the difference of two such weighted means.
    """
    if drawn.empty:
        return {}
    start, stop = pd.to_datetime(drawn["start"]), pd.to_datetime(drawn["stop"])
    drawn = drawn.assign(start=start.where(start > date, date), stop=stop).reset_index(names="span")
    paid = drawn.merge(_cash(ledger, date), on="customer_id")
    paid = paid[(paid["day"] >= paid["start"]) & (paid["day"] <= paid["stop"])]
    value = paid.groupby("span")["amount"].sum().reindex(drawn["span"], fill_value=0.0).to_numpy(np.float64)
    held, chance = drawn["held"].to_numpy(bool), drawn["probability"].to_numpy(np.float64)
    means, variances = [], []
    for group, p in ((~held, 1 - chance), (held, chance)):
        if group.sum() < 2:
            return {}
        weight = 1 / p[group]
        mean = float((weight * value[group]).sum() / weight.sum())
        means.append(mean)
        variances.append(float(((weight * (value[group] - mean)) ** 2).sum() / weight.sum() ** 2))
    half = 1.959964 * float(np.sqrt(sum(variances)))
    gain = means[0] - means[1]
    return {
        "others": float((~held).sum()),
        "held": float(held.sum()),
        "cash_others": means[0],
        "cash_held": means[1],
        "difference": gain,
        "low": gain - half,
        "high": gain + half,
    }
