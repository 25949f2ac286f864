"""The commands `import` and `kpi` on a list of open items: what cannot be told is said, not computed."""

import json
from pathlib import Path

import pytest

from app.cli import main

OPEN_ITEMS = """invoice_id,customer_id,issue_date,due_date,amount,open_amount,currency
A1,Rook,2024-03-01,2024-03-31,1000.00,1000.00,EUR
A2,Wren,2023-03-01,2023-03-31,1000.00,1000.00,EUR
A3,Wren,2024-04-20,2024-05-31,1000.00,1000.00,EUR
"""


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0)


def test_open_items_have_no_cei_in_text_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The import names it, the table says why, JSON holds null and the reason, the codes are 0."""
    (tmp_path / "open.csv").write_text(OPEN_ITEMS)
    assert _run("import", tmp_path / "open.csv", "--out", tmp_path / "L", "--as-of", "2024-05-01") == 0
    assert "the source holds no settled invoice" in capsys.readouterr().out
    assert _run("kpi", tmp_path / "L") == 0
    text = capsys.readouterr().out
    assert "not available: the source holds no settled invoice" in text
    assert "MISS" not in text
    assert _run("kpi", tmp_path / "L", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kpis"]["cei"] is found["kpis"]["dso_true"] is None
    assert "no settled invoice" in found["not_available"]["cei"]
    assert found["at_most"]["dso"]
    assert [one["name"] for one in found["answers"]] == ["nothing_paid"]
