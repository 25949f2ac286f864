"""The key figures of a ledger over a window of days.

Conventions, for every figure here:

- A window runs from `start` to `end`, both included; AR is what is open on the evening of `end`, beginning AR on the
  evening before `start`. Only what was known on the evening of `end` counts.
- Credit sales are gross: the amounts of invoices issued within the window. A credit note lowers AR on the day it is
  applied, never sales; `ledger.kpi.gaming` shows what it did to DSO and CEI.
- Unapplied cash is cash (`cash_collected`) but does not lower AR before it is applied. `unapplied_credit` is the same
  of credit notes and every other kind; `ar_net`, what accountants reconcile, is open AR less both.
- Money that went back (a payment below 0) counts on its own day: it lowers cash and reopens the invoice, no earlier.
- A month ends on `end`: a calendar month when `end` is the last of one, else from the day after the same day of the
  month before. Count-back, true DSO and the CRF's three months use these months.
- Amounts in other currencies are converted with the ledger's rates, after adding up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger.errors import BadInput
from ledger.json_ready import finite, json_object
from ledger.kpi import aging
from ledger.kpi.activity import Activity, Values
from ledger.kpi.catalogue import KPIS, resting_on
from ledger.kpi.window_totals import Flows, WindowTotals, window_totals
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.table.answers import Origin
from ledger.table.columns import Columns, Entries, columns_of
from ledger.table.ledger import Day, Ledger, as_day
from ledger.table.months import day_number, month_start, timestamp

DSO_SLACK: Final = 10.0  # days above amount-weighted terms
CEI_TARGET: Final = 80.0
BAD_DEBT_TARGET: Final = 0.5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Kpis(Result):
    """Key figures of one window; `values` holds `None` where a figure is not available.

    Amounts are in major units of the base currency, percents run from 0 to 100, durations are days. `reasons` say of
    figures that the ledger cannot tell why it cannot, `at_most` of those that are only known not to be higher. The
    aging is empty where what was open is not known.
    """

    as_of: pd.Timestamp
    start: pd.Timestamp
    end: pd.Timestamp
    currency: str
    values: dict[str, float | None]
    aging: pd.DataFrame
    reasons: Mapping[str, str] = field(default_factory=dict)
    at_most: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float | None:
        """Return one figure by its key."""
        return self.values[name]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; null where not available, with the reason where the data lacks it."""
        rows = [
            {"bucket": bucket, "amount": amount, "percent": percent, "invoices": invoices}
            for bucket, amount, percent, invoices in self._aging_rows()
        ]
        about = {
            "as_of": self.as_of,
            "window": {"from": self.start, "to": self.end},
            "kpis": self.values,
            "aging": rows,
            "ar": {name: amount for name, _, amount in self._ties()},
        }
        lacking = {"not_available": self.reasons, "at_most": self.at_most}
        return json_object(about | {name: why for name, why in lacking.items() if why})

    def table(self) -> pd.DataFrame:
        """Return one row per figure, by its key: label, unit, value (NaN where not available), target, met."""
        targets = self.targets()
        rows = {
            name: (kpi.title, kpi.unit_in(self.currency), self.values.get(name), *targets.get(name, ("", None)))
            for name, kpi in KPIS.items()
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["label", "unit", "value", "target", "met"])
        return table.astype({"value": np.float64}).rename_axis("kpi")

    def targets(self) -> dict[str, tuple[str, bool | None]]:
        """Return, by KPI with a pass line, the line in words and whether it is met (`None`: nobody can tell)."""
        dso, cei, bad, terms = (self.values[name] for name in ("dso", "cei", "bad_debt_percent", "terms"))
        line = None if terms is None else terms + DSO_SLACK
        met = None if dso is None or line is None else dso <= line
        return {
            "dso": (
                "within 10 days of terms" if line is None else f"at most {line:.1f} (terms + 10)",
                None if met is False and "dso" in self.at_most else met,
            ),
            "cei": (f"above {CEI_TARGET:.0f}", None if cei is None else cei > CEI_TARGET),
            "bad_debt_percent": (f"below {BAD_DEBT_TARGET}", None if bad is None else bad < BAD_DEBT_TARGET),
        }

    def summary(self) -> str:
        """Return the figures and the aging as text tables of at most 80 columns."""
        targets = self.targets()
        figures = []
        for name, kpi in KPIS.items():
            value = self.values.get(name)
            shown = _shown(value)
            rule, met = targets.get(name, ("", None))
            verdict = {True: "pass: ", False: "MISS: ", None: ""}[met]
            if name in self.at_most and value is not None:
                shown = f"at most {shown}"
            figures.append((kpi.named, shown, "" if name in self.reasons else verdict + rule))
        ages = [
            (
                bucket.replace("_", " "),
                _shown(amount),
                "-" if percent is None else f"{percent:.2f}",
                _shown(invoices, 0),
            )
            for bucket, amount, percent, invoices in self._aging_rows()
        ]
        ties = [(label, _shown(amount), "", "") for _, label, amount in self._ties()]
        parts = [
            f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}, amounts in {self.currency}",
            text_table(("", "", ""), figures, words=[2]),
            *(wrapped(said, "") for said in self._remarks()),
            text_table(("days past due", "amount", "percent", "invoices"), [*ages, *ties]),
        ]
        return "\n\n".join(parts)

    def _remarks(self) -> list[str]:
        """Return why figures are not available, and which are only bounds, a sentence for each reason."""
        said = []
        bounds = {name: reason for name, reason in self.at_most.items() if self.values.get(name) is not None}
        for start, named in (("not available", self.reasons), ("at most", bounds)):
            for reason in dict.fromkeys(named.values()):
                labels = [KPIS[name].named for name in named if named[name] == reason]
                said.append(f"{start}: {reason} ({'; '.join(labels)})")
        return said

    def _ties(self) -> list[tuple[str, str, float | None]]:
        """Return what the aging adds up to, what is still to be applied, and what is left: name, words, amount."""
        lines = (
            ("gross_open", "gross open", "ar_open"),
            ("unapplied_credit", "less unapplied credits", "unapplied_credit"),
            ("unapplied_cash", "less unapplied cash", "unapplied_cash"),
            ("net", "net", "ar_net"),
        )
        return [(name, words, self.values[kpi]) for name, words, kpi in lines]

    def _aging_rows(self) -> list[tuple[str, float | None, float | None, int | None]]:
        amounts, percents = ([finite(each) for each in self.aging[name].tolist()] for name in ("amount", "percent"))
        counts = [None if pd.isna(count) else int(count) for count in self.aging["invoices"].tolist()]
        return list(zip(self.aging["bucket"].tolist(), amounts, percents, counts, strict=True))


