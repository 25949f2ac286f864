"""Which code, and which packages, a result was made with."""

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

# those that a fitted model is made of, or read back with
PACKAGES: Final = ("joblib", "lifelines", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")


def code_version() -> str:
    """Return the package's version and, in a checkout, its commit ("+" where files were changed since)."""
    number = version("collectlab")
    home = Path(__file__).resolve().parents[2]
    git = shutil.which("git")
    if git is None or not (home / ".git").exists():
        return number
    command = [git, "-C", str(home), "describe", "--always", "--dirty=+", "--exclude=*"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{number} ({found.stdout.strip()})" if found.returncode == 0 and found.stdout.strip() else number


def environment() -> dict[str, str]:
    """Return the versions of Python and of the packages that matter to a fitted model."""
    found = {"python": ".".join(map(str, sys.version_info[:3])), "collectlab": version("collectlab")}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a package that this installation does without
            continue
    return found
