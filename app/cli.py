"""The command line: `collectlab`. Commands are wired here and written in the other modules of this package."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="collectlab",
    help="A laboratory for collections strategies: see what they do to DSO, CEI, cash and cost before you adopt one.",
    epilog="Exit codes: 0 done, 2 bad input, 3 infeasible or refused, 4 stale or unavailable, 130 interrupted, 1 bug.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there.")
]
State = Annotated[
    Path, typer.Option("--state", envvar="COLLECTLAB_STATE", help="Folder that holds results, tracking and models.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Where the random numbers start.", show_default="0")]
Workers = Annotated[
    int | None, typer.Option("--workers", help="Processes; any number gives the same digits.", show_default="all cores")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="When a ledger's customers pay: a kind of model, its file, or models:/payment-timing@champion.",
        show_default="kaplan_meier",
    ),
]
Rate = Annotated[
    list[str] | None,
    typer.Option(
        "--rate",
        metavar="CODE=RATE",
        help="What one unit of a currency is worth in the ledger's, as USD=0.92: wages and costs are assumed in USD.",
    ),
]
NoTrack = Annotated[bool, typer.Option("--no-track", help="Do not log to MLflow.")]
HERE = Path("runs")


@app.command("demo")
def demo(
    as_json: Json = False, state: State = HERE, seed: Seed = None, workers: Workers = None, no_track: NoTrack = False
) -> None:
    """Compare the six embedded strategies on the embedded portfolio."""
    from app.study import run_study

    run_study(
        fields={"name": "demo", "seed": seed},
        state=state,
        out=None,
        workers=workers,
        track=not no_track,
        as_json=as_json,
    )


@app.command("compare")
def compare(
    study: Annotated[Path | None, typer.Argument(help="Study file; without it, the six embedded strategies.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Ledger folder to start from.")] = None,
    model: Model = None,
    portfolio: Annotated[str | None, typer.Option(help="Embedded portfolio: normal or stress.")] = None,
    customers: Annotated[int | None, typer.Option(help="Generate a portfolio of so many customers.")] = None,
    days: Annotated[int | None, typer.Option(help="Days to simulate.", show_default="180")] = None,
    replications: Annotated[int | None, typer.Option(help="Runs of each strategy.", show_default="10")] = None,
    strategies: Annotated[str | None, typer.Option(help="Names or TOML files, separated by commas.")] = None,
    baseline: Annotated[str | None, typer.Option(help="The strategy the others are compared with.")] = None,
    planner: Annotated[str | None, typer.Option(help="Who is called first.", show_default="risk_weighted")] = None,
    specialists: Annotated[int | None, typer.Option(help="People who call.", show_default="2")] = None,
    confidence: Annotated[float | None, typer.Option(help="Of each interval.", show_default="0.95")] = None,
    rate: Rate = None,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.", show_default="STATE/studies/NAME")] = None,
    no_track: NoTrack = False,
    seed: Seed = None,
    state: State = HERE,
    as_json: Json = False,
) -> None:
    """Compare strategies with the same random numbers: differences, intervals, verdicts and a report."""
    from app.study import run_study

    fields = {
        "ledger": ledger,
        "model": model,
        "portfolio": portfolio,
        "customers": customers,
        "days": days,
        "replications": replications,
        "strategies": None if strategies is None else [name.strip() for name in strategies.split(",")],
        "baseline": baseline,
        "planner": planner,
        "specialists": specialists,
        "confidence": confidence,
        "rates": rate,
        "seed": seed,
    }
    run_study(file=study, fields=fields, state=state, out=out, workers=workers, track=not no_track, as_json=as_json)


@app.command("report")
def report(
    comparison: Annotated[Path, typer.Argument(help="Folder of a comparison, or its comparison.json.")],
    out: Annotated[Path | None, typer.Option(help="HTML file to write.", show_default="report.html beside it")] = None,
    as_json: Json = False,
) -> None:
    """Write the HTML report of a stored comparison again."""
    from app.study import rewrite_report

    rewrite_report(comparison, out=out, as_json=as_json)


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="CSV, XLSX or Parquet file, or an SQL URL.")],
    out: Annotated[Path, typer.Option(help="Folder of the ledger; beside its tables it gets rejects.csv.")],
    preset: Annotated[str | None, typer.Option(help="Name of a column map, such as generic, odoo, sap.")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="TOML column map of your own.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Day up to which the source knows.", show_default="its last day")
    ] = None,
    rates: Annotated[Path | None, typer.Option(help="CSV of currency and rate.")] = None,
    base_currency: Annotated[str | None, typer.Option(help="Currency of the results.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a ledger made from another source.")] = False,
    show_map: Annotated[bool, typer.Option("--show-map", help="Print the map that was used, to be edited.")] = False,
    as_json: Json = False,
) -> None:
    """Import a ledger: every row is imported, or listed with the rule it broke."""
    from app.ledgers import run_import

    options = {"preset": preset, "mapping": map_file, "as_of": as_of, "rates": rates, "base_currency": base_currency}
    run_import(source, out=out, replace=replace, options=options, show_map=show_map, as_json=as_json)


@app.command("kpi")
def kpi(
    ledger: Annotated[Path, typer.Argument(help="Ledger folder.")],
    as_of: Annotated[str | None, typer.Option(help="Last day of the month shown.", show_default="the ledger's")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day of the window.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day of the window.")] = None,
    as_json: Json = False,
) -> None:
    """Show DSO, CEI, aging and the other KPIs of a ledger."""
    from app.ledgers import run_kpi

    run_kpi(ledger, as_of=as_of, start=start, end=end, as_json=as_json)


@app.command("backtest")
def backtest(
    ledger: Annotated[Path, typer.Argument(help="Ledger folder.")],
    cut: Annotated[str, typer.Option(help="Last day that the models may learn from.")],
    model: Annotated[str, typer.Option(help="Names separated by commas, or all; baselines run beside.")],
    until: Annotated[
        str | None, typer.Option(help="Last issue day of the test.", show_default="the ledger's last day")
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="Parquet file for the predictions of one model.")] = None,
    figures: Annotated[Path | None, typer.Option(help="HTML file, or folder, for calibration and other plots.")] = None,
    walk_forward: Annotated[
        int | None, typer.Option(min=1, max=120, help="So many cuts, a month apart, the last at --cut.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(min=0, max=10_000, help="Resamples of customers for intervals.")] = 200,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Judge payment-timing models by invoices issued after a day, always beside the baselines."""
    from app.backtesting import run_backtest

    run_backtest(
        ledger,
        cut=cut,
        model=model,
        until=until,
        predictions=predictions,
        figures=figures,
        walk=walk_forward,
        bootstrap=bootstrap,
        seed=seed,
        as_json=as_json,
    )


@app.command("fit")
def fit(
    ledger: Annotated[Path, typer.Argument(help="Ledger folder.")],
    model: Annotated[str, typer.Option(help="Kind of model, such as kaplan_meier, best.")] = "kaplan_meier",
    as_of: Annotated[str | None, typer.Option(help="Day up to which to learn.", show_default="the ledger's")] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make it champion if it is better; exit code 3 names what failed.")
    ] = False,
    no_track: Annotated[bool, typer.Option("--no-track", help="Keep the file only: no MLflow.")] = False,
    seed: Seed = None,
    state: State = HERE,
    as_json: Json = False,
) -> None:
    """Fit a payment-timing model, back-test it, and register it as a version."""
    from app.versions import run_fit

    run_fit(
        ledger,
        as_of=as_of,
        model=model,
        promote=promote,
        state=state,
        track=not no_track,
        seed=seed or 0,
        as_json=as_json,
    )


@app.command("models")
def models(
    drift: Annotated[Path | None, typer.Option(help="Newest ledger: how the champion does on it.")] = None,
    state: State = HERE,
    as_json: Json = False,
) -> None:
    """List the versions of the payment-timing model, or check the champion for drift."""
    from app.versions import run_models

    run_models(state=state, drift=drift, as_json=as_json)


@app.command("effects")
def effects(
    ledger: Annotated[Path, typer.Argument(help="Ledger folder.")],
    as_of: Annotated[
        str | None, typer.Option(help="Use what was known on this evening.", show_default="all of it")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Use invoices issued from this day on.", show_default="the first contact")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a contact does to payment: assumed, naive, adjusted, and by randomised holdout."""
    from app.effects import run_effects

    run_effects(ledger, as_of=as_of, since=since, as_json=as_json)


@app.command("simulate")
def simulate(
    customers: Annotated[
        int | None, typer.Option(help="Generate so many customers.", show_default="the embedded 800")
    ] = None,
    days: Annotated[int, typer.Option(help="Days to simulate.")] = 180,
    specialists: Annotated[int, typer.Option(help="People who call.")] = 2,
    strategy: Annotated[str, typer.Option(help="Name, or TOML file.")] = "friendly",
    planner: Annotated[str, typer.Option(help="Who is called first.")] = "risk_weighted",
    portfolio: Annotated[str | None, typer.Option(help="normal or stress.", show_default="normal")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Ledger folder to start from.")] = None,
    model: Model = None,
    rate: Rate = None,
    replication: Annotated[int, typer.Option(help="Which replication.")] = 0,
    desk: Annotated[str, typer.Option(help="fast, or event (one event per attempt; same result).")] = "fast",
    out: Annotated[Path | None, typer.Option(help="Folder to write the run's ledger to.")] = None,
    seed: Seed = None,
    state: State = HERE,
    as_json: Json = False,
) -> None:
    """Simulate one strategy once and show what became of it."""
    from app.simulation import run_simulation

    fields = {
        "customers": customers,
        "days": days,
        "specialists": specialists,
        "strategies": [strategy],
        "planner": planner,
        "portfolio": portfolio,
        "ledger": ledger,
        "model": model,
        "rates": rate,
        "seed": seed,
    }
    run_simulation(fields, replication=replication, desk=desk, out=out, state=state, as_json=as_json)


@app.command("plan")
def plan(
    ledger: Annotated[str | None, typer.Option(help="Ledger folder, or an SQL URL.")] = None,
    roster: Annotated[str | None, typer.Option(help="TOML, CSV or Parquet of the team, or a number of people.")] = None,
    strategy: Annotated[str, typer.Option(help="Name, or TOML file.")] = "friendly",
    date: Annotated[str | None, typer.Option(help="First day.", show_default="the next working day")] = None,
    days: Annotated[int, typer.Option(help="Working days.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Folder of the plan.", show_default="STATE/plans")] = None,
    database: Annotated[str | None, typer.Option(help="SQLite or PostgreSQL URL to publish to.")] = None,
    model: Model = None,
    rate: Rate = None,
    previous: Annotated[
        Path | None, typer.Option(help="Plan to compare with.", show_default="the last in --out")
    ] = None,
    max_age: Annotated[int, typer.Option(help="Most days from the ledger's last day to --date.")] = 4,
    exploration: Annotated[float | None, typer.Option(help="Share of customers left alone at random.")] = None,
    stops: Annotated[Path | None, typer.Option(help="CSV of customer_id and until: whom to leave alone.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Limit of the solver's time; the plan may then differ.")] = None,
    preset: Annotated[str | None, typer.Option(help="Column map of an SQL ledger.", show_default="generic")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="Column map of your own, of an SQL ledger.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace the plan of this date and ledger.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and show, but write nothing.")] = False,
    reconcile: Annotated[
        Path | None, typer.Option(help="Folder of a plan: compare it with what was done by --ledger.")
    ] = None,
    seed: Seed = None,
    state: State = HERE,
    as_json: Json = False,
) -> int:
    """Plan who contacts whom over the next days, and publish it: files, workbook, database."""
    from app.planning import run_plan, run_reconcile

    if reconcile is not None:
        run_reconcile(reconcile, ledger=ledger, preset=preset, mapping=map_file, as_json=as_json)
        return 0
    fields = {
        "ledger": ledger,
        "roster": roster,
        "strategy": strategy,
        "date": date,
        "days": days,
        "database": database,
        "model": model,
        "rates": rate,
        "previous": previous,
        "max_age": max_age,
        "exploration": exploration,
        "stops": stops,
        "seconds": seconds,
        "preset": preset,
        "mapping": map_file,
        "again": again,
        "seed": seed,
    }
    return run_plan(fields, out=out, state=state, dry_run=dry_run, as_json=as_json)


@app.command("staffing")
def staffing(
    ledger: Annotated[Path | None, typer.Option(help="Ledger folder.")] = None,
    roster: Annotated[str | None, typer.Option(help="TOML, CSV or Parquet of the team, or a number of people.")] = None,
    strategy: Annotated[str, typer.Option(help="Name, or TOML file.")] = "friendly",
    date: Annotated[str | None, typer.Option(help="First day.", show_default="the next working day")] = None,
    days: Annotated[int, typer.Option(help="Working days of the week that is planned, at most 5.")] = 5,
    hours: Annotated[str, typer.Option(help="Percentages of the roster's hours.")] = "50,75,100,125,150",
    horizon: Annotated[int, typer.Option(help="Days to simulate.")] = 90,
    replications: Annotated[int, typer.Option(help="Simulated runs at each number of hours.")] = 8,
    planner: Annotated[str, typer.Option(help="Who is called first in the simulation.")] = "uplift_per_minute",
    model: Model = None,
    rate: Rate = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results.", show_default="STATE/staffing")] = None,
    seed: Seed = None,
    state: State = HERE,
    as_json: Json = False,
) -> int:
    """Draw hours against cash, cost and DSO, and say at which hours another one no longer pays."""
    from app.staffing import run_staffing

    return run_staffing(
        ledger,
        roster,
        strategy=strategy,
        date=date,
        days=days,
        hours=hours,
        horizon=horizon,
        replications=replications,
        planner=planner,
        model=model or "kaplan_meier",
        rates=rate or (),
        out=out,
        state=state,
        seed=seed or 0,
        as_json=as_json,
    )


@app.command("version")
def version(as_json: Json = False) -> None:
    """Show the version, the commit in a checkout, and the hash of the compiled kernels' sources."""
    from app.printing import print_json
    from ledger.compiling import short_fingerprint
    from models.registry.code_version import code_version

    if as_json:
        print_json({"version": code_version(), "kernels": short_fingerprint()})
    else:
        print(f"collectlab {code_version()}, kernels {short_fingerprint()}")


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version_: Annotated[bool, typer.Option("--version", help="Show the version and leave.", is_eager=True)] = False,
) -> None:
    if version_:
        version()
        context.exit(0)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and leave with its exit code: 0 done, 2 bad input, 3 infeasible, 4 unavailable, 1 bug."""
    from app.exits import guarded

    given = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = os.environ.get("COLLECTLAB_DEBUG", "") not in ("", "0")
    sys.exit(
        guarded(
            lambda: app(given, prog_name="collectlab", standalone_mode=False),
            debug=debug,
            as_json="--json" in given,
        )
    )


if __name__ == "__main__":
    main()
