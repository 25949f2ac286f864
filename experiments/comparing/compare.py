"""Compare strategies on the same receivables, the same days and the same random numbers."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

import sim
from experiments.comparing.comparison import Comparison
from experiments.comparing.payment_curve import observed_curve, simulated_curve
from experiments.comparing.replication import (
    Outcome,
    PortfolioSource,
    RunTask,
    portfolio_loaded,
    portfolio_of,
    portfolio_with_model,
    replicate,
    source_of,
)
from experiments.comparing.study import Study
from ledger import BadInput, Ledger, read_ledger
from ledger.notes import Note
from ledger.progress import Progress, silent
from ledger.table.calendar import NEVER
from ledger.wording import plural
from models.registry.code_version import code_version
from sim import Portfolio
from sim.world.prices import in_base, unpriced

_TASKS_PER_WORKER = 6  # fewer do not pay for starting another process
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # of another process: one each


def compare(
    study: Study,
    *,
    ledger: Ledger | str | Path | None = None,
    workers: int = 1,
    progress: Progress = silent,
    state: str | Path = "runs",
) -> Comparison:
    """Run every strategy of the study equally often and return the paired comparison.

    Replication k of every strategy meets the same random numbers, so differences are differences of strategy. Results
    are keyed by strategy and replication: any number of workers gives the same digits.

    Parameters
    ----------
    study
        What is compared.
    ledger
        An imported ledger, or its folder; takes the place of the study's own portfolio or ledger.
    workers
        Processes that simulate, this one among them.
    progress
        Called with the runs done, the runs in all and what they are, after each run.
    state
        Folder of the model registry, where the study's model is a registered one and no server is named.

    Raises
    ------
    BadInput
        Where the ledger, the model or a strategy file cannot be used.
    Refused
        Before any run: where the ledger cannot teach when customers pay, or the model knows none of them.
    TrackingUnavailable
        Where the model's registry cannot be reached.
    """
    started = time.perf_counter()
    if workers < 1:
        raise BadInput("must be at least 1", field="workers", value=workers)

    names = _strategy_names(study)
    with _source(study, ledger, state) as source:
        portfolio = portfolio_of(source)
        if ledger is not None:  # the study that is kept names what was really compared
            memory = Path(f"in memory, fingerprint {portfolio.ledger.fingerprint}")
            place = memory if isinstance(ledger, Ledger) else Path(ledger).resolve()
            study = study.model_copy(update={"ledger": place, "customers": None})
        for strategy in names:  # what would be refused after the first runs is refused now
            in_base(portfolio, strategy)
        lacking = unpriced(portfolio, names, study.specialists)
        outcomes = _outcomes(_tasks(study, source), workers, progress)
    return Comparison(
        study=study,
        names=names,
        replications=_replications(outcomes, names),
        paths=_paths(outcomes, names),
        assumptions=_assumptions(portfolio),
        portfolio=portfolio.name if study.ledger is None else f"ledger {study.ledger.name}",
        customers=portfolio.customers,
        currency=portfolio.currency,
        start=portfolio.start,
        notes=(*portfolio.notes, *lacking, *(() if study.ledger is None else _little(portfolio.ledger))),
        model=portfolio.timing,
        curves=_curves(portfolio, outcomes, study),
        fingerprint=portfolio.ledger.fingerprint,
        version=code_version(),
        seconds=time.perf_counter() - started,
    )


def _little(ledger: Ledger) -> tuple[Note, ...]:
    """Return in a warning what intervals do not hold, where a ledger tells little of its customers."""
    why = ledger.answers().why_not("verdict")
    if why is None:
        return ()
    text = f"{why}: intervals and verdicts hold the luck of the simulation, not what so little leaves unknown of them."
    return (Note(text, level="warning"),)


def _strategy_names(study: Study) -> dict[str, str]:
    """Return the name of each strategy as the study gives it (a file has its name inside)."""
    names = {strategy: sim.Strategy.load(strategy).name for strategy in study.strategies}
    for strategy, name in names.items():
        if list(names.values()).count(name) > 1:
            raise BadInput("two strategies of the study have this name", where=strategy, field="name", value=name)
    return names


def _assumptions(portfolio: Portfolio) -> pd.DataFrame:
    """Return the simulator's assumptions with the values in use; where the portfolio has its own, the note says so."""
    table = sim.assumptions()
    used = [float(getattr(portfolio.assumptions, name)) for name in table["parameter"]]
    own = pd.Series(used).ne(table["default"].astype(float))
    note = table["note"].where(~own, "the portfolio's own value; by default " + table["default"].astype(str))
    table = table.assign(default=used, note=note).set_index("parameter", drop=False)
    behaviour, columns = portfolio.behaviour, ["default", "low", "high", "source", "note"]
    if behaviour.write_offs is not None:
        age = behaviour.write_offs.usual_age
        used_age = age if age < NEVER else float("nan")
        table.loc["write_off_age", columns] = [used_age, None, None, "the ledger's own", behaviour.write_offs.words()]
    if behaviour.disputes == 0:
        told = "None are added: their delay is in the payment history."
        table.loc["dispute_share", columns] = [0.0, None, None, "the ledger's own", told]
    return table.reset_index(drop=True)


