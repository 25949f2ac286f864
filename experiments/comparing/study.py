"""A study: the file in which a person says what is compared with what, for how long and how often."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from experiments.comparing.metrics import METRICS
from experiments.comparing.planners import planners
from ledger import BadInput
from ledger.files.reading import Written, one_of, read_toml, unknown
from ledger.table.exchange import Rates
from models.registry.reference import check_reference, is_file
from sim import strategies


def is_path(strategy: str) -> bool:
    """Return whether a strategy is given as a file rather than by the name of an embedded one."""
    return strategy.endswith(".toml") or "/" in strategy or "\\" in strategy


def _known_strategy(strategy: str) -> str:
    if not is_path(strategy) and strategy not in strategies():
        raise ValueError(unknown(strategy, strategies(), "must be the path of a TOML file or one of"))
    return strategy


def _known_planner(planner: str) -> str:
    return one_of(planner, planners(), field="planner")


def _known_model(model: str | None) -> str | None:
    if model is not None:
        check_reference(model)
    return model


def _known_metric(metric: str) -> str:
    return one_of(metric, METRICS, field="margins")


def _known_margin(margin: Any) -> float | str:
    if isinstance(margin, str) and re.fullmatch(r"\s*\d+(\.\d+)?\s*%\s*", margin):
        return margin
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin < math.inf:
        raise ValueError('must be a number ≥ 0 in the metric\'s unit, or a share of the baseline such as "2 %"')
    return float(margin)


_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$"
Name = Annotated[str, Field(pattern=_NAME, description="at most 64 letters, digits, spaces, . _ and -, no space first")]
StrategyName = Annotated[str, AfterValidator(_known_strategy)]
MetricName = Annotated[str, AfterValidator(_known_metric)]
Margin = Annotated[float | str, BeforeValidator(_known_margin)]


class Study(Written):
    """What is compared: read from TOML with `Study.load`, or given in Python.

    Parameters
    ----------
    name
        Also the name of the folder that holds the results.
    portfolio, customers
        The embedded portfolio, "normal" or "stress"; with `customers` a generated one of that size.
    ledger
        Folder of an imported ledger, instead of a portfolio; in a file, relative to it.
    model
        With a ledger: when its customers pay, by a payment-timing model. The name of one, fitted to the ledger
        (default kaplan_meier); the file of a saved one, in a file relative to it; or a registered version such as
        ``models:/payment-timing@champion``.
    strategies
        Names of embedded strategies, or paths of strategy TOML files; in a file, relative to it.
    baseline
        The strategy that the others are compared with; "friendly" where it is among them, else the first.
    planner, specialists
        Who is called first, and how many people call.
    days, replications, seed
        Horizon; runs of each strategy; where the random numbers start (the same for every strategy).
    confidence
        Of each interval, between 0.5 and 0.9999.
    margins
        Smallest difference that matters by metric: a number in the metric's unit, or a text such as "2 %", a share of
        the baseline's mean. Metrics that are not named keep the margin of `experiments.comparing.metrics`.
    rates
        What one unit of another currency is worth in the ledger's, where the ledger has no rate: assumed wages and
        costs are in USD.
    """

    name: Name = "study"
    portfolio: Literal["normal", "stress"] = "normal"
    customers: int | None = Field(default=None, ge=1, le=1_000_000)
    ledger: Path | None = None
    model: Annotated[str | None, AfterValidator(_known_model)] = None
    strategies: tuple[StrategyName, ...] = Field(min_length=1)
    baseline: str = ""
    planner: Annotated[str, AfterValidator(_known_planner)] = "risk_weighted"
    specialists: int = Field(default=2, ge=0, le=10_000)
    days: int = Field(default=180, ge=1, le=3650)
    replications: int = Field(default=10, ge=1, le=10_000)
    seed: int = Field(default=0, ge=0, lt=2**63)
    confidence: float = Field(default=0.95, ge=0.5, le=0.9999)
    margins: dict[MetricName, Margin] = Field(default_factory=dict)
    rates: Rates = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _default_baseline(cls, data: Any) -> Any:
        given = data.get("strategies") if isinstance(data, Mapping) else None
        if not data or data.get("baseline") or not isinstance(given, list | tuple) or not given:
            return data
        return {**data, "baseline": "friendly" if "friendly" in given else given[0]}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        twice = [strategy for strategy in self.strategies if self.strategies.count(strategy) > 1]
        if twice:
            raise ValueError(f"strategies names {twice[0]!r} more than once")
        if self.baseline not in self.strategies:
            raise ValueError(unknown(self.baseline, self.strategies, "baseline must be one of the strategies"))
        if self.ledger is not None and (self.customers is not None or "portfolio" in self.model_fields_set):
            raise ValueError("ledger takes the place of portfolio and customers: give one or the other")
        return self

    @classmethod
    def load(cls, path: str | Path) -> "Study":
        """Read a study file; paths in it are relative to it.

        Raises
        ------
        BadInput
            Naming file, key, value and rule.
        """
        return cls.of(study_fields(path), where=str(path))

    def share(self, metric: str) -> float | None:
        """Return the metric's margin as a share of the baseline's mean; None where it is in the metric's unit."""
        given = self.margins.get(metric)
        if given is None:
            return METRICS[metric].margin if METRICS[metric].relative else None
        return float(given.strip().rstrip("%")) / 100 if isinstance(given, str) else None

    def margin(self, metric: str, baseline_mean: float | None, largest: float = 0.0) -> float:
        """Return the metric's margin in its own unit.

        A share of a baseline whose mean is zero is one of `largest`, the largest mean there is.
        """
        share = self.share(metric)
        if share is not None:
            return share * abs(baseline_mean or largest)
        given = self.margins.get(metric)
        return METRICS[metric].margin if given is None else float(given)

    def fields(self) -> dict[str, Any]:
        """Return the study's fields as plain values, from which `of` makes the same study."""
        return self.model_dump(mode="json", exclude_none=True, exclude=None if self.ledger is None else {"portfolio"})

    def to_toml(self) -> str:
        """Return the study as a file that gives this study again."""
        plain = self.fields()
        tables = {name: plain.pop(name, {}) for name in ("margins", "rates")}
        lines = [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
        for name, table in tables.items():
            if table:
                lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
        return "\n".join(lines) + "\n"


def study_fields(path: str | Path) -> dict[str, Any]:
    """Return the fields that a study file gives, its paths made absolute, not yet checked."""
    path = Path(path)
    fields = read_toml(path)
    if not fields:
        raise BadInput("is empty: a study names at least its strategies", where=str(path))
    fields.setdefault("name", path.stem)
    home = path.resolve().parent
    if isinstance(fields.get("ledger"), str):
        fields["ledger"] = str(home / fields["ledger"])
    if isinstance(fields.get("model"), str):
        fields["model"] = _placed_model(fields["model"], home)
    if isinstance(fields.get("strategies"), list):
        fields["strategies"] = [_placed(strategy, home) for strategy in fields["strategies"]]
    if "baseline" in fields:
        fields["baseline"] = _placed(fields["baseline"], home)
    return fields


def _placed(strategy: Any, home: Path) -> Any:
    return str(home / strategy) if isinstance(strategy, str) and is_path(strategy) else strategy


def _placed_model(model: str, home: Path) -> str:
    return str(home / model) if is_file(model) else model
