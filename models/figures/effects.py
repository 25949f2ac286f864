"""Figures of what contacts do: estimates side by side, who is contacted, how it fades, what one more would bring."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from ledger import Ledger
from models.effects.result import METHODS, EffectStudy
from models.effects.what_if import Effects, WhatIf
from models.figures.calibration import COLOURS, styled_by_unit
from models.figures.style import BLACK
from models.history.contact_log import ContactLog
from models.history.main_payments import history

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LOOKS: Final = {  # symbols help in print
    "assumed": ("#7a7a7a", "diamond-open"),
    "naive": (COLOURS[1], "x"),
    "adjusted": (COLOURS[0], "circle"),
    "holdout": (COLOURS[2], "square"),
}


def estimates_figure(study: EffectStudy, truth: Mapping[tuple[str, str], float] | None = None) -> "Figure":
    """Return the estimates of each kind of contact with intervals; of a simulated ledger, the truth as a black bar."""
    from plotly.graph_objects import Figure

    figure, table = Figure(), study.table()
    table = table.assign(kind=table["channel"] + ", " + table["tone"])
    kinds = list(dict.fromkeys(table["kind"]))
    methods = [name for name in ("assumed", *METHODS) if name in set(table["method"])]
    for k, method in enumerate(methods):
        rows = table[table["method"] == method]
        colour, symbol = _LOOKS[method]
        reach = {"array": (rows["high"] - rows["ratio"]).tolist(), "arrayminus": (rows["ratio"] - rows["low"]).tolist()}
        figure.add_scatter(
            x=rows["ratio"].round(3).tolist(),
            y=[kinds.index(kind) + 0.18 * (k - (len(methods) - 1) / 2) for kind in rows["kind"]],
            mode="markers",
            name=method,
            marker={"color": colour, "symbol": symbol, "size": 10},
            error_x={**reach, "symmetric": False, "thickness": 2, "width": 0},
        )
    for kind, ratio in (truth or {}).items():
        place = kinds.index(f"{kind[0]}, {kind[1]}") if f"{kind[0]}, {kind[1]}" in kinds else -1
        if place >= 0:
            line = {"color": BLACK, "width": 2}
            figure.add_shape(type="line", x0=ratio, x1=ratio, y0=place - 0.38, y1=place + 0.38, line=line)
    figure.add_vline(x=1, line={"color": BLACK, "width": 1, "dash": "dot"})
    _styled(figure, "hazard ratio right after a contact (1: no effect)", "")
    top = float(table["ratio"].max())
    figure.update_xaxes(range=[0, max(3.2, 1.3 * top)])
    figure.update_yaxes(
        tickvals=list(range(len(kinds))), ticktext=kinds, autorange="reversed", showgrid=False, automargin=True
    )
    return figure


def who_is_contacted_figure(ledger: Ledger, since: str | None = None) -> "Figure":
    """Return contacts per 100 invoices by how late customers pay, in tenths of the customers: chasing is no lottery."""
    from plotly.graph_objects import Figure

    past, log = history(ledger), ContactLog.of(ledger)
    first = log.first_day if since is None else int(np.datetime64(since, "D").astype(np.int64))
    chosen = past.issue >= first
    late = pd.Series((past.end - past.due)[chosen]).groupby(past.customer[chosen]).mean()
    invoices = pd.Series(np.bincount(past.customer[chosen], minlength=len(ledger.customers)))[late.index]
    heard = np.bincount(log.customer[log.day >= first], minlength=len(ledger.customers))[late.index]
    tenth = pd.qcut(late.rank(method="first"), min(10, len(late)), labels=False)
    rate = 100 * pd.Series(heard, late.index).groupby(tenth).sum() / invoices.groupby(tenth).sum()
    days = late.groupby(tenth).mean()
    figure = Figure()
    figure.add_scatter(
        x=days.round(2).tolist(),
        y=rate.round(2).tolist(),
        mode="lines+markers",
        line={"color": COLOURS[0], "width": 2},
        marker={"size": 8},
        showlegend=False,
    )
    return _styled(
        figure, "mean days late of the customer's invoices (tenths of customers)", "contacts per 100 invoices"
    )


def fading_figure(effects: Effects, kinds: list[tuple[str, str]], days: int = 60) -> "Figure":
    """Return the hazard ratio on each day after one contact, by kind."""
    from plotly.graph_objects import Figure

    figure, since = Figure(), np.arange(1, days + 1)
    for k, (channel, tone) in enumerate(kinds):
        ratio = 1 + effects.extra(channel, tone) * effects.felt(since)
        line = {"color": COLOURS[k % len(COLOURS)], "width": 2}
        figure.add_scatter(x=since.tolist(), y=ratio.round(4).tolist(), name=f"{channel}, {tone}", line=line)
    return _styled(figure, "days after the contact", "hazard ratio")


def what_if_figure(found: WhatIf) -> "Figure":
    """Return the mean chance of being unpaid on each day past due, with the contact and without."""
    from plotly.graph_objects import Figure

    figure = Figure()
    looks = (("no contact", found.without, BLACK, "dash"), ("with contact", found.survival, COLOURS[0], "solid"))
    for name, chance, colour, dash in looks:
        figure.add_scatter(
            x=found.days.tolist(),
            y=(100 * chance.mean(axis=0)).round(3).tolist(),
            name=name,
            mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
        )
    return _styled(figure, "days past due", "unpaid (%)")


def _styled(figure: "Figure", x: str, y: str) -> "Figure":
    """Return the figure in the house style, both axes named."""
    styled_by_unit(figure, y).update_xaxes(title_text=x)
    return figure
