import re
from collections.abc import Callable

from experiments import Comparison
from experiments.reporting.report import report

Made = Callable[..., Comparison]
SHIFTS = {"friendly": 0.0, "none": 4.0, "proactive": -2.5}


def without_plotly(html: str) -> str:
    """Return the page without the library, which is 4.8 MB of somebody else's text."""
    from plotly.offline import get_plotlyjs

    return html.replace(get_plotlyjs(), "")


def test_equal_comparisons_give_equal_bytes(made: Made):
    """No clock, no random id."""
    assert report(made(SHIFTS)) == report(made(SHIFTS))


def test_the_report_stands_alone(made: Made):
    """Nothing is fetched: no linked script, style, image or font; the library is inlined once."""
    html = report(made(SHIFTS))
    assert html.count("plotly.js v") == 1
    own = without_plotly(html)
    assert not re.search(r"<(link|img|iframe)\b|\bsrc=|@import|url\(|https?://", own)


def test_the_report_says_what_was_found_and_what_it_rests_on(made: Made):
    """Sentence, verdicts, figures, all metrics, assumptions with grades, settings and limits are there."""
    comparison = made(SHIFTS)
    own = without_plotly(report(comparison))
    assert comparison.summary() in own
    for words in ("better", "worse", "negligible", "call hazard ratio", "guess", "What they do not cover"):
        assert words in own
    for figure in ("dso-path", "cei-path", "aging", "cash", "cash-difference", "dso-difference", "cei-apart"):
        assert f'id="figure-{figure}"' in own
    assert comparison.fingerprint in own
    assert comparison.version in own


def test_text_from_files_is_escaped(made: Made):
    """A name or source with markup in it stays text."""
    own = without_plotly(report(made(SHIFTS)))
    assert "trade &lt;press&gt;" in own
    assert "<press>" not in own
