"""Numbers as people read them: fixed decimals, thousands separated, a true minus sign, the unit beside them."""

from experiments.comparing.metrics import METRICS
from experiments.comparing.statistics import Interval

MISSING = "n/a"
_WORDS = {"all", "any", "both", "each", "every", "no", "nobody", "none", "nothing", "other", "others", "some"}


def called(strategy: str) -> str:
    """Return a strategy's name so that it reads as one, where it could be taken for a word of the sentence.

    Examples
    --------
    >>> called("none"), called("friendly")
    ('the strategy none', 'friendly')
    """
    return f"the strategy {strategy}" if strategy.lower() in _WORDS else strategy


def number(value: float | None, places: int = 1) -> str:
    """Return a number; "n/a" for None.

    Examples
    --------
    >>> number(-1234.56)
    '−1,234.6'
    """
    if value is None:
        return MISSING
    text = f"{value:,.{places}f}"
    return _tidy(text.removeprefix("-") if float(text.replace(",", "")) == 0 else text)


def signed(value: float | None, places: int = 1) -> str:
    """Return a difference with its sign; no sign where it rounds to zero."""
    if value is None:
        return MISSING
    text = f"{value:+,.{places}f}"
    return _tidy(text[1:] if float(text.replace(",", "")) == 0 else text)


def _tidy(text: str) -> str:
    return text.replace("-", "−")


def unit(metric: str, currency: str) -> str:
    """Return the unit that stands beside a metric."""
    return METRICS[metric].unit_in(currency)


def value(metric: str, amount: float | None) -> str:
    """Return a metric without its unit."""
    return number(amount, METRICS[metric].places)


def half_width(metric: str, interval: Interval) -> str:
    """Return an interval as "± half its width", or nothing where there is none."""
    if interval.low is None or interval.high is None:
        return ""
    return f"± {number((interval.high - interval.low) / 2, METRICS[metric].places)}"


def span(metric: str, interval: Interval, *, change: bool = False) -> str:
    """Return an interval as "low to high", or nothing where there is none; signed where it is of a change."""
    if interval.low is None or interval.high is None:
        return ""
    shown = signed if change else number
    places = METRICS[metric].places
    return f"{shown(interval.low, places)} to {shown(interval.high, places)}"
