"""What a contact is worth to the company: the named parameters of a call plan."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from ledger import BadInput
from ledger.files.reading import one_of
from ledger.table.exchange import Exchange
from models.history.contacted import ATTEMPTS
from models.planning.protocol import Outlook

_GOODWILL: Final = (1.0, "USD")  # grade G


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How cash, time and goodwill are weighed. All are choices or guesses (grades policy and G): vary them.

    Parameters
    ----------
    horizon
        Days from the first day of the plan within which cash counts, 1 to 365; in a plan that is as long, from its last
        day. A longer one sees less in a call: most of what it brings would have come later anyway.
    discount_rate
        Yearly, as a share: cash in a year is worth 1 ÷ (1 + rate) today.
    later_cash
        Worth of cash expected after the horizon (but before the write-off age), as a share of its discounted amount, 0
        to 1. With 0 the value is the cash within the horizon: what comes later counts as lost. With 1 it is the whole
        present value: what a contact brings is interest, and the loss avoided.
    goodwill
        Price of every contact that is heard, in major units of the base currency; 0 for none. Without a figure of your
        own it is 1 USD at the ledger's rate.
    continuity
        Share by which uplift counts more when the customer's usual specialist calls.
    minimum_gap
        Least days between two contacts with a customer; a step's own `retry_days` may ask for more between calls.
    reach_attempts
        Attempts that the assumed chance of reaching a customer weighs as much as: the customer's own attempts change
        it from there.
    acknowledge_minutes
        Specialist's minutes for acknowledging a dispute.
    tones
        "strategy": calls are made in the tone of their step. "best": from the stage demand on the friendly and the firm
        tone are both offered, and the better one is taken.
    lookahead
        Whether a call is weighed against the same call later (`models.planning.waiting`). Without, each day takes what
        is best that day: for comparison.
    """

    horizon: int = 30
    discount_rate: float = 0.10
    later_cash: float = 0.0
    goodwill: float | None = None
    continuity: float = 0.05
    minimum_gap: int = 2
    reach_attempts: float = ATTEMPTS
    acknowledge_minutes: float = 5.0
    tones: Literal["strategy", "best"] = "strategy"
    lookahead: bool = True

    @property
    def outlook(self) -> Outlook:
        """What the valuation reads of it; goodwill is charged beside it."""
        return Outlook(horizon=max(self.horizon, 2), discount=self.discount_rate, later_cash=self.later_cash)

    def in_base(self, exchange: Exchange) -> "Policy":
        """Return the same with a price of goodwill; raise `BadInput` where it is the assumed one and has no rate."""
        if self.goodwill is not None:
            return self
        price = exchange.to_base(*_GOODWILL, where="policy", field="goodwill")
        return replace(self, goodwill=price)

    def __post_init__(self) -> None:
        """Check the ranges."""
        ranges: dict[str, tuple[float, float]] = {
            "horizon": (1, 365),
            "discount_rate": (0, 10),
            "later_cash": (0, 1),
            "goodwill": (0, 1e9),
            "continuity": (0, 1),
            "minimum_gap": (1, 60),
            "reach_attempts": (0.1, 1e6),
            "acknowledge_minutes": (0, 480),
        }
        for name, (low, high) in ranges.items():
            if getattr(self, name) is not None and not low <= getattr(self, name) <= high:
                raise BadInput(f"must lie between {low} and {high:g}", field=name, value=getattr(self, name))
        one_of(self.tones, ("strategy", "best"), field="tones")
