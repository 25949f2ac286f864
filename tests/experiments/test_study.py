from pathlib import Path

import pytest

from experiments import Study
from ledger import BadInput

GOOD = """
name = "friendly or firm"
strategies = ["friendly", "escalated", "mine.toml"]
baseline = "escalated"
specialists = 3
days = 90
replications = 4
[margins]
dso = 1
cost = "2 %"
"""


def written(folder: Path, text: str) -> Path:
    """Return the path of a study file with this text."""
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_a_study_file_is_read_and_its_paths_are_relative_to_it(tmp_path: Path):
    """What the file says is what the study holds."""
    study = Study.load(written(tmp_path, GOOD))
    assert (study.name, study.baseline, study.specialists, study.days) == ("friendly or firm", "escalated", 3, 90)
    assert study.strategies[2] == str(tmp_path / "mine.toml")


def test_the_file_a_study_writes_gives_the_study_again(tmp_path: Path):
    """`to_toml` and `load` are inverse, with a portfolio and with a ledger."""
    study = Study.load(written(tmp_path, GOOD))
    assert Study.load(written(tmp_path, study.to_toml())) == study
    other = Study(strategies=("none", "friendly"), ledger=tmp_path / "ledger")
    assert Study.load(written(tmp_path, other.to_toml())) == other


def test_friendly_is_the_baseline_where_none_is_named():
    """What most companies do is what others are compared with; else the first."""
    assert Study(strategies=("none", "friendly")).baseline == "friendly"
    assert Study(strategies=("none", "escalated")).baseline == "none"


def test_margins_are_in_the_metrics_unit_or_a_share_of_the_baseline(tmp_path: Path):
    """A number is taken as it stands; a percentage, and the default of an amount, is of the baseline's mean."""
    study = Study.load(written(tmp_path, GOOD))
    assert study.margin("dso", 40.0) == 1.0
    assert study.margin("cost", 5000.0) == pytest.approx(100.0)
    assert study.margin("cei", 86.0) == 1.0
    assert study.margin("cash_collected", 1e6) == pytest.approx(5000.0)


MISTAKES = {
    "unknown strategy": ('strategies = ["freindly"]', "strategies, entry 1", "freindly", "did you mean 'friendly'"),
    "unknown planner": ('strategies = ["none"]\nplanner = "oldest"', "planner", "oldest", "oldest_first"),
    "negative specialists": (
        'strategies = ["none"]\nspecialists = -1',
        "specialists",
        "-1",
        "must be at least 0",
    ),
    "no replications": ('strategies = ["none"]\nreplications = 0', "replications", "0", "must be at least 1"),
    "part of a day": ('strategies = ["none"]\ndays = 10.5', "days", "10.5", "must be a whole number"),
    "text for a number": ('strategies = ["none"]\ndays = "many"', "days", "many", "must be a whole number"),
    "baseline elsewhere": (
        'strategies = ["none"]\nbaseline = "friendly"',
        "",
        "",
        "baseline must be one of the strategies",
    ),
    "same twice": ('strategies = ["none", "none"]', "", "", "'none' more than once"),
    "no strategies": ("strategies = []", "strategies", "", "at least 1"),
    "strategies missing": ("days = 3", "strategies", "", "must be given"),
    "unknown key": ('strategies = ["none"]\nreplication = 3', "replication", "", "did you mean 'replications'"),
    "unknown metric": ('strategies = ["none"]\n[margins]\ndos = 1', "margins.dos", "dos", "did you mean 'dso'"),
    "negative margin": ('strategies = ["none"]\n[margins]\ndso = -1', "margins.dso", "-1", "must be a number ≥ 0"),
    "two sources": ('strategies = ["none"]\nledger = "x"\ncustomers = 5', "", "", "give one or the other"),
    "name with a path": ('strategies = ["none"]\nname = "../x"', "name", "../x", "must be at most 64 letters"),
    "no TOML": ("strategies = [", "", "", "cannot be read as TOML"),
    "empty": ("", "", "", "is empty"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_named(name: str, tmp_path: Path):
    """File, key, value and rule stand in the message."""
    text, field, value, rule = MISTAKES[name]
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        Study.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert field in message
    assert value in message
    assert rule in message
    assert "\n" not in message


def test_a_missing_study_file_is_named(tmp_path: Path):
    """So is a file that is not there, and a folder in its place."""
    with pytest.raises(BadInput, match="no such file"):
        Study.load(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="and is a folder"):
        Study.load(tmp_path)
