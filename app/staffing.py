"""The command `staffing`: hours against cash, cost and DSO, and what one more hour is worth."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.exits import INFEASIBLE
from app.printing import print_json, remark, screen, wrapped

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from experiments.hours.hours import Staffed
    from ledger import Ledger
    from optimize.staffing.frontier import Frontier
    from optimize.staffing.shift_choice import ShiftChoice

MARKER: Final = "frontier.csv"
_METRICS: Final = (("dso", 2), ("cei", 2), ("cash_collected", 0))


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
    out: Path | None,
    state: Path,
    seed: int,
    as_json: bool,
) -> int:
    """Draw the frontier, write its files and show it; return the exit code."""
    from experiments.hours.figure import staffing_figure
    from ledger import BadInput
    from ledger.files.storage import check_folder, write_folder
    from optimize.nightly.contents import finite

    if ledger is None or roster is None:
        name = "--ledger" if ledger is None else "--roster"
        raise BadInput("is needed", where="command line", field=name)
    folder = check_folder(state / "staffing" if out is None else out, MARKER)
    percents = _percents(hours)
    found, better, simulated = _computed(
        ledger, roster, percents,
        strategy=strategy, date=date, days=days, horizon=horizon, replications=replications, planner=planner,
        model=model, state=state, seed=seed,
    )  # fmt: skip
    joined = found.levels.merge(simulated.table().drop(columns="paid_hours"), on="hours_percent", how="left")

    def fill(fresh: Path) -> None:
        joined.to_csv(fresh / MARKER, index=False)
        found.prices.to_csv(fresh / "prices.csv", index=False)
        found.checked.to_csv(fresh / "checked.csv", index=False)
        better.shifts.table().to_csv(fresh / "shifts.csv", index=False)
        figure = staffing_figure(found, simulated)
        figure.write_html(fresh / "staffing.html", include_plotlyjs=True, full_html=True)

    write_folder(folder, MARKER, fill)
    if as_json:
        chosen = {name: getattr(better, name) for name in ("own", "worth", "bound")}
        more = {"chosen_shifts": chosen, "folder": str(folder)}
        print_json(finite(_as_dict(found, simulated, joined) | more))
    else:
        _show(found, better, simulated)
        print(f"Written to {folder}: frontier.csv, prices.csv, checked.csv, shifts.csv, staffing.html")
    own = joined.set_index("hours_percent").loc[100.0]
    if own["undone"]:
        remark(f"collectlab: {int(own['undone'])} promises and disputes cannot be answered with the roster's hours")
        return INFEASIBLE
    return 0


def _percents(text: str) -> list[float]:
    from ledger import BadInput

    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        rule = "must be percentages of the roster's hours, separated by commas"
        raise BadInput(rule, where="command line", field="--hours", value=text) from error


def _computed(
    place: Path, roster: str, percents: list[float], *,
    strategy: str, date: str | None, days: int, horizon: int, replications: int, planner: str, model: str, state: Path,
    seed: int,
) -> tuple["Frontier", "ShiftChoice", "Staffed"]:  # fmt: skip
    """Return the frontier of a week, the shifts that are worth the most, and the same hours simulated."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    import sim
    from experiments.hours.hours import staffed
    from ledger import read_ledger
    from models.registry.reference import chosen
    from optimize.staffing.frontier import frontier
    from optimize.staffing.shift_choice import choose_shifts
    from optimize.staffing.week import week

    known, first = _known(read_ledger(place), date)
    who = int(roster) if roster.isdigit() else roster
    timing = chosen(model, known, state=state)
    console = screen(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("what there is to do", total=None)

        def tell(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        one = week(known, timing.timing, strategy, who, first, days, seed=seed)
        found = frontier(one, percents, progress=tell, seed=seed)
        bar.update(task, description="shifts", total=None)
        better = choose_shifts(one, seed=seed)
        portfolio = sim.from_ledger(known, timing.timing, words=timing.words, remarks=timing.remarks(known))
        simulated = staffed(
            portfolio, one.team, strategy, found.levels["hours_percent"],
            days=horizon, replications=replications, planner=planner, seed=seed, progress=tell,
        )  # fmt: skip
    return found, better, simulated


def _known(ledger: "Ledger", date: str | None) -> tuple["Ledger", "pd.Timestamp"]:
    """Return the ledger as known on the evening before the date, by default of the day after its last, and the date."""
    import pandas as pd

    from ledger.table.ledger import as_day

    first = ledger.as_of + pd.Timedelta(days=1) if date is None else as_day(date, field="date")
    evening = first - pd.Timedelta(days=1)
    return (ledger if evening >= ledger.as_of else ledger.snapshot(evening)), first


def _as_dict(found: "Frontier", simulated: "Staffed", joined: "pd.DataFrame") -> dict[str, Any]:
    checked = found.checked.assign(date=found.checked["date"].dt.strftime("%Y-%m-%d"))
    return {
        "summary": found.summary(),
        "currency": found.currency,
        "roster_hours": found.week.shifts.hours,
        "cost_per_hour": found.week.cost_per_hour,
        "pays_up_to_percent": found.pays_up_to,
        "pays_up_to_hours": found.week.shifts.hours * found.pays_up_to / 100,
        "shifts": found.week.shifts.status,
        "levels": joined.to_dict("records"),
        "checked_percent": found.checked_percent,
        "checked": checked.to_dict("records"),
        "days": simulated.days,
        "replications": int(simulated.runs["replication"].nunique()),
        "planner": simulated.planner,
        "notes": [*found.notes, *simulated.notes, *found.week.shifts.broken["sentence"]],
    }


def _show(found: "Frontier", better: "ShiftChoice", simulated: "Staffed") -> None:
    console = screen()
    console.print(_frontier_table(found, simulated))
    console.print(_price_table(found))
    console.print(found.summary())
    console.print(better.summary())
    for text in (*found.notes, *simulated.notes, *found.week.shifts.broken["sentence"]):
        remark(wrapped(f"note: {text}"))


def _frontier_table(found: "Frontier", simulated: "Staffed") -> "Table":
    """Return one row per number of hours; at most 100 columns."""
    runs = int(simulated.runs["replication"].nunique())
    table = _table(f"One week's calls by hours, and {simulated.days} days simulated with them ({runs} runs each)")
    unit = found.currency
    for name in ("hours", "paid h", "calls", f"worth\n{unit}", "bound\n+", f"cost\n{unit}", f"net\n{unit}",
                 f"one more\nhour {unit}", "DSO\ndays", "CEI\npoints", f"cash\n{unit}"):  # fmt: skip
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.levels.to_dict("records"):
        percent, own = float(row["hours_percent"]), row["hours_percent"] == 100
        more = "–" if math.isnan(row["price_per_hour"]) else f"{row['price_per_hour']:,.2f}"
        undone = f"\n[red]{row['undone']} undone[/red]" if row["undone"] else ""
        table.add_row(
            f"{percent:g} %",
            f"{row['paid_hours']:,.0f}",
            f"{row['calls']:,}{undone}",
            f"{row['value']:,.0f}",
            "–" if row["undone"] else f"{100 * row['gap']:.2f} %",
            f"{row['cost']:,.0f}",
            f"{row['net']:,.0f}",
            more,
            *(_simulated(simulated, percent, metric, places) for metric, places in _METRICS),
            style="bold" if own else "",
        )
    table.caption = (
        "worth: cash brought forward or saved, discounted, less waiting and goodwill. DSO, CEI, cash: at the roster's "
        f"hours the mean, else the change ± half its {100 * simulated.confidence:g} % interval"
    )
    return table


def _simulated(simulated: "Staffed", percent: float, metric: str, places: int) -> str:
    if percent == 100:
        mean = simulated.mean(percent, metric).mean
        return "–" if mean is None else f"{mean:,.{places}f}"
    apart = simulated.difference(percent, metric)
    if apart.mean is None or apart.high is None:
        return "–"
    return f"{apart.mean:+,.{places}f}\n[dim]±{apart.high - apart.mean:,.{places}f}[/dim]"


def _price_table(found: "Frontier") -> "Table":
    """Return the price of one more hour by skill, language and day, and what it brought when solved anew."""
    table = _table(f"One more paid hour in one block, at {found.checked_percent:g} % of the hours ({found.currency})")
    table.add_column("who", no_wrap=True)
    days = list(dict.fromkeys(found.checked["date"]))
    for day in days:
        table.add_column(f"{day:%a %d}", justify="right", no_wrap=True)
    for name in ("best day", "then", "in bound", "in plan"):
        table.add_column(name, justify="right", no_wrap=True)
    alike: dict[tuple[str, ...], list[str]] = {}
    for who, rows in found.checked.groupby("who", sort=False):
        best = rows.loc[rows["predicted"].idxmax()]
        values = [*rows["predicted"], *(best[name] for name in ("predicted", "after", "resolved", "planned"))]
        alike.setdefault(tuple(f"{value:,.2f}" for value in values), []).append(str(who))
    for cells, people in alike.items():
        table.add_row(people[0] if len(people) == 1 else f"{people[0]} and {len(people) - 1} more", *cells)
    table.caption = (
        "by languages and skills (“and 7 more”: groups with the same prices); price in the best block of each day, "
        "above that of an hour spread as the roster is; of the best day beside it the price of a further hour, and "
        "what the hour added to the bound (between the two) and to the plan (whole calls) when solved anew"
    )
    return table


def _table(title: str) -> "Table":
    from rich import box
    from rich.table import Table

    return Table(
        title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False,
        padding=(0, 1, 0, 0), caption_justify="left",
    )  # fmt: skip