def _shown(value: float | None, places: int = 2) -> str:
    return "not available" if value is None else f"{value:,.{places}f}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Records:
    """What key figures are read from: a ledger as columns, or a simulated run that is not booked as one."""

    as_of: pd.Timestamp
    currency: str
    book: Columns
    activity: Activity
    origin: Origin

    @cached_property
    def flows(self) -> Flows:
        """Running totals of the book."""
        return Flows.of(self.book)

    @classmethod
    def of(cls, ledger: Ledger) -> "Records":
        """Return the records of a ledger."""
        entries = Entries.of(ledger)
        return cls(
            as_of=ledger.as_of,
            currency=ledger.base_currency,
            book=columns_of(entries),
            activity=Activity.of(ledger, entries),
            origin=ledger.origin,
        )


def kpis(ledger: Ledger | Records, *, start: Day | None = None, end: Day | None = None) -> Kpis:
    """Return the key figures of a window, by default the month that ends on `end`, by default the ledger's last day.

    Raises
    ------
    BadInput
        Where the window ends before it starts, or after the ledger's `as_of`.

    Notes
    -----
    `mean_days_late` is over invoices settled in full within the window with cash and without a write-off, weighted by
    amount, from the due date to the day the last cash was *received* (early ones count negative): the customer's delay,
    not that of cash application. `cash_collected` is by the day received, `cei_cash` by the day applied, both of kind
    cash alone. `ar_turnover` divides by the mean of beginning and ending AR. `cei_crf` spans three months whatever the
    window. Promises are those due within the window (see `promise_outcomes`); right-party percent is of
    outbound phone attempts; contacts are per customer contacted; cash per specialist hour is per staffed (paid) hour.
    """
    records = Records.of(ledger) if isinstance(ledger, Ledger) else ledger
    last = day_number(_known(records, records.as_of if end is None else end))
    first = month_start(last) if start is None else day_number(as_day(start, field="start"))
    if first > last:
        raise BadInput("must not lie after the window's end", field="start", value=f"{timestamp(first):%Y-%m-%d}")
    totals = next(window_totals(records.book, records.flows, [first], [last]))
    reasons, at_most = _untold(totals, records)
    return Kpis(
        as_of=timestamp(last),
        start=timestamp(first),
        end=timestamp(last),
        currency=records.currency,
        values=_told(_values(totals, records.activity), reasons),
        aging=aging.withheld() if "ar_open" in reasons else aging.table(totals.aging, totals.aging_invoices),
        reasons=reasons,
        at_most=at_most,
    )


