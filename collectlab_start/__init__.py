"""How collectlab starts: with its own packages, or with one sentence that names the file which hides one of them.

`models`, `sim`, `app` and the other packages have plain names. A file or folder of such a name that stands earlier on
Python's path, such as `models.py` beside a script, is imported instead, and breaks far from its cause.
"""

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

LIBRARY: Final = ("ledger", "models", "sim", "optimize", "experiments")  # what `import collectlab` needs
COMMAND: Final = (*LIBRARY, "app")
HOME: Final = Path(__file__).resolve().parents[1]
BAD_INPUT: Final = 2  # as in `app.exits`, which cannot be imported before it is known to be ours


def require(packages: tuple[str, ...] = LIBRARY) -> None:
    """Check that packages of these names are found where collectlab is installed; nothing is imported.

    Raises
    ------
    ImportError
        Naming the first file that hides one.
    """
    for name in packages:
        try:
            found = find_spec(name)
        except ValueError:  # a module without a place, made by hand or by a debugger
            continue
        origin = found.origin if found else None
        if origin and Path(origin).resolve() != HOME / name / "__init__.py":
            rule = f"rename it, or start elsewhere; collectlab is in {HOME}"
            raise ImportError(f"{origin} hides collectlab's own package {name!r}: {rule}", name=name, path=origin)


def start() -> None:
    """Run the command `collectlab`; a hidden package ends it with exit code 2."""
    try:
        require(COMMAND)
    except ImportError as error:
        print(f"collectlab: {error}", file=sys.stderr)
        if "--json" in sys.argv[1:]:
            print(json.dumps({"error": {"message": str(error), "exit_code": BAD_INPUT}}))
        sys.exit(BAD_INPUT)
    import_module("app.cli").main()
