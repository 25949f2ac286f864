from pathlib import Path

import pytest

from app.study import study_of
from ledger import BadInput


def test_without_a_file_the_six_embedded_strategies_are_compared():
    """180 days, 10 replications, against friendly."""
    study = study_of(None, {})
    assert study.strategies == ("none", "email_only", "friendly", "escalated", "sop_cadence", "proactive")
    assert (study.baseline, study.days, study.replications) == ("friendly", 180, 10)


def test_options_take_the_place_of_what_the_file_says(tmp_path: Path):
    """What is not given on the command line stays as in the file."""
    path = tmp_path / "mine.toml"
    path.write_text('strategies = ["none", "friendly"]\ndays = 30\nseed = 5\n')
    study = study_of(path, {"days": 60, "seed": None})
    assert (study.name, study.days, study.seed) == ("mine", 60, 5)


def test_a_ledger_takes_the_place_of_the_portfolio_and_the_other_way_round(tmp_path: Path):
    """The last word is the command line's."""
    path = tmp_path / "mine.toml"
    path.write_text('strategies = ["none"]\nportfolio = "stress"\ncustomers = 50\n')
    assert study_of(path, {"ledger": tmp_path}).ledger == tmp_path
    path.write_text('strategies = ["none"]\nledger = "there"\n')
    assert study_of(path, {"customers": 10}).ledger is None


def test_strategies_of_the_command_line_bring_their_own_baseline():
    """The default baseline is dropped where it is not among them; a given one must be."""
    assert study_of(None, {"strategies": ["none", "escalated"]}).baseline == "none"
    with pytest.raises(BadInput, match="baseline must be one of"):
        study_of(None, {"strategies": ["none", "escalated"], "baseline": "friendly"})


def test_a_study_of_a_ledger_is_called_after_it(tmp_path: Path):
    """Results of two ledgers do not fall on top of each other."""
    assert study_of(None, {"ledger": tmp_path / "Müller & Co 2024"}).name == "M-ller-Co-2024"
    assert study_of(None, {"ledger": tmp_path / "…"}).name == "ledger"
