"""Run every benchmark, each in a process of its own, and print one table.

    python -m benchmarks [NAME ...]

A benchmark is a module of this folder that is not a peer (`*_peer.py`). It prints what it measured, and among that one
line that begins with `ratio` and one that begins with `target` and ends in `met` or `MISSED`; the table gathers these.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """Return the names of the benchmarks."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem[:1] != "_" and not path.stem.endswith("_peer"))


def run(name: str) -> tuple[int, float, list[str]]:
    """Run a benchmark, showing its lines as they come; return exit code, seconds and lines."""
    print(f"== {name}", flush=True)
    start, lines = time.perf_counter(), []
    command = [sys.executable, "-u", "-m", f"benchmarks.{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.strip())
    return process.returncode, time.perf_counter() - start, lines


def main() -> int:
    """Run the benchmarks asked for, or all; return 0 when each ended well and met its target."""
    known = names()
    asked = sys.argv[1:] or known
    if unknown := [name for name in asked if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    rows, bad = [], 0
    for name in asked:
        code, seconds, lines = run(name)
        ratio = next((line for line in lines if line.startswith("ratio")), "no ratio")
        target = next((line for line in lines if line.startswith("target")), "no target")
        bad += code != 0 or target.endswith("MISSED")
        rows.append((name, f"{seconds:.0f} s", ratio, target if code == 0 else f"ended with code {code}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
