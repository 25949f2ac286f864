"""How much work a plan is worth, and when numbers count as equal: every constant of the solver.

Where a number was taken away and something got worse, "without:" says what: in the benchmark `planning`, some of it
with fewer accounts, or `published_instances`. The others bound the work, or have not been taken away one by one.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """Sizes, shares and temperatures of the search; see the benchmarks `planning` and `published_instances`."""

    # when numbers count as equal
    overfilled: float = 2e-11  # share of its capacity by which sums kept up over many moves may overfill a resource
    tight: float = 1e-10  # the same for sums made anew: bounds and checks allow for it
    proven: float = 1e-9  # gap from which a plan is called optimal

    # prices
    level_sample: int = 1000
    sample: int = 4000  # accounts on which the level of prices is sought first, and then their differences
    cooling: float = 0.3  # factor of the temperature from step to step; at .1 the bound of 2,000 x 400 is .2 % higher
    # temperature from which yesterday's prices are followed, as a share of a call's worth; at .0003 a bound 36 % higher
    warm: float = 0.005
    rough: float = 3e-5  # share of the bound that large instances and samples of them do not go after
    widest: float = 8.0  # factor of how far a price may go that was held before
    rounds: int = 9  # looks for options at one temperature
    large: int = 100_000  # accounts from which less care is taken
    many_resources: int = 150  # above which slots are first looked at in groups
    slot_groups: int = 5  # of slots, at least
    relaxed_options: int = 60_000  # that are handed to GLOP

    # plans
    # what an option may lose against its account's best, as a share of a call's worth; without: the day 10,000 x 80
    # takes 16 s instead of .2, and 1,500 x 48 has a gap of .33 % instead of .23
    margin: float = 0.02
    # calls per resource below which exchanges between two resources are worth their time; without: gaps of .058 %
    # instead of .042 (3,000 x 30) and .30 instead of .23 (1,500 x 48)
    few_calls: float = 40
    pieces: int = 4  # into which annealing is cut, to see after each whether it is enough
    looks: int = 12  # calls of a resource that are looked at when one of them has to go
    hasty: float = 1e-3  # gap asked for from which little work may be enough; without: day 10,000 x 24 in 49 ms, not 9
    exact_options: int = 150  # that are handed to HiGHS
    exact_nodes: int = 500  # of its search: no clock, so the answer is the same

    # plans in which many must be served, by ejection chains; without these 7 of 11 instances of `published_instances`
    # leave jobs without an agent, and the others cost 2.2 to 2.9 % too much
    mostly: float = 0.2  # share of accounts that must be served
    poor: float = 0.001  # gap above which such a plan is sought by ejection chains too
    nearest: int = 8  # options of an account that are looked at first, those of least reduced cost
    steps: int = 300  # temperatures of one annealing
    tries: int = 3000  # moves tried in one annealing, per account
    least_tries: int = 300_000
    most_tries: int = 1_500_000
    pool: int = 10_000_000  # moves tried for the plans to cross
    fewest_plans: int = 6  # of these
    most_plans: int = 20
    heats: tuple[tuple[float, float], ...] = ((0.2, 0.2), (1.0, 0.1), (0.5, 0.15))  # first and last, in turn
    softness: float = 0.01  # first slope of the loads' energy by the true one
    softness_again: float = 0.03  # the same where plans are crossed
    firm: float = 0.7  # share of the steps after which that slope is the true one
    harder: float = 1.07  # factor of penalties after a step in which a resource is overfull
    softer: float = 0.985  # the same when all fits
    cross_tries: int = 1000  # moves tried in one crossing, per account
    least_cross: int = 20_000
    crossed: int = 24_000_000  # moves tried in all crossings
    patience: int = 8_000_000  # without a better plan
    wide: float = 0.004  # share of the goal from which a plan is far from it,
    longer: float = 2.5  # and how much more patience there is then
    crowd: float = 25  # accounts per resource above which moves take longer, and fewer are tried
    small: float = 30  # accounts below which fewer moves are tried
    team: int = 6  # resources let go in a crossing
    alike: float = 0.1  # share of accounts in which parents differ so little that these are let go
    local: float = 0.15  # how often they are let go else
    speed: float = 400_000  # moves tried per second, for plans with a time limit


EFFORT: Final = Effort()
