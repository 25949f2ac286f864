"""Folders and files are written whole or not at all, whatever happens to the writer."""

import multiprocessing
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.files import storage
from ledger.files.storage import check_folder, restore, write_file, write_folder

MARKER = "about.json"
FORK = multiprocessing.get_context("fork")


def filled(text: str, files: int = 3):
    """Return what fills a folder with files that all hold one text."""

    def fill(folder: Path) -> None:
        for k in range(files):
            (folder / f"{k}.txt").write_text(text)
        (folder / MARKER).write_text(text)

    return fill


def texts(folder: Path) -> set[str]:
    """Return the different texts in a folder's files."""
    return {path.read_text() for path in folder.iterdir()}


def litter(folder: Path) -> list[str]:
    """Return the hidden names in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.fixture(params=["exchange", "two renames"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Names are exchanged in one step, or on systems that cannot in two."""
    if request.param == "two renames":
        monkeypatch.setattr(storage, "_exchanged", lambda one, other: False)
    return request.param


def write_on(folder: Path) -> None:
    """Write one folder after the other, until killed (runs in a process of its own)."""
    for k in range(100_000):
        write_folder(folder, MARKER, filled(str(k)))


def test_killed_at_any_moment_a_whole_folder_has_the_name(tmp_path: Path, system: str):
    """60 times kill -9 at a random moment: what is there is of one writing, and the next clears up."""
    folder = tmp_path / "L"
    write_folder(folder, MARKER, filled("first"))
    for k in range(60):
        child = FORK.Process(target=write_on, args=(folder,))
        child.start()
        time.sleep(0.01 + 0.0007 * k)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        restore(folder)  # what a reader does first
        assert len(texts(folder)) == 1, k
        assert len(list(folder.iterdir())) == 4
    write_folder(folder, MARKER, filled("last"))
    assert texts(folder) == {"last"}
    assert litter(tmp_path) == []


def test_killed_between_two_renames_the_old_folder_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where names cannot be exchanged; the reader and the next writer both put it right."""
    folder = tmp_path / "L[1]"
    write_folder(folder, MARKER, filled("old"))
    monkeypatch.setattr(storage, "_exchanged", lambda one, other: False)
    rename = Path.rename

    def die(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            os._exit(9)  # no clean-up of any kind
        return rename(path, target)

    for back in (restore, lambda place: check_folder(place, MARKER)):
        child = FORK.Process(target=lambda: (setattr(Path, "rename", die), write_folder(folder, MARKER, filled("new"))))
        child.start()
        child.join()
        assert child.exitcode == 9
        assert not folder.exists()
        back(folder)
        assert texts(folder) == {"old"}
    write_folder(folder, MARKER, filled("new"))
    assert (texts(folder), litter(tmp_path)) == ({"new"}, [])


def test_the_part_of_a_living_writer_is_no_litter(tmp_path: Path):
    """Another folder of the same name's beginning, and a second writer of the same folder, leave it alone."""
    folder = tmp_path / "L"

    def fill(fresh: Path) -> None:
        write_folder(folder, MARKER, filled("second"))
        write_folder(tmp_path / "L-2", MARKER, filled("third"))
        filled("first")(fresh)

    write_folder(folder, MARKER, fill)
    assert texts(folder) == {"first"}
    assert litter(tmp_path) == []


def test_a_failure_leaves_what_was_there(tmp_path: Path, system: str):
    """No half of the new, nothing hidden."""
    folder = tmp_path / "L"
    write_folder(folder, MARKER, filled("old"))

    def fails(fresh: Path) -> None:
        filled("new")(fresh)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_folder(folder, MARKER, fails)
    assert (texts(folder), litter(tmp_path)) == ({"old"}, [])


def limited(folder: Path) -> None:
    """Write more than may be written (runs in a process of its own)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    for write in (
        lambda: write_folder(folder, MARKER, filled("x" * 5000)),
        lambda: write_file(folder.parent / "report.html", "x" * 5000),
    ):
        with pytest.raises(Unavailable, match="what stood there is as it was"):
            write()
    os._exit(0)


def test_a_full_disk_is_not_the_users_mistake(tmp_path: Path):
    """Exit code 4 rather than 2; the old folder and file stand."""
    folder = tmp_path / "L"
    write_folder(folder, MARKER, filled("old"))
    write_file(tmp_path / "report.html", "old")
    child = FORK.Process(target=limited, args=(folder,))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert (texts(folder), (tmp_path / "report.html").read_text(), litter(tmp_path)) == ({"old"}, "old", [])


def test_a_place_that_cannot_be_written_is(tmp_path: Path):
    """A file in the way, and a name that is too long."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        write_folder(tmp_path / "file" / "L", MARKER, filled("x"))
    with pytest.raises(BadInput, match="file name too long"):
        write_folder(tmp_path / ("L" * 300), MARKER, filled("x"))


def test_a_link_stays_a_link(tmp_path: Path, system: str):
    """The folder that it leads to is replaced."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for text in ("one", "two"):
        write_folder(tmp_path / "link", MARKER, filled(text))
        assert texts(tmp_path / "real") == {text}
    assert (tmp_path / "link").is_symlink()


def test_the_part_of_a_killed_file_is_removed(tmp_path: Path):
    """At the next writing of the same file; others' hidden files stay."""
    (tmp_path / ".report.html-abc.part").write_text("half")
    (tmp_path / ".other-abc.part").write_text("half")
    write_file(tmp_path / "report.html", "whole")
    assert litter(tmp_path) == [".other-abc.part"]
