"""What contacts do to payments and memory, compiled."""

from ledger.arrays import Ints, SmallInts
from ledger.compiling import njit
from models.assumed.contact_law_kernels import added_hazard, still_remembered
from sim.day.contact_effects import Response
from sim.day.ladder_kernels import chased
from sim.world.state import Accounts, Invoices, Ladder, Payments
from sim.world.verbs_kernels import change_hazard


@njit(cache=True)
def respond(
    today: int,
    who: Ints,
    step: SmallInts,
    inv: Invoices,
    acc: Accounts,
    ladder: Ladder,
    pays: Payments,
    response: Response,
) -> None:
    """Apply contacts to all the invoices that they cover, and remember them.

    `step` is -1 where the customer rang; calls that reached nobody are not passed.
    """
    for k in range(len(who)):
        c = who[k]
        extra = response.talk_extra if step[k] < 0 else ladder.extra[step[k]]
        memory = still_remembered(acc.memory[c], today - acc.memory_day[c], response.contact)
        extra = added_hazard(extra, memory, response.contact)
        acc.memory[c], acc.memory_day[c] = memory + 1.0, today
        for j in range(6):
            acc.recent[c, j] = acc.recent[c, j + 1]
        acc.recent[c, 6] = today
        for i in range(acc.head[c], acc.tail[c]):
            if chased(today, i, inv, ladder):
                change_hazard(inv, acc, pays, i, today, extra)


@njit(cache=True)
def after_calls(today: int, who: Ints, step: SmallInts, reached: SmallInts, acc: Accounts, ladder: Ladder) -> None:
    """Count the calls made; a step is over when the customer was reached or its attempts are used up."""
    for k in range(len(who)):
        c = who[k]
        acc.calls[c] += 1
        acc.touches[c] += 1
        acc.tries[c] += 1
        acc.next_try[c] = today + ladder.retry[step[k]]
        acc.quiet[c] = min(acc.quiet[c], acc.next_try[c])
        if acc.step[c] == step[k] and (reached[k] or acc.tries[c] >= ladder.attempts[step[k]]):
            acc.step[c] = -1
