"""The share of promises kept that would not have been met anyway, by hand."""

import numpy as np
import pytest

from ledger import Ledger
from ledger.arrays import Floats
from models.assumed.assumptions import Assumptions
from models.families.kaplan_meier import hazards_by_customer
from models.families.promise_keeping import keeps_promises
from models.history.contacts_felt import ContactsFelt
from models.history.main_payments import history
from tests.handmade import Row, handmade, invoice, payment

ASSUMED = 0.7


def promised(invoice_id: str, made: str, due: str) -> Row:
    """Return one row of promises."""
    return {"contact_id": "k", "invoice_id": invoice_id, "made_on": made, "due_on": due, "amount": 1_000}


def book(people: list[Row], kept: dict[str, bool], shared: tuple[str, ...] = ()) -> Ledger:
    """Return customers with one promised invoice each, and further ones promised together with that of the first."""
    owner = {who["customer_id"]: who["customer_id"] for who in people} | dict.fromkeys(shared, people[0]["customer_id"])
    rows = [invoice(f"i{k}", "2024-01-01", "2024-01-10", 1_000, customer_id=owner[k]) for k in owner]
    paid = [payment(f"i{k}", "2024-02-09", 1_000) for k in owner if kept[k]]
    promises = [promised(f"i{k}", "2024-02-01", "2024-02-09") for k in owner]
    return handmade("2024-03-01", rows, paid, customers=people, promises=promises, check=False)


def share(ledger: Ledger) -> Floats:
    """Return the shares where no payment would come without a promise."""
    past, usual = history(ledger), Assumptions.default()
    felt = ContactsFelt.of(ledger, past, usual)
    return keeps_promises(ledger, past, hazards_by_customer(past, ledger.customers, felt), felt, ASSUMED)


def people(*segments: str) -> list[Row]:
    """Return one customer of each segment named."""
    return [{"customer_id": f"c{k}", "segment": segment} for k, segment in enumerate(segments)]


def test_without_promises_the_share_is_what_is_assumed():
    """Nothing is known of anybody."""
    bare = handmade("2024-03-01", [invoice("i", "2024-01-01", "2024-01-10", 1_000, customer_id="c0")], check=False)
    assert share(bare) == pytest.approx([ASSUMED])


def test_a_customer_is_shrunk_to_its_segment_and_that_to_all():
    """By the formula, with the small chance p of payment by itself read from the shares' own equations.

    One who kept, one who broke its promise, each alone in a segment: k = (met - p + 2 k above) / (1 - p + 2).
    """
    found = share(book(people("a", "b"), {"c0": True, "c1": False}))
    whole = (1 + 20 * ASSUMED) / (2 + 20)  # p = 0
    by_hand = [(met + 2 * (met + 2 * whole) / 3) / 3 for met in (1, 0)]
    assert found == pytest.approx(by_hand, abs=0.06)  # p is a tenth or less
    assert found[0] > whole > found[1]


def test_invoices_promised_together_are_one_promise():
    """Five invoices kept together tell no more of their customer than one."""
    one = share(book(people("a", "b"), {"c0": True, "c1": False}))
    more = {f"x{k}": True for k in range(4)}
    five = share(book(people("a", "b"), {"c0": True, "c1": False} | more, tuple(more)))
    assert five[0] == pytest.approx(one[0], abs=0.03)
    assert np.all((five >= 0) & (five <= 1))
