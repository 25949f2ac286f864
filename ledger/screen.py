"""Text for a screen of 80 columns: sentences wrap between words; tables are whole, in parts where they are too wide."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

WIDTH: Final = 80


def wrapped(text: str, indent: str = "  ") -> str:
    """Return text in lines of at most 80 columns; paths and ids stay whole, so that they can be copied."""
    lines = text.splitlines()
    return "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for line in lines
    )


def in_parts(columns: Sequence[str], fits: Callable[[list[str]], bool]) -> list[list[str]]:
    """Return columns in the fewest parts of about one length that fit; a part has at least one.

    Examples
    --------
    >>> in_parts(["dso", "cei", "over_91", "cash", "cost"], lambda some: len(some) < 4)
    [['dso', 'cei', 'over_91'], ['cash', 'cost']]
    """
    count = len(columns)
    for parts in range(1, count):
        ends = [-(-count * k // parts) for k in range(parts + 1)]
        found = [list(columns[low:high]) for low, high in pairwise(ends)]
        if all(map(fits, found)):
            return found
    return [[name] for name in columns]


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, words: Iterable[int] = ()) -> str:
    """Return a table as text of at most 80 columns, in parts one below the other where it is wider.

    Parameters
    ----------
    header
        Titles; all empty for none.
    rows
        Cells as text. Those of the first column tell rows apart: they are in each part.
    words
        Which other columns are words, to the left and wrapped where they are long; all others are numbers, to the
        right. Neither a number nor a word is cut.
    """
    cells, left = [list(row) for row in rows], {0, *words}

    def part(columns: list[str]) -> str:
        return _printed(_table(header, cells, [0, *map(int, columns)], left))

    own = [str(k) for k in range(1, len(header))]
    parts = in_parts(own, lambda some: max(map(len, part(some).splitlines())) <= WIDTH)
    return "\n\n".join(part(some) for some in parts)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], shown: Sequence[int], left: set[int]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(header[k] for k in shown))
    for k in shown:
        wraps = k in left and k > 0
        whole = [part for row in [header, *rows] for part in (row[k].split() if wraps else row[k].splitlines())]
        least = max(map(len, whole), default=0)
        table.add_column(Text(header[k]), justify="left" if k in left else "right", no_wrap=not wraps, min_width=least)
    for row in rows:
        table.add_row(*(Text(row[k]) for k in shown))
    return table


def _printed(table: "Table") -> str:
    """Return a table as text, wider than the screen where its numbers are."""
    from rich.console import Console
    from rich.measure import Measurement

    out = StringIO()
    console = Console(force_jupyter=False, file=out, width=WIDTH, color_system=None)
    least = Measurement.get(console, console.options.update(width=10_000), table).minimum
    console.width = max(WIDTH, least)
    console.print(table, crop=False)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").splitlines())
