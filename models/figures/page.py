"""The page of a back-test: its figures in one HTML file that stands alone."""

from html import escape
from typing import TYPE_CHECKING, Final

from ledger import Ledger
from models.evaluation.backtest import Backtest
from models.figures.calibration import age_figure, calibration_figure, residual_figure, segment_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_STYLE: Final = """
body { font-family: Georgia, 'Times New Roman', serif; color: #1a1a1a; max-width: 1000px; margin: 2em auto;
       padding: 0 1em; line-height: 1.45 }
h1 { font-size: 1.6em } h2 { font-size: 1.25em; margin-top: 2em; border-top: 1px solid #ccc; padding-top: .6em }
h3 { font-size: 1em; margin-bottom: 0 } p.what { margin: .1em 0 .4em; color: #555; font-size: .92em }
pre { font-size: 12px; overflow-x: auto; background: #f6f6f4; padding: .8em }
"""


def document(test: Backtest, ledger: Ledger, models: list[str]) -> str:
    """Return the figures of the models as one HTML text with everything inlined; equal back-tests, equal bytes.

    Parameters
    ----------
    test
        With its predictions and fitted models.
    ledger
        That it was made on.
    models
        Those to draw, beside the baselines.
    """
    from plotly.offline import get_plotlyjs

    parts = [
        f"<h1>Back-test of payment timing from {test.cut:%F}</h1>",
        f"<pre>{escape(test.summary(costs=False))}</pre>",
        "<h2>All models</h2>",
        _section(
            "residuals", "Residuals", "How far payments came from the predicted median.", _residuals(test, models)
        ),
    ]
    for model in models:
        parts.append(f"<h2>{escape(model)}</h2>")
        parts += [_section(f"{key}-{model}", *rest) for key, *rest in _figures(test, ledger, model)]
    head = f"<meta charset='utf-8'><title>Back-test {test.cut:%F}</title><style>{_STYLE}</style>"
    script = f"<script>{get_plotlyjs()}</script>"
    return f"<!doctype html><html lang='en'><head>{head}{script}</head><body>{''.join(parts)}</body></html>\n"


def _residuals(test: Backtest, models: list[str]) -> "Figure":
    others = [name for name in test.models if name not in models]
    return residual_figure(test, models + others)


def _figures(test: Backtest, ledger: Ledger, model: str) -> list[tuple[str, str, str, "Figure"]]:
    return [
        (
            "calibration",
            "Calibration",
            "Invoices grouped by predicted probability, two in a hundred in the last group: what share was late?",
            calibration_figure(test, model),
        ),
        (
            "segments",
            "Unpaid by segment",
            "Lines: mean prediction on the issue day. Circles: observed (Kaplan–Meier).",
            segment_figure(test, model, ledger),
        ),
        (
            "age",
            "Calibration by age",
            "Asked about when so many days past due: is it paid within 14 days?",
            age_figure(test, model, ledger),
        ),
    ]


def _section(key: str, title: str, what: str, figure: "Figure") -> str:
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=f"figure-{key}",
        default_height="340px",
        default_width="100%",
        config={"displaylogo": False, "displayModeBar": False, "responsive": True},
    )
    return f"<h3>{escape(title)}</h3><p class='what'>{escape(what)}</p>{html}"
