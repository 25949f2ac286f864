"""The command `backtest`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.printing import print_json, progress_bar, remark, screen, show_in_parts

if TYPE_CHECKING:
    from rich.table import Table

    from models.evaluation.backtest import Backtest
    from models.evaluation.walk_forward import WalkForward

FIRST: Final = ("concordance", "integrated_brier", "mae", "auc_late", "auc_late_30", "coverage", "cash_error")
_COSTS: Final = "fit + predict"
SECOND: Final = ("rmse", "auc_late_15", "bucket_accuracy", "coverage_gap", "d_calibration_gap", "d_calibration")
OVER_CUTS: Final = ("concordance", "integrated_brier", "mae", "auc_late", "auc_late_30", "coverage_gap", "cash_error")


def run_backtest(
    folder: Path,
    *,
    cut: str,
    model: str,
    until: str | None,
    predictions: Path | None,
    figures: Path | None,
    walk: int | None,
    bootstrap: int,
    seed: int | None,
    as_json: bool,
) -> None:
    """Back-test models on a ledger, and write what was asked for."""
    from ledger import read_ledger
    from ledger.files.storage import check_file
    from models.evaluation.test_set import BASELINES
    from models.evaluation.walk_forward import WalkForward
    from models.timing import FITTERS

    names = list(FITTERS) if model == "all" else [name.strip() for name in model.split(",")]
    if predictions is not None:
        _check_single(names)
        check_file(predictions)
    page = None if figures is None else check_file(figures if figures.suffix == ".html" else figures / "backtest.html")
    ledger = read_ledger(folder)
    tested = _tested(ledger, cut=cut, until=until, names=names, walk=walk, bootstrap=bootstrap, seed=seed or 0)
    last = tested.last if isinstance(tested, WalkForward) else tested
    result: dict[str, Any] = {"ledger": str(folder)} | tested.to_dict()
    if predictions is not None:
        result["predictions"] = str(last.predictions[names[0]].write(predictions))
    if page is not None:
        result["figures"] = str(_drawn(last, ledger, [name for name in names if name not in BASELINES] or names, page))
    if as_json:
        print_json(result)
        return
    show_walk(tested) if isinstance(tested, WalkForward) else show(tested, names)
    for what in ("predictions", "figures"):
        if what in result:
            print(f"{what.capitalize()}: {result[what]}")


def _check_single(names: list[str]) -> None:
    from ledger import BadInput

    if len(names) != 1:
        raise BadInput("holds the predictions of one model: name it with --model", field="--predictions")


def _tested(
    ledger: Any, *, cut: str, until: str | None, names: list[str], walk: int | None, bootstrap: int, seed: int
) -> "Backtest | WalkForward":
    from models.evaluation.backtest import backtest
    from models.evaluation.walk_forward import cuts_before, walk_forward

    with progress_bar("models") as progress:
        given: dict[str, Any] = {"until": until, "models": names, "bootstrap": bootstrap, "seed": seed}
        if walk is None:
            return backtest(ledger, cut=cut, **given, progress=progress)
        return walk_forward(ledger, cuts_before(cut, walk), **given, progress=progress)


def _drawn(test: "Backtest", ledger: Any, names: list[str], page: Path) -> Path:
    from ledger.files.storage import write_file
    from models.figures.page import document

    with screen(stderr=True).status("drawing"):
        return write_file(page, document(test, ledger, names))


def show(test: "Backtest", names: list[str]) -> None:
    """Print the metrics with their intervals, the models beside the baselines, and what is proven."""
    console = screen()
    console.print(test.headline())
    for metrics in ((*FIRST, _COSTS), SECOND):
        show_in_parts(lambda some: _table(test, some), metrics, console)
    for line in _findings(test, names):
        console.print(line)
    first, last = test.support
    below = (
        f"Below each number its 95 % interval over {test.bootstrap} resamples of customers. " if test.bootstrap else ""
    )
    console.print(
        f"[dim]{below}IBS: days {first} to "
        f"{last} from due. cash: {test.weeks} weeks. Open invoices count by their chance of being followed.[/dim]"
    )
    for note in test.notes():
        remark(note)


def _table(test: "Backtest", columns: list[str]) -> "Table":
    from rich.table import Table

    from models.evaluation.metrics import METRICS

    costs, metrics = _COSTS in columns, [name for name in columns if name != _COSTS]
    bounds = test.intervals.set_index(["model", "metric"])
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("model", no_wrap=True)
    for name in metrics:
        arrow = {1: " ↑", -1: " ↓", 0: ""}[METRICS[name].better]
        table.add_column(f"{METRICS[name].label}{arrow}", justify="right", no_wrap=True)
    if costs:
        table.add_column("fit + predict", justify="right", no_wrap=True)
    for model in test.models:
        cells = [_cell(test, model, name, bounds.loc[(model, name)]) for name in metrics]
        table.add_row(model, *cells, *([_cost(test, model)] if costs else []))
    return table


def _cell(test: "Backtest", model: str, metric: str, bounds: Any) -> str:
    from models.evaluation.backtest import cell

    row = test.metrics.loc[model]
    value = _short(cell(metric, float(row[metric])))
    if metric == "coverage":
        expected = _short(cell("coverage_expected", float(row["coverage_expected"])))
        return f"{value}\n[dim]said {expected}[/dim]"
    low, high = (_short(cell(metric, float(bounds[end]))) for end in ("low", "high"))
    return f"{value}\n[dim]{'' if low == '–' else f'{low}–{high}'}[/dim]"


def _cost(test: "Backtest", model: str) -> str:
    from models.evaluation.backtest import cell

    row = test.metrics.loc[model]
    fit, predict, peak = (cell(name, float(row[name])) for name in ("fit_seconds", "predict_seconds", "peak_mib"))
    return f"{fit} + {predict} s\n[dim]{peak} MiB[/dim]"


def _short(number: str) -> str:
    return number.removeprefix("0") if number.startswith("0.") else number


def _findings(test: "Backtest", names: list[str]) -> list[str]:
    """Return for each model and baseline what is proven better and worse: the paired interval excludes zero."""
    from models.evaluation.metrics import METRICS

    lines = []
    for (model, baseline), rows in test.paired.groupby(["model", "baseline"], sort=False):
        if model not in names:
            continue
        said = {
            verdict: ", ".join(METRICS[name].label for name in found["metric"])
            for verdict, found in rows.groupby("verdict")
        }
        colours = {"better": "green", "worse": "red", "undecided": "dim", "not judged": "dim"}
        parts = [f"[{colours[key]}]{key}[/] {said[key]}" for key in colours if key in said]
        lines.append(f"{model} against {baseline}: " + "; ".join(parts))
    return lines


def show_walk(walk: "WalkForward") -> None:
    """Print each cut's metrics and their means."""
    show_in_parts(lambda some: _cuts_table(walk, some), OVER_CUTS, screen())
    for test in walk.backtests:
        for note in test.notes():
            remark(f"{test.cut:%F}: {note}")


def _cuts_table(walk: "WalkForward", columns: list[str]) -> "Table":
    from rich.table import Table

    from models.evaluation.backtest import cell
    from models.evaluation.metrics import METRICS

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("cut", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for name in columns:
        arrow = {1: " ↑", -1: " ↓", 0: ""}[METRICS[name].better]
        table.add_column(f"{METRICS[name].label}{arrow}", justify="right", no_wrap=True)
    parts = [(f"{test.cut:%F}", test.metrics) for test in walk.backtests] + [("mean", walk.means())]
    for cut, metrics in parts:
        for k, (model, row) in enumerate(metrics.iterrows()):
            style = "bold" if cut == "mean" else ""
            cells = [_short(cell(name, float(row[name]))) for name in columns]
            table.add_row(cut if k == 0 else "", str(model), *cells, style=style)
    return table
