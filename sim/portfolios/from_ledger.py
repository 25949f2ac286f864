"""A portfolio from a real ledger: its customers pay and order as they did."""

from functools import partial

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.arrays import Flags, Floats, SmallInts
from ledger.table.months import day_number
from ledger.wording import plural
from models import fit
from models.assumed.assumptions import Assumptions
from models.families.decision_days import FIRST_DAY
from models.families.kaplan_meier import KaplanMeier
from models.families.part_payments import PartPayments, class_of
from models.history.main_payments import PaymentHistory, history
from models.history.weekdays import payment_weekdays
from models.history.write_offs import write_offs
from models.timing import PaymentTiming
from sim.demand.demand import demand
from sim.portfolios.by_themselves import ByThemselves, in_words, logged, of_table, relearned
from sim.portfolios.intents import intent_hazard
from sim.world.behaviour import Behaviour
from sim.world.payment_level import level_in_words, payment_level
from sim.world.portfolio import Portfolio

_LAST_DAY = 400
_CONTAINED = "It contains whatever chasing and disputes there were then."
_NO_WRITE_OFF = 3650  # days past due: the longest run


def from_ledger(
    ledger: Ledger, timing: PaymentTiming | None = None, *, words: str = "", notes: tuple[str, ...] = ()
) -> Portfolio:
    """Return a portfolio that starts from the open invoices of a ledger on its `as_of`.

    Customers pay as the payment-timing model says, which is told of this ledger (default: Kaplan–Meier by customer,
    shrunk, with what contacts on record did taken out: `by_themselves`), on their own payment weekdays. They go on
    ordering as the ledger's last year tells, at its level of today (`demand`); each order day repeats a past one of
    that customer, with its invoices, amounts and terms. What is not known of rates and level is drawn by each
    replication, alike for all strategies.

    Parameters
    ----------
    ledger
        Where to start; its customers are simulated.
    timing
        When they pay.
    words, notes
        Where the model comes from, and what to know of it; by default that it learned from this ledger.

    Raises
    ------
    BadInput
        For a ledger without invoices in its last year.
    """
    past, learned = history(ledger), None
    if timing is None:
        timing = fit(ledger)
        if logged(ledger):
            learned = ByThemselves.of(ledger, past, Assumptions.default())
    customers = ledger.customers
    wanted, orders, lines, amount, term = demand(ledger)
    hazard, kind, weekdays = _timing(ledger, past, timing, wanted.rate)
    n, written = len(customers), write_offs(ledger)
    until = day_number(ledger.as_of)
    common = payment_level(hazard, kind, past, until, first_day=FIRST_DAY, weekdays=weekdays)
    if learned is not None:  # the pace above is told by payments as they came, contacts and all
        hazard = learned.hazard
    parts = PartPayments.of(ledger)
    behaviour = Behaviour(
        first_day=FIRST_DAY,
        hazard=np.concatenate([hazard, _of_rests(parts, hazard.shape[1])]),
        kind=kind,
        frailty=np.ones(n),
        payment_weekdays=weekdays,
        order_rate=wanted.rate,
        orders=orders,
        lines=lines,
        amount=amount,
        term=term,
        reach=np.ones(n) if learned is None else learned.reach,
        keeps=np.ones(n) if learned is None else learned.keeps,
        disputes=0.0 if learned is None else learned.disputes,
        write_offs=written,
        part_payments=parts,
        demand=wanted,
        payment_level=common,
    )
    words = (
        words
        or f"{timing.name}, learned from {plural(len(ledger.invoices), 'invoice')} known on {ledger.as_of:%Y-%m-%d}"
    )
    return Portfolio(
        name="ledger",
        ledger=ledger,
        behaviour=behaviour,
        assumptions=Assumptions.default(write_off_age=min(written.usual_age, _NO_WRITE_OFF)),
        timezone=_most_common(customers["timezone"], ledger.timezone),
        country=_most_common(customers["country"], ""),
        timing=words,
        relearn=None if learned is None else partial(relearned, ledger, behaviour),
        notes=(
            f"Payment timing: {words}. {in_words(ledger) if learned else _CONTAINED}",
            *notes,
            "Effects of contacts are assumptions, on top of that timing.",
            *_part_payments(parts),
            level_in_words(common),
            wanted.words(),
            written.words(),
            *_contacts(ledger),
        ),
    )


def _timing(
    ledger: Ledger, past: PaymentHistory, timing: PaymentTiming, orders: Floats
) -> tuple[Floats, SmallInts, Flags]:
    """Return daily hazards of deciding (kinds, days), each customer's kind, and payment weekdays.

    Kaplan–Meier's table is that already, but for money that comes at another time than invoices (`by_amount`); of
    any other model it is made from what the model says of payments.
    """
    ids = ledger.customers["customer_id"]
    if isinstance(timing, KaplanMeier):
        return *of_table(ledger, past, timing), timing.payment_weekdays(ids)
    weekdays = payment_weekdays(past, len(ids))[1]
    owing = np.bincount(ledger.customer_of_invoice[ledger.open_amount() > 0], minlength=len(ids)) > 0
    active = np.flatnonzero((orders > 0) | owing)  # the others never pay anything
    hazard = intent_hazard(ledger, timing.knowing(ledger), weekdays, active, first_day=FIRST_DAY, last_day=_LAST_DAY)
    row = np.zeros(len(ids), np.int32)
    row[active] = np.arange(len(active))
    return hazard, row, weekdays


def _contacts(ledger: Ledger) -> tuple[str, ...]:
    """Return a sentence about steps already done, where no contact log tells."""
    if len(ledger.contacts):
        return ()
    done = f"what a strategy asks for by {ledger.as_of:%Y-%m-%d} is taken as done, and its next steps follow"
    return (f"Contacts: the ledger has no contact log; {done}.",)


def _part_payments(parts: PartPayments) -> tuple[str, ...]:
    """Return a sentence about part payments, where there are any."""
    if parts.all_in_full:
        return ()
    small, large = (-np.expm1(-parts.hazard[:, :91].sum(axis=1)) * 100).tolist()
    left = int((class_of(parts.share) == 1).sum())
    words = [f"{100 * (parts.share < 1).mean():.1f} % of payments left a rest open, which customers go on to do"]
    if left < (parts.share < 1).sum():
        words.append(f"of rests up to a tenth {small:.0f} % are settled within 90 days")
    if left:
        words.append(f"of larger ones {large:.0f} %")
    return ("Part payments: " + ", ".join(words) + ".",)


def _of_rests(parts: PartPayments, days: int) -> Floats:
    """Return the hazards of small and large rests as rows of the table, whose day 0 is that of the main payment."""
    table = np.zeros((len(parts.hazard), days))
    table[:, -FIRST_DAY : -FIRST_DAY + parts.hazard.shape[1]] = parts.hazard
    return table


def _most_common(values: "pd.Series[str]", fallback: str) -> str:
    known = values[values != ""]
    return str(known.mode().iloc[0]) if len(known) else fallback
