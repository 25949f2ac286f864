"""What a contact does, estimated three ways and shown beside what is assumed.

The number estimated is the *hazard ratio right after a contact* with a customer who remembers no earlier one: how many
times likelier than without it the customer is to decide on payment at the next moment. The ratio less 1 halves every
`half_life` days, from the day after the contact; earlier contacts still in memory weaken it. How it fades and weakens
is taken from the assumptions, not estimated. Payments on a promised day are left out: promises are another effect.

- *naive* compares invoices as late as each other, contacted and not. Collectors chase those who pay badly, so it is too
  low, or, where the easy ones are called, too high.
- *adjusted* compares what looked alike to the collector. It is right as far as the choice followed from what the ledger
  shows; it is biased by whatever else the collector knew, such as a customer who announced trouble.
- *holdout* believes only the draws that left customers alone. It needs `ledger.holdouts`, and much data.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ledger import BadInput, Ledger
from ledger.arrays import Flags, Ints
from ledger.table.answers import FEW_CUSTOMERS, few
from ledger.table.ledger import Day, as_day
from ledger.table.months import day_number, timestamp
from ledger.wording import plural
from models.assumed.assumptions import Assumptions
from models.assumed.contact_law import extra_of
from models.effects.exposure import Exposure, exposure
from models.effects.hazard_regression import Fit
from models.effects.regressions import adjusted, as_assigned, by_draw, cells, naive
from models.effects.result import CAVEATS, GRADES, EffectStudy, Estimate
from models.effects.what_if import Effects
from models.history.contact_log import ContactLog
from models.history.main_payments import history

FEW: Final = 30  # contacts felt, and payments while they were, below which nothing is estimated
_FELT: Final = 0.05  # dose from which a contact is felt
_MOST_ROWS: Final = 3_000_000  # beyond which a sample of customers is taken


def contact_effects(
    ledger: Ledger, *, as_of: Day | None = None, since: Day | None = None, assume: Assumptions | None = None
) -> EffectStudy:
    """Estimate what contacts do from a ledger's contact log; without one, return what is assumed, and say so.

    Parameters
    ----------
    ledger
        With contacts, and for the randomised estimate with holdouts.
    as_of
        Use only what was known on the evening of this day.
    since
        Use invoices issued from this day on (default: from the first contact in the log).
    assume
        How effects fade, and the effects of kinds of contact too rare to estimate.

    Raises
    ------
    BadInput
        Where the ledger has no invoices, or `since` lies after its last day.
    """
    known = ledger if as_of is None else ledger.snapshot(as_of)
    if not len(known.invoices):
        raise BadInput("has no invoices", where="ledger")
    assumed = Effects.assumed(assume)
    log = ContactLog.of(known)
    start = None if since is None else as_day(since, field="since")
    first = log.first_day if start is None else day_number(start)
    if start is not None and start > known.as_of:
        raise BadInput(f"must not lie after {known.as_of:%Y-%m-%d}", field="since", value=f"{start:%Y-%m-%d}")
    if not len(log):
        note = "The ledger has no contacts that took effect: nothing can be estimated, effects are assumed."
        return _study(known, assumed, (), None, None, first=first, contacts=0, notes=(note,))
    rows = exposure(
        known,
        assumed.law,
        since=first,
        customers=_sampled(known, first),
    )
    return _estimated(known, assumed, log, rows, first)


def _estimated(ledger: Ledger, assumed: Effects, log: ContactLog, rows: Exposure, first: int) -> EffectStudy:
    felt = rows.dose > _FELT
    payments, others = ((some & rows.paid[:, None]).sum(axis=0) for some in (felt, ~felt))
    contacts = np.bincount(log.kind, minlength=len(log.kinds))
    who = np.array([len(np.unique(rows.customer[column])) for column in felt.T], np.int64)
    enough = (payments >= FEW) & (contacts >= FEW) & (who >= FEW_CUSTOMERS) & (others > 0)
    notes = [
        f"{channel} {tone}: {_too_few(int(contacts[k]), int(payments[k]), int(others[k]), int(who[k]))}."
        for k, (channel, tone) in enumerate(log.kinds)
        if not enough[k]
    ]
    kinds = np.flatnonzero(enough)
    if not len(kinds):
        return _study(ledger, assumed, (), None, rows, first=first, contacts=len(log), notes=tuple(notes))
    data = cells(ledger, rows, log.covers_from)
    extra = extra_of(np.array([assumed.of(*kind).ratio for kind in log.kinds]))
    drawn = bool(len(ledger.holdouts) and data.assigned.any())
    fits: dict[str, Fit | None] = {"naive": _tried(lambda: naive(data, kinds, extra))}
    fits["adjusted"] = middle = _tried(lambda: adjusted(data, kinds, extra))
    if drawn and middle is not None:
        fits["holdout"] = _tried(lambda: by_draw(data, kinds, extra, middle.coefficients))
    elif not drawn:
        notes.append(
            "No randomised holdout: the ledger's table of holdouts is empty, so no estimate is free of choice."
        )
    notes += [f"The {name} estimate did not come to an end: too little varies." for name in fits if fits[name] is None]
    wide = _quantile(data.customer)
    estimates = [
        _estimate(name, log.kinds[kind], fit, place, int(payments[kind]), wide=wide)
        for place, kind in enumerate(kinds)
        for name, fit in fits.items()
        if fit is not None
    ]
    intention = _tried(lambda: as_assigned(data)) if drawn else None
    study = _study(
        ledger,
        assumed,
        tuple(estimates),
        _intention(intention, wide),
        rows,
        first=first,
        contacts=len(log),
        notes=tuple(notes),
    )
    return study if middle is None else replace(study, frailty_variance=middle.frailty_variance)


def _too_few(contacts: int, payments: int, others: int, customers: int) -> str:
    """Return why a kind of contact is not estimated."""
    if contacts >= FEW and not payments:
        return (
            f"{plural(contacts, 'contact')}, and nobody paid after one: they part payments perfectly, no ratio "
            "is finite"
        )
    if contacts < FEW or payments < FEW:
        return (
            f"{plural(contacts, 'contact')}, {plural(payments, 'payment')} after them: too few to estimate (need {FEW})"
        )
    if not others:
        return (
            f"{plural(contacts, 'contact')}, and nobody paid without one: they part payments perfectly, no "
            "ratio is finite"
        )
    return f"felt by {few(customers)}: no estimate"


def _tried(fit: Callable[[], Fit]) -> Fit | None:
    """Return the fit if it came to an end with finite errors."""
    try:
        found = fit()
    except np.linalg.LinAlgError:
        return None
    return found if found.converged and np.isfinite(found.errors).all() else None


def _quantile(customer: Ints) -> float:
    """Return how many standard errors a 95 % interval reaches: Student's, one degree of freedom less than customers."""
    return float(stdtrit(len(np.unique(customer)) - 1, 0.975))


