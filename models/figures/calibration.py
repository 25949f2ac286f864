"""Figures of a back-test, as Plotly figures for its page and for notebooks: what was predicted beside what came.

Bars around observed shares are 95 % intervals over resampled customers, as in the back-test itself; there are none with
few customers.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.json_ready import finite
from ledger.table.answers import FEW_CUSTOMERS
from ledger.table.ledger import positions
from models.evaluation.backtest import Backtest
from models.evaluation.outcomes import FollowUp, Outcomes
from models.evaluation.scores import by_owner, ratios
from models.evaluation.test_set import interval, resamples
from models.figures.style import BLACK, house_style

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Okabe and Ito's colours, told apart by colour-blind readers too
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
LATE: Final = (0, 15, 30)
AGES: Final = (-14, -7, -3, 0, 3, 7, 14, 21, 30, 45)  # days past due at which is asked
AHEAD: Final = 14  # days
GROUPS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)  # few are very late: finer at the top
_ASKED: Final = 3000  # invoices asked about at each age
_FEW: Final = 20  # invoices below which a point is not drawn
_SAMPLES: Final = 200
_CLIP: Final = 30  # days; larger errors are shown there


def calibration_figure(test: Backtest, model: str) -> "Figure":
    """Return the predicted against the observed share more than 0, 15 and 30 days late, by that prediction."""
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=3, subplot_titles=[f"more than {days} days late" for days in LATE])
    for column, days in enumerate(LATE, start=1):
        said = test.predictions[model].probability_late(days)
        weight = test.outcomes.weight(days) if days <= test.outcomes.followed.reach else np.zeros(len(said))
        group = _groups(said)
        inside = group[:, None] == np.arange(group.max() + 1)
        rows = _shares(inside * (weight * test.outcomes.unpaid_on(days))[:, None], inside * weight[:, None], test)
        rows["said"] = ratios(inside.T @ (weight * said), inside.T @ weight)
        _points(figure, rows[inside.sum(0) >= min(_FEW, len(said))], COLOURS[column - 1], column)
        top = 1.05 * float(np.nanmax(rows[["said", "high", "share"]].to_numpy(), initial=0.02))
        line = {"color": BLACK, "width": 1, "dash": "dot"}
        figure.add_scatter(x=[0, top], y=[0, top], mode="lines", line=line, showlegend=False, row=1, col=column)
    styled_by_unit(figure, "observed share")
    figure.update_xaxes(title_text="predicted probability")
    return figure


def _groups(values: Floats) -> Ints:
    """Return the group, between the quantiles `GROUPS`, that each value falls into; equal values share one."""
    edges = np.unique(np.quantile(values, GROUPS))
    return np.asarray(np.searchsorted(edges, values, side="right"), np.int64)


def _shares(top: Floats, bottom: Floats, test: Backtest) -> pd.DataFrame:
    """Return share, low and high of each column."""
    owner, counts = _customers(test)
    size = counts.shape[1]
    samples = ratios(counts @ by_owner(top, owner, size), counts @ by_owner(bottom, owner, size))
    bounds = pd.DataFrame([interval(column) for column in samples.T], columns=["low", "high"])
    return bounds.assign(share=ratios(top.sum(0), bottom.sum(0)))


def _customers(test: Backtest) -> tuple[Ints, Floats]:
    invoices = next(iter(test.predictions.values())).invoices
    return resamples(invoices["customer_id"], _SAMPLES if test.units >= FEW_CUSTOMERS else 0, test.seed)


def _points(figure: "Figure", rows: pd.DataFrame, colour: str, column: int) -> None:
    rows = rows.dropna(subset=["said", "share"])
    figure.add_scatter(
        x=_round(rows["said"]),
        y=_round(rows["share"]),
        mode="markers",
        marker={"size": 8, "color": colour},
        error_y=_bars(rows),
        showlegend=False,
        row=1,
        col=column,
    )


def _bars(rows: pd.DataFrame) -> dict[str, Any]:
    up, down = (rows["high"] - rows["share"]).fillna(0), (rows["share"] - rows["low"]).fillna(0)
    return {"symmetric": False, "array": _round(up), "arrayminus": _round(down), "thickness": 1.2, "width": 0}


def segment_figure(test: Backtest, model: str, ledger: Ledger, *, first: int = -30, last: int = 60) -> "Figure":
    """Return predicted (lines) and observed (dots, Kaplan–Meier) shares unpaid, for the six largest segments.

    Where all customers are in one segment, invoices are parted by their terms instead.
    """
    from plotly.graph_objects import Figure

    days, figure = np.arange(first, last + 1), Figure()
    for colour, (name, rows) in zip(COLOURS, _segments(test, ledger).items(), strict=False):
        said = np.array([test.predictions[model].at(day)[rows].mean() for day in days])
        seen = test.outcomes.survival(days, rows)
        label, line = f"{name} ({rows.sum():,})", {"color": colour, "width": 2}
        figure.add_scatter(x=days.tolist(), y=_round(said), name=label, mode="lines", line=line, legendgroup=name)
        reach = _reach(test.outcomes, rows)
        shown = (days % 3 == 0) & (days <= reach)
        dots = {"color": colour, "size": 6, "symbol": "circle-open"}
        figure.add_scatter(
            x=days[shown].tolist(),
            y=_round(seen[shown]),
            mode="markers",
            marker=dots,
            showlegend=False,
            legendgroup=name,
        )
    figure.add_vline(x=0, line={"color": BLACK, "width": 1, "dash": "dot"})
    styled_by_unit(figure, "share unpaid")
    figure.update_xaxes(title_text="days past due")
    return figure


def _reach(outcomes: Outcomes, rows: Flags) -> int:
    return FollowUp.of(outcomes.late[rows], outcomes.paid[rows]).reach


def _segments(test: Backtest, ledger: Ledger) -> dict[str, Flags]:
    """Return the rows of each of the largest segments, or ranges of terms, largest first."""
    invoices = next(iter(test.predictions.values())).invoices
    segment = ledger.customers["segment"].to_numpy(dtype=object)[
        positions(invoices["customer_id"], ledger.customers["customer_id"])
    ]
    if len(set(segment)) == 1:
        edges = [7, 15, 30, 45, 60]
        names = np.array(["terms to 7 days", *(f"{a + 1}–{b} days" for a, b in pairwise(edges)), "61+ days"])
        segment = names[np.searchsorted(edges, test.outcomes.term)]
    counts = pd.Series(segment).value_counts()
    shown = counts.index[(counts >= _FEW) | (counts == counts.max())][: len(COLOURS)]
    return {str(name): np.asarray(segment == name) for name in shown}


def residual_figure(test: Backtest, models: list[str]) -> "Figure":
    """Return how far payments came from the median: later is positive; share of the payments seen, weighted."""
    from plotly.graph_objects import Figure

    figure, days = Figure(), np.arange(-_CLIP, _CLIP + 1)
    weight = np.where(test.outcomes.paid, test.outcomes.weight(2**30), 0.0)
    for k, model in enumerate(models):
        error = np.clip(test.outcomes.late - test.predictions[model].median(), -_CLIP, _CLIP)
        total = np.bincount(error + _CLIP, weight, len(days))
        line = {"color": COLOURS[k % len(COLOURS)], "width": 2, "shape": "hvh", "dash": "solid" if k < 6 else "dot"}
        share = 100 * total / max(total.sum(), 1e-9)
        figure.add_scatter(x=days.tolist(), y=_round(share), name=model, mode="lines", line=line)
    styled_by_unit(figure, "% of payments")
    figure.update_xaxes(title_text=f"payment day − predicted median (days; ± {_CLIP} or more at the ends)")
    return figure


def age_figure(test: Backtest, model: str, ledger: Ledger) -> "Figure":
    """Return the probability of payment within 14 days, by how old the invoice is when asked: predicted, observed.

    Each invoice still unpaid at an age is asked about on that evening; of many, every k-th.
    """
    from plotly.graph_objects import Figure

    told, rows = test.fitted[model].knowing(ledger), []
    invoices = next(iter(test.predictions.values())).invoices
    for age in AGES:
        asked = np.flatnonzero(test.outcomes.unpaid_on(age) & (test.outcomes.term + age >= 0))
        asked = asked[:: max(1, -(-len(asked) // _ASKED))]
        if len(asked) < _FEW:
            continue
        evening = invoices["due_date"].iloc[asked] + pd.Timedelta(days=age)
        question = invoices.iloc[asked].assign(asked_on=evening).reset_index(drop=True)
        said = 1 - told.survival(question, [age + AHEAD])[:, 0]
        rows.append({"age": age, "n": len(asked), "said": said.mean(), **_paid_within(test, asked, age)})
    table = pd.DataFrame(rows, columns=["age", "n", "said", "share", "low", "high"])
    figure = Figure()
    ages, words = table["age"].tolist(), [f"{n:,} invoices" for n in table["n"]]
    line, dots = {"color": COLOURS[0], "width": 2}, {"color": BLACK, "size": 8}
    figure.add_scatter(x=ages, y=_round(table["said"]), name="predicted", mode="lines+markers", line=line, text=words)
    figure.add_scatter(
        x=ages, y=_round(table["share"]), name="observed", mode="markers", marker=dots, error_y=_bars(table), text=words
    )
    styled_by_unit(figure, f"paid within {AHEAD} days")
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(title_text="days past due when asked")
    return figure


def _paid_within(test: Backtest, rows: Ints, age: int) -> dict[str, float]:
    """Return the observed share of invoices paid within `AHEAD` days after the age, by Kaplan–Meier, and interval."""
    days = age + np.arange(1, AHEAD + 1)
    late, paid = test.outcomes.late[rows][:, None], test.outcomes.paid[rows][:, None]
    events, at_risk = (paid & (late == days)).astype(float), (late >= days).astype(float)
    owner, counts = _customers(test)
    size = counts.shape[1]
    once = np.ones((1, size))
    d, n = by_owner(events, owner[rows], size), by_owner(at_risk, owner[rows], size)
    share, samples = (
        1 - np.prod(1 - (many @ d) / np.maximum(many @ n, 1), axis=1, where=many @ n > 0) for many in (once, counts)
    )
    return {"share": float(share[0]), **interval(samples)}


def _round(values: "Floats | pd.Series[float]") -> list[float | None]:
    """Return plain numbers, short enough to keep the page small."""
    return [finite(float(f"{value:.6g}")) for value in values]


def styled_by_unit(figure: "Figure", unit: str) -> "Figure":
    """Return the figure in the house style, its vertical axis named."""
    house_style(figure, top=28)
    figure.update_annotations(font_size=13)
    figure.update_yaxes(title_text=unit, col=1) if figure._has_subplots() else figure.update_yaxes(title_text=unit)
    return figure
