"""Folders that are written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ledger.errors import BadInput


def check_folder(folder: str | Path, marker: str) -> Path:
    """Return the folder as a path where results may go: it is new, empty, or holds earlier results.

    Call it before the work, so that a person does not wait for a result that cannot be kept.

    Raises
    ------
    BadInput
        Where it is a file, or a folder with other things in it (no file `marker`).
    """
    folder = _free_of_files(Path(folder).absolute())
    if folder.is_dir() and any(folder.iterdir()) and not (folder / marker).exists():
        raise BadInput(f"is not empty and has no {marker}: nothing was written", where=str(folder))
    _writable(folder)
    return folder


def check_file(path: str | Path) -> Path:
    """Return the path where a file may be written; raise BadInput where it is a folder, or lies where none can be."""
    path = Path(path).absolute()
    if path.is_dir():
        raise BadInput("must be a file, and is a folder: nothing was written", where=str(path))
    _writable(_free_of_files(path.parent))
    return path


def _writable(folder: Path) -> None:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(nearest, os.W_OK):
        raise BadInput(f"cannot be written: no permission in {nearest}", where=str(folder))


def _free_of_files(folder: Path) -> Path:
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise BadInput("must be a folder, and is a file: nothing was written", where=str(place))
    return folder


def write_folder(folder: str | Path, marker: str, fill: Callable[[Path], None]) -> Path:
    """Let `fill` write into a fresh folder, then put that in place of the old one in one step."""
    folder = check_folder(folder, marker)
    fresh = _beside(folder)
    try:
        fill(fresh)
        fresh.chmod(0o755)
        _put_in_place(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return folder


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Rename the fresh folder to its place; the old one comes back if that fails."""
    if not folder.exists():
        fresh.rename(folder)
        return
    old = fresh.with_name(fresh.name + "-old")
    folder.rename(old)
    try:
        fresh.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path) -> Path:
    """Return a new hidden folder beside the one to be written."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", where=str(folder)) from error


def write_file(path: str | Path, text: str) -> Path:
    """Write a text file in one step; what stood there stays until the new one is complete."""
    return write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_whole(path: str | Path, fill: Callable[[Path], object]) -> Path:
    """Let `fill` write a file beside the given one, then put it in its place in one step.

    Raises
    ------
    BadInput
        Where the path is a folder or cannot be written; what stood there stays.
    """
    path = check_file(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            part = Path(file.name)
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", where=str(path)) from error
    try:
        fill(part)
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path
