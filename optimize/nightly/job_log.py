"""The nightly job's log: one line of JSON per stage, with times, so that a machine can watch it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(kw_only=True)
class Stages:
    """Stages of one run, appended to a file of JSON lines.

    Parameters
    ----------
    path
        The file; None for a run that leaves no trace. A log that cannot be written stops nothing.
    lost
        Whether a line could not be written.
    """

    path: Path | None
    lost: bool = False
    run: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}")

    @contextmanager
    def stage(self, name: str, **facts: Any) -> Iterator[dict[str, Any]]:
        """Time a stage; what the block puts into the mapping it gets goes into the line, and so does its failure."""
        began, found = time.perf_counter(), dict(facts)
        try:
            yield found
        except BaseException as error:
            message = (str(error).splitlines() or [""])[0]
            self._write(name, began, {**found, "ok": False, "error": f"{type(error).__name__}: {message}"})
            raise
        self._write(name, began, {**found, "ok": True})

    def _write(self, name: str, began: float, facts: dict[str, Any]) -> None:
        if self.path is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": self.run,
            "stage": name,
            "seconds": round(time.perf_counter() - began, 4),
            **facts,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:  # one write of one line: runs at once do not mix
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        except OSError:
            self.lost = True
