"""Compiled kernels and where their machine code is kept.

Numba keeps the code of each function beside its source, and knows it to be stale when that one file changes. A kernel
that calls one of another file has that one's code inside, and constants of further files. So here the code of every
kernel is as fresh as all kernels' sources and what these import: a change in one compiles all of them again.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, ParamSpec, Self, TypeVar, overload

import numba

config: Any = numba.config  # its settings are made when it is loaded
P = ParamSpec("P")
R = TypeVar("R")

_ROOT: Final = Path(__file__).resolve().parents[1]
_PACKAGES: Final = ("ledger", "models", "sim", "optimize", "experiments")
_IMPORT: Final = re.compile(rf"^from ((?:{'|'.join(_PACKAGES)})[\w.]*) import ([\w, ]*)", re.MULTILINE)
_ROOM: Final = 64 << 20  # bytes that must be free where code is kept


@overload
def njit(function: Callable[P, R], /, **options: Any) -> Callable[P, R]: ...
@overload
def njit(function: None = None, /, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def njit(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function as `numba.njit` does; the code is kept by the rule of this module, where anything can be kept.

    Without a place that can be written, of this user alone, it is compiled in every process.
    """
    if function is None:
        return lambda given: njit(given, **options)
    if not options.pop("cache", True):
        return numba.njit(function, **options)
    before = config.CACHE_LOCATOR_CLASSES
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.{Keeper.__name__}"
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
        return numba.njit(function, **options)
    finally:
        config.CACHE_LOCATOR_CLASSES = before


@cache
def fingerprint() -> bytes:
    """Return a hash of the sources of all kernels, and of our modules that these import."""
    paths = {path for package in _PACKAGES for path in (_ROOT / package).rglob("*.py")}
    texts = {path: path.read_bytes() for path in sorted(paths)}
    kernels = [path for path, text in texts.items() if f"from {__name__} import njit".encode() in text]
    imports = [line for path in kernels for line in _IMPORT.findall(texts[path].decode())]
    modules = {name for wing, things in imports for name in (wing, *(f"{wing}.{one}" for one in things.split(", ")))}
    imported = {_ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in modules}
    found = hashlib.sha256()
    for path in sorted({*kernels, *(imported & paths)}):
        found.update(str(path.relative_to(_ROOT)).encode() + b"\0" + texts[path] + b"\0")
    return found.digest()


def short_fingerprint() -> str:
    """Return the fingerprint as versions and the names of kept files show it."""
    return fingerprint().hex()[:12]


class Keeper:
    """Where the code of one function is kept, and what it must be as fresh as (one of Numba's "cache locators")."""

    def __init__(self, place: Path, file: str, line: int) -> None:
        self._place, self._py_file, self._line = place, file, line

    @classmethod
    def from_function(cls, function: Any, file: str) -> Self | None:
        """Return the first place that can be used; None where there is none."""
        place = next((place for place in _places(Path(file)) if _usable(place)), None)
        return None if place is None else cls(place, file, function.__code__.co_firstlineno)

    def ensure_cache_path(self) -> None:
        """Make the folder, and drop the code that was made of earlier sources of this file."""
        self._place.mkdir(parents=True, exist_ok=True)
        for kept in self._place.glob(f"{Path(self._py_file).stem}.*.nb[ic]"):
            if f"-{short_fingerprint()}." not in kept.name:
                kept.unlink(missing_ok=True)

    def get_cache_path(self) -> str:
        """Return the folder."""
        return str(self._place)

    def get_source_stamp(self) -> bytes:
        """Return what the code must have been made of."""
        return fingerprint()

    def get_disambiguator(self) -> str:
        """Return what tells functions of one name apart, and those of other sources: their types may be gone."""
        return f"{self._line}-{short_fingerprint()}"


def _places(file: Path) -> Iterator[Path]:
    """Yield where the code of a file may be kept: by NUMBA_CACHE_DIR, beside it, with the user, or for a while."""
    name = f"{file.parent.name}_{hashlib.sha256(str(file.parent).encode()).hexdigest()[:16]}"
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR) / name
    yield file.parent / "__pycache__"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if os.path.isabs(home):
        yield Path(home) / "collectlab" / name
    private = _private()
    if private is not None:
        yield private / name


@cache
def _private() -> Path | None:
    """Return a folder for temporary files that only this user can write; None where there is none."""
    try:
        place = Path(tempfile.gettempdir()) / f"collectlab-{os.getuid()}"
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError:
        return None
    own = place.is_dir() and not place.is_symlink() and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return place if own else None


@cache
def _usable(place: Path) -> bool:
    """Return whether a folder can be written, with some room left."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
        return shutil.disk_usage(place).free > _ROOM
    except OSError:
        return False
