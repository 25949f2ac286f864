"""Figures of a comparison, as Plotly figures for the report and for notebooks."""

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from experiments.comparing.comparison import Comparison
from experiments.comparing.metrics import METRICS
from models.figures.style import house_style

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Okabe and Ito's colours, told apart by colour-blind readers too; the baseline is black, and dashes help in print.
BASELINE: Final = "#1a1a1a"
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#8b5cf6")
_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
_AGES: Final = ("#f2d9a6", "#e8b05c", "#cf7a3a", "#8f2d1d")
AGING: Final = {"aging_1-30": "1–30", "aging_31-60": "31–60", "aging_61-90": "61–90", "aging_91+": "91+"}
_NOT_DUE: Final = "aging_not_due"


def colours(comparison: Comparison) -> dict[str, str]:
    """Return the colour of each strategy."""
    others = [name for name in comparison.strategies if name != comparison.baseline]
    return {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(others)} | {comparison.baseline: BASELINE}


def path_figure(comparison: Comparison, column: str, unit: str, *, against_baseline: bool = False) -> "Figure":
    """Return the path of a KPI by strategy with interval bands, or its difference to the baseline."""
    from plotly.graph_objects import Figure

    table, colour = comparison.path(column, against_baseline=against_baseline), colours(comparison)
    figure = Figure()
    for k, name in enumerate(comparison.strategies):
        if against_baseline and name == comparison.baseline:
            continue
        rows = table[table["strategy"] == name].dropna(subset=["mean"])
        days = [f"{comparison.start + pd.Timedelta(days=int(day)):%Y-%m-%d}" for day in rows["elapsed"]]
        _band(figure, days, rows, colour[name], opacity=0.16 if against_baseline else 0.06)
        base = name == comparison.baseline
        figure.add_scatter(
            x=days,
            y=_round(rows["mean"]),
            name=f"{name} (baseline)" if base else name,
            mode="lines",
            line={"color": colour[name], "width": 3 if base else 2, "dash": "solid" if base else _DASHES[k % 8]},
        )
    if against_baseline:
        figure.add_hline(y=0, line={"color": BASELINE, "width": 2})
    return styled(figure, unit)


def _band(figure: "Figure", days: list[Any], rows: pd.DataFrame, colour: str, *, opacity: float) -> None:
    known = rows.dropna(subset=["low", "high"])
    if len(known) < len(rows):
        return
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    figure.add_scatter(
        x=days + days[::-1],
        y=_round(rows["high"]) + _round(rows["low"])[::-1],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},{opacity})",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def study_aging_figure(comparison: Comparison) -> "Figure":
    """Return how late the receivables are on the last day: the mean share of each aging bucket, by strategy."""
    from plotly.graph_objects import Figure

    shares = aging_shares(comparison)
    figure = Figure()
    for colour, (column, label) in zip(_AGES, AGING.items(), strict=True):
        figure.add_bar(
            y=list(shares.index),
            x=_round(shares[column]),
            name=f"{label} days late",
            orientation="h",
            marker={"color": colour},
        )
    for name, share in shares[_NOT_DUE].items():
        figure.add_annotation(
            x=float(100 - share),
            y=name,
            text=f"  {100 - share:.1f} % late",
            showarrow=False,
            xanchor="left",
            font={"size": 12},
        )
    styled(figure, "")
    figure.update_layout(barmode="stack", bargap=0.35, legend={"traceorder": "normal"})
    figure.update_xaxes(
        title_text="Share of receivables past due (%)", range=[0, 1.15 * float((100 - shares[_NOT_DUE]).max())]
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    return figure


def aging_shares(comparison: Comparison) -> pd.DataFrame:
    """Return percent of receivables in each bucket on the last day, mean over replications: one row per strategy."""
    last = comparison.paths[comparison.paths["elapsed"] == comparison.paths["elapsed"].max()]
    buckets = [_NOT_DUE, *AGING]
    amounts = last[buckets].astype("float64")
    shares = 100 * amounts.div(amounts.sum(axis=1), axis=0)
    means: pd.DataFrame = shares.groupby(last["strategy"]).mean()
    return means.loc[list(comparison.strategies)]


def payment_figure(comparison: Comparison) -> "Figure":
    """Return the share of invoices paid by days past due, in the ledger's last year and simulated, with intervals."""
    from plotly.graph_objects import Figure

    figure = Figure()
    curves = comparison.curves
    names = {"observed": "history", "simulated": f"simulated, {comparison.baseline}"}
    for (source, name), colour in zip(names.items(), (BASELINE, COLOURS[0]), strict=True):
        if curves is None or source not in set(curves["source"]):
            continue
        rows = curves[curves["source"] == source]
        percent = rows.assign(**{key: 100 * rows[key] for key in ("mean", "low", "high")})
        days = [int(day) for day in rows["day"]]
        _band(figure, days, percent, colour, opacity=0.16)
        dash = "solid" if source == "observed" else "dash"
        line = {"color": colour, "width": 2.5, "dash": dash, "shape": "hv"}
        figure.add_scatter(x=days, y=_round(percent["mean"]), name=name, mode="lines", line=line)
    figure.add_vline(x=0, line={"color": "#888888", "width": 1, "dash": "dot"})
    styled(figure, "invoices paid (%)")
    figure.update_xaxes(title_text="days past due")
    figure.update_yaxes(range=[0, 101])
    return figure


def difference_figure(comparison: Comparison, metric: str) -> "Figure":
    """Return each strategy's difference to the baseline with its interval, the margin shaded."""
    from plotly.graph_objects import Figure

    pairs = [pair for pair in comparison.pairs if pair.metric == metric and pair.difference.mean is not None]
    colour = colours(comparison)
    figure = Figure()
    for pair in pairs:
        mean, low, high = pair.difference.mean or 0.0, pair.difference.low, pair.difference.high
        reach = {} if low is None or high is None else {"array": [round(high - mean, 6)], "thickness": 2, "width": 0}
        figure.add_scatter(
            x=[round(mean, 6)],
            y=[pair.strategy],
            mode="markers",
            marker={"size": 11, "color": colour[pair.strategy]},
            error_x=reach,
            showlegend=False,
            name=pair.strategy,
        )
    if pairs:
        figure.add_vrect(x0=-pairs[0].margin, x1=pairs[0].margin, fillcolor="#999999", opacity=0.18, line_width=0)
    figure.add_vline(x=0, line={"color": BASELINE, "width": 1.5})
    styled(figure, "")
    good = "higher is better" if METRICS[metric].better > 0 else "lower is better"
    figure.update_xaxes(title_text=f"{METRICS[metric].change_in(comparison.currency)} ({good})")
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    return figure


def _round(values: "pd.Series[float]") -> list[float]:
    """Return plain numbers, short enough to keep the report small."""
    return [float(f"{value:.7g}") for value in values]


def styled(figure: "Figure", unit: str) -> "Figure":
    """Give a figure the house style and its vertical axis a unit."""
    house_style(figure, top=12)
    figure.update_yaxes(title_text=unit)
    return figure
