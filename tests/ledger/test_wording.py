"""Counts in words."""

from ledger.wording import form, plural


def test_one_thing_is_singular_and_any_other_number_is_plural():
    """Also none, and thousands are separated."""
    assert [plural(n, "invoice") for n in (0, 1, 2, 1000)] == [
        "0 invoices",
        "1 invoice",
        "2 invoices",
        "1,000 invoices",
    ]
    assert plural(1, "row is", "rows are") == "1 row is"
    assert form(2, "lies", "lie") == "lie"
