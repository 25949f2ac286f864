"""What was known of an invoice and its customer on the evening it is asked about, as numbers.

Every feature uses only invoices issued, and ends seen, by that evening (see `history_columns`), so shifting later facts
changes none. Counts are capped and no calendar month is used: with a year of data both let a tree learn the date.
"""

from typing import Final

import numpy as np

from ledger.arrays import Floats, Ints, Singles
from models.history.features_kernels import Asking, Looked, look_back
from models.history.history_columns import Asked, Past
from models.history.weekdays import weekday

_CAP: Final = 60.0  # days beyond which more makes no difference
FEATURES: Final[tuple[str, ...]] = (
    "term",  # days from issue to due
    "log_amount",  # of base-currency minor units
    "relative_amount",  # log of the amount over the customer's usual one (geometric mean)
    "due_weekday",  # Monday 0
    "issue_weekday",
    "due_day_of_month",
    "asked_age",  # days past due on the evening, negative before it; at least −60
    "known",  # log of 1 + invoices looked back at
    "late_last_5",  # mean days late of the customer's last invoices paid, by due date
    "late_last_20",
    "late_median",
    "late_q10",
    "late_q90",
    "late_deviation",
    "share_late",
    "share_late_15",
    "share_early",
    "trend",  # late_last_5 − late_last_20
    "since_payment",  # days since the customer last paid, capped
    "paydays_per_30",  # distinct days with a payment in the last 30
    "open_count",  # log of 1 + invoices of the customer still open
    "open_amount",  # log of 1 + their amount over this one's
    "overdue_count",
    "overdue_amount",
    "oldest_overdue",  # days, capped
    "after_newest_paid",  # days from the newest due date that is paid to this one's, −60 to 60
    "after_oldest_open",  # days from the oldest open due date to this one's, −60 to 60
    "queue",  # log of 1 + open invoices due before this one
    "same_day",  # log of the customer's invoices due on the same day, itself included
    "peers_late",  # mean days late of what all customers paid in the last 30 days
    "peers_trend",  # the same less its mean of the last 120 days
)


def invoice_features(past: Past, asked: Asked) -> Singles:
    """Return a float32 row per invoice asked about, one column per name in FEATURES; never NaN."""
    peers = _peers(past, asked.evening)
    table = np.empty((len(asked), len(FEATURES)), np.float32)
    log_amount = np.log(np.maximum(asked.amount, 1.0))
    look_back(
        Looked(past.offset, past.issue, past.due, past.end, past.seen, past.paid, np.log(np.maximum(past.amount, 1.0))),
        Asking(asked.customer, asked.issue, asked.due, asked.evening, log_amount, peers[0]),
        table,
    )
    table[:, FEATURES.index("due_weekday")] = weekday(asked.due)
    table[:, FEATURES.index("issue_weekday")] = weekday(asked.issue)
    date = asked.due.astype("datetime64[D]")
    table[:, FEATURES.index("due_day_of_month")] = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    table[:, FEATURES.index("peers_late")] = peers[0]
    table[:, FEATURES.index("peers_trend")] = peers[0] - peers[1]
    return table


def _peers(past: Past, evening: Ints) -> tuple[Floats, Floats]:
    """Return the mean days late of all that was seen paid in the 30, and in the 120, days up to each evening."""
    seen, late = past.seen[past.paid], np.clip(past.end - past.due, -_CAP, _CAP)[past.paid]
    order = np.argsort(seen, kind="stable")
    seen, total = seen[order], np.r_[0.0, np.cumsum(late[order])]
    upto = np.searchsorted(seen, evening, side="right")

    def mean(days: int) -> Floats:
        since = np.searchsorted(seen, evening - days, side="right")
        return np.asarray((total[upto] - total[since]) / (upto - since + 5.0))

    return mean(30), mean(120)
