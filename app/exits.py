"""How the command ends: one line for a person, an object for a machine, and an exit code that means something."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

OK: Final = 0
BUG: Final = 1
BAD_INPUT: Final = 2  # of the command line itself; our errors carry theirs
INTERRUPTED: Final = 130


def guarded(run: Callable[[], Any], *, debug: bool, as_json: bool) -> int:
    """Run a command and return its exit code.

    Whatever goes wrong is told in one line on standard error. With `as_json`, standard output holds
    ``{"error": {"message", "exit_code", …}}`` instead of the result, for the caller who parses it.
    """
    try:
        code = run()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # Typer makes the latter of the former, and of nothing else
        return _closed_pipe()
    except KeyboardInterrupt:
        return _told("interrupted: nothing is left half-written", INTERRUPTED, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the last line of defence: every other end has a name
        if debug:
            traceback.print_exc()
        return _ended(error, as_json=as_json)
    if code == INTERRUPTED:  # Typer turns Ctrl-C into this code and returns it
        return _told("interrupted: nothing is left half-written", INTERRUPTED, as_json=as_json)
    return code if isinstance(code, int) else OK


def _ended(error: Exception, *, as_json: bool) -> int:
    # Our own errors are known by what they carry: importing their class would cost every start a second.
    import typer
    from typer._click.exceptions import ClickException, UsageError

    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        return _told("interrupted: nothing is left half-written", INTERRUPTED, as_json=as_json)
    if isinstance(error, ClickException):
        hint = f" (see `{error.ctx.command_path} --help`)" if isinstance(error, UsageError) and error.ctx else ""
        return _told(error.format_message().rstrip(".") + hint, BAD_INPUT, as_json=as_json)
    if isinstance(code := getattr(error, "exit_code", None), int):  # `ledger.errors.ExpectedError`
        return _told(str(error), code, as_json=as_json, **getattr(error, "details", {}))
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return _told(f"unexpected: {what} (a bug; set COLLECTLAB_DEBUG=1 for the traceback)", BUG, as_json=as_json)


def _told(message: str, code: int, /, *, as_json: bool, **details: Any) -> int:
    line = " ".join(message.split())
    print(f"collectlab: {line}", file=sys.stderr)
    if as_json:
        if details:  # the import costs a second
            from ledger.json_ready import json_ready

            details = json_ready(details)
        print(json.dumps({"error": {"message": line, "exit_code": code, **details}}, allow_nan=False))
        sys.stdout.flush()
    return code


def _closed_pipe() -> int:
    """Return quietly when the reader, such as `head`, has gone; Python must not complain at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK
