"""Generate the embedded portfolios again: `python -m sim [--out FOLDER]`."""

import argparse
from pathlib import Path

from sim.presets import FOLDER, PRESETS, write_embedded


def main() -> None:
    """Write the ledger of every preset, and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m sim", description="Generate the embedded portfolios again.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder (default: where the package reads them)")
    out = parser.parse_args().out
    from ledger import read_ledger

    for name in PRESETS:
        folder = write_embedded(name, out)
        ledger = read_ledger(folder)
        print(f"{folder}: {ledger.summary()}; fingerprint {ledger.fingerprint}")


if __name__ == "__main__":
    main()
