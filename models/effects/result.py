"""Estimates of what contacts do, side by side, each with its interval, evidence grade and caveat."""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ledger import BadInput
from ledger.json_ready import json_object
from ledger.results import Result
from ledger.screen import text_table, wrapped
from ledger.wording import plural
from models.effects.what_if import Effect, Effects

METHODS: Final = ("naive", "adjusted", "holdout")
GRADES: Final = {"naive": "weak", "adjusted": "C", "holdout": "B"}
CAVEATS: Final = {
    "naive": "confounded: collectors choose whom to contact",
    "adjusted": "right if choices followed from what is recorded",
    "holdout": "randomised: only what a draw decided counts",
}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One estimate of the hazard ratio right after a contact, with its 95 % interval, clustered by customer."""

    method: str
    channel: str
    tone: str
    ratio: float
    low: float
    high: float
    error: float
    payments: int  # while a contact of this kind was felt
    grade: str
    caveat: str

    def as_effect(self) -> Effect:
        """Return the estimate as an effect that names its evidence."""
        return Effect(
            channel=self.channel,
            tone=self.tone,
            ratio=self.ratio,
            low=self.low,
            high=self.high,
            grade=self.grade,
            source=f"estimated from the contact log, {self.method}: {self.caveat}",
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EffectStudy(Result):
    """Estimates side by side.

    `as_assigned` is the hazard ratio of overdue invoices in spans when contact was allowed against spans when it was
    held, whatever was then done (intention to treat). `notes` say what could not be estimated, and why.
    """

    estimates: tuple[Estimate, ...]
    as_assigned: Estimate | None
    assumed: Effects
    invoices: int
    customers: int
    payments: int
    contacts: int
    since: str
    as_of: str
    frailty_variance: float | None
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row per kind of contact and method, the assumed values with their ranges among them."""
        names = ("channel", "tone", "method", "ratio", "low", "high", "payments", "grade", "caveat")
        rows = [{name: getattr(one, name) for name in names} for one in self.estimates]
        kinds = {(one.channel, one.tone) for one in self.estimates}
        for entry in self.assumed.entries:
            if not kinds or (entry.channel, entry.tone) in kinds:
                shown = {name: getattr(entry, name) for name in ("channel", "tone", "ratio", "low", "high", "grade")}
                rows.append(shown | {"method": "assumed", "payments": 0, "caveat": entry.source})
        order = {name: k for k, name in enumerate(("assumed", *METHODS))}
        table = pd.DataFrame(rows, columns=list(names))
        return table.sort_values(
            ["channel", "tone", "method"], key=lambda c: c.map(order) if c.name == "method" else c, ignore_index=True
        )

    def effects(self, method: str = "adjusted") -> Effects:
        """Return the estimates of a method as effects, the rest as assumed.

        Raises
        ------
        BadInput
            Where the method gave no estimate.
        """
        found = {(one.channel, one.tone): one for one in self.estimates if one.method == method}
        if not found:
            known = sorted({one.method for one in self.estimates})
            raise BadInput(f"no estimate; there are: {', '.join(known) or 'none'}", field="method", value=method)
        entries = []
        for entry in self.assumed.entries:
            one = found.get((entry.channel, entry.tone))
            entries.append(entry if one is None else one.as_effect())
        return Effects(
            entries=tuple(entries),
            law=self.assumed.law,
            basis="estimated",
        )

    def summary(self) -> str:
        """Return the estimates as text that fits 80 columns."""
        rows = []
        for row in self.table().itertuples():
            interval = f"{row.low:.2f} to {row.high:.2f}"
            kind = f"{row.channel} {row.tone}"
            rows.append((kind, str(row.method), f"{row.ratio:.2f}", interval, f"grade {row.grade}"))
        title = "Hazard ratio of payment right after a contact, with its 95 % interval\n(1: no effect)"
        table = text_table(("",) * 5, rows, words=[1, 3, 4])
        said = [f"{name}: {CAVEATS[name]}" for name in METHODS if any(one.method == name for one in self.estimates)]
        said += [
            f"{one.channel} {one.tone}, {one.caveat}" for one in self.table().itertuples() if one.method == "assumed"
        ]
        said += self._sentences()
        return "\n".join([title, table, *(wrapped(text, "") for text in said)])

    def _sentences(self) -> list[str]:
        """Return sentences on the draw, the data and what could not be estimated."""
        said = list(self.notes)
        if self.estimates:
            said.insert(
                0,
                f"From {plural(self.contacts, 'contact')}, {plural(self.invoices, 'invoice')} of "
                f"{plural(self.customers, 'customer')} issued "
                f"from {self.since}, {self.payments:,} paid by {self.as_of}. The ratio less 1 halves in "
                f"{self.assumed.law.half_life:g} days (assumed); promised days are left out.",
            )
        if self.as_assigned is not None:
            one = self.as_assigned
            said.insert(
                0,
                f"As assigned: overdue invoices are paid {one.ratio:.2f} times as fast "
                f"({one.low:.2f} to {one.high:.2f}) while contact is allowed as while it is held.",
            )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain values."""
        one = self.as_assigned
        shown = ("invoices", "customers", "payments", "contacts", "since", "as_of", "frailty_variance")
        about = {name: getattr(self, name) for name in shown} | {
            "effects": self.table().to_dict("records"),
            "as_assigned": None if one is None else {"ratio": one.ratio, "low": one.low, "high": one.high},
            "half_life": self.assumed.law.half_life,
            "fatigue": self.assumed.law.fatigue,
            "memory": self.assumed.law.memory,
            "notes": self.notes,
        }
        return json_object(about)
