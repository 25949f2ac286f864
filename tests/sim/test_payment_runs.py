"""What was decided since the last payment run waits for the next one, whoever looks in between."""

import numpy as np
import pytest

from sim import simulate
from tests.handmade import invoice
from tests.portfolios import flat, portfolio

HAZARD, COUNT = 0.05, 4000


@pytest.mark.parametrize(("as_of", "waited"), [("2024-01-05", 0), ("2024-01-08", 3), ("2024-01-11", 6)])
def test_an_open_invoice_may_have_been_decided_since_the_last_run(as_of: str, waited: int):
    """Payment on Fridays alone, a flat hazard: the next run pays all that was decided in the seven days before it.

    Seven days are at risk on every evening on which the ledger is cut, the `waited` ones before it included, within 4
    standard errors (1 seed in 15,000 would miss).
    """
    rows = [invoice(f"i{k}", "2023-12-01", "2023-12-20", 50_000, customer_id=f"c{k % 100:03d}") for k in range(COUNT)]
    start = portfolio(100, flat(HAZARD), rate=0, as_of=as_of, weekdays=(4,), invoices=rows)
    run = simulate(start, "none", days=7 - waited, specialists=0)
    share = -np.expm1(-7 * HAZARD)
    paid = len(run.ledger.payments)
    assert abs(paid - COUNT * share) < 4 * np.sqrt(COUNT * share * (1 - share))
