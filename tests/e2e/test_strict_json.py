"""What every command prints for machines is JSON as any reader takes it: no NaN, no infinity."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pytest

import sim
from app.cli import app
from ledger.json_ready import finite, json_ready

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SMALL = ("--customers", 8, "--days", 5, "--specialists", 1)
COMPARE = ("compare", *SMALL, "--replications", 1, "--strategies", "none,friendly", "--no-track", "--out", "c")
SHORT = ("--horizon", 5, "--replications", 1, "--days", 1)
COMMANDS: dict[str, list[tuple[object, ...]]] = {  # LEDGER stands for a folder; the last one's output is read
    "backtest": [("backtest", "LEDGER", "--cut", "2026-08-31", "--model", "customer_mean", "--bootstrap", 0)],
    "compare": [COMPARE],
    "effects": [("effects", "LEDGER")],
    "fit": [("fit", "LEDGER", "--model", "customer_mean", "--no-track")],
    "import": [("import", "LEDGER/invoices.parquet", "--out", "imported")],
    "kpi": [("kpi", "LEDGER", "--from", "1990-01-01", "--to", "1990-01-31")],
    "models": [("models",)],
    "plan": [("plan", "--ledger", "LEDGER", "--roster", 1, "--date", "2026-10-05", "--dry-run")],
    "report": [COMPARE, ("report", "c")],
    "simulate": [("simulate", *SMALL)],
    "staffing": [("staffing", "--ledger", "LEDGER", "--roster", 1, "--hours", "100", *SHORT)],
    "version": [("version",)],
}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a ledger of so few customers that much is not defined."""
    return sim.synthetic("normal", customers=8).ledger.write(tmp_path_factory.mktemp("ledgers") / "few")


def refuse(constant: str) -> NoReturn:
    """Fail as a strict reader does."""
    raise ValueError(f"{constant} is not JSON")


def test_every_command_is_here():
    """But `demo`, which is `compare` with a study of its own."""
    assert {command.name for command in app.registered_commands} - {"demo"} == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_is_strict_json(name: str, few: Path, command: Run):
    """A result, or an error, without a number that is none."""
    for words in COMMANDS[name]:
        done = command(*(str(word).replace("LEDGER", str(few)) for word in words), "--json")
        found = json.loads(done.stdout, parse_constant=refuse)
        assert done.returncode in (0, 3), done.stderr
        assert ("error" in found) == (done.returncode != 0 and name not in ("plan", "staffing")), found


def test_an_error_about_a_number_that_is_none_is_strict_json(command: Run):
    """The value that was given is told as null."""
    done = command("simulate", "--confidence", "nan", "--json")
    assert json.loads(done.stdout, parse_constant=refuse)["error"]["exit_code"] == 2


def test_what_is_not_a_number_is_null_to_any_depth():
    """And what numpy and pandas hold is plain."""
    given = {"a": [float("nan"), np.float64(2.5), np.int64(3), True], "b": (pd.NaT, pd.Timestamp("2026-01-02"))}
    assert json_ready(given) == {"a": [None, 2.5, 3, True], "b": [None, "2026-01-02"]}
    assert json_ready(np.array([[1.0, np.inf]])) == [[1.0, None]]
    assert json_ready(pd.Timestamp("2026-01-02 03:04")) == "2026-01-02T03:04:00"
    assert finite(-np.inf) is None
    assert json.loads(json.dumps(json_ready(given), allow_nan=False))["a"][1] == 2.5
