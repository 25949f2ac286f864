"""A file of one's own that is named as one of our packages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectlab_start import COMMAND, HOME, LIBRARY

START = "from collectlab_start import start; start()"


def python(code: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder whose files come first, as a script that stands in it does."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(HOME)])}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", COMMAND)
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py"])
def test_the_command_names_the_file_that_hides_a_package(name: str, form: str, tmp_path: Path):
    """One line, exit code 2, and the file is not run."""
    own = tmp_path / form.format(name)
    own.parent.mkdir(exist_ok=True)
    own.write_text("print('imported')", encoding="utf-8")
    done = python(START, "version", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"collectlab: {own} hides collectlab's own package {name!r}: ")
    assert done.stderr.count("\n") == 1


def test_a_hidden_package_is_told_to_machines_too(tmp_path: Path):
    """As with every other error."""
    (tmp_path / "models.py").touch()
    error = json.loads(python(START, "version", "--json", folder=tmp_path).stdout)["error"]
    assert error["exit_code"] == 2
    assert str(tmp_path / "models.py") in error["message"]


@pytest.mark.parametrize("name", LIBRARY)
def test_import_collectlab_names_the_file_that_hides_a_package(name: str, tmp_path: Path):
    """The error is of the import itself, not one of a module deep inside."""
    own = tmp_path / f"{name}.py"
    own.touch()
    done = python("import collectlab", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: {own} hides collectlab's own package {name!r}: ")


def test_a_hidden_package_is_found_even_when_it_was_imported_before(tmp_path: Path):
    """A script that imports its own `models` and then collectlab."""
    (tmp_path / "models.py").touch()
    assert "hides collectlab's own" in python("import models\nimport collectlab", folder=tmp_path).stderr


def test_files_of_other_names_and_plain_folders_hide_nothing(tmp_path: Path):
    """A folder without `__init__.py` comes after a package; a script `app.py` may import the library."""
    (tmp_path / "models").mkdir()
    (tmp_path / "mine.py").touch()
    (tmp_path / "app.py").touch()
    done = python("from collectlab_start import require; require()", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