@contextmanager
def _source(study: Study, ledger: Ledger | str | Path | None, state: str | Path) -> Iterator[PortfolioSource]:
    """Yield where workers find the receivables; what is made here goes through a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="collectlab-") as folder:
        place = ledger.write(Path(folder) / "ledger") if isinstance(ledger, Ledger) else ledger
        source = source_of(study, place)
        if study.model is not None:
            import joblib

            prepared = Path(folder) / "portfolio.joblib"
            joblib.dump(portfolio_with_model(read_ledger(source.ledger), study.model, state), prepared)
            source = replace(source, prepared=str(prepared))
        yield source


def _curves(portfolio: Portfolio, outcomes: dict[tuple[str, int], Outcome], study: Study) -> pd.DataFrame | None:
    """Return how invoices were paid in the ledger's last year and in the baseline's replications; None without one."""
    paid = [outcome.paid for outcome in outcomes.values() if outcome.paid is not None]
    if not paid:
        return None
    observed = observed_curve(portfolio.ledger, study.confidence)
    simulated = simulated_curve(paid, study.confidence)
    parts = [part for part in (observed, simulated) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else simulated


def _tasks(study: Study, source: PortfolioSource) -> list[RunTask]:
    return [
        RunTask(
            source=source,
            strategy=strategy,
            replication=replication,
            days=study.days,
            specialists=study.specialists,
            planner=study.planner,
            seed=study.seed,
            paid=bool(source.ledger) and strategy == study.baseline,
        )
        for replication in range(study.replications)
        for strategy in study.strategies
    ]


def _outcomes(tasks: list[RunTask], workers: int, progress: Progress) -> dict[tuple[str, int], Outcome]:
    """Return what every task gave by its key, in the order of the tasks, whatever the order in which they ended."""
    workers = min(workers, -(-len(tasks) // _TASKS_PER_WORKER))
    found: dict[tuple[str, int], Outcome] = {}
    words = f"{plural(len({task.strategy for task in tasks}), 'strategy', 'strategies')} simulated"
    progress(0, len(tasks), words)
    for outcome in map(replicate, tasks) if workers == 1 else _shared(tasks, workers):
        found[outcome.strategy, outcome.replication] = outcome
        progress(len(found), len(tasks), words)
    return {(task.strategy, task.replication): found[task.strategy, task.replication] for task in tasks}


def _shared(tasks: list[RunTask], workers: int) -> Iterator[Outcome]:
    """Yield what the tasks give: other processes take them from the first on, this one from the last.

    The others load what they need while this one does the first of its own. That is done alone, for a first run ever
    compiles the simulator, once for all.
    """
    from joblib.externals.loky import get_reusable_executor

    pool = get_reusable_executor(max_workers=workers - 1, env=dict.fromkeys(_THREADS, "1"))
    for _ in range(workers - 1):
        pool.submit(portfolio_loaded, tasks[0].source)
    own = replicate(tasks[-1])
    given = [pool.submit(replicate, task) for task in tasks[:-1]]
    yield own
    try:
        first, last = 0, len(given) - 1
        while first <= last and given[last].cancel():  # nobody has begun it
            yield replicate(tasks[last])
            last -= 1
            while first <= last and given[first].done():
                yield given[first].result()
                first += 1
        for future in given[first : last + 1]:
            yield future.result()
    finally:
        for future in given:
            future.cancel()


def _replications(outcomes: dict[tuple[str, int], Outcome], names: dict[str, str]) -> pd.DataFrame:
    """Return one row per strategy and replication, one column per metric."""
    rows = [
        {"strategy": names[strategy], "replication": replication} | outcome.metrics
        for (strategy, replication), outcome in outcomes.items()
    ]
    table = pd.DataFrame(rows)
    return table.astype(dict.fromkeys(table.columns[2:], "float64"))


def _paths(outcomes: dict[tuple[str, int], Outcome], names: dict[str, str]) -> pd.DataFrame:
    """Return one row per strategy, replication and day."""
    parts = []
    for (strategy, replication), outcome in outcomes.items():
        part = outcome.path.copy()
        part.insert(0, "strategy", names[strategy])
        part.insert(1, "replication", replication)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
