"""One door: `import collectlab` gives what docs/api.md lists."""

import re
from pathlib import Path

import collectlab

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"


def test_the_page_lists_what_the_package_gives():
    """Each name once, none more and none less."""
    listed = re.findall(r"^\|[^|]*\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(collectlab.__all__)


def test_every_name_says_what_it_is():
    """Functions and classes have docstrings."""
    bare = [name for name in collectlab.__all__ if name != "PLANNERS" and not getattr(collectlab, name).__doc__]
    assert not bare
