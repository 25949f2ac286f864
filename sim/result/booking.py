"""Turn a run's columns into a ledger."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ledger import Ledger
from ledger.arrays import Days, Flags, Integers
from ledger.table.calendar import NEVER
from ledger.table.tables import CHANNELS, DISPUTE_REASONS, OUTCOMES, PAYMENT_KINDS, RESOLUTIONS, TEXT, TONES, empty
from sim.day.today import DAY
from sim.result.history import History
from sim.result.settlements import Settlements, promised_amount, settlements
from sim.world.keyed import Purpose, key
from sim.world.keyed_kernels import uniforms

_REASON_SHARES = (0.37, 0.28, 0.12, 0.05, 0.18)  # in the order of DISPUTE_REASONS; trade page, grade C


def book(run: History, *, since: int | None = None) -> Ledger:
    """Return the portfolio's ledger carried on to the end of the run.

    With `since`, invoices that were issued before that day and are settled are left out, and contacts before it. Every
    contact since is in, without its lead invoice where that one is left out; a promise needs its invoice.
    """
    end = run.days
    inv = run.columns
    issued = inv.issue <= end
    if since is not None:
        issued &= (inv.issue >= since) | ((inv.pay > end) & (inv.lapse > end))
    books = _Books(run, issued)
    before = run.portfolio.ledger
    return replace(
        before,
        as_of=run.end,
        timezone=run.portfolio.timezone,
        staff=run.staff,
        invoices=_joined(before.invoices, books.invoices()),
        payments=_joined(before.payments, books.payments()),
        contacts=_joined(before.contacts, books.contacts(since)),
        promises=_joined(before.promises, books.promises(since)),
        disputes=_joined(books.resolved(before.disputes), books.disputes()),
        holdouts=_joined(before.holdouts, books.holdouts()),
    )


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    if not len(old) or not len(new):
        return (new if len(new) else old).reset_index(drop=True)
    return pd.concat([old, new], ignore_index=True)


def _arrow(texts: "pd.Series[str]") -> pa.Array:
    made = pa.array(texts.array).cast(pa.string())
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _text(values: pa.Array) -> pd.api.extensions.ExtensionArray:
    return pd.array(values, dtype=TEXT)


def _category(codes: Integers, names: tuple[str, ...]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))  # type: ignore[arg-type]  # an array is meant


def _numbered(prefix: str, numbers: Integers, width: int) -> pa.Array:
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


class _Books:
    """Tables of one run; `shown` are the invoices that appear."""

    def __init__(self, run: History, shown: Flags) -> None:
        self.run, self.inv = run, run.columns
        self.stamp = f"{run.start:%y%m%d}"
        self.row = np.full(len(shown), -1, np.int64)
        self.row[shown] = np.arange(int(shown.sum()))
        self.shown = np.flatnonzero(shown)
        before = run.portfolio.ledger
        self.customer_ids = _arrow(before.customers["customer_id"])
        number = run.number[self.shown]
        self.old = np.flatnonzero(number < 0)
        self.new = np.flatnonzero(number >= 0)
        self.owner = self.customer_ids.take(pa.array(self.inv.customer[self.shown]))
        self.ids = pc.binary_join_element_wise(self.owner, _numbered(self.stamp, np.maximum(number, 0), 6), "-")
        self.old_row = run.portfolio.opening.row[-1 - number[self.old]]
        if len(self.old):
            known = _arrow(before.invoices["invoice_id"].iloc[self.old_row])
            self.ids = pc.replace_with_mask(self.ids, pa.array(number < 0), known)

    def dates(self, days: Integers) -> Days:
        return self.run.start.to_datetime64() + days.astype("timedelta64[D]").astype("timedelta64[ns]")

    def invoices(self) -> pd.DataFrame:
        """Invoices issued in the run."""
        at, chosen = self.shown[self.new], pa.array(self.new)
        return pd.DataFrame(
            {
                "invoice_id": _text(self.ids.take(chosen)),
                "customer_id": _text(self.owner.take(chosen)),
                "issue_date": self.dates(self.inv.issue[at]),
                "due_date": self.dates(self.inv.due[at]),
                "amount": self.run.amount[at],
                "currency": _constant(self.run.portfolio.currency, len(at)),
                "discount_percent": np.full(len(at), np.nan),
                "discount_days": pd.array(np.full(len(at), np.nan), dtype="Int64"),
            }
        )

    def payments(self) -> pd.DataFrame:
        """Credit notes, cash and write-offs booked in the run, in the invoice's own currency."""
        before = self.run.portfolio.ledger
        currency = pd.Series(_constant(self.run.portfolio.currency, len(self.shown)))
        if len(self.old):
            currency.iloc[self.old] = before.invoices["currency"].iloc[self.old_row].to_numpy()
        made = settlements(self.run, self.shown)
        return pd.concat([self._settlements(part, currency) for part in made], ignore_index=True)

    def _settlements(self, part: Settlements, currency: "pd.Series[str]") -> pd.DataFrame:
        ids, dates = self.ids.take(pa.array(part.at)), self.dates(part.day)
        return pd.DataFrame(
            {
                "payment_id": _text(pc.binary_join_element_wise(f"{part.prefix}{self.stamp}", ids, "-")),
                "invoice_id": _text(ids),
                "customer_id": _text(self.owner.take(pa.array(part.at))),
                "received_date": dates,
                "applied_date": dates,
                "amount": part.amount,
                "currency": currency.iloc[part.at].array,
                "kind": _category(np.full(len(part.at), part.kind), PAYMENT_KINDS),
            }
        )

    def _contact_ids(self, numbers: Integers) -> pa.Array:
        return _numbered(f"K{self.stamp}-", numbers, 7)

    def contacts(self, since: int | None) -> pd.DataFrame:
        """Messages, calls and incoming calls; the lead is null where its invoice is not shown."""
        run, log = self.run, self.run.log
        day = log.began // DAY
        lead = np.where(log.lead >= 0, self.row[log.lead], -1)
        at = np.flatnonzero(day >= (since or -NEVER))
        if not len(at):
            return empty("contacts")
        steps = run.strategy.steps
        step = log.step[at]
        channel = np.array([CHANNELS.index(s.channel) for s in steps] + [CHANNELS.index("inbound")])[step]
        tone = np.array([TONES.index(s.tone) for s in steps] + [0])[step]
        call = channel == CHANNELS.index("phone")
        rang = step < 0
        talked, promised = log.talked[at] > 0, log.promised[at]
        names = [OUTCOMES.index(name) for name in ("promise", "reached", "no_answer", "missed", "sent")]
        outcome = np.select([promised, talked, call, rang], names[:4], names[4])
        utc = log.began[at] - run.calendar.utc_offset(run.portfolio.timezone)[day[at]]
        step_names = pa.array([s.name for s in steps] + [None], pa.string())
        staff = pa.concat_arrays([_arrow(run.staff["specialist_id"]), pa.array([None], pa.string())])
        moment = run.start.to_datetime64() + utc.astype("timedelta64[s]").astype("timedelta64[ns]")
        return pd.DataFrame(
            {
                "contact_id": _text(self._contact_ids(at)),
                "customer_id": _text(self.customer_ids.take(pa.array(log.customer[at]))),
                "invoice_id": _text(self.ids.take(pa.array(lead[at], mask=lead[at] < 0))),
                "time": pd.DatetimeIndex(moment).tz_localize("UTC"),
                "channel": _category(channel, CHANNELS),
                "tone": _category(tone, TONES),
                "step": _text(step_names.take(pa.array(step % (len(steps) + 1)))),
                "specialist_id": _text(staff.take(pa.array(log.specialist[at] % len(staff)))),
                "outcome": _category(outcome, OUTCOMES),
                "minutes": log.seconds[at] / 60,
                "promise_made": promised,
            }
        )

    def promises(self, since: int | None) -> pd.DataFrame:
        """Promises, one row per invoice covered."""
        log = self.run.promises
        row = self.row[log.invoice]
        at = np.flatnonzero((row >= 0) & (log.made >= (since or -NEVER)))
        if not len(at):
            return empty("promises")
        return pd.DataFrame(
            {
                "contact_id": _text(self._contact_ids(log.contact[at])),
                "invoice_id": _text(self.ids.take(pa.array(row[at]))),
                "made_on": self.dates(log.made[at]),
                "due_on": self.dates(log.due[at]),
                "amount": promised_amount(self.run, at),
            }
        )

    def disputes(self) -> pd.DataFrame:
        """Disputes opened in the run (those carried over from before stay in the old rows)."""
        run, inv = self.run, self.inv
        at = self.shown[(inv.dispute[self.shown] <= run.days) & ~run.carried_dispute[self.shown]]
        if not len(at):
            return empty("disputes")
        draw = key(run.seed, run.replication, Purpose.DISPUTE)
        reason = np.searchsorted(np.cumsum(_REASON_SHARES), uniforms(draw, inv.entity[at], 5) * sum(_REASON_SHARES))
        over = inv.resolve[at] <= run.days
        lag = run.calendar.next_working(run.calendar.home, 1)[np.minimum(inv.dispute[at], run.calendar.span - 1)]
        acknowledged = np.minimum(lag, inv.resolve[at])
        outcome = np.where(over, (inv.credit[at] > 0).astype(np.int64), -1)
        return pd.DataFrame(
            {
                "invoice_id": _text(self.ids.take(pa.array(self.row[at]))),
                "opened": self.dates(inv.dispute[at]),
                "acknowledged": _until(self.dates(acknowledged), acknowledged <= run.days),
                "resolved": _until(self.dates(np.minimum(inv.resolve[at], run.days)), over),
                "reason": _category(np.minimum(reason, len(DISPUTE_REASONS) - 1), DISPUTE_REASONS),
                "resolution": _category(outcome, RESOLUTIONS),
                "amount": inv.amount[at],
            }
        )

    def holdouts(self) -> pd.DataFrame:
        """Who was drawn to be left alone in which span, and who was not."""
        plan = self.run.holdout
        if plan is None or not len(plan.entity):
            return empty("holdouts")
        held = plan.table(self.run.days)
        customer, span = np.divmod(np.arange(held.size), held.shape[1])
        first = 1 + span * plan.days
        return pd.DataFrame(
            {
                "customer_id": _text(self.customer_ids.take(pa.array(customer))),
                "start": self.dates(first),
                "stop": self.dates(first + plan.days - 1),
                "held": held.ravel(),
                "probability": np.full(held.size, plan.share),
            }
        )

    def resolved(self, disputes: pd.DataFrame) -> pd.DataFrame:
        """Return the old disputes with those closed that the run resolved."""
        run, inv = self.run, self.inv
        carried = np.flatnonzero(run.carried_dispute & (inv.resolve <= run.days))
        if not len(carried):
            return disputes
        ids = run.portfolio.ledger.invoices["invoice_id"].iloc[run.portfolio.opening.row[-1 - run.number[carried]]]
        closed = pd.Series(self.dates(inv.resolve[carried]), index=pd.Index(ids))
        outcome = pd.Series(np.where(inv.credit[carried] > 0, "credited", "rejected"), index=pd.Index(ids))
        disputes = disputes.copy()
        was_open = disputes["resolved"].isna() & disputes["invoice_id"].isin(closed.index)
        names = disputes.loc[was_open, "invoice_id"]
        disputes.loc[was_open, "resolved"] = names.map(closed)
        disputes.loc[was_open, "resolution"] = names.map(outcome)
        return disputes


def _constant(value: str, count: int) -> pd.api.extensions.ExtensionArray:
    return _text(pa.repeat(pa.scalar(value), count))


def _until(dates: Days, known: Flags) -> Days:
    return np.where(known, dates, np.datetime64("NaT"))
