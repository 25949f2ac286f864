"""The command, in a process of its own, and in this one where many are run."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import main

Run = Callable[..., "subprocess.CompletedProcess[str]"]
COMMAND = Path(sys.executable).with_name("collectlab")
SHARED = Path(os.environ.get("COLLECTLAB_SHARED", Path(__file__).parents[2].parent / "shared"))


@pytest.fixture
def collectlab(tmp_path: Path) -> Run:
    """Return a function that runs the command in an empty folder and returns what it printed and its exit code."""

    def run(*arguments: object, **settings: str) -> "subprocess.CompletedProcess[str]":
        environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"} | settings
        command = [str(COMMAND), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=280)

    return run


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that does the same in this process, which saves the imports."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        words = [str(one) for one in arguments]
        with pytest.raises(SystemExit) as end:
            main(words)
        code = end.value.code
        return subprocess.CompletedProcess(words, code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data, or skip."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real data sets are not on this machine (COLLECTLAB_SHARED names their folder)")
    return SHARED / "data"
