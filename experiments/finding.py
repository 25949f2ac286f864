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
    lower = [name for name in others if pairs[name, "dso"].verdict == "better"]
    good = [name for name in lower if pairs[name, "cei"].verdict != "worse"]
    if not good:
        return _none_better(comparison, pairs, others, at_a_price=bool(lower))
    best = min(good, key=lambda name: _mean(pairs[name, "dso"]))
    dso = pairs[best, "dso"]
    return (
        f"After {comparison.study.days} days {best} has the lowest DSO: {number(-_mean(dso))} days below {base}"
        f"{_interval(comparison, dso, negate=True)}, {_cei(pairs[best, 'cei'])} and "
        f"{_price(comparison, pairs[best, 'cost'])}."
    )


def _none_better(
    comparison: "Comparison", pairs: "dict[tuple[str, str], Pair]", others: list[str], *, at_a_price: bool
) -> str:
    closest = min((pairs[name, "dso"] for name in others), key=_mean)
    worse = sum(pairs[name, "dso"].verdict == "worse" for name in others)
    price = " without a lower CEI" if at_a_price else ""
    rest = f"; {worse} of {len(others)} others {'is' if worse == 1 else 'are'} worse" if worse else ""
    return (
        f"After {comparison.study.days} days no strategy is sure to have a DSO more than {closest.margin:g} days below "
        f"that of {comparison.baseline}{price}: {closest.strategy} comes closest, "
        f"at {signed(_mean(closest))} days{_interval(comparison, closest)}"
        f"{rest}{_cheaper(comparison, pairs, others)}."
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
    return f"; {most.strategy} costs {less} less with a DSO and a CEI that are no worse"


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
