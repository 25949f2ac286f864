"""The floors of the house, and what no file may contain."""

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
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
    "collectlab": {"collectlab", "collectlab_start", "experiments", "sim", "optimize", "models", "ledger"},
    "collectlab_start": {"collectlab_start", "app"},
}
ROOTS = "__init__"  # in the table below: what a package shows of itself
WINGS = {  # in order: a file may import its own wing and earlier ones; those in one line do not meet
    "ledger": [
        {"arrays", "compiling", "errors", "json_ready", "notes", "progress", "screen", "wording"},
        {"files", "results", "splitmix_kernels"},
        {"table"},
        {"kpi", "policy"},
        {ROOTS},
        {"importing"},
    ],
    "ledger.importing": [
        {"words"},
        {"maps"},
        {"rows"},
        {"result", "sources"},
        {"documents"},
        {"run"},
        {ROOTS},
    ],
    "models": [
        {"assumed", "timing"},
        {ROOTS, "history"},
        {"effects", "families", "planning"},
        {"evaluation"},
        {"figures"},
        {"registry"},
    ],
    "sim": [
        {"demand"},
        {"world"},
        {"day"},
        {"mechanisms"},
        {"planners", "result"},
        {"engine"},
        {"portfolios"},
        {ROOTS, "__main__"},
    ],
    "optimize": [
        {"assignment", "roster"},
        {"plans"},
        {ROOTS, "in_simulator", "publish", "staffing"},
        {"nightly"},
    ],
    "experiments": [{"comparing"}, {"reporting"}, {"hours", "planner_study"}, {ROOTS}],
    "app": [
        {ROOTS, "exits", "printing"},
        {"backtesting", "effects", "ledgers", "planning", "simulation", "staffing", "study", "versions"},
        {"cli"},
    ],
    "collectlab": [{ROOTS}],
    "collectlab_start": [{ROOTS}],
}
MOST_IN_KERNELS = 8  # positional parameters of a compiled function
HEAVY = {"joblib", "lifelines", "mlflow", "openpyxl", "ortools", "plotly", "sklearn", "sqlalchemy"}
LIGHT = {"app.cli": HEAVY | {"numba", "numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy"}}  # and the rest: HEAVY
TWICE: set[str] = set()  # public names in two packages; this set may only shrink
HOMES = {"tomllib": "ledger/files/reading.py", "get_close_matches": "ledger/files/reading.py"} | {
    "ValidationError": "ledger/files/reading.py",
    "exception class": "ledger/errors.py",
    "array alias": "ledger/arrays.py",
    "null for NaN": "ledger/json_ready.py",
    "type of progress": "ledger/progress.py",
    "rich.progress": "app/printing.py",
    "loaded wage": "models/assumed/assumptions.py",
    "minutes of a call": "models/assumed/call_minutes.py",
    "how contacts weaken and fade": "models/assumed/contact_law.py",
    "what a talk wins": "models/assumed/contact_law.py",
}
FADING = re.compile(r"fatigue_memory$|\bfatigue \*\*|^0\.5 \*\*.*half_life|\bexp\(.*/.*\bmemory\b")
ALIAS = re.compile(r"(\w+\.)?NDArray\[")
ERROR = re.compile(r"(Error|Exception|BadInput|Refused|Unavailable)$")
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


def names() -> dict[str, Path]:
    """Return every module of the packages by its dotted name."""
    paths = (path for package in ALLOWED for path in modules(package))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def targets(path: Path, known: Iterable[str]) -> Iterator[str]:
    """Yield the modules among the known that a file imports, wherever it does, for types alone included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in known else str(node.module)


def ordered(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the modules, each after those it imports.

    Raises
    ------
    CycleError
        Naming the modules of a circle.
    """
    return list(TopologicalSorter(graph).static_order())


def test_a_circle_is_seen():
    """The test's own eye."""
    with pytest.raises(CycleError):
        ordered({"a": {"b"}, "b": {"c"}, "c": {"a"}})


def test_no_imports_form_a_circle():
    """Modules can be read one after another: imports inside functions and for types alone count as well."""
    known = names()
    graph = {name: set(targets(path, known)) - {name} for name, path in known.items()}
    assert len(ordered(graph)) == len(known)


def wing(module: str, package: str) -> str:
    """Return the wing of a package in which a module stands."""
    return ROOTS if module == package else module.removeprefix(f"{package}.").split(".")[0]


