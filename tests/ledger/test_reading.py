"""What people write is read in one way, and what is wrong with it is told in plain words."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from ledger import BadInput
from ledger.errors import LONGEST
from ledger.files.reading import Written, nearest, one_of, read_toml
from ledger.policy.strategy import Step, Strategy

LETTER = {"name": "letter", "day": 30, "channel": "letter"}


class Wheel(Written):
    """A table within a list."""

    size: float = Field(gt=0)
    code: str = Field(default="A", pattern="^[A-Z]$", description="one capital letter")


class Car(Written):
    """A table that holds others."""

    wheels: tuple[Wheel, ...] = ()
    doors: int = Field(default=4, ge=2, le=5)
    words: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dors": 3}, "car.toml, dors is 3: is not a key here; known: wheels, doors, words; did you mean 'doors'?"),
        ({"doors": 6}, "car.toml, doors is 6: must be at most 5"),
        ({"doors": 2.5}, "car.toml, doors is 2.5: must be a whole number"),
        ({"doors": "two"}, "car.toml, doors is 'two': must be a whole number"),
        ({"doors": {"left": 1}}, "car.toml, doors: must be a whole number"),
        ({"wheels": 4}, "car.toml, wheels is 4: must be a list"),
        ({"wheels": [4]}, "car.toml, wheels, entry 1 is 4: must be a table of keys"),
        ({"wheels": [{"size": 1}, {"code": "A"}]}, "car.toml, wheel 2, size: must be given"),
        ({"wheels": [{"size": 0}]}, "car.toml, wheel 1, size is 0: must be more than 0"),
        ({"wheels": [{"size": float("nan")}]}, "car.toml, wheel 1, size is nan: must be more than 0"),
        ({"wheels": [{"size": 1, "code": "ab"}]}, "car.toml, wheel 1, code is 'ab': must be one capital letter"),
        ({"wheels": [{"size": 1, "cod": 3}]}, "car.toml, wheel 1, cod is 3: is not a key here; known: size, code;"),
        ({"words": ["a", 2]}, "car.toml, words, entry 2 is 2: must be text"),
    ],
)
def test_a_mistake_names_file_entry_key_value_and_rule(given: object, said: str) -> None:
    """Entries of lists are counted from 1."""
    with pytest.raises(BadInput) as error:
        Car.of(given, where="car.toml")
    assert str(error.value).startswith(said)


def test_entries_are_called_by_their_name() -> None:
    """A step that is wrong is found by its name, and by its number where names repeat."""
    with pytest.raises(BadInput, match=r"^mine\.toml, step 2 \(second\), day is 9999: must be at most 365$"):
        Strategy.of({"name": "mine", "steps": [LETTER, LETTER | {"name": "second", "day": 9999}]}, where="mine.toml")


@pytest.mark.parametrize("make", [Step, Step.of, Step.model_validate], ids=["keywords", "of", "model_validate"])
def test_python_callers_hear_the_same_words(make) -> None:
    """Neither pydantic's words, nor its address, nor its error in the chain."""
    given = LETTER | {"channel": "leter"}
    with pytest.raises(BadInput, match="did you mean 'letter'") as error:
        make(**given) if make is Step else make(given)
    assert "pydantic" not in str(error.value)
    assert not isinstance(error.value.__cause__, ValidationError)


def test_nested_tables_are_still_checked_by_their_own_rules() -> None:
    """A rule of a step, told of the step within its strategy."""
    with pytest.raises(BadInput, match=r"step 1 \(letter\): `every` and `until` are given together"):
        Strategy(name="mine", steps=(LETTER | {"every": 3},))
    assert Strategy(name="mine", steps=(Step(**LETTER),)).steps[0].day == 30


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"= 3", "cannot be read as TOML: Invalid statement"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"a = " + b"[" * 100_000, "too deeply"),
        (b"a = " + b"1" * 5000, "cannot be read as TOML"),
        (b"a = 1\na = 2", "cannot be read as TOML: Cannot overwrite a value"),
    ],
    ids=["no key", "no text", "deep", "long number", "twice"],
)
def test_what_is_no_toml_is_told_in_one_line(data: bytes, said: str, tmp_path: Path) -> None:
    """At most 300 characters, whatever the file holds."""
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(BadInput) as error:
        read_toml(tmp_path / "x.toml")
    message = str(error.value)
    assert said in message
    assert len(message) <= LONGEST
    assert "\n" not in message


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    """Both are named; a byte-order mark is no mistake."""
    with pytest.raises(BadInput, match="there is no such file"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="is a folder"):
        read_toml(tmp_path)
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbfa = 1")
    assert read_toml(tmp_path / "bom.toml") == {"a": 1}


def test_names_are_near_whatever_their_case_and_punctuation() -> None:
    """The nearest first; what is nothing like any has none."""
    assert nearest("DueDate", ["amount", "due_date", "date"])[0] == "due_date"
    assert nearest("zzz", ["amount", "due_date"]) == []
    assert one_of("a", ("a", "b"), field="letter") == "a"
    with pytest.raises(BadInput, match=r"^letter is 'oldest': must be one of oldest_first, random; did you mean"):
        one_of("oldest", ("oldest_first", "random"), field="letter")


def test_a_message_has_at_most_300_characters_and_the_parts_are_whole() -> None:
    """Beginning and end of a long value, place or rule are shown; programs get all of it."""
    error = BadInput("x" * 5000 + "end", where="w" * 5000, field="f" * 5000, value="v\n" * 50_000)
    assert len(str(error)) <= LONGEST
    assert str(error).endswith("end")
    assert "\n" not in str(error)
    assert (len(error.rule), len(error.value)) == (5003, 100_000)
