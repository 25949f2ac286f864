"""The commands `compare`, `demo` and `report`."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.printing import print_json, progress_bar, remark, screen, show_in_parts
from ledger.screen import wrapped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from experiments import Comparison, Study

DEFAULT: Final = {
    "name": "embedded",
    "strategies": ("none", "email_only", "friendly", "escalated", "sop_cadence", "proactive"),
    "baseline": "friendly",
}


def run_study(
    *,
    fields: dict[str, Any],
    file: Path | None = None,
    state: Path,
    out: Path | None,
    workers: int | None,
    track: bool,
    as_json: bool,
) -> None:
    """Run a study, write its files, log it and show it."""
    from experiments.comparing.comparison import MARKER
    from experiments.reporting.files import write_comparison
    from ledger.files.storage import check_folder

    study = study_of(file, fields)
    folder = check_folder(state / "studies" / study.name if out is None else out, MARKER)
    comparison = _compared(study, workers, state)
    for note in comparison.warnings if as_json else ():  # else the table says them
        remark(note)
    write_comparison(comparison, folder)
    result = comparison.to_dict() | {"report": str(folder / "report.html"), "folder": str(folder)}
    if not as_json:
        show(comparison)
    if track:
        result["tracking"] = _tracked(comparison, folder, state)
    if as_json:
        print_json(result)
    else:
        print(f"\n{wrapped(comparison.summary())}\nReport: {_near(folder / 'report.html')}")


def study_of(file: Path | None, fields: dict[str, Any]) -> "Study":
    """Return the study of a file, or the default one, with what the command line gives in place of what it says."""
    from experiments import Study
    from experiments.comparing.study import study_fields
    from ledger.table.exchange import read_rate_options

    given = {key: value for key, value in fields.items() if value is not None}
    if "rates" in given:
        given["rates"] = read_rate_options(given["rates"])
    from_file = DEFAULT if file is None else study_fields(file)
    if file is None and "ledger" in given:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(given["ledger"]).resolve().name).strip(".-_")
        from_file = from_file | {"name": name[:64] or "ledger"}
    if "ledger" in given:
        from_file = {key: value for key, value in from_file.items() if key not in ("portfolio", "customers")}
    if given.keys() & {"portfolio", "customers"}:
        from_file = {key: value for key, value in from_file.items() if key != "ledger"}
    if "strategies" in given and "baseline" not in given and from_file.get("baseline") not in given["strategies"]:
        from_file = {key: value for key, value in from_file.items() if key != "baseline"}
    return Study.of(from_file | given, where="command line" if file is None else str(file))


def _compared(study: "Study", workers: int | None, state: Path) -> "Comparison":
    from experiments import compare

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with progress_bar("receivables", unit="runs") as progress:
        return compare(study, workers=cores if workers is None else workers, progress=progress, state=state)


def _tracked(comparison: "Comparison", folder: Path, state: Path) -> dict[str, Any]:
    from experiments.reporting.tracking import track

    tracked = track(comparison, folder, state)
    remark(f"Logged to MLflow experiment {tracked.experiment!r} at {tracked.uri}")
    return {"uri": tracked.uri, "experiment": tracked.experiment, "parent_run": tracked.parent, "runs": tracked.runs}


def show(comparison: "Comparison", console: "Console | None" = None) -> None:
    """Show a comparison as a table, in parts where the screen is too narrow for it."""
    from rich.markup import escape

    from experiments.comparing.metrics import prominent
    from ledger.wording import plural

    shown = prominent(2)
    console, study = console or screen(), comparison.study
    who = f"{comparison.portfolio}, {plural(comparison.customers, 'customer')}"
    console.print(f"[bold]{escape(who)}, {plural(study.days, 'day')}, {plural(study.replications, 'replication')}[/]")
    for warning in comparison.warnings:
        console.print(f"[bold red]{escape(warning)}[/]")
    show_in_parts(lambda metrics: comparison_table(comparison, metrics), shown, console)
    console.print(
        f"[dim]Second line: difference to {escape(comparison.baseline)} ± half its {100 * study.confidence:g} % "
        "interval; ▲ better, ▼ worse, = negligible, ? undecided[/]"
    )
    for note in comparison.margin_notes(shown):
        console.print(f"[dim]{escape(note)}[/]")


def comparison_table(comparison: "Comparison", metrics: Sequence[str]) -> "Table":
    """Return the table of a comparison: mean of each metric, the difference to the baseline and its verdict."""
    from rich import box
    from rich.table import Table

    from experiments.comparing.metrics import METRICS
    from experiments.comparing.number_format import unit

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("Strategy", no_wrap=True)
    for metric in metrics:
        table.add_column(f"{METRICS[metric].head}\n{unit(metric, comparison.currency)}", justify="right", no_wrap=True)
    for name in comparison.strategies:
        base = name == comparison.baseline
        table.add_row(
            f"{name}\n[dim]baseline[/dim]" if base else name,
            *(_cell(comparison, name, metric) for metric in metrics),
            style="bold" if base else "",
        )
    return table


def _cell(comparison: "Comparison", name: str, metric: str) -> str:
    from experiments.comparing.metrics import METRICS
    from experiments.comparing.number_format import number, signed, value

    mean = value(metric, comparison.mean(name, metric).mean)
    if name == comparison.baseline:
        return f"{mean}\n"
    pair, places = comparison.pair(name, metric), METRICS[metric].places
    apart = pair.difference
    if apart.mean is None:
        return f"{mean}\n"
    half = "" if apart.low is None or apart.high is None else f" ±{number((apart.high - apart.low) / 2, places)}"
    mark = "=" if pair.equal else {"better": "▲", "worse": "▼", "undecided": "?"}[pair.verdict]
    colour = {"▲": "green", "▼": "red"}.get(mark, "dim")
    return f"{mean}\n[{colour}]{signed(apart.mean, places)}{half} {mark}[/{colour}]"


def rewrite_report(place: Path, *, out: Path | None, as_json: bool) -> None:
    """Write the report of a stored comparison again."""
    from experiments import Comparison
    from experiments.reporting.report import report
    from ledger.files.storage import check_file, write_file

    comparison = Comparison.read(place)
    folder = place if place.is_dir() else place.parent
    path = write_file(check_file(folder / "report.html" if out is None else out), report(comparison))
    if as_json:
        print_json({"report": str(path), "finding": comparison.summary()})
    else:
        print(f"{wrapped(comparison.summary())}\nReport: {_near(path)}")


def _near(path: Path) -> str:
    """Return the path as seen from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
