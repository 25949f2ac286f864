"""A plan from prices: greedy by reduced value, then annealing with exchanges, on options near each account's best."""

import time
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.annealing import State, anneal, fill_up, listed
from optimize.assignment.instance import Options
from optimize.assignment.near_best import close_to_best, option_arrays
from optimize.assignment.pair_exchange import Lists, weave

MARGIN = 0.02  # what an option may lose against its account's best, as a share of the worth of a call at the margin
FEW = 40  # calls per resource below which exchanges between two resources are worth their time
PARTS = 4  # pieces into which annealing is cut, to see after each whether it is enough
ROOM = 2e-11  # share of its capacity by which rounding may overfill a resource


@dataclass(frozen=True, eq=False, kw_only=True)
class Effort:
    """When to stop.

    Parameters
    ----------
    enough
        Value with which a plan is good enough; inf for the best that can be had.
    until
        Reading of `time.perf_counter` up to which to go on; None for a number of steps that the instance decides.
    seed
        Of the annealing.
    hasty
        Whether to begin with few moves, where they may be enough.
    """

    enough: float = np.inf
    until: float | None = None
    seed: int = 0
    hasty: bool = False

    def part(self, share: float) -> "Effort":
        """Return an effort with a share of the time that is left."""
        now = time.perf_counter()
        return self if self.until is None else replace(self, until=now + share * (self.until - now))

    def over(self) -> bool:
        """Say whether the time is up."""
        return self.until is not None and time.perf_counter() >= self.until


def build(
    options: Options, prices: Floats, *, scale: float, effort: Effort | None = None, begin: Ints | None = None
) -> Ints:
    """Build a plan.

    Parameters
    ----------
    options
        The instance.
    prices
        Value per minute of each resource, near those of the linear relaxation; shape (resources,).
    scale
        Worth of a typical call at the margin.
    effort
        When to stop.
    begin
        Option number per account of a plan to start from, -1 for none; shape (accounts,).

    Returns
    -------
    ndarray
        Option number per account, -1 where it is left alone, also an account that must be served when nothing was
        found that fits; shape (accounts,).
    """
    effort = effort or Effort()
    picked, start = _picked(options, prices, scale, begin)
    close = options if len(picked) == len(options.value) else options.at(picked, start)
    state = empty_plan(close)
    if begin is not None:
        number = np.full(len(options.value) + 1, -1)
        number[picked] = np.arange(len(picked))
        place(close, state, number[begin])
    greedy(close, prices, state)
    _improve(close, prices, state, scale, effort)
    chosen = np.full(options.accounts, -1)
    taken = state.chosen >= 0
    chosen[taken] = picked[state.chosen[taken]]
    chosen = _trimmed(options, chosen)
    if effort.hasty and float(options.value[chosen[chosen >= 0]].sum()) >= effort.enough:
        return chosen
    state = empty_plan(options)
    place(options, state, chosen)
    greedy(options, prices, state)
    final: Ints = state.chosen
    return final


def _trimmed(options: Options, chosen: Ints) -> Ints:
    """Return the plan without what overfills a resource."""
    fits, taken = options.capacity * (1 + ROOM), np.flatnonzero(chosen >= 0)
    load = np.bincount(options.resource[chosen[taken]], options.minutes[chosen[taken]], len(fits))
    kept = chosen.copy()
    for k in np.flatnonzero(load > fits):  # hardly ever: sums were kept up to date over many moves
        there = taken[(options.resource[chosen[taken]] == k) & ~options.must_serve[taken]]
        for i in there[np.argsort(options.value[chosen[there]])]:
            if load[k] <= fits[k]:
                break
            kept[i], load[k] = -1, load[k] - options.minutes[chosen[i]]
    return kept


def empty_plan(options: Options) -> State:
    """Return the state of a plan without any choice; see `optimize.assignment.annealing`."""
    first = listed(options.resource, len(options.capacity))
    return State(
        chosen=np.full(options.accounts, -1),
        free=options.capacity * (1 + ROOM),
        members=np.empty(len(options.value), np.int64),
        first=first,
        count=np.zeros(len(options.capacity), np.int64),
        place=np.zeros(options.accounts, np.int64),
    )


