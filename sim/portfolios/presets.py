"""Synthetic portfolios: customers drawn from a preset, with a history made by the simulator itself."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from pydantic import Field

from ledger import BadInput, Ledger, read_ledger
from ledger.arrays import Bits, Floats, Ints
from ledger.files.reading import Written, one_of, read_toml
from ledger.table.currency import decimals
from ledger.table.tables import TEXT, empty
from models.assumed.assumptions import Assumptions
from sim.engine import simulate
from sim.result.booking import book
from sim.world.behaviour import Behaviour
from sim.world.keyed import Purpose, entities, key, normals
from sim.world.keyed_kernels import children, uniforms
from sim.world.portfolio import Portfolio

FOLDER: Final = Path(__file__).parents[2] / "data" / "synthetic"
PRESETS: Final = ("normal", "stress")
_FIRST_DAY, _LAST_DAY = -120, 400
_WORKING_DAYS = 251  # in a US year
_REPEATS = 12  # orders in each customer's catalogue


class Place(Written):
    """Where customers are."""

    country: str
    timezone: str
    language: str
    share: float = Field(gt=0)


class Segment(Written):
    """Customers of one kind. Hazards are per day; spreads are standard deviations of logarithms."""

    name: str
    share: float = Field(gt=0)
    orders_per_year: float = Field(gt=0)
    orders_spread: float = Field(ge=0)
    amount: float = Field(gt=0)  # mean order of the median customer, major units
    amount_spread: float = Field(ge=0)  # between customers
    order_spread: float = Field(ge=0)  # within a customer
    terms: dict[int, float]  # days -> weight
    early: float = Field(ge=0)  # hazard at the start of the term; grows linearly to early_end at the due date
    early_end: float = Field(ge=0)
    on_time: float = Field(ge=0)  # added on the due date
    late: float = Field(ge=0)  # on the first day past due
    late_days: float = Field(gt=0)  # time in which it falls to late_floor by a factor e
    late_floor: float = Field(ge=0)
    frailty: float = Field(gt=0)  # variance of the log-normal frailty with mean 1
    run_days: dict[int, float]  # payment runs per week (1, 2 or 5) -> weight
    reach: float = Field(gt=0)  # factor on the right-party contact rate
    keeps: float = Field(gt=0)  # factor on the share of promises kept


class Preset(Written):
    """A synthetic portfolio as a TOML file."""

    name: str
    description: str
    currency: str
    country: str
    timezone: str
    as_of: date
    history_days: int = Field(ge=60)
    warm_up_days: int = Field(ge=60)
    accounts_per_specialist: int = Field(ge=1)
    strategy: str
    places: tuple[Place, ...] = Field(min_length=1)
    segments: tuple[Segment, ...] = Field(min_length=1)


@cache
def preset(name: str) -> Preset:
    """Return an embedded preset.

    Raises
    ------
    BadInput
        For an unknown name or a broken file.
    """
    path = FOLDER / f"{one_of(name, PRESETS, field='portfolio')}.toml"
    return Preset.of(read_toml(path), where=str(path))


def synthetic(name: str = "normal", *, customers: int = 800, seed: int = 0, history_days: int = 62) -> Portfolio:
    """Draw a portfolio of any size and age it: its history is a simulation under the preset's house strategy.

    Parameters
    ----------
    name
        "normal" (calibrated to US medians of a normal quarter) or "stress".
    customers
        Number of customers, at least 1. A larger portfolio contains the customers of a smaller one.
    seed
        Draws customers and history.
    history_days
        Days of history to keep; older invoices appear only where they are still open.

    Raises
    ------
    BadInput
        For an unknown preset or a number out of range.
    """
    if customers < 1:
        raise BadInput("must be at least 1", field="customers", value=customers)
    spec = preset(name)
    if history_days < 31:
        raise BadInput("must be at least 31", field="history_days", value=history_days)
    days = spec.warm_up_days + history_days
    newborn = _newborn(spec, customers, seed, days)
    staff = max(round(customers / spec.accounts_per_specialist), 1)
    run = simulate(newborn, spec.strategy, days=days, specialists=staff, seed=seed, replication=-1)
    aged = book(run, since=spec.warm_up_days)
    return replace(newborn, ledger=aged)


def embedded(name: str = "normal") -> Portfolio:
    """Return the portfolio that ships with the project: its ledger from Parquet, its behaviour from the preset.

    Raises
    ------
    BadInput
        For an unknown name.
    """
    spec = preset(name)
    ledger = read_ledger(FOLDER / name)
    newborn = _newborn(spec, len(ledger.customers), 0, 0)
    return replace(newborn, ledger=ledger)


def write_embedded(name: str, folder: Path | None = None) -> Path:
    """Generate the shipped ledger of a preset again."""
    return synthetic(name, history_days=preset(name).history_days).ledger.write((folder or FOLDER) / name)


def _newborn(spec: Preset, customers: int, seed: int, days: int) -> Portfolio:
    """Return customers who have not ordered yet, `days` before the preset's day."""
    ids = pd.Series([f"C{k + 1:06d}" for k in range(customers)], dtype=TEXT)
    entity = entities(ids)
    draw = _Draws(key(seed, 0, Purpose.CUSTOMER), entity)
    segment = draw.choice(0, np.array([s.share for s in spec.segments]))
    place = draw.choice(1, np.array([p.share for p in spec.places]))
    terms = _terms(spec, segment, draw)
    as_of = pd.Timestamp(spec.as_of) - pd.Timedelta(days=days)
    table = pd.DataFrame(
        {
            "customer_id": ids,
            "segment": pd.array([spec.segments[k].name for k in segment], TEXT),
            "country": pd.array([spec.places[k].country for k in place], TEXT),
            "timezone": pd.array([spec.places[k].timezone for k in place], TEXT),
            "language": pd.array([spec.places[k].language for k in place], TEXT),
            "terms": pd.array(terms, "Int64"),
            "credit_limit": pd.array([pd.NA] * customers, "Int64"),
            "since": pd.Series(pd.NaT, index=range(customers), dtype="datetime64[ns]"),
        }
    )
    ledger = Ledger(
        as_of=as_of,
        base_currency=spec.currency,
        timezone=spec.timezone,
        customers=table,
        invoices=empty("invoices"),
        payments=empty("payments"),
    )
    return Portfolio(
        name=spec.name,
        ledger=ledger,
        behaviour=_behaviour(spec, segment, terms, entity, draw, seed=seed),
        assumptions=Assumptions.default(),
        timezone=spec.timezone,
        country=spec.country,
        notes=(f"Synthetic portfolio: {spec.description}",),
    )


