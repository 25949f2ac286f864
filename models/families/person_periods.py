"""What a learning model is trained on: invoices of the past, asked about again on evenings of long ago.

Each invoice is asked about on its issue day, and again, with less weight, on two random later evenings, where it was
still unpaid then: so the model has seen old open invoices when it is asked about one. Those evenings are drawn
without looking at when the invoice was paid, or quick payments would be overrepresented.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.arrays import Flags, Floats, Ints
from models.history.candidate_days import HORIZON, CandidateDays
from models.history.history_columns import Asked, Past

LATER: Final = 0.5  # weight of a question asked after issue
_AFTER: Final = 45  # days past due up to which that evening is drawn
_MOST: Final = 100_000  # invoices learned from: the newest
_ROWS: Final = 1_000_000  # person-period rows learned from, at most
SHARE: Final = 0.25  # of the rows without a payment that are kept, with four times the weight


@dataclass(frozen=True, eq=False, kw_only=True)
class Training:
    """Invoices asked about, and what became of them as known on the last evening."""

    view: CandidateDays
    weight: Floats
    end: Ints  # day of payment or censoring
    paid: Flags
    seed: int

    @classmethod
    def of(cls, past: Past, weekdays: Flags, seed: int) -> "Training":
        """Return the training set of a past."""
        random = np.random.default_rng(seed)
        rows = np.sort(np.argsort(past.issue, kind="stable")[-_MOST:])
        last = np.minimum(past.end[rows], past.as_of) - 1  # the last evening on which it was known to be unpaid
        term = past.due[rows] - past.issue[rows]
        unpaid, asked = [past.issue[rows] - 1], [rows]
        for span in (term + 1, term + _AFTER):
            later = past.issue[rows] + np.floor(random.random(len(rows)) * span).astype(np.int64)
            unpaid.append(later[later <= last])
            asked.append(rows[later <= last])
        first, rows = len(rows), np.concatenate(asked)
        return cls(
            view=CandidateDays.of(past, past.ask_again(rows, np.concatenate(unpaid)), weekdays),
            weight=np.where(np.arange(len(rows)) < first, 1.0, LATER),
            end=past.end[rows],
            paid=past.paid[rows],
            seed=seed,
        )

    @property
    def asked(self) -> Asked:
        """The invoices asked about."""
        return self.view.asked

    def person_periods(self, share: float = SHARE) -> tuple[Ints, Ints, Flags, Floats]:
        """Return rows of payment days at risk: invoice, day, whether it was paid that day, and a weight.

        Days run from the last evening known unpaid to payment (on the next payment day), censoring, or the horizon. Of
        the days without a payment a random share, at most `share`, is kept and weighted up.
        """
        row, day = self.view.candidates()
        end, paid = self.end[row], self.paid[row]
        paydays, country = self.view.paydays, self.asked.country[row]
        ordinal = paydays.counted(country, day)
        stop = np.where(paid, paydays.counted(country, end - 1) + 1, paydays.counted(country, end))
        at_risk = ordinal <= stop
        event = paid & (ordinal == stop)
        share = min(share, _ROWS / max(int((at_risk & ~event).sum()), 1))
        kept = at_risk & (event | (np.random.default_rng((self.seed, 1)).random(len(row)) < share))
        weight = self.weight[row] * np.where(event, 1.0, 1.0 / share)
        return row[kept], day[kept], event[kept], weight[kept]


def tail_rate(training: Training) -> float:
    """Return the hazard of a payment day beyond the horizon: payments there over payment days at risk.

    Shrunk to one payment in 60 payment days by two payments' worth of data.
    """
    view, asked = training.view, training.asked
    horizon, first = asked.due + HORIZON, asked.unpaid < asked.issue  # every invoice once
    before = view.paydays.counted(asked.country, np.maximum(horizon, asked.unpaid))
    risk = np.maximum(view.paydays.counted(asked.country, training.end) - before, 0)[first].sum()
    events = (training.paid & (training.end > horizon))[first].sum()
    return float((events + 2.0) / (risk + 120.0))
