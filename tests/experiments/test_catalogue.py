"""One entry per figure: what `kpi`, `compare` and the report say of it stands there and nowhere else."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import sim
from app.study import comparison_table
from experiments.comparing.comparison import Comparison
from experiments.comparing.metrics import METRICS, metrics_of
from experiments.reporting.report import report
from ledger import kpi_path, kpis
from ledger.kpi.catalogue import KPIS, Kpi, Measure
from tests.handmade import chain
from tests.ledger.test_kpis import MONTH_ENDS

ROOT = Path(__file__).resolve().parents[2]
HOMES = {"ledger/kpi/catalogue.py", "experiments/comparing/metrics.py"}
SALES_A_DAY = Kpi(
    name="sales_a_day",
    label="sales a day of the window",
    unit="money",
    better=1,
    margin=0.1,
    relative=True,
    places=0,
    prominence=2,
    formula=lambda fact, _: fact.sales / fact.days,
    basis="anything",
    compared="month",
)


def enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the entry, as if it stood in the catalogue."""
    monkeypatch.setitem(KPIS, SALES_A_DAY.name, SALES_A_DAY)
    monkeypatch.setitem(METRICS, SALES_A_DAY.name, SALES_A_DAY)


def test_an_entry_is_all_that_a_kpi_needs(monkeypatch: pytest.MonkeyPatch):
    """Value, table, JSON and path: 150,000 of sales over the 30 days of June."""
    enter(monkeypatch)
    ledger = chain([15_000_000] * len(MONTH_ENDS), MONTH_ENDS)
    found = kpis(ledger)
    assert found["sales_a_day"] == pytest.approx(5000)
    assert "sales a day of the window 5,000.00" in " ".join(found.summary().split())
    assert found.to_dict()["kpis"]["sales_a_day"] == found["sales_a_day"]
    assert kpi_path(ledger, [ledger.as_of])["sales_a_day"].item() == found["sales_a_day"]


def test_an_entry_is_all_that_a_comparison_needs(made: Callable[..., Comparison], monkeypatch: pytest.MonkeyPatch):
    """Metric of a run, JSON, table on the screen and report."""
    comparison = made({"friendly": 0.0, "none": 1.0})
    rows = comparison.replications
    comparison = replace(comparison, replications=rows.assign(sales_a_day=5000.0 + rows["replication"]))
    enter(monkeypatch)
    run = sim.simulate(sim.embedded("normal"), "none", days=31, specialists=0)
    assert metrics_of(run)["sales_a_day"] == pytest.approx(kpis(run.records)["sales_a_day"])
    one = comparison.to_dict()
    assert all("sales_a_day" in strategy["metrics"] for strategy in one["strategies"])
    assert [pair["margin"] for pair in one["pairs"] if pair["metric"] == "sales_a_day"] == [
        pytest.approx(500, rel=0.01)
    ]
    table = comparison_table(comparison, ["sales_a_day"])
    assert [column.header for column in table.columns] == ["Strategy", "Sales a day of the window\nUSD"]
    page = report(comparison)
    assert page.count("Sales a day of the window") == 2  # among the verdicts and among all metrics
    assert "± 500 USD" in page


def words(measure: Measure) -> set[str]:
    """Return what an entry says of a figure, alone or with its unit."""
    return {measure.label, measure.title, measure.named, measure.head} | {
        f"{text}\n{measure.change_in('$')}" for text in (measure.label, measure.head)
    }


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


@pytest.mark.parametrize("package", ["ledger", "models", "sim", "optimize", "experiments", "app"])
def test_what_a_figure_is_called_stands_in_its_entry_alone(package: str):
    """No other module has a label of its own for one, alone or with a unit."""
    named = {**METRICS, **KPIS}.values()
    said = set().union(*(words(one) for one in named if one.label != one.name))  # "contacts" is a table too
    found = [
        f"{path.relative_to(ROOT)}: {text!r}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in HOMES
        for text in texts(path)
        if text in said
    ]
    assert not found, "\n".join(found)


def test_every_name_is_that_of_its_entry_and_no_label_stands_twice():
    """A key, an entry; a label with its unit, a figure."""
    for entries in (KPIS, METRICS):
        assert all(name == entry.name for name, entry in entries.items())
        assert len({entry.named for entry in entries.values()}) == len(entries)


def test_what_is_judged_has_a_direction_and_a_margin():
    """A verdict needs both."""
    assert all(metric.better and metric.margin > 0 for metric in METRICS.values())
