"""One sentence that says what a comparison found, and how sure it is."""

from typing import TYPE_CHECKING

from experiments.statistics import paired_difference, within_margin
from experiments.wording import called, number, signed
from ledger.wording import form, plural

if TYPE_CHECKING:
    from experiments.comparison import Comparison, Pair


def finding(comparison: "Comparison") -> str:
    """Return what was found, and how sure.

    The lowest DSO is named, among those that are lower than the baseline's by more than the margin; where its CEI is
    worse, that is said, and after it the lowest whose CEI is not. Those whose DSO cannot be told from it are named too.
    """
    base = comparison.baseline
    pairs = {(pair.strategy, pair.metric): pair for pair in comparison.pairs}
    others = [name for name in comparison.strategies if name != base and pairs[name, "dso"].difference.mean is not None]
    if not others:
        return f"There is nothing to compare {called(base)} with."
    if comparison.study.replications < 2:
        return f"One replication cannot say how sure a difference to {called(base)} is: run at least two."
    lower = [name for name in others if pairs[name, "dso"].verdict == "better"]
    good = [name for name in lower if pairs[name, "cei"].verdict != "worse"]
    if not good:
        return _none_better(comparison, pairs, others, at_a_price=bool(lower))
    best, lowest = (min(names, key=lambda name: _mean(pairs[name, "dso"])) for names in (good, lower))
    start = f"After {plural(comparison.study.days, 'day')}"
    if lowest != best:
        cost = f"{_below(comparison, pairs[lowest, 'dso'])}, but {_cei(pairs[lowest, 'cei'])}"
        start = f"{start} {called(lowest)} has the lowest DSO: {cost}; of those without a lower CEI"
    return (
        f"{start} {called(best)} has the lowest DSO: {_below(comparison, pairs[best, 'dso'])}, "
        f"{_cei(pairs[best, 'cei'])} and {_price(comparison, pairs[best, 'cost'])}{_ties(comparison, best, good)}."
    )


def _below(comparison: "Comparison", pair: "Pair") -> str:
    interval = _interval(comparison, pair, negate=True)
    return f"{number(-_mean(pair))} days below {called(comparison.baseline)}{interval}"


def _ties(comparison: "Comparison", best: str, among: list[str]) -> str:
    """Return which strategies cannot be told from the best: the difference may be none, or is within the margin."""
    own, tied = comparison.values(best, "dso"), []
    for name in among:
        apart = paired_difference(comparison.values(name, "dso"), own, comparison.study.confidence)
        if name != best and ((apart.low or 0.0) <= 0 or within_margin(apart, comparison.margin("dso"))):
            tied.append(called(name))
    if not tied:
        return ""
    return f"; the DSO of {' and '.join(tied)} cannot be told from it, or lies within {comparison.margin('dso'):g} days"


def _none_better(
    comparison: "Comparison", pairs: "dict[tuple[str, str], Pair]", others: list[str], *, at_a_price: bool
) -> str:
    closest = min((pairs[name, "dso"] for name in others), key=_mean)
    worse = sum(pairs[name, "dso"].verdict == "worse" for name in others)
    price = " without a lower CEI" if at_a_price else ""
    where = f"{signed(_mean(closest))} days{_interval(comparison, closest)}"
    if at_a_price:
        but = _cei(pairs[closest.strategy, "cei"])
        rest = f"{called(closest.strategy)} has one of {where}, but {but}"
    elif worse == len(others) == 1:
        rest = f"{called(closest.strategy)} is worse, at {where}"
    elif worse == len(others):
        rest = f"all {worse} others are worse, {called(closest.strategy)} by the least, at {where}"
    else:
        rest = f"{called(closest.strategy)} comes closest, at {where}"
    if worse < len(others):
        rest += f"; {worse} of {len(others)} others {form(worse, 'is', 'are')} worse" if worse else ""
    return (
        f"After {plural(comparison.study.days, 'day')} no strategy is sure to have a DSO more than "
        f"{closest.margin:g} days below "
        f"that of {called(comparison.baseline)}{price}: {rest}{_cheaper(comparison, pairs, others)}."
    )


def _cheaper(comparison: "Comparison", pairs: "dict[tuple[str, str], Pair]", others: list[str]) -> str:
    """Return which strategy saves most, among those whose DSO and CEI are no worse by more than the margin."""
    saving = [
        pairs[name, "cost"]
        for name in others
        if pairs[name, "cost"].verdict == "better" and pairs[name, "dso"].no_worse and pairs[name, "cei"].no_worse
    ]
    if not saving:
        return ""
    most = min(saving, key=_mean)
    less = f"{comparison.currency} {number(-_mean(most), 0)}"
    return f"; {called(most.strategy)} costs {less} less with a DSO and a CEI that are no worse"


def _cei(pair: "Pair") -> str:
    if pair.equal:
        return "with the same CEI"
    change = f"{number(abs(_mean(pair)))} points {'higher' if _mean(pair) > 0 else 'lower'}"
    low, high = pair.difference.low or 0.0, pair.difference.high or 0.0
    return f"with a CEI that is {'perhaps ' if low <= 0 <= high else ''}{change}"


def _price(comparison: "Comparison", pair: "Pair") -> str:
    if pair.equal:
        return "at the same cost of collecting"
    more = "more" if _mean(pair) > 0 else "less"
    return f"at {comparison.currency} {number(abs(_mean(pair)), 0)} {more} cost of collecting"


def _mean(pair: "Pair") -> float:
    return 0.0 if pair.difference.mean is None else pair.difference.mean


def _interval(comparison: "Comparison", pair: "Pair", *, negate: bool = False) -> str:
    low, high = pair.difference.low, pair.difference.high
    if low is None or high is None:
        return ""
    low, high = (-high, -low) if negate else (low, high)
    return f" ({100 * comparison.study.confidence:g} % interval {number(low)} to {number(high)})"
