"""The rows of a call plan: what each specialist does in which order, and why."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ledger.arrays import Flags, Ints
from ledger.table.tables import further_columns
from ledger.wording import plural
from optimize.plans.call_plan import AUTOMATIC, ROW_COLUMNS, framed
from optimize.plans.candidates import Calls, ChosenCalls
from optimize.plans.contact_value import TONES
from optimize.plans.messages import Messages
from optimize.plans.reasons import Reasons, as_invoiced, joined_texts
from optimize.roster.shifts import BLOCK_MINUTES

Row = dict[str, Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class Writer:
    """Writes rows; `about` are the columns that are the same in all of them."""

    calls: Calls
    reasons: Reasons
    productive: float  # share of a block that goes into calls
    about: Row

    def table(self, chosen: ChosenCalls, sent: Messages, held: Flags, share: float) -> pd.DataFrame:
        """Return all rows, in order: by date, specialist, block and order; what needs nobody comes last."""
        rows = self._desk_rows(chosen) + [self._message(sent, k) for k in range(len(sent.account))]
        rows += [self._left_alone(account) for account in np.flatnonzero(held).tolist()]
        for row in rows:
            row |= self.about | {"exploration": row["action"] == "leave alone", "exploration_probability": share}
        rows.sort(key=_place)
        automatic: dict[pd.Timestamp, int] = {}
        for row in rows:
            if not row["specialist_id"]:
                row["order"] = automatic[row["date"]] = automatic.get(row["date"], 0) + 1
        return framed(ROW_COLUMNS, {name: [row[name] for row in rows] for name in ROW_COLUMNS})

    @cached_property
    def _invoices(self) -> Any:
        return self.calls.dunning.ledger.invoices["invoice_id"].to_numpy(object)

    @cached_property
    def _customers(self) -> Any:
        return self.calls.dunning.ledger.customers["customer_id"].to_numpy(object)

    @cached_property
    def _open(self) -> Ints:
        """Open minor units of each invoice, in its own currency."""
        return self.calls.dunning.ledger.open_amount()

    @cached_property
    def _currencies(self) -> Any:
        return self.calls.dunning.ledger.invoices["currency"].to_numpy(object)

    def _whom(self, customer: int, rows: Ints) -> Row:
        """Return who the customer is, and the amount open of these invoices as the customer knows it."""
        person = self.calls.dunning.ledger.customers.iloc[customer]
        further = {name: person[name] for name in further_columns(self.calls.dunning.ledger.customers)}
        known = {name: text for name, text in further.items() if not pd.isna(text) and text}
        name = known.pop("name", "")
        return {
            "customer_id": self._customers[customer],
            "customer_name": name,
            "customer_details": "; ".join(f"{key}: {text}" for key, text in known.items()),
            "open_as_invoiced": as_invoiced(self._open[rows], self._currencies[rows].tolist()),
        }

    # -- calls and tasks

    def _desk_rows(self, chosen: ChosenCalls) -> list[Row]:
        n, blocks = len(self.calls.dunning.customer), len(self.calls.desks.starts)
        made = []
        for k in range(len(chosen.item)):
            day, block = divmod(int(chosen.slot[k]), blocks)
            item, desk = int(chosen.item[k]), int(chosen.desk[k])
            row, first = (
                (self._call(item, desk, day, block, chosen, k=k), self._first(item, day))
                if item < n
                else (self._task(item - n, desk, day), 1)
            )
            closes = float(self.calls.reach.closes[item]) if item < n else 24.0
            row |= {
                "date": self.calls.desks.dates[day],
                "block": block + 1,
                "specialist_id": self.calls.desks.ids[desk],
                "specialist": self.calls.desks.names[desk],
            }
            rate = row["net_value"] / max(row["minutes"], 1e-9)
            made.append(((desk, day, block), (first, closes, -rate, row["customer_id"]), row))
        made.sort(key=lambda entry: entry[:2])
        self._clock([(key, row) for key, _, row in made])
        return [row for _, _, row in made]

    def _first(self, account: int, day: int) -> int:
        """Return the rank within a block: promises to be followed up, then tasks, then the others."""
        return 0 if self.calls.dunning.follow_up[account, day] else 2

    def _clock(self, made: list[tuple[tuple[int, int, int], Row]]) -> None:
        """Give each row its number in its block, and the time at which it starts."""
        now, order, spent = (-1, -1, -1), 0, 0.0
        for key, row in made:
            if key != now:
                now, order, spent = key, 0, 0.0
            order += 1
            hour, minute = self.calls.desks.starts[key[2]].split(":")
            start = int(hour) * 60 + int(minute) + min(int(spent / self.productive), BLOCK_MINUTES - 1)
            row |= {"order": order, "starts": f"{start // 60:02d}:{start % 60:02d}"}
            spent += row["minutes"]

    def _call(self, account: int, desk: int, day: int, block: int, chosen: ChosenCalls, *, k: int) -> Row:
        calls = self.calls
        tone, weight = int(chosen.tone[k]), float(chosen.weight[k])
        chance = float(calls.reach.chance[account, day, block])
        uplift = chance * float(calls.worths.gain[account, tone, day]) * weight
        cost = calls.cost_of(account, desk, day, block) * weight
        again = int(chosen.before[k])
        note = f"only if nobody was reached on {_shown(again)}" if again >= 0 else ""
        return self._chasing(account, day, "call", "phone", tone, uplift=uplift, chance=chance, note=note) | {
            "minutes": float(calls.reach.minutes[account, day, block]),
            "net_value": uplift - cost,
        }

    def _task(self, task: int, desk: int, day: int) -> Row:
        tasks, ledger = self.calls.tasks, self.calls.dunning.ledger
        rows = tasks.invoices[task]
        owed = round(float((self._open[rows] * ledger.base_rate[rows]).sum()))
        whom = self._whom(int(tasks.customer[task]), rows)
        late = int((self.calls.desks.dates[day] - ledger.invoices["due_date"].iloc[rows].min()).days)
        amount = self.reasons.quoted(owed, whom["open_as_invoiced"])
        count = f"{plural(len(rows), 'disputed invoice')}, {amount}"
        cost = float(tasks.minutes[task] * tasks.cost[desk])
        return whom | {
            "invoices": " ".join(self._invoices[rows]),
            "invoice_count": len(rows),
            "open_amount": owed,
            "days_past_due": late,
            "action": "acknowledge",
            "channel": "email",
            "tone": "friendly",
            "step": "dispute acknowledgement",
            "minutes": float(tasks.minutes[task]),
            "reach_probability": 1.0,
            "value_with": 0.0,
            "value_without": 0.0,
            "uplift": 0.0,
            "net_value": -cost,
            "reason": joined_texts(count, "a dispute must be acknowledged within one business day"),
        }

    # -- what needs nobody

    def _message(self, sent: Messages, k: int) -> Row:
        account, day, tone = int(sent.account[k]), int(sent.day[k]), int(sent.tone[k])
        step = self.calls.dunning.strategy.steps[self.calls.dunning.step[account, day]]
        uplift = float(self.calls.worths.gain[account, tone, day])
        kind = {"letter": "letter", "portal": "portal notice"}.get(step.channel, step.channel)
        row = self._chasing(account, day, kind, step.channel, tone, uplift=uplift, chance=1.0, note="")
        return row | self._nobody(day) | {
            "action": "message",
            "net_value": float(sent.net[k]),
        }  # fmt: skip

    def _left_alone(self, account: int) -> Row:
        row = self._chasing(account, 0, "contact", "", 0, uplift=0.0, chance=0.0, note="") | self._nobody(0)
        share = "drawn for the randomised holdout: please do not contact"
        step = self.calls.dunning.step[account, 0]
        name = self.calls.dunning.step_name(step) if step >= 0 else ""
        return row | {"action": "leave alone", "tone": "", "step": name, "reason": share, "net_value": 0.0}

    def _nobody(self, day: int) -> Row:
        return {
            "date": self.calls.desks.dates[day],
            "block": 1,
            "starts": self.calls.desks.starts[0],
            "order": 0,
            "specialist_id": "",
            "specialist": AUTOMATIC,
            "minutes": 0.0,
        }

    def _chasing(
        self, account: int, day: int, kind: str, channel: str, tone: int, *, uplift: float, chance: float, note: str
    ) -> Row:
        """Return what a row says of the invoices that it covers, and why they are chased."""
        dunning, reasons = self.calls.dunning, self.reasons
        mine = np.arange(*np.searchsorted(dunning.account, [account, account + 1]))
        covered = mine[dunning.covered[mine, day]]
        rows = covered if len(covered) else mine
        rows = rows[np.lexsort((dunning.invoice[rows], dunning.due[rows]))]
        late: Ints = dunning.days[day] - dunning.due[rows]
        owed, customer = round(float(dunning.open[rows].sum())), int(dunning.customer[account])
        without, step = float(self.calls.worths.without[account, day]), int(dunning.step[account, day])
        broken = "a promise to pay has passed unpaid" if dunning.follow_up[account, day] else ""
        if (dunning.kept[rows, day] > 0).any():
            broken = "only if the promise that falls due before then is not kept"
        date = "" if day == 0 else f"on {self.calls.desks.dates[day]:%a %d %b}"
        named = {"": "today"}.get(date, date)
        whom = self._whom(customer, dunning.invoice[rows])
        return whom | {
            "invoices": " ".join(self._invoices[dunning.invoice[rows]]),
            "invoice_count": len(rows),
            "open_amount": owed,
            "days_past_due": int(late.max()),
            "action": kind,
            "channel": channel,
            "tone": TONES[tone],
            "step": dunning.step_name(step),
            "reach_probability": chance,
            "value_with": without + uplift,
            "value_without": without,
            "uplift": uplift,
            "reason": joined_texts(
                reasons.owed(late, owed, whom["open_as_invoiced"]), broken, reasons.habit(customer),
                reasons.cash(customer), reasons.effect(kind, uplift, chance, named),
                reasons.step(dunning.step_name(step)), note,
            ),
        }  # fmt: skip


def _place(row: Row) -> tuple[Any, ...]:
    """Return where a row stands; what needs nobody comes last."""
    nobody = row["specialist_id"] == ""
    return row["date"], nobody, row["specialist_id"], row["block"], row["order"], row["action"], row["customer_id"]


def _shown(day: int) -> str:
    return f"{pd.Timestamp(np.datetime64(day, 'D')):%a %d %b}"
