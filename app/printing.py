"""What goes to the screen: results on standard output, progress and remarks on standard error."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ledger.json_ready import json_ready
from ledger.progress import Progress
from ledger.screen import WIDTH, in_parts

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_json(result: dict[str, Any]) -> None:
    """Print a result as strict JSON, and nothing else, on standard output; null for what is not a number."""
    print(json.dumps(json_ready(result), indent=2, allow_nan=False))


def remark(text: str) -> None:
    """Print a remark on standard error."""
    print(text, file=sys.stderr)


def screen(*, stderr: bool = False) -> "Console":
    """Return the screen; at most 80 columns wide, and just that where the output is not a terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns) if stream.isatty() else WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def show_in_parts(build: Callable[[list[str]], "Table"], columns: Sequence[str], console: "Console") -> None:
    """Print a table whole: in parts one below the other where its columns do not fit the screen side by side.

    Parameters
    ----------
    build
        Makes the table of some of the columns; what tells its rows apart is in each part.
    columns
        In order; a part has at least one.
    """
    own = console.width
    for part in in_parts(columns, lambda some: _width(build(some), console) <= own):
        table = build(part)
        console.width = max(own, _width(table, console))  # a single column may be wider than any screen
        console.print(table, crop=False)
        console.width = own


def _width(table: "Table", console: "Console") -> int:
    """Return how wide a table is when nothing of it is cut; its title and caption may wrap."""
    from rich.measure import Measurement

    return Measurement.get(console, console.options.update(width=10_000), table).maximum


@contextmanager
def progress_bar(words: str, *, unit: str = "") -> Iterator[Progress]:
    """Show a bar with the time left on standard error, silent where that is not a terminal, and yield what moves it.

    Parameters
    ----------
    words
        What is done, until the work itself says.
    unit
        What is counted, such as "runs"; then their rate is shown.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f} {unit}/s" if task.speed else "", style="progress.data.speed")

    console = screen(stderr=True)
    rate = [Rate()] if unit else []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *rate, TextColumn("left")
    with Bar(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total, now: bar.update(task, completed=done, total=total or None, description=now)
