"""Plans as files: all four of a plan appear in one instant, and the last published plan is whole at any moment.

A folder of plans looks like this::

    plan.csv  plan.xlsx  plan.parquet  plan.json      links to plans/current/plan.*
    plans/current                                     link to the published plan's folder
    plans/2026-07-01-3f9a…-77c1…/plan.*               date, snapshot and run of each plan; the last `KEPT` stay

A plan is written to a folder of its own, forced to the disk, and then published by replacing the one link
`plans/current` (rename is atomic). A program that is killed leaves that link on the old plan or on the new one. The
four names are links through `current`, made before it, so they change together, the first time too. Who wants the four
files of one plan resolves `plans/current` once and reads there.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger import BadInput
from ledger.errors import Unavailable
from ledger.files.storage import check_folder, reported

ABOUT: Final = "plan.json"
TABLE: Final = "plan.parquet"
FILES: Final = ("plan.csv", "plan.xlsx", TABLE, ABOUT)
PLANS: Final = "plans"
CURRENT: Final = "current"
KEPT: Final = 60  # plans that stay, the current one included
_LOCK: Final = ".lock"
_PART: Final = ".part-"
STANDS: Final = "the last published plan stands"


@dataclass(frozen=True, kw_only=True)
class PublishedPlan:
    """A plan on disk.

    Parameters
    ----------
    folder
        Its own folder below `plans`.
    about
        Contents of its ``plan.json``.
    damaged
        Files that are missing or no longer what they were when they were published.
    """

    folder: Path
    about: Mapping[str, Any]
    damaged: tuple[str, ...]

    def is_of(self, date: str, snapshot: str) -> bool:
        """Return whether it is the whole plan of a date and a snapshot."""
        return not self.damaged and (self.about.get("date"), self.about.get("snapshot")) == (date, snapshot)


def check_out(out: str | Path) -> Path:
    """Return the folder of plans as an absolute path; it need not exist.

    Raises
    ------
    BadInput
        Where it is a file, cannot be written, or holds a file with the name of ours that is not ours.
    """
    out = Path(out).absolute()
    check_folder(out / PLANS, _LOCK)
    for name in FILES:
        if (out / name).exists() and not (out / name).is_symlink():
            raise BadInput("is not a published plan, and would be replaced: nothing was written", where=str(out / name))
    return out


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Keep others from planning into the same folder; the lock of a process that died is void.

    Raises
    ------
    Unavailable
        At once, where another run has the lock.
    """
    place, new = out / PLANS, not out.exists()
    with reported(out, stands=STANDS):
        lock = _locked(place)
    if lock is None:
        rule = "another run is planning into it at the moment; the last published plan stands, run again afterwards"
        raise Unavailable(f"{out}: {rule}")
    try:
        yield
    finally:
        if not (place / CURRENT).is_symlink():  # nothing was ever published: leave no trace
            with suppress(OSError):
                _clear(out)
                (place / _LOCK).unlink()
                place.rmdir()
                if new:
                    out.rmdir()
        os.close(lock)


def _locked(place: Path) -> int | None:
    """Return the open lock file, None where another has it."""
    while True:
        place.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # the other has just tidied up
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(place / _LOCK).st_ino == os.fstat(lock).st_ino:
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except FileNotFoundError:
            pass
        os.close(lock)


def published(out: Path) -> PublishedPlan | None:
    """Return the plan that is published in the folder; None where there is none."""
    pointer = out / PLANS / CURRENT
    return read_plan(pointer.resolve()) if pointer.is_symlink() else None


