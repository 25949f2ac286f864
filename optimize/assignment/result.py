"""The answer of `optimize.assign`: who gets what, how good that is, and how good it could be at most."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ledger.arrays import Floats, Ints
from ledger.json_ready import json_object
from ledger.results import Result
from optimize.assignment.effort import EFFORT


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Assignment(Result):
    """One (action, desk, slot) per account, or none.

    Parameters
    ----------
    status
        ``"optimal"``: the gap is at most 1e-9. ``"feasible"``: every rule is met. ``"infeasible"``: it is proven that
        not every account that must be served can be. ``"unknown"``: some could not be served, and no proof was found.
    choice
        Action, desk and slot of each account, -1 where it is left alone; shape (accounts, 3).
    objective
        Sum of the values chosen; more is better.
    bound
        No plan that serves `unserved` no better is worth more.
    prices
        What one more minute is worth; shape (desks, slots), at least 0.
    seconds
        Wall-clock time taken.
    unserved
        Accounts that must be served and are not.
    """

    status: str
    choice: Ints
    objective: float
    bound: float
    prices: Floats
    seconds: float
    unserved: Ints

    @property
    def gap(self) -> float:
        """Share of the bound by which the plan may fall short of the best one; 0 is best."""
        return max(self.bound - self.objective, 0.0) / max(abs(self.bound), 1e-12)

    def check(
        self, value: ArrayLike, minutes: ArrayLike, capacity: ArrayLike, must_serve: ArrayLike | None = None
    ) -> None:
        """Compare with the instance, as given to `optimize.assign`.

        Raises
        ------
        AssertionError
            An option is not allowed, minutes are exceeded, an account that must be served is not, the objective is
            not the sum of the values, or it exceeds the bound.
        """
        worth = np.asarray(value, np.float64)
        length = np.broadcast_to(np.asarray(minutes, np.float64), worth.shape)
        room = np.asarray(capacity, np.float64)
        who = np.flatnonzero(self.choice[:, 0] >= 0)
        action, desk, slot = self.choice[who].T
        chosen = worth[who, action, desk, slot]
        must = np.zeros(len(worth), np.bool_) if must_serve is None else np.array(must_serve, np.bool_)
        must[self.unserved] = False
        verify(
            chosen=chosen,
            minutes=length[who, action, desk, slot],
            resource=desk * room.shape[1] + slot,
            capacity=room.ravel(),
            objective=self.objective,
            bound=self.bound,
        )
        if not (self.choice[must, 0] >= 0).all():
            raise AssertionError("an account that must be served is not, and is not named")

    def table(self) -> pd.DataFrame:
        """Return one row per account: action, desk and slot, -1 where it is left alone."""
        return pd.DataFrame(self.choice, columns=["action", "desk", "slot"]).rename_axis("account")

    def to_dict(self) -> dict[str, Any]:
        """Return the proof and the prices as plain values; what each account gets is in `choice`."""
        names = ("status", "objective", "bound", "gap", "seconds", "unserved", "prices")
        return json_object(
            {name: getattr(self, name) for name in names}
            | {"accounts": len(self.choice), "served": int((self.choice[:, 0] >= 0).sum())}
        )

    def summary(self) -> str:
        """Return status, objective, bound, gap and seconds in words."""
        served = int((self.choice[:, 0] >= 0).sum())
        text = (
            f"{self.status}: {served:,} of {len(self.choice):,} accounts served, value {self.objective:,.2f}, "
            f"at most {self.bound:,.2f}, gap {self.gap:.4%}, {self.seconds:.2f} s"
        )
        return f"{text}; {len(self.unserved):,} that must be served are not" if len(self.unserved) else text


def verify(
    *,
    chosen: Floats,
    minutes: Floats,
    resource: NDArray[np.integer],
    capacity: Floats,
    objective: float,
    bound: float,
) -> None:
    """Check what was chosen: values, minutes and resource of each choice, against the capacity and what is claimed.

    Raises
    ------
    AssertionError
        Something does not hold.
    """
    if not np.isfinite(chosen).all():
        raise AssertionError("an option was chosen that is not allowed")
    load = np.bincount(resource, weights=minutes, minlength=len(capacity))
    if (load > capacity * (1 + EFFORT.tight)).any():
        worst = int(np.argmax(load - capacity))
        raise AssertionError(f"resource {worst} holds {load[worst]!r} of {capacity[worst]!r} minutes")
    scale = float(np.abs(chosen).sum()) + 1e-300
    if abs(float(chosen.sum()) - objective) > 1e-9 * scale:
        raise AssertionError(f"the values add up to {chosen.sum()!r}, not to {objective!r}")
    if objective > bound + 1e-12 * scale:
        raise AssertionError(f"a plan of {objective!r} exceeds the bound {bound!r}")
