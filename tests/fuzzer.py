"""A seeded fuzzer: whatever a file holds, it is read and the laws hold, or one sentence says what is wrong with it.

Each case takes a sound source (CSV, XLSX, Parquet, SQLite, a folder, a DataFrame) or file (map, strategy, study,
roster) and spoils it: cells, columns, rows, keys, values, bytes. Then

- a source is imported, its ledger obeys every law, rows and totals add up, the folder that is written gives the same
  ledger, and its rejects read back to the rejects; a file is read, and read again from what it says of itself;
- or one `BadInput` of at most 300 characters in one line is raised, and nothing is left where the result would be.

``python -m tests.fuzzer --cases 20000`` runs many, ``--only K`` shows one again.
"""

import argparse
import csv
import io
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import Study
from ledger import BadInput, kpis, read_ledger
from ledger.errors import LONGEST
from ledger.importing import import_ledger
from ledger.importing.maps.maps import presets
from ledger.policy.strategy import Strategy
from optimize.roster.load import load_team
from tests.spoiled import MAP, ROSTER, STRATEGY, STUDY, source, spoiled, spoiled_bytes, spoiled_toml


def imports(draw: random.Random, folder: Path, out: Path) -> None:
    """Import a spoiled source, or a sound one by a spoiled map, and check what comes of it."""
    options: dict[str, Any] = {}
    if draw.random() < 0.3:
        options["as_of"] = draw.choice(("2024-12-31", "2024-06-30", "2020-01-01", "2024-13-01", "yesterday"))
    if draw.random() < 0.3:
        options["mapping"] = folder / "map.toml"
        options["mapping"].write_text(spoiled_toml(draw, MAP), encoding="utf-8")
    elif draw.random() < 0.3:
        options["preset"] = draw.choice((*presets(), "oodo"))
    place = folder / "source"
    place.mkdir()
    imported = import_ledger(source(draw, place), **options)
    assert imported.rows == sum(account.imported + account.rejected for account in imported.accounts)
    assert len(imported.rejects) == imported.rejected
    assert imported.summary()
    if draw.random() < 0.3:
        imported.write(out)
        assert read_ledger(out).fingerprint == imported.ledger.fingerprint
        _read_back(out / "rejects.csv", imported.rejects)
        assert not [path for path in out.parent.iterdir() if path.name.startswith(".")]
    if draw.random() < 0.1:
        assert kpis(imported.ledger).summary()


def _read_back(path: Path, rejects: pd.DataFrame) -> None:
    expected = ["" if pd.isna(value) else value for value in rejects["value"].tolist()]
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["value"] for row in rows] == expected
    assert [int(row["row"]) for row in rows] == rejects["row"].tolist()
    again = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert [value.replace("\x00", "") for value in again["value"].tolist()] == [v.replace("\x00", "") for v in expected]


def strategy_files(draw: random.Random, folder: Path, out: Path) -> None:
    """Read a spoiled strategy."""
    path = folder / "mine.toml"
    path.write_text(spoiled_toml(draw, STRATEGY), encoding="utf-8")
    strategy = Strategy.load(path)
    assert all(step.days == tuple(sorted(step.days)) and step.days for step in strategy.steps)
    assert Strategy(**strategy.model_dump()) == strategy


def study_files(draw: random.Random, folder: Path, out: Path) -> None:
    """Read a spoiled study; what it writes of itself gives it again."""
    path = folder / "study.toml"
    path.write_text(spoiled_toml(draw, STUDY), encoding="utf-8")
    study = Study.load(path)
    (folder / "again.toml").write_text(study.to_toml(), encoding="utf-8")
    assert Study.load(folder / "again.toml") == study


def roster_files(draw: random.Random, folder: Path, out: Path) -> None:
    """Read a spoiled roster, TOML or a table."""
    if draw.random() < 0.6:
        path = folder / "team.toml"
        path.write_text(spoiled_toml(draw, ROSTER), encoding="utf-8")
    else:
        head = ["specialist_id", "skills", "languages", "timezone", "weekly_hours", "absences", "cost_per_hour"]
        table = spoiled(
            draw, [head, ["S1", "firm", "en es", "UTC", 40, "2024-01-05", 2500], ["S2", "", "de", "UTC", 20, "", 0]]
        )
        path = folder / "team.csv"
        file = io.StringIO(newline="")
        csv.writer(file).writerows(table)
        path.write_bytes(spoiled_bytes(draw, file.getvalue().encode()))
    team = load_team(path)
    assert len(team.roster().table) == len(team)


Case = Callable[[random.Random, Path, Path], None]
KINDS: tuple[Case, ...] = (imports, imports, strategy_files, study_files, roster_files)


def run(seed: int, k: int) -> str | None:
    """Run one case; return what is wrong, None where nothing is."""
    draw = random.Random(f"{seed}-{k}")
    kind = draw.choice(KINDS)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder, out = Path(place) / "in", Path(place) / "results" / "L"
        folder.mkdir()
        out.parent.mkdir()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                kind(draw, folder, out)
        except BadInput as error:
            said = str(error)
            if len(said) > LONGEST or "\n" in said or "pydantic" in said or "Traceback" in said:
                return f"case {k}, {kind.__name__}: a message that is none: {said[:400]!r}"
            left = [path.name for path in out.parent.rglob("*")]
            return f"case {k}, {kind.__name__}: left behind: {left}" if left else None
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{Path(where.filename).name}:{where.lineno}"
            return f"case {k}, {kind.__name__}: {type(error).__name__} at {at}: {str(error)[:200]}"
    return None


def findings(seed: int, cases: range) -> Iterator[str]:
    """Yield what is wrong with each case."""
    return (found for k in cases if (found := run(seed, k)) is not None)


def main() -> int:
    """Run cases and print what they find."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--only", type=int, help="number of the one case to run")
    given = parser.parse_args()
    cases = range(given.cases) if given.only is None else range(given.only, given.only + 1)
    began, count = time.process_time(), 0
    for found in findings(given.seed, cases):
        count += 1
        print(found, flush=True)
    seconds = time.process_time() - began
    print(f"{len(cases):,} cases, {count:,} findings, {60 * len(cases) / seconds:,.0f} cases a minute of one core")
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main())
