"""Figures of what is ahead: one invoice as it ages, cash by week, and the ways in which invoices end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from models.evaluation.competing import Incidence
from models.evaluation.prediction import predict
from models.figures.calibration import COLOURS, styled_by_unit
from models.figures.style import BLACK
from models.timing import PaymentTiming

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BANDS: Final = {
    "paid": COLOURS[2],
    "credited": COLOURS[5],
    "written_off": COLOURS[1],
    "other": COLOURS[3],
    "open": "#d9d9d9",
}


def aging_figure(model: PaymentTiming, invoice: pd.DataFrame, ages: Sequence[int], *, last: int = 90) -> "Figure":
    """Return the chance that one invoice is unpaid on each day: asked on its issue day, and at later ages.

    Parameters
    ----------
    model
        Told of the ledger that holds the invoice.
    invoice
        One row.
    ages
        Days past due on whose evening it is asked about again, being unpaid then.
    last
        Last day drawn, in days past due.
    """
    from plotly.graph_objects import Figure

    figure, due = Figure(), invoice["due_date"].iloc[0]
    asked = {"on the issue day": invoice["issue_date"].iloc[0] - pd.Timedelta(days=1)}
    asked |= {f"{age} days past due": due + pd.Timedelta(days=age) for age in ages}
    for k, (when, evening) in enumerate(asked.items()):
        since = (evening - due).days
        said = predict(model, invoice.assign(asked_on=evening))
        days = np.arange(since, last + 1)
        median = int(said.median()[0])
        figure.add_scatter(
            x=days.tolist(),
            y=said.at(days[None, :])[0].round(5).tolist(),
            name=f"asked {when}: median day {median}",
            mode="lines",
            line={"color": COLOURS[k % len(COLOURS)], "width": 2, "shape": "hv"},
        )
    figure.add_vline(x=0, line={"color": BLACK, "width": 1, "dash": "dot"})
    styled_by_unit(figure, "probability of being unpaid")
    figure.update_yaxes(range=[0, 1.03])
    figure.update_xaxes(title_text="days past due")
    return figure


def cash_figure(came: "pd.Series[float]", expected: "dict[str, pd.Series[float]]", unit: str) -> "Figure":
    """Return cash by week: what came as bars, what was expected as lines.

    Parameters
    ----------
    came
        By first day of the week, in minor units.
    expected
        The same of each forecast, by its name.
    unit
        Of the axis, of which there are 100,000 minor units to one.
    """
    from plotly.graph_objects import Figure

    figure = Figure()
    weeks = [f"{day:%F}" for day in came.index]
    bars = {"color": "#d9d9d9", "line": {"color": "#888888", "width": 1}}
    figure.add_bar(x=weeks, y=(came / 1e5).round(3).tolist(), name="came", marker=bars)
    for k, (name, cash) in enumerate(expected.items()):
        figure.add_scatter(
            x=weeks,
            y=(cash / 1e5).round(3).tolist(),
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[k % len(COLOURS)], "width": 2, "dash": "dot" if k else "solid"},
        )
    styled_by_unit(figure, unit)
    figure.update_xaxes(title_text="first day of the week", tickvals=weeks, tickformat="%d %b", showgrid=False)
    return figure


def ends_figure(ends: Incidence, *, last: int = 180) -> "Figure":
    """Return how invoices have ended by each day since issue, as bands that add up to 100 %."""
    from plotly.graph_objects import Figure

    figure, shown = Figure(), ends.days <= last
    parts = dict(zip(ends.causes, ends.incidence, strict=True)) | {"open": ends.open}
    for name, share in parts.items():
        if share.max() > 0:
            figure.add_scatter(
                x=ends.days[shown].tolist(),
                y=(100 * share[shown]).round(4).tolist(),
                name=name.replace("_", " "),
                mode="lines",
                stackgroup="ends",
                line={"color": _BANDS[name], "width": 0.5, "shape": "hv"},
            )
    styled_by_unit(figure, "% of invoices")
    figure.update_yaxes(range=[0, 100])
    figure.update_xaxes(title_text="days since issue")
    return figure
