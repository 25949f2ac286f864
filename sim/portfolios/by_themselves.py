"""How a ledger's customers pay, answer and keep their word by themselves: what its contacts did is taken out.

A run adds the contacts of a strategy to the hazard of payment. Where the ledger's own contacts are logged, the curve
that was learned with them in it would count them twice: customers paid too soon, kept too many promises, and nothing
grew old. What they did follows from what contacts are assumed to do, so another assumption tells another curve of the
same history: what was seen stays what was seen.
"""

from dataclasses import dataclass, replace

import numpy as np

from ledger import Ledger
from ledger.arrays import Floats, SmallInts
from ledger.table.months import day_number
from ledger.wording import plural
from models.assumed.assumptions import Assumptions
from models.families.decision_days import DecisionDays
from models.families.kaplan_meier import KaplanMeier, hazards_by_customer
from models.families.promise_keeping import keeps_promises
from models.history.contact_log import ContactLog
from models.history.contacted import Contacted
from models.history.contacts_felt import ContactsFelt
from models.history.dispute_share import disputed_share
from models.history.main_payments import PaymentHistory, history
from models.history.weekdays import days_since
from sim.portfolios.by_amount import by_amount
from sim.world.behaviour import Behaviour


def logged(ledger: Ledger) -> bool:
    """Return whether a ledger says what was done about its invoices: contacts, promises or disputes."""
    return bool(len(ledger.contacts) or len(ledger.promises) or len(ledger.disputes))


@dataclass(frozen=True, kw_only=True, eq=False)
class ByThemselves:
    """Hazards of deciding to pay without contacts and disputes, and factors on what is assumed of customers."""

    hazard: Floats
    reach: Floats
    keeps: Floats
    disputes: float

    @classmethod
    def of(cls, ledger: Ledger, past: PaymentHistory, assume: Assumptions) -> "ByThemselves":
        """Return what a ledger tells if contacts do what is assumed."""
        felt, usual = ContactsFelt.of(ledger, past, assume), Assumptions.default()
        timing = hazards_by_customer(past, ledger.customers, felt)
        return cls(
            hazard=of_table(ledger, past, timing, felt)[0],
            reach=Contacted.of(ledger).reach(usual.right_party_contact_rate),
            keeps=keeps_promises(ledger, past, timing, felt, usual.promise_kept) / usual.promise_kept,
            disputes=disputed_share(ledger, past) / (usual.dispute_share / 100),
        )


def of_table(
    ledger: Ledger, past: PaymentHistory, timing: KaplanMeier, felt: ContactsFelt | None = None
) -> tuple[Floats, SmallInts]:
    """Return daily hazards of deciding by money (kinds, days), see `by_amount`, and each customer's kind."""
    ids = ledger.customers["customer_id"]
    row = timing.row_of(ids)
    rows, kind = np.unique(row, return_inverse=True)
    amount = ledger.base_rate * ledger.invoices["amount"].to_numpy()
    decided = DecisionDays.of(past, days_since(timing.payment_weekdays(ids)), felt).told_by(timing.table, row)
    return by_amount(-np.log1p(-timing.table[rows]), kind, decided, amount), kind.astype(np.int32)


def relearned(ledger: Ledger, behaviour: Behaviour, assume: Assumptions) -> Behaviour:
    """Return the behaviour of a ledger's customers under other assumptions about what its contacts did."""
    found = ByThemselves.of(ledger, history(ledger), assume)
    rests = behaviour.hazard[behaviour.rest_kind :]
    return replace(behaviour, hazard=np.concatenate([found.hazard, rests]), keeps=found.keeps)


def in_words(ledger: Ledger) -> str:
    """Return what was taken out of the timing, in a sentence for the notes of a portfolio."""
    parts = [
        plural(len(table), name)
        for table, name in ((ledger.contacts, "contact"), (ledger.promises, "promise"), (ledger.disputes, "dispute"))
        if len(table)
    ]
    before = ""
    first = ContactLog.of(ledger).first_day
    if len(ledger.contacts) and first > day_number(ledger.invoices["issue_date"].min()):
        before = " Of days before the first contact on record as much contact is taken as later."
    contacted = bool(len(ledger.contacts) or len(ledger.promises))
    after = " So without contacts customers pay later than they did." if contacted else ""
    rest = "" if len(ledger.contacts) else " No contact is on record: it contains whatever other chasing there was."
    return (
        f"What {', '.join(parts)} on record did is taken out of it, as far as the assumed effects tell."
        f"{after}{before}{rest}"
    )
