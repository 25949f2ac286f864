"""One replication of one strategy: what a worker does, and the little that it sends back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import pandas as pd

import sim
from experiments.comparing.metrics import metrics_of, path_of
from experiments.comparing.payment_curve import paid_shares
from experiments.comparing.planners import planner_of
from experiments.comparing.study import Study
from ledger import BadInput, Ledger, read_ledger
from ledger.arrays import Floats
from ledger.table.exchange import rates_in_words, with_rates
from models.registry.reference import ChosenModel, chosen
from models.timing import learnable
from sim import Portfolio

_DEFAULT: Final = "kaplan_meier"  # learned from the ledger at hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSource:
    """Where the receivables come from, in a form that is cheap to send to a worker.

    Parameters
    ----------
    ledger
        Folder of a ledger; empty for the embedded portfolio `preset`, or a generated one of `customers` customers.
    stamp
        When the ledger was written, so that a worker that has seen an older one in the same folder reads it again.
    prepared
        File of the portfolio that was made of the ledger and a payment-timing model: that is done once, for all.
    rates
        The study's, beside those of the ledger.
    """

    preset: str = "normal"
    customers: int | None = None
    ledger: str = ""
    stamp: int = 0
    prepared: str = ""
    rates: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask:
    """One run to do: the key (strategy, replication) and the settings that all runs of a study share."""

    source: PortfolioSource
    strategy: str
    replication: int
    days: int
    specialists: int
    planner: str
    seed: int
    paid: bool = False  # say how the run's invoices were paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run says: its key, its metrics (None where not available) and its path on about 13 days.

    Where it is asked for, `paid` is the share of its own invoices paid by days past due.
    """

    strategy: str
    replication: int
    metrics: dict[str, float | None]
    path: pd.DataFrame
    paid: Floats | None = None


def source_of(study: Study, ledger: str | Path | None = None) -> PortfolioSource:
    """Return where the study's receivables come from; a ledger folder takes the place of what the study names."""
    folder = study.ledger if ledger is None else Path(ledger)
    if folder is None and study.model is not None:
        raise BadInput("needs a ledger: the embedded customers pay by their own law", field="model", value=study.model)
    rates = tuple(study.rates.items())
    if folder is None:
        return PortfolioSource(preset=study.portfolio, customers=study.customers, rates=rates)
    about = folder.resolve() / "ledger.json"
    stamp = about.stat().st_mtime_ns if about.is_file() else 0
    return PortfolioSource(ledger=str(about.parent), stamp=stamp, rates=rates)


@lru_cache(maxsize=1)
def portfolio_of(source: PortfolioSource) -> Portfolio:
    """Return the portfolio; loaded once per process.

    Raises
    ------
    Refused
        Where a ledger without a model of its own cannot teach when its customers pay.
    """
    return with_study_rates(_portfolio_of(source), dict(source.rates))


def portfolio_loaded(source: PortfolioSource) -> None:
    """Load what a run needs, before there is one."""
    portfolio_of(source)


def with_study_rates(portfolio: Portfolio, rates: Mapping[str, float]) -> Portfolio:
    """Return the portfolio whose ledger has the study's rates too, and a note that says so."""
    if not rates:
        return portfolio
    notes = (*portfolio.notes, *rates_in_words(rates, portfolio.currency))
    return replace(portfolio, ledger=with_rates(portfolio.ledger, rates), notes=notes)


def _portfolio_of(source: PortfolioSource) -> Portfolio:
    if source.prepared:
        import joblib

        portfolio: Portfolio = joblib.load(source.prepared)
        return portfolio
    if source.ledger:
        return _with_its_own(read_ledger(source.ledger))
    if source.customers is None:
        return sim.embedded(source.preset)
    return sim.synthetic(source.preset, customers=source.customers)


def _with_its_own(ledger: Ledger) -> Portfolio:
    learnable(ledger, _DEFAULT)
    return sim.from_ledger(ledger)


def portfolio_with_model(ledger: Ledger, model: str, state: str | Path) -> Portfolio:
    """Return the portfolio of a ledger whose customers pay as a model says (see `Study.model`).

    By name the default model is the same as none: what is on record of contacts is taken out of it. Any other contains
    whatever chasing it learned from.

    Raises
    ------
    BadInput
        Where the reference names no model.
    TrackingUnavailable
        Where it names a registered one and the registry cannot be reached.
    """
    return portfolio_paying(ledger, model, chosen(model, ledger, state=state))


def portfolio_paying(ledger: Ledger, model: str, found: ChosenModel) -> Portfolio:
    """Return the same of a model that was found under its name."""
    if model == _DEFAULT:
        return _with_its_own(ledger)
    return sim.from_ledger(ledger, found.timing, words=found.words, notes=found.notes_on(ledger))


def replicate(task: RunTask) -> Outcome:
    """Simulate one replication and return its metrics; random numbers depend on seed and replication alone."""
    run = sim.simulate(
        portfolio_of(task.source),
        sim.Strategy.load(task.strategy),
        days=task.days,
        specialists=task.specialists,
        planner=planner_of(task.planner),
        seed=task.seed,
        replication=task.replication,
    )
    path = path_of(run)
    return Outcome(
        strategy=task.strategy,
        replication=task.replication,
        metrics=metrics_of(run, path),
        path=path,
        paid=paid_shares(run.ledger, run.start)[0] if task.paid else None,
    )