def kpi_path(ledger: Ledger | Records, days: Iterable[Day]) -> pd.DataFrame:
    """Return the KPIs of the month ending on each day, one row per day, as `kpis` gives them, to the last digit.

    Columns are the keys of `Kpis.values` (NaN where not available), the aging amounts as ``aging_not_due``,
    ``aging_1-30`` … ``aging_91+``, and ``cumulative_cash``: all cash received since the ledger began.
    """
    records = Records.of(ledger) if isinstance(ledger, Ledger) else ledger
    asked = pd.DatetimeIndex([_known(records, day) for day in days], name="day")
    ends = np.unique([day_number(day) for day in asked])
    rows = []
    starts = [month_start(int(end)) for end in ends]
    for totals in window_totals(records.book, records.flows, starts, ends.tolist()):
        reasons, _ = _untold(totals, records)
        ages = np.full(len(aging.BUCKETS), np.nan) if "ar_open" in reasons else totals.aging
        amounts = {f"aging_{name}": float(amount) for name, amount in zip(aging.BUCKETS, ages, strict=True)}
        values = _told(_values(totals, records.activity), reasons)
        rows.append(values | amounts | {"cumulative_cash": totals.cash_ever})
    index = pd.DatetimeIndex([timestamp(end) for end in ends], name="day")
    return pd.DataFrame(rows, index=index, columns=None if rows else [*KPIS]).astype(np.float64).loc[asked]


def _known(records: Records, day: Day) -> pd.Timestamp:
    day = as_day(day, field="end")
    if day > records.as_of:
        rule = f"this ledger knows nothing after {records.as_of:%Y-%m-%d}"
        raise BadInput(rule, field="end", value=f"{day:%Y-%m-%d}")
    return day


def _untold(totals: WindowTotals, records: Records) -> tuple[dict[str, str], dict[str, str]]:
    """Return which figures of a window the ledger cannot tell, and which it only bounds from above, with the reason.

    Where no invoice was ever settled in full, those that were are probably missing: sales are those still open, so DSO
    is at most what they say. Where most settlements have no day, no figure is known that rests on the day of one; what
    is open on the source's own last evening does not.
    """
    reasons = _undated(totals, records.origin)
    bounds: dict[str, str] = {}
    if totals.sales_ever > 0 and not totals.settled_ever:
        reason = f"the source holds no settled invoice by {timestamp(totals.end):%Y-%m-%d}"
        came = bool((records.book.received <= totals.end).any())
        received = () if came else ("cash_collected", "written_off")
        reasons = dict.fromkeys((*resting_on("settled"), *received), reason) | reasons
        bounded = (name for name in resting_on("sales") if name not in reasons)
        bounds = dict.fromkeys(bounded, f"{reason}, so sales may be missing")
    return reasons, bounds


def _undated(totals: WindowTotals, origin: Origin) -> dict[str, str]:
    """Return which figures of a window rest on days of settlement that the source does not have, with the reason."""
    until = None if origin.until is None else day_number(origin.until)
    if not origin.guessed or (until is not None and totals.start > until):
        return {}
    early = until is not None and totals.end < until
    names = resting_on("settled", "settled on a day", *(("sales", "open") if early else ()))
    return dict.fromkeys(names, origin.settlements_undated)


def _told(values: Values, reasons: Mapping[str, str]) -> Values:
    return {name: None if name in reasons else value for name, value in values.items()}


def _values(totals: WindowTotals, activity: Activity) -> Values:
    done = activity.values(totals.start, totals.end, totals.cash_received)
    return {name: kpi.formula(totals, done) for name, kpi in KPIS.items()}
