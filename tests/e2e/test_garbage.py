"""Garbage in: exit code 2, one clear message, nothing half-written."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

HEAD = "invoice_id,customer_id,issue_date,due_date,amount,currency,paid_date,paid_amount\n"
SOURCES = {
    "empty.csv": "",
    "heading_only.csv": HEAD,
    "semicolons_in_one_column.csv": "a;b|c\n1;2|3\n",
    "missing_columns.csv": "customer,colour\nacme,blue\n",
    "text_in_amounts.csv": HEAD + "1,acme,2024-01-01,2024-01-31,much,USD,,\n2,acme,2024-01-02,2024-02-01,more,USD,,\n",
    "1900.csv": HEAD + "1,acme,1900-01-01,1900-01-31,100.00,USD,,\n",
    "2200.csv": HEAD + "1,acme,2200-01-01,2200-01-31,100.00,USD,,\n",
    "nothing.xlsx": "",
    "binary.csv": "\x00\x01\x02\x03\n",
}


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """Assert exit code 2 and one line that has the words, as text and as JSON."""
    assert done.returncode == 2, (done.returncode, done.stderr[-500:])
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("collectlab: ")
    for word in words:
        assert word in lines[0]
    assert json.loads(done.stdout)["error"]["exit_code"] == 2


def names(folder: Path) -> set[str]:
    """Return everything that lies in a folder, hidden files too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_is_no_ledger(name: str, command: Run, tmp_path: Path):
    """Not a row can be imported: no ledger is left behind, whole or half."""
    (tmp_path / name).write_text(SOURCES[name])
    refused(command("import", name, "--preset", "generic", "--out", "L", "--json"), name)
    assert names(tmp_path) == {name}


def test_a_source_that_is_not_there(collectlab: Run, tmp_path: Path):
    """Neither is a preset that nobody knows."""
    refused(collectlab("import", "missing.csv", "--preset", "generic", "--out", "L", "--json"), "missing.csv")
    (tmp_path / "some.csv").write_text(HEAD)
    refused(collectlab("import", "some.csv", "--preset", "sapp", "--out", "L", "--json"), "sapp")
    assert names(tmp_path) == {"some.csv"}


STUDIES = {
    "unknown strategy": ('strategies = ["freindly"]', ("strategies, entry 1", "freindly", "did you mean 'friendly'")),
    "negative specialists": ('strategies = ["none"]\nspecialists = -2', ("specialists", "-2")),
    "nonsense": ("this is = not [ TOML", ("cannot be read as TOML",)),
    "empty": ("", ("is empty",)),
    "missing strategy file": ('strategies = ["none", "mine.toml"]', ("mine.toml",)),
    "missing ledger": ('strategies = ["none"]\nledger = "L"', ("L",)),
}


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_that_cannot_be_run(name: str, command: Run, tmp_path: Path):
    """The file and what is wrong in it are named before anything is simulated."""
    text, words = STUDIES[name]
    (tmp_path / "study.toml").write_text(text)
    refused(command("compare", "study.toml", "--json"), *words)
    assert names(tmp_path) == {"study.toml"}


OPTIONS = {
    "unknown strategy": (("compare", "--strategies", "none,proactif"), ("proactif", "did you mean 'proactive'")),
    "negative specialists": (("simulate", "--specialists", "-1"), ("specialists", "-1")),
    "unknown planner": (("simulate", "--planner", "oldest"), ("planner", "oldest_first")),
    "no number": (("simulate", "--days", "many"), ("--days", "integer")),
    "no such option": (("compare", "--strategy", "none"), ("--strategy",)),
    "no such command": (("comapre",), ("comapre",)),
    "no ledger": (("compare", "--ledger", "empty"), ("is not a ledger folder",)),
    "no ledger either": (("kpi", "empty"), ("is not a ledger folder",)),
    "no comparison": (("report", "empty"), ("is not a comparison",)),
    "no workers": (("compare", "--workers", "0"), ("workers",)),
    "out is a file": (("compare", "--out", "file"), ("file", "must be a folder")),
    "out is below a file": (("simulate", "--out", "file/run"), ("file", "must be a folder")),
    "out is something else": (("compare", "--out", "full"), ("full", "nothing was written")),
    "state is a file": (("compare", "--state", "file"), ("file", "must be a folder")),
    "both sources": (("simulate", "--ledger", "empty", "--customers", "5"), ("one or the other",)),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_that_make_no_sense(name: str, command: Run, tmp_path: Path):
    """Told at once, not after the simulation."""
    arguments, words = OPTIONS[name]
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("text")
    refused(command(*arguments, "--json"), *words)
    assert names(tmp_path) == {"empty", "full", "full/letter.txt", "file"}
    assert (tmp_path / "file").read_text() == "text"


def test_a_simulated_run_never_replaces_an_imported_ledger(command: Run, tmp_path: Path):
    """The import stays as it was, to the byte."""
    (tmp_path / "some.csv").write_text(HEAD + "1,acme,2024-01-01,2024-01-31,100.00,USD,,\n")
    assert command("import", "some.csv", "--out", "L").returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "L").iterdir()}
    refused(command("simulate", "--days", "5", "--out", "L", "--json"), "imported ledger")
    assert {path.name: path.read_bytes() for path in (tmp_path / "L").iterdir()} == before
