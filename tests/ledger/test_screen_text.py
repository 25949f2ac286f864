"""Text of 80 columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.screen import WIDTH, in_parts, text_table, wrapped

AMOUNT = st.integers(-(10**14), 10**14).map(lambda n: f"{n / 100:,.2f}")


@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.tuples(*[AMOUNT] * n), min_size=1, max_size=4)))
def test_no_number_of_a_table_is_cut_and_no_line_is_wider_than_the_screen(rows: list[tuple[str, ...]]):
    """Whatever the numbers: each stands there whole, with what tells its row apart beside it."""
    header = ["customer", *(f"figure {k}" for k in range(len(rows[0])))]
    text = text_table(header, [(f"[row {k}]", *row) for k, row in enumerate(rows)])
    assert max(map(len, text.splitlines())) <= WIDTH
    for k, row in enumerate(rows):
        own = [cell for line in text.splitlines() if line.startswith(f"[row {k}]") for cell in line.split()[2:]]
        assert own == list(row)


def test_words_wrap_between_words():
    """A long remark takes several lines, and none of its words is cut."""
    text = text_table(("name", "why"), [("friendly", "because it is kind " * 9)], words=[1])
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.split().count("kind") == 9
    assert "…" not in text


def test_columns_that_do_not_fit_stand_in_parts_of_one_length():
    """Three and two, not four and a lonely one; one column alone is a part even if it is too wide."""
    assert list(map(len, in_parts("abcde", lambda some: len(some) < 5))) == [3, 2]
    assert in_parts("ab", lambda some: False) == [["a"], ["b"]]


def test_paths_stay_whole():
    """So that they can be copied."""
    path = "runs/" + "x" * 90
    assert path in wrapped(f"Written to {path}")


def test_tables_are_text_in_a_notebook_too(monkeypatch: pytest.MonkeyPatch):
    """Rich would show them itself there, and leave nothing to return."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert text_table(("name", "days"), [("friendly", "34.0")]).split() == ["name", "days", "friendly", "34.0"]
