"""What contacts of the past did to the chance of payment, day by day, so that it can be taken out again.

A contact adds ``extra · fatigue^remembered`` to the relative hazard of each invoice that it covered, from the day after
on; the extra halves in `effect_half_life` days. An invoice in dispute is not paid, and one that is paid under a live
promise says nothing of what its customer would have done otherwise. So who would know how customers pay by themselves
counts a day under contact as 1 + A days at risk, and leaves out those in a dispute and those of a promise, from the day
after it was made to its own, with what was paid on them (`models.families.kaplan_meier`): the estimator of Breslow
(1974) with a ratio that is given.

Of days before the log begins nothing is known. An invoice counts then as under as much contact as others were, so
many days past due, since.
"""

from dataclasses import dataclass

import numpy as np

from ledger import Ledger
from ledger.arrays import Flags, Floats, Ints
from ledger.table.ledger import positions
from ledger.table.months import day_numbers
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import ContactLaw, added_hazard, extra_of
from models.history.contact_log import ContactLog, dispute_days
from models.history.contacted import SPAN
from models.history.contacts_felt_kernels import FAINT, Blocks, Heard, felt_days
from models.history.main_payments import PaymentHistory

Felt = tuple[Ints, Ints, Floats]


@dataclass(frozen=True, eq=False, kw_only=True)
class ContactsFelt:
    """Days on which the hazard of an invoice was another than its own; days are days since 1970-01-01."""

    invoice: Ints  # row of the ledger's invoices
    day: Ints
    extra: Floats  # what is added to a relative hazard of 1: A, or −1 in a dispute and under a promise
    added: Floats  # A on all of them
    told: Flags  # (invoices,): its payment tells when its customer would pay by itself
    decay: float  # of what is felt, per day

    @classmethod
    def of(cls, ledger: Ledger, past: PaymentHistory, assume: Assumptions) -> "ContactsFelt":
        """Return what was felt of the ledger's contacts under these assumptions."""
        log = ContactLog.of(ledger)
        invoice, contact = log.covering(ledger, past)
        decay = ContactLaw.of(assume).daily
        begin = np.searchsorted(invoice, np.arange(len(past) + 1))
        ids = ledger.invoices["invoice_id"]
        promised, made, due = (
            positions(ledger.promises["invoice_id"], ids),
            day_numbers(ledger.promises["made_on"]),
            day_numbers(ledger.promises["due_on"]),
        )
        blocks = _blocks(ledger, (promised, made + 1, due), len(past))
        heard = Heard(begin, log.day[contact], extra_hazard(log, assume)[contact])
        row, day, extra, added = felt_days(past.issue, past.end, heard, blocks, decay)
        before = _before(past, log.first_day, (row, day, extra))
        row, day, extra = (np.concatenate(part) for part in zip((row, day, extra), before, strict=True))
        added = np.concatenate([added, before[2]])
        told = np.ones(len(past), np.bool_)
        told[promised[(made < past.end[promised]) & (past.end[promised] <= due)]] = False
        return cls(invoice=row, day=day, extra=extra, added=added, told=told, decay=decay)


def extra_hazard(log: ContactLog, assume: Assumptions) -> Floats:
    """Return what each contact of a log adds to the relative hazard at its moment, fatigue included.

    Messages count as forms, for a contact log does not say which of them named a person.
    """
    law = ContactLaw.of(assume)
    ratio = np.array([assume.hazard_ratio(channel, tone, personal=False) for channel, tone in log.kinds])
    return np.asarray(added_hazard(extra_of(ratio)[log.kind], log.remembered(law), law))


def _before(past: PaymentHistory, first: int, felt: Felt) -> Felt:
    """Return the invoices' days before the log begins, under the mean contact of later days as far past due."""
    row, day, extra = felt
    late, low = day - past.due[row], int((past.issue - past.due).min(initial=0))
    size = int((past.end - past.due).max(initial=0)) - low + 2
    enter, leave = np.maximum(past.issue, first), past.end + 1
    later = leave > enter
    at_risk = np.bincount((enter - past.due - low)[later], minlength=size).astype(np.float64)
    at_risk -= np.bincount((leave - past.due - low)[later], minlength=size)
    mean = np.bincount(late - low, np.maximum(extra, 0), size) / np.maximum(np.cumsum(at_risk), 1)
    where = np.flatnonzero(mean > FAINT)
    if not len(where):
        return row[:0], day[:0], extra[:0]
    begin = np.maximum(past.issue, past.due + low + where[0])
    end = np.minimum(np.minimum(past.end + 1, first), past.due + low + where[-1] + 1)
    days = np.maximum(end - begin, 0)
    earlier = np.repeat(np.arange(len(past)), days)
    when = begin[earlier] + np.arange(len(earlier)) - np.repeat(np.cumsum(days) - days, days)
    added = mean[when - past.due[earlier] - low]
    some = (added > FAINT) & ~np.isin(earlier * SPAN + when, row * SPAN + day)  # a day in a dispute stays one
    return earlier[some], when[some], added[some]


def _blocks(ledger: Ledger, promises: tuple[Ints, Ints, Ints], size: int) -> Blocks:
    """Return where each invoice's disputes and promises begin among all, and their days, first and last."""
    opened, resolved = dispute_days(ledger)
    disputed = positions(ledger.disputes["invoice_id"], ledger.invoices["invoice_id"])
    row, first, last = (np.concatenate(pair) for pair in zip((disputed, opened, resolved - 1), promises, strict=True))
    order = np.lexsort((first, row))
    return Blocks(np.searchsorted(row[order], np.arange(size + 1)), first[order], last[order])