def _estimate(method: str, kind: tuple[str, str], fit: Fit, place: int, payments: int, *, wide: float) -> Estimate:
    ratio, error = max(1 + float(fit.coefficients[place]), 0.0), float(fit.errors[place])
    return Estimate(
        method=method,
        channel=kind[0],
        tone=kind[1],
        ratio=ratio,
        low=max(ratio - wide * error, 0.0),
        high=ratio + wide * error,
        error=error,
        payments=payments,
        grade=GRADES[method],
        caveat=CAVEATS[method],
    )


def _intention(fit: Fit | None, wide: float) -> Estimate | None:
    """Return the hazard ratio of allowed against held spans; its error is that of the logarithm."""
    if fit is None:
        return None
    log_ratio, error = float(fit.coefficients[0]), float(fit.errors[0])
    low, ratio, high = np.exp(log_ratio + np.array([-wide, 0, wide]) * error).tolist()
    return Estimate(
        method="as assigned", channel="any", tone="any", ratio=ratio, low=low, high=high, error=error,
        payments=int(fit.events), grade="B", caveat="intention to treat: diluted by contacts not due or not reached",
    )  # fmt: skip


def _study(
    ledger: Ledger,
    assumed: Effects,
    estimates: tuple[Estimate, ...],
    intention: Estimate | None,
    rows: Exposure | None,
    *,
    first: int,
    contacts: int,
    notes: tuple[str, ...],
) -> EffectStudy:
    return EffectStudy(
        estimates=estimates,
        as_assigned=intention,
        assumed=assumed,
        invoices=0 if rows is None else len(np.unique(rows.invoice)),
        customers=0 if rows is None else len(np.unique(rows.customer)),
        payments=0 if rows is None else int(rows.paid.sum()),
        contacts=contacts,
        since="never" if rows is None else f"{timestamp(first):%Y-%m-%d}",
        as_of=f"{ledger.as_of:%Y-%m-%d}",
        frailty_variance=None,
        notes=notes,
    )


def _sampled(ledger: Ledger, first: int) -> Flags | None:
    """Return the customers to look at, by a hash of their ids; None for all."""
    past = history(ledger)
    rows = int(np.sum((past.end - past.issue + 1)[past.issue >= first]))
    if rows <= _MOST_ROWS:
        return None
    hashed = pd.util.hash_array(ledger.customers["customer_id"].to_numpy(dtype=object), categorize=False)
    return np.asarray(hashed % np.uint64(1000) < 1000 * _MOST_ROWS // rows)
