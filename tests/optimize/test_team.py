"""Teams: what a roster file may say, and what becomes of it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ledger import BadInput, read_ledger
from ledger.policy.roster import FIRM
from optimize.roster.load import load_team
from optimize.roster.shifts import plan_shifts

ROSTER = Path(__file__).parents[2] / "data" / "synthetic" / "roster.toml"
HEAD = 'timezone = "America/New_York"\n[[specialists]]\nid = "A"\n[[specialists]]\nid = "B7"\n'


def written(tmp_path: Path, text: str) -> Path:
    """Write a roster file."""
    path = tmp_path / "roster.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_roster_is_a_roster_of_the_simulator():
    """Eight people: skills and languages become bits, ranges become days, major units become minor ones."""
    people = load_team(ROSTER).roster()
    assert len(people) == 8
    assert people.languages == ("de", "en", "es", "fr")
    assert [bool(bits & FIRM) for bits in people.can] == [True, True, False, True, True, False, True, False]
    assert people.share.tolist() == [1, 1, 0.75, 1, 1, 0.5, 1, 0.8]
    row = people.table.set_index("specialist_id").loc["S05"]
    assert (row["cost_per_hour"], len(row["absences"].split())) == (3200, 12)


def test_part_timers_get_the_minutes_that_the_simulator_gives_them():
    """Thirty hours are the first three blocks of every day, of which five eighths go into calls."""
    shifts = plan_shifts(load_team(pd.DataFrame(load_team(ROSTER).roster().table)), "2026-10-05", 5, country="US")
    assert shifts.minutes[2].tolist() == [[75.0, 75.0, 75.0, 0.0]] * 5
    assert shifts.minutes[0, 3].sum() == 0
    assert shifts.absent[0].tolist() == [False, False, False, True, False]
    assert (shifts.status, shifts.gap) == ("optimal", 0.0)


def test_days_are_working_days_from_the_first_one_on():
    """A Saturday asks for Monday, and Columbus Day is skipped."""
    shifts = plan_shifts(load_team(2), "2026-10-10", 2, country="US")
    assert [f"{day:%F}" for day in shifts.dates] == ["2026-10-13", "2026-10-14"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "weekly_hours = 90", "specialist 2 (B7), weekly_hours is 90: "),
        (HEAD + 'languages = ["english"]', "specialist 2 (B7), languages is ['english']: must be ISO 639-1 codes"),
        (HEAD + 'absences = ["2026-13-01"]', "specialist 2 (B7), absences is ['2026-13-01']: must be days such as"),
        (HEAD + 'unavailable = ["friday"]', "specialist 2 (B7), unavailable is ['friday']: must be parts of the week"),
        (HEAD + 'skils = ["firm"]', "specialist 2 (B7), skils is ['firm']: is not a key here; known: id, name,"),
        (HEAD + 'timezone = "Asia/Tokyo"', "specialist 2 (B7), timezone is 'Asia/Tokyo': all specialists of one team"),
        (HEAD + '[[specialists]]\nid = "A"', "specialists: every specialist needs an id of its own; given twice: A"),
        (HEAD + "[rules]\nhours_per_day = 9", "rules.hours_per_day is 9: "),
        (HEAD + "[rules]\nshortest_shift = 6\nhours_per_day = 5", "rules: `shortest_shift` must not exceed"),
        ('timezone = "Mars/Base"', "timezone is 'Mars/Base': must be an IANA time zone"),
        ("= 3", "cannot be read as TOML"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(tmp_path: Path, text: str, said: str):
    """File, specialist, field, value and rule."""
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as error:
        load_team(path)
    line = str(error.value)
    assert line.startswith(str(path))
    assert said in line
    assert "\n" not in line
    assert len(line) <= 300


def test_a_table_may_say_more_than_the_staff_table(tmp_path: Path):
    """CSV: names and preferences beside the ledger's columns; an unknown column is named."""
    table = load_team(ROSTER).roster().table.assign(name="Somebody", unavailable="fri, mon 4")
    path = tmp_path / "staff.csv"
    table.to_csv(path, index=False)
    team = load_team(path)
    assert team.specialists[0].unavailable == ("fri", "mon 4")
    assert team.roster().table.equals(load_team(ROSTER).roster().table)
    table.assign(shoe=43).to_csv(path, index=False)
    with pytest.raises(BadInput, match="shoe: is not a column of a roster"):
        load_team(path)


def test_a_ledger_without_places_is_called_on_its_own_clock():
    """UTC with no country means local time; a ledger that knows places leaves the team's clock alone."""
    known = read_ledger(ROSTER.with_name("normal"))
    team = load_team(ROSTER)
    assert team.beside(known) == (team, "")
    customers = known.customers.assign(timezone="UTC", country="").astype(known.customers.dtypes)
    there, note = team.beside(replace(known, customers=customers))
    assert there.timezone == "UTC"
    assert there.roster().table["timezone"].eq("UTC").all()
    assert "America/New_York" in note
