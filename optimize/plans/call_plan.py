"""A call plan: who contacts whom, when and how over the next working days, with its proof and its reasons."""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ledger.json_ready import json_object
from ledger.results import Result
from ledger.screen import wrapped
from ledger.table.currency import decimals
from ledger.wording import plural

ROW_COLUMNS: Final[dict[str, str]] = {
    "date": "datetime64[ns]",
    "block": "int64",
    "starts": "str",
    "order": "int64",
    "specialist_id": "str",
    "specialist": "str",
    "customer_id": "str",
    "invoices": "str",
    "invoice_count": "int64",
    "open_amount": "int64",
    "days_past_due": "int64",
    "action": "str",
    "channel": "str",
    "tone": "str",
    "step": "str",
    "minutes": "float64",
    "reach_probability": "float64",
    "value_with": "float64",
    "value_without": "float64",
    "uplift": "float64",
    "net_value": "float64",
    "reason": "str",
    "model": "str",
    "model_version": "str",
    "strategy": "str",
    "snapshot": "str",
    "run_id": "str",
    "exploration": "bool",
    "exploration_probability": "float64",
    "open_as_invoiced": "str",
    "customer_name": "str",
    "customer_details": "str",
}
PRICE_COLUMNS: Final[dict[str, str]] = {
    "specialist_id": "str",
    "date": "datetime64[ns]",
    "block": "int64",
    "minutes_used": "float64",
    "minutes": "float64",
    "price_per_hour": "float64",
}
BINDING_COLUMNS: Final[dict[str, str]] = {"rule": "str", "accounts": "int64", "sentence": "str"}
UNMET_COLUMNS: Final[dict[str, str]] = {"rule": "str", "customer_id": "str", "reason": "str"}
HOLDOUT_COLUMNS: Final[dict[str, str]] = {
    "customer_id": "str",
    "start": "datetime64[ns]",
    "stop": "datetime64[ns]",
    "held": "bool",
    "probability": "float64",
}
AUTOMATIC: Final = "automatic"  # the name that stands in `specialist` where no person is needed


