"""Generate the embedded portfolios again: `python -m sim [--out FOLDER]`."""

import argparse
from pathlib import Path

from ledger import kpis, read_ledger
from sim.portfolios.presets import FOLDER, PRESETS, write_embedded

# The rows of the table in data/synthetic/README.md, which a test compares with the ledgers.
CALIBRATED = (
    "dso",
    "best_possible_dso",
    "cei",
    "percent_current",
    "percent_over_91",
)


def main() -> None:
    """Write the ledger of every preset, and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m sim", description="Generate the embedded portfolios again.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder (default: where the package reads them)")
    out = parser.parse_args().out

    for name in PRESETS:
        folder = write_embedded(name, out)
        ledger = read_ledger(folder)
        found = kpis(ledger)
        print(f"{folder}: {ledger.summary()}; fingerprint {ledger.fingerprint}")
        print("  last month: " + ", ".join(f"{key} {found[key]:.2f}" for key in CALIBRATED))


if __name__ == "__main__":
    main()