@pytest.mark.parametrize("package", WINGS)
def test_wings_import_earlier_wings_only(package: str):
    """Every folder and root module has its place in the order of its package."""
    known = {name: path for name, path in names().items() if name == package or name.startswith(f"{package}.")}
    place = {name: k for k, line in enumerate(WINGS[package]) for name in line}
    assert place.keys() == {wing(name, package) for name in known}
    broken = [
        f"{name} imports {target}"
        for name, path in known.items()
        for target in targets(path, known)
        if (own := wing(name, package)) != (other := wing(target, package)) and place[other] >= place[own]
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("module", ["app.cli", "ledger", "models", "sim", "optimize", "experiments"])
def test_heavy_libraries_are_loaded_only_when_they_are_used(module: str):
    """`collectlab --help` answers at once, and `import optimize` brings no solver, page or database along."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert module.split(".")[0] in done.stdout.split()
    assert not LIGHT.get(module, HEAVY) & set(done.stdout.split())


def test_no_public_name_stands_in_two_packages():
    """A stranger who greps for a name finds one thing; the command line's own functions are named as the commands."""
    where = defaultdict(set)
    for name, path in names().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_") and name != "app.cli":
                where[node.name].add(name.split(".")[0])
    assert {name for name, packages in where.items() if len(packages) > 1} == TWICE


def things(path: Path) -> Iterator[str]:
    """Yield what a file uses or makes that has one home."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = {getattr(node, "module", None), *(alias.name for alias in node.names)}
            yield from HOMES.keys() & named
        elif isinstance(node, ast.Attribute) and node.attr == "loaded_cost_factor":
            yield "loaded wage"
        elif isinstance(node, ast.Attribute) and node.attr == "promise_given_right_party":
            yield "what a talk wins"
        elif isinstance(node, ast.Attribute | ast.BinOp | ast.Call) and FADING.search(ast.unparse(node)):
            yield "how contacts weaken and fade"
        elif isinstance(node, ast.Constant) and node.value == "reached_call_minutes":
            yield "minutes of a call"
        elif isinstance(node, ast.ClassDef) and any(ERROR.search(ast.unparse(base)) for base in node.bases):
            yield "exception class"
        elif isinstance(node, ast.Assign) and "Progress" in map(ast.unparse, node.targets):
            yield "type of progress"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and re.match(
            r"(npt\.)?NDArray\[", ast.unparse(node.value or node)
        ):
            yield "array alias"
        elif isinstance(node, ast.IfExp) and {"None"} & (ends := {ast.unparse(node.body), ast.unparse(node.orelse)}):
            tested = re.search(r"\bis(?:finite|nan)\((\w+)\)", ast.unparse(node.test))
            yield from {"null for NaN"} if tested and ends & {tested[1], f"float({tested[1]})"} else ()


@pytest.mark.parametrize("thing", HOMES)
def test_what_all_need_has_one_home(thing: str):
    """TOML, what was meant, errors, names of arrays, null for NaN, progress, the laws of contacts: each at home."""
    assert {str(path.relative_to(ROOT)) for path in names().values() if thing in things(path)} == {HOMES[thing]}


def test_no_text_is_searched_for_what_it_means():
    """A warning is one by its level (`ledger.notes`), not by how it begins."""
    found = [name for name, path in names().items() if re.search(r'startswith\("Warning', path.read_text("utf-8"))]
    assert not found


def test_kernels_are_compiled_in_one_way():
    """`ledger.compiling.njit` knows when kept machine code is stale, and where it can be kept."""
    found = {
        str(path.relative_to(ROOT))
        for package in ALLOWED
        for path in modules(package)
        if "numba" in {name for _, name in imported(path.read_text(encoding="utf-8"))}
    }
    assert found == {"ledger/compiling.py"}


def positional(node: ast.FunctionDef) -> int:
    """Return how many arguments a function takes by their place."""
    return len([one for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")])


def compiled(node: ast.AST) -> bool:
    """Say whether this is a compiled function."""
    return isinstance(node, ast.FunctionDef) and "njit" in "".join(map(ast.unparse, node.decorator_list))


def crowded(path: Path, most: int, *, kernels: bool) -> set[str]:
    """Return the functions of a file that take more arguments by their place than that: compiled ones, or others."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and compiled(node) == kernels]
    return {node.name for node in functions if positional(node) > most}


def test_arguments_beyond_the_fifth_have_names():
    """Two of many values cannot be swapped unseen. The options of the command line are named anyway."""
    paths = {str(path.relative_to(ROOT)): path for name, path in names().items() if name != "app.cli"}
    found = {name: crowded(path, 5, kernels=False) for name, path in paths.items()}
    assert not {name: functions for name, functions in found.items() if functions}


def test_compiled_functions_take_no_more_than_eight_arguments():
    """More travel together, in named tuples: two arrays that are swapped would compile and give numbers."""
    for path in names().values():
        name = str(path.relative_to(ROOT))
        more = crowded(path, MOST_IN_KERNELS, kernels=True)
        assert not more, f"{name}: {more}"


def test_compiled_functions_stand_beside_their_policy():
    """A file *_kernels.py holds compiled functions, named tuples and constants alone, and no other file compiles."""
    for path in names().values():
        name, body = str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")).body
        if path.name.endswith("_kernels.py"):
            other = [node for node in body if not compiled(node) and not plain_data(node)]
            assert not other, f"{name}: {ast.unparse(other[0])}"
        else:
            assert not any(map(compiled, body)), name


def plain_data(node: ast.stmt) -> bool:
    """Say whether a statement imports, documents, sets a constant or defines a named tuple."""
    if isinstance(node, ast.ClassDef):
        return "NamedTuple" in map(ast.unparse, node.bases)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.Expr)


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