def place(options: Options, state: State, chosen: Ints) -> None:
    """Put choices into an empty state."""
    who = np.flatnonzero(chosen >= 0)
    who = who[np.argsort(options.resource[chosen[who]], kind="stable")]
    where = options.resource[chosen[who]]
    number = np.bincount(where, minlength=len(state.free))
    state.chosen[who] = chosen[who]
    state.free[:] -= np.bincount(where, options.minutes[chosen[who]], len(state.free))
    state.count[:] += number
    state.place[who] = state.first[where] + np.arange(len(who)) - (np.cumsum(number) - number)[where]
    state.members[state.place[who]] = who


def greedy(options: Options, prices: Floats, state: State) -> None:
    """Give accounts without a choice what fits: those that must be served first, then by reduced value."""
    waiting = np.flatnonzero((state.chosen < 0) & (np.diff(options.start) > 0))
    if not len(waiting):
        return
    reduced = options.value - options.minutes * prices[options.resource]
    nonempty = options.start[:-1][np.diff(options.start) > 0]
    best = np.full(options.accounts, -np.inf)
    best[np.diff(options.start) > 0] = np.maximum.reduceat(reduced, nonempty)
    order = waiting[np.lexsort((-best[waiting], ~options.must_serve[waiting]))]
    fill_up(order, reduced, option_arrays(options), state)


def _picked(options: Options, prices: Floats, scale: float, begin: Ints | None) -> tuple[Ints, Ints]:
    """Return the numbers of the options that are looked at, and where each account's begin among them."""
    enough = min(len(options.value), max(1500, 60 * len(options.capacity)))
    margin = MARGIN * scale if scale > 0 else np.inf
    while True:
        picked, start = close_to_best(options, prices, margin)
        if len(picked) >= enough or margin == np.inf:
            break
        margin = margin * 2 if margin < 8 * scale else np.inf
    if begin is None:
        return picked, start
    looked_at = np.zeros(len(options.value) + 1, np.bool_)
    looked_at[picked] = looked_at[begin[begin >= 0]] = True
    before = np.concatenate([[0], np.cumsum(looked_at[:-1])])
    return np.flatnonzero(looked_at[:-1]), before[options.start]


def _improve(close: Options, prices: Floats, state: State, scale: float, effort: Effort) -> None:
    """Anneal until the plan is good enough, or the steps or the time are used up."""
    chosen, arrays, lists = state.chosen, option_arrays(close), None
    pieces = _pieces(close, int((chosen >= 0).sum()), scale or 1.0, effort)
    for k, (single, warm, cold, moves) in enumerate(cycle(pieces)):
        worth = float(close.value[chosen[chosen >= 0]].sum())
        if worth >= effort.enough or effort.over() or (effort.until is None and k == len(pieces)):
            return
        seed = effort.seed * 1_000_003 + k
        if single:
            anneal(arrays, state, (warm, cold), moves, seed)
            continue
        lists = lists or Lists(state.first, np.lexsort((close.minutes, close.resource)), close.owner())
        weave(arrays, state, prices, lists, (warm, cold), moves, seed)


def _pieces(close: Options, placed: int, scale: float, effort: Effort) -> list[tuple[bool, float, float, int]]:
    """Return pieces of annealing: by single moves or by exchanges, first and last temperature, and how many moves.

    The fewer calls a resource holds, the more a single one weighs, and the hotter it begins.
    """
    resources, options = max(len(close.capacity), 1), len(close.value)
    calls = max(placed / resources, 1.0)
    hot = float(np.clip(0.4 / calls, 0.003, 0.1)) * scale
    pieces = [(True, hot / 8, hot / 80, 2_500 * 4**k) for k in range(4)] if effort.hasty else []
    if pieces and calls < FEW:
        pieces = [*pieces[:2], *[(False, hot / 12, hot / 120, 1000 * 2**k) for k in range(6)]]
    single = min(400_000 + 20 * options, 3_000_000 + options)
    kinds = [(True, hot, single)] + [(False, hot / 6, 2000 * resources)] * (calls < FEW)
    for kind, warm, moves in kinds:
        steps = warm * (0.05 if kind else 0.1) ** (np.arange(PARTS + 1) / PARTS)
        pieces += [(kind, float(steps[k]), float(steps[k + 1]), moves // PARTS) for k in range(PARTS)]
    return pieces
