"""The command `import`: the map that it prints is one that it takes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app

HEADINGS = """Offene Posten per 31.03.2024

Rechnung;Datum;Fällig;Betrag;Offen
Tern GmbH;;;;
R-1;05.01.2024;04.02.2024;1.000,00;400,00
Summe Tern GmbH;;;1.000,00;400,00
Quill & Co;;;;
R-2;05.02.2024;06.03.2024;250,00;250,00
Summe Quill & Co;;;250,00;250,00
"""
INVOICES = """Rechnungsnummer;Kunde;Rechnungsdatum;Fällig am;Betrag
R1;Müller;05.01.2024;04.02.2024;1.000,00
R2;Müller;25.01.2024;24.02.2024;1.234,56
R3;Krause;13.02.2024;14.03.2024;99,90
"""
PAYMENTS = """Zahlungsnr;Rechnungsnummer;Zahlungsdatum;Betrag;Art
Z1;R1;20.02.2024;980,00;Überweisung
Z2;R1;20.02.2024;20,00;Skonto
Z3;R2;28.02.2024;500,00;Tausch
Z4;R3;15.03.2024;99,90;Lastschrift
Z4;R3;18.03.2024;-99,90;Rücklastschrift
"""


def source(folder: Path, name: str) -> Path:
    """Write a report with headings, or a folder of invoices and payments in the code page of Western Europe."""
    if name == "headings":
        path = folder / "posten.csv"
        path.write_text(HEADINGS, encoding="utf-8")
        return path
    path = folder / "export"
    path.mkdir()
    (path / "Rechnungen.csv").write_text(INVOICES, encoding="cp1252")
    (path / "Zahlungen.csv").write_text(PAYMENTS, encoding="cp1252")
    return path


def run(*arguments: object) -> str:
    """Return what the command prints."""
    result = CliRunner().invoke(app, ["import", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("name", "rejected"), [("headings", 0), ("folder", 1)])
def test_the_map_that_is_printed_gives_the_same_ledger_when_it_is_given_back(tmp_path: Path, name: str, rejected: int):
    """All that is printed is TOML, the account included; the second map is the first."""
    path = source(tmp_path, name)
    shown = run(path, "--out", tmp_path / "first", "--show-map")
    mine = tmp_path / "mine.toml"
    mine.write_text(shown, encoding="utf-8")
    again = run(path, "--out", tmp_path / "second", "--map", mine, "--show-map")
    first, second = (json.loads((tmp_path / out / "import.json").read_text()) for out in ("first", "second"))
    assert second["fingerprint"] == first["fingerprint"]
    assert (first["rejected"], second["rejected"]) == (rejected, rejected)

    def keys(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("#")]

    assert keys(again) == keys(shown)
