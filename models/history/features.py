"""What was known of an invoice and its customer on the evening it is asked about, as numbers.

Every feature uses only invoices issued, and ends seen, by that evening (see `history_columns`), so shifting later facts
changes none. Counts are capped and no calendar month is used: with a year of data both let a tree learn the date.
"""

from typing import Final

import numpy as np

from ledger.arrays import Floats, Ints, Singles
from ledger.compiling import njit
from models.history.customer_hazards import RECENT
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
    _look_back(
        (past.offset, past.issue, past.due, past.end, past.seen, past.paid, np.log(np.maximum(past.amount, 1.0))),
        (asked.customer, asked.issue, asked.due, asked.evening, log_amount, peers[0]),
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


@njit(cache=True)
def _habits(late, paid_due, prior, row):  # type: ignore[no-untyped-def]  # numba infers them
    """Fill in how late recent invoices were paid; the latest due count as the most recent."""
    order = np.argsort(-paid_due, kind="mergesort")
    near, far, fives, twenties = 0.0, 0.0, 0, 0
    for k in range(min(len(late), 20)):
        value = late[order[k]]
        far += value
        twenties += 1
        if k < 5:
            near += value
            fives += 1
    row[8] = (near + prior) / (fives + 1)
    row[9] = (far + prior) / (twenties + 1)
    recent = late[order[:60]]
    m = len(recent)
    if m > 0:
        row[10], row[11], row[12] = np.quantile(recent, 0.5), np.quantile(recent, 0.1), np.quantile(recent, 0.9)
        row[13] = np.std(recent)
        row[14] = (np.sum(recent > 0) + 0.5) / (m + 1.0)
        row[15] = (np.sum(recent > 15) + 0.05) / (m + 1.0)
        row[16] = (np.sum(recent < -3) + 0.2) / (m + 1.0)
    else:
        row[10], row[11], row[12], row[13] = prior, prior - 5.0, prior + 5.0, 8.0
        row[14], row[15], row[16] = 0.5, 0.05, 0.2
    row[17] = row[8] - row[9]


@njit(cache=True)
def _look_back(books, asked, out):  # type: ignore[no-untyped-def]  # numba infers them
    offset, issue, due, end, seen, paid, log_amount = books
    who, own_issue, own_due, evening, own_log, peers = asked
    for i in range(len(who)):
        a, c = evening[i], who[i]
        late = np.empty(RECENT)
        paid_due = np.empty(RECENT, np.int64)
        n_late, looked, amounts = 0, 0, 0.0
        last_paid, newest_paid, oldest_open = -(2**40), -(2**40), 2**40
        open_n, open_a, over_n, over_a, oldest, queue, same = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
        days_paid = np.zeros(31)
        if c >= 0:
            j = np.searchsorted(issue[offset[c] : offset[c + 1]], a, side="right") + offset[c] - 1
            last = max(offset[c], j - RECENT + 1)
            itself = False  # an invoice that the books hold is not its own company
            while j >= last:
                twin = issue[j] == own_issue[i] and due[j] == own_due[i] and seen[j] > a
                if twin and not itself and abs(log_amount[j] - own_log[i]) < 1e-9:
                    itself = True
                    j -= 1
                    continue
                if due[j] == own_due[i]:
                    same += 1.0
                looked += 1
                amounts += log_amount[j]
                if seen[j] <= a:
                    if paid[j]:
                        late[n_late] = min(max(end[j] - due[j], -60), 60)
                        paid_due[n_late] = due[j]
                        n_late += 1
                        last_paid = max(last_paid, end[j])
                        newest_paid = max(newest_paid, due[j])
                        if a - end[j] < 30:
                            days_paid[a - end[j]] = 1.0
                else:
                    amount = np.exp(log_amount[j] - own_log[i])
                    open_n += 1.0
                    open_a += amount
                    oldest_open = min(oldest_open, due[j])
                    if due[j] < own_due[i]:
                        queue += 1.0
                    if due[j] < a:
                        over_n += 1.0
                        over_a += amount
                        oldest = max(oldest, a - due[j])
                j -= 1
        row = out[i]
        row[0] = own_due[i] - own_issue[i]
        row[1] = own_log[i]
        row[2] = own_log[i] - (amounts + own_log[i]) / (looked + 1)
        row[6] = max(a - own_due[i], -60)
        row[7] = np.log1p(looked)
        _habits(late[:n_late], paid_due[:n_late], peers[i], row)
        row[18] = min(a - last_paid, 60)
        row[19] = np.sum(days_paid)
        row[20], row[21] = np.log1p(open_n), np.log1p(open_a)
        row[22], row[23] = np.log1p(over_n), np.log1p(over_a)
        row[24] = min(oldest, 60)
        row[25] = min(max(own_due[i] - newest_paid, -60), 60)
        row[26] = min(max(own_due[i] - oldest_open, -60), 60)
        row[27] = np.log1p(queue)
        row[28] = np.log(max(same, 1.0))