def read_plan(folder: Path) -> PublishedPlan:
    """Return the plan of one folder, checked against the sums in its ``plan.json``."""
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        sums = dict(about["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return PublishedPlan(folder=folder, about={}, damaged=(ABOUT,))
    damaged = tuple(name for name in FILES if name != ABOUT and _sum_of(folder / name) != sums.get(name))
    return PublishedPlan(folder=folder, about=about, damaged=damaged)


def earlier(out: Path, date: str) -> PublishedPlan | None:
    """Return the newest whole plan in the folder for a day before `date`, which is the one to compare with."""
    pointer = out / PLANS / CURRENT
    first = [pointer.resolve()] if pointer.is_symlink() else []
    others = sorted((path for path in _plans(out) if path not in first), key=_age)
    for folder in sorted([*first, *others], key=lambda path: path.name[:10], reverse=True):  # stable: newest first
        found = read_plan(folder) if folder.name[:10] < date else None
        if found is not None and not found.damaged:
            return found
    return None


def publish(out: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a plan's files and publish them in one step; call it under `only_one`.

    Parameters
    ----------
    out
        Folder of plans.
    name
        Of the plan's own folder: date, snapshot and run, so that names sort by date.
    files
        Contents by name; all of `FILES` but ``plan.json``'s sums, which are added here.

    Returns
    -------
    Path
        The plan's own folder.

    Raises
    ------
    Unavailable
        Where the disk is full or fails; BadInput where the folder cannot be written. The old plan stays published.
    """
    sums = {key: hashlib.sha256(data).hexdigest() for key, data in files.items() if key != ABOUT}
    about = json.loads(files[ABOUT]) | {"files": sums}
    contents = {**files, ABOUT: (json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()}
    if set(contents) != set(FILES):
        raise ValueError(f"a plan has the files {', '.join(FILES)}, and not {', '.join(sorted(contents))}")
    with reported(out, stands=STANDS):
        _clear(out)
        folder = _written(out, name, contents)
        _link(out, FILES)
        _point(out / PLANS, folder.name)
        _forget_old(out, folder)
    return folder


def _written(out: Path, name: str, contents: Mapping[str, bytes]) -> Path:
    """Write the files to a hidden folder, force them to the disk, and give the folder its name."""
    place = out / PLANS
    part = Path(tempfile.mkdtemp(prefix=_PART, dir=place))
    try:
        for key, data in contents.items():
            with (part / key).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o444)  # what is published is read, not edited
        part.chmod(0o755)
        _force(part)
        part.rename(folder := _free(place, name))
        _force(place)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return folder


def _free(place: Path, name: str) -> Path:
    """Return the folder's path; a plan of that name which was never published gives way, the published one does not."""
    current = (place / CURRENT).resolve()
    folder, k = place / name, 1
    while folder == current:
        k += 1
        folder = place / f"{name}-{k}"
    if folder.exists():
        _remove(folder)
    return folder


def _link(out: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if not (out / name).is_symlink():
            (out / name).symlink_to(Path(PLANS, CURRENT, name))
    _force(out)


def _point(place: Path, name: str) -> None:
    """Make `current` the named plan, in one step."""
    fresh = place / f"{_PART}{os.getpid()}"
    fresh.symlink_to(name)
    fresh.replace(place / CURRENT)
    _force(place)


def _forget_old(out: Path, current: Path) -> None:
    """Remove the plans beyond the last `KEPT`."""
    old = sorted((path for path in _plans(out) if path != current), key=_age)
    for folder in old[KEPT - 1 :]:
        _remove(folder)


def _clear(out: Path) -> None:
    """Remove what a run that was killed has left."""
    for left in (out / PLANS).glob(f"{_PART}*"):
        left.unlink() if left.is_symlink() else shutil.rmtree(left, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove a plan's folder; no part of it is ever seen under its name."""
    hidden = Path(tempfile.mkdtemp(prefix=_PART, dir=folder.parent))
    folder.rename(hidden / folder.name)
    shutil.rmtree(hidden, ignore_errors=True)


def _plans(out: Path) -> list[Path]:
    place = (out / PLANS).resolve()
    return [path for path in place.glob("[0-9]*") if path.is_dir()]


def _age(path: Path) -> tuple[float, str]:
    return (-path.stat().st_mtime, path.name)


def _sum_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _force(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
