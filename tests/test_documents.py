"""What the documents say is what the code does, as far as a machine can tell."""

import ast
import re
from pathlib import Path

import pytest

from ledger import kpis, read_ledger
from ledger.importing import presets
from ledger.table.tables import COLUMNS
from sim import PLANNERS, strategies

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "data" / "synthetic" / "README.md"])


def page(name: str) -> str:
    """Return the text of a document."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("table", COLUMNS)
def test_the_data_dictionary_has_every_column_of_a_table_and_no_other(table: str):
    """The section of the table names each column once, in code font, in the first cell of a row."""
    section = page("docs/ledger.md").split(f"### {table}\n")[1].split("\n#")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == sorted(COLUMNS[table])


def test_every_rule_that_rejects_a_row_is_explained():
    """`intake.reject(rows, "rule", …)` anywhere in the importer."""
    rules = {
        node.args[1].value
        for path in (ROOT / "ledger" / "importing").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("reject") and len(node.args) > 1
        if isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
    }
    assert len(rules) > 20
    assert not [rule for rule in sorted(rules) if f"`{rule}`" not in page("docs/ledger.md")]


def test_presets_strategies_and_planners_are_named():
    """A newcomer finds them in the first document that is read."""
    assert not [name for name in presets() if f"`{name}`" not in page("docs/ledger.md")]
    assert not [name for name in (*strategies(), *PLANNERS) if f"`{name}`" not in page("README.md")]


def test_the_figures_of_the_embedded_portfolios_are_those_of_their_ledgers():
    """The calibration table, to the digits printed; and they lie within their ranges."""
    found = {name: kpis(read_ledger(ROOT / "data" / "synthetic" / name)) for name in ("normal", "stress")}
    rows = re.findall(
        r"^\| `(\w+)` \|(.+)\|$", page("data/synthetic/README.md").split("## Calibration")[1], re.MULTILINE
    )
    assert len(rows) == 5
    for key, cells in rows:
        _, span, normal, _, stress = (cell.strip() for cell in cells.split("|"))
        low, high = map(float, span.split("–"))
        assert (normal, stress) == (f"{found['normal'][key]:.2f}", f"{found['stress'][key]:.2f}"), key
        assert low <= float(normal) <= high, key


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path):
    """Every relative link names a file or folder of the project."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (path.parent / target).exists()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_shown_exist(path: Path):
    """`make TARGET` is in the Makefile, `collectlab COMMAND` and its long options in the command line."""
    import typer

    from app.cli import app

    text = path.read_text(encoding="utf-8")
    targets = set(
        re.findall(r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`|^(?: {4}|\$ ).+$", text, re.MULTILINE)))
    )
    assert targets <= set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in re.findall(r"\bcollectlab ([a-z]+)\b([^`\n#]*)", text):
        if name in commands:
            known = {option for parameter in commands[name].params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= known, name
        else:
            assert f"collectlab {name}" not in re.findall(r"`(collectlab [a-z]+)", text), name


def test_python_in_the_readme_compiles():
    """Every block marked as Python."""
    blocks = re.findall(r"```python\n(.*?)```", page("README.md"), re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "README.md", "exec")


def defined(path: Path) -> set[str]:
    """Return what a module defines at its top."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            ends = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {end.id for end in ends if isinstance(end, ast.Name)}
    return found


def test_every_rule_is_at_the_home_that_the_table_names():
    """Each row of the first table of docs/architecture.md: the file is there, and defines what is named."""
    rows = re.findall(r"^\| [^|`]+ \| `([\w/]+\.py)`: (.+) \|$", page("docs/architecture.md"), re.MULTILINE)
    assert len(rows) > 20
    missing = [(file, name) for file, names in rows for name in re.findall(r"`(\w+)`", names)
               if name not in defined(ROOT / file)]  # fmt: skip
    assert not missing
    assert not [
        file for file in re.findall(r"`([\w/]+\.py)`", page("docs/architecture.md")) if not (ROOT / file).is_file()
    ]
