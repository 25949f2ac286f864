"""The command `staffing`: hours against cash, cost and DSO, and what one more hour is worth."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.printing import print_json, progress_bar, remark, screen, show_in_parts
from ledger.screen import wrapped
from ledger.wording import plural

if TYPE_CHECKING:
    from rich.table import Table

    from experiments.hours.hours import Staffed
    from optimize.staffing.frontier import Frontier
    from optimize.staffing.shift_choice import ShiftChoice

MARKER: Final = "frontier.csv"
_OF_THE_WEEK: Final = (  # columns beside the percentage of the hours; $ is the currency
    "paid h", "calls", "worth\n$", "bound\n+", "cost\n$", "net\n$", "one more\nhour $",
)  # fmt: skip
_SIMULATED: Final = ("dso", "cei", "cash_collected")  # metrics of the runs, columns after those
_PRICES: Final = (
    "[dim]by languages and skills (“and 7 more”: groups with the same prices); price in the best block of each day, "
    "above that of an hour spread as the roster is; of the best day beside it the price of a further hour, and what "
    "the hour added to the bound (between the two) and to the plan (whole calls) when solved anew[/]\n"
)


def run_staffing(
    ledger: Path | None,
    roster: str | None,
    *,
    strategy: str,
    date: str | None,
    days: int,
    hours: str,
    horizon: int,
    replications: int,
    planner: str,
    model: str,
    rates: Sequence[str],
    out: Path | None,
    state: Path,
    seed: int,
    as_json: bool,
) -> int:
    """Draw the frontier, write its files and show it; return the exit code."""
    from experiments.hours.figure import staffing_figure
    from experiments.hours.staffing import staffing
    from ledger import BadInput, Refused, read_ledger
    from ledger.files.storage import check_folder, write_folder
    from ledger.table.exchange import read_rate_options, with_rates

    if ledger is None or roster is None:
        name = "--ledger" if ledger is None else "--roster"
        raise BadInput("is needed", where="command line", field=name)
    folder = check_folder(state / "staffing" if out is None else out, MARKER)
    percents = _percents(hours)
    books = with_rates(read_ledger(ledger), read_rate_options(rates))
    with progress_bar("what there is to do") as progress:
        result = staffing(
            books, int(roster) if roster.isdigit() else roster,
            strategy=strategy, model=model, date=date, days=days, hours=percents, horizon=horizon,
            replications=replications, planner=planner, state=state, seed=seed, progress=progress,
        )  # fmt: skip
    found, better, simulated, joined = result.frontier, result.shifts, result.simulated, result.table()

    def fill(fresh: Path) -> None:
        joined.to_csv(fresh / MARKER, index=False)
        found.prices.to_csv(fresh / "prices.csv", index=False)
        found.checked.to_csv(fresh / "checked.csv", index=False)
        better.shifts.table().to_csv(fresh / "shifts.csv", index=False)
        figure = staffing_figure(found, simulated)
        figure.write_html(fresh / "staffing.html", include_plotlyjs=True, full_html=True)

    write_folder(folder, MARKER, fill)
    if as_json:
        print_json(result.to_dict() | {"folder": str(folder)})
    else:
        _show(found, better, simulated)
        print(f"Written to {folder}: frontier.csv, prices.csv, checked.csv, shifts.csv, staffing.html")
    own = joined.set_index("hours_percent").loc[100.0]
    if own["undone"]:
        remark(f"collectlab: {int(own['undone'])} promises and disputes cannot be answered with the roster's hours")
        return Refused.exit_code
    return 0


def _percents(text: str) -> list[float]:
    from ledger import BadInput

    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        rule = "must be percentages of the roster's hours, separated by commas"
        raise BadInput(rule, where="command line", field="--hours", value=text) from error


def _show(found: "Frontier", better: "ShiftChoice", simulated: "Staffed") -> None:
    console, runs = screen(), simulated.replications
    title = f"One week's calls by hours, and {plural(simulated.days, 'day')} simulated with them ({runs} runs each)"
    console.print(f"[bold]{title}[/]")
    show_in_parts(lambda some: _frontier_table(found, simulated, some), _columns(), console)
    console.print(
        "[dim]worth: cash brought forward or saved, discounted, less waiting and goodwill. DSO, CEI, cash: at the "
        f"roster's hours the mean, else the change ± half its {100 * simulated.confidence:g} % interval[/]\n"
    )
    console.print(
        f"[bold]One more paid hour in one block, at {found.checked_percent:g} % of the hours ({found.currency})[/]"
    )
    prices = _prices(found)
    show_in_parts(lambda some: _price_table(prices, some), list(prices)[1:], console)
    console.print(_PRICES)
    console.print(found.summary())
    console.print(better.summary())
    for text in (*found.notes, *simulated.notes, *found.week.shifts.broken["sentence"]):
        remark(wrapped(f"note: {text}"))


def _frontier_table(found: "Frontier", simulated: "Staffed", columns: Sequence[str]) -> "Table":
    """Return some columns of the frontier, one row per number of hours."""
    table = _table()
    table.add_column("hours", justify="right", no_wrap=True)
    for name in columns:
        table.add_column(name.replace("$", found.currency), justify="right", no_wrap=True)
    for row in found.levels.to_dict("records"):
        percent = float(row["hours_percent"])
        cells = _cells(simulated, row)
        own = "bold" if percent == 100 else ""
        table.add_row(f"{percent:g} %", *(cells[name] for name in columns), style=own)
    return table


def _columns() -> list[str]:
    """Return the heads of all columns beside the percentage of the hours."""
    from experiments.comparing.metrics import METRICS

    metrics = [METRICS[name] for name in _SIMULATED]
    return [*_OF_THE_WEEK, *(f"{metric.head} {metric.change_in('$')}".replace(" ", "\n") for metric in metrics)]


def _cells(simulated: "Staffed", row: Mapping[Any, Any]) -> dict[str, str]:
    """Return the cells of a number of hours, by column."""
    undone = f"\n[red]{row['undone']} undone[/red]" if row["undone"] else ""
    percent = float(row["hours_percent"])
    cells = [
        f"{row['paid_hours']:,.0f}",
        f"{row['calls']:,}{undone}",
        f"{row['value']:,.0f}",
        "–" if row["undone"] else f"{100 * row['gap']:.2f} %",
        f"{row['cost']:,.0f}",
        f"{row['net']:,.0f}",
        "–" if math.isnan(row["price_per_hour"]) else f"{row['price_per_hour']:,.2f}",
        *(_simulated(simulated, percent, metric) for metric in _SIMULATED),
    ]
    return dict(zip(_columns(), cells, strict=True))


def _simulated(simulated: "Staffed", percent: float, metric: str) -> str:
    from experiments.comparing.metrics import METRICS

    places = 0 if METRICS[metric].unit == "money" else 2
    if percent == 100:
        mean = simulated.mean(percent, metric).mean
        return "–" if mean is None else f"{mean:,.{places}f}"
    apart = simulated.difference(percent, metric)
    if apart.mean is None or apart.high is None:
        return "–"
    return f"{apart.mean:+,.{places}f}\n[dim]±{apart.high - apart.mean:,.{places}f}[/dim]"


def _prices(found: "Frontier") -> dict[str, list[str]]:
    """Return by column the price of one more hour by skill, language and day, and what it brought when solved anew."""
    days = [f"{day:%a %d}" for day in dict.fromkeys(found.checked["date"])]
    alike: dict[tuple[str, ...], list[str]] = {}
    for who, rows in found.checked.groupby("who", sort=False):
        best = rows.loc[rows["predicted"].idxmax()]
        values = [*rows["predicted"], *(best[name] for name in ("predicted", "after", "resolved", "planned"))]
        alike.setdefault(tuple(f"{value:,.2f}" for value in values), []).append(str(who))
    groups = [who[0] if len(who) == 1 else f"{who[0]} and {len(who) - 1} more" for who in alike.values()]
    cells = zip([*days, "best day", "then", "in bound", "in plan"], zip(*alike, strict=True), strict=True)
    return {"who": groups} | {name: list(column) for name, column in cells}


def _price_table(prices: Mapping[str, list[str]], columns: Sequence[str]) -> "Table":
    """Return some columns of the prices beside whose they are."""
    table = _table()
    table.add_column("who", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for cells in zip(prices["who"], *(prices[name] for name in columns), strict=True):
        table.add_row(*cells)
    return table


def _table() -> "Table":
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
