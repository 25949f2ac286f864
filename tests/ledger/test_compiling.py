"""Kernels are compiled once, again when any of them changes, and also where nothing can be kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import compiling

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from pathlib import Path
from ledger import compiling
compiling._ROOT, compiling._PACKAGES = Path(sys.argv[1]), ("kernels",)
from kernels.caller import caller
print(caller(3.0), sum(caller.stats.cache_hits.values()))
"""
CALLER = """
from kernels.callee import callee
from ledger.compiling import njit

@njit(cache=True)
def caller(x):
    return 2 * callee(x)
"""
CALLEE = """
from ledger.compiling import njit

@njit(cache=True)
def callee(x):
    return x + {}
"""
TYPED = """
from typing import NamedTuple
from ledger.compiling import njit

class {0}(NamedTuple):
    x: float

@njit(cache=True)
def doubled(pair):
    return 2 * pair.x

def caller(x):
    return doubled({0}(x))

caller.stats = doubled.stats
"""


def answer(folder: Path, **settings: str) -> list[str]:
    """Return what the kernel of a folder gives in a fresh process, and how often it came from what was kept."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))} | settings
    command = [sys.executable, "-c", RUN, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """Return a folder with a kernel that calls another file's."""
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "caller.py").write_text(CALLER)
    (tmp_path / "kernels" / "callee.py").write_text(CALLEE.format(1))
    return tmp_path


def test_a_change_in_one_file_reaches_the_kernels_of_others(kernels: Path):
    """The caller has the callee's code inside; without a change the kept code is taken."""
    assert answer(kernels) == ["8.0", "0"]
    assert answer(kernels) == ["8.0", "1"]
    (kernels / "kernels" / "callee.py").write_text(CALLEE.format(5))
    assert answer(kernels) == ["16.0", "0"]


def test_kept_code_of_a_type_that_is_gone_is_dropped(kernels: Path):
    """A type renamed: the code kept for the old name cannot even be read, and must not be tried."""
    for name in ("Before", "After"):
        (kernels / "kernels" / "caller.py").write_text(TYPED.format(name))
        assert answer(kernels) == ["6.0", "0"]
    assert answer(kernels) == ["6.0", "1"]
    assert len(list((kernels / "kernels" / "__pycache__").glob("caller.*.nbi"))) == 1


def test_code_is_kept_where_it_is_asked_to_be(kernels: Path, tmp_path: Path):
    """NUMBA_CACHE_DIR comes first."""
    answer(kernels, NUMBA_CACHE_DIR=str(tmp_path / "kept"))
    assert list((tmp_path / "kept").rglob("*.nbc"))
    assert not list((kernels / "kernels" / "__pycache__").glob("*.nbc"))


def test_nothing_can_be_kept_and_kernels_work(monkeypatch: pytest.MonkeyPatch):
    """A read-only installation without a home: compiled in every process."""
    monkeypatch.setattr(compiling, "_usable", lambda place: False)

    @compiling.njit(cache=True)
    def twice(x):
        return 2 * x

    assert twice(21) == 42


def test_machine_code_is_read_only_from_where_nobody_else_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A temporary folder of that name which is open to others, or a link, is left alone."""
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"collectlab-{os.getuid()}"
    assert compiling._private.__wrapped__() == place
    place.chmod(0o777)
    assert compiling._private.__wrapped__() is None
    place.rmdir()
    (tmp_path / "theirs").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "theirs")
    assert compiling._private.__wrapped__() is None


def test_the_fingerprint_is_of_kernels_and_what_they_import(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A constant in a further file counts, a file that no kernel reads does not."""
    monkeypatch.setattr(compiling, "_ROOT", tmp_path)
    (tmp_path / "sim").mkdir()
    for name, text in (
        ("kernel", "from sim.constant import K\nfrom ledger.compiling import njit\n"),
        ("constant", "K = 1\n"),
        ("other", "K = 1\n"),
    ):
        (tmp_path / "sim" / f"{name}.py").write_text(text)
    found = [compiling.fingerprint.__wrapped__()]
    for name in ("other", "constant", "kernel"):
        with (tmp_path / "sim" / f"{name}.py").open("a") as file:
            file.write("L = 2\n")
        found.append(compiling.fingerprint.__wrapped__())
    assert [found[k] == found[k + 1] for k in range(3)] == [True, False, False]
