"""The sentence of a comparison: the metric chooses, conflicts and ties are named, names read as names."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.printing import screen
from app.study import show
from experiments import Comparison
from experiments.comparing.metrics import METRICS, prominent
from experiments.reporting.report import report
from ledger.notes import Note

Made = Callable[..., Comparison]


def with_metric(comparison: Comparison, metric: str, shifts: dict[str, float]) -> Comparison:
    """Return the comparison with a metric of each strategy set to these levels, and the noise kept."""
    rows = comparison.replications.copy()
    for name, level in shifts.items():
        own = rows["strategy"] == name
        rows.loc[own, metric] = rows.loc[own, metric] - rows.loc[own, metric].mean() + level
    return replace(comparison, replications=rows)


def test_the_lowest_dso_is_named_and_what_it_costs(made: Made) -> None:
    """DSO 35.2, 32.2 with a CEI two points lower, and 34.4: the lowest is 32.2, and the other comes after it."""
    comparison = made({"friendly": 0.0, "escalated": -3.0, "sop_cadence": -0.8})
    comparison = with_metric(comparison, "cei", {"friendly": 86.0, "escalated": 84.0, "sop_cadence": 86.0})
    said = comparison.summary()
    assert "escalated has the lowest DSO: 3.0 days below friendly" in said
    assert "but with a CEI that is 2.0 points lower" in said
    assert "of those without a lower CEI sop_cadence has the lowest DSO: 0.8 days below friendly" in said
    assert said.index("escalated") < said.index("sop_cadence")


def test_where_every_lower_dso_costs_cei_that_is_said(made: Made) -> None:
    """No strategy without a lower CEI: the lowest is named with its price."""
    comparison = made({"friendly": 0.0, "escalated": -3.0})
    said = with_metric(comparison, "cei", {"friendly": 86.0, "escalated": 84.0}).summary()
    assert "without a lower CEI: escalated has one of −3.0 days" in said
    assert "but with a CEI that is 2.0 points lower" in said


@pytest.mark.parametrize(
    ("metric", "words"), [("cost", "at a cost of collecting that is"), ("cei", "with a CEI that is")]
)
def test_what_is_not_known_of_the_best_is_not_called_nought(metric: str, words: str, made: Made) -> None:
    """Without a rate there is no cost, without paid invoices no CEI: the sentence and the report say so."""
    comparison = made({"friendly": 0.0, "escalated": -3.0})
    rows = comparison.replications.assign(**{metric: float("nan")})
    unknown = replace(comparison, replications=rows)
    said = unknown.summary()
    assert "escalated has the lowest DSO: 3.0 days below friendly" in said
    assert f"{words} not available" in said
    pairs = {pair.metric: pair for pair in unknown.pairs}
    assert pairs[metric].difference.mean is None
    assert "not available" in report(unknown)


def test_a_tie_is_named(made: Made) -> None:
    """Two strategies a tenth of a day apart: neither is crowned alone; one a day behind is no tie."""
    said = made({"friendly": 0.0, "escalated": -3.0, "sop_cadence": -2.95, "proactive": -1.5}).summary()
    assert "the DSO of sop_cadence cannot be told from it, or lies within 0.5 days" in said
    assert "proactive" not in said


def test_all_that_are_worse_are_called_worse(made: Made) -> None:
    """Every other strategy is certainly worse than what is done today: nothing comes close."""
    one = made({"friendly": 0.0, "none": 9.6}).summary()
    assert "the strategy none is worse, at +9.6 days" in one
    two = made({"friendly": 0.0, "none": 9.6, "email_only": 4.0}).summary()
    assert "all 2 others are worse, email_only by the least, at +4.0 days" in two
    assert "closest" not in one + two


def test_a_strategy_called_none_reads_as_a_name(made: Made) -> None:
    """As baseline, as closest and as cheapest."""
    said = made({"none": 0.0, "friendly": -2.0}).summary()
    assert "days below the strategy none" in said
    close = made({"friendly": 0.0, "none": 0.1}).summary()
    assert "the strategy none comes closest" in close


def test_a_margin_that_is_a_share_of_nothing_is_of_the_largest_mean(made: Made) -> None:
    """The baseline costs nothing: 5 % of the largest cost, and the table and the report say so."""
    comparison = made({"none": 0.0, "friendly": -2.0, "proactive": -2.5})
    free = with_metric(comparison, "cost", {"none": 0.0, "friendly": 40_000.0, "proactive": 1_000.0})
    free = replace(
        free, replications=free.replications.assign(cost=free.replications["cost"].where(lambda c: c > 900, 0.0))
    )
    assert free.margin("cost") == pytest.approx(2_000.0, rel=0.01)
    pairs = {pair.strategy: pair for pair in free.pairs if pair.metric == "cost"}
    assert (pairs["friendly"].verdict, pairs["proactive"].equal) == ("worse", True)
    note = "Cost of collecting: the strategy none has none, so the margin is a share of the largest mean."
    assert note in free.margin_notes(["cost"])
    assert note in report(free)
    assert note in free.to_dict()["notes"]
    assert comparison.margin_notes() == []
    nothing = replace(free, replications=free.replications.assign(cost=0.0))
    assert nothing.pair("friendly", "cost").equal


def test_warnings_are_in_headline_report_and_json(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """What rests on a published curve cannot be read without it."""
    warned = replace(
        made({"friendly": 0.0, "proactive": -2.5}), notes=(Note("a published curve.", level="warning"), "a note")
    )
    assert warned.warnings == ("Warning: a published curve.",)
    assert warned.summary().endswith("Warning: a published curve.")
    show(warned)
    assert capsys.readouterr().out.splitlines()[1] == "Warning: a published curve."
    assert '<p class="warning">Warning: a published curve.</p>' in report(warned)
    assert warned.to_dict()["warnings"] == ["Warning: a published curve."]


@pytest.mark.parametrize("width", [30, 60, 80, 100])
def test_a_narrow_screen_keeps_every_value_and_mark(made: Made, width: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is shown in parts: nothing is cut, whatever the width, for money in millions too."""
    comparison = made({"friendly": 0.0, "none": 4.9, "proactive": -2.5})
    rows = comparison.replications
    comparison = replace(comparison, replications=rows.assign(cash_collected=1e4 * rows["cash_collected"]))
    console = screen()
    console.width = width
    show(comparison, console)
    text = capsys.readouterr().out
    assert "…" not in text
    assert text.count("±") == 2 * len(prominent(2)) + 1  # and the caption
    for name in ("none", "proactive"):
        for metric in prominent(2):
            mean = comparison.mean(name, metric).mean
            assert f"{mean:,.{METRICS[metric].places}f}" in text
    if width >= 60:
        assert max(map(len, text.splitlines())) <= width
