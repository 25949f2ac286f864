"""The command `effects`: what it prints, and how it refuses."""

import json
from pathlib import Path

import pytest

from app.cli import main
from tests.handmade import contact, handmade, invoice, payment


def _ledger(folder: Path, *, contacts: int = 0) -> Path:
    """Write a ledger of one invoice, called about so many times."""
    rows = [invoice("i0", "2024-01-01", "2024-01-31", 100)]
    calls = [contact(f"k{k}", f"2024-02-{k + 1:02d} 10:00", outcome="reached") for k in range(contacts)]
    ledger = handmade("2024-03-31", rows, [payment("i0", "2024-03-01", 100)], contacts=calls)
    return ledger.write(folder / "ledger")


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0)


@pytest.mark.parametrize(("contacts", "said"), [(0, "no contacts that took effect"), (3, "too few to estimate")])
def test_assumed_values_and_grades_stand_where_nothing_can_be_estimated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], contacts: int, said: str
) -> None:
    """As text and as JSON, with the reason."""
    folder = _ledger(tmp_path, contacts=contacts)
    assert _run("effects", folder) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert said in text
    assert "phone friendly assumed 1.89 1.00 to 3.00 grade G" in text
    assert _run("effects", folder, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["method"] for row in found["effects"]} == {"assumed"}
    assert said in " ".join(found["notes"])


def test_bad_input_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No ledger, no date, a date after its end: exit code 2."""
    folder = _ledger(tmp_path)
    for arguments in ((tmp_path,), (folder, "--since", "soon"), (folder, "--as-of", "2025-01-01")):
        assert _run("effects", *arguments) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
