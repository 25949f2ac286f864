"""Counts as people read them: the noun in the form that its number asks for."""


def form(count: int, one: str, many: str = "") -> str:
    """Return the form of the words that goes with a count; of one word, the plural is by default the same with an s.

    Examples
    --------
    >>> form(1, "lies", "lie"), form(2, "day")
    ('lies', 'days')
    """
    return one if count == 1 else many or f"{one}s"


def plural(count: int, one: str, many: str = "") -> str:
    """Return the count, thousands separated, with the form of the words that goes with it; see `form`.

    Examples
    --------
    >>> plural(1, "invoice"), plural(2000, "invoice"), plural(2, "row is", "rows are")
    ('1 invoice', '2,000 invoices', '2 rows are')
    """
    return f"{count:,} {form(count, one, many)}"
