"""Strategies: what a company does, and when, about an invoice that is due or overdue. Each is a TOML file."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from ledger.errors import BadInput
from ledger.files.reading import Written, read_toml, unknown
from ledger.table.exchange import Exchange

_FOLDER = Path(__file__).with_name("strategies")


class Step(Written):
    """One rung of the ladder.

    A step is due when the invoice is `day` days past due (negative: before the due date) and, with `every`, again every
    so many days until `until`. On a day when nobody works it moves to the next working day.
    """

    name: str = Field(min_length=1)
    day: int = Field(ge=-90, le=365)
    every: int | None = Field(default=None, ge=1, le=365)
    until: int | None = Field(default=None, ge=-90, le=730)
    channel: Literal["email", "phone", "portal", "letter"]
    tone: Literal["friendly", "firm"] = "friendly"
    stage: Literal["reminder", "demand", "final_notice", "legal"] = "reminder"
    personal: bool = False  # a message that names a person, rather than a form letter
    attempts: int = Field(default=4, ge=1, le=20)  # calls on different days before the step is given up
    retry_days: int = Field(default=2, ge=1, le=30)  # days between two such calls

    @model_validator(mode="after")
    def _repeats_have_an_end(self) -> Self:
        if (self.every is None) != (self.until is None):
            raise ValueError("`every` and `until` are given together")
        if self.until is not None and self.until < self.day:
            raise ValueError("`until` must not lie before `day`")
        return self

    @property
    def days(self) -> tuple[int, ...]:
        """Days past due on which the step is due."""
        if self.every is None or self.until is None:
            return (self.day,)
        return tuple(range(self.day, self.until + 1, self.every))


class Strategy(Written):
    """A named ladder of steps with its limits; without a `currency` its amounts are in the ledger's base currency."""

    name: str = Field(pattern=r"^[A-Za-z0-9_\-]+$", description="letters, digits, - and _ only")
    description: str = ""
    contact_cap: int = Field(default=3, ge=1, le=7)  # contacts with a customer in any 7 days
    minimum_balance: float = Field(default=0, ge=0)  # major units of `currency`; smaller balances are left alone
    currency: str | None = Field(
        default=None,
        pattern="^[A-Z]{3}$",
        description="an ISO 4217 code such as USD",
        exclude_if=lambda code: code is None,
    )
    holdout: float = Field(default=0, ge=0, lt=1)  # chance of being left alone for a span, drawn per customer
    holdout_days: int = Field(default=14, ge=1, le=365)  # length of these spans; a step that is due waits for the end
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _step_names_differ(self) -> Self:
        names = [step.name for step in self.steps]
        if len(set(names)) < len(names):
            raise ValueError("every step needs a name of its own")
        return self

    def in_base(self, exchange: Exchange) -> "Strategy":
        """Return the same with its amounts in the ledger's base currency.

        Raises
        ------
        BadInput
            Where an amount has no rate.
        """
        if self.currency is None:
            return self
        least = exchange.to_base(
            self.minimum_balance, self.currency, where=f"strategy {self.name}", field="minimum_balance"
        )
        return self.model_copy(update={"minimum_balance": least, "currency": None})

    def assumes_too_much(self, exchange: Exchange) -> bool:
        """Return whether its minimum balance is ours, not the user's, and has no rate: an embedded one as it stands."""
        known = self.currency is None or self.currency in exchange.rates or not self.minimum_balance
        return not known and self.name in strategies() and self == Strategy.load(self.name)

    def for_all_balances(self) -> "Strategy":
        """Return the same without a minimum balance."""
        return self.model_copy(update={"minimum_balance": 0.0, "currency": None})

    @classmethod
    def load(cls, name: "str | Path | Strategy") -> "Strategy":
        """Return an embedded strategy by name, or one from a TOML file.

        Raises
        ------
        BadInput
            For an unknown name, a file that cannot be read, or a key that breaks a rule.
        """
        if isinstance(name, Strategy):
            return name
        path = Path(name)
        if path.suffix != ".toml":
            if str(name) not in strategies():
                rule = unknown(name, strategies(), "must be the path of a TOML file or one of")
                raise BadInput(rule, field="strategy", value=str(name))
            path = _FOLDER / f"{name}.toml"
        return cls.of(read_toml(path), where=str(path))


def strategies() -> tuple[str, ...]:
    """Return the names of the embedded strategies, mildest first."""
    order = ("none", "email_only", "friendly", "escalated", "sop_cadence", "proactive")
    found = {path.stem for path in _FOLDER.glob("*.toml")}
    return tuple(name for name in order if name in found) + tuple(sorted(found - set(order)))
