"""The pages of docs/how_to are followed literally, in a copy of the packages: what they say to do does what they say.

A change among modules that kernels import compiles all of them anew, a minute in the copy. So the commands of two pages
are run only where `COLLECTLAB_LONG` is set; else the copy is asked for what was added, which needs no compiled code.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import embedded

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "how_to").glob("*.md"))
PACKAGES = ("app", "collectlab", "collectlab_start", "experiments", "ledger", "models", "optimize", "sim", "data")
STEP = re.compile(r"(?:A new file `([^`]+)`|In `([^`]+)`, after `([^`]+)`):\n\n```\w+\n(.*?)```", re.S)
COMMAND = re.compile(r"```sh\n(.*?)```", re.S)
CUT = "2026-07-01"
NAMED = {
    "add_a_kpi": "cash to sales",
    "add_a_planner": "newest_first",
    "add_a_payment_model": "constant",
    "add_a_mechanism": "freeze",
}
SHORT = {
    "add_a_mechanism": "from sim.mechanisms.registry import MECHANISMS; print(MECHANISMS)",
    "add_a_planner": "from sim import PLANNERS; print(PLANNERS)",
    "add_a_payment_model": "from ledger import read_ledger; from models import fit; "
    "print(fit(read_ledger('books'), model='constant'))",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a copy of the packages, compiled code included, with a ledger beside them."""
    here = tmp_path_factory.mktemp("copy")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, here / name)
    embedded().ledger.write(here / "books")
    yield here
    shutil.rmtree(here)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page: Path, place: Path):
    """Its files written, its lines inserted, its command ends well and names what was added."""
    text = page.read_text(encoding="utf-8")
    steps = STEP.findall(text)
    assert steps
    for new, old, after, code in steps:
        path = place / (new or old)
        if old:
            before = path.read_text(encoding="utf-8")
            assert before.count(after + "\n") == 1, f"{page.name}: {after!r} must stand once in {old}"
            code = before.replace(after + "\n", f"{after}\n{code}")
        path.write_text(code, encoding="utf-8")
    (command,) = COMMAND.findall(text)
    words = shlex.split(command.replace("LEDGER", "books").replace("CUT", CUT))
    if page.stem in SHORT and not os.environ.get("COLLECTLAB_LONG"):
        words = ["python", "-c", SHORT[page.stem]]
    environment = os.environ | {"PYTHONPATH": str(place), "COLLECTLAB_STATE": str(place / "runs")}
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if "--json" in words:
        json.loads(done.stdout)
    assert NAMED.get(page.stem, "1250.5") in done.stdout.lower()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page: Path):
    """Files of ours and benchmarks that a page sends its reader to, but for those that it has the reader write."""
    text = page.read_text(encoding="utf-8")
    written = {new for new, *_ in STEP.findall(text)}
    named = set(re.findall(r"`((?:docs|ledger|models|sim|tests)/[\w/]+\.(?:py|md|toml))`", text)) - written
    named |= {f"{name.replace('.', '/')}.py" for name in re.findall(r"benchmarks\.\w+", text)}
    assert not [name for name in named if not (ROOT / name).is_file()]
