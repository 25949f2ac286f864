"""One sentence that says what a comparison found, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.comparing.number_format import called, number, signed
from experiments.comparing.statistics import Interval, Verdict, paired_difference, within_margin
from ledger.arrays import Floats
from ledger.wording import form, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A strategy against the baseline in one metric.

    Parameters
    ----------
    difference
        Strategy − baseline, over paired replications.
    margin
        Smallest difference that matters, in the metric's unit.
    verdict
        Better, worse or undecided against the margin.
    equal
        Whether the whole interval lies within ± margin: undecided, and of no consequence.
    no_worse
        Whether the whole interval lies above the margin on the bad side.
    """

    strategy: str
    metric: str
    difference: Interval
    margin: float
    verdict: Verdict
    equal: bool
    no_worse: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Evidence:
    """What the sentence rests on.

    Parameters
    ----------
    baseline
        Name of the strategy that the others are compared with.
    pairs
        Every other strategy in every metric.
    dso
        Of each strategy, one number per replication, in their order.
    days, replications, confidence
        Of the study.
    currency
        Of costs.
    """

    baseline: str
    pairs: tuple[Pair, ...]
    dso: Mapping[str, Floats]
    days: int
    replications: int
    confidence: float
    currency: str


def finding(evidence: Evidence) -> str:
    """Return what was found, and how sure.

    The lowest DSO is named, among those that are lower than the baseline's by more than the margin; where its CEI is
    worse, that is said, and after it the lowest whose CEI is not. Those whose DSO cannot be told from it are named too.
    """
    base = evidence.baseline
    pairs = {(pair.strategy, pair.metric): pair for pair in evidence.pairs}
    others = [name for name in evidence.dso if name != base and pairs[name, "dso"].difference.mean is not None]
    if not others:
        return f"There is nothing to compare {called(base)} with."
    if evidence.replications < 2:
        return f"One replication cannot say how sure a difference to {called(base)} is: run at least two."
    lower = [name for name in others if pairs[name, "dso"].verdict == "better"]
    good = [name for name in lower if pairs[name, "cei"].verdict != "worse"]
    if not good:
        return _none_better(evidence, pairs, others, at_a_price=bool(lower))
    best, lowest = (min(names, key=lambda name: _mean(pairs[name, "dso"])) for names in (good, lower))
    start = f"After {plural(evidence.days, 'day')}"
    if lowest != best:
        cost = f"{_below(evidence, pairs[lowest, 'dso'])}, but {_cei(pairs[lowest, 'cei'])}"
        start = f"{start} {called(lowest)} has the lowest DSO: {cost}; of those without a lower CEI"
    return (
        f"{start} {called(best)} has the lowest DSO: {_below(evidence, pairs[best, 'dso'])}, "
        f"{_cei(pairs[best, 'cei'])} and {_price(evidence, pairs[best, 'cost'])}{_ties(evidence, best, good)}."
    )


def _below(evidence: Evidence, pair: Pair) -> str:
    interval = _interval(evidence, pair, negate=True)
    return f"{number(-_mean(pair))} days below {called(evidence.baseline)}{interval}"


def _ties(evidence: Evidence, best: str, among: list[str]) -> str:
    """Return which strategies cannot be told from the best: the difference may be none, or is within the margin."""
    own, tied = evidence.dso[best], []
    margin = next(pair.margin for pair in evidence.pairs if pair.metric == "dso")
    for name in among:
        apart = paired_difference(evidence.dso[name], own, evidence.confidence)
        if name != best and ((apart.low or 0.0) <= 0 or within_margin(apart, margin)):
            tied.append(called(name))
    if not tied:
        return ""
    return f"; the DSO of {' and '.join(tied)} cannot be told from it, or lies within {margin:g} days"


def _none_better(evidence: Evidence, pairs: dict[tuple[str, str], Pair], others: list[str], *, at_a_price: bool) -> str:
    closest = min((pairs[name, "dso"] for name in others), key=_mean)
    worse = sum(pairs[name, "dso"].verdict == "worse" for name in others)
    price = " without a lower CEI" if at_a_price else ""
    where = f"{signed(_mean(closest))} days{_interval(evidence, closest)}"
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
        f"After {plural(evidence.days, 'day')} no strategy is sure to have a DSO more than "
        f"{closest.margin:g} days below "
        f"that of {called(evidence.baseline)}{price}: {rest}{_cheaper(evidence, pairs, others)}."
    )


def _cheaper(evidence: Evidence, pairs: dict[tuple[str, str], Pair], others: list[str]) -> str:
    """Return which strategy saves most, among those whose DSO and CEI are no worse by more than the margin."""
    saving = [
        pairs[name, "cost"]
        for name in others
        if pairs[name, "cost"].verdict == "better" and pairs[name, "dso"].no_worse and pairs[name, "cei"].no_worse
    ]
    if not saving:
        return ""
    most = min(saving, key=_mean)
    less = f"{evidence.currency} {number(-_mean(most), 0)}"
    return f"; {called(most.strategy)} costs {less} less with a DSO and a CEI that are no worse"


def _cei(pair: Pair) -> str:
    if pair.difference.mean is None:
        return "with a CEI that is not available"
    if pair.equal:
        return "with the same CEI"
    change = f"{number(abs(_mean(pair)))} points {'higher' if _mean(pair) > 0 else 'lower'}"
    low, high = pair.difference.low or 0.0, pair.difference.high or 0.0
    return f"with a CEI that is {'perhaps ' if low <= 0 <= high else ''}{change}"


def _price(evidence: Evidence, pair: Pair) -> str:
    if pair.difference.mean is None:
        return "at a cost of collecting that is not available"
    if pair.equal:
        return "at the same cost of collecting"
    more = "more" if _mean(pair) > 0 else "less"
    return f"at {evidence.currency} {number(abs(_mean(pair)), 0)} {more} cost of collecting"


def _mean(pair: Pair) -> float:
    return 0.0 if pair.difference.mean is None else pair.difference.mean


def _interval(evidence: Evidence, pair: Pair, *, negate: bool = False) -> str:
    low, high = pair.difference.low, pair.difference.high
    if low is None or high is None:
        return ""
    low, high = (-high, -low) if negate else (low, high)
    return f" ({100 * evidence.confidence:g} % interval {number(low)} to {number(high)})"
