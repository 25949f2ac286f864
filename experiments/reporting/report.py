"""The report of a comparison: one HTML file that stands alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from experiments.comparing.comparison import Comparison
from experiments.comparing.metrics import METRICS, days_of, prominent
from experiments.comparing.number_format import half_width, signed, span, unit, value
from experiments.comparing.payment_curve import apart
from experiments.comparing.verdict import Pair
from experiments.reporting.figures import (
    colours,
    difference_figure,
    path_figure,
    payment_figure,
    study_aging_figure,
)
from ledger.wording import plural

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PATHS: Final = ("dso", "cei")  # whose way through the run is drawn
GRADES: Final = {
    "A": "official statistics",
    "B": "survey or experiment",
    "C": "trade source",
    "weak": "asserted, contradicted elsewhere",
    "policy": "a company's own rule",
    "target": "chosen aim, not observed",
    "G": "guess",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One difference in the verdict table: what it is, how sure, and what follows."""

    change: str
    span: str
    verdict: str
    symbol: str


def report(comparison: Comparison) -> str:
    """Return the report as one HTML text with everything inlined; equal comparisons give equal bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    loader = FileSystemLoader(Path(__file__).with_name("templates"))
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    figures = {name: Markup(_div(name, figure)) for name, figure in _figures(comparison).items()}
    script = Markup("<script>" + get_plotlyjs() + "</script>")
    return page.get_template("report.html").render(plotly=script, figures=figures, **_content(comparison))


def _figures(comparison: Comparison) -> dict[str, "Figure"]:
    money = f"{comparison.currency}"
    paid = {} if comparison.curves is None else {"payments": payment_figure(comparison)}
    return paid | {
        **{f"{name}-difference": difference_figure(comparison, name) for name in PATHS},
        **{f"{name}-path": path_figure(comparison, name, METRICS[name].named) for name in PATHS},
        **{f"{name}-apart": _apart_figure(comparison, name) for name in PATHS},
        "aging": study_aging_figure(comparison),
        "cash-difference": path_figure(
            comparison, "cash_since_start", f"Cash ahead of {comparison.baseline} ({money})", against_baseline=True
        ),
        "cash": path_figure(comparison, "cash_since_start", f"Cash since the start ({money})"),
    }


def _apart_figure(comparison: Comparison, metric: str) -> "Figure":
    title = f"{METRICS[metric].change_in(comparison.currency)} above {comparison.baseline}"
    return path_figure(comparison, metric, title, against_baseline=True)


def _div(name: str, figure: "Figure") -> str:
    bars = name == "aging" or (name.endswith("-difference") and name != "cash-difference")
    height = (
        f"{90 + 34 * max(2, len({mark for trace in figure.data for mark in (trace.y or ())}))}px" if bars else "340px"
    )
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=f"figure-{name}",
        default_height=height,
        default_width="100%",
        config={"displaylogo": False, "displayModeBar": False, "responsive": True},
    )
    return html


def _content(comparison: Comparison) -> dict[str, Any]:
    """Return all words and numbers of the page."""
    study = comparison.study
    return {
        "comparison": comparison,
        "study": study,
        "finding": comparison.finding(),
        "warnings": comparison.warnings,
        "margin_notes": comparison.margin_notes(prominent(1)),
        "colours": colours(comparison),
        "others": [name for name in comparison.strategies if name != comparison.baseline],
        "metrics": METRICS,
        "judged": [METRICS[name] for name in prominent(1)],
        "cells": {(pair.strategy, pair.metric): _cell(pair) for pair in comparison.pairs},
        "margins": {name: _margin(comparison, name) for name in METRICS},
        "means": {
            (name, metric): _mean(comparison, name, metric) for name in comparison.strategies for metric in METRICS
        },
        "units": {metric: unit(metric, comparison.currency) for metric in METRICS},
        "whole_run": {name for name, metric in METRICS.items() if days_of(metric) == "run"},
        "settings": _settings(comparison),
        "assumptions": comparison.assumptions.astype("string").fillna("").to_dict("records"),
        "grades": GRADES,
        "guesses": int((comparison.assumptions["grade"] == "G").sum()),
        "payments_apart": _payments_apart(comparison),
        "confidence": f"{100 * study.confidence:g} %",
    }


def _payments_apart(comparison: Comparison) -> str:
    """Return how far simulated and observed payments lie apart at most, in words."""
    found = None if comparison.curves is None else apart(comparison.curves)
    if found is None:
        return "There are too few invoices to compare the two."
    points, day = found
    when = "on the due date" if day == 0 else f"{plural(abs(day), 'day')} "
    when += "" if day == 0 else "past due" if day > 0 else "before it is due"
    more = "more" if points > 0 else "fewer"
    return (
        f"They lie furthest apart {when}: {abs(points):.1f} points {more} of the simulated invoices are paid by then."
    )


def _cell(pair: Pair) -> Cell:
    places = METRICS[pair.metric].places
    word: str = "negligible" if pair.equal else pair.verdict
    symbol = {"better": "▲", "worse": "▼", "undecided": "?", "negligible": "="}[word]
    if pair.difference.mean is None:
        word, symbol = "not available", ""
    return Cell(
        change=signed(pair.difference.mean, places),
        span=span(pair.metric, pair.difference, change=True),
        verdict=word,
        symbol=symbol,
    )


def _mean(comparison: Comparison, strategy: str, metric: str) -> tuple[str, str]:
    mean = comparison.mean(strategy, metric)
    return value(metric, mean.mean), half_width(metric, mean)


def _margin(comparison: Comparison, metric: str) -> str:
    margin = comparison.margin(metric)
    if not np.isfinite(margin):
        return "n/a"
    shown = f"{margin:,.{METRICS[metric].places}f}" if margin >= 1000 else f"{margin:,.3g}"
    return f"± {shown} {METRICS[metric].change_in(comparison.currency)}".strip()


def _settings(comparison: Comparison) -> dict[str, str]:
    study, first = comparison.study, comparison.start + pd.Timedelta(days=1)
    timing = {"Payment timing": comparison.model} if comparison.model else {}
    return {
        "Study": study.name,
        "Receivables": f"{comparison.portfolio}, {plural(comparison.customers, 'customer')}",
        **timing,
        "Data fingerprint": comparison.fingerprint,
        "Simulated days": f"{study.days}, from {_day(first)} to {_day(comparison.end)}",
        "Strategies": ", ".join(comparison.strategies),
        "Baseline": comparison.baseline,
        "Specialists": f"{study.specialists}",
        "Order of calls": study.planner.replace("_", " "),
        "Replications": f"{study.replications} of each strategy, with common random numbers",
        "Seed": f"{study.seed}",
        "Confidence": f"{100 * study.confidence:g} % for each interval on its own",
        "collectlab": comparison.version,
    }


def _day(day: pd.Timestamp) -> str:
    return f"{day:%Y-%m-%d}"
