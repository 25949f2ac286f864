"""The figure of a staffing frontier: what a week's calls are worth by hours, what one more hour brings, and DSO."""

from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.comparing.metrics import METRICS
from experiments.hours.hours import Staffed
from experiments.reporting.figures import BASELINE, COLOURS, styled
from optimize.staffing.frontier import Frontier

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DSO: Final = METRICS["dso"]


def staffing_figure(found: Frontier, simulated: Staffed) -> "Figure":
    """Return the frontier in three panels above one another, by paid hours a week."""
    from plotly.subplots import make_subplots

    titles = (
        f"a week's calls ({found.currency})",
        f"one more paid hour ({found.currency})",
        f"{DSO.title} after {simulated.days} days, change ({DSO.change_in('')})",
    )
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.42, 0.28, 0.30])
    _worth(figure, found)
    _price(figure, found)
    _dso(figure, found, simulated)
    styled(figure, "")
    for row, title in enumerate(titles, 1):
        figure.update_yaxes(title_text=title, row=row, col=1)
    own = found.week.shifts.hours
    for row in (1, 2, 3):
        figure.add_vline(x=own, line={"color": "#888888", "width": 1, "dash": "dot"}, row=row, col=1)
    figure.add_annotation(
        x=own,
        y=1,
        yref="y domain",
        text=" the roster",
        showarrow=False,
        xanchor="left",
        font={"size": 12},
        row=1,
        col=1,
    )
    figure.update_xaxes(rangemode="tozero")
    figure.update_xaxes(title_text="paid hours a week", row=3, col=1)
    figure.update_layout(height=860, margin={"t": 60})
    return figure


def _worth(figure: "Figure", found: Frontier) -> None:
    levels, curve = found.levels[found.levels["undone"] == 0], found.curve
    _line(
        figure, 1, curve["paid_hours"], curve["bound"], "no plan is worth more (bound)", colour=COLOURS[0], dash="dash"
    )
    figure.add_scatter(
        x=_plain(levels["paid_hours"]),
        y=_plain(levels["value"]),
        name="plan found",
        mode="markers",
        marker={"size": 9, "color": COLOURS[0]},
        row=1,
        col=1,
    )
    _line(figure, 1, curve["paid_hours"], curve["cost"], "cost of the hours", colour=COLOURS[1], dash="solid")
    best = curve["bound"] - curve["cost"]
    _line(figure, 1, curve["paid_hours"], best, "bound less cost", colour=COLOURS[2], dash="dashdot")


def _price(figure: "Figure", found: Frontier) -> None:
    curve, cost = found.curve, found.week.cost_per_hour
    shown = curve[curve["price_per_hour"] <= 8 * cost]  # where things must be left undone the price has no sense
    _line(
        figure,
        2,
        shown["paid_hours"],
        shown["price_per_hour"],
        "what one more hour brings",
        colour=COLOURS[0],
        dash="solid",
    )
    ends = [0.0, float(curve["paid_hours"].max())]
    _line(figure, 2, ends, [cost, cost], "what it costs", colour=COLOURS[1], dash="solid")
    pays = found.week.shifts.hours * found.pays_up_to / 100
    figure.add_annotation(
        x=pays, y=cost, text=f"pays up to {pays:,.0f} h", showarrow=True, ax=60, ay=-30, font={"size": 12}, row=2, col=1
    )


def _dso(figure: "Figure", found: Frontier, simulated: Staffed) -> None:
    table = simulated.table()
    high = np.asarray(table["dso_change_high"].to_numpy(float) - table["dso_change"].to_numpy(float))
    figure.add_scatter(
        x=_plain(found.week.shifts.hours * table["hours_percent"] / 100),
        y=_plain(table["dso_change"]),
        name=f"{DSO.title} against the roster's, {100 * simulated.confidence:g} % interval",
        mode="lines+markers",
        marker={"size": 8, "color": BASELINE},
        line={"color": BASELINE, "width": 1.5},
        error_y={"array": _plain(np.nan_to_num(high)), "thickness": 1.5},
        row=3,
        col=1,
    )
    figure.add_hline(y=0, line={"color": "#888888", "width": 1}, row=3, col=1)


def _line(figure: "Figure", row: int, x: object, y: object, name: str, *, colour: str, dash: str) -> None:
    line = {"color": colour, "width": 2, "dash": dash}
    figure.add_scatter(x=_plain(x), y=_plain(y), name=name, mode="lines", line=line, row=row, col=1)


def _plain(values: object) -> list[float]:
    return [float(f"{value:.7g}") for value in np.asarray(values, np.float64)]