class _Draws:
    """The k-th uniform of every customer, and what can be made of it."""

    def __init__(self, draw_key: np.uint64, entity: Bits) -> None:
        self.key, self.entity = draw_key, entity

    def uniform(self, k: int) -> Floats:
        return uniforms(self.key, self.entity, k)

    def normal(self, k: int) -> Floats:
        return normals(self.key, self.entity, k)

    def choice(self, k: int, weight: Floats) -> Ints:
        edge = np.cumsum(weight) / weight.sum()
        return np.minimum(np.searchsorted(edge, self.uniform(k), "right"), len(weight) - 1)


def _of(spec: Preset, segment: Ints, name: str) -> Floats:
    return np.array([getattr(s, name) for s in spec.segments], float)[segment]


def _terms(spec: Preset, segment: Ints, draw: _Draws) -> Ints:
    out = np.zeros(len(segment), np.int64)
    for k, s in enumerate(spec.segments):
        days = np.array(list(s.terms))
        chosen = days[draw.choice(2, np.array(list(s.terms.values())))]
        out = np.where(segment == k, chosen, out)
    return out


def _behaviour(spec: Preset, segment: Ints, terms: Ints, entity: Bits, draw: _Draws, *, seed: int) -> Behaviour:
    n = len(entity)
    variance = np.log1p(_of(spec, segment, "frailty"))
    spread = _of(spec, segment, "orders_spread")
    yearly = _of(spec, segment, "orders_per_year") * np.exp(spread * draw.normal(21) - spread**2 / 2)
    level = _of(spec, segment, "amount") * np.exp(_of(spec, segment, "amount_spread") * draw.normal(22))
    lines = np.repeat(np.arange(n), _REPEATS)
    line_key = key(seed, 0, Purpose.CATALOGUE)
    within = _of(spec, segment, "order_spread")[lines]
    noise = normals(line_key, children(entity, _REPEATS), 0)
    amount = level[lines] * np.exp(within * noise - within**2 / 2)
    return Behaviour(
        first_day=_FIRST_DAY,
        hazard=np.array([_hazard(s) for s in spec.segments]),
        kind=segment.astype(np.int32),
        frailty=np.exp(np.sqrt(variance) * draw.normal(20) - variance / 2),
        payment_weekdays=_weekdays(spec, segment, draw),
        order_rate=yearly / _WORKING_DAYS,
        orders=np.arange(n + 1, dtype=np.int64) * _REPEATS,
        lines=np.arange(n * _REPEATS + 1, dtype=np.int64),
        amount=np.maximum(np.round(amount * 10 ** decimals(spec.currency)), 1).astype(np.int64),
        term=np.repeat(terms, _REPEATS).astype(np.int32),
        reach=_of(spec, segment, "reach") * np.exp(0.2 * draw.normal(23)),
        keeps=_of(spec, segment, "keeps"),
        disputes=1.0,
    )


def _hazard(s: Segment) -> Floats:
    """Return the segment's daily hazard by days past due."""
    x = np.arange(_FIRST_DAY, _LAST_DAY + 1)
    before = s.early + (s.early_end - s.early) * np.clip(1 + x / 30, 0, 1)
    after = s.late_floor + (s.late - s.late_floor) * np.exp(-(x - 1) / s.late_days)
    hazard = np.where(x <= 0, before, after)
    hazard[x == 0] += s.on_time
    hazard[0] = 0.0
    return hazard


def _weekdays(spec: Preset, segment: Ints, draw: _Draws) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """Return each customer's payment weekdays: every working day, two that lie apart, or one."""
    out = np.zeros((len(segment), 7), np.bool_)
    first = (draw.uniform(3) * 5).astype(int)
    for k, s in enumerate(spec.segments):
        many = np.array(list(s.run_days))[draw.choice(4, np.array(list(s.run_days.values())))]
        here = segment == k
        out[here & (many == 5), :5] = True
        one, two = np.flatnonzero(here & (many == 1)), np.flatnonzero(here & (many == 2))
        out[one, first[one]] = True
        out[two, first[two] % 3] = True
        out[two, first[two] % 3 + 2] = True
    return out