def framed(columns: dict[str, str], values: dict[str, Any] | None = None) -> pd.DataFrame:
    """Return a table with these columns and types; without values it is empty. Texts are Python strings.

    A text column that is not among the values is empty text.
    """
    given = values or {name: [] for name in columns}
    rows = len(next(iter(given.values())))
    given = {name: [""] * rows for name, kind in columns.items() if kind == "str"} | given
    types = {name: object if kind == "str" else kind for name, kind in columns.items()}
    return pd.DataFrame({name: pd.Series(given[name], dtype=types[name]) for name in columns})


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CallPlan(Result):
    """The contacts of the next working days.

    Money is in minor units of `currency`, the ledger's base currency.

    Parameters
    ----------
    date, days
        First day asked for, and number of working days from it on.
    status
        "optimal" (gap at most 1e-9), "feasible", "infeasible" (a rule that must hold could not be met, see `unmet`; the
        plan breaks as few as it can), or "fallback" (the solver had no answer: accounts by uplift per minute).
    rows
        One row per contact, by date, specialist, block and order. Columns:

        - date, block (1 to 4), starts ("HH:MM" on the specialists' clock), order (within specialist and block, from 1);
        - specialist_id and specialist (name); "" and "automatic" for what no person needs to do: messages, and
          customers who are left alone for the holdout;
        - customer_id, invoices (ids covered, joined by a space), invoice_count, open_amount (of these, int64),
          days_past_due (of the oldest of these, on `date`; negative before it is due);
        - action ("call", "message", "acknowledge": a dispute, "leave alone": drawn for the holdout), channel, tone,
          step (of the strategy's ladder), minutes (expected, of the specialist);
        - reach_probability (that the right party hears it), value_with and value_without (worth today of the cash
          expected from these invoices with and without the contact), uplift (their difference), net_value (less cost
          and goodwill);
        - reason (words for the collector), model, model_version, strategy, snapshot, run_id;
        - exploration (drawn for the holdout) and exploration_probability (with which it is drawn);
        - open_as_invoiced (words: the same open amount in the invoices' own currencies, as it is quoted), customer_name
          and customer_details (words: what else the ledger says of the customer, "phone: …; email: …"); "" for nothing.
    objective, bound, gap
        Days are planned one after the other. The objective is the sum of what the days' plans are worth to the
        optimiser (net values, less what the same calls would bring later, plus continuity); the bound is the sum of
        what no plan of a day can exceed, given the days before it; it is no bound on plans of all days together. What
        the optimiser takes off for late follow-ups and acknowledgements, more than any call is worth, is added to both
        again. The gap is (bound − objective) ÷ |bound|; lower is better.
    seconds
        Time taken; in no row and not in `run_id`.
    prices
        specialist_id, date, block, minutes_used, minutes, price_per_hour (value of one more hour, minor units).
    binding
        rule, accounts (that it held back), sentence; rules that held back nobody are left out.
    unmet
        rule, customer_id, reason: what must be done and could not.
    holdouts
        customer_id, start, stop, held, probability: as the ledger's table of that name, of every account considered;
        empty without exploration.
    accounts, contacts, minutes_used
        Customers with something to dunning in these days, contacts planned, and minutes that these take of specialists.
    model, model_version, effects_basis, effects_grade
        What the payment timing learned from, and on which evidence the effects of contacts rest.
    snapshot, run_id
        Fingerprint of the ledger as known, and a hash of all inputs: equal inputs give equal ids and rows.
    """

    date: pd.Timestamp
    days: int
    status: str
    rows: pd.DataFrame
    objective: float
    bound: float
    gap: float
    seconds: float
    prices: pd.DataFrame
    binding: pd.DataFrame
    unmet: pd.DataFrame
    holdouts: pd.DataFrame
    accounts: int
    contacts: int
    minutes_used: float
    currency: str
    strategy: str
    model: str
    model_version: str
    effects_basis: str
    effects_grade: str
    snapshot: str
    run_id: str
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but rows and holdouts as plain values; dates as ISO text."""
        names = (
            "status", "objective", "bound", "gap", "seconds", "accounts", "contacts", "minutes_used", "currency",
            "strategy", "model", "model_version", "effects_basis", "effects_grade", "snapshot", "run_id",
        )  # fmt: skip
        return json_object(
            {
                "date": self.date,
                "days": self.days,
                **{name: getattr(self, name) for name in names},
                **{name: getattr(self, name).to_dict("records") for name in ("prices", "binding", "unmet")},
                "warnings": self.notes,
            }
        )

    def table(self) -> pd.DataFrame:
        """Return the rows: one per contact."""
        return self.rows

    def summary(self) -> str:
        """Return the plan in a few lines of at most 80 columns."""
        places = decimals(self.currency)
        unit = 10**places
        rows, calls = self.rows, int((self.rows["action"] == "call").sum())
        uplift, net = rows["uplift"].sum() / unit, rows["net_value"].sum() / unit
        price = float(self.prices["price_per_hour"].max()) / unit if len(self.prices) else 0.0
        lines = [
            f"Call plan {self.date:%Y-%m-%d}, {plural(self.days, 'working day')}: {self.status}, gap "
            f"{100 * self.gap:.3f} %",
            f"{plural(self.accounts, 'account')} considered, {plural(self.contacts, 'contact')}, {calls:,} of "
            "them calls; "
            f"{self.minutes_used:,.0f} minutes",
            f"expected uplift {uplift:,.{places}f} {self.currency}, net {net:,.{places}f}; "
            f"dearest hour {price:,.{places}f}",
            f"strategy {self.strategy}, effects {self.effects_basis} (grade {self.effects_grade}), run {self.run_id}",
            f"model {self.model} {self.model_version}".rstrip(),
            *(f"held back {plural(accounts, 'account')}: {text}" for accounts, text in _held(self.binding)),
            *(f"NOT MET: {accounts:,} by rule {rule}" for rule, accounts in self._missed()),
            *(f"note: {text}" for text in self.notes),
        ]
        return "\n".join(map(wrapped, lines))

    def _missed(self) -> list[tuple[str, int]]:
        counts = self.unmet["rule"].value_counts(sort=False)
        return [(str(rule), int(count)) for rule, count in counts.items()]


def _held(binding: pd.DataFrame) -> list[tuple[int, str]]:
    return list(zip(binding["accounts"].tolist(), binding["sentence"].tolist(), strict=True))
