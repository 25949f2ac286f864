"""Spoiled sources and files: the first cases of the fuzzer (`make fuzz` runs thousands)."""

import pytest

from tests.fuzzer import findings


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_what_is_spoiled_is_read_or_refused_in_one_sentence(first: int):
    """50 cases at a time; a failure names its case, which `python -m tests.fuzzer --only K` shows again."""
    found = list(findings(0, range(first, first + 50)))
    assert not found, "\n".join(found)
