"""Folders and files that are written whole or not at all, and that a killed run leaves as they were."""

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

from ledger.errors import BadInput, Unavailable

_MENDABLE: Final = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
}
_AT_FDCWD, _EXCHANGE = -100, 2  # of Linux' renameat2
_PART, _OLD = ".part", ".old"  # endings of what is being written, and of what was there before


def check_folder(folder: str | Path, marker: str) -> Path:
    """Return the folder as a path where results may go: it is new, empty, or holds earlier results.

    Call it before the work, so that a person does not wait for a result that cannot be kept.

    Raises
    ------
    BadInput
        Where it is a file, or a folder with other things in it (no file `marker`).
    """
    folder = _free_of_files(Path(folder).absolute())
    restore(folder)
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
    with reported(folder):
        for place in (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise BadInput("must be a folder, and is a file: nothing was written", where=str(place))
    return folder


@contextmanager
def reported(place: Path, *, stands: str = "what stood there is as it was") -> Iterator[None]:
    """Turn what the system says of files into what a person can act on.

    Raises
    ------
    BadInput
        Where the place may not be written.
    Unavailable
        Where the disk is full or fails; `stands` says what is safe.
    """
    try:
        yield
    except OSError as error:
        reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
        if error.errno in _MENDABLE:
            raise BadInput(f"cannot be written: {reason}", where=str(place)) from error
        raise Unavailable(f"{place}: cannot be written ({reason}); {stands}") from error


def write_folder(folder: str | Path, marker: str, fill: Callable[[Path], None]) -> Path:
    """Let `fill` write into a fresh folder, then put that in place of the old one in one step.

    A run that is killed leaves the old folder or the new one, and a hidden part that the next run removes.

    Raises
    ------
    BadInput
        Where the folder may not be written, or holds something else.
    Unavailable
        Where the disk is full or fails; what stood there stays.
    """
    folder = check_folder(folder, marker)
    home = folder.resolve()  # a link stays a link
    with reported(folder), _part_of(home, tempfile.mkdtemp) as fresh:
        try:
            fill(fresh)
            fresh.chmod(0o755)
            _put_in_place(fresh, home)
        finally:  # what was half-written, or the old folder
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


@contextmanager
def _part_of(path: Path, make: Callable[..., str]) -> Iterator[Path]:
    """Clear up beside a path and make a hidden part there, which is held until it has its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as until_done:
        with _held(path.parent):  # nobody clears up between the making and the holding
            _clear(path)
            part = Path(make(prefix=f".{path.name[:100]}-", suffix=_PART, dir=path.parent))
            until_done.enter_context(_held(part))
        yield part


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Give the fresh folder its name; what had it goes by the fresh one's."""
    if not folder.exists():
        fresh.rename(folder)
    elif not _exchanged(fresh, folder):  # a system without exchange: for an instant there is no folder of that name
        old = fresh.with_suffix(_OLD)
        with _held(folder):
            folder.rename(old)
            try:
                fresh.rename(folder)
            except BaseException:
                old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step, where the system can; return whether it could."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(exchange(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0)


def restore(folder: Path) -> None:
    """Give a folder its name back, where a run was killed between taking it away and putting the new one there."""
    if not folder.exists() and folder.parent.is_dir():
        for old in folder.parent.glob(f".{_literal(folder.name[:100])}-*{_OLD}"):
            with suppress(OSError), _held(old):
                if not folder.exists():
                    old.rename(folder)


@contextmanager
def _held(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a file or folder: as long as its writer lives nobody takes it for litter."""
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError) if wait else nullcontext():  # a file system without locks keeps nobody from writing
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _clear(path: Path) -> None:
    """Remove the parts that killed runs left beside a path; those of runs at work are held."""
    for ending in (_PART, _OLD):
        for litter in path.parent.glob(f".{_literal(path.name[:100])}-*{ending}"):
            with suppress(OSError), _held(litter, wait=False):
                shutil.rmtree(litter) if litter.is_dir() else litter.unlink()


def _literal(name: str) -> str:
    """Return a name as a pattern that matches nothing else."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def write_file(path: str | Path, text: str) -> Path:
    """Write a text file in one step; what stood there stays until the new one is complete."""
    return write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_whole(path: str | Path, fill: Callable[[Path], object]) -> Path:
    """Let `fill` write a file beside the given one, then put it in its place in one step.

    Raises
    ------
    BadInput
        Where the path is a folder or cannot be written; what stood there stays.
    Unavailable
        Where the disk is full or fails; what stood there stays.
    """
    path = check_file(path)
    with reported(path), _part_of(path, _new_file) as part:
        try:
            fill(part)
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _new_file(prefix: str, suffix: str, dir: Path) -> str:
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=dir)
    os.close(handle)
    return name
