"""Every command prints lines of at most 80 columns, and cuts no number, name or verdict."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Run

ROSTER = Path(__file__).parents[2] / "data" / "synthetic" / "roster.toml"
COMMANDS = {
    "import": "import {mine}/list.csv --out again --as-of 2027-03-01",
    "kpi": "kpi {mine}",
    "compare": "compare --ledger {mine} --days 20 --replications 2 --workers 1 --no-track",
    "simulate": "simulate --customers 60 --days 30",
    "backtest": "backtest {mine} --cut 2026-11-30 --model kaplan_meier,lognormal --bootstrap 20",
    "walk": "backtest {mine} --cut 2026-11-30 --model kaplan_meier --bootstrap 0 --walk-forward 2",
    "fit": "fit {mine} --no-track --state state",
    "effects": "effects {mine}",
    "plan": "plan --ledger {mine} --roster 2 --date 2027-03-02 --days 1 --out plans",
    "staffing": "staffing --ledger {mine} --roster {roster} --days 1 --hours 50,100 --horizon 20 --replications 2",
}


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ledger of a run, and an invoice list beside it."""
    import sim

    folder = tmp_path_factory.mktemp("screen") / "mine"
    portfolio = sim.synthetic(customers=60)
    ledger = sim.simulate(portfolio, sim.Strategy.load("friendly"), days=150, specialists=2, seed=1).ledger
    ledger.write(folder)
    ledger.invoices.to_csv(folder / "list.csv", index=False)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_wider_than_80_columns_and_nothing_is_cut(
    name: str, mine: Path, command: Run, monkeypatch: pytest.MonkeyPatch
):
    """An ellipsis would stand where a table was made to fit by cutting; lines with a path stay whole to be copied."""
    monkeypatch.setenv("COLUMNS", "80")
    done = command(*COMMANDS[name].format(mine=mine, roster=ROSTER).split())
    assert done.returncode in (0, 3), done.stderr
    wide = [line for line in done.stdout.splitlines() if len(line) > 80 and "/" not in line]
    assert not wide, "\n".join(wide)
    assert "…" not in done.stdout.replace("  … and", "")
    assert len(done.stdout.splitlines()) > 3
