import json

import pytest
import typer

import collectlab_start
from app.exits import BAD_INPUT, guarded
from ledger import BadInput
from ledger.errors import ExpectedError, Refused, TrackingUnavailable, Unavailable


def raising(error: BaseException):
    """Return a command that ends with this error."""

    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (BadInput("must not be negative", where="study.toml", field="specialists", value=-1), 2, "specialists is -1"),
        (TrackingUnavailable("MLflow at http://h:1 cannot be used"), 4, "http://h:1"),
        (ZeroDivisionError("division by zero"), 1, "COLLECTLAB_DEBUG=1"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (typer.Abort(), 130, "interrupted"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_every_end_has_its_code_and_one_line(
    error: BaseException, code: int, words: str, as_json: bool, capfd: pytest.CaptureFixture[str]
):
    """The line goes to standard error; with --json an object with the same message goes to standard output."""
    assert guarded(raising(error), debug=False, as_json=as_json) == code
    out, err = capfd.readouterr()
    assert err.count("\n") == 1
    assert words in err
    if as_json:
        told = json.loads(out)["error"]
        assert told["exit_code"] == code
        assert err == f"collectlab: {told['message']}\n"
    else:
        assert out == ""


def test_bad_input_tells_machines_the_parts(capfd: pytest.CaptureFixture[str]):
    """Place, key, value and rule can be read without taking the sentence apart."""
    guarded(raising(BadInput("must be known", where="s.toml", field="planner", value="x")), debug=False, as_json=True)
    told = json.loads(capfd.readouterr().out)["error"]
    assert (told["where"], told["field"], told["value"], told["rule"]) == ("s.toml", "planner", "x", "must be known")


def test_debug_shows_the_traceback(capfd: pytest.CaptureFixture[str]):
    """A bug can be found when asked for."""
    assert guarded(raising(ZeroDivisionError("x")), debug=True, as_json=False) == 1
    assert "Traceback" in capfd.readouterr().err


def test_success_and_typer_exits_keep_their_codes():
    """Nothing raised is 0, and `typer.Exit` is what it says."""
    assert guarded(lambda: None, debug=False, as_json=False) == 0
    assert guarded(raising(typer.Exit(3)), debug=False, as_json=False) == 3


def test_an_interrupt_inside_typer_is_told():
    """Typer returns 130 for Ctrl-C; the command ends with it."""
    assert guarded(lambda: 130, debug=False, as_json=False) == 130


def test_every_error_of_ours_carries_its_exit_code():
    """2 for what must be mended, 3 for what has no answer, 4 for what is not there; what starts the command agrees."""
    codes = {BadInput: 2, Refused: 3, Unavailable: 4, TrackingUnavailable: 4}
    assert {kind: kind.exit_code for kind in codes} == codes
    assert {*ExpectedError.__subclasses__()} == {BadInput, Refused, Unavailable}
    assert {collectlab_start.BAD_INPUT, BAD_INPUT} == {2}


def test_a_refusal_tells_machines_its_details(capfd: pytest.CaptureFixture[str]):
    """What was given with it stands beside message and exit code; what is not a number is null."""
    guarded(raising(Refused("cannot be told", customers=3, share=float("nan"))), debug=False, as_json=True)
    told = json.loads(capfd.readouterr().out)["error"]
    assert told == {"message": "cannot be told", "exit_code": 3, "customers": 3, "share": None}
