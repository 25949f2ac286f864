"""Compiled: what was known of a customer's recent invoices; see `features`."""

from typing import NamedTuple

import numpy as np

from ledger.arrays import Flags, Floats, Ints, Singles
from ledger.compiling import njit
from models.history.customer_hazards_kernels import RECENT


class Looked(NamedTuple):
    """Invoices by customer and issue day."""

    offset: Ints  # (customers + 1,)
    issue: Ints
    due: Ints
    end: Ints
    seen: Ints
    paid: Flags
    log_amount: Floats


class Asking(NamedTuple):
    """Invoices asked about."""

    customer: Ints
    issue: Ints
    due: Ints
    evening: Ints
    log_amount: Floats
    peers: Floats  # mean days late of what all customers paid lately


@njit
def _habits(late: Floats, paid_due: Ints, prior: float, row_out: Singles) -> None:
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
    row_out[8] = (near + prior) / (fives + 1)
    row_out[9] = (far + prior) / (twenties + 1)
    recent = late[order[:60]]
    m = len(recent)
    if m > 0:
        row_out[10], row_out[11], row_out[12] = (
            np.quantile(recent, 0.5),
            np.quantile(recent, 0.1),
            np.quantile(recent, 0.9),
        )
        row_out[13] = np.std(recent)
        row_out[14] = (np.sum(recent > 0) + 0.5) / (m + 1.0)
        row_out[15] = (np.sum(recent > 15) + 0.05) / (m + 1.0)
        row_out[16] = (np.sum(recent < -3) + 0.2) / (m + 1.0)
    else:
        row_out[10], row_out[11], row_out[12], row_out[13] = prior, prior - 5.0, prior + 5.0, 8.0
        row_out[14], row_out[15], row_out[16] = 0.5, 0.05, 0.2
    row_out[17] = row_out[8] - row_out[9]


@njit
def look_back(books: Looked, asked: Asking, out: Singles) -> None:
    """Fill in, row by row, the features that look back at the customer's invoices; places as in `features.FEATURES`."""
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
