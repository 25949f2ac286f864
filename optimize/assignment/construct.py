"""A plan from prices: greedy by reduced value, then annealing with exchanges, on options near each account's best."""

import time
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from ledger.arrays import Floats, Ints
from optimize.assignment.annealing import annealed, empty_plan, greedy, place
from optimize.assignment.annealing_kernels import PlanState
from optimize.assignment.effort import EFFORT
from optimize.assignment.instance import Options
from optimize.assignment.near_best import close_to_best
from optimize.assignment.pair_exchange import lists_of, pair_exchanged


@dataclass(frozen=True, eq=False, kw_only=True)
class Stop:
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

    def part(self, share: float) -> "Stop":
        """Return the same with a share of the time that is left."""
        now = time.perf_counter()
        return self if self.until is None else replace(self, until=now + share * (self.until - now))

    def over(self) -> bool:
        """Say whether the time is up."""
        return self.until is not None and time.perf_counter() >= self.until


def build(
    options: Options, prices: Floats, *, scale: float, stop: Stop | None = None, begin: Ints | None = None
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
    stop
        When to stop.
    begin
        Option number per account of a plan to start from, -1 for none; shape (accounts,).

    Returns
    -------
    ndarray
        Option number per account, -1 where it is left alone, also an account that must be served when nothing was
        found that fits; shape (accounts,).
    """
    stop = stop or Stop()
    picked, start = _picked(options, prices, scale, begin)
    close = options if len(picked) == len(options.value) else options.at(picked, start)
    state = empty_plan(close)
    if begin is not None:
        number = np.full(len(options.value) + 1, -1)
        number[picked] = np.arange(len(picked))
        place(close, number[begin], state)
    greedy(close, prices, state)
    _improve(close, prices, state, scale, stop)
    chosen = np.full(options.accounts, -1)
    taken = state.chosen >= 0
    chosen[taken] = picked[state.chosen[taken]]
    chosen = _trimmed(options, chosen)
    if stop.hasty and float(options.value[chosen[chosen >= 0]].sum()) >= stop.enough:
        return chosen
    state = empty_plan(options)
    place(options, chosen, state)
    greedy(options, prices, state)
    final: Ints = state.chosen
    return final


def _trimmed(options: Options, chosen: Ints) -> Ints:
    """Return the plan without what overfills a resource."""
    fits, taken = options.capacity * (1 + EFFORT.overfilled), np.flatnonzero(chosen >= 0)
    load = np.bincount(options.resource[chosen[taken]], options.minutes[chosen[taken]], len(fits))
    kept = chosen.copy()
    for k in np.flatnonzero(load > fits):  # hardly ever: sums were kept up to date over many moves
        there = taken[(options.resource[chosen[taken]] == k) & ~options.must_serve[taken]]
        for i in there[np.argsort(options.value[chosen[there]])]:
            if load[k] <= fits[k]:
                break
            kept[i], load[k] = -1, load[k] - options.minutes[chosen[i]]
    return kept


def _picked(options: Options, prices: Floats, scale: float, begin: Ints | None) -> tuple[Ints, Ints]:
    """Return the numbers of the options that are looked at, and where each account's begin among them."""
    enough = min(len(options.value), max(1500, 60 * len(options.capacity)))
    margin = EFFORT.margin * scale if scale > 0 else np.inf
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


def _improve(close: Options, prices: Floats, state: PlanState, scale: float, stop: Stop) -> None:
    """Anneal until the plan is good enough, or the steps or the time are used up."""
    chosen, lists = state.chosen, None
    pieces = _pieces(close, int((chosen >= 0).sum()), scale or 1.0, stop)
    for k, (single, warm, cold, moves) in enumerate(cycle(pieces)):
        worth = float(close.value[chosen[chosen >= 0]].sum())
        if worth >= stop.enough or stop.over() or (stop.until is None and k == len(pieces)):
            return
        seed = stop.seed * 1_000_003 + k
        if single:
            annealed(close, ends=(warm, cold), moves=moves, seed=seed, plan_out=state)
        else:
            lists = lists or lists_of(close)
            pair_exchanged(close, lists, prices, ends=(warm, cold), moves=moves, seed=seed, plan_out=state)


def _pieces(close: Options, placed: int, scale: float, stop: Stop) -> list[tuple[bool, float, float, int]]:
    """Return pieces of annealing: by single moves or by exchanges, first and last temperature, and how many moves.

    The fewer calls a resource holds, the more a single one weighs, and the hotter it begins.
    """
    resources, options = max(len(close.capacity), 1), len(close.value)
    calls = max(placed / resources, 1.0)
    hot = float(np.clip(0.4 / calls, 0.003, 0.1)) * scale
    pieces = [(True, hot / 8, hot / 80, 2_500 * 4**k) for k in range(4)] if stop.hasty else []
    if pieces and calls < EFFORT.few_calls:
        pieces = [*pieces[:2], *[(False, hot / 12, hot / 120, 1000 * 2**k) for k in range(6)]]
    single = min(400_000 + 20 * options, 3_000_000 + options)
    kinds = [(True, hot, single)] + [(False, hot / 6, 2000 * resources)] * (calls < EFFORT.few_calls)
    for kind, warm, moves in kinds:
        steps = warm * (0.05 if kind else 0.1) ** (np.arange(EFFORT.pieces + 1) / EFFORT.pieces)
        pieces += [(kind, float(steps[k]), float(steps[k + 1]), moves // EFFORT.pieces) for k in range(EFFORT.pieces)]
    return pieces
