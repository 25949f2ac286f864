"""The command says which code it is: version, commit and the sources of the compiled kernels."""

import json

import pytest

from app.cli import main
from ledger.compiling import short_fingerprint
from models.registry.code_version import code_version


@pytest.mark.parametrize("given", [["--version"], ["version"], ["version", "--json"]])
def test_the_version_names_code_and_kernels(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As an option and as a command; as JSON with one key each."""
    with pytest.raises(SystemExit) as done:
        main(given)
    said = capsys.readouterr().out
    assert done.value.code in (0, None)
    if "--json" in given:
        assert json.loads(said) == {"version": code_version(), "kernels": short_fingerprint()}
    else:
        assert said == f"collectlab {code_version()}, kernels {short_fingerprint()}\n"
