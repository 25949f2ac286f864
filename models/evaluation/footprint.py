"""What a piece of work costs: seconds, and how much memory it adds to the process at its peak."""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

Result = TypeVar("Result")
_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")
_MIB: Final = 1024.0  # kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Generic[Result]):
    """What came of the work, and what it cost."""

    result: Result
    seconds: float
    peak_mib: float | None  # None where the system does not tell


def measured(work: Callable[[], Result]) -> Measured[Result]:
    """Do the work and measure it.

    The peak is the highest resident memory during the work less that before it, in MiB. Before, what earlier work left
    unused goes back to the system, and the kernel's own record of the peak starts anew (Linux), so nothing is sampled
    or slowed. Memory of other processes that the work may start does not count; a library that the work is the first to
    import does, in seconds and MiB.
    """
    _give_back()
    before = _start()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    peak = None if before is None else max(_kilobytes("VmHWM") - before, 0) / _MIB
    return Measured(result=result, seconds=seconds, peak_mib=peak)


def _start() -> int | None:
    """Forget the peak so far and return the resident kilobytes, or None where the system does not tell."""
    try:
        _RESET.write_text("5")
        return _kilobytes("VmRSS")
    except (OSError, StopIteration):
        return None


def _kilobytes(field: str) -> int:
    lines = _STATUS.read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1])


def _give_back() -> None:
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
