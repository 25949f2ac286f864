"""Compiled: what a unit of money is worth by the day it comes, and what a talk gains; see `talk_value`."""

from ledger.arrays import Floats
from ledger.compiling import njit
from models.planning.talk_value import Grid


@njit
def reckon(grid: Grid, late: int, worth_out: Floats) -> None:
    """Fill in what cash is worth between and on grid days, and the chance of standing, `late` days past due today.

    All fall by the chance of having been written off before, given that nobody has by this morning. Shape (3, n).
    """
    top = len(grid.standing) - 1
    now = grid.standing[min(late - 1, top)] if late > 0 else 1.0
    before = 0.0
    for j in range(len(grid.days)):
        age = late + grid.days[j]
        upto = grid.stood[min(age, top)] + max(age - top, 0) * grid.standing[top] if age > 0 else float(age)
        stands, mean = 1.0, 1.0
        if j > 0 and now > 0:  # what outlived the law stands for good
            stands = (grid.standing[min(age - 1, top)] if age > 0 else 1.0) / now
            mean = (upto - before) / (grid.days[j] - grid.days[j - 1]) / now
        before = upto
        worth_out[0, j] = grid.between[j] * mean
        worth_out[1, j] = grid.on[j] * stands
        worth_out[2, j] = stands


@njit
def gain(without: Floats, helped: Floats, at: int, won: float, promised: int, worth: Floats) -> float:
    """Return what one unit of money gains by a talk on grid day `at`.

    `without` and `helped` are the chances of being unpaid on each grid day without the talk and with it; `won` is the
    chance that it wins a promise that is kept, for the grid day `promised`, which is not on the grid where a promise
    for that day comes too late. `worth` is what `reckon` fills in.
    """
    n = len(without)
    before, out, paid = without[at], 0.0, 0.0
    for j in range(at + 1, n):
        out += worth[0, j] * ((before - helped[j]) - (without[j - 1] - without[j]))
        if j <= promised:
            paid = out
        if j == promised:  # the rest comes on the promised day, and not as it would have come
            paid += worth[1, j] * helped[j]
        if j > promised:
            paid -= worth[0, j] * (without[j - 1] - without[j])
        before = helped[j]
    return out if promised >= n else (1.0 - won) * out + won * paid
