"""The floors of the house, and what no file may contain."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = {
    "ledger": {"ledger"},
    "models": {"models", "ledger"},
    "sim": {"sim", "models", "ledger"},
    "optimize": {"optimize", "models", "ledger"},
    "experiments": {"experiments", "sim", "optimize", "models", "ledger"},
    "app": {"app", "experiments", "sim", "optimize", "models", "ledger"},
}
OUTSIDE = {"tests", "benchmarks", "notebooks", *(path.stem for path in (ROOT / "tests").glob("*.py"))}
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt|opt)/|[A-Za-z]:\\Users\\")
REGISTRY = re.compile(
    r"(?<!emit-)index[-_]url|find[-_]links|UV_(?:DEFAULT_)?INDEX|PIP_(?:EXTRA_)?INDEX"
    r"|https?://[^\s\"')]*(?:/simple\b|artifactory|pypi\.org|pythonhosted)",
    re.IGNORECASE,
)


def tracked() -> list[Path]:
    """Return the files that belong to the project: those git knows, or everything where there is no git."""
    done = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        paths = [ROOT / name for name in done.stdout.split("\0") if name]
    else:
        hidden = {".venv", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "runs", "__pycache__"}
        paths = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in paths if path.is_file())


def texts() -> Iterator[tuple[str, str]]:
    """Yield every tracked text file, by its name within the project."""
    for path in tracked():
        if path != Path(__file__).resolve() and path.suffix != ".parquet":
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def modules(package: str) -> list[Path]:
    """Return the modules of a package, which must exist."""
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package} has no modules"
    return found


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and top-level name of every import, those inside functions and by `import_module` included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield node.lineno, str(node.module).split(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__"):
                yield node.lineno, str(node.args[0].value).split(".")[0]


def test_imports_are_found_wherever_they_stand():
    """The test's own eye: at the top, inside a function, dynamic."""
    source = "import sim.run\ndef f():\n    from app import cli\n    importlib.import_module('optimize.plan')\n"
    assert sorted(name for _, name in imported(source)) == ["app", "optimize", "sim"]


@pytest.mark.parametrize("package", ALLOWED)
def test_no_package_imports_from_a_higher_floor(package: str):
    """Ledger <- models <- sim and optimize, which never meet <- experiments <- app."""
    forbidden = ALLOWED.keys() - ALLOWED[package]
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imported(path.read_text(encoding="utf-8"))
        if name in forbidden
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("package", ALLOWED)
def test_no_package_needs_what_is_not_installed_with_it(package: str):
    """Tests, benchmarks and notebooks may use the packages, never the other way round."""
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imported(path.read_text(encoding="utf-8"))
        if name in OUTSIDE
    ]
    assert not broken, "\n".join(broken)


def test_kernels_are_compiled_in_one_way():
    """`ledger.compiling.njit` knows when kept machine code is stale, and where it can be kept."""
    found = {
        str(path.relative_to(ROOT))
        for package in ALLOWED
        for path in modules(package)
        if "numba" in {name for _, name in imported(path.read_text(encoding="utf-8"))}
    }
    assert found == {"ledger/compiling.py"}


def test_no_file_names_a_place_on_somebodys_machine():
    """The checkout works wherever it lies."""
    found = [f"{name}: {match[0]}" for name, text in texts() for match in MACHINE.finditer(text)]
    assert not found, "\n".join(found)


def test_nothing_is_imported_from_beside_the_checkout():
    """Reference data beside the checkout is data for tests; the packages never know of it."""
    named = [name for name, text in texts() if name.split("/")[0] in ALLOWED and re.search(r"\.\./|\bshared/", text)]
    assert not named, named
    path_tricks = [name for name, text in texts() if name.endswith(".py") and re.search(r"sys\.path\b", text)]
    assert not path_tricks, path_tricks


def test_no_file_names_a_registry():
    """Where packages come from is the business of the machine's own configuration."""
    found = [f"{name}: {match[0]}" for name, text in texts() for match in REGISTRY.finditer(text)]
    assert not found, "\n".join(found)


def test_the_lock_has_a_hash_for_every_package_and_no_address():
    """`name==version` and at least one sha256 each; no URL, no path, no index."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert not [line for line in lines if re.search(r"://|@ |^-|file:|\.whl|\.tar", line)]
    packages = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(packages) == sum(not line.startswith(" ") for line in lines)
    bare = [package.split()[0] for package in packages if "--hash=sha256:" not in package]
    assert not bare, bare


def test_every_package_of_the_project_file_is_locked():
    """A requirement that is not in the lock would be missing after `make setup`."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needs = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
    needs += project["build-system"]["requires"]
    names = {re.split(r"[\[<>=!~; ]", need)[0].lower().replace("_", "-") for need in needs}
    locked = set(
        re.findall(r"^([a-z0-9][\w.-]*?)(?:\[.*?\])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    assert names <= locked, names - locked


def test_notebooks_hold_no_output():
    """Outputs belong to the reader's run: stripped, with no execution counts."""
    notebooks = [path for path in tracked() if path.suffix == ".ipynb"]
    assert notebooks
    for path in notebooks:
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        full = [k for k, cell in enumerate(cells) if cell["outputs"] or cell["execution_count"] is not None]
        assert not full, f"{path.name}: code cells {full} have output; run nbstripout"


def test_module_lengths_are_known():
    """Most modules stay below 300 lines; the longest are reported (`pytest -rP`), not forbidden."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for package in ALLOWED
        for path in modules(package)
    }
    longest = sorted(lengths.items(), key=lambda item: -item[1])[:10]
    print(f"{len(lengths)} modules, {sum(lengths.values()):,} lines; the longest:")
    for name, lines in longest:
        print(f"{lines:6} {name}")
    assert lengths
