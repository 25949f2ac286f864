"""The command `simulate`. It keeps to the imports that a run needs: memory is counted."""

import sys
from pathlib import Path
from typing import Any

from app.printing import print_json, remark, screen


def run_simulation(
    fields: dict[str, Any], *, replication: int, desk: str, out: Path | None, state: Path, as_json: bool
) -> None:
    """Simulate once, write the run's ledger where asked, and show what became of it."""
    import sim
    from experiments.comparing.metrics import metrics_of
    from experiments.comparing.planners import planner_of
    from experiments.comparing.replication import portfolio_of, portfolio_with_model, source_of, with_study_rates
    from experiments.comparing.study import Study
    from ledger import BadInput, read_ledger
    from ledger.files.storage import check_folder
    from ledger.notes import warnings_among
    from ledger.screen import wrapped
    from ledger.table.exchange import read_rate_options
    from sim.world.prices import unpriced

    given = {key: value for key, value in fields.items() if value is not None}
    study = Study.of(given | {"rates": read_rate_options(given.pop("rates", ()))}, where="command line")
    if desk not in ("fast", "event"):
        raise BadInput("must be fast or event", where="command line", field="desk", value=desk)
    if replication < 0:
        raise BadInput("must not be negative", where="command line", field="replication", value=replication)
    if out is not None:
        check_folder(out, "ledger.json")
        if (out / "import.json").exists():
            raise BadInput(
                "holds an imported ledger: choose another folder", where="command line", field="--out", value=str(out)
            )
    source = source_of(study)
    if study.model is None:
        portfolio = portfolio_of(source)
    else:
        portfolio = portfolio_with_model(read_ledger(source.ledger), study.model, state)
        portfolio = with_study_rates(portfolio, study.rates)
    strategy = sim.Strategy.load(study.strategies[0])
    lacking = unpriced(portfolio, [strategy], study.specialists)
    for note in warnings_among((*portfolio.notes, *lacking)):
        remark(wrapped(note))
    run = sim.simulate(
        portfolio,
        strategy,
        days=study.days,
        specialists=study.specialists,
        planner=planner_of(study.planner),
        seed=study.seed,
        replication=replication,
        desk=desk,
    )
    after_run = peak_mib()
    result = {
        "strategy": strategy.name,
        "planner": study.planner,
        "portfolio": portfolio.name,
        "model": portfolio.timing or None,
        "customers": portfolio.customers,
        "days": run.days,
        "specialists": study.specialists,
        "seed": study.seed,
        "replication": replication,
        "currency": portfolio.currency,
        "invoices": int(run.invoices),
        "contacts": int(run.contacts),
        "calls": int(run.calls),
        "seconds": float(run.seconds),
        "invoices_per_second": float(run.invoices / run.seconds) if run.seconds else None,
        "metrics": metrics_of(run),
        "stages": [dict(zip(("stage", "by", "does"), stage, strict=True)) for stage in run.stages],
        "warnings": list(lacking),
    }
    if out is not None:
        result["ledger"] = str(run.ledger.write(out))
        remark(f"Ledger of the run: {out}")
    result["peak_mib"] = round(after_run, 1)  # of the run, as `seconds`; what follows makes its ledger and KPIs
    result["process_peak_mib"] = round(peak_mib(), 1)
    print_json(result) if as_json else _show(result)


def peak_mib() -> float:
    """Return the most memory that this process has held, in MiB."""
    try:
        import resource
    except ImportError:  # not on Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _show(result: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table

    from experiments.comparing.metrics import METRICS
    from experiments.comparing.number_format import unit, value
    from ledger.screen import wrapped
    from ledger.wording import plural

    who = f"{plural(result['customers'], 'customer')} of {result['portfolio']}"
    team = plural(result["specialists"], "specialist")
    done = f"{plural(result['invoices'], 'invoice')}, {plural(result['contacts'], 'contact')}"
    when = f"{result['strategy']}, {plural(result['days'], 'day')}"
    print(wrapped(f"{when}, {who}, {team}: {done}, {result['calls']:,} of them calls"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Metric")
    table.add_column("Value", justify="right")
    table.add_column("Unit")
    for metric, amount in result["metrics"].items():
        shown = "not available" if amount is None else value(metric, amount)
        table.add_row(METRICS[metric].title, shown, unit(metric, result["currency"]))
    screen().print(table)
    rate = result["invoices_per_second"]
    speed = "" if rate is None else f", {rate:,.0f} invoices per second"
    memory = (
        f"{result['peak_mib']:.0f} MiB at the peak ({result['process_peak_mib']:.0f} MiB with the ledger and its KPIs)"
    )
    print(wrapped(f"{result['seconds']:.2f} s{speed}, {memory}"))
