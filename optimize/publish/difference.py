"""What has changed since the plan before: contacts added, dropped, moved to another hour or person, or altered."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ledger.results import Result

KINDS: Final = ("added", "dropped", "moved", "changed")
_RANK: Final = {kind: k for k, kind in enumerate((*KINDS, ""))}
_WHERE: Final = ["date", "block", "specialist_id"]
_WHAT: Final = ["action", "channel", "tone", "step", "invoices", "open_amount"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Difference(Result):
    """Two plans compared over the days that both cover.

    Parameters
    ----------
    against, run_id
        First day and run of the plan before.
    same
        Contacts that are as they were.
    passed, later
        Contacts of the plan before on days that have passed, and of the new one on days that are new.
    rows
        change (one of `KINDS`), customer_id, before and now (day, block, specialist, action; "" where there is none),
        open_before and open_now (minor units; null where there is none). The largest amounts stand first.
    """

    against: str
    run_id: str
    same: int
    passed: int
    later: int
    rows: pd.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """Return how many contacts changed, by kind."""
        found = self.rows["change"].value_counts()
        return {kind: int(found.get(kind, 0)) for kind in KINDS}

    def table(self) -> pd.DataFrame:
        """Return one row per contact that changed."""
        return self.rows

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return {
            "against": self.against,
            "against_run": self.run_id,
            **self.counts,
            "same": self.same,
            "passed": self.passed,
            "later": self.later,
        }

    def summary(self) -> str:
        """Return one line."""
        told = ", ".join(f"{count:,} {kind}" for kind, count in self.counts.items() if count) or "nothing changed"
        return f"against the plan of {self.against}: {told}; {self.same:,} as before, {self.later:,} on new days"


def difference(
    before: pd.DataFrame,
    now: pd.DataFrame,
    *,
    first: pd.Timestamp | None = None,
    against: str = "",
    run_id: str = "",
) -> Difference:
    """Compare the rows of two plans (see `CallPlan`), contact by contact.

    The k-th contact with a customer in the days that both plans cover is compared with the k-th. A contact is moved
    when its day, block or specialist differs, else changed when its action, tone, step, invoices or amount do.

    Parameters
    ----------
    before, now
        Rows of the older and of the newer plan.
    first
        First day of the newer one; by default that of its first contact.
    against, run_id
        First day and run of the older one.
    """
    first = now["date"].min() if first is None and len(now) else first
    last = before["date"].max() if len(before) else None
    old = _numbered(before if first is None else before[before["date"] >= first])
    new = _numbered(now if last is None else now[now["date"] <= last])
    both = old.merge(new, on=["customer_id", "k"], how="outer", suffixes=("_before", "_now"), indicator="side")
    change = _changes(both)
    rows = pd.DataFrame(
        {
            "change": change,
            "customer_id": both["customer_id"],
            "before": _words(both, "before"),
            "now": _words(both, "now"),
            "open_before": both["open_amount_before"].astype("Int64"),
            "open_now": both["open_amount_now"].astype("Int64"),
        }
    )
    amount = rows[["open_before", "open_now"]].max(axis=1).fillna(0).astype("int64")
    order = pd.DataFrame({"rank": rows["change"].map(_RANK), "amount": -amount, "id": rows["customer_id"]})
    rows = rows.loc[order.sort_values(["rank", "amount", "id"], kind="stable").index]
    return Difference(
        against=against,
        run_id=run_id,
        same=int((change == "").sum()),
        passed=len(before) - len(old),
        later=len(now) - len(new),
        rows=rows[rows["change"] != ""].reset_index(drop=True),
    )


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the contacts with their number among those with the same customer."""
    kept = rows.sort_values(["date", "block", "order"], kind="stable")[["customer_id", *_WHERE, *_WHAT, "specialist"]]
    texts = kept.columns[kept.dtypes == "string"]  # a missing one of these equals nothing, not even itself
    kept = kept.astype(dict.fromkeys(texts, object))
    return kept.assign(k=kept.groupby("customer_id").cumcount())


def _changes(both: pd.DataFrame) -> "pd.Series[str]":
    def differs(names: list[str]) -> "pd.Series[bool]":
        unequal = [both[f"{name}_before"] != both[f"{name}_now"] for name in names]
        return pd.Series(np.logical_or.reduce(unequal), index=both.index)

    kinds = [both["side"] == "right_only", both["side"] == "left_only", differs(_WHERE), differs(_WHAT)]
    return pd.Series(np.select(kinds, KINDS, default=""), index=both.index, dtype=object)


def _words(both: pd.DataFrame, side: str) -> list[str]:
    """Return day, block, specialist and action of each contact on one side; "" where there is none."""
    names = ("date", "block", "specialist", "action", "tone")
    columns = [both[f"{name}_{side}"] if f"{name}_{side}" in both else both[name] for name in names]
    return [
        "" if pd.isna(day) else f"{day:%a %d %b}, block {int(block)}, {who}: {' '.join(t for t in (action, tone) if t)}"
        for day, block, who, action, tone in zip(*columns, strict=True)
    ]
