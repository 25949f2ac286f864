"""One sentence that says what a comparison found, and how sure it is."""

from typing import TYPE_CHECKING

from experiments.wording import number, signed

if TYPE_CHECKING:
    from experiments.comparison import Comparison, Pair


def finding(comparison: "Comparison") -> str:
    """Return what was found, and how sure.

    The strategy that is named lowers DSO most, among those whose DSO is better than the baseline's by more than the
    margin and whose CEI is not worse.
    """
    base = comparison.baseline
    pairs = {(pair.strategy, pair.metric): pair for pair in comparison.pairs}
    others = [name for name in comparison.strategies if name != base and pairs[name, "dso"].difference.mean is not None]
    if not others:
        return f"There is nothing to compare {base} with."
    if comparison.study.replications < 2:
        return f"One replication cannot say how sure a difference to {base} is: run at least two."
    best = min(others, key=lambda name: _mean(pairs[name, "dso"]))
    good = [name for name in others if pairs[name, "dso"].verdict == "better" and pairs[name, "cei"].verdict != "worse"]
    if not good:
        return _none_better(comparison, pairs[best, "dso"], [pairs[name, "dso"] for name in others])
    best = min(good, key=lambda name: _mean(pairs[name, "dso"]))
    dso = pairs[best, "dso"]
    return (
        f"After {comparison.study.days} days {best} has the lowest DSO: {number(-_mean(dso))} days below {base}"
        f"{_interval(comparison, dso, negate=True)}, {_cei(pairs[best, 'cei'])} and "
        f"{_price(comparison, pairs[best, 'cost'])}."
    )


def _none_better(comparison: "Comparison", closest: "Pair", all_of_them: "list[Pair]") -> str:
    worse = sum(pair.verdict == "worse" for pair in all_of_them)
    rest = f"; {worse} of {len(all_of_them)} others are worse" if worse else ""
    return (
        f"After {comparison.study.days} days no strategy is sure to have a DSO more than {closest.margin:g} days below "
        f"that of {comparison.baseline} and a CEI that is no worse: {closest.strategy} comes closest, at "
        f"{signed(_mean(closest))} days{_interval(comparison, closest)}{rest}."
    )


def _cei(pair: "Pair") -> str:
    if pair.equal:
        return "with the same CEI"
    change = f"{number(abs(_mean(pair)))} points {'higher' if _mean(pair) > 0 else 'lower'}"
    return f"with a CEI that is {change}" if pair.verdict != "undecided" else f"with a CEI that is perhaps {change}"


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
