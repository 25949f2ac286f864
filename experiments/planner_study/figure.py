"""The figure of a comparison of planners."""

from typing import TYPE_CHECKING

from experiments.planner_study.planner_study import MEASURES, PlannerComparison
from experiments.reporting.figures import BASELINE, COLOURS, styled

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")


def planner_figure(comparison: PlannerComparison, measure: str = "cash_and_run_off") -> "Figure":
    """Return what each planner's calls brought with its interval, one colour and symbol per belief, the best on top."""
    from plotly.graph_objects import Figure

    table, figure = comparison.table(measure), Figure()
    first = table[table["belief"] == comparison.study.beliefs[0]].sort_values("mean")
    order = list(first["planner"])
    for k, belief in enumerate(comparison.study.beliefs):
        rows = table[table["belief"] == belief].set_index("planner").loc[order]
        figure.add_scatter(
            x=[round(float(value), 4) for value in rows["mean"]],
            y=[place + 0.16 * (1 - k) for place in range(len(order))],
            mode="markers",
            name=f"model {belief}",
            marker={"size": 9, "color": BASELINE if k == 0 else COLOURS[k - 1], "symbol": _SYMBOLS[k % len(_SYMBOLS)]},
            error_x={"array": [round(float(half), 4) for half in rows["high"] - rows["mean"]], "thickness": 1.5},
            text=order,
            hovertemplate="%{text}: %{x}<extra></extra>",
        )
    styled(figure, "")
    words = [name.replace("_", " ") for name in order]
    figure.update_yaxes(tickvals=list(range(len(order))), ticktext=words, showgrid=False, automargin=True)
    figure.update_xaxes(title_text=f"calls against no calls: {MEASURES[measure]}")
    return figure
